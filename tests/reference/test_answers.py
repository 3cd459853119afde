"""Tests of what a server sends: responses piece by piece, errors, text for people; and when it may leave."""

from __future__ import annotations

import zlib

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from hgframing import (
    REVISIONS,
    Atom,
    Frame,
    FrameType,
    LocalProtocolError,
    Redirect,
    ServerRequestState,
    decode_sequence,
    encode_value,
    parse_notation,
)
from hgframing._answers import Answers


S = ServerRequestState

BY_NAME = ("0001", "0002", "0002-streams")
BY_CBOR = ("0005-draft", "0005", "0006")
WITH_IDS = ("0002", "0002-streams", *BY_CBOR)
WITH_STREAMS = ("0002-streams", *BY_CBOR)

STATUS = b"\xa1\x46status\x42ok"
MAX_FRAME = 32768


def desk(
    key: str, *requests: int, max_frame: int = MAX_FRAME, defer: bool = False, redirects: bool = False
) -> Answers:
    """Make the output half of a server where the commands of these requests run."""
    answers = Answers(REVISIONS[key], max_frame, defer=defer)
    for request_id in requests:
        answers.expect(request_id, offers_redirect=redirects)
    return answers


def written(key: str, *notations: str) -> tuple[Frame, ...]:
    """Write the frames that are expected in the notation of that revision."""
    return tuple(parse_notation(text, REVISIONS[key]) for text in notations)


def said(frames: tuple[Frame, ...]) -> bytes:
    """Join what frames say."""
    return b"".join(frame.payload for frame in frames)


def refused(message: str) -> Any:
    """Demand that the caller is told so."""
    return pytest.raises(LocalProtocolError, match=f"^{message}$")


# Responses at once.


@pytest.mark.parametrize(
    ("key", "request_id", "data", "octets"),
    [
        ("0001", 0, b"r", b"\x01\x00\x00\x42r"),
        ("0002", 1, b"r", b"\x01\x00\x00\x01\x00\x42r"),
        ("0002-streams", 1, b"r", b"\x01\x00\x00\x01\x00\x02\x01\x42r"),
        ("0005-draft", 3, b"r3", b"\x0d\x00\x00\x03\x00\x02\x01\x32" + STATUS + b"r3"),
        ("0005", 3, b"r3", b"\x0d\x00\x00\x03\x00\x02\x01\x32" + STATUS + b"r3"),
    ],
)
def test_respond_data_gives_the_worked_octets(key: str, request_id: int, data: bytes, octets: bytes) -> None:
    """Sheets r2 and r3, "Header", and r4, "Payloads", with the status map before the data."""
    [frame] = desk(key, request_id).respond_data(request_id, data, 2, last=False)

    assert REVISIONS[key].header.encode(frame) == octets


@pytest.mark.parametrize("key", BY_NAME)
@pytest.mark.parametrize("size", [0, 1, MAX_FRAME - 1, MAX_FRAME, MAX_FRAME + 1, 2 * MAX_FRAME])
def test_respond_data_of_any_size_ends_once(key: str, size: int) -> None:
    """Continuation on all but the last, eos on the last, no frame longer than it may be (RSP-001 to RSP-004)."""
    frames = desk(key, 1).respond_data(1, bytes(size), 2, last=False)

    assert said(frames) == bytes(size)
    assert [frame.flags for frame in frames] == [1] * (len(frames) - 1) + [2]
    assert len(frames) == max(1, -(-size // MAX_FRAME))


@pytest.mark.parametrize("key", BY_CBOR)
def test_respond_begins_with_the_status_map(key: str) -> None:
    """Then the values, one after the other (RSP-005, RSP-006)."""
    assert desk(key, 1).respond(1, [b"a", {b"k": [1, None]}], 2, last=False) == written(
        key, r"1 2 stream-begin command-response eos \xa1\x46status\x42ok\x41a\xa1\x41k\x82\x01\xf6"
    )


@pytest.mark.parametrize("key", BY_CBOR)
def test_respond_without_values_is_the_status_map_alone(key: str) -> None:
    """A response has at least one value and an end (RSP-005; D63)."""
    assert desk(key, 1).respond(1, [], 2, last=False) == written(
        key, r"1 2 stream-begin command-response eos \xa1\x46status\x42ok"
    )


@pytest.mark.parametrize("key", BY_CBOR)
def test_respond_with_an_iterator_is_an_indefinite_bytestring(key: str) -> None:
    """In chunks, at the top level (CBOR-004); an empty iterator is an empty bytestring."""
    values = [iter([b"ab", b"", b"c"]), 5, iter([])]

    frames = desk(key, 1).respond(1, values, 2, last=False)

    assert said(frames) == STATUS + b"\x5f\x42ab\x41c\xff" + b"\x05" + b"\x5f\xff"


@pytest.mark.parametrize("size", [2**20, 2**20 + 1, 2**21 + 5])
def test_respond_with_a_long_chunk_is_cut(size: int) -> None:
    """No chunk exceeds 2^20 octets (CBOR-010)."""
    octets = said(desk("0006", 1).respond(1, [iter([bytes(size)])], 2, last=False))[len(STATUS) + 1 :]

    whole, rest = divmod(size, 2**20)
    chunk = b"\x5a\x00\x10\x00\x00" + bytes(2**20)
    assert (
        octets
        == chunk * whole + (encode_value(bytes(rest), REVISIONS["0006"].cbor) if rest else b"") + b"\xff"
    )


def test_respond_takes_any_mapping_for_a_map() -> None:
    """Also one that is not a dict."""
    frames = desk("0006", 1).respond(1, [MappingProxyType({b"a": 1})], 2, last=False)

    assert said(frames) == STATUS + b"\xa1\x41a\x01"


@pytest.mark.parametrize("key", BY_CBOR)
@pytest.mark.parametrize("max_frame", [1, 10, 11, 12, 20])
def test_respond_keeps_the_status_map_in_the_first_frame(key: str, max_frame: int) -> None:
    """However small frames are (RSP-006); what follows is cut as it is told."""
    frames = desk(key, 1, max_frame=max_frame).respond(1, [b"x" * 23], 2, last=False)

    assert frames[0].payload.startswith(STATUS)
    assert len(frames[0].payload) == max(max_frame, len(STATUS))
    assert {len(frame.payload) for frame in frames[1:]} <= set(range(1, max_frame + 1))
    assert said(frames) == STATUS + b"\x57" + b"x" * 23


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        ([b"fits", object()], "object cannot be sent as CBOR"),
        ([b"x" * MAX_FRAME, "text"], "str cannot be sent as CBOR"),
        ([2**64], "big integers not supported"),
        ([iter([b"a", "b"])], "a chunk of a bytestring is not bytes"),
        ([iter([b"a", 5])], "a chunk of a bytestring is not bytes"),
        (b"bytes", "a response is an iterable of values, not one value"),
        ("text", "a response is an iterable of values, not one value"),
        ({b"a": 1}, "a response is an iterable of values, not one value"),
    ],
)
def test_respond_with_what_cannot_be_sent_changes_nothing(objects: Any, message: str) -> None:
    """A mistake of the caller costs the caller: the request still waits, and nothing of it is on the stream (D68)."""
    answers = desk("0006", 1)

    with refused(message):
        answers.respond(1, objects, 2, last=False)

    assert answers.respond(1, [b"a"], 2, last=False) == written(
        "0006", r"1 2 stream-begin command-response eos \xa1\x46status\x42ok\x41a"
    )


def test_respond_with_an_iterable_that_fails_changes_nothing() -> None:
    """An exception of the caller's own is the caller's own."""

    def values() -> Iterator[bytes]:
        yield b"x" * MAX_FRAME
        raise KeyError("mine")

    answers = desk("0006", 1, defer=True)

    with pytest.raises(KeyError, match="mine"):
        answers.respond(1, values(), 2, last=False)

    assert answers.release() == ()
    assert len(answers.respond(1, [], 2, last=False)) == 1


@pytest.mark.parametrize("key", BY_NAME)
def test_respond_where_responses_are_octets_is_refused(key: str) -> None:
    """Values came with the status map (sheet r4)."""
    answers = desk(key, 1)

    with refused(f"responses are raw octets in revision {key}"):
        answers.respond(1, [b"a"], 2, last=False)
    answers.start(1, 2)
    with refused(f"responses are raw octets in revision {key}"):
        answers.add_object(1, b"a")


def test_respond_data_where_responses_are_values_is_refused() -> None:
    """Mercurial's raw helpers went with 0006 (sheet r5, `d7a8acede`)."""
    with refused("responses are CBOR values in revision 0006"):
        desk("0006", 1).respond_data(1, b"\x41a", 2, last=False)


@pytest.mark.parametrize("data", ["text", [1, 2], 5])
def test_response_data_that_is_no_bytes_is_refused(data: Any) -> None:
    """A list of integers would be taken for octets."""
    answers = desk("0005", 1)

    with refused("response data is not bytes"):
        answers.respond_data(1, data, 2, last=False)
    answers.start(1, 2)
    with refused("response data is not bytes"):
        answers.add_data(1, data)


# Responses piece by piece.


@pytest.mark.parametrize("key", BY_CBOR)
def test_response_in_pieces_leaves_in_full_frames(key: str) -> None:
    """What may be the last piece stays, so that the last frame is never an empty one."""
    answers = desk(key, 1, max_frame=16)

    answers.start(1, 2)
    assert answers.add_object(1, b"abcd") == ()
    assert answers.add_data(1, b"\x01\x02") == written(
        key, r"1 2 stream-begin command-response continuation \xa1\x46status\x42ok\x44abcd"
    )
    assert answers.add_data(1, b"") == ()
    assert answers.finish(1, last=False) == written(key, r"1 2 0 command-response eos \x01\x02")


@pytest.mark.parametrize("key", BY_NAME)
def test_raw_response_in_pieces_has_no_status(key: str) -> None:
    """Before the status map a response is the caller's octets alone (RSP-001)."""
    answers = desk(key, 1, max_frame=2)
    answers.start(1, 2)

    frames = answers.add_data(1, b"ab") + answers.add_data(1, b"cde") + answers.finish(1, last=False)

    assert [(frame.flags, frame.payload) for frame in frames] == [(1, b"ab"), (1, b"cd"), (2, b"e")]


def test_response_in_pieces_can_go_on_after_a_value_that_cannot_be_sent() -> None:
    """The piece is refused, the response is not."""
    answers = desk("0006", 1)
    answers.start(1, 2)

    with refused("object cannot be sent as CBOR"):
        answers.add_object(1, object())
    answers.add_object(1, 7)

    assert said(answers.finish(1, last=False)) == STATUS + b"\x07"


@pytest.mark.parametrize("key", BY_CBOR)
def test_response_that_has_not_begun_cannot_go_on(key: str) -> None:
    """Neither before its start nor after its end."""
    answers = desk(key, 1)
    message = "no response to request 1 has begun"

    for _ in range(2):
        with refused(message):
            answers.add_data(1, b"a")
        with refused(message):
            answers.add_object(1, b"a")
        with refused(message):
            answers.finish(1, last=False)
        if len(answers) and answers.state(1) is S.ACTIVE:
            answers.respond(1, [], 2, last=False)
    with refused("no response to request 3 has begun"):
        answers.finish(3, last=False)


@pytest.mark.parametrize("key", BY_CBOR)
def test_response_cannot_begin_twice(key: str) -> None:
    """Neither in pieces nor at once."""
    answers = desk(key, 1)
    answers.start(1, 2)

    with refused("response to request 1 has already begun"):
        answers.start(1, 2)
    with refused("response to request 1 has already begun"):
        answers.respond(1, [], 2, last=False)


@settings(deadline=None)
@given(
    pieces=st.lists(st.binary(max_size=40), max_size=8),
    max_frame=st.integers(1, 50),
    key=st.sampled_from(list(REVISIONS)),
)
def test_response_in_any_pieces_says_the_same(pieces: list[bytes], max_frame: int, key: str) -> None:
    """How a response is handed over and how it is cut changes nothing of what is said, nor of how it ends."""
    answers = desk(key, 1, max_frame=max_frame)
    answers.start(1, 2)
    frames: tuple[Frame, ...] = ()
    for piece in pieces:
        frames += answers.add_data(1, piece)
    frames += answers.finish(1, last=False)

    status = STATUS if key in BY_CBOR else b""
    assert said(frames) == status + b"".join(pieces)
    assert [frame.flags for frame in frames] == [1] * (len(frames) - 1) + [2]
    assert max(len(frame.payload) for frame in frames) <= max(max_frame, len(status))
    assert [frame.stream_flags for frame in frames] == [int(key in WITH_STREAMS)] + [0] * (len(frames) - 1)


@pytest.mark.parametrize("max_frame", [0, -1, 65536])
def test_answers_with_frames_of_an_impossible_size_are_refused(max_frame: int) -> None:
    """One octet at least, and what FRAME-003 allows at most."""
    with refused(f"max_frame {max_frame} is outside 1–65535"):
        Answers(REVISIONS["0006"], max_frame, defer=False)


def test_answers_with_frames_of_the_largest_size_fill_them() -> None:
    """65535 octets are allowed without negotiation (FRAME-003)."""
    frames = desk("0002", 1, max_frame=65535).respond_data(1, bytes(65536), 2, last=False)

    assert [len(frame.payload) for frame in frames] == [65535, 1]


# Who waits for an answer.


@pytest.mark.parametrize("key", WITH_IDS)
def test_request_is_active_then_answered_then_unknown(key: str) -> None:
    """It counts until its answer has left (RID-005; D29)."""
    answers = desk(key, 1, 3)

    assert (answers.state(1), answers.state(5), len(answers)) == (S.ACTIVE, S.UNKNOWN, 2)
    answers.fail(1, "protocol", Atom(b""), 2, last=False)
    assert (answers.state(1), answers.state(3), len(answers)) == (S.ANSWERED, S.ACTIVE, 2)
    answers.sent(1)
    assert (answers.state(1), len(answers)) == (S.UNKNOWN, 1)


@pytest.mark.parametrize("key", WITH_IDS)
def test_answer_that_is_not_whole_cannot_have_left(key: str) -> None:
    """Nor one that has left already, nor one to nobody (D30)."""
    answers = desk(key, 1)
    message = "request 1 has no complete answer that could have left"

    with refused(message):
        answers.sent(1)
    answers.start(1, 2)
    with refused(message):
        answers.sent(1)
    answers.finish(1, last=False)
    answers.sent(1)
    with refused(message):
        answers.sent(1)


@pytest.mark.parametrize("key", REVISIONS)
def test_answer_to_a_request_that_does_not_wait_is_refused(key: str) -> None:
    """One that is answered, and one that never was: nothing is sent (D30)."""
    answers = desk(key, 1)
    answers.fail(1, "protocol", Atom(b""), 2, last=False)

    for request_id in (1, 3):
        message = f"request {request_id} does not wait for an answer"
        with refused(message):
            answers.start(request_id, 2)
        with refused(message):
            answers.fail(request_id, "protocol", Atom(b""), 2, last=False)
        if key != "0001":
            with refused(message):
                answers.text_output(request_id, [], 2)


def test_commands_without_ids_are_answered_in_turn() -> None:
    """Several may wait under the one number there is, and an answer need not have left before the next."""
    answers = desk("0001", 0, 0, 0)

    assert len(answers) == 3
    assert answers.respond_data(0, b"a", 2, last=False) == written("0001", "bytes-response eos a")
    assert answers.respond_data(0, b"b", 2, last=False) == written("0001", "bytes-response eos b")
    assert (len(answers), answers.state(0)) == (3, S.ACTIVE)
    answers.sent(0)
    answers.sent(0)
    with refused("request 0 has no complete answer that could have left"):
        answers.sent(0)
    assert (len(answers), answers.state(0)) == (1, S.ACTIVE)
    answers.respond_data(0, b"c", 2, last=False)
    assert answers.state(0) is S.ANSWERED
    answers.expect(0, offers_redirect=False)
    assert (len(answers), answers.state(0)) == (2, S.ACTIVE)
    answers.sent(0)
    answers.respond_data(0, b"d", 2, last=False)
    answers.sent(0)
    assert (len(answers), answers.state(0)) == (0, S.UNKNOWN)


def test_command_without_ids_is_answered_with_nothing_of_the_one_that_failed() -> None:
    """What was buffered of that response is gone."""
    answers = desk("0001", 0, 0)
    answers.start(0, 2)
    answers.add_data(0, b"half")
    answers.fail(0, "application", Atom(b"no"), 2, last=False)

    assert answers.respond_data(0, b"b", 2, last=False) == written("0001", "bytes-response eos b")


# Streams.


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_stream_begins_once_and_goes_on_over_requests(key: str) -> None:
    """The first frame of a stream says so, and no other (STREAM-004, STREAM-009; D45)."""
    answers = desk(key, 1, 3, 5)

    flags = [
        frame.stream_flags
        for request_id, stream_id in ((1, 2), (3, 2), (5, 4))
        for frame in answers.fail(request_id, "protocol", Atom(b""), stream_id, last=False)
    ]

    assert flags == [1, 0, 1]


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_last_answer_of_a_stream_ends_it(key: str) -> None:
    """The last frame carries 0x02; what comes after begins the stream anew (STREAM-003, STREAM-005; D37)."""
    answers = desk(key, 1, 3)
    answers.start(1, 4)
    frames = answers.add_data(1, bytes(MAX_FRAME + 20)) + answers.finish(1, last=True)
    answers.start(3, 4)
    again = answers.finish(3, last=True)

    assert [frame.stream_flags for frame in frames] == [1, 2]
    assert [frame.stream_flags for frame in again] == [3]
    assert {frame.stream_id for frame in frames + again} == {4}


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_last_answer_after_the_end_of_input_ends_its_stream(key: str) -> None:
    """Nothing can follow once nobody waits and nobody can ask (STREAM-005; D37)."""
    answers = desk(key, 1, 3)

    answers.release()

    assert [frame.stream_flags for frame in answers.fail(1, "protocol", Atom(b""), 2, last=False)] == [1]
    assert [frame.stream_flags for frame in answers.fail(3, "protocol", Atom(b""), 2, last=False)] == [2]


@pytest.mark.parametrize("key", WITH_STREAMS)
@pytest.mark.parametrize(
    ("stream_id", "message"),
    [
        (1, "server should only write to even numbered streams; 1 is not even"),
        (255, "server should only write to even numbered streams; 255 is not even"),
        (0, "stream ID 0 is outside 2–254"),
        (256, "stream ID 256 is outside 2–254"),
        (-2, "stream ID -2 is outside 2–254"),
    ],
)
def test_stream_that_is_not_the_servers_is_refused(key: str, stream_id: int, message: str) -> None:
    """Even IDs of one octet are (STREAM-001; D43, D44)."""
    answers = desk(key, 1)

    with refused(message):
        answers.start(1, stream_id)
    with refused(message):
        answers.fail(1, "protocol", Atom(b""), stream_id, last=False)
    with refused(message):
        answers.text_output(1, [], stream_id)
    answers.start(1, 254)


@pytest.mark.parametrize("key", ["0001", "0002"])
def test_stream_where_there_are_none_is_refused(key: str) -> None:
    """A frame could not say it."""
    with refused(f"revision {key} has no streams"):
        desk(key, 1).respond_data(1, b"", 4, last=False)


@pytest.mark.parametrize("key", ["0001", "0002"])
def test_frames_without_streams_carry_none(key: str) -> None:
    """Whatever is said of the last."""
    answers = desk(key, 1)

    [frame] = answers.respond_data(1, b"", 2, last=True)

    assert (frame.stream_id, frame.stream_flags) == (0, 0)


@pytest.mark.parametrize("encoding", ["zlib", "zstd-8mb"])
def test_encoded_stream_announces_its_encoding_once(encoding: str) -> None:
    """Settings on the frame that begins it; error frames, text and progress stay raw (ENC-001, STREAM-010)."""
    answers = desk("0006", 1, 3)
    answers.encoding = encoding

    frames = answers.text_output(1, [Atom(b"x\n")], 2)
    frames += answers.respond(1, [b"a"], 2, last=False)
    frames += answers.fail(3, "server", Atom(b"no"), 2, last=False)

    assert [(frame.stream_flags, frame.type_id) for frame in frames] == [(1, 9), (0, 6), (4, 3), (0, 5)]
    assert frames[0].payload == encode_value(encoding.encode(), REVISIONS["0006"].cbor)


# Deferral.


@pytest.mark.parametrize("key", REVISIONS)
def test_deferred_frames_wait_for_the_end_of_input(key: str) -> None:
    """Every kind of them, in the order in which they were made (D28)."""
    requests = (1, 3, 5) if key != "0001" else (0, 0, 0)
    answers = desk(key, *requests, defer=True)
    kind = "application" if key in (*BY_NAME, "0005-draft") else "server"

    answers.start(requests[1], 2)
    assert answers.add_data(requests[1], b"b") + answers.finish(requests[1], last=False) == ()
    assert answers.fail(requests[0], kind, Atom(b"a"), 2, last=False) == ()
    assert answers.report(0, "c") == ()
    released = answers.release()

    assert [frame.payload[-1:] for frame in released if frame.type_id != 5] == [b"b"]
    assert [frame.request_id for frame in released] == [requests[1], requests[0], 0]
    assert answers.release() == ()


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_released_streams_end_where_nothing_is_left_to_answer(key: str) -> None:
    """Each stream with its last frame (STREAM-005)."""
    answers = desk(key, 1, 3, 5, defer=True)
    for request_id, stream_id in ((1, 2), (3, 4), (5, 2)):
        answers.fail(request_id, "protocol", Atom(b""), stream_id, last=False)

    released = answers.release()

    assert [(frame.stream_id, frame.stream_flags) for frame in released] == [(2, 1), (4, 3), (2, 2)]


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_released_streams_stay_open_for_answers_to_come(key: str) -> None:
    """And end with the last of them."""
    answers = desk(key, 1, 3, defer=True)
    answers.fail(1, "protocol", Atom(b""), 2, last=False)

    assert [frame.stream_flags for frame in answers.release()] == [1]
    assert [frame.stream_flags for frame in answers.fail(3, "protocol", Atom(b""), 2, last=False)] == [2]


@pytest.mark.parametrize("key", REVISIONS)
def test_deferred_stream_that_its_caller_ended_is_released_as_it_is(key: str) -> None:
    """It has its end already."""
    answers = desk(key, 1, defer=True)
    answers.fail(1, "protocol", Atom(b""), 2, last=True)

    assert [frame.stream_flags for frame in answers.release()] == [3 if key in WITH_STREAMS else 0]


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_deferred_stream_begun_again_after_its_end_ends_again(key: str) -> None:
    """Each of the two has its own first and last frame."""
    answers = desk(key, 1, 3, defer=True)
    answers.fail(1, "protocol", Atom(b""), 2, last=True)
    answers.fail(3, "protocol", Atom(b""), 2, last=False)

    assert [frame.stream_flags for frame in answers.release()] == [3, 3]


# Errors.


@pytest.mark.parametrize("key", ["0001", "0002", "0002-streams", "0005-draft"])
@pytest.mark.parametrize(("kind", "flag"), [("protocol", 1), ("application", 2)])
def test_fail_with_flags_says_what_the_error_is(key: str, kind: str, flag: int) -> None:
    """One flag, and the text (ERR-001 to ERR-003; D13)."""
    [frame] = desk(key, 1).fail(1, kind, Atom(b"no %s", (b"way",)), 2, last=False)

    assert (frame.request_id, frame.type_id, frame.flags, frame.payload) == (1, 5, flag, b"no way")


@pytest.mark.parametrize("key", ["0005", "0006"])
@pytest.mark.parametrize("kind", ["protocol", "server"])
def test_fail_with_cbor_says_what_the_error_is(key: str, kind: str) -> None:
    """A map of type and message (ERR-004 to ERR-006); sheet r4-released has the worked frame."""
    expected = {
        "0005": f"{{b'message': [{{b'msg': b'boom'}}], b'type': b'{kind}'}}",
        "0006": f"{{b'type': b'{kind}', b'message': [{{b'msg': b'boom'}}]}}",
    }

    assert desk(key, 1).fail(1, kind, Atom(b"boom"), 2, last=False) == written(
        key, f"1 2 stream-begin error-response 0 cbor:{expected[key]}"
    )


@pytest.mark.parametrize("key", BY_CBOR)
def test_fail_of_a_command_before_any_response_is_a_status(key: str) -> None:
    """ERR-007, RSP-008: also where the response was begun and nothing of it has left."""
    expected = written(
        key,
        "1 2 stream-begin command-response eos cbor:{b'status': b'error', b'error': "
        "{b'message': [{b'msg': b'no %s', b'args': [b'way']}]}}",
    )
    begun = desk(key, 1)
    begun.start(1, 2)
    begun.add_data(1, b"\x41a")

    for answers in (desk(key, 1), begun):
        assert answers.fail(1, "command", Atom(b"no %s", (b"way",)), 2, last=False) == expected


@pytest.mark.parametrize(("key", "kind"), [("0005", "command"), ("0006", "command"), ("0006", "server")])
def test_fail_after_output_is_an_error_frame(key: str, kind: str) -> None:
    """A status map stands first or nowhere (ERR-007; D64); the response has no end of its own then."""
    answers = desk(key, 1, max_frame=16)
    answers.start(1, 2)
    assert answers.add_data(1, b"\x47abcdefg")

    [frame] = answers.fail(1, kind, Atom(b"no"), 2, last=True)

    assert (frame.type_id, frame.stream_flags) == (5, 2)
    assert kind.encode() in frame.payload
    assert answers.state(1) is S.ANSWERED


def test_fail_after_output_leaves_nothing_of_the_response_behind() -> None:
    """What was buffered of it does not come out under the next request of the same encoded stream (D66)."""
    answers = desk("0006", 1, 3, max_frame=16)
    answers.encoding = "zlib"
    answers.start(1, 2)
    frames = answers.add_data(1, b"\x57abcdefghijklmnopqrstuvw")
    frames += answers.fail(1, "server", Atom(b"no"), 2, last=False)
    frames += answers.respond(3, [b"a"], 2, last=False)

    decoder = zlib.decompressobj()
    decoded = [
        (frame.request_id, decoder.decompress(frame.payload)) for frame in frames if frame.stream_flags & 4
    ]
    assert decoded == [(1, STATUS + b"\x57abcd"), (1, b"efghijklmnopqrst"), (3, STATUS + b"\x41a")]


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        *((key, kind) for key in BY_NAME for kind in ("server", "command", "zzz")),
        *(("0005-draft", kind) for kind in ("server", "zzz")),
        *((key, kind) for key in ("0005", "0006") for kind in ("application", "zzz")),
    ],
)
def test_fail_of_a_kind_that_the_revision_lacks_is_refused(key: str, kind: str) -> None:
    """The flags or ERR-005 say which there are; the request goes on waiting."""
    answers = desk(key, 1)

    with refused(f"revision {key} has no {kind} error frames"):
        answers.fail(1, kind, Atom(b""), 2, last=False)
    assert answers.state(1) is S.ACTIVE


def test_fail_of_a_command_after_output_where_no_frame_says_it_is_refused() -> None:
    """0005-draft has flags for protocol and application errors only (sheet r4)."""
    answers = desk("0005-draft", 1, max_frame=1)
    answers.start(1, 2)
    answers.add_data(1, b"\x41a")

    with refused("revision 0005-draft has no command error frames"):
        answers.fail(1, "command", Atom(b""), 2, last=False)
    assert len(answers.fail(1, "application", Atom(b""), 2, last=False)) == 1


@pytest.mark.parametrize("key", REVISIONS)
def test_fail_with_a_message_that_cannot_be_sent_changes_nothing(key: str) -> None:
    """The request still waits for an answer that can."""
    answers = desk(key, 1)

    with pytest.raises(LocalProtocolError):
        answers.fail(1, "protocol", Atom(b"x" * 40000), 2, last=False)

    assert len(answers.fail(1, "protocol", Atom(b"x"), 2, last=False)) == 1


@pytest.mark.parametrize("key", REVISIONS)
def test_report_is_a_protocol_error_that_ends_its_stream(key: str) -> None:
    """The connection should be closed after it (ERR-002; D70); percent signs are no formatting."""
    [frame] = desk(key).report(5, "100% wrong")

    assert (frame.request_id, frame.type_id) == (5, 5)
    assert frame.stream_flags == (3 if key in WITH_STREAMS else 0)
    if key in ("0005", "0006"):
        [value] = decode_sequence(frame.payload, REVISIONS[key].cbor, max_depth=8)
        assert value == {b"type": b"protocol", b"message": [{b"msg": b"100%% wrong"}]}
    else:
        assert (frame.flags, frame.payload) == (1, b"100% wrong")


@pytest.mark.parametrize("key", REVISIONS)
def test_report_of_a_long_message_is_cut(key: str) -> None:
    """A fault may quote what the peer sent; its peer need not be told all of it."""
    [frame] = desk(key).report(1, "%" * 70000)

    assert b"%" * 1024 in frame.payload
    assert len(frame.payload) < 2100


# Beside a response.


@pytest.mark.parametrize("key", WITH_IDS)
def test_text_output_leaves_beside_a_response(key: str) -> None:
    """Before it begins and while it is not complete, on a stream of its own or the same (TEXT-002, TEXT-004)."""
    answers = desk(key, 1)

    before = answers.text_output(1, [Atom(b"a\n")], 2)
    answers.start(1, 2)
    within = answers.text_output(1, [Atom(b"b\n")], 2)
    answers.finish(1, last=False)

    packed = {False: "{}", True: r"\x02\x00\x00\x00{}\n"}[key in BY_NAME]
    ids = "1 2 {} " if key in WITH_STREAMS else "1 "
    for frames, text, flags in ((before, "a", 1), (within, "b", 0)):
        payload = packed.format(text) if key in BY_NAME else f"cbor:[{{b'msg': b'{text}\\n'}}]"
        assert frames == written(key, f"{ids.format(flags)}text-output 0 {payload}")
    with refused("request 1 does not wait for an answer"):
        answers.text_output(1, [Atom(b"c\n")], 2)


def test_text_output_where_there_is_none_is_refused() -> None:
    """It came with 0002 (sheet r2)."""
    with refused("revision 0001 has no text-output frames"):
        desk("0001", 1).text_output(1, [], 2)


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_progress_leaves_beside_a_response(key: str) -> None:
    """One operation a frame, as a map (PROG-001; D85)."""
    fields: dict[bytes, Any] = {b"topic": b"files", b"pos": 1, b"total": 10, b"label": b"f"}

    [frame] = desk(key, 1).progress(1, fields, 4)

    assert (frame.request_id, frame.stream_id, frame.stream_flags, frame.type_id) == (1, 4, 1, 7)
    assert decode_sequence(frame.payload, REVISIONS[key].cbor, max_depth=8) == (fields,)


@pytest.mark.parametrize("key", ["0001", "0002"])
def test_progress_where_there_is_none_is_refused(key: str) -> None:
    """It came with streams (sheet r3)."""
    with refused(f"revision {key} has no progress frames"):
        desk(key, 1).progress(1, {b"topic": b"files", b"pos": 1, b"total": 10}, 2)


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_side_frames_that_cannot_be_sent_change_nothing(key: str) -> None:
    """The stream does not begin with a frame that nobody sees."""
    answers = desk(key, 1)

    with refused("label is not ASCII"):
        answers.text_output(1, [Atom(b"a", (), (b"\xff",))], 2)
    with refused("progress needs an integer pos and an unsigned total"):
        answers.progress(1, {b"topic": b"files"}, 2)

    [frame] = answers.fail(1, "protocol", Atom(b""), 2, last=False)
    assert (frame.type_id, frame.stream_flags) == (REVISIONS[key].type_ids[FrameType.ERROR_RESPONSE], 1)


# Redirects.


def test_redirect_is_a_status_that_ends_the_response() -> None:
    """Where the client offered a target (RDIR-001 to RDIR-003)."""
    answers = desk("0006", 1, redirects=True)

    assert answers.redirect(1, Redirect(b"u", b"m"), 4, last=True) == written(
        "0006",
        "1 4 stream-begin|stream-end command-response eos "
        "cbor:{b'location': {b'mediatype': b'm', b'url': b'u'}, b'status': b'redirect'}",
    )
    assert answers.state(1) is S.ANSWERED


def test_redirect_that_nobody_asked_for_is_refused() -> None:
    """Mercurial's reactor sends whatever it is given (RDIR-001; D69)."""
    answers = desk("0006", 1)

    with refused("the client of request 1 offered no redirect target"):
        answers.redirect(1, Redirect(b"u", b"m"), 2, last=False)
    assert answers.state(1) is S.ACTIVE


def test_redirect_of_a_response_that_has_begun_is_refused() -> None:
    """Its status map would be the second."""
    answers = desk("0006", 1, redirects=True)
    answers.start(1, 2)

    with refused("response to request 1 has already begun"):
        answers.redirect(1, Redirect(b"u", b"m"), 2, last=False)


def test_redirect_that_cannot_be_sent_changes_nothing() -> None:
    """The request can still be answered in full."""
    answers = desk("0006", 1, redirects=True)

    with pytest.raises(LocalProtocolError):
        answers.redirect(1, Redirect(b"u", b"m", size=-1), 2, last=False)
    assert said(answers.respond(1, [], 2, last=False)) == STATUS


@pytest.mark.parametrize("key", [key for key in REVISIONS if key != "0006"])
def test_redirect_where_there_are_none_is_refused(key: str) -> None:
    """They came with 0006 (sheet r5): before, no client can offer a target."""
    with refused("the client of request 1 offered no redirect target"):
        desk(key, 1).redirect(1, Redirect(b"u", b"m"), 2, last=False)
