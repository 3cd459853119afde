"""Tests of `hgframing_fuzz._cbor`: it writes what RFC 8949 says, and finds the items of what it reads."""

from __future__ import annotations

from random import Random

import cbor2
import pytest

from hypothesis import given
from hypothesis import strategies as st

from hgframing_fuzz._cbor import (
    ATOMS,
    anything,
    array,
    bytestring,
    damage,
    head,
    integer,
    mapping,
    replace_item,
    spans,
    strange_string,
)


values = st.recursive(
    st.one_of(st.integers(-(2**64), 2**64 - 1), st.binary(max_size=300), st.booleans(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.binary(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


def write(value: object) -> bytes:
    """Encode with what is tested."""
    match value:
        case bool() | None:
            return {False: b"\xf4", True: b"\xf5", None: b"\xf6"}[value]
        case int():
            return integer(value)
        case bytes():
            return bytestring(value)
        case list():
            return array([write(item) for item in value])
        case dict():
            return mapping([(write(key), write(item)) for key, item in value.items()])
        case _:
            raise TypeError(value)


@given(values)
def test_writers_write_what_a_library_reads(value: object) -> None:
    """Another decoder gets the value back, and the same octets as the other encoder writes."""
    assert cbor2.loads(write(value)) == value
    assert write(value) == cbor2.dumps(value)


@pytest.mark.parametrize(
    ("number", "octets"),
    [
        (23, "17"),
        (24, "1818"),
        (255, "18ff"),
        (256, "190100"),
        (65535, "19ffff"),
        (65536, "1a00010000"),
        (2**32, "1b0000000100000000"),
    ],
)
def test_head_is_as_short_as_possible(number: int, octets: str) -> None:
    """RFC 8949, appendix A."""
    assert head(0, number).hex() == octets


@given(values)
def test_spans_of_a_value_are_its_items(value: object) -> None:
    """The first span is the whole value, and every span decodes by itself."""
    octets = write(value)

    found = spans(octets)

    assert found[0][:2] == (0, len(octets))
    for start, end, major in found:
        cbor2.loads(octets[start:end])
        assert octets[start] >> 5 == major


def test_spans_nested_items_are_found_in_order() -> None:
    """`{a: [1, tag b]}, 2`: containers end with their last item."""
    octets = bytes.fromhex("a14161 82 01 c4 4162".replace(" ", "")) + b"\x02"

    assert spans(octets) == [(0, 8, 5), (1, 3, 2), (3, 8, 4), (4, 5, 0), (5, 8, 6), (6, 8, 2), (8, 9, 0)]


def test_spans_indefinite_items_end_with_their_break() -> None:
    """`_ [1, (_ 'a')], 2`."""
    assert spans(bytes.fromhex("9f015f4161ffff02")) == [(0, 7, 4), (1, 2, 0), (2, 6, 2), (3, 5, 2), (7, 8, 0)]


@given(st.binary(max_size=100))
def test_spans_of_any_octets_lie_within_them(octets: bytes) -> None:
    """Whatever is no CBOR is not looked at, and nothing is found outside."""
    for start, end, _ in spans(octets):
        assert 0 <= start < end <= len(octets)


def test_spans_of_a_deep_value_do_not_exhaust_the_stack() -> None:
    """What makes a target recurse does not make the mutator."""
    assert spans(b"\x81" * 100_000 + b"\0")


def collect(make: object, count: int = 3000) -> list[bytes]:
    """Octets that a generator makes from one seed."""
    rng = Random(7)  # noqa: S311
    return [make(rng) for _ in range(count)]  # type: ignore[operator]


def test_anything_is_the_same_for_the_same_seed() -> None:
    """A run can be repeated."""
    assert collect(anything) == collect(anything)


def test_anything_has_every_major_type() -> None:
    """Unsigned, negative, bytes, text, array, map, tag and the rest."""
    assert {octets[0] >> 5 for octets in collect(anything)} == set(range(8))


def test_atoms_are_single_items_or_none() -> None:
    """Each of them is one item of CBOR, or what decoders must refuse."""
    for octets in ATOMS:
        assert [span for span in spans(octets) if span[0] == 0] in ([(0, len(octets), octets[0] >> 5)], [])


def test_strange_string_has_chunks_that_are_none() -> None:
    """Integers, negative ones, null and nested strings stand where only bytestrings may (RFC 8949, 3.2.3)."""
    made = collect(strange_string)

    assert all(octets[0] == 0x5F for octets in made)
    seconds = {octets[1] for octets in made if len(octets) > 2}
    assert {0x1A, 0x20, 0xF6, 0x5F, 0x41} <= seconds


def test_damage_breaks_a_value_in_every_way() -> None:
    """Truncated, trailing, swapped types, lies about lengths, depth and length."""
    octets = mapping([(bytestring(b"name"), bytestring(b"heads")), (bytestring(b"args"), mapping([]))])

    made = collect(lambda rng: damage(rng, octets), 30_000)

    assert any(octets.startswith(broken) and len(broken) < len(octets) for broken in made)
    assert any(broken.startswith(octets) and len(broken) > len(octets) for broken in made)
    assert any(b"\x44name\xf6" in broken for broken in made), "a field of another type"
    assert any(b"\x5f\x1a" in broken for broken in made), "an integer as a chunk"
    assert any(broken.startswith(b"\xd9\x01\x02" * 1200) for broken in made), "a tag chain"
    assert any(broken.startswith(b"\x81" * 16) for broken in made), "depth"
    assert any(len(broken) > 20_000 for broken in made), "length"
    assert any(b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff" in broken for broken in made), "a length that lies"


def test_replace_item_leaves_the_rest() -> None:
    """Only the octets of one item change."""
    octets = mapping([(bytestring(b"name"), bytestring(b"heads"))])

    made = set(collect(lambda rng: replace_item(rng, octets, b"\xf6"), 100))

    assert made == {b"\xf6", b"\xa1\xf6Eheads", b"\xa1Dname\xf6"}
