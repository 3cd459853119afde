"""Content encodings of a stream that do something: zlib and zstd-8mb (sheet r5, "Content encoding profiles").

An encoding is stateful over its stream, across frames and requests (STREAM-011). Encoders flush after every payload, so
that a frame can be decoded as soon as it has arrived and nothing of one response waits for another's (D66, D67).
Decoders stop at a limit: 33 KiB of zstd can say a gibibyte. Zlib data ends once (RFC 1950), and what follows is an
error (D57); Zstandard data is one frame or more (RFC 8878 §3), so a next one may follow.
"""

from __future__ import annotations

import zlib

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Protocol

import zstandard


__all__ = ["DECODERS", "ENCODERS", "Decoder", "Encoder", "EncodingError", "EncodingLimitError"]

#: The largest window a decoder must allow (ENC-009), octets.
ZSTD_WINDOW: Final = 8 * 1024 * 1024


class EncodingError(Exception):
    """Octets are not what the encoding says. Becomes a fault; never leaves a reactor."""


class EncodingLimitError(EncodingError):
    """A payload decodes to more than the limit allows."""


class Encoder(Protocol):
    """Encodes the payloads of one stream, in the order in which they are sent."""

    def encode(self, octets: bytes) -> bytes:
        """Encode one payload.

        Args:
            octets: the payload before encoding.

        Returns:
            All of it: the receiver needs no later octet to decode it.
        """


class Decoder(Protocol):
    """Decodes the payloads of one stream, in the order in which they arrive."""

    def decode(self, octets: bytes, limit: int) -> bytes:
        """Decode one payload.

        After an error the decoder is of no use.

        Args:
            octets: the payload as it arrived; the encoder's octets may be cut into payloads anywhere.
            limit: octets that it may decode to, 0 or more.

        Returns:
            Everything that can be decoded without what is still to come.

        Raises:
            EncodingLimitError: it decodes to more.
            EncodingError: it cannot be decoded, or goes on after an end that nothing may follow.
        """


class _ZlibEncoder:
    def __init__(self) -> None:
        self._state = zlib.compressobj()

    def encode(self, octets: bytes) -> bytes:
        return self._state.compress(octets) + self._state.flush(zlib.Z_SYNC_FLUSH)


class _ZlibDecoder:
    def __init__(self) -> None:
        self._state = zlib.decompressobj()

    def decode(self, octets: bytes, limit: int) -> bytes:
        try:
            decoded = self._state.decompress(octets, limit + 1)
        except zlib.error as error:
            raise EncodingError(str(error)) from error
        if len(decoded) > limit:
            raise EncodingLimitError
        if self._state.unused_data:
            raise EncodingError("octets after the end of the zlib data")
        return decoded


class _ZstdEncoder:
    def __init__(self) -> None:
        self._state = zstandard.ZstdCompressor(level=3).compressobj()

    def encode(self, octets: bytes) -> bytes:
        return self._state.compress(octets) + self._state.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)


#: Octets that are decoded between two looks at what came of them. Four octets can say a block of 128 KiB (RFC 8878
#: §3.1.1.2), so a bomb is decoded to 32 MiB before it is noticed, in a few milliseconds, and kept to the limit.
_ZSTD_PIECE: Final = 1024


class _BoundedSink:
    """Takes what zstd writes, a block at a time, and keeps none of it above the limit.

    It does not raise: python-zstandard loses the block's buffer for good if it does.

    Attributes:
        room: octets that may still come; below 0 too many have.
        parts: what has come.
    """

    room: int

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, octets: bytes) -> None:
        self.room -= len(octets)
        if self.room >= 0:
            self.parts.append(bytes(octets))


class _ZstdDecoder:
    def __init__(self) -> None:
        self._sink = _BoundedSink()
        # A writer hands over each block as it is decoded; every other interface decodes a whole payload at once.
        self._state = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).stream_writer(self._sink)  # type: ignore[arg-type]

    def decode(self, octets: bytes, limit: int) -> bytes:
        self._sink.room = limit
        # A write ends when its octets are consumed, and keeps for the next one what came of them and one buffer did not
        # hold. A single octet ends one block at most, which a buffer holds: written last, it brings all of the payload.
        last = max(len(octets) - 1, 0)
        try:
            for start in range(0, last, _ZSTD_PIECE):
                self._write(octets[start : min(start + _ZSTD_PIECE, last)])
            self._write(octets[last:])
            return b"".join(self._sink.parts)
        except zstandard.ZstdError as error:
            raise EncodingError(str(error)) from error
        finally:
            # Or every idle stream would hold its last payload.
            self._sink.parts.clear()

    def _write(self, octets: bytes) -> None:
        self._state.write(octets)
        if self._sink.room < 0:
            raise EncodingLimitError


#: How to begin to encode, by the encoding's name on the wire (ENC-009, ENC-010). Identity, which does nothing, is none.
ENCODERS: Final[Mapping[bytes, Callable[[], Encoder]]] = MappingProxyType(
    {b"zlib": _ZlibEncoder, b"zstd-8mb": _ZstdEncoder}
)
#: How to begin to decode, by the same names.
DECODERS: Final[Mapping[bytes, Callable[[], Decoder]]] = MappingProxyType(
    {b"zlib": _ZlibDecoder, b"zstd-8mb": _ZstdDecoder}
)
