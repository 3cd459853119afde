"""Forms are read strictly, and errors say where they are and what to write."""

from __future__ import annotations

import time

from collections.abc import Callable
from typing import Any

import pytest

from hgframing_conformance._forms import (
    MAX_OCTETS,
    FormError,
    describe,
    one_line,
    parse_bytes,
    parse_count,
    parse_hex,
    parse_list,
    parse_parts,
    parse_string,
    short,
)


@pytest.mark.parametrize(
    ("form", "octets"),
    [
        ("abc", b"abc"),
        ("", b""),
        ({"ascii": "abc"}, b"abc"),
        ({"hex": "00fFa0"}, b"\x00\xff\xa0"),
        ({"repeat": {"hex": "6162", "times": 3}}, b"ababab"),
        ({"repeat": [{"hex": "30"}, {"hex": "61", "times": 2}, {"hex": "", "times": 9}]}, b"0aa"),
    ],
)
def test_parse_bytes_reads_every_way_to_write_a_bytestring(form: Any, octets: bytes) -> None:
    """docs/vector-format.md, "Values", has four ways to write a bytestring."""
    assert parse_bytes(form) == octets


@pytest.mark.parametrize(
    "form",
    [
        1,
        True,
        None,
        1.5,
        [],
        {},
        {"text": "a"},
        {"int": "1"},
        {"hex": "61", "ascii": "a"},
        "é",
        {"ascii": "é"},
    ],
)
def test_parse_bytes_refuses_everything_else(form: Any) -> None:
    """A text string or a number in the place of a bytestring is a mistake, never converted."""
    with pytest.raises(FormError):
        parse_bytes(form, ("data",))


@pytest.mark.parametrize("digits", ["0", "0g", "00 ff", "0x00", "00\n", "zz"])
def test_parse_hex_with_something_else_than_digit_pairs_is_refused(digits: str) -> None:
    """Separators and half octets are refused: Python's own reader would let spaces pass."""
    with pytest.raises(FormError, match="no hex string") as caught:
        parse_hex(digits, ("hex",))
    assert caught.value.path == ("hex",)
    assert "two hex digits" in caught.value.remedy


def test_parse_hex_of_megabytes_is_quick() -> None:
    """A harness may answer with the largest frame; reading it costs milliseconds."""
    digits = "5a" * (16 * 1024 * 1024)
    started = time.perf_counter()
    assert len(parse_hex(digits)) == 16 * 1024 * 1024
    assert time.perf_counter() - started < 1


def test_parse_hex_with_an_integer_says_to_quote_it() -> None:
    """What YAML took for a number is the usual mistake."""
    with pytest.raises(FormError, match="the int 12 where a hex string is needed") as caught:
        parse_hex(12)
    assert caught.value.remedy == "quote the hex digits"


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ({"times": 3}, ()),
        ({"hex": "61", "time": 3}, ()),
        ([{"hex": "61"}, "61"], (1,)),
        ([{"hex": "61"}, {"hex": "6"}], (1, "hex")),
        ({"hex": "61", "times": -1}, ("times",)),
        ({"hex": "61", "times": True}, ("times",)),
        ({"hex": "61", "times": "3"}, ("times",)),
    ],
)
def test_parse_parts_with_a_malformed_part_names_the_part(parts: Any, path: tuple[str | int, ...]) -> None:
    """Of several parts the error names the one that is wrong."""
    with pytest.raises(FormError) as caught:
        parse_parts(parts)
    assert caught.value.path == path


def test_parse_parts_beyond_the_limit_is_refused_before_it_costs_memory() -> None:
    """A few characters must not make gigabytes; the limit itself is allowed."""
    assert len(parse_parts({"hex": "00", "times": MAX_OCTETS})) == MAX_OCTETS
    with pytest.raises(FormError, match="longer than"):
        parse_parts({"hex": "00", "times": MAX_OCTETS + 1})
    with pytest.raises(FormError, match="longer than"):
        parse_parts([{"hex": "00", "times": MAX_OCTETS}, {"hex": "00"}])
    with pytest.raises(FormError, match="longer than"):
        parse_parts({"hex": "00", "times": 10**30})


@pytest.mark.parametrize(
    ("form", "limit"), [(-1, None), (256, 255), (True, None), ("1", None), (None, None), (1.0, 9)]
)
def test_parse_count_refuses_what_is_no_count_in_range(form: Any, limit: int | None) -> None:
    """Booleans are integers to Python and not to the format."""
    with pytest.raises(FormError):
        parse_count(form, limit=limit)


def test_parse_count_keeps_the_bounds() -> None:
    """Both ends of the range are allowed."""
    assert (parse_count(0), parse_count(255, limit=255), parse_count(10**20)) == (0, 255, 10**20)


@pytest.mark.parametrize(
    ("parser", "form"), [(parse_string, b"a"), (parse_string, None), (parse_list, ("a",))]
)
def test_other_types_are_refused(parser: Callable[[Any], object], form: Any) -> None:
    """Only what a JSON reader gives is a string or a list."""
    with pytest.raises(FormError):
        parser(form)


def test_form_error_prints_place_and_remedy() -> None:
    """One line says all: people read it in a reply's report, where no file is near."""
    error = FormError("it is wrong", path=("steps", 3, "expect"), remedy="write it right")
    assert str(error) == "steps.3.expect: it is wrong (write it right)"
    assert str(FormError("it is wrong")) == "it is wrong"


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (None, "null"),
        (False, "false"),
        ({}, "an empty mapping"),
        ({"a": 1, "b": 2}, "a mapping of a, b"),
        ([1], "a list"),
        ("x", "the string 'x'"),
        (7, "the int 7"),
    ],
)
def test_describe_names_a_form_as_its_author_knows_it(form: Any, text: str) -> None:
    """Authors write YAML: they know null and mappings, not None and dicts."""
    assert describe(form) == text


def test_short_cuts_what_would_bury_the_sentence() -> None:
    """A payload of a megabyte in an error message helps nobody."""
    assert short("a" * 1000) == "'" + "a" * 60 + "…'"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain \u00fc", "plain \u00fc"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\u2028\ud800", "\\u2028\\ud800"),
    ],
)
def test_one_line_escapes_what_breaks_a_line_or_a_terminal(text: str, line: str) -> None:
    """A message may quote anything that a file holds, and stays one line of text that can be printed."""
    assert one_line(text) == line
    assert short(text) == f"'{line}'"
    assert short(text).encode()
