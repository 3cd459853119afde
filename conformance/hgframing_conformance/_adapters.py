"""Our side of the connection to an implementation.

An *adapter* takes checked case messages and answers each with one *observation*, in order. How the implementation
is reached (in this process, in a child process, over HTTP) is the adapter's affair alone; what it said is never
judged here. Whatever an implementation does, `run` raises nothing and answers every message: the ways in which a
case can end without an answer are observations too.
"""

from __future__ import annotations

import dataclasses

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Protocol

from hgframing_conformance._messages import Hello


__all__ = [
    "DEFAULT_MAX_RESTARTS",
    "DEFAULT_TIMEOUT",
    "Adapter",
    "AdapterOptions",
    "Answered",
    "BadReply",
    "Crashed",
    "NotRun",
    "Observation",
    "TimedOut",
    "prefixes",
]

#: Seconds that one case may take. Cases do no I/O and wait for nothing: an answer within milliseconds is normal.
DEFAULT_TIMEOUT: Final = 5.0
#: How often one connection is made anew after a death or a time-out. More would cost hours and teach nothing new.
DEFAULT_MAX_RESTARTS: Final = 50


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AdapterOptions:
    """What the user may say about the connection.

    Attributes:
        timeout: seconds for one case, and for `hello`; more than 0.
        max_restarts: how often the harness is started again after a death or a time-out before the rest is not run; 0
            or more. While half of them are left, one more is spent on a death to name the step that kills.
        tracebacks: whether a crash in this process tells its traceback, which costs many times what the case does.
        wire: is told every line in both directions (`->` or `<-`) as it passes, for those who show it.
    """

    timeout: float = DEFAULT_TIMEOUT
    max_restarts: int = DEFAULT_MAX_RESTARTS
    tracebacks: bool = True
    wire: Callable[[str, bytes], None] | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The implementation answered, in the form that the protocol demands.

    Attributes:
        steps: the actions of every step, as they were sent.
        stderr: what it wrote to its standard error meanwhile, the last 64 KiB.
    """

    steps: list[list[dict[str, Any]]]
    stderr: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Crashed:
    """The implementation died.

    Attributes:
        how: its exit status or signal, or the exception, for people.
        step: the index of the step that kills it, found by sending prefixes again; None where that did not succeed.
        remark: what the second run adds, for people.
        stderr: as in `Answered`.
    """

    how: str
    step: int | None = None
    remark: str = ""
    stderr: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TimedOut:
    """The implementation did not answer in time and was killed.

    Attributes:
        seconds: how long it had.
        step: the index of the step that hangs, as in `Crashed`.
        remark: as in `Crashed`.
        stderr: as in `Answered`.
    """

    seconds: float
    step: int | None = None
    remark: str = ""
    stderr: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BadReply:
    """The implementation wrote something that is no answer to the case.

    Attributes:
        problem: what is wrong with it, with the field.
        quoted: what it wrote, shortened.
        stderr: as in `Answered`.
    """

    problem: str
    quoted: str
    stderr: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NotRun:
    """The case was not sent: the run had to end before it.

    Attributes:
        reason: why, for people.
    """

    reason: str


Observation = Answered | Crashed | TimedOut | BadReply | NotRun


class Adapter(Protocol):
    """A connection that is past `hello` and `probe`."""

    @property
    def hello(self) -> Hello:
        """What the implementation says of itself."""

    def run(self, messages: Iterable[dict[str, Any]]) -> Iterator[Observation]:
        """Send cases and yield one observation for each, in the same order.

        Args:
            messages: checked `case` messages (`_messages.case_message`). They are taken as they are needed, a few ahead
                of the answers at most, and their `seq` is set here.
        """

    def close(self) -> tuple[str, ...]:
        """End the connection; calling it again does nothing.

        Returns:
            What went wrong with it, for people; it changes no outcome.
        """


def prefixes(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a case message with its first step, its first two steps, and so on, the whole of it last.

    A case is deterministic, so the first prefix that kills an implementation ends with the step that does.
    """
    steps = message["steps"]
    for count in range(1, len(steps) + 1):
        yield message | {"steps": steps[:count]}
