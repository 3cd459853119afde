"""The third reader of CBOR says what a payload is."""

from __future__ import annotations

import pytest

from hgframing_fuzz._survey import survey


@pytest.mark.parametrize(
    ("octets", "first", "rest"),
    [
        (b"", "empty", ""),
        (b"\xa1\x41a", "truncated", ""),
        (b"\x1c", "malformed", ""),
        (b"\xa0", "map", ""),
        (b"\xa0\x01", "map", "values"),
        (b"\xa0\xa1", "map", "truncated"),
        (b"\xa0\xff", "map", "malformed"),
        (b"\x5f\x41a\x41b\xff", "bytes", ""),
        (b"\xd9\x01\x02\x81\x01", "set", ""),
    ],
)
def test_survey_tells_the_first_value_and_what_follows(octets: bytes, first: str, rest: str) -> None:
    """RFC 8949 decides what is a value, what is cut off and what is no CBOR."""
    found = survey(octets)

    assert (found.first, found.rest) == (first, rest)


@pytest.mark.parametrize(
    ("octets", "fact"),
    [
        (b"\xa2\x41a\x01\x41a\x02", "repeated"),
        (b"\xa2\x01\x01\xf5\x02", "repeated"),
        (b"\xa2\x01\x01\xf9\x3c\x00\x02", "repeated"),
        (b"\xa1\x61a\x01", "text_key"),
        (b"\xa1\x80\x01", "container_key"),
        (b"\xa1\x5f\xff\x01", "indefinite_key"),
        (b"\x5f\x01\xff", "odd_chunk"),
        (b"\x5f\x5f\xff\xff", "odd_chunk"),
        (b"\xc1\x01", "unusual"),
        (b"\xf7", "unusual"),
        (b"\xf9\x00\x00", "foreign"),
        (b"\x9f\xff", "foreign"),
    ],
)
def test_survey_notes_what_the_protocol_may_object_to(octets: bytes, fact: str) -> None:
    """Each fact is noted where it is there, and nowhere else."""
    assert getattr(survey(octets), fact)
    assert not getattr(survey(b"\xa1\x41a\x82\x01\x41b"), fact)


def test_survey_counts_containers() -> None:
    """An empty array in 33 arrays lies in 33 containers."""
    assert survey(b"\x81" * 33 + b"\x80").depth == 33


def test_survey_reads_containers_as_keys_however_deep() -> None:
    """A map in a map's key in a map's key is well-formed CBOR, and no reason to fall over."""
    found = survey(b"\xa1" * 300 + b"\x01" * 301)

    assert (found.first, found.container_key, found.repeated) == ("map", True, False)


def test_survey_field_takes_the_last_of_equal_keys() -> None:
    """What a lenient decoder keeps is what it is asked for."""
    assert survey(b"\xa2\x41a\x01\x41a\x02").field(b"a") == ("int", 2)
