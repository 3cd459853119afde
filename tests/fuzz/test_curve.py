"""Tests of `hgframing_fuzz._curve`: a curve keeps its shape and its file its size."""

from __future__ import annotations

import itertools

from pathlib import Path

import pytest

from hgframing_fuzz import _curve
from hgframing_fuzz._curve import Curve, Point, read_points


def point(seconds: float) -> Point:
    """A moment."""
    return Point(seconds, int(seconds * 10), 5, 0, 3, 1, 1)


def test_moments_are_written_when_it_is_time(tmp_path: Path) -> None:
    """And the last one in any case, once."""
    curve = Curve(tmp_path / "curve")
    for seconds in (0.0, 0.4, 0.9, 1.0, 1.5):
        curve.add(point(seconds))
    curve.add(point(1.7), last=True)
    curve.add(point(1.7), last=True)

    assert [one.seconds for one in read_points(tmp_path / "curve")] == [0.0, 1.0, 1.7]


def test_curve_that_a_kill_cut_off_is_gone_on_with(tmp_path: Path) -> None:
    """The half line is left out and swallows no other one."""
    path = tmp_path / "curve"
    Curve(path).add(point(3.0))
    with path.open("ab") as lines:
        lines.write(b'{"seconds": 4')

    Curve(path).add(point(5.0))

    assert [one.seconds for one in read_points(path)] == [3.0, 5.0]
    assert read_points(tmp_path / "none") == []


def test_long_curve_is_thinned_from_beginning_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A night has no more lines than an hour, and they cover all of it."""
    monkeypatch.setattr(_curve, "_MAX_POINTS", 50)
    path = tmp_path / "curve"
    curve = Curve(path)
    for seconds in range(3000):
        curve.add(point(float(seconds)))

    points = read_points(path)

    assert 20 <= len(points) <= 50
    assert points[0].seconds == 0.0
    assert points[-1].seconds > 2800
    gaps = [later.seconds - earlier.seconds for earlier, later in itertools.pairwise(points)]
    assert max(gaps) <= 128
