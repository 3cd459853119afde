"""Frames as wishes of two callers, as a generator (`_pair`): what a conversation is made of, in some order.

A conversation that begins with an answer says nothing, so calls come first and something is delivered again and again;
the rest is any wish at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final

from hgframing import Frame
from hgframing_fuzz._cbor import anything
from hgframing_fuzz._driver_options import draw_options
from hgframing_fuzz._grammar import ClientGrammar
from hgframing_fuzz._input import FuzzInput, Options


__all__ = ["WishGrammar"]

_TEXTS: Final = (b"", b"text", b"x" * 300, b"y" * 9000, b"z" * 40000)


class WishGrammar(ClientGrammar):
    """Generates wishes.

    Args:
        codes: the revision octets that inputs may have.
        first: types of frames that an input begins with.
    """

    def __init__(self, codes: Sequence[int], first: Sequence[int]) -> None:
        super().__init__(codes)
        self._first = tuple(first)

    def sequence(self, rng: Random) -> FuzzInput:
        """Generate an input."""
        drawn = draw_options(rng, self.codes)
        # The answers octet and the seed choose how the two reactors are made, with all of their bits.
        options = Options(drawn.revision, drawn.driver, int(rng.random() * 256), int(rng.random() * 256))
        frames = [self._frame(rng, type_id) for type_id in self._first]
        frames += [self._frame(rng, int(rng.random() * 16)) for _ in range(int(rng.random() ** 2 * 24))]
        return FuzzInput(options, tuple(frames))

    def frames(self, rng: Random, _options: Options) -> list[Frame]:
        """Generate a wish or two to put into an input that exists."""
        return [self._frame(rng, int(rng.random() * 16)) for _ in range(1 + int(rng.random() ** 3 * 3))]

    def payload(self, rng: Random, _frame: Frame, _options: Options) -> bytes:
        """Generate the values of a wish."""
        if rng.random() < 0.5:
            return anything(rng, 2)
        return _TEXTS[int(rng.random() ** 2 * len(_TEXTS))]

    def _frame(self, rng: Random, type_id: int) -> Frame:
        frame = Frame(
            int(rng.random() ** 2 * 64),
            int(rng.random() * 8),
            int(rng.random() * 8),
            type_id,
            int(rng.random() * 16),
        )
        payload = self.payload(rng, frame, Options())
        return Frame(frame.request_id, frame.stream_id, frame.stream_flags, type_id, frame.flags, payload)
