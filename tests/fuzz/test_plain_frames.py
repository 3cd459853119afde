"""Tests of `hgframing_fuzz._plain_frames`: the worked octets of the sheets."""

from __future__ import annotations

import pytest

from hgframing import REVISIONS, Frame
from hgframing_fuzz._plain_frames import header_size, narrow, split_plain, write_plain


FRAME = Frame(0x0102, 3, 5, 1, 9, b"\xa1DnameAa")


@pytest.mark.parametrize(
    ("revision", "octets"),
    [
        ("0001", "08000019"),
        ("0002", "080000020119"),
        ("0005", "0800000201030519"),
        ("0006", "0800000201030519"),
    ],
)
def test_write_and_split_are_what_the_sheets_show(revision: str, octets: str) -> None:
    """Length in three octets, little-endian; request; stream; stream flags; type and flags."""
    narrowed = narrow(FRAME, revision)
    written = bytes.fromhex(octets) + FRAME.payload

    assert write_plain(narrowed, revision) == written
    split = split_plain(written + written[:3], revision, 0xFFFF)
    assert (split.frames, split.too_large, split.rest) == ((narrowed,), False, 3)


@pytest.mark.parametrize("revision", REVISIONS)
def test_layouts_are_those_of_the_reference(revision: str) -> None:
    """Two tables, written independently."""
    layout = REVISIONS[revision].header
    narrowed = narrow(FRAME, revision)

    assert header_size(revision) == layout.size
    assert write_plain(narrowed, revision) == layout.encode(narrowed)


def test_length_has_three_octets_and_a_limit() -> None:
    """What is too large ends the splitting."""
    long = Frame(1, 1, 0, 2, 2, bytes(0x010203))
    octets = write_plain(long, "0006")

    assert octets[:3] == b"\x03\x02\x01"
    assert split_plain(octets, "0006", 0xFFFFFF).frames == (long,)
    refused = split_plain(write_plain(FRAME, "0006") + octets, "0006", 0xFFFF)
    assert (refused.frames, refused.too_large, refused.rest) == ((FRAME,), True, len(octets))
