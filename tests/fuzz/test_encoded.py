"""Tests of `hgframing_fuzz._encoded`: the encodings are right, so that a bomb is refused for being one."""

from __future__ import annotations

import zlib

from random import Random

import pytest
import zstandard

from hgframing import REVISIONS, Frame, Revision
from hgframing_fuzz._encoded import encode_stream, zlib_bomb, zstd_bomb, zstd_stored
from tests.fuzz.miniatures import R5, frame


#: zstd's magic number, and a frame header with a window of 8 MiB (RFC 8878, section 3.1.1.1).
ZSTD_8MIB = b"\x28\xb5\x2f\xfd\x00\x68"


def unzstd(octets: bytes) -> bytes:
    """Decode with the library."""
    return zstandard.ZstdDecompressor(max_window_size=8 << 20).decompressobj().decompress(octets)


@pytest.mark.parametrize("octets", [b"", b"a", b"x" * 200_000])
def test_zstd_stored_is_what_a_library_reads(octets: bytes) -> None:
    """Blocks of at most 128 KiB, stored."""
    assert unzstd(ZSTD_8MIB + zstd_stored(octets)) == octets


def test_bombs_decode_to_what_they_say() -> None:
    """A mebioctet of zeroes from a kilooctet or less."""
    assert unzstd(ZSTD_8MIB + zstd_bomb(3)) == bytes(3 << 20)
    assert zlib.decompressobj().decompress(zlib_bomb(3)) == bytes(3 << 20)
    assert len(zstd_bomb(256)) < 10_000
    assert len(zlib_bomb(15)) < 20_000


def streams(revision: Revision, count: int = 400, *, settings: int = 1) -> list[list[Frame]]:
    """Encoded streams from one seed, those with so many frames of settings."""
    rng = Random(5)  # noqa: S311
    frames = [frame("1 1 0 command-request new|more hel"), frame("1 1 0 command-request continuation lo")]
    made = [encode_stream(rng, revision, frames) for _ in range(count)]
    type_id = made[0][0].type_id
    return [stream for stream in made if sum(one.type_id == type_id for one in stream) == settings]


@pytest.mark.parametrize("key", ["0002-streams", "0005", "0006"])
def test_encode_stream_begins_with_settings(key: str) -> None:
    """Only a frame that begins a stream may carry settings (ENC-001); here it always does."""
    revision = REVISIONS[key]
    for stream in streams(revision):
        settings, *rest = stream
        assert revision.frames[settings.type_id].name == "stream-settings"
        assert settings.stream_flags & 1
        assert len(rest) == 2
        assert {one.stream_id for one in stream} == {settings.stream_id}


def test_encode_stream_settings_may_be_two_frames_or_half_of_them() -> None:
    """A value that goes on, or that is never finished."""
    whole, half = streams(R5, settings=2), [one for one in streams(R5) if one[0].flags == 1]

    assert whole
    assert half
    for first, second, *_ in whole:
        assert (first.flags, second.flags) == (1, 2)
        assert (first.stream_flags, second.stream_flags) == (1, 0)
    assert any(first.payload + second.payload == b"Dzlib" for first, second, *_ in whole)


def test_encode_stream_payloads_decode_to_what_they_were() -> None:
    """The encoding is stateful over the stream (STREAM-011)."""
    seen = set()
    for settings, first, second in streams(R5):
        if not first.stream_flags & second.stream_flags & 4 or len(first.payload + second.payload) > 100:
            continue
        if settings.payload == b"Dzlib":
            decoder = zlib.decompressobj()
            decoded = decoder.decompress(first.payload) + decoder.decompress(second.payload)
        elif settings.payload == b"Hzstd-8mb" and first.payload.startswith(ZSTD_8MIB):
            decoded = unzstd(first.payload + second.payload)
        else:
            continue
        if decoded == b"hello":
            seen.add(settings.payload)

    assert seen == {b"Dzlib", b"Hzstd-8mb"}


def test_encode_stream_sometimes_is_a_bomb_or_plain() -> None:
    """What is encoded may be huge, and what should be encoded may not be."""
    frames = [one for stream in streams(R5) for one in stream[1:]]

    assert any(len(one.payload) > 300 for one in frames)
    assert any(not one.stream_flags & 4 for one in frames)
    assert any(one.stream_flags & 2 for one in frames)
