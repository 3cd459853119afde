"""Tests of the target `expectation-files`: any octets are a file, or an error that helps its author."""

from __future__ import annotations

from typing import NoReturn

import pytest

from hgframing_fuzz._guards import Guards
from hgframing_fuzz._outcome import run
from hgframing_fuzz.targets import TARGETS, expectation_files_fuzzer
from tests.fuzz.own_targets import finding, found, fuzz


SPEC = TARGETS["expectation-files"]


def test_loop_finds_nothing_in_what_we_have(guards: Guards) -> None:
    """The same inputs each time, the target's seeds first."""
    table, stats = fuzz(SPEC, 1500, guards)

    assert found(table) == []
    assert stats.features > 30


@pytest.mark.parametrize("octets", SPEC.seeds())
def test_seeds_are_read(octets: bytes, guards: Guards) -> None:
    """What is worth starting from is no finding, and reaches something."""
    outcome = run(SPEC.bind("reference", guards).target, octets)

    assert outcome.finding is None
    assert outcome.features


def test_message_that_quotes_a_line_break_is_one_line(guards: Guards) -> None:
    """Found by this target: a key or a string of a file may hold anything, a report has one line for it."""
    for body in (b"im1\n\nim1", b'"a\\nb": 1', b'format: 1\nimplementation: x\nentries: []\n"\\e[2J": 1\n'):
        assert finding(SPEC, body, guards) is None


def test_reader_that_raises_something_else_is_found(guards: Guards, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the declared error is an answer."""

    def planted(*_: object) -> NoReturn:
        raise KeyError("entries")

    monkeypatch.setattr(expectation_files_fuzzer, "parse_expectations", planted)
    got = finding(SPEC, b"", guards)

    assert got is not None
    assert got.kind == "KeyError"


@pytest.mark.parametrize(
    ("planted", "line"),
    [
        (lambda *_: "format: 1\nimplementation: other\nentries: []\n", "content"),
        (lambda *_: "# else\nformat: 1\nimplementation: x\nentries: []\n", "header"),
    ],
)
def test_writer_that_loses_something_is_found(
    planted: object, line: str, guards: Guards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read, and the comment before it."""
    monkeypatch.setattr(expectation_files_fuzzer, "render", planted)

    got = finding(SPEC, b"format: 1\nimplementation: x\nentries: []\n", guards)

    assert got is not None
    assert (got.kind, got.line) == ("round-trip", line)
