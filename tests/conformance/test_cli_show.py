"""`hgframing show`."""

from __future__ import annotations

from pathlib import Path

import pytest

from .zoo.commands import run, write_suite


@pytest.fixture
def suites(tmp_path: Path) -> str:
    """Write a suite of two cases."""
    return write_suite(tmp_path)


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


def test_show_octets_needs_no_suite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Octets are explained whatever state the suites are in; a case cannot be."""
    broken = write_suite(tmp_path, "format: 7\n")
    assert run("show", "03000011616263", "--revision", "0001", "--suites", broken) == 0
    assert "command-name eos abc" in capsys.readouterr().out
    assert run("show", "zoo-first", "--suites", broken) == 2


def test_show_octets_explains_them(capsys: pytest.CaptureFixture[str]) -> None:
    """Octets are read as the revision has them, with or without spaces."""
    assert run("show", "03000011 616263", "--revision", "0001") == 0
    assert "command-name eos abc" in capsys.readouterr().out
