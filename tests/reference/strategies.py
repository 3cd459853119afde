"""Hypothesis strategies of the protocol, for more than one test module."""

from __future__ import annotations

import itertools

from typing import Any, Final

from hypothesis import strategies as st

from hgframing import CborDialect, Frame, HeaderLayout


#: Every layout that existed (sheets r1, r2 and r3, "Header"): the octets of a header, and which IDs it has.
LAYOUT_FACTS: Final = {4: (False, False), 6: (True, False), 8: (True, True)}

_INTEGERS: Final = st.integers(-(2**64), 2**64 - 1)


def frames(layout: HeaderLayout, max_payload: int = 64) -> st.SearchStrategy[Frame]:
    """Make frames that a header layout can carry, legal or not."""
    return st.builds(
        Frame,
        request_id=st.integers(0, 0xFFFF if layout.has_request else 0),
        stream_id=st.integers(0, 0xFF if layout.has_stream else 0),
        stream_flags=st.integers(0, 0xFF if layout.has_stream else 0),
        type_id=st.integers(0, 0x0F),
        flags=st.integers(0, 0x0F),
        payload=st.binary(max_size=max_payload),
    )


def scalars(dialect: CborDialect) -> st.SearchStrategy[Any]:
    """Make values that are no containers (CBOR-007; the general dialect has text and floats too)."""
    subset = st.one_of(st.none(), st.booleans(), _INTEGERS, st.binary(max_size=20))
    if dialect is CborDialect.SUBSET:
        return subset
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    return st.one_of(subset, text, st.floats(allow_nan=False))


def cbor_values(dialect: CborDialect, max_leaves: int = 12) -> st.SearchStrategy[Any]:
    """Make values of the protocol's types. Keys are octets: Python holds 1, 1.0 and true to be one key."""
    return st.recursive(
        scalars(dialect) | st.sets(st.binary(max_size=8), max_size=4),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.binary(max_size=8), inner, max_size=4),
        max_leaves=max_leaves,
    )


def cuts(octets: bytes) -> st.SearchStrategy[list[bytes]]:
    """Cut octets into pieces anywhere; pieces may be empty."""
    return st.lists(st.integers(0, len(octets)), max_size=8).map(lambda places: cut(octets, places))


def cut(octets: bytes, places: list[int]) -> list[bytes]:
    """Cut octets at these places."""
    bounds = [0, *sorted(places), len(octets)]
    return [octets[start:end] for start, end in itertools.pairwise(bounds)]
