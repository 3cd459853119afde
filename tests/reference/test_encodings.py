"""Tests of `hgframing._encodings`: identity, zlib and zstd-8mb."""

from __future__ import annotations

import hashlib
import resource
import sys
import tracemalloc
import zlib

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
import zstandard

from hypothesis import given, settings
from hypothesis import strategies as st

from hgframing import REVISIONS
from hgframing._encodings import DECODERS, ENCODERS, Decoder, EncodingError, EncodingLimitError
from tests.reference.strategies import cuts


MIB: Final = 1024 * 1024
#: Room that no test here needs.
PLENTY: Final = 64 * MIB

NAMES: Final = [b"zlib", b"zstd-8mb"]

#: The four octets with which a Zstandard frame begins (RFC 8878 §3.1.1).
ZSTD_MAGIC: Final = bytes.fromhex("28b52ffd")


def every_encoding() -> pytest.MarkDecorator:
    """Run a test for every encoding."""
    return pytest.mark.parametrize("name", NAMES, ids=lambda name: name.decode())


def noise(length: int) -> bytes:
    """Make octets that no encoding makes fewer, the same each time."""
    return hashlib.shake_128(length.to_bytes(4)).digest(length)


def compress_zlib(octets: bytes) -> bytes:
    """Make complete zlib data, as somebody else's sender would."""
    return zlib.compress(octets, 9)


def compress_zstd(octets: bytes) -> bytes:
    """Make one complete Zstandard frame, as somebody else's sender would."""
    return zstandard.ZstdCompressor(level=19).compress(octets)


def zstd_with_window(log: int, length: int) -> bytes:
    """Make Zstandard data whose header asks for a window of 2**log octets."""
    parameters = zstandard.ZstdCompressionParameters(window_log=log, compression_level=1)
    state = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return state.compress(bytes(length)) + state.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)


def zstd_skippable(length: int) -> bytes:
    """Make a Zstandard frame that decoders skip (RFC 8878 §3.1.2)."""
    return bytes.fromhex("502a4d18") + length.to_bytes(4, "little") + bytes(length)


def decode_all(decoder: Decoder, payloads: list[bytes]) -> bytes:
    """Decode payloads one after the other."""
    return b"".join(decoder.decode(payload, PLENTY) for payload in payloads)


def peak_of(action: Callable[[], object]) -> int:
    """Measure the octets that an action makes Python hold at most."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_encodings_are_those_of_the_last_revision() -> None:
    """What a revision names can be encoded and decoded (sheet r5, "Content encoding profiles")."""
    named = {name.encode() for name in REVISIONS["0006"].encodings}

    assert set(ENCODERS) == set(DECODERS) == set(NAMES) == named - {b"identity"}


def test_zlib_is_what_zlib_reads_and_writes() -> None:
    """RFC 1950 data (ENC-010): begun with 78 9c at the default level, ended with a sync flush."""
    encoded = ENCODERS[b"zlib"]().encode(b"abc" * 100)

    assert encoded.startswith(b"\x78\x9c")
    assert encoded.endswith(b"\x00\x00\xff\xff")
    assert zlib.decompressobj().decompress(encoded) == b"abc" * 100
    assert DECODERS[b"zlib"]().decode(compress_zlib(b"abc" * 100), PLENTY) == b"abc" * 100


def test_zstd_is_what_zstandard_reads_and_writes() -> None:
    """Zstandard data (ENC-009), with a window that every decoder of this encoding allows."""
    encoded = ENCODERS[b"zstd-8mb"]().encode(b"abc" * 100)

    assert encoded.startswith(ZSTD_MAGIC)
    assert zstandard.get_frame_parameters(encoded).window_size <= 8 * MIB
    assert zstandard.ZstdDecompressor().decompressobj().decompress(encoded) == b"abc" * 100
    assert DECODERS[b"zstd-8mb"]().decode(compress_zstd(b"abc" * 100), PLENTY) == b"abc" * 100


def test_encoders_work_at_the_levels_of_the_sheet() -> None:
    """Zlib at its default level, zstd at level 3 (sheet r5, "Content encoding profiles")."""
    text = b"".join(b"%d,%d;" % (number * number % 977, number % 13) for number in range(60_000))
    by_zlib, by_zstd = zlib.compressobj(), zstandard.ZstdCompressor(level=3).compressobj()

    assert ENCODERS[b"zlib"]().encode(text) == by_zlib.compress(text) + by_zlib.flush(zlib.Z_SYNC_FLUSH)
    expected = by_zstd.compress(text) + by_zstd.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    # The neighbouring levels make something else of this text.
    assert ENCODERS[b"zstd-8mb"]().encode(text) == expected


@every_encoding()
def test_payload_is_decoded_as_soon_as_it_is_there(name: bytes) -> None:
    """Nothing of one response waits for another's, though they share one context (STREAM-011, D66, D67)."""
    encoder, decoder = ENCODERS[name](), DECODERS[name]()

    for payload in (b"status", b"", b"a", b"status", noise(70_000), b"a" * 300_000, b""):
        assert decoder.decode(encoder.encode(payload), PLENTY) == payload


@every_encoding()
def test_encoding_keeps_its_context_over_payloads(name: bytes) -> None:
    """What was sent once costs little the second time (STREAM-011), and a decoder that missed it is lost."""
    encoder = ENCODERS[name]()
    payload = noise(2000)

    first, second = encoder.encode(payload), encoder.encode(payload)

    assert len(second) < len(first) / 10
    with pytest.raises(EncodingError):
        DECODERS[name]().decode(second, PLENTY)


@given(st.sampled_from(NAMES), st.lists(st.binary(max_size=200), max_size=6), st.data())
@settings(deadline=None)
def test_payloads_survive_however_the_encoded_octets_are_cut(
    name: bytes, payloads: list[bytes], data: st.DataObject
) -> None:
    """Upstream's tests cut them to single octets (`testzlibencodingsinglebyteframes`); any cut gives the same."""
    encoder = ENCODERS[name]()
    encoded = b"".join(map(encoder.encode, payloads))

    assert decode_all(DECODERS[name](), data.draw(cuts(encoded))) == b"".join(payloads)
    assert decode_all(DECODERS[name](), [bytes([octet]) for octet in encoded]) == b"".join(payloads)


@given(st.sampled_from(NAMES), st.lists(st.binary(max_size=60), max_size=6), st.data())
@settings(deadline=None)
def test_payload_is_whole_when_its_last_octet_has_come(
    name: bytes, payloads: list[bytes], data: st.DataObject
) -> None:
    """However a payload was cut, its end brings all of it, before anything of the next one."""
    encoder, decoder = ENCODERS[name](), DECODERS[name]()
    for payload in payloads:
        pieces = data.draw(cuts(encoder.encode(payload)))
        assert decode_all(decoder, pieces) == payload


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param([100_000, 100_000], id="two blocks, more than one buffer"),
        pytest.param([131_072] * 3, id="blocks that fill a buffer"),
        pytest.param([131_071, 2, 131_071], id="blocks that almost do"),
        pytest.param([MIB, 1], id="many blocks and a small one"),
    ],
)
@pytest.mark.parametrize("kind", ["noise", "zeros"])
@every_encoding()
def test_payload_of_several_blocks_is_decoded_whole(name: bytes, kind: str, sizes: list[int]) -> None:
    """A sender may put several flushes into one payload; none of them waits for the next payload."""
    encoder = ENCODERS[name]()
    parts = [noise(size) if kind == "noise" else bytes(size) for size in sizes]
    encoded = b"".join(map(encoder.encode, parts))

    assert DECODERS[name]().decode(encoded, PLENTY) == b"".join(parts)
    decoder = DECODERS[name]()
    assert decode_all(decoder, [encoded[:-1], encoded[-1:]]) == b"".join(parts)
    assert decoder.decode(b"", PLENTY) == b""


@every_encoding()
@pytest.mark.parametrize("length", [0, 1, 1000, 300_000])
def test_payload_at_the_limit_is_decoded_and_beyond_it_refused(name: bytes, length: int) -> None:
    """The limit counts decoded octets of one payload."""
    encoded = ENCODERS[name]().encode(bytes(length))

    assert DECODERS[name]().decode(encoded, length) == bytes(length)
    if length:
        with pytest.raises(EncodingLimitError):
            DECODERS[name]().decode(encoded, length - 1)


@every_encoding()
def test_limit_is_for_each_payload(name: bytes) -> None:
    """A long stream of short payloads is no bomb."""
    encoder, decoder = ENCODERS[name](), DECODERS[name]()

    assert [decoder.decode(encoder.encode(b"12345678"), 8) for _ in range(100)] == [b"12345678"] * 100


@pytest.mark.parametrize(
    ("name", "bomb"),
    [
        pytest.param(b"zlib", compress_zlib, id="zlib"),
        pytest.param(b"zstd-8mb", compress_zstd, id="zstd-8mb"),
    ],
)
def test_bomb_stops_at_the_limit_in_bounded_memory(name: bytes, bomb: Callable[[bytes], bytes]) -> None:
    """One frame of Mercurial's expands without bound (D56); here it costs a few times the limit, whatever it says."""
    limit = MIB
    payload = bomb(bytes(64 * MIB))
    assert len(payload) <= 65535 + 1

    def explode() -> None:
        with pytest.raises(EncodingLimitError):
            DECODERS[name]().decode(payload, limit)

    assert peak_of(explode) < 4 * limit


def test_bomb_of_33_kib_that_says_a_gibibyte_stops_at_the_limit() -> None:
    """What a frame within the payload limit can say at most; the decoder never gets beyond 16 MiB."""
    state = zstandard.ZstdCompressor(level=19).compressobj()
    payload = b"".join(state.compress(bytes(16 * MIB)) for _ in range(64)) + state.flush()
    assert 32_000 < len(payload) < 34_000

    def explode() -> None:
        with pytest.raises(EncodingLimitError):
            DECODERS[b"zstd-8mb"]().decode(payload, 16 * MIB)

    assert peak_of(explode) < 40 * MIB


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the memory of the process")
@every_encoding()
def test_bombs_leave_nothing_behind(name: bytes) -> None:
    """A decoder that was stopped is gone with all that it had, what a library allocates behind Python included."""
    payload = ENCODERS[name]().encode(bytes(300_000))
    page = resource.getpagesize()

    def explode(times: int) -> int:
        for _ in range(times):
            with pytest.raises(EncodingLimitError):
                DECODERS[name]().decode(payload, 1 << 16)
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * page

    before = explode(20)

    assert explode(400) - before < 16 * MIB


@every_encoding()
def test_decoder_holds_nothing_of_a_payload_that_it_gave(name: bytes) -> None:
    """A stream that falls silent after a large payload costs its window, not the payload."""
    encoded = ENCODERS[name]().encode(bytes(8 * MIB))
    decoder = DECODERS[name]()

    tracemalloc.start()
    try:
        assert len(decoder.decode(encoded, PLENTY)) == 8 * MIB
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert held < MIB


@pytest.mark.parametrize("log", [10, 21, 23])
def test_zstd_window_of_8_mib_is_allowed(log: int) -> None:
    """A decoder allows windows up to 8 MiB (ENC-009); data may be longer than its window."""
    length = (1 << log) + 10

    assert len(DECODERS[b"zstd-8mb"]().decode(zstd_with_window(log, length), PLENTY)) == length


@pytest.mark.parametrize("log", [24, 25, 27])
def test_zstd_window_of_more_is_refused(log: int) -> None:
    """Mercurial refuses 32 MiB in these words (sheet r5, "Content encoding profiles")."""
    with pytest.raises(EncodingError, match="Frame requires too much memory for decoding"):
        DECODERS[b"zstd-8mb"]().decode(zstd_with_window(log, 10), PLENTY)


@pytest.mark.parametrize(
    ("descriptor", "is_allowed"), [(0x67, True), (0x68, True), (0x69, False), (0x70, False)]
)
def test_zstd_window_is_allowed_up_to_exactly_8_mib(descriptor: int, *, is_allowed: bool) -> None:
    """A window descriptor is exponent and mantissa (RFC 8878 §3.1.1.1.2): 7.5, 8, 9 and 16 MiB; one raw octet."""
    octets = ZSTD_MAGIC + bytes([0x00, descriptor]) + bytes.fromhex("090000") + b"x"

    if is_allowed:
        assert DECODERS[b"zstd-8mb"]().decode(octets, PLENTY) == b"x"
    else:
        with pytest.raises(EncodingError, match="Frame requires too much memory for decoding"):
            DECODERS[b"zstd-8mb"]().decode(octets, PLENTY)


@every_encoding()
@given(st.binary(min_size=1, max_size=64))
@settings(deadline=None)
def test_arbitrary_octets_raise_nothing_but_their_error(name: bytes, octets: bytes) -> None:
    """Whatever a peer sends, codecs raise nothing that a reactor does not expect (D55)."""
    try:
        decoded = DECODERS[name]().decode(octets, 1000)
    except EncodingError:
        return
    assert len(decoded) <= 1000


@every_encoding()
def test_garbage_is_refused(name: bytes) -> None:
    """Octets that are not of the encoding, at the beginning and later (D55)."""
    encoder, decoder = ENCODERS[name](), DECODERS[name]()

    with pytest.raises(EncodingError):
        DECODERS[name]().decode(b"garbage!", PLENTY)
    decoder.decode(encoder.encode(b"abc"), PLENTY)
    with pytest.raises(EncodingError):
        decode_all(decoder, [b"\xff" * 64] * 4)


def test_zlib_with_a_dictionary_is_refused() -> None:
    """Nobody has agreed on a dictionary."""
    state = zlib.compressobj(zdict=b"dictionary")

    with pytest.raises(EncodingError):
        DECODERS[b"zlib"]().decode(state.compress(b"dictionary") + state.flush(), PLENTY)


@pytest.mark.parametrize("behind", [b"x", compress_zlib(b"x")], ids=["garbage", "zlib data"])
def test_octets_after_the_end_of_zlib_data_are_refused(behind: bytes) -> None:
    """Mercurial drops them in silence (D57); here they are an error, in the same payload and in a later one."""
    whole = compress_zlib(b"abc")
    decoder = DECODERS[b"zlib"]()

    with pytest.raises(EncodingError, match=r"^octets after the end of the zlib data$"):
        DECODERS[b"zlib"]().decode(whole + behind, PLENTY)
    assert decoder.decode(whole, PLENTY) == b"abc"
    assert decoder.decode(b"", PLENTY) == b""
    with pytest.raises(EncodingError, match=r"^octets after the end of the zlib data$"):
        decoder.decode(behind, PLENTY)


def test_zstd_frames_may_follow_each_other() -> None:
    """Zstandard data is one frame or more (RFC 8878 §3), in one payload or in several; garbage behind one is none."""
    decoder = DECODERS[b"zstd-8mb"]()
    two = compress_zstd(b"abc") + compress_zstd(b"def")

    assert decoder.decode(two, PLENTY) == b"abcdef"
    assert decoder.decode(zstd_skippable(100) + compress_zstd(b"ghi"), PLENTY) == b"ghi"
    with pytest.raises(EncodingError):
        decoder.decode(compress_zstd(b"abc") + b"garbage", PLENTY)


def test_limit_error_is_an_encoding_error() -> None:
    """Who only wants to know that a payload cannot be had catches one; neither is a `ValueError` by accident."""
    assert issubclass(EncodingLimitError, EncodingError)
    assert not issubclass(EncodingError, ValueError)
