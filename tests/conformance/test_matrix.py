"""The kill matrix: read back as it was written, and case by case."""

from __future__ import annotations

from pathlib import Path

import pytest

from hgframing_conformance._matrix import Matrix, MatrixError, read_matrix
from hgframing_conformance._strength_state import StrengthState
from hgframing_conformance._trial import Result, Status


ITEMS = ["a@0006[frame]", "a@0006[byte]", "b@0005[frame]", "b@0006[frame]"]
RESULTS = {
    "m-1": Result(
        mutant="m-1", status=Status.KILLED, item="a@0006[byte]", gates=True, noticing=0b1010, gating=0b10
    ),
    "m-2": Result(mutant="m-2", status=Status.SURVIVED, asked=4),
    "m-3": Result(mutant="m-3", status=Status.KILLED, item="", gates=True),
}


def written(path: Path) -> Path:
    """Write a matrix, with a fault that could not be imported."""
    state = StrengthState(path, "aa", [], ITEMS)
    for result in RESULTS.values():
        state.add(result)
    state.add(Result(mutant="m-4", status=Status.STILLBORN))
    return path


def test_matrix_is_what_was_measured(tmp_path: Path) -> None:
    """What says nothing about vectors is no row."""
    assert read_matrix(written(tmp_path / "m.jsonl")) == Matrix(items=ITEMS, results=RESULTS)


def test_matrix_joins_the_chunkings_of_a_case() -> None:
    """Revisions stay apart."""
    matrix = Matrix(items=ITEMS, results=RESULTS)

    assert matrix.noticed(gating=False) == {"a@0006": {"m-1"}, "b@0005": set(), "b@0006": {"m-1"}}
    assert matrix.noticed(gating=True) == {"a@0006": {"m-1"}, "b@0005": set(), "b@0006": set()}


def test_matrix_goes_on_where_it_was_for_the_same_vectors_alone(tmp_path: Path) -> None:
    """Its bits are numbers of items; with other vectors they would mean others."""
    file = written(tmp_path / "m.jsonl")

    assert len(StrengthState(file, "aa", [], ITEMS).results) == 4
    assert StrengthState(file, "bb", [], ITEMS).results == {}


def test_matrix_that_was_cut_off_is_read_so_far(tmp_path: Path) -> None:
    """The last line only."""
    file = written(tmp_path / "m.jsonl")
    with file.open("a") as stream:
        stream.write('{"mutant": "m-9", "sta')

    assert read_matrix(file) == Matrix(items=ITEMS, results=RESULTS)


@pytest.mark.parametrize(
    "text",
    ['{"format": 3}\n', '{"items": []}\n{"mutant"\n{}\n', '{"items": []}\n{"status": "odd"}\n', "[]\n[]\n"],
)
def test_what_is_no_matrix_is_refused(tmp_path: Path, text: str) -> None:
    """A state has no items; other lines are named."""
    file = tmp_path / "m.jsonl"
    file.write_text(text)

    with pytest.raises(MatrixError, match=str(file)):
        read_matrix(file)


def test_matrix_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """One clear line."""
    with pytest.raises(MatrixError, match="cannot be read"):
        read_matrix(tmp_path / "none")
