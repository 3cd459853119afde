"""Problems are told all at once, in the order in which a person walks through the files."""

from __future__ import annotations

from hgframing_conformance._problems import Problem, SuiteError
from hgframing_conformance.errors import ConformanceError


def test_suite_error_lists_every_problem_once_in_order() -> None:
    """Sorted by file and line; the same problem found twice is one problem."""
    late = Problem("b.yaml", 2, "late", "fix it")
    early = Problem("b.yaml", 1, "early")
    other = Problem("a.yaml", 0, "whole file")

    error = SuiteError([late, early, late, other])

    assert error.problems == (other, early, late)
    assert str(error) == "a.yaml: whole file\nb.yaml:1: early\nb.yaml:2: late\n    fix it"


def test_suite_error_shows_its_first_problem() -> None:
    """For callers that have one line to spend; the command line treats it as any error of the package."""
    error = SuiteError([Problem("b.yaml", 9, "second"), Problem("a.yaml", 3, "first", "fix it")])

    assert (error.file, error.line, error.message, error.remedy) == ("a.yaml", 3, "first", "fix it")
    assert isinstance(error, ConformanceError)


def test_problem_is_one_line_whatever_it_quotes() -> None:
    """A key of the file with a line break would look like another problem."""
    assert str(Problem("a.yaml", 1, "a\nb: unknown key")) == "a.yaml:1: a\\nb: unknown key"
