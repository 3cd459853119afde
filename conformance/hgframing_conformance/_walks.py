"""The generator `walks`: random conversations over the tables, few of them, that make pairs of transitions.

A pair is two transitions that follow each other in one request, stream or connection, or a transition of one request
and the state in which another is at that time. A walk takes at each step an event that makes a new pair if there is
one, and any event if there is none; chance decides among several. When several walks in a row make nothing new, no
more are tried. Walks whose pairs others make too are dropped, and what follows the last new pair of a walk is cut off.

Chance is `random.Random`, whose `random()` gives the same numbers for a seed in every version of Python; a strategy of
hypothesis would not, and generated suites must not change with a library.
"""

from __future__ import annotations

import random

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeAlias


__all__ = ["Choice", "Model", "Move", "Pair", "Walk", "describe_pair", "walks"]

#: Table, state and input.
Move: TypeAlias = tuple[str, str, str]
#: How the two belong together, `behind` or `beside`, and both; a state that is beside a move is one without input.
Pair: TypeAlias = tuple[str, Move, Move]

_STEPS: Final = 40
#: Walks in a row that make nothing new, after which nothing new is looked for.
_PATIENCE: Final = 20
#: The same where most pairs are known.
_LITTLE_PATIENCE: Final = 4


class Choice(NamedTuple):
    """Something that can happen now.

    Attributes:
        event: what the model needs to let it happen.
        moves: the object that moves, and its transition.
        beside: table and state of the other requests.
    """

    event: Any
    moves: tuple[tuple[str, Move], ...]
    beside: tuple[tuple[str, str], ...] = ()


class Model(Protocol):
    """A conversation that can be asked what may happen next."""

    def choices(self) -> Sequence[Choice]:
        """Return all that can happen now, always in the same order."""

    def take(self, choice: Choice) -> dict[str, Any]:
        """Let it happen, and return the step of a case."""


class Walk(NamedTuple):
    """One conversation: its steps, its choices, and the pairs that each of them makes."""

    steps: tuple[dict[str, Any], ...]
    choices: tuple[Choice, ...]
    made: tuple[frozenset[Pair], ...]

    @property
    def pairs(self) -> frozenset[Pair]:
        """All pairs that it makes."""
        return frozenset(pair for pairs in self.made for pair in pairs)

    def cut(self, wanted: frozenset[Pair]) -> Walk:
        """Leave out what follows the last of the pairs that are wanted."""
        missing, size = set(wanted), 0
        for number, pairs in enumerate(self.made, start=1):
            if pairs & missing:
                missing -= pairs
                size = number
        return Walk(self.steps[:size], self.choices[:size], self.made[:size])


def walks(make: Callable[[], Model], seed: int, known: frozenset[Pair] = frozenset()) -> tuple[Walk, ...]:
    """Walk until nothing new is found, and keep as few walks as make all pairs that were found.

    Args:
        make: makes a model at its beginning.
        seed: decides what chance decides.
        known: pairs that need no walk.
    """
    chance = random.Random(seed)  # noqa: S311  # nothing is secret
    found: list[Walk] = []
    seen = set(known)
    idle = 0
    while idle < (_LITTLE_PATIENCE if known else _PATIENCE):
        walk = _walk(make(), chance, seen)
        idle = 0 if walk.pairs - seen else idle + 1
        seen |= walk.pairs
        found.append(walk)
    return _reduced(found, known)


def _walk(model: Model, chance: random.Random, seen: set[Pair]) -> Walk:
    steps: list[dict[str, Any]] = []
    taken: list[Choice] = []
    made: list[frozenset[Pair]] = []
    pairs = set(seen)
    last: dict[str, Move] = {}
    while len(steps) < _STEPS and (choices := model.choices()):
        among = [choice for choice in choices if _pairs(choice, last) - pairs] or choices
        choice = among[int(chance.random() * len(among))]
        made.append(_pairs(choice, last))
        pairs |= made[-1]
        last |= dict(choice.moves)
        steps.append(model.take(choice))
        taken.append(choice)
    return Walk(tuple(steps), tuple(taken), tuple(made))


def _pairs(choice: Choice, last: dict[str, Move]) -> frozenset[Pair]:
    pairs: set[Pair] = set()
    now = dict(last)
    for name, move in choice.moves:
        if name in now:
            pairs.add(("behind", now[name], move))
        now[name] = move
        pairs |= {("beside", (*other, ""), move) for other in choice.beside if other[0] == move[0]}
    return frozenset(pairs)


def _reduced(found: Sequence[Walk], known: frozenset[Pair]) -> tuple[Walk, ...]:
    """Choose greedily: always the walk that makes most of what is missing, the first of several."""
    missing = frozenset(pair for walk in found for pair in walk.pairs) - known
    chosen = []
    while missing:
        best = max(found, key=lambda walk: len(walk.pairs & missing))  # used at once
        chosen.append(best.cut(missing))
        missing -= best.pairs
    return tuple(chosen)


def describe_pair(pair: Pair) -> str:
    """Write a pair in words."""
    relation, (_, state, cause), (_, other_state, other_cause) = pair
    move = f"{other_state} takes {other_cause}"
    text = (
        f"{move} behind {state} takes {cause}" if relation == "behind" else f"{move} while another is {state}"
    )
    return text.lower().replace("_", "-")
