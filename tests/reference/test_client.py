"""Tests of the client reactor: calls in, frames out; frames in, responses out."""

from __future__ import annotations

import tracemalloc

from collections.abc import Callable
from typing import Any

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from hgframing import (
    REVISIONS,
    Atom,
    ClientAction,
    ClientReactor,
    ClientRequestState,
    ConnectionState,
    Error,
    ErrorResponse,
    Fault,
    FaultCode,
    Feature,
    Frame,
    FrameInput,
    FrameType,
    Limits,
    LocalInput,
    LocalProtocolError,
    Noop,
    Progress,
    ResponseData,
    Revision,
    SendFrames,
    TextOutput,
    encode_value,
    parse_notation,
)
from tests.reference.conversations import peer_items
from tests.transcripts import transcript


C = ConnectionState
F = FrameInput
R = ClientRequestState

BY_NAME = ("0001", "0002", "0002-streams")
BY_CBOR = ("0005-draft", "0005", "0006")
WITH_IDS = ("0002", "0002-streams", *BY_CBOR)
WITH_STREAMS = ("0002-streams", *BY_CBOR)


def client(key: str, **wishes: Any) -> ClientReactor:
    """Make a client whose transport works in both directions, unless it is told otherwise."""
    return ClientReactor(REVISIONS[key], **{"buffer_sends": False, "multiple_sends": True, **wishes})


def waiting(key: str, **wishes: Any) -> ClientReactor:
    """Make a client that waits for the answer to request 1."""
    reactor = client(key, **wishes)
    request_id = reactor.call(b"c").request_id
    reactor.sent(request_id)
    return reactor


def frame(key: str, notation: str, *, begin: bool = True) -> Frame:
    """Write `<request> <type> <flags> <payload>` on stream 2, without what the revision does not have."""
    revision = REVISIONS[key]
    request_id, rest = notation.split(" ", 1)
    if key in BY_NAME:
        rest = rest.replace("command-response", "bytes-response")
    if revision.header.has_stream:
        rest = f"{request_id} 2 {int(begin)} {rest}"
    elif revision.header.has_request:
        rest = f"{request_id} {rest}"
    return parse_notation(rest, revision)


def id_of(key: str) -> int:
    """Say what request 1 is called."""
    return 1 if REVISIONS[key].header.has_request else 0


def sent(actions: tuple[ClientAction, ...]) -> tuple[Frame, ...]:
    """Take the frames out of an answer that is nothing else."""
    [action] = actions
    assert isinstance(action, SendFrames)
    return action.frames


def refused(message: str) -> Any:
    """Demand that the caller is told so."""
    return pytest.raises(LocalProtocolError, match=f"^{message}$")


# Calls: sheet r4, 9.


@pytest.mark.parametrize(
    ("key", "octets"),
    [
        ("0001", "0c000011 6361706162696c6974696573"),
        ("0002", "0c0000010011 6361706162696c6974696573"),
        ("0002-streams", "0c0000010001 0111 6361706162696c6974696573"),
    ],
)
def test_call_gives_the_worked_octets(key: str, octets: str) -> None:
    """Sheets r1 to r3, "Header": `command-name eos`, on stream 1 that begins."""
    [one] = sent(client(key).call(b"capabilities").actions)

    assert REVISIONS[key].header.encode(one) == bytes.fromhex(octets)


@pytest.mark.parametrize("key", BY_CBOR)
def test_call_by_cbor_gives_the_worked_octets(key: str) -> None:
    """Sheet r4, "Payloads": `{name: a}` on ID 1, stream 1, first frame."""
    [one] = sent(client(key).call(b"a").actions)

    assert REVISIONS[key].header.encode(one) == bytes.fromhex("0800000100010111 a1446e616d654161")


@pytest.mark.parametrize("key", WITH_IDS)
def test_call_takes_odd_ids_in_turn(key: str) -> None:
    """From 1, two further each time (RID-001, RID-002); the stream begins once (STREAM-004)."""
    reactor = client(key)

    calls = [reactor.call(b"c", {b"a": b"1"}, b"data") for _ in range(3)]

    assert [call.request_id for call in calls] == [1, 3, 5]
    frames = [one for call in calls for one in sent(call.actions)]
    assert {one.request_id for one in frames} == {1, 3, 5}
    assert [one.stream_flags for one in frames] == [int(key in WITH_STREAMS)] + [0] * (len(frames) - 1)
    assert {one.stream_id for one in frames} == {int(key in WITH_STREAMS)}


@pytest.mark.parametrize("key", ["0002", "0006"])
def test_call_after_the_last_id_wraps_around_and_passes_over_those_in_use(key: str) -> None:
    """65535, then 1 again unless it still waits (RID-002, RID-005; D25)."""
    reactor = client(key)
    ids = []
    for _ in range(32768):
        request_id = reactor.call(b"c").request_id
        ids.append(request_id)
        if request_id not in (1, 5):
            reactor.receive(frame(key, f"{request_id} command-response eos", begin=request_id == 3))

    assert ids == list(range(1, 65536, 2))
    assert [reactor.call(b"c").request_id for _ in range(2)] == [3, 7]


@pytest.mark.parametrize("key", ["0002", "0006"])
def test_call_beyond_every_id_is_refused(key: str) -> None:
    """32768 requests may wait at once, and an answer makes room for the next."""
    reactor = client(key, buffer_sends=True)
    for _ in range(32768):
        reactor.call(b"c")

    with refused(f"every request ID is in use: revision {key} has 32768"):
        reactor.call(b"c")
    reactor.flush()
    reactor.receive(frame(key, "777 command-response eos"))
    assert reactor.call(b"c").request_id == 777


def test_call_without_ids_waits_for_the_answer_to_the_last() -> None:
    """Nothing tells two answers apart (sheet r1)."""
    reactor = waiting("0001")

    with refused("every request ID is in use: revision 0001 has 1"):
        reactor.call(b"c")
    reactor.receive(frame("0001", "0 command-response eos"))
    assert reactor.call(b"c").request_id == 0


@pytest.mark.parametrize("key", REVISIONS)
def test_call_that_cannot_be_said_is_refused_and_leaves_nothing(key: str) -> None:
    """Also where requests are collected: the others can still be sent."""
    for buffer_sends in (False, True):
        reactor = client(key, buffer_sends=buffer_sends)

        with pytest.raises(LocalProtocolError):
            reactor.call(b"c", {b"a": object()})

        with refused(f"request {id_of(key)} was never called"):
            reactor.request_state(id_of(key))
        call = reactor.call(b"d")
        assert call.request_id == id_of(key)
        frames = sent(reactor.flush() if buffer_sends else call.actions)
        assert [one.stream_flags for one in frames] == [int(key in WITH_STREAMS)]


@pytest.mark.parametrize("key", REVISIONS)
def test_calls_are_collected_until_flushed(key: str) -> None:
    """In the order in which they were made (sheet r4, 9)."""
    reactor = client(key, buffer_sends=True)
    count = 1 if key == "0001" else 2

    for _ in range(count):
        assert reactor.call(b"c").actions == (Noop(),)
    ids = [one.request_id for one in sent(reactor.flush())]

    assert ids == ([0] if key == "0001" else [1, 3])
    assert reactor.flush() == (Noop(),)


@pytest.mark.parametrize("buffer_sends", [False, True])
@pytest.mark.parametrize("key", REVISIONS)
def test_transport_that_sends_once_ends_its_stream(key: str, *, buffer_sends: bool) -> None:
    """What is sent first is all there is (STREAM-005; D37), and more is the caller's mistake (sheet r4, 9)."""
    reactor = ClientReactor(REVISIONS[key], buffer_sends=buffer_sends)

    call = reactor.call(b"c", data=b"d")
    frames = sent(reactor.flush() if buffer_sends else call.actions)

    assert [one.stream_flags for one in frames] == ([1, 2] if key in WITH_STREAMS else [0, 0])
    with refused("cannot issue new commands"):
        reactor.call(b"c")
    assert reactor.flush() == (Noop(),)


def test_flush_after_a_fault_is_refused_where_something_waits() -> None:
    """Those requests never leave, and their caller is told in Mercurial's words (sheet r4, 9)."""
    reactor = client("0006", buffer_sends=True)
    reactor.call(b"c")

    reactor.receive(frame("0006", "7 command-response eos"))

    with refused("sends cannot be performed on this instance"):
        reactor.flush()
    with refused("cannot issue new commands"):
        reactor.call(b"c")
    assert reactor.request_state(1) is R.PENDING


def test_flush_after_a_fault_with_nothing_waiting_is_noop() -> None:
    """There is nothing that could be sent."""
    reactor = client("0006", buffer_sends=True)
    reactor.receive(frame("0006", "7 command-response eos"))

    assert reactor.flush() == (Noop(),)


@pytest.mark.parametrize("max_frame", [0, 65536])
def test_client_with_frames_of_an_impossible_size_is_refused(max_frame: int) -> None:
    """One octet at least, and what FRAME-003 allows at most."""
    with refused(f"max_frame {max_frame} is outside 1–65535"):
        client("0006", max_frame=max_frame)


@pytest.mark.parametrize("key", REVISIONS)
def test_client_cuts_requests_as_it_is_told(key: str) -> None:
    """Data frames included (D72)."""
    frames = sent(client(key, max_frame=5).call(b"c", data=bytes(12)).actions)

    assert {len(one.payload) for one in frames} <= set(range(6))
    assert [len(one.payload) for one in frames][-3:] == [5, 5, 2]


def test_call_with_a_redirect_says_so() -> None:
    """Upstream's testredirect (REQ-012)."""
    redirect = {b"targets": [b"a", b"b"], b"hashes": [b"sha256"]}

    frames = sent(client("0006").call(b"yo", redirect=redirect).actions)

    assert frames == (
        parse_notation(
            "1 1 stream-begin command-request new cbor:{b'name': b'yo', b'redirect': "
            "{b'hashes': [b'sha256'], b'targets': [b'a', b'b']}}",
            REVISIONS["0006"],
        ),
    )


# Settings and encodings of our own.


@pytest.mark.parametrize("buffer_sends", [False, True])
def test_settings_come_before_the_first_request_and_once(*, buffer_sends: bool) -> None:
    """On stream 1, under that request's ID, most preferred first (SET-002, SET-005; sheet r5, 8)."""
    reactor = client("0006", buffer_sends=buffer_sends, content_encodings=["zlib", "identity"])
    calls = [reactor.call(b"c") for _ in range(2)]

    frames = sent(reactor.flush()) if buffer_sends else sent(calls[0].actions) + sent(calls[1].actions)

    settings = (
        "1 1 stream-begin sender-protocol-settings eos cbor:{b'contentencodings': [b'zlib', b'identity']}"
    )
    assert frames[0] == parse_notation(settings, REVISIONS["0006"])
    assert [one.type_id for one in frames] == [8, 1, 1]
    assert [one.stream_flags for one in frames] == [1, 0, 0]


def test_settings_of_a_transport_that_sends_once_do_not_end_its_stream() -> None:
    """The last frame does."""
    reactor = ClientReactor(REVISIONS["0006"], buffer_sends=False, content_encodings=[])

    frames = sent(reactor.call(b"c").actions)

    assert [(one.type_id, one.stream_flags) for one in frames] == [(8, 1), (1, 2)]


@pytest.mark.parametrize("encoding", ["zlib", "zstd-8mb"])
def test_encoded_stream_announces_itself_after_the_settings(encoding: str) -> None:
    """Settings of the sender precede everything (SET-005), and those of a stream begin it (ENC-001)."""
    reactor = client("0006", content_encodings=["identity"], encoding=encoding)

    frames = sent(reactor.call(b"c", data=b"d").actions)

    assert [(one.type_id, one.stream_flags) for one in frames] == [(8, 3), (9, 1), (1, 4), (2, 4)]
    assert frames[1].payload == encode_value(encoding.encode(), REVISIONS["0006"].cbor)


@pytest.mark.parametrize("key", [key for key in REVISIONS if key != "0006"])
def test_settings_and_encodings_where_there_are_none_are_refused(key: str) -> None:
    """Both came with 0006 (sheet r5)."""
    with refused(f"revision {key} has no sender settings"):
        client(key, content_encodings=["identity"])
    with refused(f"revision {key} has no content encoding zlib"):
        client(key, encoding="zlib")


def test_encodings_that_nobody_knows_are_refused() -> None:
    """Neither offered nor used."""
    with refused("revision 0006 has no content encoding brotli"):
        client("0006", content_encodings=["zlib", "brotli"])
    with refused("revision 0006 has no content encoding brotli"):
        client("0006", encoding="brotli")


# Responses: sheet r4, 9.1, and sheet r5, 8.1.


@pytest.mark.parametrize("key", REVISIONS)
def test_response_data_is_handed_over_as_it_comes(key: str) -> None:
    """More with continuation or with neither flag, the end with eos (RSP-002, RSP-003; D12)."""
    request_id = id_of(key)
    (
        transcript(waiting(key))
        .receive(
            frame(key, "1 command-response 0 a"), frame(key, "1 command-response continuation b", begin=False)
        )
        .expects(ResponseData(request_id, b"a", eos=False), ResponseData(request_id, b"b", eos=False))
        .receive(frame(key, "1 command-response eos", begin=False))
        .expects(ResponseData(request_id, b"", eos=True))
        .receive(frame(key, "1 command-response eos c", begin=False))
        .faults(FaultCode.BAD_REQUEST_STATE, f"received frame for inactive request ID: {request_id}")
    )


@pytest.mark.parametrize("key", WITH_IDS)
def test_responses_come_in_any_order(key: str) -> None:
    """Interleaved, too (RID-006, RID-007)."""
    reactor = client(key)
    for _ in range(3):
        reactor.call(b"c")

    (
        transcript(reactor)
        .receive(
            frame(key, "5 command-response continuation a"),
            frame(key, "3 command-response eos b", begin=False),
            frame(key, "5 command-response eos c", begin=False),
            frame(key, "1 command-response eos d", begin=False),
        )
        .expects(
            ResponseData(5, b"a", eos=False),
            ResponseData(3, b"b", eos=True),
            ResponseData(5, b"c", eos=True),
            ResponseData(1, b"d", eos=True),
        )
        .end_input()
        .expects(Noop())
    )


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_stream_zero_is_even(key: str) -> None:
    """The text does not speak of it; Mercurial's own tests use it (D42)."""
    name = "bytes-response" if key in BY_NAME else "command-response"
    transcript(waiting(key)).receive(f"1 0 stream-begin {name} eos x").expects(
        ResponseData(1, b"x", eos=True)
    )


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_stream_of_the_client_is_a_fault(key: str) -> None:
    """Row 1 (STREAM-001)."""
    transcript(waiting(key)).receive("1 1 stream-begin 4 1 x").faults(
        FaultCode.BAD_STREAM_PARITY, "received frame with odd numbered stream ID: 1"
    )


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_stream_that_never_began_is_a_fault(key: str) -> None:
    """Row 2 (STREAM-003)."""
    transcript(waiting(key)).receive("1 0 0 4 1 x").faults(
        FaultCode.STREAM_NOT_OPEN, "received frame on unknown stream without beginning of stream flag set"
    )


@pytest.mark.parametrize("key", REVISIONS)
def test_frame_for_a_request_that_is_none_is_a_fault(key: str) -> None:
    """Row 6 (sheet r4) or 7 (sheet r5): never called, or called and not sent."""
    pending = client(key, buffer_sends=True)
    pending.call(b"c")
    request_id = id_of(key)

    for reactor in (client(key), pending):
        transcript(reactor).receive(frame(key, "1 command-response eos")).faults(
            FaultCode.BAD_REQUEST_STATE, f"received frame for inactive request ID: {request_id}"
        )


@pytest.mark.parametrize("key", REVISIONS)
def test_frame_of_the_other_side_is_a_fault(key: str) -> None:
    """Servers send no requests (CMD-002, REQ-003); Mercurial raises (D78)."""
    transcript(waiting(key)).receive(frame(key, "1 1 1 x")).faults(
        FaultCode.UNEXPECTED_FRAME, "unhandled frame type: 1"
    )


@pytest.mark.parametrize("key", ["0001", "0002", "0002-streams", "0005-draft"])
@pytest.mark.parametrize("kind", ["protocol", "application"])
def test_error_with_flags_ends_its_request(key: str, kind: str) -> None:
    """The text is for people and holds no formatting (ERR-001 to ERR-003; D76)."""
    conversation = transcript(waiting(key))

    conversation.receive(frame(key, f"1 error-response {kind} 100% wrong")).expects(
        ErrorResponse(id_of(key), kind, (Atom(b"100%% wrong"),))
    )

    assert conversation.reactor.request_state(id_of(key)) is R.ERRORED
    assert conversation.reactor.state is C.OPEN


@pytest.mark.parametrize("key", ["0005", "0006"])
@pytest.mark.parametrize("kind", ["protocol", "server", "command"])
def test_error_with_cbor_ends_its_request(key: str, kind: str) -> None:
    """Type and atoms; the connection goes on (ERR-004 to ERR-006)."""
    reactor = waiting(key)
    reactor.call(b"c")
    payload = (
        f"cbor:{{b'type': b'{kind}', b'message': [{{b'msg': b'%s', b'args': [b'x'], b'labels': [b'l']}}]}}"
    )
    (
        transcript(reactor)
        .receive(frame(key, "1 command-response continuation x"))
        .expects(ResponseData(1, b"x", eos=False))
        .receive(frame(key, f"1 error-response 0 {payload}", begin=False))
        .expects(ErrorResponse(1, kind, (Atom(b"%s", (b"x",), (b"l",)),)))
        .receive(frame(key, "3 command-response eos y", begin=False))
        .expects(ResponseData(3, b"y", eos=True))
    )
    assert reactor.request_state(1) is R.ERRORED


@pytest.mark.parametrize("key", ["0005", "0006"])
@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ("hello", FaultCode.BAD_CBOR),
        ("cbor:5", FaultCode.BAD_PAYLOAD),
        ("cbor:{b'type': b'zzz', b'message': []}", FaultCode.BAD_PAYLOAD),
        ("cbor:{b'type': b'server', b'message': b'no'}", FaultCode.BAD_PAYLOAD),
    ],
)
def test_error_that_is_malformed_is_a_fault(key: str, payload: str, code: FaultCode) -> None:
    """Mercurial raises, or lets it pass (D77)."""
    [error] = waiting(key).receive(frame(key, f"1 error-response 0 {payload}"))

    assert isinstance(error, Error)
    assert (error.fault.code, error.fault.request_id) == (code, 1)


@pytest.mark.parametrize("key", REVISIONS)
def test_protocol_error_may_concern_no_request(key: str) -> None:
    """What a server that gives up on the connection has to say is not lost (D77)."""
    flags, payload = ("0", "cbor:{b'type': b'protocol', b'message': [{b'msg': b'x'}]}")
    if key not in ("0005", "0006"):
        flags, payload = "protocol", "x"
    reactor = client(key)

    assert reactor.receive(frame(key, f"0 error-response {flags} {payload}")) == (
        ErrorResponse(0, "protocol", (Atom(b"x"),)),
    )


@pytest.mark.parametrize("key", REVISIONS)
def test_other_errors_for_a_request_that_is_none_are_a_fault(key: str) -> None:
    """Whatever is not about the protocol is about a request."""
    flags, payload = ("0", "cbor:{b'type': b'server', b'message': []}")
    if key not in ("0005", "0006"):
        flags, payload = "application", "x"
    request_id = 7 if key in WITH_IDS else 0

    transcript(client(key)).receive(frame(key, f"7 error-response {flags} {payload}")).faults(
        FaultCode.BAD_REQUEST_STATE, f"received frame for inactive request ID: {request_id}"
    )


@pytest.mark.parametrize("key", WITH_IDS)
def test_text_output_is_handed_over(key: str) -> None:
    """A client must be prepared for it (RSP-010; D75)."""
    payload = r"\x03\x00\x02\x02\x02\x04\x01\x00\x01\x00fool1lab2ab"
    if key in BY_CBOR:
        payload = "cbor:[{b'msg': b'foo', b'args': [b'a', b'b'], b'labels': [b'l1', b'lab2']}]"

    transcript(waiting(key)).receive(frame(key, f"1 text-output 0 {payload}")).expects(
        TextOutput(1, (Atom(b"foo", (b"a", b"b"), (b"l1", b"lab2")),))
    )


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_progress_is_handed_over(key: str) -> None:
    """With what it must have, and what it may (PROG-001 to PROG-003; D75, D85)."""
    transcript(waiting(key)).receive(
        frame(key, "1 progress 0 cbor:{b'topic': b't', b'pos': 3, b'total': 10}"),
        frame(
            key,
            "1 progress 0 cbor:{b'topic': b'u', b'pos': -1, b'total': 0, b'label': b'l', b'item': b'i'}",
            begin=False,
        ),
    ).expects(Progress(1, b"t", 3, 10), Progress(1, b"u", -1, 0, b"l", b"i"))


@pytest.mark.parametrize("key", WITH_IDS)
@pytest.mark.parametrize("name", ["text-output", "progress"])
def test_side_frame_that_is_malformed_is_a_fault(key: str, name: str) -> None:
    """The fault names the request."""
    if name == "progress" and key == "0002":
        return
    [error] = waiting(key).receive(frame(key, rf"1 {name} 0 \xff"))

    assert isinstance(error, Error)
    assert error.fault.code in (FaultCode.BAD_CBOR, FaultCode.BAD_PAYLOAD)
    assert error.fault.request_id == 1


@pytest.mark.parametrize("key", BY_CBOR)
def test_side_frame_deeper_than_the_limit_is_a_fault(key: str) -> None:
    """Array, map, array."""
    payload = "cbor:[{b'msg': b'%s', b'args': [b'x']}]"
    notation = frame(key, f"1 text-output 0 {payload}")

    assert isinstance(waiting(key, limits=Limits(max_cbor_depth=3)).receive(notation)[0], TextOutput)
    assert isinstance(waiting(key, limits=Limits(max_cbor_depth=2)).receive(notation)[0], Error)


@pytest.mark.parametrize("key", BY_CBOR)
def test_side_frame_longer_than_the_limit_is_a_fault(key: str) -> None:
    """Twelve octets of CBOR; those of a response are not read here, and do not count."""
    notation = frame(key, "1 text-output 0 cbor:[{b'msg': b'hello'}]")
    enough, less = (waiting(key, limits=Limits(max_cbor_octets=limit)) for limit in (12, 11))

    assert isinstance(enough.receive(notation)[0], TextOutput)
    transcript(less).receive(notation).faults(
        FaultCode.LIMIT_EXCEEDED, "payload exceeds the limit of 11 octets of CBOR"
    )
    response = frame(key, "1 command-response eos 1234567890123")
    assert isinstance(waiting(key, limits=Limits(max_cbor_octets=12)).receive(response)[0], ResponseData)


# Settings and encodings of the server.


def test_sender_settings_of_the_server_are_taken_first_and_once() -> None:
    """Either side may send them (SET-001 to SET-007; D62)."""
    (
        transcript(waiting("0006"))
        .receive("1 2 stream-begin sender-protocol-settings continuation")
        .expects(Noop())
        .receive("1 2 0 sender-protocol-settings eos cbor:{b'contentencodings': [b'zlib']}")
        .expects(Noop())
        .receive("1 2 0 command-response eos x")
        .expects(ResponseData(1, b"x", eos=True))
        .receive("1 2 0 sender-protocol-settings eos cbor:{}")
        .faults(FaultCode.BAD_REQUEST_STATE, "received frame for inactive request ID: 1")
    )


def test_sender_settings_of_the_server_that_are_none_are_a_fault() -> None:
    """As a server says it."""
    transcript(waiting("0006")).receive("1 2 stream-begin sender-protocol-settings eos").faults(
        FaultCode.BAD_CBOR, "sender protocol settings frame did not contain CBOR data"
    )


@pytest.mark.parametrize("request_id", [0, 1, 7])
def test_stream_settings_of_the_server_concern_no_request(request_id: int) -> None:
    """Row 6: the request ID is not looked at."""
    reactor = waiting("0006", content_encodings=["zlib"])

    assert reactor.receive(frame("0006", f"{request_id} stream-settings eos cbor:b'zlib'")) == (Noop(),)


def test_stream_settings_of_an_encoding_that_was_not_offered_are_a_fault() -> None:
    """The receiver's list is what may be used (SET-004; D54); identity may always be."""
    assert waiting("0006").receive(frame("0006", "1 stream-settings eos cbor:b'identity'")) == (Noop(),)
    [error] = waiting("0006").receive(frame("0006", "1 stream-settings eos cbor:b'zlib'"))
    assert isinstance(error, Error)
    assert error.fault.code is FaultCode.UNSUPPORTED_ENCODING


# States of a request.


def test_request_goes_through_its_states() -> None:
    """Mercurial's words: pending, sending, sent, receiving, received (sheet r4, 9)."""
    reactor = client("0006", buffer_sends=True)

    def state() -> ClientRequestState:
        return reactor.request_state(1)

    reactor.call(b"c")
    assert state() is R.PENDING
    reactor.flush()
    assert state() is R.SENDING
    assert reactor.sent(1) == (Noop(),)
    assert state() is R.SENT
    reactor.receive(frame("0006", "1 command-response continuation x"))
    assert state() is R.RECEIVING
    reactor.receive(frame("0006", "1 command-response eos x", begin=False))
    assert state() is R.RECEIVED


@pytest.mark.parametrize(
    ("last", "state"),
    [
        ("1 command-response continuation x", R.RECEIVING),
        ("1 command-response eos x", R.RECEIVED),
        ("1 error-response 0 cbor:{b'type': b'server', b'message': []}", R.ERRORED),
    ],
)
def test_request_answered_while_it_is_sent_stays_answered(last: str, state: ClientRequestState) -> None:
    """What has come is not undone by what leaves late (D79)."""
    reactor = client("0006")
    reactor.call(b"c")
    reactor.receive(frame("0006", last))

    reactor.sent(1)

    assert reactor.request_state(1) is state


def test_request_that_was_not_handed_over_cannot_have_left() -> None:
    """Nor one that was never called, nor one that has left."""
    reactor = client("0006", buffer_sends=True)
    reactor.call(b"c")

    with refused("request 1 has no frames that could have left"):
        reactor.sent(1)
    with refused("request 3 was never called"):
        reactor.sent(3)
    reactor.flush()
    reactor.sent(1)
    with refused("request 1 has no frames that could have left"):
        reactor.sent(1)


@pytest.mark.parametrize("key", REVISIONS)
def test_abandoned_request_swallows_what_still_comes(key: str) -> None:
    """And keeps its ID until all of it has come (RID-005)."""
    reactor = waiting(key)
    request_id = id_of(key)

    assert reactor.abandon(request_id) == (Noop(),)
    assert reactor.receive(frame(key, "1 command-response continuation x")) == (Noop(),)
    assert reactor.request_state(request_id) is R.ABANDONED
    if key == "0001":
        with refused("every request ID is in use: revision 0001 has 1"):
            reactor.call(b"c")
    assert reactor.receive(frame(key, "1 command-response eos x", begin=False)) == (Noop(),)
    assert reactor.request_state(request_id) is R.RECEIVED
    if key == "0001":
        assert reactor.call(b"c").request_id == 0


def test_abandoned_request_is_still_held_to_the_protocol() -> None:
    """Nobody wants its text, but it must be one."""
    reactor = waiting("0006")
    reactor.abandon(1)

    [error] = reactor.receive(frame("0006", r"1 text-output 0 \xff"))

    assert isinstance(error, Error)


def test_request_that_is_not_under_way_cannot_be_abandoned() -> None:
    """Not sent, given up already, or answered."""
    reactor = client("0006", buffer_sends=True)
    reactor.call(b"c")

    with refused("request 1 is not under way"):
        reactor.abandon(1)
    reactor.flush()
    reactor.abandon(1)
    with refused("request 1 is not under way"):
        reactor.abandon(1)
    reactor.receive(frame("0006", "1 command-response eos x"))
    with refused("request 1 is not under way"):
        reactor.abandon(1)
    with refused("request 3 was never called"):
        reactor.abandon(3)


# Faults, and the end of input.


@pytest.mark.parametrize("key", REVISIONS)
def test_fault_is_terminal(key: str) -> None:
    """Mercurial's client goes on after an error (D78)."""
    reactor = waiting(key)
    already = (Error(Fault(FaultCode.ALREADY_ERRORED, "client already errored")),)
    reactor.receive(frame(key, "1 command-response continuation x"))
    cut = Fault(FaultCode.TRUNCATED_FRAME, "frame length error: expected 5; got 3")

    assert reactor.receive(cut) == (Error(cut),)
    assert reactor.state is C.ERRORED
    assert reactor.receive(frame(key, "1 command-response eos x", begin=False)) == already
    assert reactor.receive(cut) == already
    assert reactor.end_input() == (Noop(),)
    with refused("cannot issue new commands"):
        reactor.call(b"c")


@pytest.mark.parametrize("key", REVISIONS)
def test_end_input_with_everything_answered_is_noop(key: str) -> None:
    """Requests that never left are nobody's fault."""
    reactor = waiting(key)
    reactor.receive(frame(key, "1 command-response eos x"))
    assert reactor.end_input() == (Noop(),)

    pending = client(key, buffer_sends=True)
    pending.call(b"c")
    assert pending.end_input() == (Noop(),)


@pytest.mark.parametrize("key", REVISIONS)
def test_end_input_with_responses_missing_is_a_fault(key: str) -> None:
    """All of them are named; then it is told."""
    reactor = waiting(key)
    names = "0"
    if key in WITH_IDS:
        reactor.call(b"c")
        names = "1, 3"
    reactor.receive(frame(key, "1 command-response continuation x"))

    transcript(reactor).end_input().faults(
        FaultCode.INCOMPLETE_RESPONSE, f"input ended with responses not complete: {names}"
    ).end_input().expects(Noop())


# Everything against the tables.


def reach(revision: Revision, state: ClientRequestState) -> ClientReactor:
    """Bring request 1 to a state, by the shortest way."""
    reactor = ClientReactor(revision, buffer_sends=state is R.PENDING, multiple_sends=True)
    request_id = reactor.call(b"c").request_id
    if state in (R.SENT, R.RECEIVING):
        reactor.sent(request_id)
    if state is R.ABANDONED:
        reactor.abandon(request_id)
    response = revision.type_ids[FrameType.RESPONSE]
    stream = (2, 1) if revision.header.has_stream else (0, 0)
    if state in (R.RECEIVING, R.RECEIVED):
        reactor.receive(Frame(request_id, *stream, response, 1 if state is R.RECEIVING else 2))
    if state is R.ERRORED:
        # An application's error or a server's: what has no flags is a map that says so.
        flags = 2 if Feature.ERROR_FLAGS in revision.features else 0
        reactor.receive(right_frame(revision, revision.type_ids[FrameType.ERROR_RESPONSE] << 4 | flags))
    assert reactor.request_state(request_id) is state
    return reactor


def right_frame(revision: Revision, nibbles: int) -> Frame:
    """Make a frame of this type and these flags for request 1, with a payload that is right."""
    cbor = {
        F.ERROR_RESPONSE: b"\xa2\x44type\x46server\x47message\x80",
        F.PROGRESS: b"\xa3\x43pos\x01\x45topic\x45files\x45total\x0a",
        F.SETTINGS_LAST: b"\xa0",
        F.STREAM_SETTINGS_LAST: b"\x48identity",
    }
    frame_input = revision.inputs.get(nibbles)
    payload = cbor.get(frame_input, b"") if frame_input else b""
    if frame_input is F.STREAM_SETTINGS_LAST and Feature.CONTENT_ENCODINGS not in revision.features:
        payload = b"\x08identity"
    if frame_input is F.TEXT_OUTPUT and Feature.BINARY_TEXT_OUTPUT not in revision.features:
        payload = b"\x80"
    ids = (1, 2, 1) if revision.header.has_stream else (1 if revision.header.has_request else 0, 0, 0)
    return Frame(*ids, nibbles >> 4, nibbles & 15, payload)


def is_taken(
    revision: Revision, connection: ConnectionState, state: ClientRequestState, nibbles: int
) -> bool:
    """Ask the tables whether a frame has a place."""
    frame_input = revision.inputs.get(nibbles)
    if frame_input is None or frame_input not in revision.connection[connection]:
        return False
    if frame_input.name.startswith(("SETTINGS", "STREAM_SETTINGS")):
        return True
    if frame_input is F.ERROR_RESPONSE and Feature.ERROR_FLAGS in revision.features and nibbles & 1:
        # A protocol error need not concern a request.
        return True
    return frame_input in revision.client_request[state]


@pytest.mark.parametrize("key", REVISIONS)
@pytest.mark.parametrize("state", list(ClientRequestState))
def test_every_frame_in_every_state_of_a_request_follows_the_tables(
    key: str, state: ClientRequestState
) -> None:
    """Where the tables have a place for a frame it is taken, and leads where they say; else it is a fault."""
    revision = REVISIONS[key]
    request_id = id_of(key)
    for nibbles in range(256):
        reactor = reach(revision, state)
        connection = reactor.state

        [answer] = reactor.receive(right_frame(revision, nibbles))

        taken = is_taken(revision, connection, state, nibbles)
        assert (not isinstance(answer, Error)) is taken, (hex(nibbles), answer)
        frame_input = revision.inputs.get(nibbles)
        row = revision.client_request[state]
        following = row.get(frame_input, state) if taken and frame_input else state
        assert reactor.request_state(request_id) is following


def test_every_state_of_a_request_follows_the_table_in_what_the_caller_does() -> None:
    """`sent` and `abandon` are legal where the table has them, or nothing is left to say."""
    table = REVISIONS["0006"].client_request
    for state in ClientRequestState:
        for wish, local_input in (("sent", LocalInput.SENT), ("abandon", LocalInput.ABANDON)):
            reactor = reach(REVISIONS["0006"], state)
            following = table[state].get(local_input)
            if wish == "sent" and state in (R.RECEIVED, R.ERRORED):
                following = state
            if following is None:
                with pytest.raises(LocalProtocolError):
                    getattr(reactor, wish)(1)
                following = state
            else:
                getattr(reactor, wish)(1)
            assert reactor.request_state(1) is following, (state, wish)


# Nothing a peer sends.


@settings(deadline=None)
@given(data=st.data())
def test_receive_of_anything_never_raises(data: st.DataObject) -> None:
    """Only declared actions; after an error the same answer for ever; nothing for a request that is over."""
    revision = data.draw(st.sampled_from(list(REVISIONS.values())))
    offered = ("zstd-8mb", "zlib") if Feature.SENDER_SETTINGS in revision.features else None
    reactor = ClientReactor(
        revision,
        buffer_sends=False,
        multiple_sends=True,
        content_encodings=offered,
        limits=Limits(max_settings_octets=50, max_decoded=60000),
    )
    for _ in range(3 if revision.header.has_request else 1):
        reactor.call(b"c")
    if data.draw(st.booleans()):
        reactor.abandon(1 if revision.header.has_request else 0)
    already = (Error(Fault(FaultCode.ALREADY_ERRORED, "client already errored")),)
    over: set[int] = set()
    for item in data.draw(peer_items(revision, from_client=False)):
        was_errored = reactor.state is C.ERRORED
        [action] = actions = reactor.receive(item)
        assert isinstance(action, ClientAction)
        assert isinstance(action, Error) is (reactor.state is C.ERRORED)
        assert not was_errored or actions == already
        if isinstance(action, (ResponseData, TextOutput, Progress)):
            assert action.request_id not in over
        if isinstance(action, ErrorResponse) or (isinstance(action, ResponseData) and action.eos):
            over.add(action.request_id)
    assert all(isinstance(action, (Error, Noop)) for action in reactor.end_input())
    assert reactor.end_input() == (Noop(),)


def flat(turns: int, turn: Callable[[int], object]) -> bool:
    """Say whether memory after many turns is what it was after a few."""
    for number in range(turns // 10):
        turn(number)
    tracemalloc.start()
    try:
        for number in range(turns // 10):
            turn(number)
        before, _ = tracemalloc.get_traced_memory()
        for number in range(turns):
            turn(number)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Whatever is left of a turn has more than one octet. Threads of who runs the tests may leave a little.
    return after - before < turns


@pytest.mark.parametrize(
    "flood",
    [
        "1 command-response continuation",
        "1 text-output 0 cbor:[]",
        "1 progress 0 cbor:{b'topic': b't', b'pos': 1, b'total': 2}",
        "0 error-response 0 cbor:{b'type': b'protocol', b'message': []}",
        "1 stream-settings eos cbor:b'zlib'",
    ],
)
def test_floods_leave_nothing(flood: str) -> None:
    """Ten thousand frames cost what one costs: empty responses, text, progress, errors of no request, settings."""
    reactor = waiting("0006", content_encodings=["zlib"])
    one = frame("0006", flood)

    assert flat(10_000, lambda _: reactor.receive(one))
    assert reactor.state is C.OPEN


def test_calls_that_are_answered_leave_nothing() -> None:
    """Under IDs that wrap around: what is kept of each is its state, until its ID is used again."""
    reactor = client("0002")

    def turn(_: int) -> None:
        request_id = reactor.call(b"c").request_id
        reactor.receive(Frame(request_id, 0, 0, 4, 2))

    for number in range(32768):
        turn(number)
    assert flat(10_000, turn)


def test_streams_begun_and_ended_leave_nothing() -> None:
    """Each with its own decoder."""
    reactor = waiting("0006", content_encodings=["zlib"])
    revision = REVISIONS["0006"]
    frames = [
        (
            parse_notation(f"1 {stream} stream-begin stream-settings eos cbor:b'zlib'", revision),
            parse_notation(f"1 {stream} stream-end command-response continuation x", revision),
        )
        for stream in range(2, 256, 2)
    ]

    def turn(number: int) -> None:
        for one in frames[number % 127]:
            reactor.receive(one)

    assert flat(5000, turn)
    assert reactor.state is C.OPEN
