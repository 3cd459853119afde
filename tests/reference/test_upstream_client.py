"""What upstream's own tests of the client reactor assert, in our words: test-wireproto-clientreactor at r4 and r5.

Every test is named after the upstream case. The two `0005` stand for r4 and `0006` for r5.
"""

from __future__ import annotations

import zlib

import pytest
import zstandard

from hgframing import (
    REVISIONS,
    Atom,
    ClientReactor,
    ClientRequestState,
    Error,
    FaultCode,
    Frame,
    LocalProtocolError,
    Noop,
    ResponseData,
    SendFrames,
    TextOutput,
    parse_notation,
)
from tests.transcripts import transcript


REVISION_KEYS = ("0005-draft", "0005", "0006")

R = ClientRequestState


def waiting(key: str, *encodings: str) -> ClientReactor:
    """Make a client that waits for the answer to request 1, and one more if it is asked."""
    client = ClientReactor(
        REVISIONS[key], buffer_sends=False, multiple_sends=True, content_encodings=encodings or None
    )
    client.call(b"foo")
    return client


def state(client: ClientReactor) -> ClientRequestState:
    """Say where request 1 stands, now."""
    return client.request_state(1)


# SingleSendTests, NoBufferTests


@pytest.mark.parametrize("key", REVISION_KEYS)
def test_upstream_singlesend_testbasic(key: str) -> None:
    """Collected, flushed, sent; then no more."""
    client = ClientReactor(REVISIONS[key])

    assert client.call(b"foo").actions == (Noop(),)
    assert state(client) is R.PENDING
    [action] = client.flush()
    assert isinstance(action, SendFrames)
    assert state(client) is R.SENDING
    client.sent(1)
    assert state(client) is R.SENT
    with pytest.raises(LocalProtocolError, match="cannot issue new commands"):
        client.call(b"foo")


@pytest.mark.parametrize("key", REVISION_KEYS)
def test_upstream_nobuffer_testbasic(key: str) -> None:
    """Two requests, each with its frame at once, and nothing to flush."""
    client = ClientReactor(REVISIONS[key], buffer_sends=False, multiple_sends=True)

    calls = [client.call(b"command1"), client.call(b"command2")]

    assert [call.request_id for call in calls] == [1, 3]
    for call, flags in zip(calls, (1, 0), strict=True):
        [action] = call.actions
        assert isinstance(action, SendFrames)
        assert [frame.stream_flags for frame in action.frames] == [flags]
    assert client.flush() == (Noop(),)


# BadFrameRecvTests


@pytest.mark.parametrize("key", REVISION_KEYS)
def test_upstream_testoddstream(key: str) -> None:
    """A stream of the client's own."""
    transcript(waiting(key)).receive("1 1 stream-begin command-response 0 foo").faults(
        FaultCode.BAD_STREAM_PARITY, "received frame with odd numbered stream ID: 1"
    )


@pytest.mark.parametrize("key", REVISION_KEYS)
def test_upstream_testunknownstream(key: str) -> None:
    """A stream that never began."""
    transcript(waiting(key)).receive("1 0 0 command-response 0 foo").faults(
        FaultCode.STREAM_NOT_OPEN, "received frame on unknown stream without beginning of stream flag set"
    )


@pytest.mark.parametrize("key", REVISION_KEYS)
def test_upstream_testunhandledframetype(key: str) -> None:
    """Upstream raises for text output, which documents a gap (D75); a client must be prepared for it (RSP-010)."""
    transcript(waiting(key)).receive("1 0 stream-begin text-output 0 cbor:[{b'msg': b'hi'}]").expects(
        TextOutput(1, (Atom(b"hi"),))
    )


# StreamTests


@pytest.mark.parametrize("key", REVISION_KEYS)
def test_upstream_testmultipleresponseframes(key: str) -> None:
    """Two frames on stream 0, the first without flags, the second the end."""
    transcript(waiting(key)).receive(
        "1 0 stream-begin command-response 0 foo", "1 0 0 command-response eos bar"
    ).expects(ResponseData(1, b"foo", eos=False), ResponseData(1, b"bar", eos=True))


# RedirectTests


def test_upstream_testredirect() -> None:
    """The argument appears in the request."""
    client = ClientReactor(REVISIONS["0006"], buffer_sends=False)

    [action] = client.call(b"yo", redirect={b"targets": [b"a", b"b"], b"hashes": [b"sha256"]}).actions

    assert action == SendFrames(
        (
            parse_notation(
                "1 1 stream-begin|stream-end command-request new cbor:{b'name': b'yo', "
                "b'redirect': {b'targets': [b'a', b'b'], b'hashes': [b'sha256']}}",
                REVISIONS["0006"],
            ),
        )
    )


# StreamSettingsTests


SETTINGS = "1 2 stream-begin stream-settings"


@pytest.mark.parametrize(
    ("flags", "payload", "code", "message"),
    [
        (
            "0",
            "",
            FaultCode.BAD_FLAGS,
            "stream encoding settings frame must have continuation or end of stream flag set",
        ),
        (
            "continuation|eos",
            "",
            FaultCode.BAD_FLAGS,
            "stream encoding settings frame cannot have both continuation and end of stream flags set",
        ),
        ("eos", "", FaultCode.BAD_CBOR, "stream encoding settings frame did not contain CBOR data"),
        (
            "eos",
            r"\x48identity\x43foo",
            FaultCode.BAD_PAYLOAD,
            "error setting stream decoder: identity decoder received unexpected additional values",
        ),
        (
            "eos",
            "cbor:b'badvalue'",
            FaultCode.UNSUPPORTED_ENCODING,
            "error setting stream decoder: unknown stream decoder: badvalue",
        ),
    ],
    ids=["testnoflags", "testconflictflags", "testemptypayload", "testmultipleobjects", "testinvalidencoder"],
)
def test_upstream_settings_that_are_none(flags: str, payload: str, code: FaultCode, message: str) -> None:
    """The flags, and the name of one encoding."""
    transcript(waiting("0006")).receive(f"{SETTINGS} {flags} {payload}").faults(code, message)


def test_upstream_testbadcbor() -> None:
    """What is no CBOR is an error; the words after the colon are the decoder's."""
    [error] = waiting("0006").receive(parse_notation(rf"{SETTINGS} eos \xff", REVISIONS["0006"]))

    assert isinstance(error, Error)
    assert error.fault.message.startswith("error decoding CBOR from stream encoding settings frame: ")


def test_upstream_testsingleobject() -> None:
    """Identity is nothing to do."""
    transcript(waiting("0006")).receive(f"{SETTINGS} eos cbor:b'identity'").expects(Noop())


def test_upstream_testmultipleframes() -> None:
    """A name over two frames is one."""
    transcript(waiting("0006")).receive(
        rf"{SETTINGS} continuation \x48iden", "1 2 0 stream-settings eos tity"
    ).expects(Noop(), Noop())


def encoded(name: str, *pieces: bytes) -> list[bytes]:
    """Encode pieces with one context, flushed after each, as the encoding's own library does it."""
    if name == "zlib":
        compressor = zlib.compressobj()
        return [compressor.compress(piece) + compressor.flush(zlib.Z_SYNC_FLUSH) for piece in pieces]
    state = zstandard.ZstdCompressor().compressobj()
    flush = zstandard.COMPRESSOBJ_FLUSH_BLOCK
    return [state.compress(piece) + state.flush(flush) for piece in pieces]


@pytest.mark.parametrize("name", ["zlib", "zstd-8mb"])
def test_upstream_testzlibencoding_and_testzstd8mbencoding(name: str) -> None:
    """An encoded response comes out decoded."""
    [octets] = encoded(name, b"response" * 100)

    transcript(waiting("0006", name)).receive(
        f"{SETTINGS} eos cbor:b'{name}'", Frame(1, 2, 4, 3, 2, octets)
    ).expects(Noop(), ResponseData(1, b"response" * 100, eos=True))


@pytest.mark.parametrize("name", ["zlib", "zstd-8mb"])
def test_upstream_testzlibencodingsinglebyteframes_and_testzstd8mbencodingsinglebyteframes(name: str) -> None:
    """Octet by octet, with the end of the stream on the last."""
    [octets] = encoded(name, b"response" * 100)
    client = waiting("0006", name)
    client.receive(parse_notation(f"{SETTINGS} eos cbor:b'{name}'", REVISIONS["0006"]))

    actions = [
        client.receive(
            Frame(
                1,
                2,
                6 if position == len(octets) - 1 else 4,
                3,
                2 if position == len(octets) - 1 else 1,
                octets[position : position + 1],
            )
        )
        for position in range(len(octets))
    ]

    pieces = [action for [action] in actions if isinstance(action, ResponseData)]
    assert b"".join(piece.data for piece in pieces) == b"response" * 100
    assert [piece.eos for piece in pieces] == [False] * (len(octets) - 1) + [True]


@pytest.mark.parametrize("name", ["zlib", "zstd-8mb"])
def test_upstream_testzlibmultipleresponses_and_testzstd8mbmultipleresponses(name: str) -> None:
    """One context over two requests: a flush separates their responses."""
    client = waiting("0006", name)
    client.call(b"foo")
    first, second = encoded(name, b"response" * 100, b"response" * 100)

    transcript(client).receive(
        f"{SETTINGS} eos cbor:b'{name}'", Frame(1, 2, 4, 3, 2, first), Frame(3, 2, 4, 3, 2, second)
    ).expects(
        Noop(),
        ResponseData(1, b"response" * 100, eos=True),
        ResponseData(3, b"response" * 100, eos=True),
    )
    assert len(second) < len(first)
