"""Reducing: the file that generation follows."""

from __future__ import annotations

import json

from pathlib import Path

import pytest
import yaml

from hgframing_conformance._cli_reduce import reduce
from hgframing_conformance._strength_state import StrengthState
from hgframing_conformance._trial import Result, Status

from .authoring import SUITE


NAMES = ["server-first", "server-second", "server-third"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three generated cases beside one that a person wrote."""
    file = tmp_path / "suites" / "server" / "small.yaml"
    file.parent.mkdir(parents=True)
    head, first, second = SUITE.replace("by hand", "generated:alphabet\n    tier: full").split("  - id: ")
    third = second.replace("server-second", "server-third")
    mine = second.replace("server-second", "server-mine").replace("generated:alphabet", "by hand")
    file.write_text(f"{head}  - id: {first}  - id: {second}  - id: {third}  - id: {mine}")
    return tmp_path


def make_matrix(file: Path, **noticed: str) -> Path:
    """Write a matrix: letters of mutants, and the digits of the generated cases that notice them; 3 is the person's."""
    state = StrengthState(file, "aa", [], [f"{name}@0006[frame]" for name in [*NAMES, "server-mine"]])
    for mutant, digits in noticed.items():
        bits = sum(1 << int(digit) for digit in digits)
        state.add(Result(mutant=mutant, status=Status.KILLED, noticing=bits, gating=bits))
    return file


def test_reduce_says_what_is_alike(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The text that generation follows, and how many there are of each generator; what people wrote does not count."""
    text = reduce(root, make_matrix(root / "m.jsonl", a="0123", b="013"), [])

    assert yaml.safe_load(text) == {"alike": {"alphabet": {"server-second": "server-first"}}}
    assert capsys.readouterr().out.splitlines() == [
        "alphabet: 3 cases, 1 of them like another one",
        "2 of 3 generated cases are distinct",
    ]


def test_reduce_says_what_nobody_measured(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A matrix of other vectors would make every case look distinct."""
    file = root / "m.jsonl"
    StrengthState(file, "aa", [], ["server-first@0006[frame]", "server-third@0006[frame]"])
    reduce(root, file, [])

    assert capsys.readouterr().out.splitlines()[-1] == (
        f"1 of them, server-second for instance, are not in {file}: nobody measured them"
    )


def test_reduce_keeps_what_a_release_tells_apart(root: Path) -> None:
    """All three notice the same, and the second fares otherwise."""
    run = root / "run.jsonl"
    item = {"event": "item", "revision": "0006", "chunking": "frame"}
    outcomes = dict(zip(NAMES, ("passed", "failed", "passed"), strict=True))
    lines = [json.dumps({**item, "id": name, "outcome": outcome}) for name, outcome in outcomes.items()]
    run.write_text("\n".join(lines))
    text = reduce(root, make_matrix(root / "m.jsonl", a="012"), [run])

    assert yaml.safe_load(text) == {"alike": {"alphabet": {"server-third": "server-first"}}}
