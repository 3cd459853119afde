"""Keeps a fault that everything meets from starving the search for the others.

A target with one shallow fault gives nothing else: if every tenth frame brings it down, a conversation of ten frames
hardly ever ends in another place, and mutations of what ends there end there too. So it is learned which frames bring a
target down nearly always, and they are left out of most inputs.

A frame is recognised by what a careless reactor looks at first: its type and flags, whether it claims to be encoded,
and the first octet of its payload. What is counted is how often inputs with such a frame end in a finding. One in ten
of the inputs that are recognised is let through all the same: a storm may hide another fault, and may end when a
subject is repaired.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

from hgframing import Frame
from hgframing_fuzz._input import FuzzInput, InputMaker
from hgframing_fuzz._outcome import Outcome, Target


__all__ = ["StormAvoider"]

#: Type, flags, encoded or not, and first octet of the payload; None: there is none.
_Sign = tuple[int, int, int, int | None]

#: Inputs with a sign before it is judged, and the share of them that ends in a finding if it is a storm.
_ENOUGH: Final = 64
_SHARE: Final = 0.9
#: How often an input with a storm in it is let through.
_LET_THROUGH: Final = 0.1
#: Signs that are remembered; there are a few ten thousand.
_MAX_SIGNS: Final = 4096
_ENCODED: Final = 0x04


class StormAvoider:
    """A target and a maker of inputs in one, around others; a `Target` and an `InputMaker`.

    Args:
        target: what is driven.
        maker: what makes inputs.
        rng: where choices come from, the same as the maker's.
    """

    def __init__(self, target: Target, maker: InputMaker, rng: Random) -> None:
        self._target = target
        self._maker = maker
        self._rng = rng
        self._counts: dict[_Sign, list[int]] = {}
        self._storms: set[_Sign] = set()

    @property
    def name(self) -> str:
        """The target's."""
        return self._target.name

    @property
    def storms(self) -> int:
        """How many kinds of frames are avoided."""
        return len(self._storms)

    def check(self, value: FuzzInput) -> Outcome:
        """Run one input; see `Target.check`."""
        outcome = self._target.check(value)
        self._learn(value, found=outcome.finding is not None)
        return outcome

    def fresh(self) -> FuzzInput:
        """Make a new input, usually without a storm in it."""
        return self._calm(self._maker.fresh())

    def mutate(self, value: FuzzInput) -> FuzzInput:
        """Change an input, usually into one without a storm."""
        return self._calm(self._maker.mutate(value))

    def cross(self, left: FuzzInput, right: FuzzInput) -> FuzzInput:
        """Put parts of two inputs together; what comes of it is mutated, and looked at then."""
        return self._maker.cross(left, right)

    def _calm(self, value: FuzzInput) -> FuzzInput:
        """Leave out the frames that bring the target down; what they hid comes behind them."""
        storms = self._storms
        if not storms or storms.isdisjoint(_signs(value)) or self._rng.random() < _LET_THROUGH:
            return value
        frames = tuple(frame for frame in value.frames if _sign(frame) not in storms)
        return FuzzInput(value.options, frames, value.tail)

    def _learn(self, value: FuzzInput, *, found: bool) -> None:
        # What ends in a finding is looked at always; of the others one in eight says as much.
        weight = 1
        if not found:
            if self._rng.random() >= 0.125:
                return
            weight = 8
        for sign in set(_signs(value)):
            counts = self._counts.get(sign)
            if counts is None:
                if len(self._counts) >= _MAX_SIGNS:
                    continue
                counts = self._counts[sign] = [0, 0]
            counts[0] += weight
            counts[1] += found
            if counts[0] >= _ENOUGH:
                if counts[1] >= _SHARE * counts[0]:
                    self._storms.add(sign)
                else:
                    self._storms.discard(sign)


def _signs(value: FuzzInput) -> Iterator[_Sign]:
    return map(_sign, value.frames)


def _sign(frame: Frame) -> _Sign:
    payload = frame.payload
    return frame.type_id, frame.flags, frame.stream_flags & _ENCODED, payload[0] if payload else None
