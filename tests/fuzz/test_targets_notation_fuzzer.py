"""Tests of the target `notation`: any text is a frame or an error, and what was read can be written."""

from __future__ import annotations

import itertools

from collections.abc import Callable
from typing import NoReturn

import pytest

from hgframing import NotationError
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._outcome import run
from hgframing_fuzz.targets import TARGETS, notation_fuzzer
from tests.fuzz.own_targets import finding, found, fuzz


SPEC = TARGETS["notation"]


def test_loop_finds_nothing_in_what_we_have(guards: Guards) -> None:
    """The same inputs each time, the target's seeds first."""
    table, stats = fuzz(SPEC, 3000, guards)

    assert found(table) == []
    assert stats.features > 70


@pytest.mark.parametrize("octets", SPEC.seeds())
def test_seeds_are_read(octets: bytes, guards: Guards) -> None:
    """What is worth starting from is no finding, and reaches something."""
    outcome = run(SPEC.bind("reference", guards).target, octets)

    assert outcome.finding is None
    assert outcome.features


@pytest.mark.parametrize(
    ("planted", "text", "kind"),
    [
        (lambda frame, _: f"{frame.request_id} {frame.stream_id} 0 1 1 ", b"1 1 0 1 1 x", "round-trip"),
        (lambda *_: "1 1 0 1 1 \t", b"1 1 0 1 1 hex:09", "one-form"),
        (lambda frame, _: f"{frame.request_id:03} 1 0 1 1 x", b"1 1 0 1 1 x", None),
        (lambda *_: "no frame", b"1 1 0 1 1 x", "NotationError"),
    ],
)
def test_writer_with_a_fault_is_found(
    planted: Callable[..., str],
    text: bytes,
    kind: str | None,
    guards: Guards,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A payload that is lost, a tab that is printed, text that is not read back; leading zeroes are no fault."""
    monkeypatch.setattr(notation_fuzzer, "format_notation", planted)

    got = finding(SPEC, text, guards)

    assert (got.kind if got else None) == kind


@pytest.mark.parametrize("error", [ValueError("no number"), NotationError("one line\nand another")])
def test_reader_with_a_fault_is_found(
    error: Exception, guards: Guards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another exception than the declared one; a message that does not fit a report."""

    def planted(*_: object) -> NoReturn:
        raise error

    monkeypatch.setattr(notation_fuzzer, "parse_notation", planted)

    got = finding(SPEC, b"1", guards)

    assert got is not None
    assert got.kind == ("refused" if isinstance(error, NotationError) else "ValueError")


def test_writer_that_never_writes_the_same_is_found(guards: Guards, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written twice is the same."""
    texts = itertools.cycle(["1 1 0 1 1 x", "1 1 0 1 1 \\x78"])
    monkeypatch.setattr(notation_fuzzer, "format_notation", lambda *_: next(texts))

    got = finding(SPEC, b"1 1 0 1 1 x", guards)

    assert got is not None
    assert (got.kind, got.line) == ("one-form", "again")
