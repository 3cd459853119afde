"""Makes an input as small as it can be while it still gives the same bucket.

Delta debugging (Zeller and Hildebrandt, 2002), from the coarse to the fine: frames are left out and joined, then the
options and the fields of each frame are set to what means least, then octets of payloads are left out. Every
step is kept only if the outcome falls into the very same bucket: a minimiser that is content with any finding
turns a rare one into a common one.
"""

from __future__ import annotations

import contextlib
import sys
import time

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from hgframing import Frame
from hgframing_fuzz._buckets import BucketKey, BucketTable
from hgframing_fuzz._grammar import with_numbers
from hgframing_fuzz._guards import demanding
from hgframing_fuzz._input import Form, FuzzInput, Options, body_of, with_body
from hgframing_fuzz._outcome import Target


__all__ = ["minimize"]

_T = TypeVar("_T")

#: Executions that one input is worth. Most come down to one frame within a few hundred.
_MAX_EXECUTIONS: Final = 5000
#: Seconds of CPU that it is worth: a bomb takes a good part of one each time.
_MAX_SECONDS: Final = 15.0


#: Frames of the stack by which an input must go too deep: who replays it calls from another depth, and an input that
#: just exhausts the stack here would not do so there.
_ROOM: Final = 50

#: How many times its budget a bomb must still take, for the same reason: leaving octets out leads to the edge.
_DEMAND: Final = 1.25

#: What stands in the place of an octet that means nothing.
_PLAINEST: Final = b"0"


class _SpentError(Exception):
    """The executions or the time are spent; what has been reached stands."""


class _Minimizer:
    """One input on its way down."""

    def __init__(self, target: Target, key: BucketKey, value: FuzzInput, executions: int) -> None:
        self.best = value
        self._target = target
        self._key = key
        self._table = BucketTable(target.name)
        self._left = executions
        self._until = time.process_time() + _MAX_SECONDS

    def keep(self, candidate: FuzzInput) -> bool:
        """Take a candidate if it gives the same bucket."""
        if self._left <= 0 or time.process_time() > self._until:
            raise _SpentError
        self._left -= 1
        finding = self._target.check(candidate).finding
        if finding is None or self._table.key(finding) != self._key:
            return False
        self.best = candidate
        return True

    def run(self, form: Form) -> None:
        """Go down until a whole round changes nothing."""
        before = None
        while before != self.best:
            before = self.best
            if form is Form.OCTETS:
                self._body()
                self._options()
                continue
            self._frames()
            self._join()
            self._options()
            self._tail()
            for index in range(len(self.best.frames)):
                self._fields(index)
            for index in range(len(self.best.frames)):
                self._payload(index)

    def _frames(self) -> None:
        _reduce(
            self.best.frames,
            lambda frames: self.keep(FuzzInput(self.best.options, tuple(frames), self.best.tail)),
        )

    def _join(self) -> None:
        """Make one frame of two neighbours: what a frame goes on with may as well have come in the first."""
        index = 0
        while index + 1 < len(self.best.frames):
            frames = self.best.frames
            one, other = frames[index : index + 2]
            whole = with_numbers(one, flags=other.flags, payload=one.payload + other.payload)
            if not self.keep(
                FuzzInput(self.best.options, (*frames[:index], whole, *frames[index + 2 :]), self.best.tail)
            ):
                index += 1

    def _tail(self) -> None:
        if self.best.tail:
            _reduce(
                self.best.tail,
                lambda octets: self.keep(FuzzInput(self.best.options, self.best.frames, bytes(octets))),
            )

    def _body(self) -> None:
        """Leave octets out, whatever they look like as frames; then make what is left the plainest octet."""
        _reduce(body_of(self.best), lambda octets: self.keep(with_body(self.best.options, bytes(octets))))
        for index in range(len(body_of(self.best))):
            body = body_of(self.best)
            if body[index : index + 1] not in (_PLAINEST, b"\n"):
                self.keep(with_body(self.best.options, body[:index] + _PLAINEST + body[index + 1 :]))

    def _options(self) -> None:
        for field in ("revision", "driver", "answers", "seed"):
            now = {
                name: getattr(self.best.options, name) for name in ("revision", "driver", "answers", "seed")
            }
            for smaller in _smaller(now[field]):
                options = Options(**{**now, field: smaller})
                if self.keep(FuzzInput(options, self.best.frames, self.best.tail)):
                    break

    def _fields(self, index: int) -> None:
        for change in _FIELD_CHANGES:
            frame = self.best.frames[index]
            for candidate in change(frame):
                if candidate != frame and self.keep(self._with(index, candidate)):
                    break

    def _payload(self, index: int) -> None:
        _reduce(
            self.best.frames[index].payload,
            lambda octets: self.keep(
                self._with(index, with_numbers(self.best.frames[index], payload=bytes(octets)))
            ),
        )

    def _with(self, index: int, frame: Frame) -> FuzzInput:
        frames = self.best.frames
        return FuzzInput(self.best.options, (*frames[:index], frame, *frames[index + 1 :]), self.best.tail)


def _smaller(number: int) -> Iterator[int]:
    """Numbers that mean less: 0, and the number with one bit cleared."""
    if number:
        yield 0
    for bit in range(8):
        if number & 1 << bit and number != 1 << bit:
            yield number & ~(1 << bit)


_FIELD_CHANGES: Final[tuple[Callable[[Frame], Iterator[Frame]], ...]] = (
    lambda frame: (with_numbers(frame, stream_flags=flags) for flags in _smaller(frame.stream_flags)),
    lambda frame: (with_numbers(frame, flags=flags) for flags in _smaller(frame.flags)),
    lambda frame: (with_numbers(frame, request_id=number) for number in (1,)),
    lambda frame: (with_numbers(frame, stream_id=number) for number in (1,)),
)


def _reduce(items: Sequence[_T], keep: Callable[[Sequence[_T]], bool]) -> None:
    """Leave out parts of a sequence, from halves down to single items.

    Args:
        items: what there is.
        keep: takes a shorter sequence if it still does, and says whether.
    """
    size = len(items)
    while size:
        start = 0
        while start < len(items):
            shorter = [*items[:start], *items[start + size :]]
            if keep(shorter):
                items = shorter
            else:
                start += size
        size //= 2


def minimize(
    target: Target, value: FuzzInput, *, form: Form = Form.FRAMES, executions: int = _MAX_EXECUTIONS
) -> FuzzInput | None:
    """Find a smaller input that gives the same bucket.

    Args:
        target: what to drive; its guards must be entered.
        value: an input that gives a finding.
        form: what its octets mean: frames are left out whole, octets one by one.
        executions: how many inputs may be tried, 1 or more.

    Returns:
        The smallest one found, at worst `value` itself; None if it gives no finding (any more).
    """
    finding = target.check(value).finding
    if finding is None:
        return None
    key = BucketTable(target.name).key(finding)
    minimizer = _Minimizer(target, key, value, executions)
    with demanding(_DEMAND):
        by_far = target.check(value).finding is not None
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit + _ROOM)
    try:
        # A bomb that is at the edge already can only stay there.
        with demanding(_DEMAND if by_far else 1.0), contextlib.suppress(_SpentError):
            minimizer.run(form)
    finally:
        sys.setrecursionlimit(limit)
    return minimizer.best
