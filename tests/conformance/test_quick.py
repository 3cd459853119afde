"""The quick set: a file of names, and what it selects."""

from __future__ import annotations

from pathlib import Path

import pytest

import hgframing_vectors

from hgframing_conformance._quick import read_quick, write_quick


def test_quick_is_read_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sorted, with a head for people."""
    monkeypatch.setattr(hgframing_vectors, "root", lambda: tmp_path)
    write_quick(tmp_path / "quick.txt", ["b@0006", "a@0006"])

    assert (tmp_path / "quick.txt").read_text().splitlines()[1:] == ["a@0006", "b@0006"]
    assert read_quick() == {"a@0006", "b@0006"}


def test_without_a_file_nothing_is_quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A set of one's own vectors need not have one."""
    monkeypatch.setattr(hgframing_vectors, "root", lambda: tmp_path)

    assert read_quick() == frozenset()
