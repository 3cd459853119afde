"""The commands for machines: files for other engines, every input again, every target for a while."""

from __future__ import annotations

import subprocess
import sys

from pathlib import Path

import pytest

from click.testing import CliRunner

from hgframing_fuzz import encode_input
from hgframing_fuzz._outcome import Finding, Outcome
from hgframing_fuzz._reactor_target import ReactorTarget
from hgframing_fuzz.cli import main
from hgframing_fuzz.targets import TARGETS
from tests.fuzz.miniatures import an_input


ONE = encode_input(an_input("1 1 stream-begin command-request new cbor:{b'name': b'c'}"))


def test_engine_files_writes_three_for_each_target(tmp_path: Path) -> None:
    """All of them, or those that are named."""
    done = CliRunner().invoke(main, ["engine-files", str(tmp_path / "all")])
    some = CliRunner().invoke(main, ["engine-files", "--target", "client-reactor", str(tmp_path / "some")])

    assert (done.exit_code, some.exit_code) == (0, 0), done.output + some.output
    assert len([*(tmp_path / "all").iterdir()]) == 3 * len(TARGETS)
    assert len([*(tmp_path / "some").iterdir()]) == 3


def test_engine_files_into_a_file_is_told(tmp_path: Path) -> None:
    """One line, no traceback."""
    (tmp_path / "file").write_bytes(b"")

    done = CliRunner().invoke(main, ["engine-files", str(tmp_path / "file" / "below")])

    assert done.exit_code == 2
    assert "file" in done.output


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """One input that was kept, and one of a campaign's corpus."""
    for file in ("server-reactor/one.bin", "server-reactor/corpus/abc"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes(ONE)
    (tmp_path / "server-reactor" / "one.txt").write_text("not an input", encoding="utf-8")
    return tmp_path


def test_replay_all_runs_what_is_there(inputs: Path) -> None:
    """Inputs and corpus of the target, nothing of the others."""
    done = CliRunner().invoke(main, ["replay-all", str(inputs)])

    assert done.exit_code == 0, done.output
    lines = [" ".join(line.split()) for line in done.output.splitlines()]
    assert "server-reactor 2 inputs, 0 findings" in lines
    assert "client-reactor 0 inputs, 0 findings" in lines


def test_replay_all_names_a_finding(inputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the file, and the exit status."""
    found = Outcome(Finding("KeyError", "on_frame", "x-1", "no key", lambda: ""), ())
    monkeypatch.setattr(ReactorTarget, "check", lambda *_: found)

    done = CliRunner().invoke(main, ["replay-all", "--target", "server-reactor", str(inputs)])

    assert done.exit_code == 1
    assert "one.bin: KeyError in on_frame: no key" in done.output
    assert "2 inputs, 2 findings" in done.output


def test_sweep_shares_the_time_out(tmp_path: Path) -> None:
    """Each target gets some of it, and a directory."""
    command = [sys.executable, "-m", "hgframing_fuzz.cli", "sweep", "--seconds", "4", "--seed", "1"]
    command += ["--target", "server-reactor", "--target", "client-reactor", "--directory", str(tmp_path)]

    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {"server-reactor", "client-reactor"}
    replayed = CliRunner().invoke(main, ["replay-all", "--target", "server-reactor", str(tmp_path)])
    assert replayed.exit_code == 0
    assert "server-reactor        0 inputs" not in replayed.output


def test_sweep_of_one_target_lies_where_replay_all_looks(tmp_path: Path) -> None:
    """A campaign of one target has no directory below; a sweep always has."""
    command = [sys.executable, "-m", "hgframing_fuzz.cli", "sweep", "--seconds", "2", "--seed", "1"]
    command += ["--target", "server-reactor", "--directory", str(tmp_path)]

    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert any((tmp_path / "server-reactor" / "corpus").iterdir())
