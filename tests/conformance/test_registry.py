"""Ids are registered once and for ever."""

from __future__ import annotations

from hgframing_conformance._problems import Problem
from hgframing_conformance._registry import read_registry


TEXT = "# ids of all cases\n\nfirst-case\nold-case retired: see first-case\nsecond-case\n"


def test_read_registry_reads_ids_and_reasons() -> None:
    """docs/vector-format.md, "Registry of ids"."""
    registry = read_registry(TEXT, "ids.txt")
    assert registry.lines == {"first-case": 3, "old-case": 4, "second-case": 5}
    assert registry.retired == {"old-case": "see first-case"}
    assert registry.problems == ()


def test_check_lets_registered_ids_pass() -> None:
    """The usual case has nothing to tell."""
    assert read_registry(TEXT, "ids.txt").check("second-case", "x.yaml", 7) == []


def test_check_with_an_unknown_id_says_where_to_append_it() -> None:
    """A new case needs one line more."""
    [problem] = read_registry(TEXT, "ids.txt").check("third-case", "x.yaml", 7)
    assert problem == Problem("x.yaml", 7, "the id third-case is not registered", "append it to ids.txt")


def test_check_with_a_retired_id_says_why_it_was() -> None:
    """A name that meant something else must not come back."""
    [problem] = read_registry(TEXT, "ids.txt").check("old-case", "x.yaml", 7)
    assert problem.message == "the id old-case was retired: see first-case"
    assert (problem.file, problem.line) == ("x.yaml", 7)


def test_check_complete_finds_ids_whose_cases_are_gone() -> None:
    """Who deletes a case has to say why; retired ones need none."""
    [problem] = read_registry(TEXT, "ids.txt").check_complete(["second-case"])
    assert (problem.file, problem.line, problem.message) == ("ids.txt", 3, "no case has the id first-case")
    assert problem.remedy == "write `first-case retired: <reason>`"


def test_read_registry_with_malformed_lines_names_them() -> None:
    """Each line that cannot be read, and each id that stands there twice."""
    registry = read_registry("a-case\nA-case\nb-case retired:\nb-case  \na-case\n a-case\n", "ids.txt")
    assert [problem.line for problem in registry.problems] == [2, 3, 4, 5, 6]
    assert registry.problems[3].message == "the id a-case stands on line 1 already"
