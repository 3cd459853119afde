"""`hgframing replay`, also as reports write it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from pathlib import Path

import pytest

from .zoo.cases import animal
from .zoo.commands import check, run, write_suite


@pytest.fixture
def suites(tmp_path: Path) -> str:
    """Write a suite of two cases."""
    return write_suite(tmp_path)


def replay(kind: str, suites: str, name: str, *more: str) -> int:
    """Replay an item against an animal."""
    return run("replay", "--suites", suites, *more, name, "--", *animal(kind).split())


@pytest.mark.parametrize(
    ("kind", "code", "said"),
    [
        ("honest", 0, "passed"),
        ("wrong", 1, "expected payload b'bite', got b'\\x00'"),
        ("crash", 1, "crashed: step 1: exited with status 3"),
        ("garbage", 1, "bad-reply: the line is not JSON"),
    ],
)
def test_replay_shows_what_was_observed(
    kind: str, code: int, said: str, suites: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One item is run, and everything about it is printed."""
    assert replay(kind, suites, "zoo-second@0006[frame]") == code
    printed = capsys.readouterr().out
    assert "1 1 0 command-data eos bite" in printed
    assert said in printed


@pytest.mark.parametrize("name", ["zoo-second", "zoo-second@0006", "zoo-second[frame]"])
def test_replay_short_names_mean_the_last_revision_and_every_chunking(name: str, suites: str) -> None:
    """What is left out is filled in."""
    assert replay("wrong", suites, name) == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none", "no case is called 'none'"),
        ("zoo-second@0001", "a case of 0006, not of 0001"),
        ("zoo-second@0006[byte]", "runs in frame, not in byte"),
        ("zoo-second@@", "no name of an item"),
    ],
)
def test_replay_unknown_name_exits_with_2(
    name: str, said: str, suites: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says what there is instead."""
    assert replay("honest", suites, name) == 2
    assert said in capsys.readouterr().err


def test_replay_wire_shows_the_lines(suites: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever debugs the protocol sees both directions."""
    assert replay("honest", suites, "zoo-first", "--wire") == 0
    printed = capsys.readouterr().out
    assert '-> {"op":"case"' in printed
    assert '<- {"op": "result"' in printed


def test_replay_broken_harness_exits_with_2(suites: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As check does."""
    assert replay("quits", suites, "zoo-first") == 2
    assert "cannot find my library" in capsys.readouterr().err


def test_replay_unsupported_item_exits_with_4(tmp_path: Path) -> None:
    """What an implementation does not declare is not asked."""
    text = Path(write_suite(tmp_path)).read_text().replace("chunkings: [frame]", "chunkings: [byte]")
    suites = write_suite(tmp_path / "bytes", text)
    assert replay("rigid", suites, "zoo-first") == 4


def test_replay_of_the_reference_needs_no_command() -> None:
    """A case that ships, against what ships."""
    assert run("replay", "server-request-without-args") == 0
    assert run("replay", "server-request-without-args", "--implementation", "direct:no.such:thing") == 2
    assert run("replay", "server-request-without-args", "--implementation", "direct:a:b", "--", "x") == 2


@pytest.mark.parametrize("kind", ["wrong", "crash", "garbage", "raises", "chunk-shy"])
def test_replay_line_of_a_report_works_when_pasted(kind: str, tmp_path: Path) -> None:
    """A shell reads the line, whatever is in the paths, and the same thing happens again."""
    place = tmp_path / "it's a $HOME (with) spaces"
    text = Path(write_suite(tmp_path)).read_text().replace("chunkings: [frame]", "chunkings: [frame, byte]")
    suites = write_suite(place, text)
    path = tmp_path / "run.jsonl"
    assert check(kind, suites, "--timeout", "4", "--jsonl", str(path)) == 1
    events = [json.loads(line) for line in path.read_text().splitlines()]
    failed = next(event for event in events if event["event"] == "item" and event["status"] == "unexpected")
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["/bin/sh", "-c", failed["repro"]], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 1, done.stderr
    assert f"{failed['outcome']}: " in done.stdout
    assert failed["reason"] in done.stdout
