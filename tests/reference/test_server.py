"""Tests of the server reactor: frames in, actions out, in the sheets' words."""

from __future__ import annotations

import itertools
import tracemalloc

from collections.abc import Callable
from typing import Any

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from hgframing import (
    REVISIONS,
    Atom,
    CommandData,
    ConnectionState,
    Error,
    Fault,
    FaultCode,
    Feature,
    Frame,
    FrameInput,
    FrameType,
    Limits,
    LocalProtocolError,
    Noop,
    Redirect,
    Revision,
    RunCommand,
    SendFrames,
    ServerAction,
    ServerReactor,
    ServerRequestState,
    WantFrame,
    encode_value,
    parse_notation,
)
from tests.reference.conversations import peer_items
from tests.transcripts import transcript


C = ConnectionState
S = ServerRequestState
F = FrameInput

BY_NAME = ("0001", "0002", "0002-streams")
BY_CBOR = ("0005-draft", "0005", "0006")
WITH_IDS = ("0002", "0002-streams", *BY_CBOR)
WITH_STREAMS = ("0002-streams", *BY_CBOR)

STATUS = b"\xa1\x46status\x42ok"


def server(key: str, **wishes: Any) -> ServerReactor:
    """Make a server of the revision of that key."""
    return ServerReactor(REVISIONS[key], **wishes)


def frame(key: str, notation: str, *, begin: bool = False) -> Frame:
    """Write `<request> <type> <flags> <payload>` on stream 1, without what the revision does not have."""
    revision = REVISIONS[key]
    request_id, rest = notation.split(" ", 1)
    if revision.header.has_stream:
        rest = f"{request_id} 1 {int(begin)} {rest}"
    elif revision.header.has_request:
        rest = notation
    return parse_notation(rest, revision)


def request(key: str, request_id: int = 1, *, data: bool = False) -> Frame:
    """Write a whole request of command `c`, on a stream that begins."""
    if key in BY_NAME:
        return frame(key, f"{request_id} command-name {'have-data' if data else 'eos'} c", begin=True)
    flags = "new|have-data" if data else "new"
    return frame(key, f"{request_id} command-request {flags} cbor:{{b'name': b'c'}}", begin=True)


def id_of(key: str) -> int:
    """Say what request 1 is called."""
    return 1 if REVISIONS[key].header.has_request else 0


def stands(reactor: ServerReactor) -> ConnectionState:
    """Say where the connection stands, now."""
    return reactor.state


# Requests.


@pytest.mark.parametrize("key", REVISIONS)
def test_receive_whole_request_runs_its_command(key: str) -> None:
    """And waits for its answer."""
    conversation = transcript(server(key))

    conversation.receive(request(key)).expects(RunCommand(id_of(key), b"c", {}))

    assert conversation.reactor.unanswered == 1
    assert conversation.reactor.receiving == ()


@pytest.mark.parametrize("key", REVISIONS)
def test_receive_part_of_a_request_wants_more(key: str) -> None:
    """Until it is whole."""
    conversation = transcript(server(key))

    conversation.receive(request(key, data=True)).expects(WantFrame())
    assert (conversation.reactor.receiving, conversation.reactor.unanswered) == ((id_of(key),), 0)
    conversation.receive(frame(key, "1 command-data eos d")).expects(RunCommand(id_of(key), b"c", {}, b"d"))
    assert (conversation.reactor.receiving, conversation.reactor.unanswered) == ((), 1)


@pytest.mark.parametrize("key", WITH_IDS)
def test_receive_several_requests_runs_each_when_it_is_whole(key: str) -> None:
    """Interleaved, in whatever order they end (RID-003, RID-004)."""
    (
        transcript(server(key))
        .receive(request(key, 1, data=True), request(key, 3, data=True), request(key, 5))
        .expects(WantFrame(), WantFrame(), RunCommand(5, b"c", {}))
        .receive(frame(key, "3 command-data eos b"), frame(key, "1 command-data eos a"))
        .expects(RunCommand(3, b"c", {}, b"b"), RunCommand(1, b"c", {}, b"a"))
    )


@pytest.mark.parametrize("key", WITH_IDS)
def test_receive_request_id_in_use_is_a_fault(key: str) -> None:
    """Half received, active, or answered and not sent (RID-005; sheet r2, 7.1; sheet r4, 8.2)."""
    transcript(server(key)).receive(request(key, data=True)).expects(WantFrame()).receive(
        request(key)
    ).faults(FaultCode.BAD_REQUEST_STATE, "request with ID 1 already received")

    for answer in (False, True):
        reactor = server(key)
        reactor.receive(request(key))
        if answer:
            reactor.fail(1, "protocol", b"no")
        transcript(reactor).receive(request(key)).faults(
            FaultCode.BAD_REQUEST_STATE, "request with ID 1 is already active"
        )


@pytest.mark.parametrize("key", WITH_IDS)
def test_receive_request_id_again_after_its_answer_was_sent_runs(key: str) -> None:
    """The caller says when it has left; nothing happens behind anybody's back (RID-005; D29)."""
    reactor = server(key)
    for _ in range(3):
        assert reactor.receive(request(key)) == (RunCommand(1, b"c", {}),)
        reactor.fail(1, "protocol", b"no")
        assert reactor.unanswered == 1
        assert reactor.sent(1) == (Noop(),)
        assert reactor.unanswered == 0


def test_receive_commands_without_ids_counts_each() -> None:
    """They are answered in turn (sheet r1, 8.2; D21)."""
    reactor = server("0001", limits=Limits(max_requests=2))
    reactor.receive(request("0001"))
    reactor.receive(request("0001"))
    assert reactor.unanswered == 2

    transcript(reactor).receive(request("0001")).faults(
        FaultCode.LIMIT_EXCEEDED, "more than 2 requests under way"
    )


@pytest.mark.parametrize("key", WITH_IDS)
def test_receive_requests_at_their_number_run_and_beyond_it_are_a_fault(key: str) -> None:
    """Those not yet answered count, and those answered whose answers have not left; sent ones do not."""
    reactor = server(key, limits=Limits(max_requests=2))
    for request_id in (1, 3):
        assert isinstance(reactor.receive(request(key, request_id))[0], RunCommand)
    reactor.fail(1, "protocol", b"no")
    reactor.sent(1)
    assert isinstance(reactor.receive(request(key, 1))[0], RunCommand)
    reactor.fail(3, "protocol", b"no")

    transcript(reactor).receive(request(key, 5)).faults(
        FaultCode.LIMIT_EXCEEDED, "more than 2 requests under way"
    )


@pytest.mark.parametrize("key", BY_CBOR)
def test_receive_request_deeper_than_the_limit_is_a_fault(key: str) -> None:
    """The request's own map counts as one."""
    payload = r"\xa2\x44name\x41c\x44args\xa1\x41a\x81\x81\x01"
    notation = f"1 1 stream-begin command-request new {payload}"

    transcript(server(key, limits=Limits(max_cbor_depth=4))).receive(notation).expects(
        RunCommand(1, b"c", {b"a": [[1]]})
    )
    [error, _] = server(key, limits=Limits(max_cbor_depth=3)).receive(
        parse_notation(notation, REVISIONS[key])
    )
    assert isinstance(error, Error)
    assert error.fault.code is FaultCode.BAD_CBOR


# Streams: sheet r3, 8.1.


@pytest.mark.parametrize("key", WITH_STREAMS)
@pytest.mark.parametrize("stream_id", [0, 2, 254])
def test_receive_stream_of_the_server_is_a_fault(key: str, stream_id: int) -> None:
    """Row 1."""
    transcript(server(key)).receive(f"1 {stream_id} stream-begin 1 1 x").faults(
        FaultCode.BAD_STREAM_PARITY, f"received frame with even numbered stream ID: {stream_id}"
    )


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_receive_stream_that_never_began_is_a_fault(key: str) -> None:
    """Row 2; also after its end (STREAM-003)."""
    message = "received frame on unknown inactive stream without beginning of stream flag set"
    payload = "c" if key in BY_NAME else "cbor:{b'name': b'c'}"
    ended = server(key)
    ended.receive(parse_notation(f"1 1 stream-begin|stream-end 1 1 {payload}", REVISIONS[key]))

    transcript(server(key)).receive("1 1 0 1 1 x").faults(FaultCode.STREAM_NOT_OPEN, message)
    transcript(ended).receive("3 1 0 1 1 x").faults(FaultCode.STREAM_NOT_OPEN, message)


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_receive_encoded_frame_without_settings_is_identity(key: str) -> None:
    """The absence of settings means identity (ENC-005); Mercurial's server raises (D38)."""
    payload = "c" if key in BY_NAME else "cbor:{b'name': b'c'}"

    transcript(server(key)).receive(f"1 1 stream-begin|encoded 1 1 {payload}").expects(
        RunCommand(1, b"c", {})
    )


# Sender settings: sheet r5, 7.2 and 7.3.


def sender_settings(literal: str, flags: str = "eos") -> str:
    """Write a settings frame of a value."""
    return f"1 1 stream-begin sender-protocol-settings {flags} cbor:{literal}"


def test_settings_open_the_connection() -> None:
    """Row 9: first, and once."""
    conversation = transcript(server("0006"))

    assert stands(conversation.reactor) is C.INITIAL
    conversation.receive(sender_settings("{}")).expects(WantFrame())
    assert stands(conversation.reactor) is C.OPEN
    conversation.receive(sender_settings("{}")).faults(
        FaultCode.UNEXPECTED_FRAME, "expected command request frame; got 8"
    )


def test_settings_after_anything_else_are_a_fault() -> None:
    """They come first or not at all (SET-005): idle and receiving have their own words (sheet r5, 7.3)."""
    transcript(server("0006")).receive(request("0006")).expects(RunCommand(1, b"c", {})).receive(
        sender_settings("{}")
    ).faults(FaultCode.UNEXPECTED_FRAME, "expected command request frame; got 8")
    transcript(server("0006")).receive(request("0006", data=True)).expects(WantFrame()).receive(
        sender_settings("{}")
    ).faults(FaultCode.UNEXPECTED_FRAME, "received unexpected frame type: 8")


def test_settings_over_several_frames_are_joined() -> None:
    """Row 5, in any pieces (SET-006)."""
    conversation = transcript(server("0006"))

    conversation.receive(r"1 1 stream-begin sender-protocol-settings continuation \xa1\x50content").expects(
        WantFrame()
    )
    assert stands(conversation.reactor) is C.SETTINGS_RECEIVING
    conversation.receive("1 1 0 sender-protocol-settings continuation").expects(WantFrame())
    conversation.receive(r"1 1 0 sender-protocol-settings eos encodings\x81\x44zlib").expects(WantFrame())
    assert stands(conversation.reactor) is C.OPEN


@pytest.mark.parametrize(
    ("payload", "code", "message"),
    [
        ("", FaultCode.BAD_CBOR, "sender protocol settings frame did not contain CBOR data"),
        (r"\xa1\x44name", FaultCode.BAD_CBOR, "sender protocol settings frame did not contain CBOR data"),
        (r"\xa0\xa0", FaultCode.BAD_CBOR, "sender protocol settings frame contained multiple CBOR values"),
        ("cbor:5", FaultCode.BAD_PAYLOAD, None),
        ("cbor:b'contentencodings'", FaultCode.BAD_PAYLOAD, None),
        ("cbor:{b'contentencodings': 5}", FaultCode.BAD_PAYLOAD, None),
        ("cbor:{b'contentencodings': b'xxzlibxx'}", FaultCode.BAD_PAYLOAD, None),
        ("cbor:{b'contentencodings': [b'zlib', 5]}", FaultCode.BAD_PAYLOAD, None),
    ],
)
def test_settings_that_are_none_are_a_fault(payload: str, code: FaultCode, message: str | None) -> None:
    """Rows 6 to 8, and what Mercurial does not look at (D58 to D60)."""
    answer = server("0006").receive(
        parse_notation(f"1 1 stream-begin sender-protocol-settings eos {payload}", REVISIONS["0006"])
    )

    assert isinstance(answer[0], Error)
    assert answer[0].fault.code is code
    assert message is None or answer[0].fault.message == message


def test_settings_that_are_no_cbor_are_a_fault() -> None:
    """Row 4: what exactly is wrong is the decoder's to say."""
    [error, _] = server("0006").receive(
        parse_notation(r"1 1 stream-begin sender-protocol-settings eos \xff", REVISIONS["0006"])
    )

    assert isinstance(error, Error)
    assert error.fault.code is FaultCode.BAD_CBOR
    assert error.fault.message.startswith("error decoding CBOR from sender protocol settings frame: ")


@pytest.mark.parametrize("pieces", [1, 2])
def test_settings_at_their_octets_are_read_and_beyond_them_are_a_fault(pieces: int) -> None:
    """However they are cut."""
    octets = encode_value({b"contentencodings": [b"zlib"]}, REVISIONS["0006"].cbor)

    def answers(limit: int) -> tuple[ServerAction, ...]:
        reactor = server("0006", limits=Limits(max_settings_octets=limit))
        actions: tuple[ServerAction, ...] = ()
        size = -(-len(octets) // pieces)
        for number in range(pieces):
            flags = 2 if number == pieces - 1 else 1
            actions += reactor.receive(Frame(1, 1, 1, 8, flags, octets[number * size : (number + 1) * size]))
        return actions

    assert answers(len(octets)) == (WantFrame(),) * pieces
    errors = [action for action in answers(len(octets) - 1) if isinstance(action, Error)]
    message = f"sender protocol settings exceed the limit of {len(octets) - 1} octets"
    assert errors == [Error(Fault(FaultCode.LIMIT_EXCEEDED, message, 1))]


@pytest.mark.parametrize(
    ("offered", "encoding"),
    [
        ("[b'zlib', b'zstd-8mb']", b"zstd-8mb"),
        ("[b'identity', b'zlib']", b"zlib"),
        ("[b'identity']", None),
        ("[b'unknown']", None),
        ("[]", None),
    ],
)
def test_settings_choose_the_encoding_of_responses(offered: str, encoding: bytes | None) -> None:
    """The server's first that the client offers; identity where nothing fits (SET-004, ENC-008; D61)."""
    reactor = server("0006")
    reactor.receive(parse_notation(sender_settings(f"{{b'contentencodings': {offered}}}"), REVISIONS["0006"]))
    reactor.receive(frame("0006", "1 command-request new cbor:{b'name': b'c'}"))

    [sent] = reactor.respond(1, [b"a"])

    assert isinstance(sent, SendFrames)
    announced = [one.payload for one in sent.frames if one.type_id == 9]
    assert announced == ([encode_value(encoding, REVISIONS["0006"].cbor)] if encoding else [])
    assert [one.stream_flags & 4 for one in sent.frames if one.type_id == 3] == [4 if encoding else 0]


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_stream_settings_of_the_client_are_taken(key: str) -> None:
    """Any sender may define encoding settings; identity may always be used (ENC-001 to ENC-005; D48, D49)."""
    settings_frame = "eos cbor:b'identity'" if key == "0006" else r"0 \x08identity"
    payload = "c" if key in BY_NAME else "cbor:{b'name': b'c'}"
    conversation = transcript(server(key))

    conversation.receive(f"1 1 stream-begin stream-settings {settings_frame}").expects(Noop())
    assert stands(conversation.reactor) is C.OPEN
    conversation.receive(f"1 1 encoded 1 1 {payload}").expects(RunCommand(1, b"c", {}))


@pytest.mark.parametrize("key", ["0002-streams", "0005-draft", "0005"])
def test_stream_settings_of_an_encoding_that_no_text_defines_are_a_fault(key: str) -> None:
    """Profiles came with 0006; a server says so instead of nothing (D48)."""
    [error, _] = server(key).receive(
        parse_notation(r"1 1 stream-begin stream-settings 0 \x04zlib", REVISIONS[key])
    )

    assert isinstance(error, Error)
    assert error.fault.code is FaultCode.UNSUPPORTED_ENCODING


def test_stream_settings_come_after_sender_settings_or_instead() -> None:
    """What comes first in the channel are the sender's settings, if at all (SET-005)."""
    transcript(server("0006")).receive("1 1 stream-begin stream-settings eos cbor:b'identity'").expects(
        Noop()
    ).receive("1 1 0 sender-protocol-settings eos cbor:{}").faults(
        FaultCode.UNEXPECTED_FRAME, "expected command request frame; got 8"
    )


# Faults.


@pytest.mark.parametrize("key", REVISIONS)
def test_fault_is_terminal(key: str) -> None:
    """Whatever follows, it is the same answer, before any other check (D31)."""
    conversation = transcript(server(key))
    conversation.receive(frame(key, "1 command-data eos", begin=True)).faults(
        FaultCode.UNEXPECTED_FRAME,
        REVISIONS[key].wording.not_first % REVISIONS[key].type_ids[FrameType.COMMAND_DATA],
    )
    already = Error(Fault(FaultCode.ALREADY_ERRORED, "server already errored"))

    assert stands(conversation.reactor) is C.ERRORED
    conversation.receive(request(key), Frame(2, 2, 4, 15, 15)).expects(already, already)
    conversation.receive(Fault(FaultCode.TRUNCATED_FRAME, "cut")).expects(already)
    conversation.end_input().expects(Noop())
    conversation.receive(request(key)).expects(already)


@pytest.mark.parametrize("key", REVISIONS)
def test_fault_is_told_to_the_client(key: str) -> None:
    """As a protocol error, for the request that it concerns (ERR-002, ERR-005; D70)."""
    error, sent = server(key).receive(frame(key, "5 command-data eos", begin=True))

    assert isinstance(error, Error)
    assert isinstance(sent, SendFrames)
    [report] = sent.frames
    assert (report.type_id, report.request_id) == (5, 5 if key in WITH_IDS else 0)
    assert error.fault.message.encode() in report.payload
    assert (b"protocol" in report.payload) is (key in ("0005", "0006"))
    assert report.flags == (0 if key in ("0005", "0006") else 1)
    assert report.stream_flags == (3 if key in WITH_STREAMS else 0)


@pytest.mark.parametrize("key", REVISIONS)
def test_fault_of_the_buffer_is_the_reactors(key: str) -> None:
    """It concerns no request."""
    fault = Fault(FaultCode.TRUNCATED_FRAME, "frame length error: expected 5; got 3")

    error, sent = server(key).receive(fault)

    assert error == Error(fault)
    assert isinstance(sent, SendFrames)
    assert sent.frames[0].request_id == 0


@pytest.mark.parametrize("key", REVISIONS)
def test_fault_forgets_what_was_half_received(key: str) -> None:
    """And lets what runs be answered: the caller may send what it has to, and close."""
    reactor = server(key)
    reactor.receive(request(key))
    other = 0 if key == "0001" else 3
    reactor.receive(request(key, other, data=True))

    reactor.receive(Fault(FaultCode.TRUNCATED_FRAME, "cut"))

    assert reactor.receiving == ()
    assert isinstance(reactor.fail(id_of(key), "protocol", b"no")[0], SendFrames)


def test_fault_that_quotes_the_client_fits_a_frame() -> None:
    """A name of 60000 octets is an unknown encoding, not an exception."""
    payload = encode_value(b"x" * 60000, REVISIONS["0006"].cbor)

    error, sent = server("0006").receive(Frame(1, 1, 1, 9, 2, payload))

    assert isinstance(error, Error)
    assert error.fault.code is FaultCode.UNSUPPORTED_ENCODING
    assert isinstance(sent, SendFrames)
    assert len(sent.frames[0].payload) < 32768


# The end of input.


@pytest.mark.parametrize("key", REVISIONS)
def test_end_input_with_nothing_open_is_noop(key: str) -> None:
    """Requests that run may be answered after it (sheet r1, 8.2)."""
    reactor = server(key)
    assert reactor.end_input() == (Noop(),)

    reactor = server(key)
    reactor.receive(request(key))
    assert reactor.end_input() == (Noop(),)
    [sent] = reactor.fail(id_of(key), "protocol", b"no")
    assert isinstance(sent, SendFrames)
    assert sent.frames[0].stream_flags == (3 if key in WITH_STREAMS else 0)


@pytest.mark.parametrize("key", REVISIONS)
def test_end_input_with_requests_half_received_is_a_fault(key: str) -> None:
    """All of them are named; without request IDs there is one, 0 (D6)."""
    reactor = server(key)
    names = "0"
    reactor.receive(request(key, data=True))
    if key in WITH_IDS:
        reactor.receive(request(key, 3, data=True))
        names = "1, 3"

    message = f"input ended with requests half received: {names}"
    transcript(reactor).end_input().faults(FaultCode.INCOMPLETE_REQUEST, message)
    assert stands(reactor) is C.ERRORED
    assert reactor.end_input() == (Noop(),)


@pytest.mark.parametrize("key", REVISIONS)
def test_end_input_releases_what_was_deferred_once(key: str) -> None:
    """In the order of the answers, then nothing (D8, D28); what comes later leaves at once."""
    reactor = server(key, defer_output=True)
    ids = (1, 3, 5) if key in WITH_IDS else (0, 0, 0)
    for request_id in ids:
        reactor.receive(request(key, request_id))

    assert reactor.fail(ids[1], "protocol", b"b") == (Noop(),)
    assert reactor.fail(ids[0], "protocol", b"a") == (Noop(),)
    [sent] = reactor.end_input()
    assert isinstance(sent, SendFrames)
    assert [one.request_id for one in sent.frames] == [ids[1], ids[0]]
    assert reactor.end_input() == (Noop(),)
    assert isinstance(reactor.fail(ids[2], "protocol", b"c")[0], SendFrames)


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_end_input_with_a_deferred_stream_that_was_ended_is_quiet(key: str) -> None:
    """A caller that says `last` has ended it already."""
    reactor = server(key, defer_output=True)
    reactor.receive(request(key))
    reactor.fail(1, "protocol", b"no", last=True)

    [sent] = reactor.end_input()

    assert isinstance(sent, SendFrames)
    assert [one.stream_flags for one in sent.frames] == [3]


@pytest.mark.parametrize("key", REVISIONS)
def test_fault_while_output_is_deferred_waits_for_the_end_of_input(key: str) -> None:
    """Peers that work in one direction at a time are told then (D28, D70)."""
    reactor = server(key, defer_output=True)

    assert len(reactor.receive(frame(key, "1 command-data eos", begin=True))) == 1
    [sent] = reactor.end_input()

    assert isinstance(sent, SendFrames)
    assert [one.type_id for one in sent.frames] == [5]


# What the caller wishes. What frames are made of it is tested with the answers.


@pytest.mark.parametrize("key", BY_CBOR)
def test_respond_sends_status_and_values(key: str) -> None:
    """At once, or in pieces."""
    whole = r"1 2 stream-begin|stream-end command-response eos \xa1\x46status\x42ok\x41a"
    transcript(server(key)).receive(request(key)).expects(RunCommand(1, b"c", {})).does(
        lambda reactor: reactor.respond(1, [b"a"], last=True)
    ).expects(SendFrames((parse_notation(whole, REVISIONS[key]),)))
    (
        transcript(server(key, max_frame=11))
        .receive(request(key))
        .expects(RunCommand(1, b"c", {}))
        .does(lambda reactor: reactor.start_response(1, stream_id=4))
        .expects(Noop())
        .does(lambda reactor: reactor.send_object(1, 5))
        .expects(
            SendFrames(
                (
                    parse_notation(
                        r"1 4 stream-begin command-response continuation \xa1\x46status\x42ok", REVISIONS[key]
                    ),
                )
            )
        )
        .does(lambda reactor: reactor.send_data(1, b"\x06"))
        .expects(Noop())
        .does(lambda reactor: reactor.finish_response(1, last=True))
        .expects(
            SendFrames((parse_notation(r"1 4 stream-end command-response eos \x05\x06", REVISIONS[key]),))
        )
    )


@pytest.mark.parametrize("key", [*BY_NAME, "0005-draft", "0005"])
def test_respond_data_sends_octets(key: str) -> None:
    """Where responses are the caller's."""
    reactor = server(key)
    reactor.receive(request(key))

    [sent] = reactor.respond_data(id_of(key), b"abc", last=True)

    assert isinstance(sent, SendFrames)
    assert b"".join(one.payload for one in sent.frames) == (b"" if key in BY_NAME else STATUS) + b"abc"


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_wishes_leave_their_stream_open_unless_told(key: str) -> None:
    """Only the caller knows what is last (STREAM-005)."""
    reactor = server(key)
    requests = itertools.count(1, 2)

    def begun() -> int:
        request_id = next(requests)
        payload = "c" if key in BY_NAME else "cbor:{b'name': b'c', b'redirect': {b'targets': [b't']}}"
        reactor.receive(frame(key, f"{request_id} 1 1 {payload}", begin=True))
        return request_id

    actions = reactor.fail(begun(), "protocol", b"no")
    actions += reactor.start_response(one := begun()) + reactor.finish_response(one)
    if key not in BY_NAME:
        actions += reactor.respond(begun(), [])
    if key != "0006":
        actions += reactor.respond_data(begun(), b"")
    else:
        actions += reactor.respond_redirect(begun(), Redirect(b"u", b"m"))

    sent = [one for action in actions if isinstance(action, SendFrames) for one in action.frames]
    assert len(sent) == (3 if key in BY_NAME else 4)
    assert [one.stream_flags for one in sent] == [1] + [0] * (len(sent) - 1)


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_text_and_progress_leave_beside_a_response(key: str) -> None:
    """On the stream that the caller names."""
    reactor = server(key)
    reactor.receive(request(key))

    actions = reactor.text_output(1, [Atom(b"x\n")], stream_id=4)
    actions += reactor.progress(1, {b"topic": b"t", b"pos": 1, b"total": 2}, stream_id=6)

    sent = [one for action in actions if isinstance(action, SendFrames) for one in action.frames]
    assert [(one.type_id, one.stream_id) for one in sent] == [(6, 4), (7, 6)]


@pytest.mark.parametrize(
    ("redirect", "may"),
    [
        ("", False),
        (", b'redirect': {}", False),
        (", b'redirect': {b'targets': []}", False),
        (", b'redirect': {b'hashes': [b'sha1']}", False),
        (", b'redirect': {b'targets': [b't']}", True),
    ],
)
def test_respond_redirect_needs_a_target(redirect: str, *, may: bool) -> None:
    """Never unless the client advertised one (RDIR-001; D69)."""
    reactor = server("0006")
    reactor.receive(frame("0006", f"1 command-request new cbor:{{b'name': b'c'{redirect}}}", begin=True))

    if may:
        assert isinstance(reactor.respond_redirect(1, Redirect(b"u", b"m"))[0], SendFrames)
    else:
        with pytest.raises(LocalProtocolError, match="the client of request 1 offered no redirect target"):
            reactor.respond_redirect(1, Redirect(b"u", b"m"))


@pytest.mark.parametrize(
    "wish",
    [
        lambda reactor: reactor.respond(7, []),
        lambda reactor: reactor.respond_data(7, b""),
        lambda reactor: reactor.start_response(7),
        lambda reactor: reactor.send_object(7, 1),
        lambda reactor: reactor.send_data(7, b""),
        lambda reactor: reactor.finish_response(7),
        lambda reactor: reactor.fail(7, "protocol", b""),
        lambda reactor: reactor.text_output(7, []),
        lambda reactor: reactor.sent(7),
    ],
)
def test_wish_for_a_request_that_is_none_is_refused(wish: Callable[[ServerReactor], object]) -> None:
    """A mistake of the caller is an exception, and the reactor goes on (D30)."""
    reactor = server("0005")
    reactor.receive(request("0005"))

    with pytest.raises(LocalProtocolError, match="request 7"):
        wish(reactor)

    assert isinstance(reactor.respond(1, [])[0], SendFrames)


def test_server_with_frames_of_an_impossible_size_is_refused() -> None:
    """They would never end."""
    with pytest.raises(LocalProtocolError, match="max_frame 0 is outside 1–65535"):
        server("0006", max_frame=0)


# Data as it arrives.


@pytest.mark.parametrize("key", REVISIONS)
def test_streamed_command_is_answered_like_any_other(key: str) -> None:
    """Its data follows it (EXEC-003)."""
    request_id = id_of(key)
    (
        transcript(server(key, stream_data=True))
        .receive(request(key, data=True))
        .expects(RunCommand(request_id, b"c", {}, streaming=True))
        .receive(frame(key, "1 command-data continuation a"), frame(key, "1 command-data eos b"))
        .expects(CommandData(request_id, b"a", eos=False), CommandData(request_id, b"b", eos=True))
        .does(lambda reactor: reactor.fail(request_id, "protocol", b"no")[:0])
        .expects()
        .does(lambda reactor: reactor.sent(request_id))
        .expects(Noop())
    )


@pytest.mark.parametrize("key", WITH_IDS)
def test_streamed_command_may_be_answered_before_its_data(key: str) -> None:
    """A server that will not have it need not wait; the ID stays in use until all of it has come (RID-005)."""
    conversation = transcript(server(key, stream_data=True))
    reactor = conversation.reactor
    conversation.receive(request(key, data=True)).expects(RunCommand(1, b"c", {}, streaming=True))

    assert isinstance(reactor.fail(1, "protocol", b"no")[0], SendFrames)
    reactor.sent(1)
    assert (reactor.unanswered, reactor.receiving) == (0, (1,))
    conversation.receive(frame(key, "1 command-data continuation a")).expects(CommandData(1, b"a", eos=False))
    conversation.receive(frame(key, "1 command-data eos b")).expects(CommandData(1, b"b", eos=True))
    conversation.receive(request(key)).expects(RunCommand(1, b"c", {}))


@pytest.mark.parametrize("key", WITH_IDS)
def test_streamed_command_whose_data_never_ends_is_told(key: str) -> None:
    """The end of input cuts it off (D6)."""
    reactor = server(key, stream_data=True)
    reactor.receive(request(key, data=True))

    transcript(reactor).end_input().faults(
        FaultCode.INCOMPLETE_REQUEST, "input ended with requests half received: 1"
    )


# Everything against the tables.


#: A way to a state: the inputs that lead there, each with the state in which it comes.
Way = list[tuple[ServerRequestState, FrameInput]]


def ways(revision: Revision) -> dict[ServerRequestState, Way]:
    """Find the shortest way of frames to each state of a request."""
    found: dict[ServerRequestState, Way] = {S.UNKNOWN: []}
    pending = [S.UNKNOWN]
    for state in pending:
        for frame_input, following in revision.server_request[state].items():
            if isinstance(frame_input, FrameInput) and following not in found:
                found[following] = [*found[state], (state, frame_input)]
                pending.append(following)
    return found


#: Payloads with which an input is right, by the state in which it comes if that matters.
_IN_VALUE = {F.ARGUMENT: b"c", F.ARGUMENT_LAST: b"c", F.ARGUMENT_PART: b""}
_RIGHT = {
    F.ARGUMENT: b"\x01\x00\x00\x00a",
    F.ARGUMENT_LAST: b"\x01\x00\x00\x00b",
    F.ARGUMENT_PART: b"\x01\x00\x02\x00ab",
    F.NEW: b"\xa1\x44name\x41c",
    F.NEW_DATA: b"\xa1\x44name\x41c",
    F.NEW_MORE: b"\xa1\x44na",
    F.NEW_MORE_DATA: b"\xa1\x44na",
    F.CONTINUATION: b"me\x41c",
    F.CONTINUATION_DATA: b"me\x41c",
    F.SETTINGS_LAST: b"\xa0",
}


def right_frame(revision: Revision, nibbles: int, state: ServerRequestState) -> Frame:
    """Make a frame of this type and these flags, with a payload that is right in this state."""
    frame_input = revision.inputs.get(nibbles)
    payload = b""
    if frame_input is F.STREAM_SETTINGS_LAST:
        payload = b"\x48identity" if Feature.CONTENT_ENCODINGS in revision.features else b"\x08identity"
    elif frame_input in _IN_VALUE and state in (S.VALUE, S.VALUE_DATA):
        payload = _IN_VALUE[frame_input]
    elif frame_input is not None:
        payload = _RIGHT.get(frame_input, b"")
    ids = (1, 1, 1) if revision.header.has_stream else (1 if revision.header.has_request else 0, 0, 0)
    return Frame(*ids, nibbles >> 4, nibbles & 15, payload)


def is_taken(
    revision: Revision, connection: ConnectionState, state: ServerRequestState, nibbles: int
) -> bool:
    """Ask the tables whether a frame has a place."""
    frame_input = revision.inputs.get(nibbles)
    if frame_input is None or frame_input not in revision.connection[connection]:
        return False
    if frame_input.name.startswith(("SETTINGS", "STREAM_SETTINGS")):
        return True
    if state is S.ACTIVE and Feature.REQUEST_IDS not in revision.features:
        # The next command may come before the last is answered.
        state = S.UNKNOWN
    return frame_input in revision.server_request[state]


@pytest.mark.parametrize("key", REVISIONS)
def test_every_frame_in_every_state_of_a_request_follows_the_tables(key: str) -> None:
    """Where the tables have a place for a frame it is taken, and everywhere else it is a fault."""
    revision = REVISIONS[key]
    numbers = {frame_input: nibbles for nibbles, frame_input in revision.inputs.items()}
    for state, way in ways(revision).items():
        for nibbles in range(256):
            reactor = ServerReactor(revision)
            for before, frame_input in way:
                reactor.receive(right_frame(revision, numbers[frame_input], before))
            connection = reactor.state

            answer = reactor.receive(right_frame(revision, nibbles, state))

            taken = not isinstance(answer[0], Error)
            assert taken is is_taken(revision, connection, state, nibbles), (state, hex(nibbles), answer)


# Nothing a peer sends.


@settings(deadline=None)
@given(data=st.data())
def test_receive_of_anything_never_raises(data: st.DataObject) -> None:
    """Only declared actions; after an error the same answer for ever; nothing runs that is not whole."""
    revision = data.draw(st.sampled_from(list(REVISIONS.values())))
    reactor = ServerReactor(
        revision,
        defer_output=data.draw(st.booleans()),
        stream_data=data.draw(st.booleans()),
        accept_encodings=("zstd-8mb", "zlib", "identity"),
        limits=Limits(max_requests=3, max_request_octets=60, max_buffered_octets=100, max_settings_octets=50),
    )
    already = (Error(Fault(FaultCode.ALREADY_ERRORED, "server already errored")),)
    for item in data.draw(peer_items(revision, from_client=True)):
        was_errored = reactor.state is C.ERRORED
        actions = reactor.receive(item)
        assert actions
        assert all(isinstance(action, ServerAction) for action in actions)
        assert any(isinstance(action, Error) for action in actions) is (reactor.state is C.ERRORED)
        assert not was_errored or actions == already
        for action in actions:
            if isinstance(action, SendFrames):
                assert all(revision.header.encode(one) for one in action.frames)
            if isinstance(action, RunCommand):
                reactor.fail(action.request_id, "protocol", b"no")
                reactor.sent(action.request_id)
    assert all(isinstance(action, ServerAction) for action in reactor.end_input())
    assert reactor.end_input() == (Noop(),)
    assert reactor.unanswered == 0


def flat(turns: int, turn: Callable[[int], object]) -> bool:
    """Say whether memory after many turns is what it was after a few."""
    for number in range(turns // 100):
        turn(number)
    tracemalloc.start()
    try:
        for number in range(turns // 100):
            turn(number)
        before, _ = tracemalloc.get_traced_memory()
        for number in range(turns):
            turn(number)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Whatever is left of a turn has more than one octet. Threads of who runs the tests may leave a little.
    return after - before < turns


@pytest.mark.parametrize("key", ["0001", "0002-streams", "0006"])
def test_requests_that_are_answered_and_sent_leave_nothing(key: str) -> None:
    """Ten thousand in each revision, under changing IDs."""
    reactor = server(key)
    requests = [request(key, 2 * number + 1) for number in range(500)] if key in WITH_IDS else [request(key)]

    def turn(number: int) -> None:
        one = requests[number % len(requests)]
        reactor.receive(one)
        reactor.fail(one.request_id, "protocol", b"no")
        reactor.sent(one.request_id)

    assert flat(10_000, turn)
    assert reactor.unanswered == 0


@pytest.mark.parametrize("stream_data", [False, True])
@pytest.mark.parametrize(
    ("key", "first", "flood"),
    [
        ("0001", "1 command-name have-data c", "1 command-data continuation"),
        ("0001", "1 command-name have-args c", r"1 command-argument continuation"),
        ("0006", "1 command-request new|more x", "1 command-request continuation|more"),
        ("0006", "1 command-request new|have-data cbor:{b'name': b'c'}", "1 command-data continuation"),
        ("0006", "1 sender-protocol-settings continuation", "1 sender-protocol-settings continuation"),
        ("0006", "1 stream-settings continuation", "1 stream-settings continuation"),
    ],
)
def test_floods_of_empty_frames_leave_nothing(key: str, first: str, flood: str, *, stream_data: bool) -> None:
    """Twenty thousand cost what one costs, in every place where one may come."""
    reactor = server(key, stream_data=stream_data)
    reactor.receive(frame(key, first, begin=True))
    if "command-argument" in flood:
        reactor.receive(frame(key, r"1 command-argument continuation \x01\x00\x05\x00ab"))
    empty = frame(key, flood)

    assert flat(20_000, lambda _: reactor.receive(empty))
    assert reactor.state is not C.ERRORED


def test_streams_begun_and_ended_leave_nothing() -> None:
    """Each with its own decoder, request and answer."""
    reactor = server("0006", accept_encodings=("zlib", "identity"))
    revision = REVISIONS["0006"]
    settings_frames = [
        parse_notation(f"1 {stream} stream-begin stream-settings eos cbor:b'zlib'", revision)
        for stream in range(1, 256, 2)
    ]
    requests = [
        parse_notation(f"1 {stream} stream-end command-request new cbor:{{b'name': b'c'}}", revision)
        for stream in range(1, 256, 2)
    ]

    def turn(number: int) -> None:
        reactor.receive(settings_frames[number % 128])
        reactor.receive(requests[number % 128])
        reactor.respond(1, [b"a"], stream_id=2 * (number % 127) + 2, last=True)
        reactor.sent(1)

    assert flat(3000, turn)
    assert stands(reactor) is C.OPEN
