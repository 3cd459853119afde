"""Encodings put together by hand are what the libraries read."""

from __future__ import annotations

import zlib

import pytest
import zstandard

from hgframing_conformance._stored_blocks import StoredBlocks


PAYLOADS = (b"first", b"", b"x" * 300, b"last")


def test_stored_blocks_of_zlib_are_read_payload_by_payload() -> None:
    """Each payload is there as soon as its octets are, and the end is an end with the right checksum."""
    writer, reader = StoredBlocks("zlib"), zlib.decompressobj()

    assert [reader.decompress(writer.encode(payload)) for payload in PAYLOADS] == list(PAYLOADS)
    assert reader.decompress(writer.end()) == b""
    assert reader.eof


def test_stored_blocks_of_zstd_are_read_payload_by_payload() -> None:
    """The same, for a frame of zstd."""
    writer, reader = StoredBlocks("zstd-8mb"), zstandard.ZstdDecompressor().decompressobj()

    assert [reader.decompress(writer.encode(payload)) for payload in PAYLOADS] == list(PAYLOADS)
    assert reader.decompress(writer.end()) == b""
    assert reader.eof


@pytest.mark.parametrize(
    ("window", "size"), [(b"\x58", 1 << 21), (b"\x68", 1 << 23), (b"\x69", (1 << 23) + (1 << 20))]
)
def test_stored_blocks_say_the_window(window: bytes, size: int) -> None:
    """RFC 8878 §3.1.1.1.2: five bits of exponent, three of mantissa."""
    octets = StoredBlocks("zstd-8mb", window).encode(b"abc")

    assert zstandard.get_frame_parameters(octets).window_size == size


def test_stored_blocks_of_identity_are_the_payload() -> None:
    """Octets as they are (ENC-008)."""
    writer = StoredBlocks("identity")

    assert writer.encode(b"abc") + writer.end() == b"abc"
