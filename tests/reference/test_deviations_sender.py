"""Where Mercurial's codec and senders do not do what the text says, the reference does: one test for each deviation.

The numbers are those of the catalogue of deviations. Where the text is silent, the test says what is safe.
"""

from __future__ import annotations

from typing import Any

import pytest

from hgframing import (
    REVISIONS,
    Atom,
    ClientAction,
    ClientReactor,
    Fault,
    FaultCode,
    Frame,
    FrameBuffer,
    Limits,
    LocalProtocolError,
    NotationError,
    Progress,
    SendFrames,
    ServerAction,
    ServerReactor,
    format_notation,
    parse_notation,
)


BY_NAME = ("0001", "0002", "0002-streams")
BY_CBOR = ("0005-draft", "0005", "0006")
WITH_IDS = ("0002", "0002-streams", *BY_CBOR)
WITH_STREAMS = ("0002-streams", *BY_CBOR)


def call(key: str, command: bytes = b"c", *, max_frame: int = 32768, **wishes: Any) -> tuple[Frame, ...]:
    """Take the frames of a request."""
    reactor = ClientReactor(REVISIONS[key], buffer_sends=False, max_frame=max_frame)
    return frames_of(reactor.call(command, **wishes).actions)


def running(key: str, **wishes: Any) -> ServerReactor:
    """Make a server where the command of request 1 runs."""
    reactor = ServerReactor(REVISIONS[key], **wishes)
    for one in call(key):
        reactor.receive(one)
    return reactor


def frames_of(actions: tuple[ServerAction | ClientAction, ...]) -> tuple[Frame, ...]:
    """Take the frames of an answer that is nothing else."""
    [action] = actions
    assert isinstance(action, SendFrames)
    return action.frames


def id_of(key: str) -> int:
    """Say what request 1 is called."""
    return 1 if key in WITH_IDS else 0


@pytest.mark.parametrize("key", REVISIONS)
def test_d01_third_length_octet_weighs_65536(key: str) -> None:
    """FRAME-002: 24 bits, little endian."""
    layout = REVISIONS[key].header
    rest = bytes(layout.size - 3)

    assert layout.decode(b"\x00\x00\x01" + rest).length == 65536
    assert layout.decode(b"\xff\xff\xff" + rest).length == 16777215


@pytest.mark.parametrize("key", REVISIONS)
def test_d02_length_that_does_not_fit_is_refused(key: str) -> None:
    """And not cut to its low 24 bits."""
    with pytest.raises(LocalProtocolError, match="payload of 16777221 octets does not fit"):
        REVISIONS[key].header.encode(Frame(0, 0, 0, 1, 1, bytes(2**24 + 5)))


@pytest.mark.parametrize("key", REVISIONS)
def test_d03_payload_of_65536_octets_is_refused_when_its_header_is_there(key: str) -> None:
    """FRAME-003: no negotiation exists that would allow it; 65535 pass."""
    size = REVISIONS[key].header.size
    for length, is_fault in ((b"\xff\xff\x00", False), (b"\x00\x00\x01", True)):
        buffer = FrameBuffer(REVISIONS[key])
        buffer.feed(length + bytes(size - 3))
        item = buffer.next_frame()
        assert isinstance(item, Fault) is is_fault
        assert not isinstance(item, Fault) or item.code is FaultCode.PAYLOAD_TOO_LARGE


@pytest.mark.parametrize("key", REVISIONS)
@pytest.mark.parametrize(("type_id", "flags"), [(1, 16), (1, 32), (16, 0), (1, -1)])
def test_d04_nibbles_that_do_not_fit_are_refused(key: str, type_id: int, flags: int) -> None:
    """FRAME-005: one never runs into the other, in frames and in their notation."""
    with pytest.raises(LocalProtocolError):
        REVISIONS[key].header.encode(Frame(0, 0, 0, type_id, flags))
    ids = "0 0 0 " if key in WITH_STREAMS else "0 " if key in WITH_IDS else ""
    with pytest.raises(NotationError):
        parse_notation(f"{ids}{type_id} {flags} x", REVISIONS[key])


@pytest.mark.parametrize("key", REVISIONS)
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_d05_short_reads_are_no_end(key: str, size: int) -> None:
    """A transport is a stream: frames come in any pieces."""
    frames = call(key, data=b"0123456789")
    octets = b"".join(map(REVISIONS[key].header.encode, frames))
    buffer = FrameBuffer(REVISIONS[key])
    arrived: list[Frame | Fault] = []

    for start in range(0, len(octets), size):
        buffer.feed(octets[start : start + size])
        arrived += buffer

    assert tuple(arrived) == frames
    assert buffer.end() is None


@pytest.mark.parametrize("key", ["0001", "0002", "0002-streams", "0005-draft"])
def test_d13_error_frame_has_one_flag(key: str) -> None:
    """Protocol or application (ERR-002, ERR-003)."""
    flags = [
        frames_of(running(key).fail(id_of(key), kind, b"no"))[0].flags for kind in ("protocol", "application")
    ]

    assert flags == [1, 2]


@pytest.mark.parametrize("key", BY_NAME)
def test_d20_long_values_are_split(key: str) -> None:
    """ARG-004: no frame is longer than it may be, whatever the value."""
    _, *frames = call(key, args={b"n": b"v" * 65535})

    assert max(len(one.payload) for one in frames) == 32768
    assert [one.flags for one in frames] == [1, 1, 2]
    assert b"".join(one.payload for one in frames) == b"\x01\x00\xff\xffn" + b"v" * 65535


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_d37_streams_are_closed(key: str) -> None:
    """The last frame of a stream sets 0x02 (STREAM-005), on either side, where the sender knows that it is."""
    assert [one.stream_flags & 2 for one in call(key, data=b"x")] == [0, 2]
    reactor = running(key)
    reactor.end_input()
    assert frames_of(reactor.fail(1, "protocol", b"no"))[-1].stream_flags & 2


@pytest.mark.parametrize("key", WITH_STREAMS)
@pytest.mark.parametrize("stream_id", [256, 1, 0])
def test_d43_d44_streams_are_the_senders_own(key: str, stream_id: int) -> None:
    """One octet, of the sender's parity (STREAM-001); a client has one stream and offers no choice."""
    with pytest.raises(LocalProtocolError):
        running(key).fail(1, "protocol", b"no", stream_id=stream_id)
    assert {one.stream_id for one in call(key, data=b"x")} == {1}


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_d45_d46_stream_begins_once(key: str) -> None:
    """The flag marks the first frame only (STREAM-004)."""
    reactor = ServerReactor(REVISIONS[key])
    client = ClientReactor(REVISIONS[key], buffer_sends=False, multiple_sends=True)
    flags = []
    for _ in range(3):
        for one in frames_of(client.call(b"c").actions):
            flags.append(one.stream_flags)
            reactor.receive(one)
    assert flags == [1, 0, 0]
    assert [frames_of(reactor.fail(one, "protocol", b"no"))[0].stream_flags for one in (1, 3, 5)] == [1, 0, 0]


@pytest.mark.parametrize("key", REVISIONS)
def test_d71_error_payload_keeps_to_its_limit(key: str) -> None:
    """With what is around the message; more is the caller's mistake and no assertion."""
    reactor = running(key)
    kind = "server" if key in ("0005", "0006") else "application"
    overhead = len(frames_of(running(key).fail(id_of(key), kind, b"x" * 1000))[0].payload) - 1000

    with pytest.raises(LocalProtocolError, match="error message of 32769 octets does not fit one frame"):
        reactor.fail(id_of(key), kind, b"x" * (32769 - overhead))
    [one] = frames_of(reactor.fail(id_of(key), kind, b"x" * (32768 - overhead)))
    assert len(one.payload) == 32768


@pytest.mark.parametrize("key", REVISIONS)
def test_d72_frames_of_data_are_cut_as_told(key: str) -> None:
    """`max_frame` holds for them as for others."""
    frames = call(key, max_frame=5, data=bytes(100))

    assert [len(one.payload) for one in frames][-20:] == [5] * 20


@pytest.mark.parametrize("key", REVISIONS)
@pytest.mark.parametrize("size", [100, 32768, 65536])
def test_d73_data_of_any_size_ends_with_eos(key: str, size: int) -> None:
    """Data is octets, so that no read can be short; the last frame has the flag, and none need be empty."""
    frames = [one for one in call(key, data=bytes(size)) if set(one.payload) == {0}]

    assert sum(len(one.payload) for one in frames) == size
    assert [one.flags for one in frames] == [1] * (len(frames) - 1) + [2]


@pytest.mark.parametrize("key", BY_CBOR)
def test_d74_tiny_frames_carry_responses(key: str) -> None:
    """Only the status map is never cut."""
    frames = frames_of(running(key, max_frame=5).respond(1, [b"0123456789"]))

    assert [len(one.payload) for one in frames] == [11, 5, 5, 1]


@pytest.mark.parametrize("key", ["0002", "0002-streams"])
def test_d81_text_fits_one_frame_or_is_refused(key: str) -> None:
    """32764 octets of text with their four of lengths (sheet r2, 4)."""
    assert len(frames_of(running(key).text_output(1, [Atom(b"x" * 32764)]))[0].payload) == 32768
    with pytest.raises(LocalProtocolError, match="cannot encode data in a single frame"):
        running(key).text_output(1, [Atom(b"x" * 32765)])


@pytest.mark.parametrize("key", WITH_IDS)
def test_d82_text_of_the_wrong_octets_is_the_callers_mistake(key: str) -> None:
    """Labels are ASCII everywhere, formatting strings in CBOR (TEXT-003, TEXT-005); UTF-8 is made valid."""
    with pytest.raises(LocalProtocolError, match="label is not ASCII"):
        running(key).text_output(1, [Atom(b"x", (), (b"\xff",))])
    if key in BY_CBOR:
        with pytest.raises(LocalProtocolError, match="formatting string is not ASCII"):
            running(key).text_output(1, [Atom(b"\xff")])
    else:
        [one] = frames_of(running(key).text_output(1, [Atom(b"\xff")]))
        assert one.payload == b"\x03\x00\x00\x00" + "\ufffd".encode()


@pytest.mark.parametrize("key", WITH_IDS)
def test_d83_text_may_be_empty_and_need_not_end_a_line(key: str) -> None:
    """The newline is advice (TEXT-007), and the number of arguments is the reader's to put up with."""
    [empty] = frames_of(running(key).text_output(1, []))
    assert empty.payload == (b"\x80" if key in BY_CBOR else b"")
    assert len(frames_of(running(key).text_output(1, [Atom(b"foo", (b"a", b"b"))]))) == 1


@pytest.mark.parametrize("key", WITH_STREAMS)
def test_d85_progress_is_sent_and_received(key: str) -> None:
    """Both ways (PROG-001)."""
    fields = {b"topic": b"files", b"pos": 3, b"total": 10, b"label": b"l", b"item": b"i"}
    client = ClientReactor(REVISIONS[key], buffer_sends=False)
    client.call(b"c")

    [one] = frames_of(running(key).progress(1, fields))

    assert client.receive(one) == (Progress(1, b"files", 3, 10, b"l", b"i"),)


@pytest.mark.parametrize("key", REVISIONS)
def test_d89_notation_can_say_undefined_types(key: str) -> None:
    """Every type of four bits, so that vectors can send what nobody should."""
    for type_id in range(16):
        ids = (7, 3, 255) if key in WITH_STREAMS else (7 if key in WITH_IDS else 0, 0, 0)
        one = Frame(*ids, type_id, 15, b"x")
        assert parse_notation(format_notation(one, REVISIONS[key]), REVISIONS[key]) == one


@pytest.mark.parametrize("key", REVISIONS)
def test_d03_senders_keep_to_the_limit_whatever_they_are_asked(key: str) -> None:
    """A megabyte of data goes in frames of 65535 octets at most, for a receiver that allows no more."""
    buffer = FrameBuffer(REVISIONS[key], Limits(max_payload=65535))
    frames = call(key, max_frame=65535, data=bytes(2**20))

    for one in frames:
        buffer.feed(REVISIONS[key].header.encode(one))

    assert tuple(buffer) == frames
