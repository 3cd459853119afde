"""What running one input gives: a value that an engine can count, compare and store.

`run(target, octets)` is the whole of what an engine needs, and it is pure: the same octets give the same
outcome, so every finding can be replayed. It never raises for what an input does.

An outcome has at most one *finding*, the first thing that went wrong: what comes after a broken invariant
proves nothing. It always has *features*, the transitions that the input drove: (state, frame type and flags,
actions, next state). They are the feedback of the uninstrumented engine, where a coverage-guided one counts
branches.
"""

from __future__ import annotations

import enum

from collections.abc import Callable, Hashable
from typing import Protocol, TypeAlias

import msgspec

from hgframing_conformance._cases import ActionKind
from hgframing_fuzz._input import FuzzInput, decode_input


__all__ = ["Feature", "Finding", "Kind", "Observed", "Outcome", "Seen", "Target", "Trace", "run"]


class Kind(enum.Enum):
    """What was observed: the actions of the harness protocol (docs/vector-format.md, "Actions")."""

    # The runner's own enum is hashed by a function in Python, and a kind is hashed for every frame.
    __hash__ = object.__hash__

    FRAME = ActionKind.FRAME.value
    RUN_COMMAND = ActionKind.RUN_COMMAND.value
    SEND_FRAMES = ActionKind.SEND_FRAMES.value
    RESPONSE_DATA = ActionKind.RESPONSE_DATA.value
    TEXT_OUTPUT = ActionKind.TEXT_OUTPUT.value
    PROGRESS = ActionKind.PROGRESS.value
    ERROR_RESPONSE = ActionKind.ERROR_RESPONSE.value
    ERROR = ActionKind.ERROR.value
    REFUSED = ActionKind.REFUSED.value
    RAISED = ActionKind.RAISED.value
    WANT_FRAME = ActionKind.WANT_FRAME.value
    NOOP = ActionKind.NOOP.value


#: Something that an input reached, only ever compared. Of a reactor: (state before, frame's type and flags octet
#: or -1, kinds of actions, state after). Its `repr` is the same in every process.
Feature: TypeAlias = tuple[Hashable, ...]


class Observed(msgspec.Struct, frozen=True, gc=False):
    """One action, whoever answered it, in the form that the oracles read.

    Attributes:
        kind: which action.
        request: the request that it names, if it names one.
        value: everything else. For `run-command` a tuple `(command, args, data, redirect)`; for `send-frames`
            a tuple of `hgframing.Frame`; for `raised` a pair of type and message; else anything that compares
            equal when it should.
    """

    kind: Kind
    request: int | None = None
    value: object = None


class Seen(msgspec.Struct, frozen=True, gc=False):
    """What one delivery of octets (or the end of the input) led to.

    Attributes:
        observed: the actions in order, those of the driver's answers to commands included.
        state: where the reactor stands afterwards, as far as it tells. Its `repr` is the same in every process.
        answered: the requests that the driver answered and whose frames have left.
    """

    observed: tuple[Observed, ...]
    state: Hashable = ""
    answered: tuple[int, ...] = ()


#: One entry for each frame, or for each chunk that led to something, and one for the end where it is told.
Trace: TypeAlias = list[Seen]


class Finding(msgspec.Struct, frozen=True):
    """Something that must not happen, happened.

    Attributes:
        kind: the type of the exception that escaped, or the name of the oracle that objects.
        where: the reactor's function that it went through, or what the oracle objects to.
        line: the innermost place in the code under test, or the message with its variable parts removed.
        message: one line for people.
        explain: makes the long text, a traceback for instance. It is called when the finding is new, not when
            it is the ten-thousandth of its kind, because formatting a traceback costs more than running an
            input.
    """

    kind: str
    where: str
    line: str
    message: str
    explain: Callable[[], str]


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What one input did."""

    finding: Finding | None
    features: tuple[Feature, ...]


class Target(Protocol):
    """Something that inputs are run against."""

    @property
    def name(self) -> str:
        """The name in kebab-case after what it drives, such as `server-reactor`."""

    def check(self, value: FuzzInput) -> Outcome:
        """Run one input.

        Args:
            value: any input at all.

        Returns:
            The outcome; it raises nothing for what an input does.
        """


def run(target: Target, octets: bytes) -> Outcome:
    """Run octets against a target.

    Args:
        target: what to drive.
        octets: anything.

    Returns:
        What happened. The same octets give the same outcome.
    """
    return target.check(decode_input(octets))
