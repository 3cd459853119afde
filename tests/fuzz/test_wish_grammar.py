"""Tests of `hgframing_fuzz._wish_grammar`: every wish is drawn, after those that a conversation begins with."""

from __future__ import annotations

from random import Random

from hgframing_fuzz._input import Options
from hgframing_fuzz._wish_grammar import WishGrammar


def test_sequences_begin_as_they_must_and_go_on_anyhow() -> None:
    """All types, flags and options; values and octets."""
    rng = Random(1)  # noqa: S311 -- repeatable on purpose
    grammar = WishGrammar((0, 3), (0, 2))
    values = [grammar.sequence(rng) for _ in range(1000)]
    rest = [frame for value in values for frame in value.frames[2:]]

    assert {tuple(frame.type_id for frame in value.frames[:2]) for value in values} == {(0, 2)}
    assert {frame.type_id for frame in rest} == set(range(16)) == {frame.flags for frame in rest}
    assert {value.options.revision for value in values} == {0, 3}
    assert len({value.options.answers for value in values}) > 200
    assert len({value.options.seed for value in values}) > 200
    assert {b"", b"text"} < {frame.payload for frame in rest}


def test_frames_are_one_to_three_wishes() -> None:
    """To put into an input that exists."""
    rng = Random(2)  # noqa: S311 -- repeatable on purpose
    grammar = WishGrammar((0,), ())

    assert {len(grammar.frames(rng, Options())) for _ in range(300)} == {1, 2, 3}
