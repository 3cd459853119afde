"""What became of an item, and whether it matters.

Two decisions, made in this order and apart from each other. The *kind* says what happened; it follows from the
observation and the verdict alone. Whether it *gates* follows from what the text says about the case: its level, and
whether somebody disputes it. What is known to fail (`_expectations`) is a third question, asked later.
"""

from __future__ import annotations

import dataclasses
import enum

from typing import Final, assert_never

from hgframing_conformance._adapters import (
    Answered,
    BadReply,
    Crashed,
    NotRun,
    Observation,
    TimedOut,
)
from hgframing_conformance._cases import Action, Level
from hgframing_conformance._compare import Problem, Verdict
from hgframing_conformance._select import Item


__all__ = ["Outcome", "OutcomeKind", "gates", "not_answered"]


class OutcomeKind(enum.StrEnum):
    """What happened to an item. The last word of a failure says which kind of failure it is."""

    PASSED = "passed"
    #: The implementation did something else than demanded.
    FAILED = "failed"
    #: It did what must never follow.
    FORBIDDEN = "forbidden"
    #: Its API threw something that is not its way of saying "the peer broke the protocol".
    RAISED = "raised"
    #: It did something else than in another chunking of the same case.
    CHUNK_VARIANT = "chunk-variant"
    CRASHED = "crashed"
    TIMED_OUT = "timed-out"
    BAD_REPLY = "bad-reply"
    UNSUPPORTED = "unsupported"
    NOT_RUN = "not-run"

    @property
    def is_failure(self) -> bool:
        """Whether an expectation file can expect it: it ran, and did not pass."""
        return self not in _NO_FAILURES


_NO_FAILURES: Final = frozenset({OutcomeKind.PASSED, OutcomeKind.UNSUPPORTED, OutcomeKind.NOT_RUN})
#: These count whatever the text says: an implementation that does them is broken, or dangerous.
_ALWAYS: Final = frozenset(
    {OutcomeKind.CRASHED, OutcomeKind.TIMED_OUT, OutcomeKind.BAD_REPLY, OutcomeKind.FORBIDDEN}
)
_OF_PROBLEM: Final = {
    Problem.MISMATCH: OutcomeKind.FAILED,
    Problem.RAISED: OutcomeKind.RAISED,
    Problem.FORBIDDEN: OutcomeKind.FORBIDDEN,
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one item.

    Attributes:
        item: the item; its case has the steps that were sent.
        kind: what happened.
        gating: whether it fails the run unless it is expected.
        reason: one clause for people; empty where it passed without a remark.
        step: the step concerned, from 0, as far as one is known.
        observation: what the adapter saw; None for what was not sent.
        verdict: what the judge said; None where nothing could be judged.
        observed: the actions of every step; None where there was no answer.
    """

    item: Item
    kind: OutcomeKind
    gating: bool
    reason: str = ""
    step: int | None = None
    observation: Observation | None = None
    verdict: Verdict | None = None
    observed: tuple[tuple[Action, ...], ...] | None = None


def gates(kind: OutcomeKind, *, level: Level, disputed: bool, strict: bool) -> bool:
    """Decide whether an outcome fails a run in which nothing is expected to fail.

    Args:
        kind: what happened.
        level: what the text says about the case.
        disputed: the case is run and reported, and never gates.
        strict: `should` gates too.
    """
    if disputed or not kind.is_failure:
        return False
    if kind in _ALWAYS:
        return True
    match level:
        case Level.MUST:
            return True
        case Level.SHOULD:
            return strict
        case Level.MAY | Level.UNSPECIFIED:
            return False
        case _:
            assert_never(level)


def not_answered(observation: Crashed | TimedOut | BadReply | NotRun) -> tuple[OutcomeKind, str, int | None]:
    """Say what an observation without an answer is: its kind, the reason and the step."""
    match observation:
        case Crashed(how=how, step=step, remark=remark):
            return OutcomeKind.CRASHED, "; ".join(filter(None, (how, remark))), step
        case TimedOut(seconds=seconds, step=step, remark=remark):
            said = f"no answer within {seconds:g} s"
            return OutcomeKind.TIMED_OUT, "; ".join(filter(None, (said, remark))), step
        case BadReply(problem=problem, quoted=quoted):
            return OutcomeKind.BAD_REPLY, f"{problem}; it wrote: {quoted}", None
        case NotRun(reason=reason):
            return OutcomeKind.NOT_RUN, reason, None
        case _:
            assert_never(observation)


def judged(verdict: Verdict) -> tuple[OutcomeKind, str, int | None]:
    """Say what a verdict is: its kind, the reason and the step."""
    worst = verdict.worst
    if worst is None:
        later = ", ".join(
            f"step {step + 1} took alternative {number + 1}" for step, number in verdict.alternatives.items()
        )
        return OutcomeKind.PASSED, later, None
    first = next(failure for failure in verdict.failures if failure.problem is worst)
    return _OF_PROBLEM[worst], first.reason, first.index


def answered(observation: Observation) -> bool:
    """Tell whether there is something to judge."""
    return isinstance(observation, Answered)
