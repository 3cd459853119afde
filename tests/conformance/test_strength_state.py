"""The state of a measurement: kept line by line, and worth as much as it says."""

from __future__ import annotations

from pathlib import Path

import msgspec

import hgframing_vectors

from hgframing_conformance._cases import Case
from hgframing_conformance._strength_state import StrengthState, sources_fingerprint
from hgframing_conformance._suites import load_suites
from hgframing_conformance._trial import Result, Status


SUITE = Path(str(hgframing_vectors.root())) / "suites" / "codec" / "framing.yaml"
CASES: tuple[Case, ...] = load_suites([SUITE])[:3]
NAME = f"{CASES[0].id}@{CASES[0].revision}"
KILLED = Result(mutant="m-1", status=Status.KILLED, item=f"{NAME}[frame]", gates=True, asked=3)
SURVIVED = Result(mutant="m-2", status=Status.SURVIVED, asked=9)
FEEBLY = Result(mutant="m-3", status=Status.KILLED, item=f"{NAME}[frame]", asked=3)
DEAD = Result(mutant="m-4", status=Status.KILLED, gates=True)


def kept(file: Path, *results: Result) -> Path:
    """Write a state."""
    state = StrengthState(file, "aa", CASES)
    for result in results:
        state.add(result)
    return file


def test_state_goes_on_where_it_was(tmp_path: Path) -> None:
    """What was added is there the next time."""
    file = kept(tmp_path / "deep" / "state.jsonl", KILLED, SURVIVED)

    assert StrengthState(file, "aa", CASES).results == {"m-1": KILLED, "m-2": SURVIVED}


def test_state_of_other_sources_is_only_a_hint(tmp_path: Path) -> None:
    """Nothing is known, but who noticed what is a good guess, and stays one."""
    file = kept(tmp_path / "state.jsonl", KILLED)

    for _ in range(2):
        state = StrengthState(file, "bb", CASES)
        assert state.results == {}
        assert state.hints["m-1"] == KILLED.item


def test_state_of_more_vectors_keeps_what_a_known_case_notices(tmp_path: Path) -> None:
    """A new case may notice what survived, or make gate what did not; and what no case explains is tried again."""
    file = kept(tmp_path / "state.jsonl", KILLED, SURVIVED, FEEBLY, DEAD)
    more = (*CASES, msgspec.structs.replace(CASES[0], id="another-case"))

    assert StrengthState(file, "aa", more).results == {"m-1": KILLED}
    assert StrengthState(file, "aa", more).results == {"m-1": KILLED}


def test_state_of_one_chunking_keeps_what_was_noticed(tmp_path: Path) -> None:
    """What survived in one may be noticed in another."""
    file = tmp_path / "state.jsonl"
    state = StrengthState(file, "aa", CASES, first=True)
    state.add(KILLED)
    state.add(SURVIVED)

    assert StrengthState(file, "aa", CASES, first=True).results == {"m-1": KILLED, "m-2": SURVIVED}
    assert StrengthState(file, "aa", CASES).results == {"m-1": KILLED}


def test_state_forgets_what_a_changed_case_noticed(tmp_path: Path) -> None:
    """The same name is not the same case."""
    file = kept(tmp_path / "state.jsonl", KILLED)
    changed = (msgspec.structs.replace(CASES[0], steps=CASES[0].steps[:-1]), *CASES[1:])

    assert StrengthState(file, "aa", changed).results == {}


def test_state_distrusts_items(tmp_path: Path) -> None:
    """What an item noticed that failed in the control is forgotten, in the file too."""
    file = kept(tmp_path / "state.jsonl", KILLED, SURVIVED)
    StrengthState(file, "aa", CASES).distrust({KILLED.item})

    assert StrengthState(file, "aa", CASES).results == {"m-2": SURVIVED}


def test_state_forgives_a_line_that_was_cut_off(tmp_path: Path) -> None:
    """An interrupt while a line is written costs that line alone, and not the next one."""
    file = kept(tmp_path / "state.jsonl", KILLED)
    with file.open("a") as stream:
        stream.write('{"mutant": "m-2", "sta')
    state = StrengthState(file, "aa", CASES)
    state.add(SURVIVED)

    assert StrengthState(file, "aa", CASES).results == {"m-1": KILLED, "m-2": SURVIVED}


def test_state_without_a_file_keeps_results_in_memory() -> None:
    """Who names no file gets no file."""
    state = StrengthState(None, "aa", CASES)
    state.add(KILLED)

    assert state.results == {"m-1": KILLED}


def test_fingerprint_follows_the_sources_and_the_options(tmp_path: Path) -> None:
    """One octet of one module is another measurement, and so is another way of comparing."""
    file = tmp_path / "a.py"
    file.write_text("x = 1\n")
    before = sources_fingerprint({"a": file})

    assert sources_fingerprint({"a": file}, "message") != before
    file.write_text("x = 2\n")
    assert sources_fingerprint({"a": file}) != before
