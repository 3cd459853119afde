"""Reading what runs wrote, whole or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from hgframing_conformance._results import ResultsError, read_results

from .zoo.commands import check, write_suite


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Write the results of a run."""
    path = tmp_path / "run.jsonl"
    check("wrong", write_suite(tmp_path), "--jsonl", str(path))
    return path


def test_results_are_read_back(written: Path) -> None:
    """What was written is what is read."""
    (run,) = read_results([written])
    assert run.begin.implementation.name == "animal"
    assert [item.outcome.value for item in run.items] == ["passed", "failed"]
    assert run.items[0].name == "zoo-first@0006[frame]"
    assert run.complete
    assert run.why_incomplete == ""


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_results_without_their_end_are_incomplete(written: Path, cut: int) -> None:
    """A file that was cut off between two lines is no error, and no result either."""
    written.write_bytes(b"".join(written.read_bytes().splitlines(keepends=True)[:cut]))
    (run,) = read_results([written])
    assert not run.complete
    assert f"cut off after {cut - 1} of 2 items" in run.why_incomplete


def test_results_with_half_a_line_are_incomplete(written: Path) -> None:
    """A file that was cut off within a line is incomplete at every length."""
    octets = written.read_bytes()
    first = octets.index(b"\n") + 1
    for size in range(first, len(octets) - 1, 97):
        written.write_bytes(octets[:size])
        (run,) = read_results([written])
        assert not run.complete


def test_results_of_an_interrupted_run_are_incomplete(written: Path) -> None:
    """A run that says that it is not complete is believed."""
    written.write_text(
        written.read_text()
        .replace('"complete":true', '"complete":false')
        .replace('"stopped":""', '"stopped":"interrupted"')
    )
    (run,) = read_results([written])
    assert run.why_incomplete == "incomplete: interrupted"


def test_results_several_runs_of_one_file_are_told_apart(written: Path) -> None:
    """A check of several implementations writes them one after another."""
    written.write_bytes(written.read_bytes() * 2)
    assert [len(run.items) for run in read_results([written])] == [2, 2]


def test_results_ignore_keys_that_they_do_not_know(written: Path) -> None:
    """A newer version may say more within one format."""
    written.write_text(written.read_text().replace('"event":"item"', '"event":"item","mood":"good"'))
    (run,) = read_results([written])
    assert run.complete


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "holds no run"),
        ("{}\n", ":1: no event"),
        ("nonsense\n{}\n", ":1: no event"),
        ("[" * 200_000 + "\n", ":1: no event"),
        ("\xff\n", ":1: no event"),
    ],
)
def test_results_nonsense_names_file_and_line(content: str, said: str, tmp_path: Path) -> None:
    """What was never a run is an error of whoever named the file."""
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(ResultsError, match=r"bad\.jsonl") as caught:
        read_results([path])
    assert said in str(caught.value)


def test_results_out_of_order_name_the_line(written: Path) -> None:
    """An item without a beginning belongs to no run."""
    lines = written.read_bytes().splitlines(keepends=True)
    written.write_bytes(lines[1] + lines[0])
    with pytest.raises(ResultsError, match=r":1: ItemEvent before any begin"):
        read_results([written])


def test_results_of_another_format_are_refused(written: Path) -> None:
    """A format that this version does not know is not guessed at."""
    written.write_text(written.read_text().replace('"format":1', '"format":2', 1))
    with pytest.raises(ResultsError, match="format 2, this version reads 1"):
        read_results([written])
