"""An item's whole story as strings."""

from __future__ import annotations

import time

from hgframing import REVISIONS
from hgframing_conformance._actions import parse_observed
from hgframing_conformance._adapters import AdapterOptions
from hgframing_conformance._cases import Layer
from hgframing_conformance._harness import HarnessAdapter
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._run import Engine, RunOptions
from hgframing_conformance._select import items
from hgframing_conformance._trace import sentences, shown_action, trace

from .zoo.cases import animal, case, frame_step


def outcome(kind: str) -> Outcome:
    """Let an animal answer a case of two steps."""
    adapter = HarnessAdapter(animal(kind), AdapterOptions())
    try:
        (found,) = Engine(adapter, RunOptions()).run(items(case("a", frame_step("two"), frame_step("bite"))))
    finally:
        adapter.close()
    return found


def test_trace_has_what_was_sent_expected_and_observed() -> None:
    """Every step is there, also those that went as demanded."""
    first, second = trace(outcome("wrong"))
    assert first.frames == ["1 1 0 command-data eos two"]
    assert first.expected is not None
    assert first.observed == first.expected[0]
    assert second.expected is not None
    assert second.observed is not None
    assert "b'bite'" in second.expected[0][0].text
    assert "b'bite'" not in second.observed[0].text


def test_trace_of_a_crash_has_nothing_observed() -> None:
    """Nobody knows what a harness that died would have answered."""
    found = outcome("crash")
    assert found.kind is OutcomeKind.CRASHED
    assert [step.observed for step in trace(found)] == [None, None]


def test_trace_of_a_huge_answer_is_bounded() -> None:
    """Forty thousand actions are told in few lines, and quickly."""
    found = outcome("huge")
    started = time.monotonic()
    step = trace(found)[1]
    assert time.monotonic() - started < 1
    assert step.observed is not None
    assert len(step.observed) == 41
    assert step.observed[-1].text == "... and 39960 more actions"


def test_trace_shows_sent_frames_in_notation() -> None:
    """Frames are what a reader of the protocol reads; many of them are cut."""
    octets = bytes.fromhex("0000000100020131")
    action = parse_observed({"send-frames": [octets.hex()] * 50}, Layer.SERVER, "0006", ())
    shown = shown_action(action, REVISIONS["0006"])
    assert shown.frames[0].startswith("1 2 stream-begin command-response continuation")
    assert shown.frames[40:] == ["... and 10 more"]


def test_sentences_are_those_of_the_catalogue() -> None:
    """A requirement is told in words, with its place in the text."""
    (sentence,) = sentences(case("a", frame_step("x"), requirements=("FRAME-001",)))
    assert sentence.id == "FRAME-001"
    assert sentence.text
    assert sentence.source


def test_sentences_of_an_unknown_requirement_are_none() -> None:
    """A private suite may cite what the catalogue does not have."""
    assert sentences(case("a", frame_step("x"), requirements=("MINE-001",))) == []
