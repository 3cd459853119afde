"""Changes an input at any position, frame by frame.

Fuzzers of protocols that only vary the last message of a sequence miss what happens in the middle of a
conversation, and fuzzers of octets shift every frame behind an inserted one. So a mutation works on the
decoded input: it inserts, deletes, doubles, swaps and splices frames anywhere, flips flags, draws IDs from
those in use (and beside them), splits and joins payloads, and replaces items inside of CBOR. Rarely, it
treats the whole as octets after all.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from hgframing import Frame
from hgframing_fuzz._cbor import anything, damage, pick, replace_item, strange_string
from hgframing_fuzz._driver_options import draw_comparison, draw_options
from hgframing_fuzz._grammar import ClientGrammar, upset, with_numbers
from hgframing_fuzz._input import FuzzInput, Options, decode_input, encode_input
from hgframing_fuzz._numbers import REQUEST_IDS, STREAM_IDS


__all__ = ["Mutator", "flip_octets"]

#: Frames that a mutation lets an input grow to. Longer conversations repeat themselves and cost time.
_MAX_FRAMES: Final = 40

#: Octets that a mutation lets an input grow to: room for one payload above the 65535 that need no
#: negotiation.
_MAX_OCTETS: Final = 100_000

_LONG_PAYLOADS: Final = (32768, 32769, 65535, 65536, 70000)


class Mutator:
    """Mutates and crosses inputs.

    Args:
        grammar: makes what is put in.
        rng: where choices come from; the same sequence of calls gives the same inputs.
    """

    def __init__(self, grammar: ClientGrammar, rng: Random) -> None:
        self._grammar = grammar
        self._rng = rng
        frame_operations: tuple[tuple[int, Callable[[list[Frame], Options], None]], ...] = (
            (10, self._insert),
            (8, self._delete),
            (5, self._double),
            (5, self._swap),
            (12, self._upset),
            (8, self._request_id),
            (4, self._stream),
            (20, self._cbor),
            (6, self._payload),
            (4, self._split),
            (3, self._join),
            (3, self._octets),
            (1, self._lengthen),
        )
        self._operations = tuple(operation for weight, operation in frame_operations for _ in range(weight))

    def fresh(self) -> FuzzInput:
        """A new input from the grammar."""
        return self._grammar.sequence(self._rng)

    def mutate(self, value: FuzzInput) -> FuzzInput:
        """Change an input in one to four places.

        Args:
            value: any input.

        Returns:
            Another one, within the sizes that mutations keep to unless `value` was already larger.
        """
        rng = self._rng
        choice = rng.random()
        if choice < 0.02:
            return decode_input(flip_octets(rng, encode_input(value)))
        options = (
            draw_options(rng, self._grammar.codes) if choice < 0.12 else draw_comparison(rng, value.options)
        )
        tail = value.tail
        if choice > 0.97:
            tail = b"" if tail else bytes(int(rng.random() * 256) for _ in range(int(rng.random() * 12)))
        frames = list(value.frames) or self._grammar.frames(rng, options)
        for _ in range(1 + int(rng.random() ** 2 * 4)):
            pick(rng, self._operations)(frames, options)
            if not frames:
                break
        return FuzzInput(options, tuple(_trim(frames)), tail)

    def cross(self, left: FuzzInput, right: FuzzInput) -> FuzzInput:
        """Splice: the beginning of one conversation and the end of another, or one's middle in another."""
        rng = self._rng
        ours, theirs = left.frames, right.frames
        first = int(rng.random() * (len(ours) + 1))
        start = int(rng.random() * (len(theirs) + 1))
        if rng.random() < 0.5:
            frames = [*ours[:first], *theirs[start:]]
        else:
            end = start + int(rng.random() * (len(theirs) - start + 1))
            frames = [*ours[:first], *theirs[start:end], *ours[first:]]
        return FuzzInput(draw_comparison(rng, left.options), tuple(_trim(frames)), right.tail)

    def _at(self, frames: list[Frame]) -> int:
        return int(self._rng.random() * len(frames))

    def _insert(self, frames: list[Frame], options: Options) -> None:
        position = int(self._rng.random() * (len(frames) + 1))
        new = self._grammar.frames(self._rng, options)
        if frames and self._rng.random() < 0.5:
            # A new conversation on an ID that is in use does more than one beside it.
            request_id = pick(self._rng, frames).request_id
            new = [with_numbers(frame, request_id=request_id) for frame in new]
        frames[position:position] = new

    def _delete(self, frames: list[Frame], _options: Options) -> None:
        start = self._at(frames)
        del frames[start : start + 1 + int(self._rng.random() ** 3 * 4)]

    def _double(self, frames: list[Frame], _options: Options) -> None:
        start = self._at(frames)
        end = start + 1 + int(self._rng.random() ** 2 * 4)
        position = int(self._rng.random() * (len(frames) + 1))
        frames[position:position] = frames[start:end]

    def _swap(self, frames: list[Frame], _options: Options) -> None:
        left = self._at(frames)
        right = min(left + 1, len(frames) - 1) if self._rng.random() < 0.5 else self._at(frames)
        frames[left], frames[right] = frames[right], frames[left]

    def _upset(self, frames: list[Frame], _options: Options) -> None:
        index = self._at(frames)
        frames[index] = upset(self._rng, frames[index])

    def _request_id(self, frames: list[Frame], _options: Options) -> None:
        index = self._at(frames)
        choice = self._rng.random()
        used = pick(self._rng, frames).request_id
        if choice < 0.2:
            used = pick(self._rng, REQUEST_IDS)
        elif choice < 0.4:
            used = (used + (2 if choice < 0.3 else -2)) & 0xFFFF
        if self._rng.random() < 0.3:
            # All frames of one request move, so that it stays whole under its new ID.
            old = frames[index].request_id
            frames[:] = [
                with_numbers(frame, request_id=used) if frame.request_id == old else frame for frame in frames
            ]
        else:
            frames[index] = with_numbers(frames[index], request_id=used)

    def _stream(self, frames: list[Frame], _options: Options) -> None:
        index = self._at(frames)
        stream_id = (
            pick(self._rng, STREAM_IDS) if self._rng.random() < 0.3 else pick(self._rng, frames).stream_id
        )
        flags = frames[index].stream_flags
        if self._rng.random() < 0.7:
            flags ^= 1 << int(self._rng.random() ** 3 * 8)
        frames[index] = with_numbers(frames[index], stream_id=stream_id, stream_flags=flags)

    def _cbor(self, frames: list[Frame], _options: Options) -> None:
        """Replace, break or add items of a payload; frames without one are passed over."""
        index = self._at(frames)
        for _ in range(len(frames)):
            if frames[index].payload:
                break
            index = (index + 1) % len(frames)
        frame, rng = frames[index], self._rng
        choice = rng.random()
        if choice < 0.4:
            payload = replace_item(rng, frame.payload, anything(rng, 1))
        elif choice < 0.5:
            payload = replace_item(rng, frame.payload, strange_string(rng))
        else:
            payload = damage(rng, frame.payload)
        frames[index] = with_numbers(frame, payload=payload)

    def _payload(self, frames: list[Frame], options: Options) -> None:
        index = self._at(frames)
        payload = (
            b"" if self._rng.random() < 0.2 else self._grammar.payload(self._rng, frames[index], options)
        )
        frames[index] = with_numbers(frames[index], payload=payload)

    def _split(self, frames: list[Frame], _options: Options) -> None:
        index = self._at(frames)
        frame = frames[index]
        cut = int(self._rng.random() * (len(frame.payload) + 1))
        first, second = (
            with_numbers(frame, payload=frame.payload[:cut]),
            with_numbers(frame, payload=frame.payload[cut:]),
        )
        if self._rng.random() < 0.8:
            first, second = _as_parts(first, second)
        frames[index : index + 1] = [first, second]

    def _join(self, frames: list[Frame], _options: Options) -> None:
        index = self._at(frames)
        if index + 1 < len(frames):
            frame = with_numbers(frames[index], payload=frames[index].payload + frames[index + 1].payload)
            frames[index : index + 2] = [frame]

    def _octets(self, frames: list[Frame], _options: Options) -> None:
        index = self._at(frames)
        frames[index] = with_numbers(frames[index], payload=flip_octets(self._rng, frames[index].payload))

    def _lengthen(self, frames: list[Frame], _options: Options) -> None:
        index = self._at(frames)
        payload = frames[index].payload or b"\0"
        size = pick(self._rng, _LONG_PAYLOADS)
        frames[index] = with_numbers(frames[index], payload=(payload * (size // len(payload) + 1))[:size])


def _as_parts(first: Frame, second: Frame) -> tuple[Frame, Frame]:
    """Set the flags that two parts of one payload need, if the type is one that can be split.

    Types 1 and 2 mean something else before CBOR requests; there the flags are just other flags.
    """
    match first.type_id:
        case 1:
            return (
                with_numbers(first, flags=first.flags | 4),
                with_numbers(second, flags=second.flags & ~1 | 2, stream_flags=second.stream_flags & ~1),
            )
        case 2 | 3 | 8:
            return (
                with_numbers(first, flags=1),
                with_numbers(second, stream_flags=second.stream_flags & ~1),
            )
        case _:
            return first, second


def flip_octets(rng: Random, octets: bytes) -> bytes:
    """Change, insert or remove a few octets."""
    changed = bytearray(octets)
    for _ in range(1 + int(rng.random() * 3)):
        position = int(rng.random() * (len(changed) + 1))
        choice = rng.random()
        if choice < 0.4 and position < len(changed):
            changed[position] ^= 1 << int(rng.random() * 8)
        elif choice < 0.6 and position < len(changed):
            changed[position] = int(rng.random() * 256)
        elif choice < 0.8:
            changed[position:position] = bytes((int(rng.random() * 256),))
        else:
            del changed[position : position + 1 + int(rng.random() * 4)]
    return bytes(changed)


def _trim(frames: list[Frame]) -> list[Frame]:
    """Keep an input within its sizes, by leaving out frames from its end."""
    del frames[_MAX_FRAMES:]
    size = sum(len(frame.payload) for frame in frames)
    while size > _MAX_OCTETS and len(frames) > 1:
        size -= len(frames.pop().payload)
    return frames
