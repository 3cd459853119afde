"""The file of equivalents: read strictly, and held to what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from hgframing_conformance._equivalents import (
    Equivalent,
    Equivalents,
    OutOfReach,
    describe,
    read_equivalents,
)
from hgframing_conformance._mutants import find_mutants
from hgframing_conformance._problems import SuiteError
from hgframing_conformance._strength import Result, Status


MUTANTS = find_mutants(
    "p._m", b"class A:\n    def f(self):\n        return a < b\n    def g(self):\n        return c\n"
)
FIRST = MUTANTS[0]


def excuse(**changes: str) -> Equivalents:
    """Excuse the first mutant, with changes."""
    entry = {"id": FIRST.id, "line": describe(FIRST), "reason": "why", **changes}
    return Equivalents(equivalents=(Equivalent(**entry),))


def told(excused: Equivalents, status: Status = Status.SURVIVED, *, reached: bool = False) -> list[str]:
    """Check the entries, all mutants having ended alike."""
    results = {mutant.id: Result(mutant=mutant.id, status=status, item="case") for mutant in MUTANTS}
    return list(excused.problems(MUTANTS, results, dict.fromkeys(results, reached)))


def test_equivalent_that_survived_is_in_order() -> None:
    """It is excused, and nobody else is."""
    assert told(excuse()) == []
    assert [mutant.id for mutant in MUTANTS if excuse().excuses(mutant)] == [FIRST.id]


@pytest.mark.parametrize("status", [Status.KILLED, Status.TIMED_OUT])
def test_equivalent_that_was_noticed_is_none(status: Status) -> None:
    """A proof that is contradicted is told."""
    [problem] = told(excuse(), status)

    assert "no equivalent" in problem


def test_equivalent_without_a_mutant_is_told() -> None:
    """The line changed or went away; in modules that were not looked at, nobody knows."""
    [problem] = told(excuse(id="m-00000000"))

    assert "no such mutant" in problem
    assert told(excuse(id="other-00000000")) == []


def test_equivalent_with_another_line_is_told() -> None:
    """The line is for people, and must not mislead them."""
    [problem] = told(excuse(line="something else"))

    assert describe(FIRST) in problem


@pytest.mark.parametrize(
    ("function", "covered"), [("A.f", {"A.f"}), ("A", {"A.f", "A.g"}), ("*", {"A.f", "A.g"})]
)
def test_out_of_reach_covers_a_function_with_all_in_it(function: str, covered: set[str]) -> None:
    """A class covers its methods, an asterisk the module."""
    excused = Equivalents(out_of_reach=(OutOfReach(module="p._m", function=function, reason="why"),))

    assert {mutant.scope for mutant in MUTANTS if excused.puts_out_of_reach(mutant)} == covered
    assert told(excused) == []


def test_out_of_reach_that_is_reached_or_empty_is_told() -> None:
    """An excuse must be true, and be about something."""
    excused = Equivalents(out_of_reach=(OutOfReach(module="p._m", function="A.f", reason="why"),))
    empty = Equivalents(out_of_reach=(OutOfReach(module="p._m", function="A.h", reason="why"),))

    assert "a case runs it" in told(excused, reached=True)[0]
    assert "no mutant" in told(empty)[0]


def test_read_equivalents_reads_both_lists(tmp_path: Path) -> None:
    """The form is that of the module's docstring."""
    file = tmp_path / "e.yaml"
    file.write_text(
        'equivalents: [{id: m-1, line: "a -> b", reason: because}]\n'
        "out-of-reach: [{module: m, function: f, reason: because}]\n"
    )

    assert read_equivalents(file) == Equivalents(
        equivalents=(Equivalent(id="m-1", line="a -> b", reason="because"),),
        out_of_reach=(OutOfReach(module="m", function="f", reason="because"),),
    )


def test_read_equivalents_names_file_and_line_of_a_mistake(tmp_path: Path) -> None:
    """No reason, no excuse."""
    file = tmp_path / "e.yaml"
    file.write_text('equivalents:\n  - {id: m-1, line: "a -> b"}\n')

    with pytest.raises(SuiteError, match=rf"{file}:2"):
        read_equivalents(file)
