"""A campaign over time: one line for each moment, never more than a few thousand lines.

The first minutes of a campaign are the interesting ones and its nights are long. So the lines begin close together,
and whenever there are too many every other one is left out: the curve keeps its shape, and the file its size.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from hgframing_fuzz._findings import write_whole


__all__ = ["Curve", "Point", "read_points"]

#: Lines of the file, at most.
_MAX_POINTS: Final = 2000
#: Seconds of the campaign between two lines, at first.
_STEP: Final = 1.0


class Point(msgspec.Struct, frozen=True):
    """A campaign at one moment.

    Attributes:
        seconds: of the campaign.
        executions: inputs run.
        features: transitions seen.
        branches: branches seen; 0 while no worker sees any.
        corpus: inputs kept.
        buckets: findings told apart.
        roots: their root causes.
    """

    seconds: float
    executions: int
    features: int
    branches: int
    corpus: int
    buckets: int
    roots: int


def read_points(path: Path) -> list[Point]:
    """Read a curve; a line that a kill cut off is left out, and so is what is not in order."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return []
    points: list[Point] = []
    for line in lines:
        try:
            point = msgspec.json.decode(line, type=Point)
        except msgspec.DecodeError:
            continue
        if not points or point.seconds > points[-1].seconds:
            points.append(point)
    return points


class Curve:
    """Writes a curve.

    Args:
        path: the file; what is there is gone on with.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        points = read_points(path)
        self._count = len(points)
        self._last = points[-1].seconds if points else -1.0
        self._step = max(_STEP, self._last / _MAX_POINTS)
        # A line that a kill cut off would swallow the next one.
        self._rewrite(points)

    def add(self, point: Point, *, last: bool = False) -> None:
        """Write a moment down, if it is time.

        Args:
            point: the moment.
            last: it is the last one of a session, and written whenever it is.
        """
        if point.seconds < self._last + self._step and not (last and point.seconds > self._last):
            return
        with self._path.open("ab") as lines:
            lines.write(msgspec.json.encode(point) + b"\n")
        self._last = point.seconds
        self._count += 1
        if self._count > _MAX_POINTS:
            self._rewrite(read_points(self._path)[::2])
            self._step *= 2

    def _rewrite(self, points: list[Point]) -> None:
        write_whole(self._path, b"".join(msgspec.json.encode(point) + b"\n" for point in points))
        self._count = len(points)
