"""Patterns for cases, as `-k` and expectation files write them, and the fewest that say a set of cases.

`*` is any number of characters and `?` one; everything else is itself. Brackets are no character classes, unlike in
`fnmatch`, because the name of an item ends in its chunking: `server-data-twice@0006[byte]`.

A pattern matches an item by any of its three names: `id`, `id@revision`, `id@revision[chunking]`.
"""

from __future__ import annotations

import functools
import re

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final


__all__ = ["ItemName", "fewest", "matches"]

#: A pattern that is proposed for several cases keeps at least this many words of their ids, so that it still means
#: something when cases are added.
_WORDS_KEPT: Final = 2

#: An item as its three names: `id`, `id@revision`, `id@revision[chunking]`.
ItemName = tuple[str, str, str]


@functools.lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.compile("".join(parts) + r"\Z")


def matches(pattern: str, name: ItemName) -> bool:
    """Tell whether a pattern means this item."""
    match = _compiled(pattern).match
    return any(match(text) is not None for text in name)


def _candidates(name: ItemName) -> Iterable[str]:
    """List the patterns that may be written for an item, the shorter and wider first."""
    case_id, with_revision, full = name
    revision = with_revision[len(case_id) :]
    chunking = full[len(with_revision) :]
    words = case_id.split("-")
    stems = [f"{'-'.join(words[:count])}-*" for count in range(_WORDS_KEPT, len(words))]
    for stem in (*stems, case_id):
        yield stem
        yield stem + revision
        wide = stem if stem.endswith("*") else stem + "@*"
        yield wide + chunking
        yield stem + revision + chunking


def fewest(wanted: Sequence[ItemName], others: Iterable[ItemName]) -> tuple[str, ...]:
    """Propose the fewest patterns that match all wanted items and none of the others.

    Greedy: the pattern that covers most of what is left comes first. Each pattern of one item alone is that item's own
    name, never a wildcard.

    Args:
        wanted: the items to match; no two the same.
        others: items that must not be matched.
    """
    covers: Mapping[str, set[ItemName]] = defaultdict(set)
    for name in wanted:
        for pattern in _candidates(name):
            covers[pattern].add(name)
    for name in others:
        for pattern in _candidates(name):
            if pattern in covers:
                covers[pattern].clear()
    left = set(wanted)
    chosen = []
    while left:
        pattern = max(covers, key=lambda pattern: _worth(pattern, covers[pattern], left))
        chosen.append(pattern)
        left -= covers[pattern]
    return tuple(sorted(chosen))


def _worth(pattern: str, covered: set[ItemName], left: set[ItemName]) -> tuple[int, bool, int, str]:
    """Order patterns: more of what is left, then no wildcard, then shorter."""
    return len(covered & left), "*" not in pattern, -len(pattern), pattern
