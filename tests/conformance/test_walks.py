"""Random walks: they reach what they are after, always in the same way, and none is in vain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from hgframing_conformance._walks import Choice, Pair, describe_pair, walks


class Toy:
    """A door that opens and closes, and a bell that rings while the door stands as it stands."""

    def __init__(self) -> None:
        self.is_open = False

    def choices(self) -> Sequence[Choice]:
        """Return what can happen to the door, and the bell."""
        door = ("door", "open", "close") if self.is_open else ("door", "closed", "open")
        bell = ("door", "bell", "ring")
        beside = (("door", door[1]),)
        return [Choice("door", (("door", door),)), Choice("bell", (("bell", bell),), beside)]

    def take(self, choice: Choice) -> dict[str, Any]:
        """Move the door."""
        if choice.event == "door":
            self.is_open = not self.is_open
        return {"step": choice.event}


EVERY: frozenset[Pair] = frozenset(
    {
        ("behind", ("door", "closed", "open"), ("door", "open", "close")),
        ("behind", ("door", "open", "close"), ("door", "closed", "open")),
        ("behind", ("door", "bell", "ring"), ("door", "bell", "ring")),
        ("beside", ("door", "open", ""), ("door", "bell", "ring")),
        ("beside", ("door", "closed", ""), ("door", "bell", "ring")),
    }
)


@pytest.mark.parametrize("seed", range(20))
def test_walks_make_every_pair(seed: int) -> None:
    """Whatever chance decides; and one walk is enough for so little."""
    found = walks(Toy, seed)

    assert frozenset(pair for walk in found for pair in walk.pairs) == EVERY
    assert len(found) == 1


def test_walks_are_cut_behind_their_last_pair() -> None:
    """The last step makes a pair that no step before it makes."""
    for seed in range(20):
        (walk,) = walks(Toy, seed)
        before = frozenset(pair for pairs in walk.made[:-1] for pair in pairs)

        assert walk.made[-1] - before
        assert len(walk.steps) == len(walk.choices) == len(walk.made)


def test_walks_are_the_same_for_a_seed() -> None:
    """And differ from those of another."""
    assert walks(Toy, 7) == walks(Toy, 7)
    assert len({str(walks(Toy, seed)) for seed in range(9)}) > 1


def test_walks_leave_out_what_is_known() -> None:
    """Nothing is walked for that others walk for."""
    assert walks(Toy, 0, EVERY) == ()


def test_describe_pair_says_what_comes_where() -> None:
    """In words."""
    assert describe_pair(("behind", ("t", "CLOSED", "OPEN"), ("t", "OPEN", "GO_ON"))) == (
        "open takes go-on behind closed takes open"
    )
    assert (
        describe_pair(("beside", ("t", "CLOSED", ""), ("t", "OPEN", "GO")))
        == "open takes go while another is closed"
    )
