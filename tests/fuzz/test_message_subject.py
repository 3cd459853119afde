"""Tests of `hgframing_fuzz._message_subject`: one message for an input, and answers in the right places."""

from __future__ import annotations

import sys
import types

from collections.abc import Callable
from typing import Any

import pytest

from hgframing_conformance._adapters import AdapterOptions
from hgframing_conformance._direct import DirectAdapter
from hgframing_fuzz import Kind, Options
from hgframing_fuzz._drive import make_script
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import Answers, Delivery, DriverBit
from hgframing_fuzz._message_subject import MessageSubject, UnansweredError
from hgframing_fuzz._outcome import Trace
from hgframing_fuzz._reactor_target import ReactorTarget
from tests.fuzz.message_zoo import Babbles, Dies, Hangs, Honest, Misspells, Raises
from tests.fuzz.miniatures import R5, an_input


Attach = Callable[[Honest], MessageSubject]

RUN, BAD, WANT = "1 1 0 command-request new run", "3 1 0 command-request new bad", "5 1 0 command-data 1 x"


@pytest.fixture
def attach(monkeypatch: pytest.MonkeyPatch) -> Attach:
    """Attach an object as an implementation."""

    def connect(implementation: Honest) -> MessageSubject:
        module = types.ModuleType("zoo_of_messages")
        module.make = lambda: implementation  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return MessageSubject(DirectAdapter("zoo_of_messages:make", AdapterOptions(timeout=0.3)))

    return connect


def observe(
    subject: MessageSubject, *frames: str, options: Options | None = None, late: bool = False
) -> Trace:
    """Play frames."""
    script = make_script(an_input(*frames, options=options), R5, Delivery.FRAME, late=late)
    trace: Trace = []
    subject.observe(script, trace)
    return trace


def verbs(case: dict[str, Any]) -> list[str]:
    """The verbs of a case's steps."""
    return [verb for step in case["steps"] for verb in step]


def test_subject_says_what_hello_said(attach: Attach) -> None:
    """Name, revisions newest first, and whether octets may be cut."""
    subject = attach(Honest(chunking=False))

    assert subject.name == "zoo 1"
    assert subject.revisions == ("0006", "0005")
    assert not subject.cuts
    assert subject.code is None


def test_observe_input_is_one_message(attach: Attach) -> None:
    """A step for each frame, and the end."""
    honest = Honest()

    trace = observe(attach(honest), RUN, WANT, BAD)

    [case] = honest.cases
    assert verbs(case) == ["receive", "receive", "receive", "end-input"]
    assert [[one.kind for one in seen.observed] for seen in trace] == [
        [Kind.RUN_COMMAND],
        [Kind.WANT_FRAME],
        [Kind.ERROR],
        [Kind.NOOP],
    ]


def test_observe_fields_are_read_into_the_common_form(attach: Attach) -> None:
    """The oracles see octets, not their hex."""
    run, bad, _ = observe(attach(Honest()), RUN, BAD)

    [command], [error] = run.observed, bad.observed
    assert command.request == 1
    assert isinstance(command.value, tuple)
    assert command.value[0] == b"c"
    assert command.value[2:] == (None, None)
    assert error.value == ("bad-cbor", "no")


def test_observe_answers_come_after_their_commands(attach: Attach) -> None:
    """The input is sent twice: first to see where commands are run."""
    honest = Honest()

    trace = observe(
        attach(honest), RUN, WANT, RUN.replace("1", "7", 1), options=Options(answers=Answers.RESPOND)
    )

    first, second = honest.cases
    assert verbs(first) == ["receive", "receive", "receive", "end-input"]
    assert verbs(second) == ["receive", "respond", "receive", "receive", "respond", "end-input"]
    assert [step["respond"]["request"] for step in second["steps"] if "respond" in step] == [1, 7]
    assert [seen.answered for seen in trace] == [(1,), (), (7,), ()]


def test_observe_late_answers_come_before_the_end(attach: Attach) -> None:
    """All together, after the last frame."""
    honest = Honest()

    trace = observe(attach(honest), RUN, WANT, options=Options(answers=Answers.FAIL), late=True)

    assert verbs(honest.cases[1]) == ["receive", "receive", "fail", "end-input"]
    assert len(trace) == 4


def test_observe_without_commands_is_sent_once(attach: Attach) -> None:
    """There is nothing to answer."""
    honest = Honest()

    observe(attach(honest), WANT, options=Options(answers=Answers.RESPOND))

    assert len(honest.cases) == 1


def test_observe_asks_for_no_more_than_hello_offers(attach: Attach) -> None:
    """No deferral, no answers and no end where they are not understood."""
    honest = Honest(steps=["receive"])
    options = Options(answers=Answers.RESPOND, driver=DriverBit.DEFER_OUTPUT)

    observe(attach(honest), RUN, options=options)

    [case] = honest.cases
    assert verbs(case) == ["receive"]
    assert case["setup"] == {}


def test_observe_defers_output_where_that_is_understood(attach: Attach) -> None:
    """The setup says so, and nothing counts as sent."""
    honest = Honest(setup=["defer-output"])
    options = Options(answers=Answers.RESPOND, driver=DriverBit.DEFER_OUTPUT)

    trace = observe(attach(honest), RUN, options=options)

    assert honest.cases[0]["setup"] == {"defer-output": True}
    assert all(seen.answered == () for seen in trace)


@pytest.mark.parametrize(
    ("implementation", "kind"),
    [(Dies(), "crashed"), (Hangs(), "timed-out"), (Babbles(), "bad-reply"), (Misspells(), "bad-reply")],
)
def test_observe_no_answer_is_said_in_its_kind(implementation: Honest, kind: str, attach: Attach) -> None:
    """Death, silence and nonsense are told apart."""
    with pytest.raises(UnansweredError) as caught:
        observe(attach(implementation), RUN, BAD)

    assert caught.value.kind == kind


def test_target_raised_is_a_finding_by_type_and_shape(attach: Attach, guards: Guards) -> None:
    """The same exception for other octets is the same bucket."""
    target = ReactorTarget("server-reactor", attach(Raises()), guards)

    findings = [target.check(an_input(RUN, text)).finding for text in (BAD, BAD + "more")]

    assert [(found.kind, found.where, found.line) for found in findings if found is not None] == [
        ("TypeError", "raised", "argument of type N is not iterable")
    ] * 2


def test_target_honest_implementation_gives_nothing(attach: Attach, guards: Guards) -> None:
    """Comparisons included."""
    target = ReactorTarget("server-reactor", attach(Honest(chunking=False)), guards)
    options = Options(driver=DriverBit.COMPARE, answers=Answers.RESPOND)

    assert target.check(an_input(RUN, WANT, BAD, options=options)).finding is None
