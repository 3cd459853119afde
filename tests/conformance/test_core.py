"""The core tier: a small set that notices what people's cases do not."""

from __future__ import annotations

import pytest

from hgframing_conformance._core import Choice, choose_core


CANDIDATES = {
    "a": frozenset({"1", "2", "3"}),
    "b": frozenset({"3", "4"}),
    "c": frozenset({"4", "5"}),
    "d": frozenset({"9"}),
}
SECONDS = dict.fromkeys(CANDIDATES, 1.0)


def test_core_takes_what_adds_most_until_nothing_does() -> None:
    """Two cases notice everything that is not known; the other two are not needed."""
    assert choose_core(CANDIDATES, SECONDS, {"9"}, 10.0) == Choice(
        ids=("a", "c"), noticed=6, all=6, seconds=2.0
    )


def test_core_prefers_the_cheap_one() -> None:
    """Three faults in four seconds are fewer for the time than two in one."""
    chosen = choose_core(CANDIDATES, {**SECONDS, "a": 4.0}, {"9"}, 10.0)

    assert chosen.ids == ("b", "c", "a")


@pytest.mark.parametrize(
    ("budget", "ids", "share"), [(1.5, ("a",), 0.5), (0.5, (), 0.0), (2.0, ("a", "c"), 5 / 6)]
)
def test_core_keeps_to_its_time(budget: float, ids: tuple[str, ...], share: float) -> None:
    """What does not fit is left out, and the share says so."""
    chosen = choose_core(CANDIDATES, SECONDS, (), budget)

    assert chosen.ids == ids
    assert chosen.share == pytest.approx(share)


def test_core_is_the_same_whatever_the_order() -> None:
    """Equals are taken by their ids."""
    turned = dict(reversed(CANDIDATES.items()))

    assert choose_core(turned, SECONDS, (), 10.0) == choose_core(CANDIDATES, SECONDS, (), 10.0)


def test_core_of_nothing_is_nothing() -> None:
    """There is nothing to miss."""
    assert choose_core({}, {}, (), 1.0).share == 1.0
