"""What can go wrong around a case, and when.

The life of a connection to an implementation, and the exception of every stage:

* **connect** -- a locator is read and the harness is started or imported: `LocatorError` (the locator itself is wrong),
  `ConnectError` (there is nothing to start or to import);
* **hello** -- the harness says who it is: `HelloError` (it exits at once, never answers, answers something else);
* **probe** -- one message with a random name, which nobody can know: `ProbeError` (it claims to understand it);
* **case** -- one message and one answer for each case. Nothing that happens here is an exception: a death, a time-out
  and a bad reply are observations of the case, and become its outcome;
* **bye** -- the harness exits with status 0. What goes wrong here is noted in the report and changes no outcome.

Files that cannot be read (`_problems.SuiteError`, `_expectations.ExpectationError`) belong to none of these stages.

All of them are setup errors in the glossary's sense: the machinery broke, neither the peer nor the implementation's
caller is to blame. Each prints as one message for people; no traceback ever needs to reach them.
"""

from __future__ import annotations

import enum


__all__ = [
    "ConformanceError",
    "ConnectError",
    "HelloError",
    "LocatorError",
    "ProbeError",
    "SetupError",
    "Stage",
]


class Stage(enum.StrEnum):
    """Where in its life a connection broke before the first case."""

    CONNECT = "connect"
    HELLO = "hello"
    PROBE = "probe"


class ConformanceError(Exception):
    """The root of what this package raises on purpose; `str()` of it is a message for people."""


class LocatorError(ConformanceError):
    """A locator is not written as any kind of locator is; the message lists the kinds."""


class SetupError(ConformanceError):
    """The implementation could not be brought to the point where it takes cases.

    Attributes:
        command: the locator, or the command line it stands for.
        problem: what happened, one clause.
        printed: what the harness printed on its two outputs, as far as it was kept.
    """

    stage: Stage

    def __init__(self, command: str, problem: str, printed: str = "") -> None:
        self.command = command
        self.problem = problem
        self.printed = printed
        message = f"{command}: {problem}"
        if printed.strip():
            quoted = "\n".join(f"  | {line}" for line in printed.rstrip("\n").split("\n"))
            message = f"{message}; it printed:\n{quoted}"
        super().__init__(message)


class ConnectError(SetupError):
    """The harness cannot be started, or the factory cannot be imported or called."""

    stage = Stage.CONNECT


class HelloError(SetupError):
    """The harness exited before it answered `hello`, never answered, or answered something else."""

    stage = Stage.HELLO


class ProbeError(SetupError):
    """The harness answered a message that it cannot know as if it knew it."""

    stage = Stage.PROBE
