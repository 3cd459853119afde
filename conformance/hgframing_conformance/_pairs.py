"""Covering arrays of strength two: few rows in which every two values of every two factors come together.

Faults that need three things at once are rare, and all combinations are too many to run or to read. A library would do,
but its rows change with its version, and rows here must not.
"""

from __future__ import annotations

import itertools

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, TypeVar


__all__ = ["ORDERS", "cover_pairs", "interleave", "pairs_of"]

_Value = TypeVar("_Value")
#: How two sequences are put into one.
ORDERS: Final = ("one after the other", "alternating", "the second inside of the first")
#: Two factors by their place, and the place of the value of each.
_Pair: TypeAlias = tuple[int, int, int, int]


def cover_pairs(factors: Mapping[str, Sequence[_Value]]) -> list[dict[str, _Value]]:
    """Choose rows greedily until every pair is in one of them.

    Args:
        factors: what varies, and the values of each in order of preference; two factors or more, each with a value.

    Returns:
        Rows, each with a value for every factor; the same for the same factors.
    """
    sizes = [len(values) for values in factors.values()]
    open_pairs = dict.fromkeys(
        (first, a, second, b)
        for first, second in itertools.combinations(range(len(sizes)), 2)
        for a in range(sizes[first])
        for b in range(sizes[second])
    )
    rows = []
    while open_pairs:
        row = _row(next(iter(open_pairs)), sizes, open_pairs)
        for pair in _pairs(row):
            open_pairs.pop(pair, None)
        rows.append({name: values[row[place]] for place, (name, values) in enumerate(factors.items())})
    return rows


def interleave(first: Sequence[_Value], second: Sequence[_Value], order: str) -> list[_Value]:
    """Put two sequences into one, each in its own order.

    Args:
        first: not empty.
        second: not empty.
        order: one of `ORDERS`.
    """
    if order == ORDERS[1]:
        both = itertools.zip_longest(first, second)
        return [item for pair in both for item in pair if item is not None]
    inside = 1 if order == ORDERS[2] else len(first)
    return [*first[:inside], *second, *first[inside:]]


def pairs_of(row: Mapping[str, _Value]) -> set[tuple[str, _Value, str, _Value]]:
    """Return the pairs of factors and values that a row has."""
    return {(a, row[a], b, row[b]) for a, b in itertools.combinations(row, 2)}


def _row(seed: _Pair, sizes: Sequence[int], open_pairs: Mapping[_Pair, None]) -> dict[int, int]:
    """Complete a pair: of each further factor take the value that closes most pairs, the first of several."""
    first, a, second, b = seed
    row = {first: a, second: b}
    for place, size in enumerate(sizes):
        if place not in row:
            row[place] = max(
                range(size), key=lambda value: _gain(row, place, value, open_pairs)
            )  # used at once
    return row


def _gain(row: Mapping[int, int], place: int, value: int, open_pairs: Mapping[_Pair, None]) -> int:
    return sum(_pair(other, chosen, place, value) in open_pairs for other, chosen in row.items())


def _pair(first: int, a: int, second: int, b: int) -> _Pair:
    return (first, a, second, b) if first < second else (second, b, first, a)


def _pairs(row: Mapping[int, int]) -> list[_Pair]:
    return [_pair(first, row[first], second, row[second]) for first, second in itertools.combinations(row, 2)]
