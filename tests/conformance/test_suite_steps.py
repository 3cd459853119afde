"""Steps are read for one revision, and no mistake hides another."""

from __future__ import annotations

from typing import Any

import pytest

from hgframing_conformance._cases import ActionKind, Layer, Verb
from hgframing_conformance._suite_model import Step, read_model
from hgframing_conformance._suite_steps import StepReader


def model(form: dict[str, Any]) -> Step:
    """Convert a step whose shape is right."""
    step, errors = read_model(form, Step)
    assert errors == []
    assert step is not None
    return step


def wrong(form: dict[str, Any], layer: Layer = Layer.SERVER) -> list[tuple[tuple[str | int, ...], str]]:
    """Read a step that is wrong; return place and message of every error."""
    reader = StepReader(layer, "0006")
    assert reader.read(model(form), (), 1) is None
    return [(error.path, error.message) for error in reader.errors]


def test_read_gives_what_happens_and_what_is_expected() -> None:
    """Sheet r5: command-data is type 2, eos 0x02."""
    reader = StepReader(Layer.SERVER, "0006")
    step = reader.read(
        model(
            {
                "receive": ["1 1 0 command-data eos x"],
                "any-of": [[{"noop": {}}], []],
                "never": ["run-command"],
            }
        ),
        (),
        7,
    )
    assert reader.errors == []
    assert step is not None
    assert (step.verb, step.value, step.line) == (Verb.RECEIVE, None, 7)
    assert [octets.hex() for octets in step.octets] == ["010000010001002278"]
    assert step.notation == ("1 1 0 command-data eos x",)
    assert [[action.kind for action in actions] for actions in step.expectation.alternatives or ()] == [
        [ActionKind.NOOP],
        [],
    ]
    assert step.expectation.never == {ActionKind.RUN_COMMAND}


def test_read_with_never_alone_leaves_everything_else_open() -> None:
    """No alternatives is something else than one that is empty."""
    reader = StepReader(Layer.SERVER, "0006")
    open_step = reader.read(model({"end-input": None, "never": ["run-command"]}), (), 1)
    silent_step = reader.read(model({"end-input": None, "expect": []}), (), 1)
    assert open_step is not None
    assert silent_step is not None
    assert open_step.expectation.alternatives is None
    assert silent_step.expectation.alternatives == ((),)


def test_read_finds_the_mistakes_of_value_and_of_every_action() -> None:
    """What a step does and what it expects are read independently."""
    form = {
        "respond": {"request": 1},
        "any-of": [[{"oops": {}}, {"noop": {}}, {"error": {"code": "x"}}], [{"run-command": {"request": 1}}]],
    }
    assert wrong(form) == [
        (("respond",), "respond needs exactly one of objects, data, redirect, this has none of them"),
        (("any-of", 0, 0), "unknown action 'oops'"),
        (("any-of", 0, 2, "error", "code"), "unknown error code 'x'"),
        (("any-of", 1, 0, "run-command"), "the field 'command' is missing"),
    ]


def test_read_of_a_wrong_verb_still_reads_the_expectation() -> None:
    """Two mistakes of two kinds in one step."""
    form: dict[str, Any] = {"flush": None, "expect": [{"response-data": {}}]}
    assert wrong(form) == [
        ((), "the verb flush does not occur in the layer server"),
        (("expect", 0), "the action response-data does not occur in the layer server"),
    ]


def test_read_goes_on_after_a_step_that_is_wrong() -> None:
    """The errors of one step are no errors of the next."""
    reader = StepReader(Layer.SERVER, "0006")
    assert reader.read(model({"flush": None, "expect": []}), ("steps", 0), 1) is None
    assert reader.read(model({"end-input": None, "expect": []}), ("steps", 1), 2) is not None
    assert reader.read(model({"end-input": None}), ("steps", 2), 3) is None
    assert [error.path for error in reader.errors] == [("steps", 0), ("steps", 2)]


@pytest.mark.parametrize(
    ("form", "path", "part"),
    [
        ({"expect": []}, (), "exactly one verb, this has none"),
        ({"receive": [], "end-input": None, "expect": []}, (), "this has receive and end-input"),
        ({"receive-hex": [], "end-input": None, "expect": []}, (), "this has end-input and receive"),
        ({"end-input": None, "expect": [], "any-of": [[], []]}, ("any-of",), "exclude each other"),
        ({"end-input": None, "never": ["frame"]}, ("never",), "frame does not occur in the layer server"),
        (
            {"end-input": None, "expect": [{"noop": {}}], "never": ["noop"]},
            ("expect", 0),
            "noop is expected and forbidden",
        ),
    ],
)
def test_read_with_contradictions_names_the_place(
    form: dict[str, Any], path: tuple[Any, ...], part: str
) -> None:
    """Keys that are right alone and wrong together."""
    [(place, message)] = wrong(form)
    assert place == path
    assert part in message


def test_read_takes_receive_and_receive_hex_as_one_verb() -> None:
    """docs/vector-format.md, "Step": both may say the same octets."""
    reader = StepReader(Layer.CODEC, "0006")
    step = reader.read(
        model({"receive": ["1 1 0 1 1"], "receive-hex": ["0000000100010011"], "expect": [{"frame": {}}]}),
        (),
        1,
    )
    assert step is not None
    assert step.octets == (bytes.fromhex("0000000100010011"),)
