"""CBOR as a fuzzer writes it: octets, mostly well-formed, built without a library.

A library encodes values; a fuzzer needs what is no value: lengths that lie, chunks of the wrong type inside
an indefinite string, a thousand tags in a row. So everything here makes and takes octets.

What to get wrong is known from decoders that got it wrong (RFC 8949, sections 3 and 5.3; sheet r5, "CBOR
subset"): types where another was expected, integers and null as chunks of a bytestring (some decoders pass
the integer to an allocator), depth, tag chains, lengths of 2^k, non-minimal heads, reserved subtypes, stray
breaks, truncation, and values after the value.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final, TypeVar

from hgframing_fuzz._numbers import HUGE


__all__ = [
    "Span",
    "anything",
    "array",
    "bytestring",
    "damage",
    "head",
    "integer",
    "mapping",
    "spans",
    "strange_string",
]

_T = TypeVar("_T")

#: Start and end of an item in its octets, and its major type (0–7).
Span = tuple[int, int, int]

#: Items that are looked for in a payload; a mutator needs a few to choose from, not all of a large array.
_MAX_SPANS: Final = 64

_BREAK: Final = b"\xff"
_SET_TAG: Final = b"\xd9\x01\x02"
_KEYS: Final = (
    b"name",
    b"args",
    b"redirect",
    b"targets",
    b"hashes",
    b"contentencodings",
    b"status",
    b"error",
    b"x",
)


def head(major: int, number: int) -> bytes:
    """The head of an item: major type 0–7 and a number of up to 64 bits, as short as possible."""
    if number < 24:
        return bytes((major << 5 | number,))
    if number < 0x100:
        return bytes((major << 5 | 24, number))
    if number < 0x10000:
        return bytes((major << 5 | 25,)) + number.to_bytes(2, "big")
    if number < 0x100000000:
        return bytes((major << 5 | 26,)) + number.to_bytes(4, "big")
    return bytes((major << 5 | 27,)) + number.to_bytes(8, "big")


def integer(number: int) -> bytes:
    """An integer, negative ones too."""
    return head(0, number) if number >= 0 else head(1, -1 - number)


def bytestring(octets: bytes) -> bytes:
    """A bytestring of definite length."""
    return head(2, len(octets)) + octets


def array(items: Sequence[bytes]) -> bytes:
    """An array of encoded items."""
    return head(4, len(items)) + b"".join(items)


def mapping(pairs: Sequence[tuple[bytes, bytes]]) -> bytes:
    """A map of encoded pairs, in the order given; nothing is sorted, nothing is checked."""
    return head(5, len(pairs)) + b"".join(key + value for key, value in pairs)


#: One item each, of every type that there is and some that there are not.
ATOMS: Final = (
    *(integer(number) for number in (0, 1, 23, 24, 255, 256, 65535, 65536, 2**31, 2**32, 2**63, 2**64 - 1)),
    *(integer(number) for number in (-1, -2, -24, -256, -(2**31), -(2**63), -(2**64))),
    *(bytestring(octets) for octets in (b"", b"a", b"\xff\x00", b"identity", b"zlib", *_KEYS)),
    b"\x60",  # text
    b"\x64name",
    b"\x62\xc3\x28",  # text that is no UTF-8
    b"\x80",
    b"\xa0",
    b"\xf4",
    b"\xf5",
    b"\xf6",
    b"\xf7",  # undefined
    b"\xf8\xff",  # a simple value
    b"\xf9\x7e\x00",  # floats: NaN, 1.5, infinity
    b"\xfb\x3f\xf8\x00\x00\x00\x00\x00\x00",
    b"\xfa\x7f\x80\x00\x00",
    _BREAK,
    b"\x1c",  # reserved subtypes
    b"\x5e",
    b"\x1f",  # an indefinite integer
    _SET_TAG + b"\x80",
    _SET_TAG + b"\x82\x01\x01",  # a set with a duplicate
    _SET_TAG + b"\xa0",  # a set that is none
    b"\xc1\x00",  # a date
    b"\xc2\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00",  # a big number
    b"\xc4\x82\x1a\x3b\x9a\xca\x00\x01",  # a decimal with an exponent of 10^9
    b"\xd8\x1c\x81\xd8\x1d\x00",  # an array that contains itself
    b"\x9f\xff",
    b"\xbf\xff",
    b"\x5f\xff",
    b"\x7f\xff",
)

#: What may stand between 5f and ff. Only definite bytestrings may, by RFC 8949, section 3.2.3.
_CHUNKS: Final = (
    b"\x40",
    b"\x41a",
    b"\x43abc",
    b"\x00",
    b"\x07",
    b"\x20",
    b"\x39\xd1\xc5",
    b"\x3b\xff\xff\xff\xff\xff\xff\xff\xfe",
    b"\xf4",
    b"\xf6",
    b"\xf9\x3c\x00",
    b"\x61a",
    b"\x80",
    b"\x81\x00",
    b"\xa0",
    b"\x5f\x41a\xff",
    b"\xd9\x01\x02\x80",
    *(head(0, number) for number in HUGE),
)

_DEPTHS: Final = (4, 16, 33, 65, 128, 401, 1200, 3000, 20000)


def pick(rng: Random, choices: Sequence[_T]) -> _T:
    """Choose one; `Random.choice` takes three times as long, and this is called all the time."""
    return choices[int(rng.random() * len(choices))]


def strange_string(rng: Random) -> bytes:
    """An indefinite bytestring with chunks that need not be bytestrings."""
    chunks = b"".join([pick(rng, _CHUNKS) for _ in range(int(rng.random() * 4))])
    return b"\x5f" + chunks + (_BREAK if rng.random() < 0.9 else b"")


def anything(rng: Random, depth: int = 3) -> bytes:
    """Some item, rarely deeper than `depth`."""
    choice = rng.random()
    if choice < 0.55 or depth <= 0:
        return pick(rng, ATOMS)
    if choice < 0.65:
        return strange_string(rng)
    if choice < 0.8:
        return array([anything(rng, depth - 1) for _ in range(int(rng.random() * 4))])
    if choice < 0.95:
        pairs = [
            (
                pick(rng, ATOMS) if rng.random() < 0.2 else bytestring(pick(rng, _KEYS)),
                anything(rng, depth - 1),
            )
            for _ in range(int(rng.random() * 4))
        ]
        return mapping(pairs)
    return _pump(rng, anything(rng, 0))


def damage(rng: Random, octets: bytes) -> bytes:
    """Break an encoded value in one of the ways that decoders get wrong.

    Args:
        rng: where choices come from.
        octets: anything; meant to be one value.
    """
    choice = rng.random()
    if choice < 0.2:
        return octets[: int(rng.random() * len(octets))]
    if choice < 0.35:
        return octets + anything(rng, 1)
    if choice < 0.6:
        return replace_item(rng, octets, anything(rng, 2))
    if choice < 0.75:
        return replace_item(rng, octets, strange_string(rng))
    if choice < 0.85:
        return _lie(rng, octets)
    if choice < 0.93:
        return _pump(rng, octets)
    return _repeat(rng, octets)


def replace_item(rng: Random, octets: bytes, item: bytes) -> bytes:
    """Put another item in the place of one of those in `octets`: a field gets a value of another type."""
    found = spans(octets)
    if not found:
        return item
    start, end, _ = pick(rng, found)
    return octets[:start] + item + octets[end:]


def _lie(rng: Random, octets: bytes) -> bytes:
    """Let a head declare another number: a length that is not there, or one that is written too long."""
    found = spans(octets)
    if not found:
        return octets
    start, end, major = pick(rng, found)
    _, body = _read_head(octets, start)
    if body < 0:
        return octets
    number = pick(rng, HUGE) if rng.random() < 0.7 else int(rng.random() * 40)
    # A length written in 64 bits although it fits into five: legal CBOR, but not minimal.
    new = head(major, number) if rng.random() < 0.8 else bytes((major << 5 | 27,)) + number.to_bytes(8, "big")
    return octets[:start] + new + octets[body:end] + octets[end:]


def _pump(rng: Random, octets: bytes) -> bytes:
    """Wrap a value into many containers or tags. The great depths are rare, because they are slow."""
    wrapper = pick(rng, (b"\x81", b"\xa1\x00", _SET_TAG, _SET_TAG + b"\x81", b"\xc6", b"\x9f", b"\x82\x00"))
    # Decoders that go round a loop for arrays have been seen to call themselves for tags.
    rarity = 3 if wrapper == _SET_TAG else 6
    depth = _DEPTHS[int(rng.random() ** rarity * len(_DEPTHS))]
    if wrapper == _SET_TAG:
        return wrapper * depth + b"\x81" + octets
    return wrapper * depth + octets


def _repeat(rng: Random, octets: bytes) -> bytes:
    """Make a value long: one of its items many times, in place or after it."""
    found = spans(octets)
    start, end, _ = pick(rng, found) if found else (0, len(octets), 0)
    times = 1 << int(rng.random() ** 5 * 14)
    item = octets[start:end]
    if len(item) * times > 0x14000:
        times = 0x14000 // (len(item) + 1)
    return octets[:start] + item * times + octets[end:]


def _read_head(octets: bytes, start: int) -> tuple[int, int]:
    """Number (-1: indefinite) and end of a head; -1, -1 if it is cut off or reserved."""
    subtype = octets[start] & 0x1F
    if subtype < 24:
        return subtype, start + 1
    if subtype == 31:
        return -1, start + 1
    if subtype > 27:
        return -1, -1
    end = start + 1 + (1 << (subtype - 24))
    if end > len(octets):
        return -1, -1
    return int.from_bytes(octets[start + 1 : end], "big"), end


def spans(octets: bytes) -> list[Span]:
    """Find the items of encoded octets, nested ones too.

    Args:
        octets: anything; the search ends where they stop being CBOR.

    Returns:
        At most a few dozen items. A container's span ends with its last item that was found.
    """
    found: list[Span] = []
    # Open containers: where they start in `found`, and how many items they still want (-1: until a break).
    opened: list[list[int]] = []
    position = 0
    while position < len(octets) and len(found) < _MAX_SPANS:
        if octets[position] == 0xFF:
            if not opened or opened[-1][1] >= 0:
                break
            position += 1
            _close(found, opened, position)
        else:
            number, end = _read_head(octets, position)
            if end < 0:
                break
            major = octets[position] >> 5
            if major in (2, 3) and number >= 0:
                end = min(end + number, len(octets))
            found.append((position, end, major))
            position = end
            wanted = number if major == 4 else number * 2 if major == 5 else 1 if major == 6 else 0
            if number < 0 and major < 6:
                wanted = -1
            if wanted:
                opened.append([len(found) - 1, wanted])
                continue
        while opened and opened[-1][1] >= 0:
            opened[-1][1] -= 1
            if opened[-1][1] > 0:
                break
            _close(found, opened, position)
    while opened:
        _close(found, opened, position)
    return found


def _close(found: list[Span], opened: list[list[int]], position: int) -> None:
    """End the innermost container at a position."""
    index, _ = opened.pop()
    start, _, major = found[index]
    found[index] = (start, position, major)
