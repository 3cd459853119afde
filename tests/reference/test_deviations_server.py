"""Where Mercurial's server does not do what the text says, the reference does: one test for each numbered deviation.

The numbers are those of the catalogue of deviations. Where the text is silent, the test says what is safe.
"""

from __future__ import annotations

import zlib

from typing import Any

import pytest
import zstandard

from hgframing import (
    REVISIONS,
    Error,
    FaultCode,
    Frame,
    Limits,
    LocalProtocolError,
    Noop,
    Redirect,
    RunCommand,
    SendFrames,
    ServerAction,
    ServerReactor,
    WantFrame,
    parse_notation,
)
from tests.transcripts import Transcript, transcript


STREAMS = "0002-streams"
BY_NAME = ("0001", "0002", "0002-streams")
BY_CBOR = ("0005-draft", "0005", "0006")
WITH_IDS = ("0002", "0002-streams", *BY_CBOR)
WITH_STREAMS = ("0002-streams", *BY_CBOR)

STATUS = b"\xa1\x46status\x42ok"
ARGUMENT = r"\x01\x00\x01\x00ab"


def begin(key: str, **wishes: Any) -> Transcript[ServerReactor]:
    """Begin a conversation with a server."""
    return transcript(ServerReactor(REVISIONS[key], **wishes))


def frame(key: str, notation: str, stream_flags: int = 1) -> Frame:
    """Write `<request> <type> <flags> <payload>` on stream 1, without what the revision does not have."""
    request_id, rest = notation.split(" ", 1)
    if REVISIONS[key].header.has_stream:
        rest = f"{request_id} 1 {stream_flags} {rest}"
    elif REVISIONS[key].header.has_request:
        rest = notation
    return parse_notation(rest, REVISIONS[key])


def command(key: str, request_id: int = 1, *, data: bool = False) -> Frame:
    """Write a request of command `c`."""
    if key in BY_NAME:
        return frame(key, f"{request_id} command-name {'have-data' if data else 'eos'} c")
    flags = "new|have-data" if data else "new"
    return frame(key, f"{request_id} command-request {flags} cbor:{{b'name': b'c'}}")


def running(key: str, *requests: int, encodings: str = "", **wishes: Any) -> ServerReactor:
    """Make a server where the commands of these requests run; its client takes those encodings."""
    reactor = ServerReactor(REVISIONS[key], **wishes)
    if encodings:
        reactor.receive(
            frame(key, f"1 sender-protocol-settings eos cbor:{{b'contentencodings': [{encodings}]}}")
        )
    for request_id in requests:
        assert isinstance(reactor.receive(command(key, request_id))[0], RunCommand)
    return reactor


def sent(actions: tuple[ServerAction, ...]) -> tuple[Frame, ...]:
    """Take the frames of an answer that is nothing else."""
    [action] = actions
    assert isinstance(action, SendFrames)
    return action.frames


def fault_of(actions: tuple[ServerAction, ...]) -> FaultCode:
    """Take the code of an answer that begins with an error."""
    assert isinstance(actions[0], Error), actions
    return actions[0].fault.code


# What is received.


@pytest.mark.parametrize("key", REVISIONS)
def test_d06_partial_requests_at_the_end_of_input_are_told(key: str) -> None:
    """Upstream answers nothing."""
    reactor = running(key)
    reactor.receive(command(key, data=True))

    assert fault_of(reactor.end_input()) is FaultCode.INCOMPLETE_REQUEST


@pytest.mark.parametrize("key", WITH_IDS)
def test_d07_partial_requests_are_bounded(key: str) -> None:
    """32768 of them that are never finished end at the first beyond the limit; so do octets without end."""
    reactor = running(key)
    requests = [reactor.receive(command(key, request_id, data=True)) for request_id in range(1, 2050, 2)]
    assert [answer[0] for answer in requests[:1024]] == [WantFrame()] * 1024
    assert fault_of(requests[1024]) is FaultCode.LIMIT_EXCEEDED

    reactor = running(key, limits=Limits(max_request_octets=200_000))
    reactor.receive(command(key, data=True))
    data = frame(key, "1 command-data continuation " + "x" * 60_000, 0)
    assert [
        fault_of(reactor.receive(data)) if number == 3 else reactor.receive(data) for number in range(4)
    ] == [
        *[(WantFrame(),)] * 3,
        FaultCode.LIMIT_EXCEEDED,
    ]


@pytest.mark.parametrize("key", REVISIONS)
def test_d08_deferred_output_leaves_once(key: str) -> None:
    """A second end of input has nothing left."""
    request_id = 1 if key in WITH_IDS else 0
    reactor = running(key, request_id, defer_output=True)
    reactor.fail(request_id, "protocol", b"no")

    assert len(sent(reactor.end_input())) == 1
    assert reactor.end_input() == (Noop(),)


@pytest.mark.parametrize("key", BY_NAME)
@pytest.mark.parametrize("flags", ["eos|have-args", "eos|have-data", "eos|have-args|have-data"])
def test_d09_end_excludes_arguments_and_data(key: str, flags: str) -> None:
    """CMD-006."""
    answer = running(key).receive(frame(key, f"1 command-name {flags} c"))

    assert fault_of(answer) is FaultCode.BAD_FLAGS


@pytest.mark.parametrize("key", REVISIONS)
def test_d10_undefined_flag_bits_are_refused(key: str) -> None:
    """Only the listed values are defined; what a later revision means by another bit is unknown."""
    if key in BY_NAME:
        assert fault_of(running(key).receive(frame(key, "1 command-name 9 c"))) is FaultCode.BAD_FLAGS
    reactor = running(key)
    reactor.receive(command(key, data=True))
    assert fault_of(reactor.receive(frame(key, "1 command-data 6 d", 0))) is FaultCode.BAD_FLAGS
    if key in WITH_STREAMS:
        for stream_flags in (9, 249, 128):
            one = command(key)
            one = Frame(one.request_id, 1, stream_flags, one.type_id, one.flags, one.payload)
            assert fault_of(running(key).receive(one)) is FaultCode.BAD_FLAGS


@pytest.mark.parametrize("key", REVISIONS)
def test_d11_data_with_both_flags_is_refused(key: str) -> None:
    """More cannot follow the end (DATA-002, DATA-003)."""
    reactor = running(key)
    reactor.receive(command(key, data=True))

    assert (
        fault_of(reactor.receive(frame(key, "1 command-data continuation|eos d", 0))) is FaultCode.BAD_FLAGS
    )


@pytest.mark.parametrize("key", BY_NAME)
def test_d14_arguments_may_continue(key: str) -> None:
    """ARG-004, ARG-005."""
    reactor = running(key)
    reactor.receive(frame(key, "1 command-name have-args c"))

    reactor.receive(frame(key, r"1 command-argument continuation \x01\x00\x05\x00nab", 0))
    answer = reactor.receive(frame(key, "1 command-argument eoa cde", 0))

    assert answer == (RunCommand(1 if key in WITH_IDS else 0, b"c", {b"n": b"abcde"}),)


@pytest.mark.parametrize("key", BY_NAME)
@pytest.mark.parametrize(
    "argument",
    ["eoa abc", r"eoa \x01\x00\x00\x00\xff", r"eoa \x01\x00\x01\x00acd", r"eoa \x01\x00\x02\x00ac"],
    ids=["d15_header", "d16_name", "d17_surplus", "short"],
)
def test_d15_d16_d17_malformed_arguments_are_faults(key: str, argument: str) -> None:
    """The header and the whole ASCII name are there, and the value has its length (ARG-002, ARG-003, ARG-007)."""
    reactor = running(key)
    reactor.receive(frame(key, "1 command-name have-args c"))

    answer = reactor.receive(frame(key, f"1 command-argument {argument}", 0))

    assert fault_of(answer) is FaultCode.MALFORMED_ARGUMENT


@pytest.mark.parametrize("key", BY_NAME)
def test_d16_argument_that_comes_twice_is_a_fault(key: str) -> None:
    """Which of the two would be meant is nobody's to guess."""
    reactor = running(key)
    reactor.receive(frame(key, "1 command-name have-args c"))
    reactor.receive(frame(key, f"1 command-argument 0 {ARGUMENT}", 0))

    answer = reactor.receive(frame(key, f"1 command-argument eoa {ARGUMENT}", 0))

    assert fault_of(answer) is FaultCode.MALFORMED_ARGUMENT


@pytest.mark.parametrize("key", BY_NAME)
def test_d18_data_comes_after_arguments(key: str) -> None:
    """CMD-007; a command never runs with fewer arguments than it has."""
    reactor = running(key)
    reactor.receive(frame(key, "1 command-name have-args|have-data c"))

    assert fault_of(reactor.receive(frame(key, "1 command-data eos d", 0))) is FaultCode.UNEXPECTED_FRAME


@pytest.mark.parametrize("key", BY_NAME)
def test_d19_no_arguments_come_after_the_last(key: str) -> None:
    """ARG-006."""
    reactor = running(key)
    reactor.receive(frame(key, "1 command-name have-args|have-data c"))
    reactor.receive(frame(key, f"1 command-argument eoa {ARGUMENT}", 0))

    answer = reactor.receive(frame(key, f"1 command-argument eoa {ARGUMENT}", 0))

    assert fault_of(answer) is FaultCode.UNEXPECTED_FRAME


def test_d21_next_command_follows_one_with_arguments() -> None:
    """The next frame belongs to another request (CMD-003)."""
    begin("0001").receive("command-name have-args c", f"command-argument eoa {ARGUMENT}").expects(
        WantFrame(), RunCommand(0, b"c", {b"a": b"b"})
    ).receive("command-name eos d").expects(RunCommand(0, b"d", {}))


def test_d22_requests_keep_to_their_ids() -> None:
    """A frame under another ID is none of this request (RID-003)."""
    begin("0002").receive("1 command-name have-args c").expects(WantFrame()).receive(
        f"3 command-argument eoa {ARGUMENT}"
    ).faults(FaultCode.BAD_REQUEST_STATE, "received frame for request that is not receiving: 3")


@pytest.mark.parametrize("key", ["0002", "0002-streams"])
def test_d23_other_types_inside_a_request_are_faults(key: str) -> None:
    """Only request frames come from a client; nothing is never an answer."""
    for type_id in (0, *range(4, 16)):
        reactor = running(key)
        reactor.receive(frame(key, "1 command-name have-args c"))

        answer = reactor.receive(frame(key, f"1 {type_id} 0 \\x08identity", 0))

        if (key, type_id) == ("0002-streams", 8):
            # Settings of a stream are no matter of a request, but only the frame that begins it may carry them.
            assert fault_of(answer) is FaultCode.UNEXPECTED_FRAME
        else:
            assert answer[0] != Noop()
            assert fault_of(answer) is FaultCode.UNEXPECTED_FRAME


@pytest.mark.parametrize("key", WITH_IDS)
def test_d24_even_request_ids_are_the_servers(key: str) -> None:
    """RID-001."""
    assert fault_of(running(key).receive(command(key, 2))) is FaultCode.BAD_REQUEST_PARITY


@pytest.mark.parametrize("key", WITH_IDS)
def test_d26_active_ids_are_not_reused(key: str) -> None:
    """RID-005."""
    assert fault_of(running(key, 1).receive(command(key))) is FaultCode.BAD_REQUEST_STATE


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_d31_errored_state_dominates(key: str) -> None:
    """Whatever is wrong with what comes later."""
    reactor = running(key)
    reactor.receive(frame(key, "1 1 1 x", 0))

    for late in ("1 2 0 1 1 x", "1 1 encoded 1 1 x", "1 3 0 1 1 x"):
        assert fault_of(reactor.receive(parse_notation(late, REVISIONS[key]))) is FaultCode.ALREADY_ERRORED


@pytest.mark.parametrize("key", BY_CBOR)
@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (r"\xff", FaultCode.BAD_CBOR),
        ("", FaultCode.BAD_CBOR),
        ("cbor:5", FaultCode.BAD_PAYLOAD),
        ("cbor:None", FaultCode.BAD_PAYLOAD),
        ("cbor:[b'name']", FaultCode.BAD_PAYLOAD),
        ("cbor:b'xnamex'", FaultCode.BAD_PAYLOAD),
        ("cbor:{b'name': 5}", FaultCode.BAD_PAYLOAD),
        ("cbor:{b'name': b'c', b'args': [1]}", FaultCode.BAD_PAYLOAD),
        (r"\xa1\x44name\x41c\xa0", FaultCode.BAD_CBOR),
        (r"\xa1\x44name\x41c\xff", FaultCode.BAD_CBOR),
    ],
    ids=[
        "d32",
        "d32_empty",
        "d33",
        "d33_null",
        "d33_array",
        "d33_octets",
        "d34",
        "d34_args",
        "d35",
        "d35_garbage",
    ],
)
def test_d32_d33_d34_d35_requests_that_are_none_are_faults(key: str, payload: str, code: FaultCode) -> None:
    """One CBOR map with `name` and `args` of their types (REQ-001, REQ-002)."""
    assert fault_of(running(key).receive(frame(key, f"1 command-request new {payload}"))) is code


def test_d34_redirect_of_another_type_is_a_fault() -> None:
    """REQ-012."""
    answer = running("0006").receive(
        frame("0006", "1 command-request new cbor:{b'name': b'c', b'redirect': 1}")
    )

    assert fault_of(answer) is FaultCode.BAD_PAYLOAD


@pytest.mark.parametrize("key", BY_CBOR)
def test_d36_data_comes_after_the_request(key: str) -> None:
    """REQ-011; whether it ends or not."""
    for flags in ("continuation", "eos"):
        reactor = running(key)
        reactor.receive(frame(key, "1 command-request new|more|have-data x"))

        assert (
            fault_of(reactor.receive(frame(key, f"1 command-data {flags} d", 0)))
            is FaultCode.UNEXPECTED_FRAME
        )


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_d38_encoded_frames_without_settings_are_identity(key: str) -> None:
    """ENC-005, STREAM-007."""
    one = command(key)

    answer = running(key).receive(Frame(1, 1, 5, one.type_id, one.flags, one.payload))

    assert answer == (RunCommand(1, b"c", {}),)


@pytest.mark.parametrize("name", ["zlib", "zstd-8mb"])
def test_d38_encoded_frames_with_settings_are_decoded(name: str) -> None:
    """Where the server said that it takes the encoding."""
    payload = parse_notation("1 1 0 1 1 cbor:{b'name': b'c'}", REVISIONS["0006"]).payload
    state: Any = zlib.compressobj() if name == "zlib" else zstandard.ZstdCompressor().compressobj()
    flush = zlib.Z_SYNC_FLUSH if name == "zlib" else zstandard.COMPRESSOBJ_FLUSH_BLOCK
    reactor = running("0006", accept_encodings=[name])

    assert reactor.receive(frame("0006", f"1 stream-settings eos cbor:b'{name}'")) == (Noop(),)
    answer = reactor.receive(Frame(1, 1, 4, 1, 1, state.compress(payload) + state.flush(flush)))

    assert answer == (RunCommand(1, b"c", {}),)


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_d40_begin_on_an_open_stream_passes(key: str) -> None:
    """The text does not call it illegal, and upstream's own tests send it."""
    assert isinstance(running(key, 1).receive(command(key, 3))[0], RunCommand)


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_d41_nothing_of_a_refused_frame_lasts(key: str) -> None:
    """The frame opened its stream, but no frame is accepted on it after the fault."""
    reactor = running(key)
    reactor.receive(frame(key, "1 15 0 x"))

    assert fault_of(reactor.receive(frame(key, "1 1 1 c", 0))) is FaultCode.ALREADY_ERRORED


@pytest.mark.parametrize("key", ["0002-streams", "0005-draft", "0005"])
def test_d48_stream_settings_before_0006_are_read(key: str) -> None:
    """Identity is what their absence means; no other profile is defined."""
    assert running(key).receive(frame(key, r"1 stream-settings 0 \x08identity")) == (Noop(),)
    for payload, code in (
        (r"\x04zlib", FaultCode.UNSUPPORTED_ENCODING),
        (r"\x04zl", FaultCode.BAD_PAYLOAD),
        ("", FaultCode.BAD_PAYLOAD),
    ):
        assert fault_of(running(key).receive(frame(key, f"1 stream-settings 0 {payload}"))) is code


def test_d49_stream_settings_of_a_client_are_taken() -> None:
    """Any sender may announce an encoding."""
    begin("0006").receive("1 1 stream-begin stream-settings eos cbor:b'identity'").expects(Noop())


@pytest.mark.parametrize(
    "payload",
    [
        "cbor:5",
        "cbor:[b'contentencodings']",
        "cbor:b'contentencodings'",
        "cbor:[]",
        "cbor:{b'contentencodings': 5}",
        "cbor:{b'contentencodings': b'xxzlibxx'}",
        r"\xa0\xa1",
    ],
    ids=["d58", "d58_array", "d58_octets", "d58_array_without", "d59", "d59_octets", "d60"],
)
def test_d58_d59_d60_settings_that_are_none_are_faults(payload: str) -> None:
    """A map with an array of bytestrings, alone (SET-001, SET-002); what follows is answered, not raised."""
    reactor = running("0006")

    answer = reactor.receive(frame("0006", f"1 sender-protocol-settings eos {payload}"))

    assert fault_of(answer) in (FaultCode.BAD_PAYLOAD, FaultCode.BAD_CBOR)
    assert fault_of(reactor.receive(command("0006"))) is FaultCode.ALREADY_ERRORED


# What is sent.


@pytest.mark.parametrize("key", WITH_IDS)
def test_d27_d29_id_is_free_when_its_answer_has_left(key: str) -> None:
    """An error answers the request as well; the caller says that it has left."""
    reactor = running(key, 1)
    assert len(sent(reactor.fail(1, "protocol", b"no"))) == 1
    reactor.sent(1)

    assert reactor.receive(command(key)) == (RunCommand(1, b"c", {}),)


@pytest.mark.parametrize("key", REVISIONS)
def test_d28_errors_are_deferred_like_everything(key: str) -> None:
    """A peer that works in one direction is sent nothing before the end of input."""
    request_id = 1 if key in WITH_IDS else 0
    kind = "server" if key in ("0005", "0006") else "application"
    reactor = running(key, request_id, defer_output=True)

    assert reactor.fail(request_id, kind, b"no") == (Noop(),)
    assert len(sent(reactor.end_input())) == 1


@pytest.mark.parametrize("key", REVISIONS)
def test_d30_second_answer_is_the_callers_mistake(key: str) -> None:
    """Nothing of it is sent."""
    request_id = 1 if key in WITH_IDS else 0
    reactor = running(key, request_id)
    reactor.fail(request_id, "protocol", b"no")

    with pytest.raises(LocalProtocolError, match=f"request {request_id} does not wait for an answer"):
        reactor.fail(request_id, "protocol", b"no")


@pytest.mark.parametrize("offered", ["", "b'unknown'"])
def test_d61_no_common_encoding_is_identity(offered: str) -> None:
    """All peers support it (ENC-008)."""
    reactor = ServerReactor(REVISIONS["0006"])
    reactor.receive(
        frame("0006", f"1 sender-protocol-settings eos cbor:{{b'contentencodings': [{offered}]}}")
    )
    reactor.receive(command("0006"))

    [one] = sent(reactor.respond(1, [b"a"]))

    assert (one.stream_flags & 4, one.payload) == (0, STATUS + b"\x41a")


@pytest.mark.parametrize("key", BY_CBOR)
def test_d63_empty_response_is_a_status_and_an_end(key: str) -> None:
    """RSP-005: the client does not wait for ever."""
    [one] = sent(running(key, 1).respond(1, []))

    assert (one.flags, one.payload) == (2, STATUS)


@pytest.mark.parametrize("key", ["0005", "0006"])
def test_d64_command_error_after_output_is_an_error_frame(key: str) -> None:
    """ERR-007."""
    reactor = running(key, 1, max_frame=11)
    reactor.start_response(1)
    reactor.send_object(1, 5)

    [one] = sent(reactor.fail(1, "command", b"no"))

    assert one.type_id == 5
    assert (
        one.payload
        == parse_notation(
            "1 2 0 5 0 cbor:{b'type': b'command', b'message': [{b'msg': b'no'}]}", REVISIONS[key]
        ).payload
    )


@pytest.mark.parametrize("key", BY_CBOR)
def test_d65_error_message_is_an_array_of_atoms(key: str) -> None:
    """RSP-008."""
    [one] = sent(running(key, 1).fail(1, "command", b"msg %s", [b"a"]))

    literal = "{b'status': b'error', b'error': {b'message': [{b'msg': b'msg %s', b'args': [b'a']}]}}"
    assert one.payload == parse_notation(f"1 2 0 3 2 cbor:{literal}", REVISIONS[key]).payload


@pytest.mark.parametrize("name", ["zlib", "zstd-8mb"])
def test_d66_failed_response_leaves_nothing_in_its_stream(name: str) -> None:
    """The next response under another ID is its own (STREAM-011)."""
    reactor = running("0006", 1, 3, encodings=f"b'{name}'", max_frame=11)
    reactor.start_response(1)
    frames = sent(reactor.send_object(1, b"first" * 10))
    frames += sent(reactor.fail(1, "server", b"no")) + sent(reactor.respond(3, [b"second"]))

    state: Any = zlib.decompressobj() if name == "zlib" else zstandard.ZstdDecompressor().decompressobj()
    decoded = [(one.request_id, state.decompress(one.payload)) for one in frames if one.stream_flags & 4]
    assert b"".join(octets for request_id, octets in decoded if request_id == 3) == STATUS + b"\x46second"


@pytest.mark.parametrize("name", ["zlib", "zstd-8mb"])
def test_d67_status_map_is_in_the_first_response_frame(name: str) -> None:
    """Also under compression (RSP-006)."""
    frames = sent(running("0006", 1, encodings=f"b'{name}'", max_frame=1).respond(1, [b"abc"]))
    first = next(one for one in frames if one.type_id == 3)

    state: Any = zlib.decompressobj() if name == "zlib" else zstandard.ZstdDecompressor().decompressobj()
    assert state.decompress(first.payload) == STATUS


@pytest.mark.parametrize("key", BY_CBOR)
def test_d68_object_that_cannot_be_sent_is_the_callers_mistake(key: str) -> None:
    """The request still waits, so that an error can be its answer."""
    reactor = running(key, 1)

    with pytest.raises(LocalProtocolError, match="object cannot be sent as CBOR"):
        reactor.respond(1, [object()])

    assert len(sent(reactor.fail(1, "protocol" if key == "0005-draft" else "server", b"no"))) == 1


def test_d69_redirect_needs_an_offer() -> None:
    """RDIR-001."""
    with pytest.raises(LocalProtocolError, match="the client of request 1 offered no redirect target"):
        running("0006", 1).respond_redirect(1, Redirect(b"u", b"m"))


@pytest.mark.parametrize("key", REVISIONS)
def test_d70_protocol_errors_reach_the_wire(key: str) -> None:
    """As an error frame of kind protocol (ERR-002, ERR-005)."""
    error, report = running(key).receive(frame(key, "1 15 0 x"))

    assert isinstance(error, Error)
    assert isinstance(report, SendFrames)
    [one] = report.frames
    assert one.type_id == 5
    if key in ("0005", "0006"):
        assert b"\x44type\x48protocol" in one.payload
    else:
        assert one.flags == 1


@pytest.mark.parametrize("key", ["0005-draft", "0005"])
def test_d95_d96_response_in_pieces_says_whether_more_follows(key: str) -> None:
    """One flag on each frame, also where nothing but the status was sent (RSP-002 to RSP-004)."""
    reactor = running(key, 1, 3, max_frame=11)

    reactor.start_response(1)
    assert [one.flags for one in sent(reactor.finish_response(1))] == [2]
    reactor.start_response(3)
    flags = [one.flags for one in sent(reactor.send_data(3, b"abc")) + sent(reactor.finish_response(3))]
    assert flags == [1, 2]
