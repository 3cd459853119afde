"""`hgframing smoke` as a user meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .zoo.cases import animal
from .zoo.commands import run, write_suite


@pytest.mark.parametrize(("kind", "code"), [("honest", 0), ("error", 1), ("quits", 2)])
def test_smoke_exit_code(kind: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is the documented one; everything is said on standard output."""
    assert run("smoke", "--suites", write_suite(tmp_path), "--", *animal(kind).split()) == code
    captured = capsys.readouterr()
    assert "== start, hello" in captured.out
    assert captured.err == ""


def test_smoke_without_a_command_exits_with_2() -> None:
    """There is nothing to try."""
    assert run("smoke") == 2
