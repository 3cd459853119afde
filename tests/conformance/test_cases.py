"""The words of a vector are those of its documentation."""

from __future__ import annotations

import enum
import re

from pathlib import Path

import pytest

from hgframing_conformance._cases import ActionKind, Chunking, Layer, Level, Tier, Verb


FORMAT = (Path(__file__).parents[2] / "docs" / "vector-format.md").read_text(encoding="utf-8")
#: `receive-hex` is another way to write a `receive`.
WRITTEN_ONLY = {"receive-hex"}


def first_column(heading: str) -> set[str]:
    """Return the words in the first column of the table below a heading."""
    section = FORMAT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    table = section.split("\n|---")[1].split("\n\n")[0]
    return {word for row in table.splitlines()[1:] for word in re.findall(r"`([^`]+)`", row.split("|")[1])}


def test_verbs_are_those_of_the_format() -> None:
    """Every verb is documented, and every documented verb exists."""
    assert {verb.value for verb in Verb} == first_column("Step") - WRITTEN_ONLY


def test_action_kinds_are_those_of_the_format() -> None:
    """Every action is documented, and every documented action exists."""
    assert {kind.value for kind in ActionKind} == first_column("Actions")


@pytest.mark.parametrize(
    ("heading", "key", "words"),
    [
        ("Suite", "layer", Layer),
        ("Case", "level", Level),
        ("Case", "chunkings", Chunking),
        ("Case", "tier", Tier),
    ],
)
def test_choices_are_those_of_the_format(heading: str, key: str, words: type[enum.Enum]) -> None:
    """Each choice of a key is named in its row."""
    section = FORMAT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    (row,) = [row for row in section.splitlines() if row.startswith(f"| `{key}` |")]

    assert {word.value for word in words} <= set(re.findall(r"`([^`]+)`", row))
