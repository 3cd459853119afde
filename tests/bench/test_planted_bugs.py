"""Faults are planted where they say, in lines that frames reach, and are noticed by construction."""

from __future__ import annotations

import json
import subprocess
import sys

from pathlib import Path

import pytest

from tests.bench.scripts import BENCH, load


bugs = load("planted_bugs")

SOURCE = '''\
def f(x):
    """Text."""
    if x:
        y = 1
    elif x is None:
        return 2
    else:
        y = (
            3)
    return y
'''


def test_statements_are_lines_that_take_one_before_them() -> None:
    """Not the docstring, not the `elif`, not the middle of an expression, and nothing outside of functions."""
    assert sorted(bugs.statements(SOURCE)) == [3, 4, 6, 8, 10]


def test_draw_takes_lines_that_frames_reach_and_every_kind() -> None:
    """What nothing reaches is not drawn; the same seed draws the same."""
    lines = sorted(bugs.statements((bugs.REFERENCE / "_server.py").read_text(encoding="utf-8")))[:12]
    reached = {"server": {("_server", line) for line in lines}, "client": {("_client", 1)}}

    drawn = bugs.draw(9, 1, reached)

    assert drawn == bugs.draw(9, 1, reached)
    assert len(drawn) == 9
    assert {(fault.module, fault.line) for fault in drawn} <= reached["server"]
    assert {fault.kind for fault in drawn} == set(bugs.PLANTED)
    assert {fault.layers for fault in drawn} == {("server",)}


def test_plant_changes_one_line_of_a_copy(tmp_path: Path) -> None:
    """The reference itself stays as it is."""
    source = (bugs.REFERENCE / "_client.py").read_text(encoding="utf-8").splitlines()
    line = next(iter(bugs.statements("\n".join(source))))

    bugs.plant(bugs.Fault(module="_client", line=line, kind="raise", layers=("client",)), tmp_path)

    copy = (tmp_path / "hgframing" / "_client.py").read_text(encoding="utf-8").splitlines()
    assert copy[line - 1].strip() == bugs.PLANTED["raise"]
    assert copy[: line - 1] + copy[line:] == source


@pytest.mark.parametrize("kind", ["raise", "memory", "loop"])
def test_child_finds_what_is_planted(kind: str, tmp_path: Path) -> None:
    """In the first line of a function that every frame goes through; the finding ends it, and names the line."""
    source = (bugs.REFERENCE / "_client.py").read_text(encoding="utf-8").splitlines()
    start = next(index for index, line in enumerate(source) if line.startswith("    def _receive_frame("))
    line = min(number for number in bugs.statements("\n".join(source)) if number > start + 1)
    bugs.plant(bugs.Fault(module="_client", line=line, kind=kind, layers=("client",)), tmp_path)
    command = [sys.executable, str(BENCH / "planted_bugs.py"), "--child", "client", "--seconds", "30"]

    done = subprocess.run(
        command, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, timeout=120, check=False
    )

    said = json.loads(done.stdout.splitlines()[-1])
    assert {"raise": "IndexError", "memory": "memory-bound", "loop": "time-bound"}[kind] in said["finding"]
    assert said["inputs"] < 1000


def test_harness_notes_what_runs_while_it_receives() -> None:
    """Lines of the server's modules for a frame; what a call of the local side runs does not count."""
    harness = bugs.TracingHarness()
    reached = {layer: set(lines) for layer, lines in harness.reached.items()}
    case = {"op": "case", "seq": 1, "revision": "0006", "setup": {}}
    call = {"call": {"command": {"hex": "63"}, "args": {"map": []}, "data": None, "redirect": None}}

    harness.exchange({**case, "layer": "client", "steps": [call]})
    assert harness.reached["client"] == reached["client"]

    harness.exchange({**case, "layer": "server", "steps": [{"receive": ["0100000100010112" + "61"]}]})
    assert {name for name, _ in harness.reached["server"]} >= {"_server", "_streams"}
