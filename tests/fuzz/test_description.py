"""Tests of `hgframing_fuzz._description`: what a person reads of an input."""

from __future__ import annotations

import pytest

from hgframing import parse_notation
from hgframing_fuzz import Options
from hgframing_fuzz._description import describe_input, excerpt, notation
from hgframing_fuzz._input import Form, with_body
from tests.fuzz.miniatures import R5, an_input


VALUE = an_input(
    "1 1 stream-begin command-request new cbor:{b'name': b'c'}",
    "3 1 0 command-data eos more",
    options=Options(driver=0x16, answers=2, seed=7),
    tail=b"\1\2",
)


def test_notation_of_short_frames_can_be_read_back() -> None:
    """What a text shows can be pasted into a vector."""
    assert tuple(parse_notation(line, R5) for line in notation(VALUE.frames, R5)) == VALUE.frames


def test_notation_of_a_long_frame_is_cut() -> None:
    """64 KiB say no more than their beginning."""
    [line] = notation(an_input("1 1 0 command-data eos " + "x" * 60_000).frames, R5)

    assert len(line) < 500
    assert line.endswith("characters)")


def test_describe_many_frames_counts_the_rest() -> None:
    """A conversation of thousands is not printed."""
    lines = describe_input(an_input(*["1 1 0 command-data eos"] * 150), R5, Form.FRAMES)

    assert len(lines) < 120
    assert lines[-1] == "frame       … 50 more"


def test_describe_frames_says_everything() -> None:
    """The driver's options, the frames in notation, what is left over."""
    assert describe_input(VALUE, R5, Form.FRAMES) == [
        "revision    0006",
        "delivery    octet, seed 7",
        "answers     fail",
        "output      deferred",
        "end         told",
        "compared    yes",
        "frame       1 1 stream-begin command-request new cbor:{b'name': b'c'}",
        "frame       3 1 0 command-data eos more",
        "tail        0102",
    ]


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        (b"format: 1\n\tx", ["format: 1", "\\tx"]),
        ("caf\u00e9".encode(), ["caf\u00e9"]),
        (b"\x1b[2J", ["1b5b324a"]),
        (b"\xff\xfe", ["fffe"]),
        (b"", []),
        (bytes(40), ["00" * 32, "00" * 8]),
    ],
)
def test_describe_octets_shows_text_as_text_and_never_what_a_terminal_obeys(
    body: bytes, lines: list[str]
) -> None:
    """Lines of a text, or hex."""
    shown = describe_input(with_body(Options(), body), R5, Form.OCTETS)

    assert shown[5:] == [f"octets      {line}" for line in lines]


def test_excerpt_is_short() -> None:
    """Three lines and how many more."""
    many = an_input(*["1 1 0 command-data eos"] * 5)

    assert excerpt(VALUE, R5, Form.FRAMES) == notation(VALUE.frames, R5)
    assert excerpt(many, R5, Form.FRAMES)[3:] == ["… 2 more frames"]
    assert excerpt(with_body(Options(), b"a\nb\nc\nd"), R5, Form.OCTETS) == ["a", "b", "c", "… 1 more lines"]
