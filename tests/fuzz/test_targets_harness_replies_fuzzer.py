"""Tests of the target `harness-replies`: any line is an answer, or a reply that is none."""

from __future__ import annotations

from typing import NoReturn

import pytest

from hgframing_conformance._messages import MessageError
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._outcome import run
from hgframing_fuzz.targets import TARGETS, harness_replies_fuzzer
from tests.fuzz.own_targets import finding, found, fuzz


SPEC = TARGETS["harness-replies"]


def test_loop_finds_nothing_in_what_we_have(guards: Guards) -> None:
    """The same inputs each time, the target's seeds first."""
    table, stats = fuzz(SPEC, 2000, guards)

    assert found(table) == []
    assert stats.features > 30


@pytest.mark.parametrize("octets", SPEC.seeds())
def test_seeds_are_read(octets: bytes, guards: Guards) -> None:
    """What is worth starting from is no finding, and reaches something."""
    outcome = run(SPEC.bind("reference", guards).target, octets)

    assert outcome.finding is None
    assert outcome.features


@pytest.mark.parametrize(
    ("name", "raised", "line"),
    [
        ("parse_observed", KeyError("request"), "KeyError"),
        ("read_hello", TypeError("no"), "TypeError"),
        ("read_unknown", MessageError("two\nlines"), "refused"),
    ],
)
def test_reader_with_a_fault_is_found(
    name: str, raised: Exception, line: str, guards: Guards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another exception than the declared ones, and a message that does not fit a report."""

    def planted(*_: object) -> NoReturn:
        raise raised

    monkeypatch.setattr(harness_replies_fuzzer, name, planted)
    got = finding(SPEC, b'{"op":"result","seq":0,"steps":[[{"noop":{}}],[]]}', guards)

    assert got is not None
    assert got.kind == line


def test_value_that_is_read_back_as_another_is_found(guards: Guards, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a harness delivered is what is compared."""
    monkeypatch.setattr(harness_replies_fuzzer, "to_wire", lambda _: {"hex": "ff"})
    line = b'{"op":"result","seq":0,"steps":[[{"octets":{"hex":"00"}}],[]]}'

    got = finding(SPEC, line, guards)

    assert got is not None
    assert got.kind == "round-trip"
