"""Has a case changed?"""

from __future__ import annotations

from pathlib import Path

import pytest

from hgframing_conformance._fingerprints import (
    Record,
    fingerprint,
    group_by_id,
    read_records,
    write_records,
)
from hgframing_conformance._suites import load_suites

from .authoring import make_vectors


def digest_after(directory: Path, old: str, new: str) -> tuple[str, str]:
    """Return the digest of the first case before and after an edit of its file."""
    file = make_vectors(directory)
    before = fingerprint(group_by_id(load_suites([file]))["server-first"])
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    return before, fingerprint(group_by_id(load_suites([file]))["server-first"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("b'name': b'first'", "b'name': b'other'"),
        ('command: "first"', 'command: "other"'),
        ("    source: by hand\n", "    source: by hand\n    setup: {defer-output: true}\n"),
        ("    source: by hand\n", "    source: by hand\n    chunkings: [frame]\n"),
        ("    source: by hand\n", "    source: by hand\n    requires: {encodings: [zlib]}\n"),
    ],
)
def test_fingerprint_changes_with_what_decides_the_verdict(tmp_path: Path, old: str, new: str) -> None:
    """Octets, expectation, setup, chunkings and requirements on the implementation count."""
    before, after = digest_after(tmp_path, old, new)

    assert before != after


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: One", "title: Another"),
        ("requirements: [REQ-005]", "requirements: [REQ-005, REQ-001]"),
        ("level: must", "level: should"),
        ("cases:\n", "# a comment\ncases:\n"),
        ("rev: 1", "rev: 7"),
    ],
)
def test_fingerprint_stays_with_what_explains_it(tmp_path: Path, old: str, new: str) -> None:
    """Words, place and level do not count."""
    before, after = digest_after(tmp_path, old, new)

    assert before == after


def test_records_are_read_back() -> None:
    """What is written is read, sorted by id."""
    records = {"b": Record(rev=2, digest="0" * 16), "a": Record(rev=1, digest="f" * 16)}
    text = write_records(records)

    assert read_records(text, "revs.txt") == (records, [])
    assert text.index("\na 1") < text.index("\nb 2")


def test_records_that_cannot_be_read_are_told_with_their_line() -> None:
    """A line that is no record names file, line and remedy."""
    _, (problem,) = read_records("# head\na one 00\n", "revs.txt")

    assert str(problem).startswith("revs.txt:2: this is no record")
    assert "hgframing register" in str(problem)
