"""Tests of `hgframing_fuzz._problems_oracle`: an error about a file helps its author, or is a finding."""

from __future__ import annotations

import pytest

from hgframing_conformance._problems import Problem, SuiteError
from hgframing_fuzz._outcome import Feature
from hgframing_fuzz._problems_oracle import check_problems, kind_of
from hgframing_fuzz._watch import ObjectionError


def objection(*problems: Problem, octets: bytes = b"a\nb\n") -> str | None:
    """What the oracle objects to."""
    try:
        check_problems(SuiteError(problems), "f.yaml", octets, [])
    except ObjectionError as error:
        return error.finding.where
    return None


@pytest.mark.parametrize("line", [0, 1, 2, 3, 4])
def test_problem_of_the_file_is_fine(line: int) -> None:
    """At one of its lines, behind the last, or at none."""
    assert objection(Problem("f.yaml", line, "wrong")) is None


@pytest.mark.parametrize(
    ("problem", "where"),
    [
        (Problem("g.yaml", 1, "wrong"), "file"),
        (Problem("f.yaml", 5, "wrong"), "line"),
        (Problem("f.yaml", -1, "wrong"), "line"),
        (Problem("f.yaml", 1, ""), "message"),
    ],
)
def test_problem_that_misleads_is_found(problem: Problem, where: str) -> None:
    """Another file, a line that is not there, no words."""
    assert objection(problem) == where


def test_error_without_problems_is_found() -> None:
    """It would print nothing."""
    assert objection() == "error"


@pytest.mark.parametrize(
    "octets", [b"a\r\nb", b"a\rb", "a\u2028b".encode(), "a\x85b".encode(), b"\r\xc2\x85b"]
)
def test_lines_are_counted_as_a_reader_of_yaml_does(octets: bytes) -> None:
    """Every line break there is."""
    assert objection(Problem("f.yaml", 3, "wrong"), octets=octets) is None
    assert objection(Problem("f.yaml", 7, "wrong"), octets=octets) == "line"


def test_notes_are_few_whatever_the_file_says() -> None:
    """The words of the message, not what it quotes."""
    notes: list[Feature] = []
    problems = [Problem("f.yaml", 1, f"entries.{n}: unknown key 'k{n}'") for n in range(50)]

    check_problems(SuiteError(problems), "f.yaml", b"a\nb\n", notes)

    assert notes == [("problem", "unknown", "key", "")]


def test_kind_of_is_made_of_the_words_of_messages_alone() -> None:
    """Not of what they quote, whatever stands where."""
    assert kind_of("entries.0: unknown key 'x'") == ("unknown", "key", "")
    assert kind_of("the string 'a: zebra unknown yak'") == ("", "unknown", "")
    assert kind_of("") == ()
