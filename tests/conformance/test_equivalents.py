"""The file of equivalents: read strictly, and held to what it says."""

from __future__ import annotations

import dataclasses

from pathlib import Path

import pytest

from hgframing_conformance._equivalents import (
    Equivalent,
    Equivalents,
    Excuse,
    LeftOpen,
    OutOfReach,
    describe,
    read_equivalents,
)
from hgframing_conformance._mutants import find_mutants
from hgframing_conformance._problems import SuiteError
from hgframing_conformance._statements import Guard
from hgframing_conformance._subject import Place
from hgframing_conformance._trial import Result, Status


MUTANTS = find_mutants(
    "p._m", b"class A:\n    def f(self):\n        return a < b\n    def g(self):\n        return c\n"
)
FIRST = MUTANTS[0]
#: Where no case gets.
ASIDE = Place(reached=False)


def excuse(**changes: str) -> Equivalents:
    """Excuse the first mutant, with changes."""
    entry = {"id": FIRST.id, "line": describe(FIRST), "reason": "why", **changes}
    return Equivalents(equivalents=(Equivalent(**entry),))


def told(excused: Equivalents, status: Status = Status.SURVIVED, place: Place = ASIDE) -> list[str]:
    """Check the entries, all mutants having ended alike, in the same sort of place."""
    results = {mutant.id: Result(mutant=mutant.id, status=status, item="case") for mutant in MUTANTS}
    return list(excused.problems(MUTANTS, results, dict.fromkeys(results, place)))


def excused_by(excused: Equivalents, place: Place = ASIDE) -> dict[str, Excuse]:
    """Map mutants to their excuses."""
    found = {mutant.id: excused.excuse(mutant, place) for mutant in MUTANTS}
    return {mutant: excuse for mutant, excuse in found.items() if excuse is not None}


def test_equivalent_that_survived_is_in_order() -> None:
    """It is excused, and nobody else is."""
    assert told(excuse()) == []
    assert excused_by(excuse()) == {FIRST.id: Excuse.EQUIVALENT}


def test_left_open_covers_one_statement() -> None:
    """It has its own column, and is held to need its excuse."""
    statement = "return a < b"
    excused = Equivalents(
        left_open=(LeftOpen(module="p._m", function="A.f", statement=statement, reason="why"),)
    )
    place = Place(reached=True, statement=statement)

    assert set(excused_by(excused, place).values()) == {Excuse.LEFT_OPEN}
    assert set(excused_by(excused, place)) == {mutant.id for mutant in MUTANTS if mutant.scope == "A.f"}
    assert told(excused, place=place) == []
    assert "all its faults were noticed" in told(excused, Status.KILLED, place)[0]
    assert "no mutant in such a place" in told(excused)[0]


@pytest.mark.parametrize("status", [Status.KILLED, Status.TIMED_OUT])
def test_equivalent_that_was_noticed_is_none(status: Status) -> None:
    """A proof that is contradicted is told."""
    [problem] = told(excuse(), status)

    assert "needs no excuse" in problem


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

    assert {mutant.scope for mutant in MUTANTS if mutant.id in excused_by(excused)} == covered
    assert told(excused) == []


def test_out_of_reach_may_be_one_statement() -> None:
    """The rest of the function may run."""
    entry = OutOfReach(module="p._m", function="A.f", statement="return a < b", reason="why")
    excused = Equivalents(out_of_reach=(entry,))
    there, here = Place(reached=False, statement="return a < b"), Place(reached=True, statement="return b")

    assert set(excused_by(excused, there).values()) == {Excuse.OUT_OF_REACH}
    assert excused_by(excused, here) == {}
    assert told(excused, place=there) == []
    assert "a case runs it" in told(excused, place=Place(reached=True, statement="return a < b"))[0]


def test_out_of_reach_that_is_reached_or_empty_is_told() -> None:
    """An excuse must be true, and be about something; one that is not true excuses nothing."""
    excused = Equivalents(out_of_reach=(OutOfReach(module="p._m", function="A.f", reason="why"),))
    empty = Equivalents(out_of_reach=(OutOfReach(module="p._m", function="A.h", reason="why"),))

    assert "a case runs it" in told(excused, place=Place(reached=True))[0]
    assert excused_by(excused, Place(reached=True)) == {}
    assert "no mutant" in told(empty)[0]


GUARD = Guard(text="if a < b:", exception="LocalProtocolError", first=9, last=9)
GUARDED = Equivalents(
    out_of_reach=(OutOfReach(module="p._m", function="A.f", guard="if a < b:", reason="why"),)
)


def test_guard_that_nothing_makes_refuse_is_out_of_reach() -> None:
    """Its line may run: what matters is that it never refuses."""
    place = Place(reached=True, guard=GUARD)

    assert told(GUARDED, place=place) == []
    assert set(excused_by(GUARDED, place)) == {mutant.id for mutant in MUTANTS if mutant.scope == "A.f"}


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        (Place(reached=True, guard=GUARD, refuses=True), "a case makes it refuse"),
        (
            Place(reached=True, guard=dataclasses.replace(GUARD, exception="FaultRaised")),
            "something else than LocalProtocolError",
        ),
        (Place(reached=True, guard=dataclasses.replace(GUARD, text="if b:")), "no mutant in such a place"),
        (Place(reached=False), "no mutant in such a place"),
    ],
)
def test_guard_that_a_peer_or_a_step_can_provoke_is_not(place: Place, problem: str) -> None:
    """A fault of the peer is always in reach, and so is what a case makes refuse."""
    assert problem in told(GUARDED, place=place)[0]
    assert excused_by(GUARDED, place) == {}


def test_read_equivalents_reads_both_lists(tmp_path: Path) -> None:
    """The form is that of the module's docstring."""
    file = tmp_path / "e.yaml"
    file.write_text(
        'equivalents: [{id: m-1, line: "a -> b", reason: because}]\n'
        "left-open: [{module: m, function: '', statement: x = 1, reason: because}]\n"
        "out-of-reach: [{module: m, function: f, guard: 'if x:', reason: because}]\n"
    )

    assert read_equivalents(file) == Equivalents(
        equivalents=(Equivalent(id="m-1", line="a -> b", reason="because"),),
        left_open=(LeftOpen(module="m", function="", statement="x = 1", reason="because"),),
        out_of_reach=(OutOfReach(module="m", function="f", guard="if x:", reason="because"),),
    )


def test_read_equivalents_names_file_and_line_of_a_mistake(tmp_path: Path) -> None:
    """No reason, no excuse."""
    file = tmp_path / "e.yaml"
    file.write_text('equivalents:\n  - {id: m-1, line: "a -> b"}\n')

    with pytest.raises(SuiteError, match=rf"{file}:2"):
        read_equivalents(file)
