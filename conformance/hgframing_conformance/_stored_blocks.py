"""Content encodings without compression: what zlib and zstd may hold, put together by hand.

A library's output changes with its version, and generated suites must not. Blocks that are stored as they are can be
written by anyone: RFC 1950 and RFC 1951 §3.2.4 for zlib, RFC 8878 §3.1.1 for zstd. The context still goes on over the
payloads of a stream, because only the first of them has the header.
"""

from __future__ import annotations

import zlib

from typing import Final


__all__ = ["StoredBlocks"]

_ZLIB_HEADER: Final = b"\x78\x01"
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
#: No checksum, no dictionary, no content size; the octet after it is the window.
_ZSTD_DESCRIPTOR: Final = b"\x00"
#: 2 MiB: an exponent of 21, of which 10 is taken away, and no mantissa.
_ZSTD_WINDOW: Final = b"\x58"


class StoredBlocks:
    """The payloads of one stream, in the order in which they are sent.

    Args:
        encoding: `identity`, `zlib` or `zstd-8mb`.
        window: the window descriptor of a zstd frame.
    """

    def __init__(self, encoding: str, window: bytes = _ZSTD_WINDOW) -> None:
        self._encoding = encoding
        self._window = window
        self._begun = False
        self._all = b""

    def encode(self, payload: bytes) -> bytes:
        """Encode one payload so that all of it can be decoded at once.

        Args:
            payload: at most 65535 octets.
        """
        head = b"" if self._begun else self._head()
        self._begun = True
        self._all += payload
        return head + self._block(payload, is_last=False)

    def end(self) -> bytes:
        """End the data: an empty last block, and the checksum where there is one."""
        tail = self._block(b"", is_last=True)
        return tail + zlib.adler32(self._all).to_bytes(4, "big") if self._encoding == "zlib" else tail

    def _head(self) -> bytes:
        match self._encoding:
            case "zlib":
                return _ZLIB_HEADER
            case "zstd-8mb":
                return _ZSTD_MAGIC + _ZSTD_DESCRIPTOR + self._window
            case _:
                return b""

    def _block(self, payload: bytes, *, is_last: bool) -> bytes:
        size = len(payload)
        match self._encoding:
            case "zlib":
                return (
                    bytes([is_last])
                    + size.to_bytes(2, "little")
                    + (size ^ 0xFFFF).to_bytes(2, "little")
                    + payload
                )
            case "zstd-8mb":
                return (size << 3 | is_last).to_bytes(3, "little") + payload
            case _:
                return payload
