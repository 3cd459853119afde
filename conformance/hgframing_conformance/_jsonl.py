"""A run as JSON lines: one event a line (`_events`), written as it happens.

A file without its `end` line was cut off: whoever reads one must refuse to call it a result. `complete` is false
where the run itself was broken off.
"""

from __future__ import annotations

import contextlib

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Self

import msgspec

from hgframing import REVISIONS, __version__
from hgframing_conformance._adapters import NotRun
from hgframing_conformance._check import Check
from hgframing_conformance._events import FORMAT, Begin, End, Event, FailureEvent, Implementation, ItemEvent
from hgframing_conformance._messages import Hello
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._quoting import clean
from hgframing_conformance._repro import repro
from hgframing_conformance._select import declared_capabilities
from hgframing_conformance._summary import Exit, Judged, Summary
from hgframing_conformance._trace import sentences, trace
from hgframing_conformance._transcript import action_lines


__all__ = ["JsonLines", "begin_event", "end_event", "item_event"]


class JsonLines:
    """Writes the events of one run, or of several one after another.

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

    def write(self, event: Event) -> None:
        """Write an event."""
        self._out.write(msgspec.json.encode(event) + b"\n")
        self._out.flush()


def begin_event(order: Check, hello: Hello, total: int) -> Begin:
    """Write down who is checked, and how.

    Args:
        order: what was asked for.
        hello: what the implementation says of itself.
        total: how many items are to come.
    """
    return Begin(
        format=FORMAT,
        suite=__version__,
        locator=order.locator,
        implementation=Implementation(
            name=hello.name,
            version=hello.version,
            language=hello.language,
            revisions=hello.revisions,
            layers=[layer.value for layer in hello.layers],
            capabilities=declared_capabilities(hello),
        ),
        strict=order.run.strict,
        match="message" if order.run.messages else "code",
        items=total,
        shuffle=order.shuffle,
        isolate=order.isolate,
    )


def item_event(judged: Judged, order: Check) -> ItemEvent:
    """Write down what became of an item; its whole story only where it failed."""
    outcome = judged.outcome
    case = outcome.item.case
    failed = outcome.kind.is_failure
    return ItemEvent(
        id=case.id,
        revision=case.revision,
        chunking=outcome.item.chunking,
        rev=case.rev,
        suite=case.suite,
        layer=case.layer,
        level=case.level,
        outcome=outcome.kind,
        status=judged.status,
        gating=outcome.gating,
        title=case.title,
        requirements=list(case.requirements),
        deviations=list(case.deviations),
        disputed=case.disputed,
        file=case.file if failed else "",
        line=case.line if failed else 0,
        reason=outcome.reason,
        step=outcome.step,
        alternatives={}
        if outcome.verdict is None
        else {str(step): number for step, number in outcome.verdict.alternatives.items()},
        failures=_failures(outcome),
        stderr=_stderr(outcome),
        steps=trace(outcome) if failed else [],
        sentences=sentences(case) if failed else [],
        repro=repro(order.locator, judged, order.options) if failed or not judged.status.is_expected else "",
    )


def end_event(summary: Summary) -> End:
    """Write down that the run is over."""
    return End(
        complete=summary.exit is not Exit.INCOMPLETE,
        exit=int(summary.exit),
        counts={kind.value: summary.of_kind(kind) for kind in OutcomeKind if summary.of_kind(kind)},
        statuses={status.value: count for status, count in sorted(summary.statuses.items())},
        problems=[str(problem) for problem in summary.problems],
        notes=list(summary.notes),
        leaks=list(summary.leaks),
        stopped=summary.stopped,
        seconds=round(summary.seconds, 6),
    )


def _failures(outcome: Outcome) -> list[FailureEvent]:
    if outcome.verdict is None:
        return []
    revision = REVISIONS[outcome.item.case.revision]
    return [
        FailureEvent(
            step=failure.index,
            problem=failure.problem,
            reason=clean(failure.reason),
            expected=None if failure.expected is None else action_lines(failure.expected, revision),
            observed=action_lines(failure.observed, revision),
        )
        for failure in outcome.verdict.failures
    ]


def _stderr(outcome: Outcome) -> str:
    """Standard error helps with failures alone."""
    observation = outcome.observation
    if observation is None or isinstance(observation, NotRun) or not outcome.kind.is_failure:
        return ""
    return observation.stderr
