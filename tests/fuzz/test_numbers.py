"""Tests of `hgframing_fuzz._numbers`."""

from __future__ import annotations

from hgframing_fuzz._numbers import HUGE, REQUEST_IDS, STREAM_IDS


def test_numbers_fit_their_fields() -> None:
    """IDs fit the header (16 and 8 bits), lengths the 64 bits of CBOR."""
    assert all(0 <= number <= 0xFFFF for number in REQUEST_IDS)
    assert all(0 <= number <= 0xFF for number in STREAM_IDS)
    assert all(0 <= number < 1 << 64 for number in HUGE)


def test_numbers_have_both_parities() -> None:
    """A client's IDs are odd (RID-001, STREAM-001); the others are there to be refused."""
    assert {number & 1 for number in REQUEST_IDS} == {number & 1 for number in STREAM_IDS} == {0, 1}


def test_ids_begin_with_those_of_a_client() -> None:
    """The grammar draws legal IDs from the front."""
    assert all(number & 1 for number in REQUEST_IDS[:4])
