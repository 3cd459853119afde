"""The quick set: a file of names, and what it selects."""

from __future__ import annotations

from pathlib import Path

import pytest

import hgframing_vectors

from hgframing_conformance._cases import Tier
from hgframing_conformance._quick import read_quick, write_quick
from hgframing_conformance._suites import load_suites


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


def test_quick_set_that_ships_is_small_and_known() -> None:
    """It is measured anew now and then; meanwhile a few of its cases may have gone."""
    cases = load_suites(tiers=frozenset(Tier))
    known = read_quick() & {f"{case.id}@{case.revision}" for case in cases}

    assert len(known) > 0.9 * len(read_quick()) > 0
    assert len(known) < 0.2 * len(cases)
