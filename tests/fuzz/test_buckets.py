"""Tests of `hgframing_fuzz._buckets`: what is the same, what is kept of it, and what it is called."""

from __future__ import annotations

import re

import pytest

from hypothesis import given
from hypothesis import strategies as st

from hgframing_fuzz._buckets import BucketKey, BucketTable
from hgframing_fuzz._outcome import Finding


def finding(
    kind: str = "TypeError", where: str = "_onframe", line: str = "reactor-12", message: str = "no"
) -> Finding:
    """A finding whose long text says its message."""
    return Finding(kind, where, line, message, lambda: f"traceback of {message}")


def test_table_same_finding_is_counted_in_one_bucket() -> None:
    """Type, function and line make a bucket; the message does not."""
    table = BucketTable("server-reactor")

    table.add(finding(message="a"), b"12345", seconds=1.0, execution=10)
    table.add(finding(message="b"), b"123456", seconds=2.0, execution=20)

    [bucket] = table
    assert (bucket.count, bucket.first_seconds, bucket.first_execution) == (2, 1.0, 10)
    assert (bucket.shortest, bucket.message) == (b"12345", "a")


def test_table_shorter_input_replaces_the_text_too() -> None:
    """What is kept belongs together."""
    table = BucketTable("server-reactor")
    table.add(finding(message="long"), b"12345", seconds=1.0, execution=10)

    shorter = table.add(finding(message="short"), b"1", seconds=2.0, execution=20)

    assert shorter is not None
    assert (shorter.shortest, shorter.message, shorter.detail) == (b"1", "short", "traceback of short")
    assert shorter.first_execution == 10


def test_table_add_says_what_is_worth_saving() -> None:
    """A bucket is saved when it is new and when its input got shorter, not at every hit."""
    table = BucketTable("server-reactor")

    saved = [
        table.add(finding(), octets, seconds=0.0, execution=1) is not None
        for octets in (b"123", b"123", b"12", b"1234")
    ]

    assert saved == [True, False, True, False]


def test_table_counts_what_there_is_nothing_to_keep_of() -> None:
    """A finding that is new, or whose input is shorter, is not counted: `add` has to have it."""
    table = BucketTable("server-reactor")

    new = table.count(finding(), 3)
    table.add(finding(), b"123", seconds=0.0, execution=1)
    counted = [table.count(finding(), size) for size in (2, 3, 4)]

    assert (new, counted) == (False, [False, True, True])
    assert [bucket.count for bucket in table] == [3]


@pytest.mark.parametrize("field", ["kind", "where", "line"])
def test_table_each_part_of_the_key_makes_another_bucket(field: str) -> None:
    """Two findings that differ in one part are two."""
    table = BucketTable("server-reactor")
    table.add(finding(), b"", seconds=0.0, execution=1)

    table.add(finding(**{field: "Other"}), b"", seconds=0.0, execution=1)

    assert len(table) == 2
    assert table.roots == (1 if field == "line" else 2)


def test_table_text_of_a_storm_is_made_once() -> None:
    """Formatting a traceback costs more than an input; the ten-thousandth is not formatted."""
    made: list[int] = []

    def explain() -> str:
        made.append(1)
        return "text"

    storm = Finding("E", "f", "l", "m", explain)
    table = BucketTable("t")

    for _ in range(100):
        table.add(storm, b"x", seconds=0.0, execution=1)

    assert made == [1]


@given(st.tuples(*[st.text(min_size=0, max_size=300)] * 4))
def test_key_id_is_a_file_name_everywhere(parts: tuple[str, str, str, str]) -> None:
    """Whatever an exception or a message is called, its bucket can be saved."""
    key = BucketKey(*parts)

    assert re.fullmatch(r"[A-Za-z0-9_.-]{1,250}", key.id)
    assert key.id.startswith(key.root)


def test_key_id_keeps_messages_apart_that_lose_their_punctuation() -> None:
    """`a b` and `a-b` would be one file."""
    ids = {BucketKey("t", "k", "w", line).id for line in ("a b", "a-b", "a?b")}

    assert len(ids) == 3


def test_key_id_is_readable() -> None:
    """An id says target, exception, function and line."""
    key = BucketKey("server-reactor", "TypeError", "_onframeidle", "cborutil-492")

    assert key.id == "server-reactor.TypeError._onframeidle.cborutil-492"
    assert key.root == "server-reactor.TypeError._onframeidle"
