"""`hgframing list`."""

from __future__ import annotations

from pathlib import Path

import pytest

from .zoo.commands import run, write_suite


@pytest.fixture
def suites(tmp_path: Path) -> str:
    """Write a suite of two cases."""
    return write_suite(tmp_path)


def test_list_names_items(suites: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The names of items are those that -k understands."""
    assert run("list", "--suites", suites, "--names") == 0
    assert capsys.readouterr().out.split() == ["zoo-first@0006[frame]", "zoo-second@0006[frame]"]
    assert run("list", "--suites", suites, "-k", "no-such-case") == 4
