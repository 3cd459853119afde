"""Patterns for cases, and the fewest of them."""

from __future__ import annotations

import pytest

from hypothesis import given
from hypothesis import strategies as st

from hgframing_conformance._globs import ItemName, fewest, matches


def name(case_id: str, revision: str = "0006", chunking: str = "frame") -> ItemName:
    """Make the three names of an item."""
    return case_id, f"{case_id}@{revision}", f"{case_id}@{revision}[{chunking}]"


@pytest.mark.parametrize(
    ("pattern", "means"),
    [
        ("a-b", True),
        ("a-b@0006", True),
        ("a-b@0006[frame]", True),
        ("a-*", True),
        ("*", True),
        ("?-b", True),
        ("*@0006", True),
        ("*[frame]", True),
        ("a-b@0005", False),
        ("a-b@0006[byte]", False),
        ("a-*[byte]", False),
        ("a", False),
        ("a-b@0006[fram]", False),
        ("a-[b]", False),
        ("b", False),
    ],
)
def test_matches_any_of_the_three_names_wholly(pattern: str, *, means: bool) -> None:
    """A pattern means an item by its id, with its revision, or with its chunking; brackets are themselves."""
    assert matches(pattern, name("a-b")) is means


def test_fewest_one_item_is_named_without_wildcard() -> None:
    """One failing case is no reason to expect its neighbours to fail."""
    assert fewest([name("a-b-c")], [name("a-b-d")]) == ("a-b-c",)


def test_fewest_family_is_one_pattern() -> None:
    """Cases that share their first words and all fail are one pattern."""
    wanted = [name("srv-data-one"), name("srv-data-two"), name("srv-data-three")]
    assert fewest(wanted, [name("srv-request-one")]) == ("srv-data-*",)


def test_fewest_distinguishes_revisions_and_chunkings() -> None:
    """A case that fails in one revision, or one chunking, is named with it."""
    assert fewest([name("a-b", "0005")], [name("a-b", "0006")]) == ("a-b@0005",)
    assert fewest([name("a-b", chunking="byte")], [name("a-b")]) == ("a-b@0006[byte]",)


_NAMES = st.builds(
    name,
    st.lists(st.sampled_from(["a", "b", "srv"]), min_size=1, max_size=4).map("-".join),
    st.sampled_from(["0005", "0006"]),
    st.sampled_from(["frame", "byte"]),
)


@given(st.sets(_NAMES, max_size=12), st.data())
def test_fewest_matches_all_wanted_and_no_other(universe: set[ItemName], data: st.DataObject) -> None:
    """Whatever fails, the patterns mean exactly that, and are not more than there are items."""
    wanted = [one for one in sorted(universe) if data.draw(st.booleans())]
    others = [one for one in universe if one not in wanted]
    patterns = fewest(wanted, others)
    assert len(patterns) <= len(wanted)
    for one in universe:
        assert any(matches(pattern, one) for pattern in patterns) is (one in wanted)
