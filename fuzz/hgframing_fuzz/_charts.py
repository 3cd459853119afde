"""A campaign as pictures: numbers that a template writes as SVG, and the same in words.

Where it is asked for, time runs logarithmically: a campaign finds half of everything in its first minute, and the page
must show that minute as well as the night after it.
"""

from __future__ import annotations

import dataclasses
import math

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from hgframing_fuzz._curve import Point
from hgframing_fuzz._records import Stint


__all__ = ["Bar", "Chart", "Label", "Line", "Timeline", "chart", "timeline", "words_for"]

_WIDTH: Final = 420
_HEIGHT: Final = 190
_LEFT: Final = 56
_RIGHT: Final = 12
_TOP: Final = 12
_BOTTOM: Final = 24
#: Moments at which the axis of time has a mark.
_MARKS: Final = (1, 10, 60, 600, 3600, 4 * 3600, 12 * 3600, 24 * 3600, 7 * 24 * 3600)
#: Height of one worker's row, and seconds below which a stint would not be seen.
_ROW: Final = 22
_THIN: Final = 1.5


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A word on an axis, with its line."""

    x: float
    y: float
    text: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One curve: `path` is what SVG's attribute `d` takes."""

    name: str
    look: int
    path: str
    last: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Curves over time.

    Attributes:
        title: what is shown.
        lines: the curves.
        columns: marks of time, below.
        rows: marks of numbers, to the left.
        words: the same in words, for those who do not see it.
    """

    title: str
    lines: tuple[Line, ...]
    columns: tuple[Label, ...]
    rows: tuple[Label, ...]
    words: str
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT
    right: int = _WIDTH - _RIGHT
    top: int = _TOP
    bottom: int = _HEIGHT - _BOTTOM


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One stint in the picture of the workers."""

    x: float
    y: float
    width: float
    height: float
    engine: str
    words: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Who ran which engine when."""

    bars: tuple[Bar, ...]
    rows: tuple[Label, ...]
    columns: tuple[Label, ...]
    width: int
    height: int


def words_for(seconds: float) -> str:
    """A time for people: `90 s`, `1.5 min`, `2 h`."""
    if seconds < 120:
        return f"{seconds:.3g} s"
    if seconds < 7200:
        return f"{seconds / 60:.3g} min"
    return f"{seconds / 3600:.3g} h"


def _scale(seconds: float, longest: float, *, even: bool) -> float:
    """Where a time stands, from 0 to 1."""
    return seconds / longest if even else math.log1p(seconds) / math.log1p(longest)


def _marks(longest: float, *, even: bool) -> list[float]:
    """Moments that the axis of time names."""
    if even:
        return [longest * part / 4 for part in range(5)]
    return [mark for mark in _MARKS if mark <= longest]


def _steps(largest: float) -> Iterator[float]:
    """Numbers for an axis, from 0 on: few, and round."""
    if largest <= 0:
        yield 0
        return
    rough = largest / 4
    unit: float = 10 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    step = max(1, step)
    value = 0.0
    while value <= largest:
        yield value
        value += step


def _short(number: float) -> str:
    """A number that fits beside an axis."""
    for unit, word in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= unit:
            return f"{number / unit:.3g}{word}"
    return f"{number:.3g}"


def chart(
    title: str,
    points: Sequence[Point],
    curves: Sequence[tuple[str, Callable[[Point], float]]],
    *,
    even: bool = False,
) -> Chart:
    """Draw curves.

    Args:
        title: what is shown.
        points: of the campaign, at least one.
        curves: name and value of each.
        even: time runs evenly.
    """
    longest = max(1.0, points[-1].seconds)
    largest = max(1.0, *(value(point) for point in points for _, value in curves))
    span, rise = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def x(seconds: float) -> float:
        return round(_LEFT + span * _scale(seconds, longest, even=even), 1)

    def y(number: float) -> float:
        return round(_HEIGHT - _BOTTOM - rise * number / largest, 1)

    lines = tuple(
        Line(
            name=name,
            look=look,
            path="M" + "L".join(f"{x(point.seconds)} {y(value(point))}" for point in points),
            last=f"{value(points[-1]):,.0f}",
        )
        for look, (name, value) in enumerate(curves)
    )
    return Chart(
        title=title,
        lines=lines,
        columns=tuple(
            Label(x=x(mark), y=_HEIGHT - 8, text=words_for(mark)) for mark in _marks(longest, even=even)
        ),
        rows=tuple(Label(x=_LEFT - 6, y=y(step), text=_short(step)) for step in _steps(largest)),
        words=f"{title} after {words_for(points[-1].seconds)}: "
        + ", ".join(f"{line.name} {line.last}" for line in lines),
    )


def timeline(stints: Sequence[Stint]) -> Timeline:
    """Draw who ran which engine when.

    Args:
        stints: of one campaign, at least one.
    """
    longest = max(1.0, *(stint.offset + stint.seconds for stint in stints))
    slots = 1 + max(stint.slot for stint in stints)
    width, left = 880, 70
    span = width - left - _RIGHT

    def x(seconds: float) -> float:
        return round(left + span * seconds / longest, 1)

    bars = tuple(
        Bar(
            x=x(stint.offset),
            y=stint.slot * _ROW + 3,
            width=round(max(_THIN, span * stint.seconds / longest - 1), 1),
            height=_ROW - 6,
            engine=stint.engine,
            words=f"{stint.name} {stint.engine}: {words_for(stint.seconds)}, {stint.ended.value}",
        )
        for stint in stints
    )
    bottom = slots * _ROW
    return Timeline(
        bars=bars,
        rows=tuple(Label(x=left - 8, y=slot * _ROW + 15, text=f"worker {slot + 1}") for slot in range(slots)),
        columns=tuple(
            Label(x=x(longest * part / 4), y=bottom + 16, text=words_for(longest * part / 4))
            for part in range(5)
        ),
        width=width,
        height=bottom + 22,
    )
