"""Few cases that notice much for their time."""

from __future__ import annotations

import pytest

from hgframing_conformance._cover import Choice, choose_quick, cover
from hgframing_conformance._trial import Result, Status


CANDIDATES = {
    "a": frozenset({"1", "2", "3"}),
    "b": frozenset({"3", "4"}),
    "c": frozenset({"4", "5"}),
    "d": frozenset({"9"}),
}
SECONDS = dict.fromkeys(CANDIDATES, 1.0)


def test_cover_takes_what_adds_most_until_nothing_does() -> None:
    """Two cases notice everything that is not known; the other two are not needed."""
    assert cover(CANDIDATES, SECONDS, {"9"}, 10.0) == Choice(ids=("a", "c"), noticed=6, all=6, seconds=2.0)


def test_cover_prefers_the_cheap_one() -> None:
    """Three faults in four seconds are fewer for the time than two in one."""
    chosen = cover(CANDIDATES, {**SECONDS, "a": 4.0}, {"9"}, 10.0)

    assert chosen.ids == ("b", "c", "a")


@pytest.mark.parametrize(
    ("budget", "ids", "share"), [(1.5, ("a",), 0.5), (0.5, (), 0.0), (2.0, ("a", "c"), 5 / 6)]
)
def test_cover_keeps_to_its_time(budget: float, ids: tuple[str, ...], share: float) -> None:
    """What does not fit is left out, and the share says so."""
    chosen = cover(CANDIDATES, SECONDS, (), budget)

    assert chosen.ids == ids
    assert chosen.share == pytest.approx(share)


def test_cover_is_the_same_whatever_the_order() -> None:
    """Equals are taken by their ids."""
    turned = dict(reversed(CANDIDATES.items()))

    assert cover(turned, SECONDS, (), 10.0) == cover(CANDIDATES, SECONDS, (), 10.0)


def test_cover_of_nothing_is_nothing() -> None:
    """There is nothing to miss."""
    assert cover({}, {}, (), 1.0).share == 1.0


def killed(mutant: str, item: str = "", noticing: int = 0) -> Result:
    """Make a result of a fault that was noticed."""
    return Result(mutant=mutant, status=Status.KILLED, item=item, noticing=noticing)


def test_quick_set_is_chosen_from_who_noticed_first() -> None:
    """Where nothing else is known; what died needs nobody, and what survived counts for nothing."""
    seconds = {"a@1": 1.0, "b@1": 1.0, "c@1": 98.0}
    results = [
        killed("m1", "a@1[frame]"),
        killed("m2", "a@1[byte]"),
        killed("m3", "b@1[frame]"),
        killed("m4"),
        killed("m5", "c@1[frame]"),
        Result(mutant="m6", status=Status.SURVIVED),
    ]

    assert choose_quick(seconds, results, []) == Choice(ids=("a@1", "b@1"), noticed=4, all=5, seconds=2.0)


def test_quick_set_of_a_matrix_needs_fewer() -> None:
    """One case notices all; the time of the others is free for nobody."""
    names = ["a@1[frame]", "a@1[byte]", "b@1[frame]"]
    results = [killed("m1", "a@1[frame]", 0b101), killed("m2", "a@1[byte]", 0b110)]

    assert choose_quick({"a@1": 5.0, "b@1": 1.0, "c@1": 94.0}, results, names).ids == ("b@1",)
