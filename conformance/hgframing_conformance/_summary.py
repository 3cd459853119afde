"""What a run amounts to: counts, what was not as expected, and the exit code.

An exit code must be trustworthy, so it is computed here and nowhere else, and never from a count of anything:

| code | when |
|---|---|
| 0 | every outcome is as expected, and something ran |
| 1 | something is not as expected, the expectation file no longer holds, or state leaks between cases |
| 2 | usage or bad data (decided before a run) |
| 3 | the run is incomplete: a case was not run, whatever the others did |
| 4 | nothing was selected, or the implementation supports nothing of it |
"""

from __future__ import annotations

import dataclasses
import enum

from collections import Counter
from collections.abc import Iterable
from typing import Final

from hgframing_conformance._cases import Layer
from hgframing_conformance._expectations import Status
from hgframing_conformance._messages import Hello
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._problems import Problem


__all__ = ["Exit", "Judged", "Summary", "worst_exit"]


class Exit(enum.IntEnum):
    """The exit codes of every command."""

    AS_EXPECTED = 0
    NOT_AS_EXPECTED = 1
    USAGE = 2
    INCOMPLETE = 3
    NOTHING_SELECTED = 4


#: From the best to the worst; a run that is incomplete says nothing about what else is wrong.
_WORSE: Final = (
    Exit.NOTHING_SELECTED,
    Exit.AS_EXPECTED,
    Exit.NOT_AS_EXPECTED,
    Exit.USAGE,
    Exit.INCOMPLETE,
)


def worst_exit(exits: Iterable[Exit]) -> Exit:
    """Return the exit code of several runs together; of none: nothing was selected."""
    return max(exits, key=_WORSE.index, default=Exit.NOTHING_SELECTED)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An outcome, and what it is in the light of what was expected."""

    outcome: Outcome
    status: Status


@dataclasses.dataclass(slots=True, kw_only=True)
class Summary:
    """A run, added up; it keeps only those outcomes that are worth showing.

    Attributes:
        locator: how the implementation was attached.
        hello: what it said of itself.
        options: words of the command line that a line which repeats an item needs too.
        counts: how many items of each layer and kind.
        statuses: how many items of each status.
        reasons: why items were unsupported, and how many for each reason.
        unexpected: everything that is not as expected, in order.
        remarks: failures that do not gate and were not expected, in order.
        problems: what of the expectation file no longer holds.
        leaks: what an item did at the end of the run that it had not done at its beginning.
        notes: what went wrong beside the cases.
        stopped: why the run was broken off; empty: it was not.
        seconds: how long it took.
    """

    locator: str
    hello: Hello
    options: tuple[str, ...] = ()
    counts: Counter[tuple[Layer, OutcomeKind]] = dataclasses.field(default_factory=Counter)
    statuses: Counter[Status] = dataclasses.field(default_factory=Counter)
    reasons: Counter[str] = dataclasses.field(default_factory=Counter)
    unexpected: list[Judged] = dataclasses.field(default_factory=list)
    remarks: list[Judged] = dataclasses.field(default_factory=list)
    problems: tuple[Problem, ...] = ()
    leaks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    stopped: str = ""
    seconds: float = 0.0

    def add(self, judged: Judged) -> None:
        """Count an outcome."""
        outcome = judged.outcome
        self.counts[outcome.item.case.layer, outcome.kind] += 1
        self.statuses[judged.status] += 1
        if outcome.kind is OutcomeKind.UNSUPPORTED:
            self.reasons[outcome.reason] += 1
        if judged.status is Status.NOT_RUN:
            self.stopped = self.stopped or outcome.reason
        elif not judged.status.is_expected:
            self.unexpected.append(judged)
        elif judged.status is Status.FINE and outcome.kind.is_failure:
            self.remarks.append(judged)

    @property
    def total(self) -> int:
        """How many items there were."""
        return self.counts.total()

    def of_kind(self, kind: OutcomeKind) -> int:
        """Count the items of a kind in all layers."""
        return sum(count for (_, found), count in self.counts.items() if found is kind)

    @property
    def exit(self) -> Exit:
        """What the process should exit with."""
        if self.stopped or self.of_kind(OutcomeKind.NOT_RUN):
            return Exit.INCOMPLETE
        if self.unexpected or self.problems or self.leaks:
            return Exit.NOT_AS_EXPECTED
        if self.total == self.of_kind(OutcomeKind.UNSUPPORTED):
            return Exit.NOTHING_SELECTED
        return Exit.AS_EXPECTED

    def last_line(self) -> str:
        """Say everything that matters in one line."""
        counted = [f"{number} {kind.value}" for kind in OutcomeKind if (number := self.of_kind(kind))] or [
            "nothing selected"
        ]
        known, wrong = self.statuses[Status.KNOWN], len(self.unexpected)
        extra = []
        if known:
            extra.append(f"{known} of them known to fail")
        if self.remarks:
            extra.append(f"{len(self.remarks)} not gating")
        if wrong:
            extra.append(f"{wrong} not as expected")
        if self.problems:
            extra.append(f"{len(self.problems)} stale expectations")
        if self.leaks:
            extra.append("state leaks between cases")
        verdict = _VERDICTS[self.exit]
        remarks = f" ({', '.join(extra)})" if extra else ""
        return f"{verdict}: {', '.join(counted)}{remarks} in {self.seconds:.2f} s"


_VERDICTS = {
    Exit.AS_EXPECTED: "as expected",
    Exit.NOT_AS_EXPECTED: "NOT as expected",
    Exit.USAGE: "usage",
    Exit.INCOMPLETE: "INCOMPLETE",
    Exit.NOTHING_SELECTED: "NOTHING RAN",
}
