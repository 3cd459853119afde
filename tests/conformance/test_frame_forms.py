"""Frames of suites and harnesses become the frames of the protocol sheets."""

from __future__ import annotations

from typing import Any

import pytest

from hgframing import REVISIONS, Frame
from hgframing_conformance._forms import FormError
from hgframing_conformance._frame_forms import (
    encode_frame,
    frame_fields,
    frame_numbers,
    notation_of,
    parse_encode,
    parse_frame,
    parse_whole_frame,
)


R1, R2, R6 = REVISIONS["0001"], REVISIONS["0002"], REVISIONS["0006"]


def test_parse_frame_with_notation_reads_the_revisions_names() -> None:
    """Sheet r5: command-request is type 1, new is 0x01, have-data 0x08, stream-begin 0x01."""
    frame = parse_frame("3 1 stream-begin command-request new|have-data hi", R6)
    assert frame == Frame(3, 1, 1, 1, 0x09, b"hi")


def test_parse_frame_with_repeat_appends_the_parts_to_the_payload() -> None:
    """docs/vector-format.md, "Frames": the parts follow what the notation has."""
    form = {"frame": "1 command-data eos <", "repeat": [{"hex": "61", "times": 3}, {"hex": "3e"}]}
    assert parse_frame(form, R2).payload == b"<aaa>"


@pytest.mark.parametrize(
    ("form", "path", "part"),
    [
        ("1 1", (), "too few fields"),
        ("1 1 0 no-such-type 0 x", (), "no-such-type"),
        ("1 1 0 command-request no-such-flag x", (), "no-such-flag"),
        ("65536 1 0 command-data eos x", (), "65536"),
        (5, (), "the int 5 is no frame"),
        ({"frame": "1 1 0 command-data eos"}, (), "is no frame"),
        ({"frame": 5, "repeat": {"hex": "61"}}, ("frame",), "no frame in notation"),
        ({"frame": "1 1 0 command-data eos", "repeat": {"hex": "6"}}, ("repeat", "hex"), "no hex string"),
        ({"frame": "1 1 0 command-data eos", "repeat": {"hex": "61"}, "x": 1}, (), "is no frame"),
    ],
)
def test_parse_frame_with_a_mistake_says_what_and_where(form: Any, path: tuple[Any, ...], part: str) -> None:
    """Each way to write a frame wrongly is told apart."""
    with pytest.raises(FormError) as caught:
        parse_frame(form, R6, ("receive", 0))
    assert caught.value.path == ("receive", 0, *path)
    assert part in str(caught.value)


def test_parse_frame_reads_one_text_differently_in_each_revision() -> None:
    """Sheet r1 and r5: type names mean other numbers; a cache must not mix revisions up."""
    assert parse_frame("1 0 1 command-data eos 1", REVISIONS["0005"]).type_id == 2
    assert parse_frame("1 0 1 command-data eos 1", REVISIONS["0002-streams"]).type_id == 3


@pytest.mark.parametrize(
    ("revision", "names"),
    [
        (R1, ["type", "flags", "payload"]),
        (R2, ["request", "type", "flags", "payload"]),
        (R6, ["request", "stream", "stream-flags", "type", "flags", "payload"]),
    ],
)
def test_frame_fields_are_those_of_the_header(revision: Any, names: list[str]) -> None:
    """Sheets r1, r2 and r3, "Header"."""
    assert [field.name for field in frame_fields(revision)] == names
    assert list(frame_numbers(Frame(1, 2, 3, 4, 5, b"6"), revision)) == names


def test_frame_numbers_keep_every_number_in_its_field() -> None:
    """No two fields are swapped."""
    numbers = frame_numbers(Frame(1, 2, 3, 4, 5, b"6"), R6)
    assert numbers == {"request": 1, "stream": 2, "stream-flags": 3, "type": 4, "flags": 5, "payload": b"6"}


def test_notation_of_a_repeated_payload_says_its_parts() -> None:
    """People see what the author wrote, not a megabyte."""
    assert notation_of("1 1 0 1 1 x") == "1 1 0 1 1 x"
    form = {"frame": "1 1 0 1 1", "repeat": [{"hex": "30"}, {"hex": "61", "times": 65536}]}
    assert notation_of(form) == "1 1 0 1 1 ⟨hex:30 × 1⟩ ⟨hex:61 × 65536⟩"


def test_encode_frame_that_does_not_fit_the_header_is_an_error_of_its_author() -> None:
    """A 24-bit length says at most 16777215 octets (sheet r1, "Header")."""
    assert encode_frame(Frame(1, 1, 1, 1, 1, b"abc"), R6).hex() == "0300000100010111616263"
    with pytest.raises(FormError, match="24-bit") as caught:
        encode_frame(Frame(1, 1, 1, 1, 1, bytes(1 << 24)), R6, ("receive", 2))
    assert caught.value.path == ("receive", 2)


def test_parse_whole_frame_reads_the_octets_of_one_frame() -> None:
    """The inverse of a header of sheet r3: length 3, request 0x0201, stream 3, flags 4, type 5, flags 6."""
    assert parse_whole_frame("0300000102030456616263", R6) == Frame(0x0201, 3, 4, 5, 6, b"abc")
    assert parse_whole_frame("0000000100010011", R6) == Frame(1, 1, 0, 1, 1, b"")


@pytest.mark.parametrize(
    ("octets", "part"),
    [
        ("03000001000101", "the header alone has 8"),
        ("03000001000101116162", "declares 3 octets of payload, 2 follow"),
        ("030000010001011161626364", "declares 3 octets of payload, 4 follow"),
        ("0x", "no hex string"),
    ],
)
def test_parse_whole_frame_with_more_or_less_than_a_frame_is_refused(octets: str, part: str) -> None:
    """A harness that joins or cuts frames must hear of it."""
    with pytest.raises(FormError, match=part):
        parse_whole_frame(octets, R6)


def test_parse_encode_takes_numbers_that_fit_no_header() -> None:
    """What an encoder must refuse has to be askable (D4, D43)."""
    form = {"request": 65536, "stream": 256, "stream-flags": 256, "type": 16, "flags": 16, "payload": ""}
    assert parse_encode(form, R6) == {**form, "payload": b""}
    assert parse_encode("1 1 0 1 1 x", R6)["payload"] == b"x"
    with pytest.raises(FormError, match="stream"):
        parse_encode(form, R2)
