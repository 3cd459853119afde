"""Covering arrays: every pair is there, and rows are few and always the same."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from hgframing_conformance._pairs import cover_pairs, pairs_of


def every_pair(factors: dict[str, list[int]]) -> set[tuple[str, int, str, int]]:
    """Return all pairs that there are, by the definition."""
    return {
        (a, x, b, y) for a, b in itertools.combinations(factors, 2) for x in factors[a] for y in factors[b]
    }


@given(st.lists(st.integers(1, 5), min_size=2, max_size=7))
def test_cover_pairs_covers_every_pair(sizes: list[int]) -> None:
    """Whatever the factors are; no row is without a pair of its own time."""
    factors = {f"f{place}": list(range(size)) for place, size in enumerate(sizes)}
    seen: set[tuple[str, int, str, int]] = set()
    for row in cover_pairs(factors):
        assert list(row) == list(factors)
        assert not pairs_of(row) <= seen
        seen |= pairs_of(row)

    assert seen == every_pair(factors)


def test_cover_pairs_needs_few_rows() -> None:
    """Ten factors of three values have 59049 combinations; the best known array has 14 rows."""
    rows = cover_pairs({f"f{place}": [0, 1, 2] for place in range(10)})

    assert 9 <= len(rows) <= 28


def test_cover_pairs_gives_the_same_rows() -> None:
    """Generated suites must not change."""
    factors = {"a": [1, 2, 3], "b": [1, 2], "c": [1, 2, 3, 4]}

    assert cover_pairs(factors) == cover_pairs(factors)
    assert cover_pairs({"a": [1, 2], "b": [1, 2]}) == [
        {"a": 1, "b": 1},
        {"a": 1, "b": 2},
        {"a": 2, "b": 1},
        {"a": 2, "b": 2},
    ]
