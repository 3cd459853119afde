"""Tests of `hgframing_fuzz._input`: any octets are an input, and nothing of them is lost."""

from __future__ import annotations

import pytest

from hypothesis import given
from hypothesis import strategies as st

from hgframing import REVISIONS, Frame
from hgframing_fuzz._input import (
    MAX_CHUNKS,
    MAX_FRAMES,
    OPTIONS_SIZE,
    REVISION_CODES,
    Answers,
    Delivery,
    FuzzInput,
    Options,
    body_of,
    decode_input,
    encode_input,
    encoded_size,
    wire_chunks,
    wire_frames,
    with_body,
)
from tests.fuzz.miniatures import R5
from tests.fuzz.strategies import inputs


@given(st.binary(max_size=200))
def test_decode_any_octets_loses_nothing(octets: bytes) -> None:
    """Encoding what was decoded gives the same octets; fewer than the options are filled with zeroes."""
    assert encode_input(decode_input(octets)) == octets.ljust(OPTIONS_SIZE, b"\0")


@given(inputs)
def test_encode_any_input_round_trips(value: FuzzInput) -> None:
    """Decoding what was encoded gives the same input."""
    assert decode_input(encode_input(value)) == value
    assert encoded_size(value) == len(encode_input(value))


@given(st.binary(max_size=200))
def test_body_is_every_octet_behind_the_options(body: bytes) -> None:
    """A target that reads a text gets it whole, whatever it looks like as frames."""
    options = Options(1, 2, 3, 4)
    value = with_body(options, body)

    assert body_of(value) == body
    assert encode_input(value) == b"\1\2\3\4" + body


def test_decode_frames_are_those_of_the_sheet() -> None:
    """The worked octets of sheet r4: `{name: a}` on request 1, stream 1, first frame."""
    octets = bytes(4) + bytes.fromhex("0800000100010111a1446e616d654161")

    assert decode_input(octets).frames == (Frame(1, 1, 1, 1, 1, b"\xa1DnameAa"),)


def test_decode_length_above_the_rest_is_a_tail() -> None:
    """A header that declares more than follows is kept as it is: a frame that is cut off."""
    octets = bytes(4) + bytes.fromhex("0900000100010111a1446e616d654161")

    value = decode_input(octets)

    assert value.frames == ()
    assert value.tail == octets[4:]


def test_decode_length_uses_all_three_octets() -> None:
    """The length is 24 bits, little-endian (FRAME-002)."""
    payload = b"x" * 0x010203
    octets = bytes(4) + b"\x03\x02\x01\x05\x00\x01\x00\x22" + payload

    assert decode_input(octets).frames == (Frame(5, 1, 0, 2, 2, payload),)


def test_revision_codes_name_every_revision_newest_first() -> None:
    """Whatever the reference speaks can be asked for, and nothing asked for means the newest."""
    assert tuple(REVISIONS)[::-1] == REVISION_CODES


@pytest.mark.parametrize(
    ("options", "meaning"),
    [
        (Options(), (Delivery.FRAME, False, True, False, Answers.NONE)),
        (Options(driver=0x01), (Delivery.WHOLE, False, True, False, Answers.NONE)),
        (Options(driver=0x02), (Delivery.OCTET, False, True, False, Answers.NONE)),
        (Options(driver=0x07), (Delivery.CUT, True, True, False, Answers.NONE)),
        (Options(driver=0x08), (Delivery.FRAME, False, False, False, Answers.NONE)),
        (Options(driver=0xF0, answers=0xFE), (Delivery.FRAME, False, True, True, Answers.FAIL)),
        (Options(answers=0x01), (Delivery.FRAME, False, True, False, Answers.RESPOND)),
        (Options(answers=0x03), (Delivery.FRAME, False, True, False, Answers.MIXED)),
    ],
)
def test_options_bits_mean_what_a_corpus_relies_on(options: Options, meaning: tuple[object, ...]) -> None:
    """The bits never change their meaning, and undefined ones have none."""
    assert (
        options.delivery,
        options.defer_output,
        options.ends,
        options.compares,
        options.answer_plan,
    ) == meaning


@pytest.mark.parametrize("key", REVISIONS)
def test_wire_frames_drop_what_the_header_has_no_room_for(key: str) -> None:
    """One corpus for all revisions: a shorter header carries the rest of the frame."""
    layout = REVISIONS[key].header

    [octets] = wire_frames([Frame(0x0102, 3, 4, 5, 6, b"abc")], layout)

    header = layout.decode(octets)
    assert (header.length, header.type_id, header.flags) == (3, 5, 6)
    assert header.request_id == (0x0102 if layout.has_request else 0)
    assert (header.stream_id, header.stream_flags) == ((3, 4) if layout.has_stream else (0, 0))
    assert octets[layout.size :] == b"abc"


@given(inputs, st.sampled_from(Delivery))
def test_wire_chunks_are_the_same_octets_however_cut(value: FuzzInput, delivery: Delivery) -> None:
    """Cutting changes nothing, and gives no empty chunk."""
    chunks = wire_chunks(value, R5.header, delivery)

    assert b"".join(chunks) == encode_input(value)[OPTIONS_SIZE:]
    assert all(chunks)


def test_wire_chunks_of_a_delivery_are_cut_as_it_says() -> None:
    """Frames, everything, single octets, or somewhere."""
    value = FuzzInput(
        Options(seed=3), (Frame(1, 1, 1, 2, 2, b"x" * 200), Frame(1, 1, 0, 2, 2, b"y")), b"\0\0"
    )
    lengths = {delivery: list(map(len, wire_chunks(value, R5.header, delivery))) for delivery in Delivery}

    assert lengths[Delivery.FRAME] == [208, 9, 2]
    assert lengths[Delivery.WHOLE] == [219]
    assert lengths[Delivery.OCTET] == [1] * 219
    assert len(set(lengths[Delivery.CUT])) > 2


def test_wire_chunks_of_a_long_input_stay_few() -> None:
    """Octet by octet, a long payload is cut into longer pieces instead of into a hundred thousand."""
    value = FuzzInput(Options(), (Frame(1, 1, 1, 2, 2, b"x" * 100_000),))

    assert len(wire_chunks(value, R5.header, Delivery.OCTET)) <= MAX_CHUNKS


def test_wire_chunks_leave_out_frames_beyond_the_limit() -> None:
    """Frames without number are not driven."""
    value = FuzzInput(Options(), (Frame(1, 1, 0, 2, 2),) * (MAX_FRAMES + 1))

    assert len(wire_chunks(value, R5.header, Delivery.FRAME)) == MAX_FRAMES
