"""Tests of `hgframing._streams`: which streams are open, and what their encoding is."""

from __future__ import annotations

import hashlib
import itertools

from collections.abc import Iterator
from typing import Final

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hgframing import (
    REVISIONS,
    FaultCode,
    Feature,
    Frame,
    FrameType,
    Limits,
    Revision,
    encode_value,
    parse_notation,
)
from hgframing._encodings import ENCODERS
from hgframing._errors import FaultRaised
from hgframing._streams import FROM_CLIENT, FROM_SERVER, InputStreams, OutputStream, Peer
from tests.reference.strategies import cuts


R5: Final = REVISIONS["0006"]
NAMES: Final = tuple(name.encode() for name in R5.encodings)
WITH_STREAMS: Final = [revision for revision in REVISIONS.values() if Feature.STREAMS in revision.features]
WITH_BINARY_SETTINGS: Final = [
    revision for revision in WITH_STREAMS if Feature.CONTENT_ENCODINGS not in revision.features
]


def from_client(
    revision: Revision = R5, accepted: tuple[bytes, ...] = NAMES, limits: Limits | None = None
) -> InputStreams:
    """Make what a server listens with."""
    return InputStreams(revision, FROM_CLIENT, accepted, limits or Limits())


def frame(text: str, revision: Revision = R5) -> Frame:
    """Read a frame in the notation."""
    return parse_notation(text, revision)


def fault_of(streams: InputStreams, text: str | Frame, revision: Revision = R5) -> tuple[FaultCode, str]:
    """Receive a frame that breaks the protocol, and say how."""
    with pytest.raises(FaultRaised) as caught:
        streams.receive(text if isinstance(text, Frame) else frame(text, revision))
    return caught.value.code, caught.value.message


def begin_encoded(streams: InputStreams, name: bytes, stream_id: int = 1) -> None:
    """Begin a stream with settings that name an encoding."""
    streams.receive(frame(f"1 {stream_id} stream-begin stream-settings eos cbor:{name!r}"))


def every_revision_with_streams() -> pytest.MarkDecorator:
    """Run a test for every revision that has streams."""
    return pytest.mark.parametrize("revision", WITH_STREAMS, ids=lambda revision: revision.key)


# The peer's streams: open and closed.


@every_revision_with_streams()
@pytest.mark.parametrize("stream_id", [0, 2, 254])
def test_server_refuses_streams_with_even_ids(revision: Revision, stream_id: int) -> None:
    """Odd IDs belong to the client (STREAM-001); 0 is even too (sheet r3 §8.1)."""
    fault = fault_of(from_client(revision), Frame(1, stream_id, 1, 1, 1))

    assert fault == (FaultCode.BAD_STREAM_PARITY, f"received frame with even numbered stream ID: {stream_id}")


@every_revision_with_streams()
@pytest.mark.parametrize("stream_id", [1, 3, 255])
def test_client_refuses_streams_with_odd_ids(revision: Revision, stream_id: int) -> None:
    """Even IDs belong to the server (STREAM-001; sheet r4 §9.1)."""
    streams = InputStreams(revision, FROM_SERVER, NAMES, Limits())

    fault = fault_of(streams, Frame(1, stream_id, 1, 3, 2))

    assert fault == (FaultCode.BAD_STREAM_PARITY, f"received frame with odd numbered stream ID: {stream_id}")


@every_revision_with_streams()
@pytest.mark.parametrize("stream_id", [0, 2, 254])
def test_client_takes_streams_with_even_ids(revision: Revision, stream_id: int) -> None:
    """Upstream's tests use stream 0 too (D42)."""
    received = Frame(1, stream_id, 1, 3, 2, b"x")

    assert InputStreams(revision, FROM_SERVER, NAMES, Limits()).receive(received) == received


@every_revision_with_streams()
@pytest.mark.parametrize(
    ("peer", "stream_id", "word"),
    [
        pytest.param(FROM_CLIENT, 1, "unknown inactive stream", id="server"),
        pytest.param(FROM_SERVER, 2, "unknown stream", id="client"),
    ],
)
@pytest.mark.parametrize("flags", [0x00, 0x02, 0x04, 0x06])
def test_frame_on_a_closed_stream_must_begin_it(
    revision: Revision, peer: Peer, stream_id: int, word: str, flags: int
) -> None:
    """STREAM-002 and STREAM-003, in the words of sheets r3 §8.1 and r4 §9.1."""
    streams = InputStreams(revision, peer, NAMES, Limits())

    fault = fault_of(streams, Frame(1, stream_id, flags, 3, 2))

    message = f"received frame on {word} without beginning of stream flag set"
    assert fault == (FaultCode.STREAM_NOT_OPEN, message)


@pytest.mark.parametrize("flags", [0x08, 0x10, 0x20, 0x40, 0x80, 0xF9, 0xFF])
def test_undefined_stream_flags_are_refused(flags: int) -> None:
    """Only three bits are defined (sheet r3, "Header"); Mercurial ignores the others (D10)."""
    fault = fault_of(from_client(), Frame(1, 1, flags, 1, 1))

    assert fault == (FaultCode.BAD_FLAGS, f"received undefined stream flags: {flags}")


def test_stream_is_open_from_its_begin_to_its_end() -> None:
    """STREAM-003 to STREAM-005: frames follow without flags, and after the end it has to begin anew."""
    streams = from_client()

    for flags in (1, 0, 0, 2):
        streams.receive(Frame(1, 1, flags, 1, 1))
    assert fault_of(streams, Frame(1, 1, 0, 1, 1))[0] is FaultCode.STREAM_NOT_OPEN
    streams.receive(Frame(1, 1, 1, 1, 1))
    streams.receive(Frame(1, 1, 0, 1, 1))


def test_stream_that_begins_and_ends_on_one_frame_is_closed() -> None:
    """`begin|end` on one frame opens and closes (sheet r3 §8.1), on an open stream too."""
    streams = from_client()

    streams.receive(Frame(1, 1, 3, 1, 1))
    assert fault_of(streams, Frame(1, 1, 0, 1, 1))[0] is FaultCode.STREAM_NOT_OPEN
    streams.receive(Frame(1, 1, 1, 1, 1))
    streams.receive(Frame(1, 1, 3, 1, 1))
    assert fault_of(streams, Frame(1, 1, 0, 1, 1))[0] is FaultCode.STREAM_NOT_OPEN


def test_begin_on_an_open_stream_is_let_pass_and_keeps_the_encoding() -> None:
    """The text does not call it illegal, and upstream's tests send it; decoder and state are kept (D40)."""
    streams = from_client()
    encoder = ENCODERS[b"zlib"]()
    begin_encoded(streams, b"zlib")

    for flags in (4, 5, 4):
        received = streams.receive(Frame(1, 1, flags, 2, 1, encoder.encode(b"data")))
        assert received.payload == b"data"


def test_streams_are_independent_of_each_other() -> None:
    """All 128 may be open, and the end of one is no other's."""
    streams = from_client()

    for stream_id in range(1, 256, 2):
        streams.receive(Frame(1, stream_id, 1, 1, 1))
    streams.receive(Frame(1, 1, 2, 1, 1))
    for stream_id in range(3, 256, 2):
        streams.receive(Frame(1, stream_id, 0, 1, 1))
    assert fault_of(streams, Frame(1, 1, 0, 1, 1))[0] is FaultCode.STREAM_NOT_OPEN


@given(st.lists(st.tuples(st.sampled_from([1, 3, 5]), st.integers(0, 7)), max_size=20))
@settings(deadline=None)
def test_streams_open_and_close_as_the_rules_say(sent: list[tuple[int, int]]) -> None:
    """A model of three sentences: begin opens, end closes after its frame, nothing else comes on a closed stream."""
    streams = from_client()
    is_open: set[int] = set()
    for stream_id, flags in sent:
        received = Frame(1, stream_id, flags, 1, 1, b"x")
        if stream_id not in is_open and not flags & 1:
            assert fault_of(streams, received)[0] is FaultCode.STREAM_NOT_OPEN
            return
        assert streams.receive(received) == received
        is_open.add(stream_id)
        if flags & 2:
            is_open.remove(stream_id)


def test_frame_without_encoding_is_handed_on_as_it_is() -> None:
    """Most frames cost nothing: the frame that comes out is the one that went in."""
    streams = from_client()
    first, second = Frame(1, 1, 1, 1, 1, b"x"), Frame(1, 1, 0, 2, 2, b"y")

    assert streams.receive(first) is first
    assert streams.receive(second) is second


# Encodings of the peer's streams.


def test_encoded_frame_without_settings_is_raw() -> None:
    """Without settings the stream uses identity (ENC-005), where Mercurial's server fails (D38)."""
    assert from_client().receive(Frame(1, 1, 5, 1, 1, b"raw")).payload == b"raw"


@pytest.mark.parametrize("name", [b"zlib", b"zstd-8mb"], ids=lambda name: name.decode())
def test_encoded_frames_are_decoded_and_raw_ones_are_not(name: bytes) -> None:
    """STREAM-007 and STREAM-010; settings apply to subsequent frames of the stream (ENC-004)."""
    streams = from_client()
    encoder = ENCODERS[name]()
    begin_encoded(streams, name)

    first = streams.receive(Frame(1, 1, 4, 1, 1, encoder.encode(b"first")))
    raw = streams.receive(Frame(1, 1, 0, 2, 1, b"raw"))
    # The context spans frames and requests (STREAM-011).
    other = streams.receive(Frame(3, 1, 4, 1, 1, encoder.encode(b"first")))

    assert [item.payload for item in (first, raw, other)] == [b"first", b"raw", b"first"]
    assert (first.stream_flags, first.request_id, other.request_id) == (4, 1, 3)


def test_closing_frame_is_decoded_and_takes_the_encoding_with_it() -> None:
    """The context is discarded after the payload of the closing frame (STREAM-006)."""
    streams = from_client()
    encoder = ENCODERS[b"zlib"]()
    begin_encoded(streams, b"zlib")

    assert streams.receive(Frame(1, 1, 6, 1, 1, encoder.encode(b"last"))).payload == b"last"
    assert streams.receive(Frame(1, 1, 5, 1, 1, b"raw")).payload == b"raw"


def test_settings_on_a_frame_that_begins_and_ends_are_no_fault() -> None:
    """Begin and end on one frame are not forbidden, where Mercurial fails with a missing key (D53)."""
    streams = from_client()

    streams.receive(frame("1 1 stream-begin|stream-end stream-settings eos cbor:b'zlib'"))
    assert streams.receive(Frame(1, 1, 5, 1, 1, b"raw")).payload == b"raw"


def test_settings_on_a_later_begin_replace_the_encoding() -> None:
    """They are on a frame with the begin flag (ENC-001), and apply from then on (ENC-004)."""
    streams = from_client()
    begin_encoded(streams, b"zlib")

    begin_encoded(streams, b"identity")

    assert streams.receive(Frame(1, 1, 4, 1, 1, b"raw")).payload == b"raw"


@pytest.mark.parametrize("flags", ["0", "encoded"])
def test_settings_without_the_begin_flag_are_refused(flags: str) -> None:
    """Settings must only be on frames that begin the stream (ENC-001), where Mercurial takes them anywhere (D50)."""
    streams = from_client()
    streams.receive(Frame(1, 1, 1, 1, 1))

    code, message = fault_of(streams, f"1 1 {flags} stream-settings eos cbor:b'zlib'")

    assert code is FaultCode.UNEXPECTED_FRAME
    assert message == "received stream settings on a frame without beginning of stream flag set"


@given(st.sampled_from(NAMES), st.data())
@settings(deadline=None)
def test_settings_may_be_split_over_frames(name: bytes, data: st.DataObject) -> None:
    """ENC-006: only the first of them can carry the begin flag that ENC-001 asks for."""
    streams = from_client()
    *parts, last = data.draw(cuts(encode_value(name, R5.cbor)))
    begin = itertools.chain([1], itertools.repeat(0))

    for part in parts:
        streams.receive(Frame(1, 1, next(begin), 9, 1, part))
    streams.receive(Frame(1, 1, next(begin), 9, 2, last))
    encoded = ENCODERS[name]().encode(b"data") if name in ENCODERS else b"data"

    assert streams.receive(Frame(1, 1, 4, 1, 1, encoded)).payload == b"data"


def test_settings_that_are_interrupted_are_refused() -> None:
    """Another settings frame follows immediately (ENC-006), where Mercurial takes others in between (D51)."""
    streams = from_client()
    streams.receive(frame("1 1 stream-begin stream-settings continuation D"))
    # Another stream is none of its business.
    streams.receive(Frame(1, 3, 1, 1, 1))

    fault = fault_of(streams, "1 1 0 command-request new x")

    assert fault == (FaultCode.UNEXPECTED_FRAME, "expected stream settings frame; got 1")


def test_settings_that_were_never_completed_go_with_their_stream() -> None:
    """Closing a stream discards its context, where Mercurial goes on when it is opened again (D52)."""
    streams = from_client()

    streams.receive(frame("1 1 stream-begin|stream-end stream-settings continuation D"))
    code, _ = fault_of(streams, "1 1 stream-begin stream-settings eos zlib")

    assert code is FaultCode.BAD_CBOR


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (0x0, "stream encoding settings frame must have continuation or end of stream flag set"),
        (0x3, "stream encoding settings frame cannot have both continuation and end of stream flags set"),
        (0x4, "stream encoding settings frame must have continuation or end of stream flag set"),
        (0x5, "received illegal flags on stream-settings frame: 5"),
        (0x7, "stream encoding settings frame cannot have both continuation and end of stream flags set"),
        (0xA, "received illegal flags on stream-settings frame: 10"),
    ],
)
def test_settings_with_wrong_flags_are_refused(flags: int, message: str) -> None:
    """Exactly one of the two (ENC-006, ENC-007), in the words of sheet r5 §8.2."""
    fault = fault_of(from_client(), Frame(1, 1, 1, 9, flags, b"Hidentity"))

    assert fault == (FaultCode.BAD_FLAGS, message)


@pytest.mark.parametrize("revision", WITH_BINARY_SETTINGS, ids=lambda revision: revision.key)
def test_settings_with_flags_where_there_are_none_are_refused(revision: Revision) -> None:
    """Type 8 had no flags before r5 (sheet r3, "Frame types and flags")."""
    fault = fault_of(from_client(revision), Frame(1, 1, 1, 8, 2, b"\x08identity"), revision)

    assert fault == (FaultCode.BAD_FLAGS, "received illegal flags on stream-settings frame: 2")


EMPTY: Final = "stream encoding settings frame did not contain CBOR data"


@pytest.mark.parametrize(
    ("payload", "code", "message"),
    [
        pytest.param("", FaultCode.BAD_CBOR, EMPTY, id="no octets"),
        pytest.param("hex:4869", FaultCode.BAD_CBOR, EMPTY, id="no complete value"),
        pytest.param(r"Hidentity\xa1", FaultCode.BAD_CBOR, EMPTY, id="a complete value and half of one"),
        pytest.param(
            r"\xff",
            FaultCode.BAD_CBOR,
            "error decoding CBOR from stream encoding settings frame: ",
            id="garbage",
        ),
        pytest.param(
            r"Hidentity\xff",
            FaultCode.BAD_CBOR,
            "error decoding CBOR from stream encoding settings frame: ",
            id="a value and garbage",
        ),
        pytest.param(
            "hex:686964656e74697479",
            FaultCode.BAD_CBOR,
            "error decoding CBOR from stream encoding settings frame: str not allowed",
            id="text",
        ),
        pytest.param(
            "cbor:5", FaultCode.BAD_PAYLOAD, "stream encoding profile is not a bytestring", id="number"
        ),
        pytest.param(
            "cbor:[b'zlib']", FaultCode.BAD_PAYLOAD, "stream encoding profile is not a bytestring", id="array"
        ),
        pytest.param(
            "cbor:b'lzma'",
            FaultCode.UNSUPPORTED_ENCODING,
            "error setting stream decoder: unknown stream decoder: lzma",
            id="unknown name",
        ),
        pytest.param(
            "cbor:b''",
            FaultCode.UNSUPPORTED_ENCODING,
            "error setting stream decoder: unknown stream decoder: ",
            id="empty name",
        ),
        pytest.param(
            r"cbor:b'\xff'",
            FaultCode.UNSUPPORTED_ENCODING,
            "error setting stream decoder: unknown stream decoder: ÿ",
            id="name that is no text",
        ),
        pytest.param(
            r"Hidentity\x00",
            FaultCode.BAD_PAYLOAD,
            "error setting stream decoder: identity decoder received unexpected additional values",
            id="identity and a value",
        ),
        pytest.param(
            r"Dzlib\x00",
            FaultCode.BAD_PAYLOAD,
            "error setting stream decoder: zlib decoder received unexpected additional values",
            id="zlib and a value",
        ),
        pytest.param(
            r"Hzstd-8mb\x00\x00",
            FaultCode.BAD_PAYLOAD,
            "error setting stream decoder: zstd8mb decoder received unexpected additional values",
            id="zstd-8mb and two values",
        ),
    ],
)
def test_settings_that_say_nothing_known_are_refused(payload: str, code: FaultCode, message: str) -> None:
    """ENC-003, in the words of sheet r5 §8.2 and "Content encoding profiles"."""
    found, text = fault_of(from_client(), f"1 1 stream-begin stream-settings eos {payload}")

    assert found is code
    assert text.startswith(message)
    assert text == message or message.endswith(": ")


def test_settings_may_name_the_profile_in_indefinite_length() -> None:
    """Such bytestrings are allowed at the top level (CBOR-004)."""
    streams = from_client()

    streams.receive(Frame(1, 1, 1, 9, 2, bytes.fromhex("5f427a6c426962ff")))

    assert streams.receive(Frame(1, 1, 4, 1, 1, ENCODERS[b"zlib"]().encode(b"x"))).payload == b"x"


@pytest.mark.parametrize("name", [b"zlib", b"zstd-8mb"], ids=lambda name: name.decode())
def test_encoding_that_was_not_offered_is_refused(name: bytes) -> None:
    """A peer may use what the receiver listed and nothing else (SET-004), where Mercurial takes all it knows (D54)."""
    streams = from_client(accepted=(b"identity",))

    fault = fault_of(streams, f"1 1 stream-begin stream-settings eos cbor:{name!r}")

    assert fault == (FaultCode.UNSUPPORTED_ENCODING, f"stream encoding was not offered: {name.decode()}")


@pytest.mark.parametrize("revision", WITH_BINARY_SETTINGS, ids=lambda revision: revision.key)
@pytest.mark.parametrize(
    ("payload", "code", "message"),
    [
        ("", FaultCode.BAD_PAYLOAD, "malformed stream settings frame: partial profile name"),
        (r"\x09identity", FaultCode.BAD_PAYLOAD, "malformed stream settings frame: partial profile name"),
        (
            r"\x01\xff",
            FaultCode.UNSUPPORTED_ENCODING,
            "error setting stream decoder: unknown stream decoder: \xff",
        ),
        (
            r"\x04zlib",
            FaultCode.UNSUPPORTED_ENCODING,
            "error setting stream decoder: unknown stream decoder: zlib",
        ),
        (r"\0", FaultCode.UNSUPPORTED_ENCODING, "error setting stream decoder: unknown stream decoder: "),
        (
            r"\x08identity\0",
            FaultCode.BAD_PAYLOAD,
            "error setting stream decoder: identity decoder received unexpected additional values",
        ),
    ],
)
def test_binary_settings_that_say_nothing_known_are_refused(
    revision: Revision, payload: str, code: FaultCode, message: str
) -> None:
    """A length, an ASCII name and the profile's octets (ENC-002); no profile but doing nothing is defined."""
    fault = fault_of(from_client(revision), f"1 1 stream-begin stream-settings 0 {payload}", revision)

    assert fault == (code, message)


@pytest.mark.parametrize("revision", WITH_BINARY_SETTINGS, ids=lambda revision: revision.key)
def test_binary_settings_may_name_identity(revision: Revision) -> None:
    """Doing nothing is taken for granted; its encoded frames are raw."""
    streams = from_client(revision)

    streams.receive(frame(r"1 1 stream-begin stream-settings 0 \x08identity", revision))

    assert streams.receive(Frame(1, 1, 4, 1, 1, b"raw")).payload == b"raw"


def test_payload_that_cannot_be_decoded_is_a_fault() -> None:
    """A bad payload is a protocol error (D55)."""
    streams = from_client()
    begin_encoded(streams, b"zlib")

    code, message = fault_of(streams, "1 1 encoded command-request new garbage")

    assert code is FaultCode.BAD_ENCODING
    assert message.startswith("error decoding frame payload: ")


# Limits.


@pytest.mark.parametrize("name", [b"zlib", b"zstd-8mb"], ids=lambda name: name.decode())
def test_decoded_payload_at_the_limit_is_taken_and_beyond_it_refused(name: bytes) -> None:
    """`max_decoded` counts the octets of one payload after decoding (D56)."""
    streams = from_client(limits=Limits(max_decoded=1000))
    encoder = ENCODERS[name]()
    begin_encoded(streams, name)

    assert len(streams.receive(Frame(1, 1, 4, 1, 1, encoder.encode(bytes(1000)))).payload) == 1000
    fault = fault_of(streams, Frame(1, 1, 4, 1, 1, encoder.encode(bytes(1001))))

    assert fault == (FaultCode.LIMIT_EXCEEDED, "encoded payload exceeds the limit of 1000 octets")


@pytest.mark.parametrize("parts", [1, 3])
def test_settings_at_the_limit_are_taken_and_beyond_it_refused(parts: int) -> None:
    """`max_settings_octets` counts all frames of the settings, before they are complete."""
    limits = Limits(max_settings_octets=parts * 3)
    streams = from_client(limits=limits)

    for number in range(parts):
        streams.receive(Frame(1, 1, int(number == 0), 9, 1, b"abc"))
    fault = fault_of(streams, Frame(1, 1, 0, 9, 1, b"d"))

    message = f"stream settings exceed the limit of {parts * 3} octets"
    assert fault == (FaultCode.LIMIT_EXCEEDED, message)
    begin_encoded(from_client(limits=Limits(max_settings_octets=5)), b"zlib")
    assert (
        fault_of(
            from_client(limits=Limits(max_settings_octets=4)),
            "1 1 stream-begin stream-settings eos cbor:b'zlib'",
        )[0]
        is FaultCode.LIMIT_EXCEEDED
    )


def test_settings_are_no_deeper_than_the_limit() -> None:
    """`max_cbor_depth` holds for values that are refused anyway, too."""
    streams = [from_client(limits=Limits(max_cbor_depth=depth)) for depth in (2, 1)]

    codes = [fault_of(item, r"1 1 stream-begin stream-settings eos Dzlib\x81\x81\x00")[0] for item in streams]

    assert codes == [FaultCode.BAD_PAYLOAD, FaultCode.BAD_CBOR]


def test_encoded_streams_at_the_limit_are_open_and_one_more_is_refused() -> None:
    """`max_encoded_streams` counts open streams that keep a state; those of identity keep none."""
    streams = from_client(limits=Limits(max_encoded_streams=2))
    begin_encoded(streams, b"zlib", 1)
    begin_encoded(streams, b"zstd-8mb", 3)
    begin_encoded(streams, b"zlib", 1)
    for stream_id in range(5, 256, 2):
        begin_encoded(streams, b"identity", stream_id)

    streams.receive(Frame(1, 3, 2, 1, 1))
    begin_encoded(streams, b"zlib", 5)
    fault = fault_of(streams, "1 7 stream-begin stream-settings eos cbor:b'zlib'")

    assert fault == (FaultCode.LIMIT_EXCEEDED, "more than 2 encoded streams are open")


def test_no_encoded_stream_at_all_may_be_allowed() -> None:
    """A limit of nothing is a limit too."""
    streams = from_client(limits=Limits(max_encoded_streams=0))

    begin_encoded(streams, b"identity")
    assert (
        fault_of(streams, "1 3 stream-begin stream-settings eos cbor:b'zlib'")[0] is FaultCode.LIMIT_EXCEEDED
    )


# Our own streams.


def output(encoding: str = "identity", revision: Revision = R5, stream_id: int = 2) -> OutputStream:
    """Make a stream of our own."""
    return OutputStream(stream_id, revision, encoding)


def test_output_stream_flags_its_first_and_its_last_frame() -> None:
    """STREAM-004 and STREAM-005; where a stream has ended, the next frame begins it anew."""
    stream = output()
    sent = [Frame(1, 0, 0, 3, 1, b"a"), Frame(1, 0, 0, 3, 2, b"b")]

    first, second = stream.frames(sent)
    last = stream.end(second)
    [again] = stream.frames(sent[:1])

    assert first == Frame(1, 2, 1, 3, 1, b"a")
    assert second == Frame(1, 2, 0, 3, 2, b"b")
    assert last == Frame(1, 2, 2, 3, 2, b"b")
    assert again == Frame(1, 2, 1, 3, 1, b"a")
    assert stream.stream_id == 2


def test_output_stream_whose_only_frame_is_its_last_begins_and_ends_on_it() -> None:
    """Both flags may be on one frame."""
    stream = output()
    [only] = stream.frames([Frame(1, 0, 0, 3, 2, b"a")])

    assert stream.end(only).stream_flags == 3


@pytest.mark.parametrize("key", ["0001", "0002"])
def test_output_stream_of_a_revision_without_streams_changes_nothing(key: str) -> None:
    """Their headers have no place for it."""
    stream = output(revision=REVISIONS[key])
    sent = Frame(1, 0, 0, 4, 2, b"a")

    assert list(stream.frames([sent])) == [sent]
    assert stream.end(sent) == sent
    assert stream.stream_id == 0


def test_output_stream_of_identity_sends_no_settings() -> None:
    """Their absence means identity (ENC-005), which is the encoding where none is named."""
    for stream in (output("identity"), OutputStream(2, R5)):
        assert list(stream.frames([Frame(1, 0, 0, 3, 2, b"x")])) == [Frame(1, 2, 1, 3, 2, b"x")]


@pytest.mark.parametrize("encoding", ["zlib", "zstd-8mb"])
def test_output_stream_announces_its_encoding_before_anything_else(encoding: str) -> None:
    """Settings are on the frame that begins the stream (ENC-001): `begin`, `eos`, the name (sheet r5 §7.5)."""
    stream = output(encoding)
    announcement = Frame(1, 2, 1, 9, 2, encode_value(encoding.encode(), R5.cbor))

    first, second, third = stream.frames([Frame(1, 0, 0, 3, 1, b"a"), Frame(1, 0, 0, 3, 2, b"b")])
    stream.end(third)
    again, _ = stream.frames([Frame(1, 0, 0, 3, 2, b"a")])

    assert first == again == announcement
    encoder = ENCODERS[encoding.encode()]()
    assert second == Frame(1, 2, 4, 3, 1, encoder.encode(b"a"))
    assert third == Frame(1, 2, 4, 3, 2, encoder.encode(b"b"))


@pytest.mark.parametrize(
    ("frame_type", "is_encoded"),
    [
        (FrameType.COMMAND_REQUEST, True),
        (FrameType.COMMAND_DATA, True),
        (FrameType.RESPONSE, True),
        (FrameType.ERROR_RESPONSE, False),
        (FrameType.TEXT_OUTPUT, False),
        (FrameType.PROGRESS, False),
    ],
)
def test_output_stream_encodes_requests_and_responses_alone(
    frame_type: FrameType, *, is_encoded: bool
) -> None:
    """Encoded and raw frames may be mixed (STREAM-010); a short message for people gains nothing."""
    type_id = R5.type_ids[frame_type]
    _, sent = output("zlib").frames([Frame(1, 0, 0, type_id, 0, b"payload")])

    assert (sent.stream_flags == 4) is is_encoded
    assert (sent.payload == b"payload") is not is_encoded


@pytest.mark.parametrize("encoding", ["identity", "zlib", "zstd-8mb"])
@pytest.mark.parametrize("length", [32768, 65022, 65023, 65024, 65535])
def test_output_stream_makes_no_payload_longer_than_the_text_allows(encoding: str, length: int) -> None:
    """The length is measured after encoding (FRAME-004): what encoding could make longer than 65535 stays raw."""
    payload = hashlib.shake_128(b"incompressible").digest(length)
    sent = list(output(encoding).frames([Frame(1, 0, 0, 3, 1, payload)] * 2))
    streams = InputStreams(R5, FROM_SERVER, NAMES, Limits())

    received = [streams.receive(item) for item in sent]

    assert max(len(item.payload) for item in sent) <= 65535
    assert [item.payload for item in received if item.type_id == 3] == [payload] * 2


def test_output_stream_encodes_a_frame_when_it_is_asked_for() -> None:
    """A response of any length is made in bounded memory: nothing is drawn ahead."""
    drawn: list[int] = []

    def source() -> Iterator[Frame]:
        for number in range(3):
            drawn.append(number)
            yield Frame(1, 0, 0, 3, 1, b"x")

    placed = output().frames(source())

    assert drawn == []
    next(placed)
    assert drawn == [0]


@pytest.mark.parametrize("encoding", ["identity", "zlib"])
def test_frame_alone_comes_before_the_settings_of_its_stream(encoding: str) -> None:
    """Sender settings precede everything (SET-005), and settings of the stream are on its first frame (ENC-001)."""
    stream = output(encoding, stream_id=1)
    own = Frame(1, 0, 0, 8, 2, b"\xa0")

    [placed] = stream.alone(own)
    following = list(stream.frames([Frame(1, 0, 0, 1, 1, b"x")]))

    is_raw = encoding == "identity"
    assert placed == Frame(1, 1, 1 if is_raw else 3, 8, 2, b"\xa0")
    assert [(item.type_id, item.stream_flags) for item in following] == (
        [(1, 0)] if is_raw else [(9, 1), (1, 4)]
    )


@given(
    st.sampled_from(R5.encodings),
    st.lists(
        st.tuples(
            st.sampled_from([1, 3]), st.sampled_from([3, 5, 6, 7]), st.binary(max_size=100), st.booleans()
        ),
        max_size=8,
    ),
)
@settings(deadline=None)
def test_what_an_output_stream_sends_its_receiver_understands(
    encoding: str, sent: list[tuple[int, int, bytes, bool]]
) -> None:
    """Both sides of a stream agree, over requests, types, and streams that end and begin anew."""
    stream = output(encoding)
    streams = InputStreams(R5, FROM_SERVER, [encoding.encode()], Limits())
    for request_id, type_id, payload, is_last in sent:
        plain = Frame(request_id, 0, 0, type_id, 0, payload)
        *announced, placed = stream.frames([plain])
        for item in announced:
            assert streams.receive(item).type_id == 9
        received = streams.receive(stream.end(placed) if is_last else placed)
        assert replace(received, stream_id=0, stream_flags=0) == plain
