"""Which engines a worker can be, and which of them is next.

    loop            the generator loop, not instrumented: most inputs a second, guided by transitions
    atheris         every module that the subject names, branches and comparisons: sees most, nine times slower
    atheris-light   the first of these modules, branches alone: in between

They find different things (docs/fuzzing.md, "Engines"), so a campaign that is *mixed* runs several at once and
changes one that has shown nothing new for a while. All of them read and write one corpus.
"""

from __future__ import annotations

import enum
import importlib.util

from collections.abc import Iterable, Mapping
from typing import Final

from hgframing_fuzz._subjects import Attached


__all__ = ["Choice", "Engine", "choose_engines", "engines_of", "next_engine"]


class Engine(enum.StrEnum):
    """What makes inputs."""

    LOOP = "loop"
    ATHERIS = "atheris"
    LIGHT = "atheris-light"

    @property
    def slowdown(self) -> float:
        """How much slower it may make the code under test, at most."""
        return _SLOWDOWN[self]


class Choice(enum.StrEnum):
    """What a user asks for."""

    LOOP = "loop"
    ATHERIS = "atheris"
    MIXED = "mixed"


#: Measured on Mercurial's reactor and its CBOR decoder: 9.4 with all modules, 3.7 with branches alone.
_SLOWDOWN: Final[Mapping[Engine, float]] = {Engine.LOOP: 1.0, Engine.ATHERIS: 12.0, Engine.LIGHT: 6.0}

#: In the order in which a mixed campaign starts them: with two workers the fastest one and the one that sees most.
_MIXED: Final = (Engine.LOOP, Engine.ATHERIS, Engine.LIGHT)


def engines_of(choice: Choice) -> tuple[Engine, ...]:
    """The engines that a choice stands for, the one to start with first."""
    match choice:
        case Choice.LOOP:
            return (Engine.LOOP,)
        case Choice.ATHERIS:
            return (Engine.ATHERIS, Engine.LIGHT)
        case Choice.MIXED:
            return _MIXED


def choose_engines(choice: Choice | None, subject: Attached) -> tuple[Choice, str]:
    """Decide which engines can work on a subject.

    Args:
        choice: what the user asks for; None: as many as can work.
        subject: what is fuzzed.

    Returns:
        The choice, and why it is a smaller one than asked for; empty where it is not.

    Raises:
        ValueError: atheris is asked for by name and cannot work; the message says why.
    """
    why = ""
    if importlib.util.find_spec("atheris") is None:
        why = (
            "atheris is not installed; the extra hgframing[fuzz] brings it where it exists (Linux on x86_64)"
        )
    elif not subject.instrument:
        why = f"{subject.name} has no code in this process; only the engine `loop` can fuzz it"
    if not why:
        return choice or Choice.MIXED, ""
    if choice is Choice.ATHERIS:
        raise ValueError(why)
    return Choice.LOOP, "" if choice is Choice.LOOP else why


def next_engine(
    engines: tuple[Engine, ...],
    *,
    running: Iterable[Engine],
    spent: Mapping[Engine, float],
    after: Engine | None = None,
) -> Engine:
    """Choose the engine of a worker that is about to start.

    The one that fewest workers run, of these the one that had least time so far, of these the first.

    Args:
        engines: those that may be chosen, not empty.
        running: what the other workers on the same target run.
        spent: seconds that each has had on this target, earlier sessions included.
        after: the engine that has just shown nothing new; it is not chosen again if there is another.
    """
    others = list(running)
    candidates = [engine for engine in engines if engine is not after] or list(engines)
    return min(candidates, key=lambda engine: (others.count(engine), spent.get(engine, 0.0)))
