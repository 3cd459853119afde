"""`hgframing diff` as a user meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .zoo.commands import check, run, write_suite


def written(directory: Path, kind: str, *more: str) -> str:
    """Check an animal and return where its run is."""
    path = directory / f"{kind}.jsonl"
    check(kind, write_suite(directory), "--jsonl", str(path), *more)
    return str(path)


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("honest", "honest", 0, "no worse: 0 newly failing"),
        ("honest", "wrong", 1, "zoo-second@0006[frame] passed -> failed: frame: expected payload"),
        ("wrong", "honest", 0, "zoo-second@0006[frame] failed -> passed"),
        ("wrong", "crash", 1, "zoo-second@0006[frame] failed -> crashed: exited with status 3"),
        ("crash", "wrong", 0, "crashed -> failed"),
    ],
)
def test_diff_says_what_changed(
    old: str, new: str, code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code says whether anything got worse; the lines say what."""
    files = written(tmp_path, old), written(tmp_path, new)
    capsys.readouterr()
    assert run("diff", *files) == code
    assert said in capsys.readouterr().out


def test_diff_lost_capability_is_worse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A harness that declares less than before passes everything that is left."""
    files = written(tmp_path, "honest"), written(tmp_path, "rigid")
    assert run("diff", *files) == 1
    assert "capability lost: chunking" in capsys.readouterr().out


def test_diff_of_a_run_that_was_cut_off_exits_with_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half a run proves nothing."""
    old, new = written(tmp_path, "honest"), written(tmp_path, "wrong")
    Path(new).write_bytes(Path(new).read_bytes()[:-30])
    assert run("diff", old, new) == 3
    captured = capsys.readouterr()
    assert "cut off after 2 of 2 items" in captured.err
    assert captured.out.splitlines()[-1].startswith("INCOMPLETE")


def test_diff_without_a_common_item_exits_with_4(tmp_path: Path) -> None:
    """Two runs of different cases have nothing to compare."""
    old = written(tmp_path, "honest", "-k", "zoo-first")
    new = written(tmp_path, "wrong", "-k", "zoo-second")
    assert run("diff", old, new) == 4


def test_diff_of_several_runs_in_a_file_is_refused(tmp_path: Path) -> None:
    """Which of them was meant?"""
    old = written(tmp_path, "honest")
    Path(old).write_bytes(Path(old).read_bytes() * 2)
    assert run("diff", old, old) == 2


def test_diff_of_a_hostile_run_moves_no_cursor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What an implementation said is shown with escapes."""
    files = written(tmp_path, "honest"), written(tmp_path, "hostile")
    capsys.readouterr()
    run("diff", *files)
    captured = capsys.readouterr()
    assert "\x1b" not in captured.out
    assert "passed -> raised" in captured.out
