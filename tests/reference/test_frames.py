"""Tests of `hgframing._frames`: one frame and its header."""

from __future__ import annotations

import dataclasses
import struct

import pytest

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hgframing._errors import LocalProtocolError
from hgframing._frames import (
    HEADER_4,
    HEADER_6,
    HEADER_8,
    MAX_LENGTH,
    Frame,
    FrameHeader,
    FrameType,
    HeaderLayout,
    StreamFlag,
)
from tests.reference.strategies import LAYOUT_FACTS, frames


LAYOUTS = [HEADER_4, HEADER_6, HEADER_8]

#: The worked octets of the sheets, each marked verified there: layout, frame, header.
WORKED = [
    pytest.param(HEADER_4, Frame(0, 0, 0, 1, 1, b"capabilities"), "0c000011", id="r1-name"),
    pytest.param(HEADER_4, Frame(0, 0, 0, 2, 0, b"\x03\x00\x04\x00fooval1"), "0b000020", id="r1-argument"),
    pytest.param(HEADER_6, Frame(1, 0, 0, 1, 1, b"capabilities"), "0c0000010011", id="r2-name"),
    pytest.param(HEADER_6, Frame(1, 0, 0, 4, 2, b"r"), "010000010042", id="r2-response"),
    pytest.param(HEADER_8, Frame(1, 1, 1, 1, 1, b"customreadonly"), "0e00000100010111", id="r3-name"),
    pytest.param(HEADER_8, Frame(1, 2, 1, 4, 2, bytes(29)), "1d00000100020142", id="r3-response"),
    pytest.param(HEADER_8, Frame(1, 1, 1, 1, 1, b"\xa1DnameAa"), "0800000100010111", id="r4-request"),
    pytest.param(HEADER_8, Frame(3, 2, 1, 3, 2, b"\xa1FstatusBokr3"), "0d00000300020132", id="r4-response"),
]


@pytest.mark.parametrize(("layout", "frame", "header"), WORKED)
def test_encode_of_worked_frames_gives_the_octets_of_the_sheets(
    layout: HeaderLayout, frame: Frame, header: str
) -> None:
    """What Mercurial was seen to send is what we send."""
    assert layout.encode(frame) == bytes.fromhex(header) + frame.payload


@pytest.mark.parametrize(("layout", "frame", "header"), WORKED)
def test_decode_of_worked_headers_gives_the_numbers_of_the_sheets(
    layout: HeaderLayout, frame: Frame, header: str
) -> None:
    """What Mercurial was seen to send is understood, whatever follows the header."""
    expected = FrameHeader(
        length=len(frame.payload),
        request_id=frame.request_id,
        stream_id=frame.stream_id,
        stream_flags=frame.stream_flags,
        type_id=frame.type_id,
        flags=frame.flags,
    )

    assert layout.decode(bytes.fromhex(header)) == expected
    assert layout.decode(bytes.fromhex(header) + b"what follows") == expected


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout_states_what_its_header_has(layout: HeaderLayout) -> None:
    """4 octets have no ID, 6 have a request ID, 8 have a stream ID and flags too (FRAME-001)."""
    assert layout.packer.size == layout.size
    assert (layout.has_request, layout.has_stream) == LAYOUT_FACTS[layout.size]


@pytest.mark.parametrize(("octets", "length"), [("000001", 65536), ("ffffff", 16777215), ("ff0000", 255)])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_decode_reads_the_length_as_24_bits_little_endian(
    layout: HeaderLayout, octets: str, length: int
) -> None:
    """The third octet weighs 65536, where Mercurial weighs it 16384 (FRAME-002, D1)."""
    header = bytes.fromhex(octets) + bytes(layout.size - 3)

    assert layout.decode(header).length == length


def test_decode_splits_the_last_octet_into_type_and_flags() -> None:
    """The high nibble is the type, the low one the flags (FRAME-005)."""
    header = HEADER_8.decode(bytes.fromhex("00000000000000a5"))

    assert (header.type_id, header.flags) == (0x0A, 0x05)


def test_decode_reads_the_request_id_as_16_bits_little_endian() -> None:
    """Two octets, the low one first (FRAME-006)."""
    assert HEADER_6.decode(bytes.fromhex("000000020100")).request_id == 258
    assert HEADER_8.decode(bytes.fromhex("0000000201000000")).request_id == 258


@pytest.mark.parametrize("layout", LAYOUTS)
def test_decode_of_too_few_octets_is_refused(layout: HeaderLayout) -> None:
    """A header that is not whole has no numbers."""
    with pytest.raises(ValueError, match=f"^a header has {layout.size} octets, got {layout.size - 1}$"):
        layout.decode(bytes(layout.size - 1))


@pytest.mark.parametrize(
    ("field", "name", "largest"),
    [
        ("request_id", "request ID", 0xFFFF),
        ("stream_id", "stream ID", 0xFF),
        ("stream_flags", "stream flags", 0xFF),
        ("type_id", "type", 0xF),
        ("flags", "flags", 0xF),
    ],
)
def test_encode_takes_what_fits_a_field_and_nothing_beyond(field: str, name: str, largest: int) -> None:
    """A number that does not fit is refused, where Mercurial lets it run into the next field (D4)."""
    frame = Frame(1, 1, 1, 1, 1)

    header = HEADER_8.decode(HEADER_8.encode(replace(frame, **{field: largest})))

    assert getattr(header, field) == largest
    for value in (largest + 1, -1):
        with pytest.raises(LocalProtocolError, match=rf"^{name} {value} is outside 0–{largest}$"):
            HEADER_8.encode(replace(frame, **{field: value}))


@pytest.mark.parametrize(
    ("layout", "frame", "name"),
    [
        (HEADER_4, Frame(1, 0, 0, 1, 1), "request ID 1"),
        (HEADER_4, Frame(0, 1, 0, 1, 1), "stream ID 1"),
        (HEADER_6, Frame(1, 2, 0, 1, 1), "stream ID 2"),
        (HEADER_6, Frame(1, 0, 1, 1, 1), "stream flags 1"),
    ],
)
def test_encode_of_an_id_without_a_field_is_refused(layout: HeaderLayout, frame: Frame, name: str) -> None:
    """An ID that the header cannot carry would be lost in silence."""
    with pytest.raises(LocalProtocolError, match=f"^{name} is outside 0–0$"):
        layout.encode(frame)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_encode_of_the_longest_payload_says_its_length(layout: HeaderLayout) -> None:
    """16777215 octets are what 24 bits can say (FRAME-002)."""
    octets = layout.encode(Frame(0, 0, 0, 1, 1, bytes(MAX_LENGTH)))

    assert octets[:3] == b"\xff\xff\xff"
    assert len(octets) == layout.size + 16777215


def test_encode_of_a_longer_payload_is_refused() -> None:
    """Mercurial would send the length modulo 2^24 (D2)."""
    with pytest.raises(LocalProtocolError, match=r"^payload of 16777216 octets does not fit"):
        HEADER_8.encode(Frame(1, 1, 1, 1, 1, bytes(MAX_LENGTH + 1)))


@given(st.data(), st.sampled_from(LAYOUTS))
def test_encode_then_decode_gives_the_same_numbers(data: st.DataObject, layout: HeaderLayout) -> None:
    """Every frame that a layout can carry survives, legal or not."""
    frame = data.draw(frames(layout))

    octets = layout.encode(frame)
    header = layout.decode(octets)

    assert octets[layout.size :] == frame.payload
    assert header.length == len(frame.payload)
    assert frame == Frame(
        header.request_id,
        header.stream_id,
        header.stream_flags,
        header.type_id,
        header.flags,
        frame.payload,
    )


@given(st.data(), st.sampled_from(LAYOUTS))
def test_decode_then_encode_gives_the_same_octets(data: st.DataObject, layout: HeaderLayout) -> None:
    """No bit of a header is lost: every header means something else."""
    octets = data.draw(st.binary(min_size=layout.size, max_size=layout.size))
    header = layout.decode(b"\x05\x00\x00" + octets[3:])

    frame = Frame(
        header.request_id, header.stream_id, header.stream_flags, header.type_id, header.flags, b"12345"
    )

    assert layout.encode(frame) == b"\x05\x00\x00" + octets[3:] + b"12345"


def test_frame_payload_is_empty_by_default() -> None:
    """Many frames are headers alone."""
    assert Frame(1, 1, 1, 1, 1).payload == b""


def test_frames_are_values() -> None:
    """Frames that say the same are equal, and nobody changes one that another holds."""
    frame = Frame(1, 1, 1, 1, 1, b"x")

    assert frame == Frame(1, 1, 1, 1, 1, b"x")
    assert hash(frame) == hash(Frame(1, 1, 1, 1, 1, b"x"))
    with pytest.raises(AttributeError):
        frame.flags = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        HEADER_8.packer = struct.Struct("<HBHBBB")  # type: ignore[misc]


def test_stream_flags_are_those_of_the_sheet() -> None:
    """0x01 begins a stream, 0x02 ends it, 0x04 says that the payload is encoded (sheet r3, "Header")."""
    assert {flag.name: flag.value for flag in StreamFlag} == {"BEGIN": 0x01, "END": 0x02, "ENCODED": 0x04}


def test_frame_types_are_those_of_all_revisions() -> None:
    """The union of the frame tables of the sheets; `Revision.frames` gives them numbers."""
    assert {frame_type.name for frame_type in FrameType} == {
        "COMMAND_NAME",
        "COMMAND_ARGUMENT",
        "COMMAND_REQUEST",
        "COMMAND_DATA",
        "RESPONSE",
        "ERROR_RESPONSE",
        "TEXT_OUTPUT",
        "PROGRESS",
        "SENDER_SETTINGS",
        "STREAM_SETTINGS",
    }
