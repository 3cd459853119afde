"""Reducing: the file that generation follows, and the books of ids."""

from __future__ import annotations

import json

from pathlib import Path

import pytest

from hgframing_conformance._cli_reduce import reduce
from hgframing_conformance._generated_cases import read_generated_cases
from hgframing_conformance._strength_state import StrengthState
from hgframing_conformance._trial import Result, Status

from .authoring import SUITE


NAMES = ["server-first", "server-second", "server-third"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three generated cases beside one that a person wrote."""
    file = tmp_path / "suites" / "server" / "small.yaml"
    file.parent.mkdir(parents=True)
    head, first, second = SUITE.replace("by hand", "generated:alphabet").split("  - id: ")
    third = second.replace("server-second", "server-third")
    mine = second.replace("server-second", "server-mine").replace("generated:alphabet", "by hand")
    file.write_text(f"{head}  - id: {first}  - id: {second}  - id: {third}  - id: {mine}")
    (tmp_path / "ids.txt").write_text("# ids\nserver-first\nserver-second\nserver-third\nserver-mine\n")
    return tmp_path


def make_matrix(file: Path, **noticed: str) -> Path:
    """Write a matrix: letters of mutants, and the digits of the generated cases that notice them; 3 is the person's."""
    state = StrengthState(file, "aa", [], [f"{name}@0006[frame]" for name in [*NAMES, "server-mine"]])
    for mutant, digits in noticed.items():
        bits = sum(1 << int(digit) for digit in digits)
        state.add(Result(mutant=mutant, status=Status.KILLED, noticing=bits, gating=bits))
    return file


def test_reduce_drops_and_retires(root: Path) -> None:
    """Ids that are registered stay in the list, with the reason."""
    matrix = make_matrix(root / "m.jsonl", a="012", b="01")
    found = reduce(root, matrix, [])

    assert [duplicate.id for duplicate in found] == ["server-second"]
    assert read_generated_cases(root / "generated.yaml").dropped == {
        "alphabet": {"server-second": "server-first"}
    }
    assert (root / "ids.txt").read_text().splitlines() == [
        "# ids",
        "server-first",
        "server-second retired: says no more than server-first",
        "server-third",
        "server-mine",
    ]


def test_reduce_writes_nothing_where_it_only_tells(root: Path) -> None:
    """What would be dropped is said, and the books stay as they are."""
    books = (root / "ids.txt").read_text()
    matrix = make_matrix(root / "m.jsonl", a="012", b="01")

    assert [duplicate.id for duplicate in reduce(root, matrix, [], dry_run=True)] == ["server-second"]
    assert (root / "ids.txt").read_text() == books
    assert not (root / "generated.yaml").exists()


def test_reduce_keeps_what_a_release_tells_apart(root: Path) -> None:
    """All three notice the same, and the second fares otherwise."""
    run = root / "run.jsonl"
    item = {"event": "item", "revision": "0006", "chunking": "frame"}
    outcomes = dict(zip(NAMES, ("passed", "failed", "passed"), strict=True))
    lines = [json.dumps({**item, "id": name, "outcome": outcome}) for name, outcome in outcomes.items()]
    run.write_text("\n".join(lines))
    found = reduce(root, make_matrix(root / "m.jsonl", a="012"), [run])

    assert [duplicate.id for duplicate in found] == ["server-third"]
