"""A run as JSON lines: one event a line, as it happens.

    {"event":"begin", ...}     who was checked, and how
    {"event":"item", ...}      one for each item, as it ends
    {"event":"end", "complete": true, ...}

A file without its `end` line was cut off: whoever reads one must refuse to call it a result. `complete` is false where
the run itself was broken off.
"""

from __future__ import annotations

import contextlib

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final, Self

import msgspec

from hgframing import REVISIONS, __version__
from hgframing_conformance._adapters import NotRun
from hgframing_conformance._check import Check
from hgframing_conformance._messages import Hello
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._summary import Exit, Judged, Summary
from hgframing_conformance._transcript import action_lines


__all__ = ["FORMAT", "JsonLines", "item_event"]

#: The version of this format.
FORMAT: Final = 1


class JsonLines:
    """Writes the events of one run.

    Args:
        out: a binary file; it is flushed after every line, so that a run that dies leaves what it found.
    """

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out

    @classmethod
    @contextlib.contextmanager
    def open(cls, path: Path) -> Iterator[Self]:
        """Open a file for a run and close it after.

        Raises:
            OSError: it cannot be written.
        """
        with path.open("wb") as out:
            yield cls(out)

    def begin(self, order: Check, hello: Hello, total: int) -> None:
        """Write who is checked, and how."""
        self._write(
            {
                "event": "begin",
                "format": FORMAT,
                "suite": __version__,
                "locator": order.locator,
                "implementation": {
                    "name": hello.name,
                    "version": hello.version,
                    "language": hello.language,
                    "revisions": hello.revisions,
                    "layers": hello.layers,
                    "capabilities": hello.capabilities,
                },
                "strict": order.run.strict,
                "match": "message" if order.run.messages else "code",
                "items": total,
            }
        )

    def outcome(self, judged: Judged) -> None:
        """Write what became of an item."""
        self._write(item_event(judged))

    def end(self, summary: Summary) -> None:
        """Write that the run is over."""
        self._write(
            {
                "event": "end",
                "complete": summary.exit is not Exit.INCOMPLETE,
                "exit": int(summary.exit),
                "counts": {
                    kind.value: summary.of_kind(kind) for kind in OutcomeKind if summary.of_kind(kind)
                },
                "statuses": {status.value: count for status, count in sorted(summary.statuses.items())},
                "problems": [str(problem) for problem in summary.problems],
                "notes": list(summary.notes),
                "stopped": summary.stopped,
                "seconds": round(summary.seconds, 6),
            }
        )

    def _write(self, event: dict[str, Any]) -> None:
        self._out.write(msgspec.json.encode(event) + b"\n")
        self._out.flush()


def item_event(judged: Judged) -> dict[str, Any]:
    """Write an outcome as an event; what is empty is left out."""
    outcome = judged.outcome
    case = outcome.item.case
    event = {
        "event": "item",
        "id": case.id,
        "revision": case.revision,
        "chunking": outcome.item.chunking.value,
        "rev": case.rev,
        "suite": case.suite,
        "layer": case.layer.value,
        "level": case.level.value,
        "outcome": outcome.kind.value,
        "status": judged.status.value,
        "gating": outcome.gating,
    }
    optional = {
        "requirements": list(case.requirements),
        "deviations": list(case.deviations),
        "disputed": case.disputed,
        "reason": outcome.reason,
        "step": outcome.step,
        "alternatives": {str(step): number for step, number in outcome.verdict.alternatives.items()}
        if outcome.verdict is not None
        else {},
        "failures": _failures(outcome),
        "stderr": _stderr(outcome),
    }
    return event | {key: value for key, value in optional.items() if value or value == 0}


def _failures(outcome: Outcome) -> list[dict[str, Any]]:
    if outcome.verdict is None:
        return []
    revision = REVISIONS[outcome.item.case.revision]
    return [
        {
            "step": failure.index,
            "problem": failure.problem.value,
            "reason": failure.reason,
            "expected": None if failure.expected is None else action_lines(failure.expected, revision),
            "observed": action_lines(failure.observed, revision),
        }
        for failure in outcome.verdict.failures
    ]


def _stderr(outcome: Outcome) -> str:
    """Standard error helps with failures alone."""
    observation = outcome.observation
    if observation is None or isinstance(observation, NotRun) or not outcome.kind.is_failure:
        return ""
    return observation.stderr
