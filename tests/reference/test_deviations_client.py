"""Where Mercurial's client does not do what the text says, the reference does: one test for each numbered deviation.

The numbers are those of the catalogue of deviations. Where the text is silent, the test says what is safe.
"""

from __future__ import annotations

import zlib

from typing import Any

import pytest
import zstandard

from hgframing import (
    REVISIONS,
    Atom,
    ClientAction,
    ClientReactor,
    ClientRequestState,
    Error,
    ErrorResponse,
    Fault,
    FaultCode,
    Frame,
    Limits,
    Noop,
    Progress,
    ResponseData,
    ResponseReader,
    TextOutput,
    encode_value,
    parse_notation,
)
from hgframing._text import render_atom
from tests.transcripts import Transcript, transcript


BY_NAME = ("0001", "0002", "0002-streams")
BY_CBOR = ("0005-draft", "0005", "0006")
WITH_IDS = ("0002", "0002-streams", *BY_CBOR)
WITH_STREAMS = ("0002-streams", *BY_CBOR)


def waiting(key: str, **wishes: Any) -> ClientReactor:
    """Make a client that waits for the answer to request 1."""
    reactor = ClientReactor(REVISIONS[key], **{"buffer_sends": False, "multiple_sends": True, **wishes})
    reactor.call(b"c")
    return reactor


def begin(key: str, **wishes: Any) -> Transcript[ClientReactor]:
    """Begin a conversation with such a client."""
    return transcript(waiting(key, **wishes))


def frame(key: str, notation: str, stream_flags: int = 1) -> Frame:
    """Write `<request> <type> <flags> <payload>` on stream 2, without what the revision does not have."""
    request_id, rest = notation.split(" ", 1)
    if key in BY_NAME:
        rest = rest.replace("command-response", "bytes-response")
    if REVISIONS[key].header.has_stream:
        rest = f"{request_id} 2 {stream_flags} {rest}"
    elif REVISIONS[key].header.has_request:
        rest = f"{request_id} {rest}"
    return parse_notation(rest, REVISIONS[key])


def fault_of(actions: tuple[ClientAction, ...]) -> FaultCode:
    """Take the code of an answer that is an error."""
    [action] = actions
    assert isinstance(action, Error), action
    return action.fault.code


@pytest.mark.parametrize("key", REVISIONS)
def test_d10_undefined_flag_bits_are_refused(key: str) -> None:
    """Only the listed values are defined, of a frame's flags and of a stream's."""
    assert fault_of(waiting(key).receive(frame(key, "1 command-response 6 x"))) is FaultCode.BAD_FLAGS
    if key in WITH_STREAMS:
        assert fault_of(waiting(key).receive(frame(key, "1 command-response 2 x", 9))) is FaultCode.BAD_FLAGS


@pytest.mark.parametrize("key", REVISIONS)
def test_d12_response_cannot_go_on_and_end(key: str) -> None:
    """The text forbids both flags (RSP-004) and not neither, which upstream's tests send."""
    assert fault_of(waiting(key).receive(frame(key, "1 command-response 3 x"))) is FaultCode.BAD_FLAGS
    request_id = 1 if key in WITH_IDS else 0
    assert waiting(key).receive(frame(key, "1 command-response 0 x")) == (
        ResponseData(request_id, b"x", eos=False),
    )


@pytest.mark.parametrize("key", REVISIONS)
def test_d13_flags_of_an_error_are_looked_at(key: str) -> None:
    """They say what it is, one of them, or there are none."""
    wrong = (1, 2, 3) if key in ("0005", "0006") else (0, 3, 4)
    payload = "cbor:{b'type': b'server', b'message': []}" if key in ("0005", "0006") else "x"

    for flags in wrong:
        answer = waiting(key).receive(frame(key, f"1 error-response {flags} {payload}"))
        assert fault_of(answer) is FaultCode.BAD_FLAGS


def test_d25_request_ids_wrap_around() -> None:
    """RID-002: after 65535 it is 1 again, or the next that is free."""
    reactor = waiting("0002")
    for number in range(3, 65535, 2):
        assert reactor.call(b"c").request_id == number
        answer = reactor.receive(frame("0002", f"{number} bytes-response eos x"))
        assert not any(isinstance(action, Error) for action in answer)

    assert [reactor.call(b"c").request_id for _ in range(2)] == [65535, 3]


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_d39_encoded_frames_without_settings_are_identity(key: str) -> None:
    """ENC-005, STREAM-007."""
    assert waiting(key).receive(frame(key, "1 command-response eos x", 5)) == (
        ResponseData(1, b"x", eos=True),
    )


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_d40_begin_on_an_open_stream_passes(key: str) -> None:
    """The text does not call it illegal, and upstream's own tests send it."""
    reactor = waiting(key)
    reactor.receive(frame(key, "1 command-response continuation x"))

    assert reactor.receive(frame(key, "1 command-response eos y")) == (ResponseData(1, b"y", eos=True),)


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_d41_nothing_of_a_refused_frame_lasts(key: str) -> None:
    """The frame opened its stream, but no frame is accepted on it after the fault."""
    reactor = waiting(key)

    assert fault_of(reactor.receive(frame(key, "3 command-response eos x"))) is FaultCode.BAD_REQUEST_STATE
    assert fault_of(reactor.receive(frame(key, "1 command-response eos x", 0))) is FaultCode.ALREADY_ERRORED


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_d42_stream_zero_is_even(key: str) -> None:
    """The text does not speak of it; upstream's servers and tests differ."""
    one = frame(key, "1 command-response eos x")

    assert waiting(key).receive(Frame(1, 0, 1, one.type_id, one.flags, one.payload)) == (
        ResponseData(1, b"x", eos=True),
    )


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_d47_stream_that_began_stays_open_until_it_ends(key: str) -> None:
    """STREAM-003, STREAM-005."""
    reactor = waiting(key)
    reactor.receive(frame(key, "1 command-response continuation x"))

    assert reactor.receive(frame(key, "1 command-response continuation y", 2)) == (
        ResponseData(1, b"y", eos=False),
    )
    assert fault_of(reactor.receive(frame(key, "1 command-response eos z", 0))) is FaultCode.STREAM_NOT_OPEN


@pytest.mark.parametrize("key", ["0002-streams", "0005-draft", "0005"])
def test_d48_stream_settings_before_0006_are_read(key: str) -> None:
    """Identity is what their absence means; no other profile is defined."""
    assert waiting(key).receive(frame(key, r"1 stream-settings 0 \x08identity")) == (Noop(),)
    answer = waiting(key).receive(frame(key, r"1 stream-settings 0 \x04zlib"))
    assert fault_of(answer) is FaultCode.UNSUPPORTED_ENCODING


def test_d50_settings_begin_their_stream() -> None:
    """Only the frame that begins a stream may carry them (ENC-001)."""
    reactor = waiting("0006", content_encodings=["zlib"])
    reactor.receive(frame("0006", "1 command-response continuation x"))

    answer = reactor.receive(frame("0006", "1 stream-settings eos cbor:b'zlib'", 0))

    assert fault_of(answer) is FaultCode.UNEXPECTED_FRAME


def test_d51_settings_are_not_interrupted() -> None:
    """The continuation follows immediately (ENC-006)."""
    reactor = waiting("0006")
    reactor.receive(frame("0006", r"1 stream-settings continuation \x48iden"))

    answer = reactor.receive(frame("0006", "1 command-response continuation x", 0))

    assert fault_of(answer) is FaultCode.UNEXPECTED_FRAME


def test_d52_settings_end_with_their_stream() -> None:
    """What was half announced is forgotten when the stream closes (STREAM-006)."""
    reactor = waiting("0006")
    reactor.receive(frame("0006", r"1 stream-settings continuation \x48iden", 3))

    assert reactor.receive(frame("0006", "1 stream-settings eos cbor:b'identity'")) == (Noop(),)
    assert reactor.receive(frame("0006", "1 command-response eos x", 0)) == (ResponseData(1, b"x", eos=True),)


def test_d53_settings_may_be_all_of_a_stream() -> None:
    """Begin and end on one frame are not forbidden."""
    begin("0006", content_encodings=["zlib"]).receive(
        "1 2 stream-begin|stream-end stream-settings eos cbor:b'zlib'"
    ).expects(Noop()).receive("1 2 stream-begin command-response eos x").expects(
        ResponseData(1, b"x", eos=True)
    )


@pytest.mark.parametrize(
    ("offered", "used"), [(["identity"], "zlib"), (["zlib"], "zstd-8mb"), (None, "zlib")]
)
def test_d54_encodings_that_were_not_offered_are_refused(offered: list[str] | None, used: str) -> None:
    """SET-004."""
    reactor = waiting("0006", content_encodings=offered)

    answer = reactor.receive(frame("0006", f"1 stream-settings eos cbor:b'{used}'"))

    assert fault_of(answer) is FaultCode.UNSUPPORTED_ENCODING


@pytest.mark.parametrize("name", ["zlib", "zstd-8mb"])
def test_d55_octets_that_cannot_be_decoded_are_a_fault(name: str) -> None:
    """And no exception of the decoder's."""
    reactor = waiting("0006", content_encodings=[name])
    reactor.receive(frame("0006", f"1 stream-settings eos cbor:b'{name}'"))

    answer = reactor.receive(frame("0006", "1 command-response continuation garbage", 4))

    assert fault_of(answer) is FaultCode.BAD_ENCODING


@pytest.mark.parametrize("name", ["zlib", "zstd-8mb"])
def test_d56_decoded_octets_are_bounded(name: str) -> None:
    """50 kilobytes cannot become 50 megabytes; at the limit they may."""
    compress = zlib.compress if name == "zlib" else zstandard.ZstdCompressor().compress
    for size, code in ((100_000, None), (100_001, FaultCode.LIMIT_EXCEEDED)):
        reactor = waiting("0006", content_encodings=[name], limits=Limits(max_decoded=100_000))
        reactor.receive(frame("0006", f"1 stream-settings eos cbor:b'{name}'"))

        answer = reactor.receive(Frame(1, 2, 4, 3, 1, compress(bytes(size))))

        if code is None:
            assert answer == (ResponseData(1, bytes(size), eos=False),)
        else:
            assert fault_of(answer) is code


@pytest.mark.parametrize("name", ["zlib", "zstd-8mb"])
def test_d57_octets_after_the_end_of_the_encoded_data_are_a_fault(name: str) -> None:
    """In the same frame and in the next: nothing is dropped in silence."""
    compress = zlib.compress if name == "zlib" else zstandard.ZstdCompressor().compress
    whole = compress(b"response")
    for first, second in ((whole + b"garbage", None), (whole, b"garbage")):
        reactor = waiting("0006", content_encodings=[name])
        reactor.receive(frame("0006", f"1 stream-settings eos cbor:b'{name}'"))

        answer = reactor.receive(Frame(1, 2, 4, 3, 1, first))
        if second is not None:
            assert answer == (ResponseData(1, b"response", eos=False),)
            answer = reactor.receive(Frame(1, 2, 4, 3, 1, second))

        assert fault_of(answer) is FaultCode.BAD_ENCODING


def test_d62_sender_settings_of_a_server_are_taken() -> None:
    """Either side may advertise (SET-001)."""
    begin("0006").receive("1 2 stream-begin sender-protocol-settings eos cbor:{}").expects(Noop())


def test_d75_text_output_and_progress_are_handed_over() -> None:
    """Clients must be prepared for both (RSP-010)."""
    begin("0006").receive(
        "1 2 stream-begin text-output 0 cbor:[{b'msg': b'hi'}]",
        "1 2 0 progress 0 cbor:{b'topic': b't', b'pos': 1, b'total': 2}",
    ).expects(TextOutput(1, (Atom(b"hi"),)), Progress(1, b"t", 1, 2))


def test_d76_error_response_is_handed_over() -> None:
    """Clients must be prepared for it (RSP-010)."""
    begin("0005-draft").receive("1 2 stream-begin error-response application x").expects(
        ErrorResponse(1, "application", (Atom(b"x"),))
    )


@pytest.mark.parametrize("key", ["0005", "0006"])
@pytest.mark.parametrize(
    "payload",
    [
        "hello",
        "cbor:{b'type': b'zzz', b'message': []}",
        "cbor:{b'type': b'server', b'message': b'text'}",
        "cbor:{b'message': []}",
    ],
)
def test_d77_malformed_errors_are_faults(key: str, payload: str) -> None:
    """A map of a known type and an array of atoms (ERR-004 to ERR-006)."""
    code = fault_of(waiting(key).receive(frame(key, f"1 error-response 0 {payload}")))

    assert code in (FaultCode.BAD_CBOR, FaultCode.BAD_PAYLOAD)


@pytest.mark.parametrize("key", ["0005", "0006"])
def test_d77_protocol_errors_that_concern_no_request_are_heard(key: str) -> None:
    """Their content is not lost."""
    payload = "cbor:{b'type': b'protocol', b'message': [{b'msg': b'x'}]}"

    assert waiting(key).receive(frame(key, f"0 error-response 0 {payload}")) == (
        ErrorResponse(0, "protocol", (Atom(b"x"),)),
    )


@pytest.mark.parametrize("key", REVISIONS)
def test_d78_errors_stick_and_directions_are_checked(key: str) -> None:
    """Servers send no requests (CMD-002, REQ-003)."""
    reactor = waiting(key)

    assert fault_of(reactor.receive(frame(key, "1 1 1 x"))) is FaultCode.UNEXPECTED_FRAME
    assert fault_of(reactor.receive(frame(key, "1 command-response eos x", 0))) is FaultCode.ALREADY_ERRORED


@pytest.mark.parametrize("key", REVISIONS)
def test_d79_request_answered_while_it_is_sent_stays_answered(key: str) -> None:
    """The text does not forbid to answer early; what is received is not undone by what leaves late."""
    request_id = 1 if key in WITH_IDS else 0
    reactor = waiting(key)
    reactor.receive(frame(key, "1 command-response eos x"))

    reactor.sent(request_id)

    assert reactor.request_state(request_id) is ClientRequestState.RECEIVED


@pytest.mark.parametrize("key", BY_CBOR)
@pytest.mark.parametrize("status", [{b"status": b"zzz"}, 5, {}, [b"status"]])
def test_d80_status_that_is_none_is_a_fault(key: str, status: object) -> None:
    """One of the text's values, in a map (RSP-006, RSP-007); the reader of responses looks at it."""
    [action] = waiting(key).receive(Frame(1, 2, 1, 3, 2, encode_value(status, REVISIONS[key].cbor)))
    assert isinstance(action, ResponseData)
    reader = ResponseReader(REVISIONS[key])
    reader.feed(action.data, eos=action.eos)

    item = reader.next_item()

    assert isinstance(item, Fault)
    assert item.code is FaultCode.BAD_PAYLOAD


@pytest.mark.parametrize(
    ("atom", "text"),
    [
        (Atom(b"100%% done"), b"100% done"),
        (Atom(b"%d %z", (b"x",)), b"%d %z"),
        (Atom(b"%s%%%s", (b"a", b"b")), b"a%b"),
    ],
)
def test_d84_only_two_sequences_are_special(atom: Atom, text: bytes) -> None:
    """`%s` and `%%`; every other pair is literal (TEXT-001)."""
    assert render_atom(atom) == text
