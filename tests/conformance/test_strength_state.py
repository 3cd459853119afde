"""The state of a measurement: kept line by line, and worth as much as it says."""

from __future__ import annotations

from pathlib import Path

from hgframing_conformance._strength import Result, Status
from hgframing_conformance._strength_state import StrengthState, fingerprint


KILLED = Result(mutant="m-1", status=Status.KILLED, item="case@0006[frame]", gates=True, asked=3)
SURVIVED = Result(mutant="m-2", status=Status.SURVIVED, asked=9)


def test_state_goes_on_where_it_was(tmp_path: Path) -> None:
    """What was added is there the next time."""
    file = tmp_path / "deep" / "state.jsonl"
    state = StrengthState(file, "aa")
    state.add(KILLED)
    state.add(SURVIVED)

    assert StrengthState(file, "aa").results == {"m-1": KILLED, "m-2": SURVIVED}


def test_state_of_something_else_is_only_a_hint(tmp_path: Path) -> None:
    """Other sources or vectors: nothing is known, but who noticed what is a good guess, and stays one."""
    file = tmp_path / "state.jsonl"
    StrengthState(file, "aa").add(KILLED)

    for _ in range(2):
        state = StrengthState(file, "bb")
        assert state.results == {}
        assert state.hints["m-1"] == "case@0006[frame]"


def test_state_forgives_a_line_that_was_cut_off(tmp_path: Path) -> None:
    """An interrupt while a line is written costs that line alone."""
    file = tmp_path / "state.jsonl"
    state = StrengthState(file, "aa")
    state.add(KILLED)
    with file.open("a") as stream:
        stream.write('{"mutant": "m-2", "sta')

    assert StrengthState(file, "aa").results == {"m-1": KILLED}


def test_state_without_a_file_keeps_results_in_memory() -> None:
    """Who names no file gets no file."""
    state = StrengthState(None, "aa")
    state.add(KILLED)

    assert state.results == {"m-1": KILLED}


def test_fingerprint_follows_the_sources(tmp_path: Path) -> None:
    """One octet of one module is another measurement."""
    file = tmp_path / "a.py"
    file.write_text("x = 1\n")
    before = fingerprint({"a": file}, [])
    file.write_text("x = 2\n")

    assert fingerprint({"a": file}, []) != before
    assert fingerprint({"a": file}, [], messages=True) != fingerprint({"a": file}, [])
