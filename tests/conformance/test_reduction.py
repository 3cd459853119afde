"""Reduction: only what is the same to everybody is dropped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

import hgframing_vectors

from hgframing_conformance._cases import Case, Level, Tier
from hgframing_conformance._matrix import Matrix, MatrixError
from hgframing_conformance._reduction import Duplicate, find_duplicates, generator_of, read_release
from hgframing_conformance._suites import load_suites
from hgframing_conformance._trial import Result, Status


SUITE = Path(str(hgframing_vectors.root())) / "suites" / "codec" / "framing.yaml"
FIRST = next(case for case in load_suites([SUITE]) if case.revision == "0006")


def case(case_id: str, **changes: Any) -> Case:
    """Make a generated case."""
    return msgspec.structs.replace(
        FIRST, **{"id": case_id, "source": "generated:alphabet", "tier": Tier.FULL, **changes}
    )


def matrix(**noticed: str) -> Matrix:
    """Make a matrix: cases by id, and the letters of the mutants that each notices; capitals gate."""
    items = [f"{case_id}@0006[frame]" for case_id in noticed]
    letters = sorted({letter.lower() for said in noticed.values() for letter in said})
    results = {}
    for letter in letters:
        bits = {True: 0, False: 0}
        for number, said in enumerate(noticed.values()):
            bits[True] |= (letter.upper() in said) << number
            bits[False] |= (letter in said.lower()) << number
        results[letter] = Result(mutant=letter, status=Status.KILLED, gating=bits[True], noticing=bits[False])
    return Matrix(items=items, results=results)


def dropped(cases: list[Case], read: Matrix, *releases: dict[str, tuple[str, ...]]) -> list[str]:
    """Name what is dropped."""
    return [duplicate.id for duplicate in find_duplicates(cases, read, releases)]


def test_the_same_to_everybody_is_dropped_and_the_shortest_stays() -> None:
    """Beside the one that goes stands the one that stays."""
    longer = case("b", steps=FIRST.steps * 2)

    assert find_duplicates([longer, case("c"), case("d")], matrix(b="xY", c="xY", d="x"), []) == (
        Duplicate(generator="alphabet", id="b", like="c"),
    )


@pytest.mark.parametrize("noticed", ["x", "X", "y", "xy", ""])
def test_who_notices_something_else_stays(noticed: str) -> None:
    """One fault more, one less, or the same without gating."""
    assert dropped([case("a"), case("b")], matrix(a="xY", b=noticed)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"requirements": ("FRAME-999",)},
        {"violates": ("FRAME-999",)},
        {"level": Level.UNSPECIFIED},
        {"revision": "0005"},
        {"source": "by hand"},
    ],
)
def test_who_demands_something_else_stays(changes: dict[str, Any]) -> None:
    """So does what a person wrote."""
    other = case("b", **changes)
    read = matrix(a="x", b="x")
    read = Matrix(items=[*read.items, "b@0005[frame]"], results=read.results)

    assert dropped([case("a"), case("b")], read) == ["b"]
    assert dropped([case("a"), other], read) == []


def test_case_of_the_core_tier_speaks_for_others_and_is_like_none() -> None:
    """However long it is; two of them may be alike, because each is there for its own sake."""
    core = [case(name, tier=Tier.CORE, steps=FIRST.steps * 2) for name in ("b", "c")]

    assert find_duplicates([case("a"), *core], matrix(a="x", b="x", c="x"), []) == (
        Duplicate(generator="alphabet", id="a", like="b"),
    )


def test_who_fares_otherwise_with_a_release_stays() -> None:
    """A release is one more mutant."""
    cases, read = [case("a"), case("b")], matrix(a="x", b="x")

    assert dropped(cases, read, {"a": ("passed",), "b": ("passed",)}) == ["b"]
    assert dropped(cases, read, {"a": ("passed",), "b": ("failed",)}) == []


def test_what_was_not_measured_stays() -> None:
    """Nobody knows what it is good for."""
    assert dropped([case("a"), case("b")], matrix(a="x")) == []
    assert dropped([case("a"), case("b")], matrix(a="x", b="x"), {"a": ("passed",)}) == []


def test_every_revision_of_a_case_counts() -> None:
    """A case is dropped as a whole, so it must say nothing new in any revision."""
    cases = [case("a"), case("a", revision="0005"), case("b"), case("b", revision="0005")]
    items = [f"{each.id}@{each.revision}[frame]" for each in cases]
    same = Result(mutant="x", status=Status.KILLED, noticing=0b1111)
    other = Result(mutant="y", status=Status.KILLED, noticing=0b0010)

    assert dropped(cases, Matrix(items=items, results={"x": same})) == ["b"]
    assert dropped(cases, Matrix(items=items, results={"x": same, "y": other})) == []


def test_generator_of_a_case() -> None:
    """People and fuzzers are none."""
    assert [generator_of(case("a")), generator_of(case("a", source="by hand"))] == ["alphabet", ""]


def test_read_release_takes_the_outcomes_of_items(tmp_path: Path) -> None:
    """In the order of the run; other events are left out."""
    file = tmp_path / "run.jsonl"
    item = '{"event": "item", "id": "a", "revision": "0006", "chunking": "%s", "outcome": "%s"}\n'
    file.write_text('{"event": "begin"}\n' + item % ("frame", "passed") + item % ("byte", "failed"))

    assert read_release(file) == {"a": ("0006 frame passed", "0006 byte failed")}


@pytest.mark.parametrize("text", ["{}\n", "x\n", "[]\n"])
def test_read_release_refuses_something_else(tmp_path: Path, text: str) -> None:
    """The file is named."""
    file = tmp_path / "run.jsonl"
    file.write_text(text)

    with pytest.raises(MatrixError, match=str(file)):
        read_release(file)
