"""`hgframing report` as a user meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .zoo.commands import check, run, write_suite


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Write the results of a run."""
    path = tmp_path / "run.jsonl"
    check("wrong", write_suite(tmp_path), "--jsonl", str(path))
    return path


def test_report_writes_a_page_of_whole_runs(written: Path, tmp_path: Path) -> None:
    """Failures are what a report is about, no reason to fail."""
    html = tmp_path / "out.html"
    assert run("report", str(written), str(written), "--html", str(html)) == 0
    assert html.read_text().startswith("<!doctype html>")


def test_report_of_a_run_that_was_cut_off_is_written_and_exits_with_3(
    written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file without its end is shown as what it is, and named."""
    written.write_bytes(written.read_bytes()[:-20])
    html = tmp_path / "out.html"
    assert run("report", str(written), "--html", str(html)) == 3
    assert "INCOMPLETE" in html.read_text()
    assert "run.jsonl: cut off after 2 of 2 items" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [("--html", "x.html"), ("run.jsonl",), ("none.jsonl", "--html", "x.html")]
)
def test_report_usage_errors_exit_with_2(
    arguments: tuple[str, ...], written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing file, or nowhere to write to, is the user's mistake."""
    monkeypatch.chdir(written.parent)
    assert run("report", *arguments) == 2


def test_report_of_nonsense_names_the_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is no run is told from a run that failed."""
    path = tmp_path / "bad.jsonl"
    path.write_text('{"event":"party"}\n')
    assert run("report", str(path), "--html", str(tmp_path / "x.html")) == 2
    captured = capsys.readouterr()
    assert "bad.jsonl:1" in captured.err
    assert "Traceback" not in captured.err
