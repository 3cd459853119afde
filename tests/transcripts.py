"""Conversations with a reactor, written down as they go.

    transcript(reactor).receive("1 1 stream-begin command-request new cbor:{b'name': b'heads'}").expects(
        RunCommand(1, b"heads", {})
    )

A step is something that happens to the reactor (`receive`, `end_input`, `does`) and what it must answer (`expects`,
`faults`). A mismatch fails with the whole conversation and two lines, what was expected and what was observed. A step
whose answer nobody looked at is a mistake in the test: the next step refuses to begin, and where there is none, a
warning is given, of which pytest makes an error.
"""

from __future__ import annotations

import warnings

from collections.abc import Callable
from typing import Generic, Self, TypeVar

from hgframing import (
    ClientAction,
    ClientReactor,
    Error,
    Fault,
    FaultCode,
    Frame,
    Revision,
    SendFrames,
    ServerAction,
    ServerReactor,
    format_notation,
    parse_notation,
)


__all__ = ["Transcript", "UnfinishedTranscriptWarning", "transcript"]

_Reactor = TypeVar("_Reactor", ServerReactor, ClientReactor)
_Actions = tuple[ServerAction | ClientAction, ...]


class UnfinishedTranscriptWarning(UserWarning):
    """A transcript was dropped before its last step's answer was looked at."""


def _write(action: ServerAction | ClientAction, revision: Revision) -> str:
    match action:
        case SendFrames():
            return f"SendFrames {[format_notation(frame, revision) for frame in action.frames]}"
        case Error():
            return f"Error {action.fault.code}: {action.fault.message}"
        case _:
            return repr(action)


class Transcript(Generic[_Reactor]):
    """One conversation with one reactor, whose revision says how frames are written."""

    def __init__(self, reactor: _Reactor) -> None:
        self.reactor: _Reactor = reactor
        self._lines: list[str] = []
        self._observed: _Actions | None = None

    def receive(self, *items: str | Frame | Fault) -> Self:
        """Let frames arrive, in notation or ready made; their answers are expected together."""
        self._begin("receive " + " · ".join(item if isinstance(item, str) else repr(item) for item in items))
        observed: _Actions = ()
        for item in items:
            frame = parse_notation(item, self.reactor.revision) if isinstance(item, str) else item
            observed += self.reactor.receive(frame)
        self._observed = observed
        return self

    def end_input(self) -> Self:
        """Let the input end."""
        self._begin("end of input")
        self._observed = self.reactor.end_input()
        return self

    def does(self, deed: Callable[[_Reactor], _Actions]) -> Self:
        """Let the caller do something: `deed` is given the reactor and returns its answer."""
        self._begin("the caller")
        self._observed = deed(self.reactor)
        return self

    def expects(self, *actions: ServerAction | ClientAction) -> Self:
        """Demand that the step was answered with these actions, in this order."""
        self._compare(self._take(), actions)
        return self

    def faults(self, code: FaultCode, message: str) -> Self:
        """Demand that the step's last answer is a fault, with exactly this message.

        What the reactor sends the peer about it is another test's matter.
        """
        observed = self._take()
        errors = tuple(action for action in observed if isinstance(action, Error))
        got = errors[-1].fault if errors else None
        if got is None or (got.code, got.message) != (code, message):
            self._compare(observed, (Error(Fault(code, message)),))
        self._lines.append(f"  fault {code}: {message}")
        return self

    def _begin(self, line: str) -> None:
        if self._observed is not None:
            self._observed = None
            raise AssertionError(self._told("nobody looked at the answer of the last step"))
        self._lines.append(line)

    def _take(self) -> _Actions:
        observed, self._observed = self._observed, None
        if observed is None:
            raise AssertionError(self._told("nothing happened that could have been answered"))
        return observed

    def _compare(self, observed: _Actions, expected: _Actions) -> None:
        wanted, got = (
            [_write(action, self.reactor.revision) for action in side] for side in (expected, observed)
        )
        if observed != expected:
            both = "\n".join([f"expected {' · '.join(wanted)}", f"observed {' · '.join(got)}"])
            raise AssertionError(self._told(both))
        self._lines += [f"  {line}" for line in wanted]

    def _told(self, end: str) -> str:
        return "\n".join([*self._lines, end])

    def __del__(self) -> None:
        if self._observed is not None:
            message = self._told("the transcript ends before anybody looked at the last answer")
            warnings.warn(message, UnfinishedTranscriptWarning, stacklevel=2)


def transcript(reactor: _Reactor) -> Transcript[_Reactor]:
    """Begin a conversation with a reactor."""
    return Transcript(reactor)
