"""Makes and changes inputs that are octets and no frames: texts, and single values.

What is made comes from examples of what the code under test reads, and from the words that mean something to it. A
change keeps most of it readable, because a parser that refuses the first line is not reached behind it: lines and words
are doubled, exchanged and left out, brackets are pumped to depths, spans to lengths, digits to numbers that nobody
expects. Rarely an octet is just another octet.
"""

from __future__ import annotations

import re

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from hgframing_fuzz._cbor import pick
from hgframing_fuzz._driver_options import draw_options
from hgframing_fuzz._input import FuzzInput, body_of, with_body
from hgframing_fuzz._mutate import flip_octets


__all__ = ["OctetMaker", "TextChanges"]

#: Octets that a change lets an input grow to.
_MAX_OCTETS: Final = 100_000

_DEPTHS: Final = (2, 10, 40, 150, 250, 1100, 5000, 30000)
_WORD: Final = re.compile(rb"[A-Za-z0-9_'\"-]+")
_DIGITS: Final = re.compile(rb"[0-9]+")
_NUMBERS: Final = (
    b"0",
    b"-1",
    b"00",
    b"1e400",
    b"65536",
    b"16777216",
    b"18446744073709551616",
    b"9" * 40,
    b"9" * 5000,
    b"0x10",
    b"1_0",
    b"1.5",
)
#: What is longer in one encoding than in another, what is no character, and what a terminal or an editor obeys.
_STRANGE: Final = (
    b"\0",
    b"\x1b[2J",
    b"\xff",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
    b"\xc2\x85",
    b"\xf0\x9f\x98\x80",
    b"\r",
    b"\r\n",
    b"\t",
    b"\\ud800",
    b"\xd9\xa3",
)


class OctetMaker:
    """Makes inputs of octets; an `InputMaker`.

    Args:
        codes: the revision octets that inputs may have, not empty.
        rng: where choices come from; the same sequence of calls gives the same inputs.
        make: makes octets from nothing.
        change: changes octets in one place.
    """

    def __init__(
        self,
        codes: Sequence[int],
        rng: Random,
        make: Callable[[Random], bytes],
        change: Callable[[Random, bytes], bytes],
    ) -> None:
        self._codes = tuple(codes)
        self._rng = rng
        self._make = make
        self._change = change

    def fresh(self) -> FuzzInput:
        """Make a new input."""
        rng = self._rng
        return with_body(draw_options(rng, self._codes), self._make(rng)[:_MAX_OCTETS])

    def mutate(self, value: FuzzInput) -> FuzzInput:
        """Change an input in one to four places, or its options."""
        rng = self._rng
        options, body = value.options, body_of(value)
        if rng.random() < 0.1:
            options = draw_options(rng, self._codes)
        for _ in range(1 + int(rng.random() ** 2 * 4)):
            body = flip_octets(rng, body) if rng.random() < 0.05 else self._change(rng, body)
        return with_body(options, body[:_MAX_OCTETS])

    def cross(self, left: FuzzInput, right: FuzzInput) -> FuzzInput:
        """The beginning of one and the end of another, or a part of one inside of the other."""
        rng = self._rng
        ours, theirs = body_of(left), body_of(right)
        first, start = int(rng.random() * (len(ours) + 1)), int(rng.random() * (len(theirs) + 1))
        if rng.random() < 0.5:
            return with_body(left.options, (ours[:first] + theirs[start:])[:_MAX_OCTETS])
        end = start + int(rng.random() * (len(theirs) - start + 1))
        return with_body(left.options, (ours[:first] + theirs[start:end] + ours[first:])[:_MAX_OCTETS])


class TextChanges:
    """Makes and changes texts of one kind.

    Args:
        examples: whole texts that are read without complaint, not empty.
        words: what means something inside of them, not empty.
        brackets: pairs of what opens a level and what closes it; what closes may be empty.
    """

    def __init__(
        self, examples: Sequence[bytes], words: Sequence[bytes], brackets: Sequence[tuple[bytes, bytes]]
    ) -> None:
        self._examples = tuple(examples)
        self._words = tuple(words)
        self._brackets = tuple(brackets)
        weighted: tuple[tuple[int, Callable[[Random, bytes], bytes]], ...] = (
            (6, self._put_word),
            (6, self._exchange_word),
            (3, self._exchange_number),
            (2, self._put_strange),
            (5, self._double_lines),
            (5, self._drop_lines),
            (3, self._swap_lines),
            (3, self._indent),
            (3, self._drop_span),
            (2, self._nest),
            (1, self._repeat),
            (1, self._end),
        )
        self._changes = tuple(change for weight, change in weighted for _ in range(weight))

    def make(self, rng: Random) -> bytes:
        """An example, usually changed."""
        text = pick(rng, self._examples)
        while rng.random() < 0.7:
            text = self.change(rng, text)
        return text

    def change(self, rng: Random, text: bytes) -> bytes:
        """Change a text in one place."""
        return pick(rng, self._changes)(rng, text)

    def _put_word(self, rng: Random, text: bytes) -> bytes:
        at = int(rng.random() * (len(text) + 1))
        return text[:at] + pick(rng, self._words) + text[at:]

    def _exchange_word(self, rng: Random, text: bytes) -> bytes:
        return _exchange(rng, text, _WORD, pick(rng, self._words))

    @staticmethod
    def _exchange_number(rng: Random, text: bytes) -> bytes:
        return _exchange(rng, text, _DIGITS, pick(rng, _NUMBERS))

    @staticmethod
    def _put_strange(rng: Random, text: bytes) -> bytes:
        at = int(rng.random() * (len(text) + 1))
        return text[:at] + pick(rng, _STRANGE) + text[at:]

    @staticmethod
    def _double_lines(rng: Random, text: bytes) -> bytes:
        lines = text.split(b"\n")
        start, end = _span(rng, len(lines))
        at = int(rng.random() * (len(lines) + 1))
        return b"\n".join([*lines[:at], *lines[start:end], *lines[at:]])

    @staticmethod
    def _drop_lines(rng: Random, text: bytes) -> bytes:
        lines = text.split(b"\n")
        start, end = _span(rng, len(lines))
        return b"\n".join([*lines[:start], *lines[end:]])

    @staticmethod
    def _swap_lines(rng: Random, text: bytes) -> bytes:
        lines = text.split(b"\n")
        one, other = int(rng.random() * len(lines)), int(rng.random() * len(lines))
        lines[one], lines[other] = lines[other], lines[one]
        return b"\n".join(lines)

    @staticmethod
    def _indent(rng: Random, text: bytes) -> bytes:
        """Move lines: an outline means something else when a line stands elsewhere."""
        lines = text.split(b"\n")
        start, end = _span(rng, len(lines))
        by = 1 + int(rng.random() * 4)
        outwards = rng.random() < 0.5
        for index in range(start, end):
            lines[index] = lines[index].removeprefix(b" " * by) if outwards else b" " * by + lines[index]
        return b"\n".join(lines)

    @staticmethod
    def _drop_span(rng: Random, text: bytes) -> bytes:
        start, end = _span(rng, len(text))
        return text[:start] + text[end:]

    def _nest(self, rng: Random, text: bytes) -> bytes:
        """Put a span into many levels; the great depths are rare, because they are slow."""
        opening, closing = pick(rng, self._brackets)
        depth = _DEPTHS[int(rng.random() ** 6 * len(_DEPTHS))]
        start, end = _span(rng, len(text))
        return text[:start] + opening * depth + text[start:end] + closing * depth + text[end:]

    @staticmethod
    def _repeat(rng: Random, text: bytes) -> bytes:
        """Make a span long."""
        start, end = _span(rng, len(text))
        times = 1 << int(rng.random() ** 5 * 14)
        span = text[start:end] or b" "
        return text[:start] + span * min(times, _MAX_OCTETS // len(span)) + text[end:]

    @staticmethod
    def _end(rng: Random, text: bytes) -> bytes:
        return text[: int(rng.random() * len(text))]


def _span(rng: Random, size: int) -> tuple[int, int]:
    """Some part of a sequence, usually a short one."""
    start = int(rng.random() * size)
    return start, min(size, start + 1 + int(rng.random() ** 4 * (size - start)))


def _exchange(rng: Random, text: bytes, pattern: re.Pattern[bytes], new: bytes) -> bytes:
    """Put something in the place of one match: the next one behind a random position."""
    match = pattern.search(text, int(rng.random() * len(text))) or pattern.search(text)
    return text + new if match is None else text[: match.start()] + new + text[match.end() :]
