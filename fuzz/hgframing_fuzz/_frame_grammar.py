"""Frames for their own sake, as a generator: numbers at the edges of their fields, payloads at the edges of lengths.

For what is below the reactors nothing means anything: a type is a nibble, a payload so many octets. What is got wrong
there is arithmetic, so the edges of every power of two are what is drawn.
"""

from __future__ import annotations

from random import Random
from typing import Final

from hgframing import Frame
from hgframing_fuzz._cbor import pick
from hgframing_fuzz._driver_options import draw_options
from hgframing_fuzz._grammar import ClientGrammar
from hgframing_fuzz._input import FuzzInput, Options
from hgframing_fuzz._numbers import REQUEST_IDS, STREAM_IDS


__all__ = ["FrameGrammar"]

#: Octets of a payload; the long ones are rare, because they are slow.
_SIZES: Final = (0, 1, 2, 3, 7, 8, 9, 63, 100, 255, 256, 257, 4096, 32768, 65535, 65536, 65537, 70000)
_OCTETS: Final = (b"\0", b"\1", b"\x11", b"\xff", b"x")


class FrameGrammar(ClientGrammar):
    """Generates frames without a meaning."""

    def sequence(self, rng: Random) -> FuzzInput:
        """Generate an input."""
        drawn = draw_options(rng, self.codes)
        # The answers octet chooses what a target of a codec does, with all of its bits.
        options = Options(drawn.revision, drawn.driver, int(rng.random() * 256), drawn.seed)
        count = 1 + int(rng.random() ** 2 * 6)
        frames = tuple(self._frame(rng) for _ in range(count))
        return FuzzInput(options, frames, self._tail(rng) if rng.random() < 0.5 else b"")

    def frames(self, rng: Random, _options: Options) -> list[Frame]:
        """Generate one frame to put into an input that exists."""
        return [self._frame(rng)]

    def payload(self, rng: Random, _frame: Frame, _options: Options) -> bytes:
        """Generate a payload."""
        size = _SIZES[int(rng.random() ** 2 * len(_SIZES))]
        if size <= 9 or rng.random() < 0.9:
            return pick(rng, _OCTETS) * size
        # What looks like frames, where a codec loses its place.
        header = (size // 9).to_bytes(3, "little") + b"\1\0\1\1\x11"
        return (header + pick(rng, _OCTETS)) * (size // 9)

    def _frame(self, rng: Random) -> Frame:
        frame = Frame(
            pick(rng, REQUEST_IDS) if rng.random() < 0.7 else int(rng.random() * 0x10000),
            pick(rng, STREAM_IDS) if rng.random() < 0.7 else int(rng.random() * 0x100),
            int(rng.random() * 0x100),
            int(rng.random() * 16),
            int(rng.random() * 16),
        )
        payload = self.payload(rng, frame, Options())
        return Frame(
            frame.request_id, frame.stream_id, frame.stream_flags, frame.type_id, frame.flags, payload
        )
