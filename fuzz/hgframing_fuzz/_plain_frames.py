"""Frames read and written octet by octet, by the figures of the sheets alone: the oracle that judges codecs.

The three layouts (sheets r1, r2 and r3, "Header") are written out here once more, without a struct and without the
tables of the reference, so that a mistake in those cannot hide in both.
"""

from __future__ import annotations

from typing import Final

import msgspec

from hgframing import Frame


__all__ = ["PlainSplit", "header_size", "narrow", "split_plain", "write_plain"]

#: Octets of a header, by revision: r1 has four, r2 six, all others eight.
_SIZES: Final = {"0001": 4, "0002": 6}


class PlainSplit(msgspec.Struct, frozen=True):
    """What octets are.

    Attributes:
        frames: the whole frames, up to one whose payload is too large.
        too_large: whether such a one comes.
        rest: octets behind the last whole frame.
    """

    frames: tuple[Frame, ...]
    too_large: bool
    rest: int


def header_size(revision: str) -> int:
    """Octets of a header."""
    return _SIZES.get(revision, 8)


def narrow(frame: Frame, revision: str) -> Frame:
    """A frame without what the revision's header has no room for."""
    size = header_size(revision)
    return Frame(
        frame.request_id if size >= 6 else 0,
        frame.stream_id if size == 8 else 0,
        frame.stream_flags if size == 8 else 0,
        frame.type_id,
        frame.flags,
        frame.payload,
    )


def write_plain(frame: Frame, revision: str) -> bytes:
    """Write a frame whose numbers fit."""
    size = header_size(revision)
    octets = [len(frame.payload) >> shift & 0xFF for shift in (0, 8, 16)]
    if size >= 6:
        octets += [frame.request_id & 0xFF, frame.request_id >> 8]
    if size == 8:
        octets += [frame.stream_id, frame.stream_flags]
    return bytes([*octets, frame.type_id << 4 | frame.flags]) + frame.payload


def split_plain(octets: bytes, revision: str, limit: int) -> PlainSplit:
    """Cut octets into frames.

    Args:
        octets: anything.
        revision: the key of whose header they have.
        limit: octets of a payload at most.
    """
    size = header_size(revision)
    frames: list[Frame] = []
    start = 0
    while start + size <= len(octets):
        length = octets[start] + octets[start + 1] * 0x100 + octets[start + 2] * 0x10000
        if length > limit:
            return PlainSplit(tuple(frames), too_large=True, rest=len(octets) - start)
        end = start + size + length
        if end > len(octets):
            break
        request = octets[start + 3] + octets[start + 4] * 0x100 if size >= 6 else 0
        stream, stream_flags = (octets[start + 5], octets[start + 6]) if size == 8 else (0, 0)
        last = octets[start + size - 1]
        payload = octets[start + size : end]
        frames.append(Frame(request, stream, stream_flags, last // 16, last % 16, payload))
        start = end
    return PlainSplit(tuple(frames), too_large=False, rest=len(octets) - start)
