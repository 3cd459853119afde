"""Tests of `hgframing_fuzz._charts`: numbers become lines in the right places, and words."""

from __future__ import annotations

import re

import pytest

from hgframing_fuzz._charts import chart, timeline, words_for
from hgframing_fuzz._curve import Point
from hgframing_fuzz._records import Ended, Stint


def points(*moments: tuple[float, int]) -> list[Point]:
    """A curve of executions."""
    return [Point(seconds, executions, 1, 0, 1, 0, 0) for seconds, executions in moments]


def places(path: str) -> list[tuple[float, float]]:
    """The points of a path."""
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", path)]


def test_even_chart_runs_from_corner_to_corner() -> None:
    """Half the time is half the way; more is higher, which in SVG is less."""
    drawn = chart(
        "Executions",
        points((0, 0), (50, 100), (100, 400)),
        [("executions", lambda point: point.executions)],
        even=True,
    )

    [line] = drawn.lines
    (x0, y0), (x1, y1), (x2, y2) = places(line.path)
    assert (x0, y0) == (drawn.left, drawn.bottom)
    assert (x2, y2) == (drawn.right, drawn.top)
    assert x1 == pytest.approx((x0 + x2) / 2, abs=0.1)
    assert y1 == pytest.approx(y0 - (y0 - y2) / 4, abs=0.1)
    assert [label.text for label in drawn.columns] == ["0 s", "25 s", "50 s", "75 s", "100 s"]
    assert [label.text for label in drawn.rows] == ["0", "100", "200", "300", "400"]
    assert drawn.words == "Executions after 100 s: executions 400"


def test_logarithmic_chart_gives_the_first_minute_room() -> None:
    """In a night of eight hours it has more than a third of the width."""
    drawn = chart(
        "Findings",
        points((1, 5), (60, 20), (8 * 3600, 40)),
        [("buckets", lambda point: point.executions), ("roots", lambda point: point.executions / 2)],
    )

    places_of_first = places(drawn.lines[0].path)
    assert places_of_first[1][0] - drawn.left > (drawn.right - drawn.left) / 3
    assert [line.look for line in drawn.lines] == [0, 1]
    assert [label.text for label in drawn.columns] == ["1 s", "10 s", "60 s", "10 min", "60 min", "4 h"]


def test_chart_of_nothing_is_a_line_at_the_bottom() -> None:
    """A reference without findings has one."""
    drawn = chart("Findings", points((0.0, 0)), [("buckets", lambda point: point.executions)])

    assert places(drawn.lines[0].path) == [(drawn.left, drawn.bottom)]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.1234, "0.123 s"), (90, "90 s"), (600, "10 min"), (7200, "2 h"), (100_000, "27.8 h")],
)
def test_words_for_times_are_short(seconds: float, words: str) -> None:
    """Three digits say enough."""
    assert words_for(seconds) == words


def test_timeline_has_a_bar_for_each_stint_in_the_row_of_its_place() -> None:
    """One that was short is seen all the same."""
    stints = [
        Stint(1, 0, 0, "loop", 7, 0.0, 0.0, 50.0, ended=Ended.PLATEAU),
        Stint(1, 1, 1, "atheris", 7, 0.0, 0.0, 100.0),
        Stint(1, 2, 0, "atheris-light", 7, 50.0, 0.0, 0.0, ended=Ended.DIED),
    ]

    drawn = timeline(stints)

    first, second, third = drawn.bars
    assert first.y == third.y < second.y
    assert second.width == pytest.approx(2 * first.width, abs=2)
    assert third.x > first.x + first.width - 2
    assert third.width > 1
    assert first.words == "1-0 loop: 50 s, plateau"
    assert [label.text for label in drawn.rows] == ["worker 1", "worker 2"]
