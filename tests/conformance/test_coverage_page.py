"""The coverage as a page."""

from __future__ import annotations

from hgframing import REVISIONS
from hgframing_conformance._coverage import measure
from hgframing_conformance._coverage_page import write_coverage_page
from hgframing_conformance._requirements import load_requirements
from hgframing_conformance._suites import load_suites


def page(*revisions: str) -> str:
    """Write the page of the shipped cases of some revisions."""
    catalogue = load_requirements()
    assert catalogue is not None
    cases = tuple(case for case in load_suites() if case.revision in revisions)
    return write_coverage_page(cases, measure(cases, catalogue))


def test_page_marks_holes() -> None:
    """Without the cases of 0001 its requirements are bold zeros."""
    (line,) = [line for line in page("0006").splitlines() if line.startswith("| FRAME-001 |")]

    assert line.split(" | ")[2] == "**0**"
    assert " + " in line.split(" | ")[7]


def test_page_counts_every_case_once() -> None:
    """The totals of the table add up to the number of cases."""
    text = page(*REVISIONS)
    section = text.split("## Cases")[1].split("## Requirements")[0]
    totals = [
        int(line.split("|")[-2])
        for line in section.splitlines()
        if line.startswith(("| codec", "| server", "| client", "| http"))
    ]

    assert sum(totals) == len(load_suites())


def test_page_says_where_a_revision_has_no_such_requirement() -> None:
    """Settings exist in 0006 alone."""
    (line,) = [line for line in page("0006").splitlines() if line.startswith("| SET-005 |")]

    assert line.split(" | ")[2:7] == ["·"] * 5
