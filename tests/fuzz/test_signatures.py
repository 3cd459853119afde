"""Tests of `hgframing_fuzz._signatures`: what both kinds of entries have, and how their files are read."""

from __future__ import annotations

import datetime as dt

from collections.abc import Iterator
from pathlib import Path

import pytest

from hgframing_conformance._problems import Problem
from hgframing_fuzz._signatures import Entry, EntryFile, Lines, SignedError, entry_problems, read_entries


ENTRY = """\
  - {who: somebody, reason: because, expires: "2026-11-28", issue: there}
"""
HEAD = "format: 1\nimplementation: it\nentries:\n"


class File(EntryFile, frozen=True, kw_only=True):
    """A file of entries about nothing."""

    entries: list[Entry]


def check(content: File, line: Lines, file: str) -> Iterator[Problem]:
    """Look at the signatures alone."""
    for index, entry in enumerate(content.entries):
        yield from entry_problems(entry, ("entries", index), line, file)


def write(tmp_path: Path, text: str) -> Path:
    """A file."""
    file = tmp_path / "entries.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_read_gives_the_entries_and_where_they_stand(tmp_path: Path) -> None:
    """Each with its last day and what it is called."""
    content, line = read_entries(write(tmp_path, HEAD + ENTRY + ENTRY), File, check)

    assert [(entry.who, entry.day, entry.label) for entry in content.entries] == [
        ("somebody", dt.date(2026, 11, 28), "there")
    ] * 2
    assert [line(("entries", index)) for index in (0, 1)] == [4, 5]


def test_label_is_the_number_before_the_issue_before_the_reason() -> None:
    """What people look for first."""
    entry = Entry(who="w", reason="because", expires="2026-11-28")

    assert entry.label == "because"
    assert Entry(who="w", reason="r", expires="2026-11-28", issue="i", deviation="D1").label == "D1"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (", issue: there", "", "neither a deviation nor an issue"),
        ("issue: there", "deviation: D9999", "there is no deviation D9999"),
        ("2026-11-28", "2026-02-30", "no day of the calendar"),
        ("who: somebody", "who: ''", "who"),
        ("reason", "why", "why"),
    ],
)
def test_mistake_in_a_signature_is_told_with_its_line(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    """In the second of two entries."""
    file = write(tmp_path, HEAD + ENTRY + ENTRY.replace(old, new))

    with pytest.raises(SignedError, match=message) as caught:
        read_entries(file, File, check)
    assert (caught.value.file, caught.value.line) == (str(file), 5)
