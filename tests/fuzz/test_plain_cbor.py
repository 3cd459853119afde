"""Tests of `hgframing_fuzz._plain_cbor`: the examples of RFC 8949, and what the protocol leaves out of it."""

from __future__ import annotations

import math

from typing import Any

import pytest

from hgframing import CborDialect
from hgframing_fuzz._plain_cbor import PlainCborError, decode_plain, exact


SUBSET, GENERAL = CborDialect.SUBSET, CborDialect.GENERAL


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        # RFC 8949, appendix A.
        ("00", 0),
        ("17", 23),
        ("1818", 24),
        ("1903e8", 1000),
        ("1bffffffffffffffff", 18446744073709551615),
        ("3bffffffffffffffff", -18446744073709551616),
        ("20", -1),
        ("3903e7", -1000),
        ("f4", False),
        ("f5", True),
        ("f6", None),
        ("40", b""),
        ("4401020304", b"\1\2\3\4"),
        ("80", []),
        ("8301820203820405", [1, [2, 3], [4, 5]]),
        ("a0", {}),
        ("a201020304", {1: 2, 3: 4}),
        ("5f42010243030405ff", b"\1\2\3\4\5"),
        # The tag of sets, and numbers written longer than they need be.
        ("d90102820102", {1, 2}),
        ("d9010280", set()),
        ("1b0000000000000001", 1),
    ],
)
def test_value_of_both_dialects(octets: str, value: Any) -> None:
    """Integers, bytestrings, arrays, maps, sets, booleans, null."""
    for dialect in (SUBSET, GENERAL):
        decoded = decode_plain(bytes.fromhex(octets), dialect, max_depth=16)
        assert decoded == value
        assert type(decoded) is type(value)


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        ("f93c00", 1.0),
        ("fb3ff199999999999a", 1.1),
        ("fa47c35000", 100000.0),
        ("f97c00", math.inf),
        ("6449455446", "IETF"),
        ("62c3bc", "\u00fc"),
        ("7f657374726561646d696e67ff", "streaming"),
        ("9f018202039f0405ffff", [1, [2, 3], [4, 5]]),
        ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]}),
        ("9fff", []),
    ],
)
def test_value_of_the_general_dialect_alone(octets: str, value: Any) -> None:
    """Text, floats, indefinite lengths: the subset has none of them."""
    assert decode_plain(bytes.fromhex(octets), GENERAL, max_depth=16) == value
    with pytest.raises(PlainCborError):
        decode_plain(bytes.fromhex(octets), SUBSET, max_depth=16)


@pytest.mark.parametrize(
    "octets",
    [
        "",
        "0102",
        "18",
        "62",
        "4261",
        "8101ff",
        "1c",
        "1f",
        "ff",
        "81ff",
        "5f00ff",
        "5f5fffff",
        "7f41ff",
        "5f41",
        "a101",
        "a2010001",
        "a201000100",
        "a18000",
        "d90102a0",
        "d9010201",
        "d901028180",
        "c100",
        "c249010000000000000000",
        "f7",
        "f8ff",
        "e0",
        "62c328",
        "df00ff",
        "bf01ff",
        "9b7fffffffffffffff",
    ],
)
def test_what_is_no_value_of_the_protocol_is_refused(octets: str) -> None:
    """Cut off, behind, reserved, broken, twice, of another type."""
    for dialect in (SUBSET, GENERAL):
        with pytest.raises(PlainCborError):
            decode_plain(bytes.fromhex(octets), dialect, max_depth=16)


@pytest.mark.parametrize(
    ("octets", "depth"), [("8101", 1), ("818101", 2), ("8180", 1), ("d901028101", 2), ("a10081a10001", 3)]
)
def test_depth_counts_the_containers_that_something_lies_in(octets: str, depth: int) -> None:
    """A set counts twice; an empty container is no level."""
    decode_plain(bytes.fromhex(octets), SUBSET, max_depth=depth)
    with pytest.raises(PlainCborError, match="levels"):
        decode_plain(bytes.fromhex(octets), SUBSET, max_depth=depth - 1)


def test_exact_tells_what_python_calls_equal() -> None:
    """1, true and 1.0 are three values; the order of keys is none."""
    assert len({exact(value) for value in (1, True, 1.0, b"1", "1", [1], {1: 1}, {1}, None)}) == 9
    assert exact({1: [2, {3}], b"a": None}) == exact({b"a": None, 1: (2, {3})})
    assert exact(float("nan")) == exact(float("nan"))
