"""Streams with a content encoding, as a fuzzer writes them: settings, encoded payloads, and bombs.

An encoding is stateful over its stream, so frames are encoded together, in order (sheet r5, "Content encoding
profiles"). zlib comes from the standard library. zstd is written by hand, as blocks that are stored or repeat
one octet (RFC 8878, section 3.1.1.2): that is enough to be valid, to lie about windows, and to make 33 KiB
say a gibibyte.
"""

from __future__ import annotations

import functools
import zlib

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from hgframing import Feature, Frame, FrameType, Revision
from hgframing_fuzz._cbor import anything, bytestring, pick
from hgframing_fuzz._numbers import STREAM_IDS


__all__ = ["encode_stream", "zlib_bomb", "zstd_bomb", "zstd_header", "zstd_stored"]

_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
#: Frame header descriptor without content size and checksum, then windows of 1 KiB, 8 MiB (allowed), 32 MiB
#: and 3.75 TiB.
_ZSTD_WINDOWS: Final = (b"\x00\x00", b"\x00\x68", b"\x00\x78", b"\x00\xff")
#: The largest block, whatever the window.
_ZSTD_BLOCK: Final = 0x20000

_NAMES: Final = (b"zlib", b"zstd-8mb", b"identity", b"gzip")

#: MiB that bombs decode to: below what a receiver may allow, and above.
_BOMB_SIZES: Final = (1, 15, 17, 64, 256)


def _block(kind: int, size: int) -> bytes:
    return (size << 3 | kind << 1).to_bytes(3, "little")


def zstd_header(rng: Random) -> bytes:
    """The beginning of a zstd frame, of a window that is allowed, or larger."""
    return _ZSTD_MAGIC + (_ZSTD_WINDOWS[1] if rng.random() < 0.9 else pick(rng, _ZSTD_WINDOWS))


def zstd_stored(octets: bytes) -> bytes:
    """Blocks that store octets as they are; the frame's header must come before the first of them."""
    return b"".join(
        _block(0, len(octets[start : start + _ZSTD_BLOCK])) + octets[start : start + _ZSTD_BLOCK]
        for start in range(0, len(octets) or 1, _ZSTD_BLOCK)
    )


@functools.cache
def zstd_bomb(mebioctets: int) -> bytes:
    """Blocks that decode to so many MiB of zeroes, four octets for each 128 KiB."""
    return (_block(1, _ZSTD_BLOCK) + b"\0") * (mebioctets * 8)


@functools.cache
def zlib_bomb(mebioctets: int) -> bytes:
    """Data in zlib that decode to so many MiB of zeroes, one octet for each KiB."""
    packer = zlib.compressobj(9)
    piece = bytes(1 << 20)
    return b"".join(packer.compress(piece) for _ in range(mebioctets)) + packer.flush(zlib.Z_SYNC_FLUSH)


def encode_stream(rng: Random, revision: Revision, frames: Sequence[Frame]) -> list[Frame]:
    """Put frames onto a stream of their own that has an encoding.

    Args:
        rng: where choices come from.
        revision: one that has stream settings.
        frames: what the stream carries, not empty.

    Returns:
        A settings frame, and the frames, their payloads encoded; sometimes one of them is a bomb or is not
        encoded.
    """
    stream_id = pick(rng, STREAM_IDS[:4])
    name = pick(rng, _NAMES)
    settings = bytes((len(name),)) + name
    if Feature.CONTENT_ENCODINGS in revision.features:
        settings = bytestring(name) if rng.random() < 0.9 else anything(rng, 1)
        if rng.random() < 0.05:
            settings += anything(rng, 1)
    type_id = revision.type_ids[FrameType.STREAM_SETTINGS]
    placed = _settings(rng, revision, Frame(frames[0].request_id, stream_id, 1, type_id, 0, settings))
    encode = _encoder(rng, name)
    for frame in frames:
        encoded = rng.random() < 0.95
        payload = encode(frame.payload) if encoded else frame.payload
        stream_flags = 4 if encoded else 0
        placed.append(Frame(frame.request_id, stream_id, stream_flags, frame.type_id, frame.flags, payload))
    if rng.random() < 0.3:
        placed[-1] = _end(placed[-1])
    return placed


def _settings(rng: Random, revision: Revision, frame: Frame) -> list[Frame]:
    """Put settings into one frame, or into two of which the second may be missing."""
    flags = revision.frames[frame.type_id].flags
    last, more = flags.get("eos", 0), flags.get("continuation", 0)
    if not more or rng.random() < 0.92:
        return [_part(frame, last, frame.payload)]
    cut = int(rng.random() * (len(frame.payload) + 1))
    first = _part(frame, more, frame.payload[:cut])
    if rng.random() < 0.5:
        return [first]
    return [first, _part(frame, last, frame.payload[cut:], begins=False)]


def _part(frame: Frame, flags: int, payload: bytes, *, begins: bool = True) -> Frame:
    return Frame(frame.request_id, frame.stream_id, int(begins), frame.type_id, flags, payload)


def _end(frame: Frame) -> Frame:
    return Frame(
        frame.request_id, frame.stream_id, frame.stream_flags | 2, frame.type_id, frame.flags, frame.payload
    )


def _encoder(rng: Random, name: bytes) -> Callable[[bytes], bytes]:
    """Make the function that encodes one payload after the other."""
    if name == b"zlib":
        packer = zlib.compressobj()

        def deflate(octets: bytes) -> bytes:
            if rng.random() < 0.02:
                return zlib_bomb(pick(rng, _BOMB_SIZES[:4]))
            mode = zlib.Z_FINISH if rng.random() < 0.01 else zlib.Z_SYNC_FLUSH
            try:
                return packer.compress(octets) + packer.flush(mode)
            except zlib.error:
                # The data have ended; whatever comes now comes after the end.
                return octets

        return deflate
    if name == b"zstd-8mb":
        pending = [zstd_header(rng)]

        def store(octets: bytes) -> bytes:
            start = pending.pop() if pending else b""
            return start + (zstd_bomb(pick(rng, _BOMB_SIZES)) if rng.random() < 0.02 else zstd_stored(octets))

        return store
    return bytes
