"""`hgframing judge`: emit, a harness without the runner, and the verdict."""

from __future__ import annotations

import io
import subprocess
import sys

from pathlib import Path
from types import SimpleNamespace

import pytest

from .zoo.cases import ANIMALS
from .zoo.commands import run, write_suite


def exchange(kind: str, directory: Path, capsys: pytest.CaptureFixture[str]) -> tuple[str, str, str]:
    """Emit a case and let an animal answer it in a shell's manner; return suites, messages and answers."""
    suites = write_suite(directory)
    assert run("emit", "zoo-second", "--suites", suites) == 0
    messages, answers = directory / "messages.jsonl", directory / "answers.jsonl"
    messages.write_text(capsys.readouterr().out)
    done = subprocess.run(
        [sys.executable, "-I", str(ANIMALS), kind],
        input=messages.read_bytes(),
        capture_output=True,
        check=False,
    )
    answers.write_bytes(done.stdout)
    return suites, str(messages), str(answers)


@pytest.mark.parametrize(
    ("kind", "code", "said"),
    [
        ("honest", 0, "passed"),
        ("wrong", 1, "failed: step 1"),
        ("crash", 1, "there is no answer to it"),
        ("garbage", 1, "bad-reply"),
        ("raises", 1, "raised: step 1"),
    ],
)
def test_judge_says_what_check_would(
    kind: str, code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same rules, without a process of ours; with the messages, or with the name of the case."""
    suites, messages, answers = exchange(kind, tmp_path, capsys)
    assert run("judge", messages, answers, "--suites", suites) == code
    assert said in capsys.readouterr().out
    assert run("judge", "--case", "zoo-second", answers, "--suites", suites) == code
    assert said in capsys.readouterr().out


def test_judge_reads_answers_from_standard_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`./harness < messages | hgframing judge --case NAME` needs no file."""
    suites, _, answers = exchange("honest", tmp_path, capsys)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(Path(answers).read_bytes())))
    assert run("judge", "--case", "zoo-second", "--suites", suites) == 0


@pytest.mark.parametrize("count", [0, 1, 3])
def test_judge_wrong_number_of_files_exits_with_2(
    count: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says what is needed."""
    path = tmp_path / "file"
    path.write_text("{}\n")
    assert run("judge", *[str(path)] * count) == 2
    assert "MESSAGES and ANSWERS" in capsys.readouterr().err


def test_judge_empty_answers_exit_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A harness that wrote nothing is told apart from one that failed."""
    suites, messages, answers = exchange("quits", tmp_path, capsys)
    assert run("judge", messages, answers, "--suites", suites) == 2
    assert "no answers" in capsys.readouterr().err
