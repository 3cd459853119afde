"""Counts and the exit code."""

from __future__ import annotations

import pytest

from hgframing_conformance._expectations import Status
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._problems import Problem
from hgframing_conformance._select import items
from hgframing_conformance._summary import Exit, Judged, Summary, worst_exit

from .test_select import hello
from .zoo.cases import case, frame_step


K, S = OutcomeKind, Status
ITEM = items(case("a", frame_step("x")))[0]


def summary(*found: tuple[OutcomeKind, Status]) -> Summary:
    """Add outcomes up."""
    added = Summary(locator="exec:x", hello=hello())
    for kind, status in found:
        gating = status is S.UNEXPECTED
        added.add(Judged(outcome=Outcome(item=ITEM, kind=kind, gating=gating, reason="why"), status=status))
    return added


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([(K.PASSED, S.FINE)], Exit.AS_EXPECTED),
        ([(K.FAILED, S.KNOWN)], Exit.AS_EXPECTED),
        ([(K.FAILED, S.FINE)], Exit.AS_EXPECTED),
        ([(K.PASSED, S.FINE), (K.UNSUPPORTED, S.FINE)], Exit.AS_EXPECTED),
        ([(K.FAILED, S.UNEXPECTED)], Exit.NOT_AS_EXPECTED),
        ([(K.PASSED, S.UNEXPECTED_PASS)], Exit.NOT_AS_EXPECTED),
        ([(K.CRASHED, S.OTHER_KIND)], Exit.NOT_AS_EXPECTED),
        ([(K.PASSED, S.FINE), (K.NOT_RUN, S.NOT_RUN)], Exit.INCOMPLETE),
        ([(K.FAILED, S.UNEXPECTED), (K.NOT_RUN, S.NOT_RUN)], Exit.INCOMPLETE),
        ([], Exit.NOTHING_SELECTED),
        ([(K.UNSUPPORTED, S.FINE)], Exit.NOTHING_SELECTED),
        ([(K.FAILED, S.UNEXPECTED)] * 256, Exit.NOT_AS_EXPECTED),
    ],
)
def test_exit_is_trustworthy(found: list[tuple[OutcomeKind, Status]], expected: Exit) -> None:
    """The exit code is never a count, never 0 for nothing, and never 0 or 1 for a run that was cut off."""
    assert summary(*found).exit is expected


def test_exit_case_that_was_not_run_needs_no_reason() -> None:
    """A run that leaves a case out is incomplete, whether somebody says why or not."""
    added = Summary(locator="exec:x", hello=hello())
    added.add(Judged(outcome=Outcome(item=ITEM, kind=K.NOT_RUN, gating=False), status=S.NOT_RUN))
    assert added.exit is Exit.INCOMPLETE


def test_exit_stale_expectations_fail() -> None:
    """A file that no longer holds fails a run that is otherwise as expected."""
    added = summary((K.PASSED, S.FINE))
    added.problems = (Problem("f", 1, "stale"),)
    assert added.exit is Exit.NOT_AS_EXPECTED


def test_exit_lost_capability_with_nothing_left_fails() -> None:
    """An implementation that supports nothing any more is no empty selection where a file expected more."""
    added = summary((K.UNSUPPORTED, S.FINE))
    added.problems = (Problem("f", 0, "lost capability"),)
    assert added.exit is Exit.NOT_AS_EXPECTED


def test_exit_codes_are_the_documented_ones() -> None:
    """The numbers are a promise."""
    assert [int(code) for code in Exit] == [0, 1, 2, 3, 4]


def test_last_line_counts_everything() -> None:
    """The last line has every kind that occurred, and what of it matters."""
    line = summary(
        (K.PASSED, S.FINE), (K.FAILED, S.KNOWN), (K.FAILED, S.FINE), (K.CRASHED, S.UNEXPECTED)
    ).last_line()
    assert line.startswith("NOT as expected: 1 passed, 2 failed, 1 crashed (1 of them known to fail, ")
    assert "1 not gating, 1 not as expected" in line


def test_summary_keeps_what_is_worth_showing() -> None:
    """Only what is not as expected, or does not gate, is kept; reasons of the unsupported are counted."""
    added = summary((K.PASSED, S.FINE), (K.FAILED, S.FINE), (K.FAILED, S.UNEXPECTED), (K.UNSUPPORTED, S.FINE))
    assert len(added.unexpected) == 1
    assert len(added.remarks) == 1
    assert added.reasons == {"why": 1}
    assert added.total == 4


@pytest.mark.parametrize(
    ("exits", "worst"),
    [
        ([], Exit.NOTHING_SELECTED),
        ([Exit.AS_EXPECTED, Exit.NOTHING_SELECTED], Exit.AS_EXPECTED),
        ([Exit.NOT_AS_EXPECTED, Exit.AS_EXPECTED], Exit.NOT_AS_EXPECTED),
        ([Exit.AS_EXPECTED, Exit.INCOMPLETE, Exit.NOT_AS_EXPECTED], Exit.INCOMPLETE),
    ],
)
def test_worst_exit_hides_nothing(exits: list[Exit], worst: Exit) -> None:
    """Of several runs the one that says least good decides."""
    assert worst_exit(exits) is worst


def test_exit_of_a_leak_is_not_as_expected() -> None:
    """A run whose verdicts are in doubt does not succeed."""
    exits = []
    for leaks in ((), ("state leaks",)):
        found = summary((K.PASSED, S.FINE))
        found.leaks = leaks
        exits.append(found.exit)
    assert exits == [Exit.AS_EXPECTED, Exit.NOT_AS_EXPECTED]
