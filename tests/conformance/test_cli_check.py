"""`hgframing check` as a user meets it: exit codes, reports, messages without a traceback."""

from __future__ import annotations

import json

from pathlib import Path

import pytest

from .zoo.cases import animal
from .zoo.commands import check, run, write_suite


@pytest.fixture
def suites(tmp_path: Path) -> str:
    """Write a suite of two cases."""
    return write_suite(tmp_path)


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


def test_check_shuffle_prints_the_seed(suites: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An order that found something can be had again."""
    assert check("honest", suites, "--shuffle", "7") == 0
    assert "order: --shuffle 7" in capsys.readouterr().out
    assert check("honest", suites, "--shuffle", "random") == 0
    printed = capsys.readouterr().out.splitlines()[0]
    assert check("honest", suites, *printed.removeprefix("order: ").split()) == 0


@pytest.mark.parametrize("seed", ["-1", "x", "1.5", "²"])
def test_check_shuffle_without_a_seed_is_refused(seed: str, suites: str) -> None:
    """What is no whole number cannot be printed and had again."""
    assert check("honest", suites, f"--shuffle={seed}") == 2


def test_check_several_implementations_exit_with_the_worst(suites: str, tmp_path: Path) -> None:
    """One command runs them one after another; one that fails is not hidden by one that passes."""
    path = tmp_path / "all.jsonl"
    locators = [f"exec:{animal(kind)}" for kind in ("wrong", "honest")]
    assert run("check", *locators, "--suites", suites, "--jsonl", str(path)) == 1
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert [event["locator"] for event in events if event["event"] == "begin"] == locators
    assert [event["exit"] for event in events if event["event"] == "end"] == [1, 0]


@pytest.mark.parametrize("option", ["--junit", "--badge", "--write-expectations"])
def test_check_several_implementations_share_no_file_of_one(option: str, suites: str, tmp_path: Path) -> None:
    """A file that speaks of one implementation cannot be about two."""
    path = tmp_path / "file"
    locators = [f"exec:{animal('honest')}"] * 2
    assert run("check", *locators, "--suites", suites, option, str(path)) == 2
    assert not path.exists()


def test_check_isolate_and_jobs_go_together(suites: str) -> None:
    """Each of several workers starts a process for every item."""
    assert check("honest", suites, "--isolate", "--jobs", "2") == 0


def test_check_leaking_state_fails_and_isolation_helps(tmp_path: Path) -> None:
    """A harness that remembers is told apart by asking twice."""
    suites = write_suite(tmp_path)
    assert check("forgetful", suites) == 1
    assert check("forgetful", suites, "--isolate") == 0
