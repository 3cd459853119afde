"""Judging what was exchanged elsewhere."""

from __future__ import annotations

import json

import msgspec
import pytest

from hgframing_conformance._offline import (
    Answers,
    OfflineError,
    judge,
    questions_of,
    read_answers,
    read_questions,
)
from hgframing_conformance._outcomes import OutcomeKind
from hgframing_conformance._run import RunOptions

from .zoo.animals import HELLO, decode, result
from .zoo.cases import three_cases
from .zoo.runs import hello


ITEMS = three_cases()
CASES = [item.case for item in ITEMS]


def lines(*objects: object) -> bytes:
    """Write objects as lines."""
    return b"".join(json.dumps(one).encode() + b"\n" for one in objects)


def right_answers() -> list[object]:
    """Answer the three cases as it should be done."""
    return [result(message, decode(message)) for message, _ in questions_of(ITEMS, hello())]


def kinds(*objects: object) -> list[str]:
    """Judge answers to the three cases."""
    answers = read_answers(lines(HELLO, {"op": "unknown"}, *objects), "answers")
    outcomes = judge(questions_of(ITEMS, answers.hello), answers, RunOptions())
    by_name = {outcome.item.name: outcome.kind.value for outcome in outcomes}
    return [by_name[item.name] for item in ITEMS]


def test_offline_right_answers_pass() -> None:
    """The verdict is that of a run."""
    assert kinds(*right_answers()) == ["passed"] * 3


def test_offline_wrong_answer_fails_alone() -> None:
    """One wrong answer costs one case."""
    first, second, third = right_answers()
    wrong = json.loads(json.dumps(second).replace(b"bite".hex(), "00"))
    assert kinds(first, wrong, third) == ["passed", "failed", "passed"]


def test_offline_stray_line_shifts_nothing() -> None:
    """A line that is no answer is the bad reply of one case, as in a run."""
    first, second, third = right_answers()
    assert kinds(first, "DEBUG", second, third) == ["passed", "bad-reply", "passed"]


def test_offline_missing_answers_are_crashes() -> None:
    """A harness that stopped answering did not pass."""
    first, *_ = right_answers()
    assert kinds(first) == ["passed", "crashed", "crashed"]


def test_offline_surplus_answers_are_noticed() -> None:
    """More answers than questions cannot all belong somewhere."""
    assert kinds(*right_answers(), right_answers()[2]) == ["passed", "passed", "bad-reply"]


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"", "no answers"),
        (b"\n\n", "no answers"),
        (b"Welcome\n", "no answer to hello"),
        (lines({"op": "result", "seq": 1, "steps": []}), "no answer to hello"),
        (lines(HELLO | {"protocol": 2}), "speaks harness protocol 2"),
    ],
)
def test_offline_answers_without_hello_are_refused(octets: bytes, said: str) -> None:
    """What it declares decides how it is judged, so it has to be there."""
    with pytest.raises(OfflineError, match=r"^answers: ") as caught:
        read_answers(octets, "answers")
    assert said in str(caught.value)


def test_offline_probe_answered_wrongly_spoils_the_first_case() -> None:
    """Nothing is skipped in silence."""
    octets = lines(HELLO, {"op": "result", "seq": 0, "steps": []}, *right_answers())
    answers = read_answers(octets, "answers")
    outcomes = judge(questions_of(ITEMS, answers.hello), answers, RunOptions())
    assert outcomes[0].kind is OutcomeKind.BAD_REPLY


def test_offline_questions_find_their_cases() -> None:
    """A question does not say whose it is; the case that asks it is found, whatever its number."""
    messages = [message for message, _ in questions_of(ITEMS, hello())]
    found = read_questions(lines({"op": "hello"}, *reversed(messages), {"op": "bye"}), "q", CASES, hello())
    assert [[item.case.id for item in asking] for _, asking in found] == [
        ["zoo-third"],
        ["zoo-second"],
        ["zoo-first"],
    ]


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"nonsense\n", "q:1: "),
        (lines({"op": "bye"}), "q: no line has the op case"),
        (
            lines({"op": "case", "seq": 1, "revision": "0006", "layer": "codec", "setup": {}, "steps": []}),
            "q:1: no case of these suites asks this",
        ),
    ],
)
def test_offline_questions_that_nobody_asks_are_refused(octets: bytes, said: str) -> None:
    """A verdict about an unknown question would be a guess."""
    with pytest.raises(OfflineError) as caught:
        read_questions(octets, "q", CASES, hello())
    assert str(caught.value).startswith(said)


def test_offline_questions_of_two_cases_that_ask_the_same_judge_both() -> None:
    """The same question may be asked for two reasons."""
    twin = msgspec.structs.replace(CASES[0], id="zoo-twin")
    message, _ = questions_of(ITEMS, hello())[0]
    ((_, asking),) = read_questions(lines(message), "q", [*CASES, twin], hello())
    assert [item.case.id for item in asking] == ["zoo-first", "zoo-twin"]
    answers = Answers(hello=hello(), lines=(json.dumps(right_answers()[0]).encode(),))
    outcomes = judge([(message, asking)], answers, RunOptions())
    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.PASSED] * 2
