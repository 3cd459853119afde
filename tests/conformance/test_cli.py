"""The command line as a whole: how it finds its commands, and how it fails."""

from __future__ import annotations

import subprocess
import sys

from pathlib import Path

import pytest

from hgframing_conformance import cli

from .zoo.commands import SUITE, run


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "nonsense"), "not a locator"),
        (("check", "exec:no-such-program"), "no-such-program"),
        (("check", "direct:no_such_module:x"), "cannot import"),
        (("check", "--revision", "7"), "--revision"),
        (("check", "--timeout", "0"), "--timeout"),
        (("check", "--jobs", "0"), "--jobs"),
        (("check", "--expectations", "none.yaml"), "none.yaml"),
        (("check", "--suites", "none.yaml"), "none.yaml"),
        (("check", "--nonsense"), "--nonsense"),
        (("nonsense",), "nonsense"),
        (("show", "no-such-case"), "no case's id"),
        (("show", "00", "--revision", "7"), "--revision"),
    ],
)
def test_usage_errors_exit_with_2(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the user did wrong is one message on standard error."""
    assert run(*arguments) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""
    assert "Traceback" not in captured.err


def test_broken_suite_exits_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake in a suite is named with file and line."""
    path = tmp_path / "broken.yaml"
    path.write_text(SUITE.replace("level: must", "level: maybe"))
    assert run("check", "--suites", str(path)) == 2
    assert "broken.yaml:10" in capsys.readouterr().err


def test_bug_of_ours_shows_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake of the program is one line, says how to see more, and is no success."""

    def broken(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(cli._group, "main", broken)
    assert run("revisions") == 3
    captured = capsys.readouterr()
    assert "bug in hgframing: ZeroDivisionError: oops" in captured.err
    assert "Traceback" not in captured.err


def test_program_closed_pipe_is_quiet() -> None:
    """A reader that goes away early, as head does, gets no traceback."""
    command = f"{sys.executable} -m hgframing_conformance.cli list --names | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_program_help_names_every_command() -> None:
    """Commands are found by themselves."""
    commands = cli._group.list_commands(None)  # type: ignore[arg-type]
    assert {"check", "list", "show", "revisions"} <= set(commands)
