"""Tests of `hgframing._buffer`: octets in, frames out, whatever the chunking."""

from __future__ import annotations

import sys
import tracemalloc

from collections.abc import Callable
from types import FrameType as StackFrame
from typing import Any

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from hgframing import REVISIONS, Fault, FaultCode, Frame, Limits, Revision
from hgframing._buffer import FrameBuffer
from hgframing._frames import MAX_LENGTH
from tests.reference.strategies import cuts, frames


R1 = REVISIONS["0001"]
R2 = REVISIONS["0002"]
R5 = REVISIONS["0006"]

#: The worked octets of the sheets: revision, octets, the frame they are.
WORKED = [
    pytest.param(R1, b"\x0c\x00\x00\x11capabilities", Frame(0, 0, 0, 1, 1, b"capabilities"), id="r1"),
    pytest.param(R2, b"\x01\x00\x00\x01\x00\x42r", Frame(1, 0, 0, 4, 2, b"r"), id="r2"),
    pytest.param(
        REVISIONS["0002-streams"],
        b"\x0e\x00\x00\x01\x00\x01\x01\x11customreadonly",
        Frame(1, 1, 1, 1, 1, b"customreadonly"),
        id="r3",
    ),
    pytest.param(
        REVISIONS["0005-draft"],
        b"\x0d\x00\x00\x03\x00\x02\x01\x32\xa1FstatusBokr3",
        Frame(3, 2, 1, 3, 2, b"\xa1FstatusBokr3"),
        id="r4",
    ),
]


def every_header() -> pytest.MarkDecorator:
    """Run a test for one revision of every header layout."""
    return pytest.mark.parametrize("revision", [R1, R2, R5], ids=["4", "6", "8"])


def header(revision: Revision, length: int) -> bytes:
    """Make a header that declares a length, and is zero but for that."""
    return length.to_bytes(3, "little") + bytes(revision.header.size - 3)


def read(revision: Revision, chunks: list[bytes], limits: Limits | None = None) -> list[Frame | Fault]:
    """Cut chunks into frames, the way that callers do; at the end, what the end brings."""
    buffer = FrameBuffer(revision, limits)
    items: list[Frame | Fault] = []
    for chunk in chunks:
        buffer.feed(chunk)
        for item in buffer:
            items.append(item)
            if isinstance(item, Fault):
                return items
    ending = buffer.end()
    return items if ending is None else [*items, ending]


def count_calls(action: Callable[[], object]) -> int:
    """Count the calls, Python's and C's, that an action makes."""
    calls = 0

    def note(_: StackFrame, event: str, __: Any) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(None)
    return calls


def feed_often(buffer: FrameBuffer, octets: bytes) -> None:
    """Feed the same octets a thousand times, and take nothing."""
    for _ in range(1000):
        buffer.feed(octets)


def peak_of(action: Callable[[], object]) -> int:
    """Measure the octets that an action makes Python hold at most."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("revision", "octets", "frame"), WORKED)
def test_next_frame_of_worked_octets_is_the_frame_of_the_sheet(
    revision: Revision, octets: bytes, frame: Frame
) -> None:
    """What Mercurial was seen to send is understood."""
    assert read(revision, [octets]) == [frame]


@pytest.mark.parametrize(("revision", "octets", "frame"), WORKED)
def test_frames_may_follow_each_other_at_once(revision: Revision, octets: bytes, frame: Frame) -> None:
    """Nothing separates frames (FRAME-008)."""
    assert read(revision, [octets * 3]) == [frame] * 3


@given(st.data(), st.sampled_from([R1, R2, R5]))
@settings(deadline=None)
def test_chunking_makes_no_difference_to_frames(data: st.DataObject, revision: Revision) -> None:
    """Every way to cut the octets gives the same frames, octet by octet too."""
    sent = data.draw(st.lists(frames(revision.header), max_size=6))
    octets = b"".join(map(revision.header.encode, sent))

    assert read(revision, data.draw(cuts(octets))) == sent
    assert read(revision, [octets[place : place + 1] for place in range(len(octets))]) == sent


@given(st.data(), st.sampled_from([R1, R2, R5]), st.binary(max_size=80))
@settings(deadline=None)
def test_chunking_makes_no_difference_to_faults(
    data: st.DataObject, revision: Revision, octets: bytes
) -> None:
    """Arbitrary octets give the same frames and the same fault however they are cut."""
    limits = Limits(max_payload=40)

    assert read(revision, data.draw(cuts(octets)), limits) == read(revision, [octets], limits)


@given(st.data())
@settings(deadline=None)
def test_frames_may_be_taken_at_any_pace(data: st.DataObject) -> None:
    """A caller that takes one frame for each chunk, or none, loses nothing."""
    sent = data.draw(st.lists(frames(R5.header), max_size=6))
    buffer = FrameBuffer(R5)
    taken: list[Frame | Fault | None] = []

    for chunk in data.draw(cuts(b"".join(map(R5.header.encode, sent)))):
        buffer.feed(chunk)
        taken += [buffer.next_frame() for _ in range(data.draw(st.integers(0, 2)))]
    taken += buffer

    assert [frame for frame in taken if frame is not None] == sent


@every_header()
def test_next_frame_before_anything_arrived_is_nothing(revision: Revision) -> None:
    """Nothing is not a frame, and not an end."""
    assert FrameBuffer(revision).next_frame() is None


@every_header()
def test_payload_at_the_limit_is_a_frame(revision: Revision) -> None:
    """65535 octets are allowed without negotiation (FRAME-003)."""
    [frame] = read(revision, [header(revision, 65535) + bytes(65535)])

    assert isinstance(frame, Frame)
    assert len(frame.payload) == 65535


@every_header()
def test_payload_above_the_limit_is_a_fault_as_soon_as_it_is_declared(revision: Revision) -> None:
    """65536 octets are not allowed (FRAME-003), and nobody waits for them."""
    [fault] = read(revision, [header(revision, 65536)])

    assert isinstance(fault, Fault)
    assert (fault.code, fault.request_id) == (FaultCode.PAYLOAD_TOO_LARGE, None)
    assert fault.message == "frame payload of 65536 octets exceeds the limit of 65535"


@pytest.mark.parametrize("limit", [0, 1, 100])
def test_payload_limit_of_the_caller_is_kept(limit: int) -> None:
    """A limit below that of the text is the receiver's own."""
    limits = Limits(max_payload=limit)

    assert read(R5, [header(R5, limit) + bytes(limit)], limits) == [Frame(0, 0, 0, 0, 0, bytes(limit))]
    assert [type(item) for item in read(R5, [header(R5, limit + 1)], limits)] == [Fault]


def test_payload_of_three_length_octets_is_read_whole() -> None:
    """Where the limit allows it, 65537 octets are one frame, and what follows another (FRAME-002, D1)."""
    octets = header(R5, 65537) + bytes(65537) + header(R5, 1) + b"x"

    items = read(R5, [octets * 4], Limits(max_payload=MAX_LENGTH))

    assert [len(item.payload) for item in items if isinstance(item, Frame)] == [65537, 1] * 4


@pytest.mark.parametrize("max_payload", [65535, MAX_LENGTH])
def test_declared_length_alone_costs_nothing(max_payload: int) -> None:
    """Fifteen octets that declare 16 MiB are fifteen octets, refused or waited for."""
    octets = header(R5, MAX_LENGTH) + b"7 octet"
    buffer = FrameBuffer(R5, Limits(max_payload=max_payload))

    def receive() -> None:
        for place in range(len(octets)):
            buffer.feed(octets[place : place + 1])
            buffer.next_frame()

    assert len(octets) == 15
    assert peak_of(receive) < 8192


def test_octet_by_octet_costs_in_proportion_to_the_octets() -> None:
    """Twice the octets are twice the calls, and each octet is copied a fixed number of times."""
    joined = 0

    class Counting(FrameBuffer):
        def _join(self, needed: int) -> bool:
            nonlocal joined
            is_enough = super()._join(needed)
            joined += len(self._octets)
            return is_enough

    def receive(length: int) -> list[Frame | Fault | None]:
        octets = header(R5, length) + bytes(length)
        buffer = Counting(R5)
        items = []
        for place in range(len(octets)):
            buffer.feed(octets[place : place + 1])
            items.append(buffer.next_frame())
        return [item for item in items if item is not None]

    assert receive(65535) == [Frame(0, 0, 0, 0, 0, bytes(65535))]
    assert joined < 65535 + 4 * R5.header.size
    ratio = count_calls(lambda: receive(65534)) / count_calls(lambda: receive(32767))
    assert ratio == pytest.approx(2, rel=0.01)


def test_frames_left_in_the_buffer_are_not_copied_for_every_chunk() -> None:
    """A caller that takes one frame for each octet that it feeds does not pay for all that wait."""
    joined = 0

    class Counting(FrameBuffer):
        def _join(self, needed: int) -> bool:
            nonlocal joined
            is_enough = super()._join(needed)
            joined += len(self._octets)
            return is_enough

    octets = R5.header.encode(Frame(1, 1, 1, 1, 1, b"x")) * 1000
    buffer = Counting(R5)

    buffer.feed(octets)
    for place in range(1000):
        assert isinstance(buffer.next_frame(), Frame)
        buffer.feed(octets[place : place + 1])

    assert joined <= len(octets) + 1000


def test_chunk_is_let_go_when_its_frames_are_taken() -> None:
    """A connection that lives long does not hold its largest chunk for ever."""
    chunk = R5.header.encode(Frame(1, 1, 1, 1, 1, bytes(65535))) * 4 + b"abc"
    buffer = FrameBuffer(R5)
    before = sys.getrefcount(chunk)

    buffer.feed(chunk)
    taken = len(list(buffer))

    assert (taken, sys.getrefcount(chunk)) == (4, before)


def test_feed_copies_what_the_caller_may_write_to() -> None:
    """A caller may receive into the same buffer again and again."""
    received = bytearray(R5.header.encode(Frame(1, 1, 1, 1, 1, b"abc")))
    buffer = FrameBuffer(R5)

    buffer.feed(received)  # type: ignore[arg-type]
    received[:] = bytes(len(received))

    assert buffer.next_frame() == Frame(1, 1, 1, 1, 1, b"abc")


def test_fault_is_terminal() -> None:
    """The position in the stream is lost: what comes later is dropped, and the fault stays."""
    buffer = FrameBuffer(R5)
    good = R5.header.encode(Frame(1, 1, 1, 1, 1))

    buffer.feed(good + header(R5, 65536))
    first, fault = buffer

    assert first == Frame(1, 1, 1, 1, 1)
    assert isinstance(fault, Fault)
    assert peak_of(lambda: feed_often(buffer, good)) < 8192
    assert buffer.next_frame() is fault
    assert list(buffer) == [fault]
    assert buffer.end() is fault


def test_fault_lets_go_of_what_the_buffer_held() -> None:
    """A connection that is broken costs nothing while it is being closed."""
    good = R5.header.encode(Frame(1, 1, 1, 1, 1))
    first, second = good + header(R5, 65536), good * 1000
    buffer = FrameBuffer(R5)
    before = sys.getrefcount(first), sys.getrefcount(second)

    buffer.feed(first)
    assert isinstance(buffer.next_frame(), Frame)
    buffer.feed(second)
    assert isinstance(buffer.next_frame(), Fault)

    assert (sys.getrefcount(first), sys.getrefcount(second)) == before


@every_header()
def test_end_between_frames_is_silent(revision: Revision) -> None:
    """A clean end of input is nobody's fault (sheet r1, "Frame reader and parser")."""
    assert FrameBuffer(revision).end() is None
    assert read(revision, [header(revision, 3) + b"abc"]) == [Frame(0, 0, 0, 0, 0, b"abc")]


@every_header()
def test_end_inside_a_header_is_a_fault(revision: Revision) -> None:
    """The message is Mercurial's, with the octets that were there (sheet r1, "Frame reader and parser")."""
    for got in range(1, revision.header.size):
        [fault] = read(revision, [header(revision, 3)[:got]])

        assert isinstance(fault, Fault)
        assert fault.code is FaultCode.TRUNCATED_FRAME
        assert fault.message.startswith(f"received incomplete frame: got {got} bytes: ")


@every_header()
def test_end_inside_a_payload_is_a_fault(revision: Revision) -> None:
    """The message is Mercurial's (sheet r1, "Frame reader and parser")."""
    for got in range(3):
        [fault] = read(revision, [header(revision, 3) + b"abc"[:got]])

        assert fault == Fault(FaultCode.TRUNCATED_FRAME, f"frame length error: expected 3; got {got}")


def test_end_behind_frames_that_were_not_taken_waits_for_them() -> None:
    """Frames that are whole are no truncated input; what is behind them is judged when it is reached."""
    frame = Frame(1, 1, 1, 1, 1, b"abc")
    clean, truncated = FrameBuffer(R5), FrameBuffer(R5)
    clean.feed(R5.header.encode(frame) * 2)
    truncated.feed(R5.header.encode(frame) * 2 + b"\x01\x00")

    assert (clean.end(), truncated.end()) == (None, None)
    assert list(clean) == [frame, frame]
    *whole, fault = truncated
    assert whole == [frame, frame]
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.TRUNCATED_FRAME
    assert (clean.end(), truncated.end()) == (None, fault)


def test_end_behind_a_length_that_is_not_allowed_names_the_length() -> None:
    """Which fault it is does not hang on whether the caller looked before the end."""
    buffer = FrameBuffer(R5)

    buffer.feed(header(R5, 65536) + b"abc")
    fault = buffer.end()

    assert fault is not None
    assert fault.code is FaultCode.PAYLOAD_TOO_LARGE
    assert buffer.next_frame() is fault
