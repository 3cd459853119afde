"""Tests of `hgframing_fuzz._octets`: the same choices give the same octets, of bounded size, and reach everywhere."""

from __future__ import annotations

from random import Random

from hgframing_fuzz._input import FuzzInput, Options, body_of, with_body
from hgframing_fuzz._octets import OctetMaker, TextChanges


EXAMPLE = b"one: 1\n  two: [a, b]\nthree\n"
CHANGES = TextChanges([EXAMPLE], [b"word", b"&a "], [(b"[", b"]"), (b"- ", b"")])


def maker(seed: int) -> OctetMaker:
    """A maker of such texts."""
    return OctetMaker((0, 1), Random(seed), CHANGES.make, CHANGES.change)  # noqa: S311 -- repeatable on purpose


def walk(seed: int, steps: int) -> list[FuzzInput]:
    """What comes of mutating and crossing."""
    made = maker(seed)
    values = [made.fresh()]
    for _ in range(steps):
        values += [made.mutate(values[-1]), made.cross(values[-1], values[0])]
    return values


def test_same_seed_gives_the_same_inputs() -> None:
    """A run can be repeated."""
    assert walk(3, 50) == walk(3, 50)
    assert walk(3, 50) != walk(4, 50)


def test_inputs_stay_within_their_size() -> None:
    """What doubles again and again is cut."""
    value = with_body(Options(), b"x" * 90_000)
    made = maker(5)

    for _ in range(300):
        value = made.cross(made.mutate(value), value)
        assert len(body_of(value)) <= 100_000


def test_fresh_inputs_are_often_the_example() -> None:
    """A parser that refuses everything is not reached behind its first line."""
    made = maker(6)

    bodies = [body_of(made.fresh()) for _ in range(200)]

    assert 20 < bodies.count(EXAMPLE) < 150


def test_changes_reach_words_numbers_depths_lengths_and_strange_octets() -> None:
    """Each kind of change happens."""
    rng = Random(7)  # noqa: S311 -- repeatable on purpose
    made = [CHANGES.change(rng, EXAMPLE) for _ in range(5000)]

    for part in (
        b"word",
        b"&a ",
        b"[[[[[[[[[[",
        b"- - - - ",
        b"9999999999",
        b"\xff",
        b"\x1b",
        b"three\nthree",
        b"   two",
    ):
        assert any(part in text for text in made), part
    assert any(len(text) > 5000 for text in made)
    assert any(len(text) < len(EXAMPLE) // 2 for text in made)


def test_changes_take_any_octets() -> None:
    """Also none."""
    rng = Random(8)  # noqa: S311 -- repeatable on purpose

    for text in (b"", b"\n", b"\xff" * 3, b"1"):
        assert all(isinstance(CHANGES.change(rng, text), bytes) for _ in range(300))
