"""The command line as a user meets it: exit codes, and messages without a traceback."""

from __future__ import annotations

import json
import subprocess
import sys

from pathlib import Path

import pytest

from hgframing_conformance import cli

from .zoo.cases import animal


SUITE = """\
format: 1
suite: codec/zoo
title: Small cases
layer: codec
revisions: ["0006"]
cases:
  - id: zoo-first
    rev: 1
    title: A frame is decoded
    level: must
    requirements: [FRAME-001]
    source: by hand
    chunkings: [frame]
    steps:
      - receive: ["1 1 0 command-data eos one"]
        expect: [{frame: "1 1 0 command-data eos one"}]
  - id: zoo-second
    rev: 1
    title: A frame that bites is decoded
    level: must
    requirements: [FRAME-001]
    source: by hand
    chunkings: [frame]
    steps:
      - receive: ["1 1 0 command-data eos bite"]
        expect: [{frame: "1 1 0 command-data eos bite"}]
"""


@pytest.fixture
def suites(tmp_path: Path) -> str:
    """Write a suite of two cases."""
    path = tmp_path / "suites" / "codec" / "zoo.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(SUITE)
    return str(path)


def run(*arguments: str) -> int:
    """Run the command line in this process and return its exit code."""
    with pytest.raises(SystemExit) as caught:
        cli.main(list(arguments))
    assert isinstance(caught.value.code, int)
    return caught.value.code


def check(kind: str, suites: str, *more: str) -> int:
    """Check an animal with the small suite."""
    return run("check", f"exec:{animal(kind)}", "--suites", suites, *more)


@pytest.mark.parametrize(
    ("kind", "more", "code"),
    [
        ("honest", (), 0),
        ("wrong", (), 1),
        ("crash", (), 1),
        ("quits", (), 2),
        ("know-all", (), 2),
        ("mortal", ("--max-restarts", "0"), 3),
        ("honest", ("-k", "no-such-case"), 4),
        ("honest", ("--layer", "client"), 4),
    ],
)
def test_check_exit_code(
    kind: str, more: tuple[str, ...], code: int, suites: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is the documented one, and no traceback is printed."""
    assert check(kind, suites, *more) == code
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err


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


def test_check_report_that_cannot_be_written_is_told_before_the_run(
    suites: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run is not thrown away because its report has no place."""
    assert check("quits", suites, "--junit", str(tmp_path / "none" / "out.xml")) == 2
    assert "out.xml" in capsys.readouterr().err


def test_check_writes_its_reports(suites: str, tmp_path: Path) -> None:
    """All reports of one run are written and agree."""
    names = {kind: tmp_path / f"out.{kind}" for kind in ("jsonl", "junit", "markdown")}
    options = [word for kind, path in names.items() for word in (f"--{kind}", str(path))]
    assert check("wrong", suites, *options) == 1
    events = [json.loads(line) for line in names["jsonl"].read_text().splitlines()]
    assert events[-1] == events[-1] | {"event": "end", "complete": True, "exit": 1}
    assert '<failure message="failed:' in names["junit"].read_text()
    assert "zoo-second" in names["markdown"].read_text()


def test_check_jsonl_of_a_broken_harness_has_no_end(suites: str, tmp_path: Path) -> None:
    """A file whose run never began cannot be taken for a result."""
    path = tmp_path / "out.jsonl"
    assert check("quits", suites, "--jsonl", str(path)) == 2
    assert path.read_text() == ""


def test_check_write_expectations_makes_the_next_run_succeed(
    suites: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was written is what is expected."""
    path = tmp_path / "known.yaml"
    assert check("wrong", suites, "--write-expectations", str(path)) == 0
    assert check("wrong", suites, "--expectations", str(path)) == 0
    assert check("honest", suites, "--expectations", str(path)) == 1
    assert "passes, but is expected to fail" in capsys.readouterr().out


def test_list_names_items(suites: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The names of items are those that -k understands."""
    assert run("list", "--suites", suites, "--names") == 0
    assert capsys.readouterr().out.split() == ["zoo-first@0006[frame]", "zoo-second@0006[frame]"]
    assert run("list", "--suites", suites, "-k", "no-such-case") == 4


@pytest.mark.parametrize("name", ["zoo-first", "zoo-first@0006", "zoo-first@0006[frame]"])
def test_show_case_by_any_of_its_names(name: str, suites: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A name can be pasted as a report prints it; the requirement's sentence is there."""
    assert run("show", name, "--suites", suites) == 0
    out = capsys.readouterr().out
    assert "A frame is decoded" in out
    assert "030000 0100 01 00 22 | 6f6e65" in out
    assert "FRAME-001: " in out


def test_show_case_without_that_revision_exits_with_4(suites: str) -> None:
    """A case that a revision has not is nothing that was selected."""
    assert run("show", "zoo-first", "--revision", "0001", "--suites", suites) == 4


def test_show_octets_explains_them(capsys: pytest.CaptureFixture[str]) -> None:
    """Octets are read as the revision has them, with or without spaces."""
    assert run("show", "03000011 616263", "--revision", "0001") == 0
    assert "command-name eos abc" in capsys.readouterr().out


def test_revisions_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Every revision is there with its media type."""
    assert run("revisions") == 0
    out = capsys.readouterr().out
    assert "0002-streams" in out
    assert "application/mercurial-exp-framing-0006" in out


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
    command = f"{sys.executable} -m hgframing_conformance.cli list | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602
    assert done.stdout.count("\n") == 1
    assert done.stderr in {"", done.stderr if "Traceback" not in done.stderr else ""}


def test_program_help_names_every_command() -> None:
    """Commands are found by themselves."""
    commands = cli._group.list_commands(None)  # type: ignore[arg-type]
    assert {"check", "list", "show", "revisions"} <= set(commands)
