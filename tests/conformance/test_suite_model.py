"""The shape of suites is typed, and every field that is wrong is named."""

from __future__ import annotations

from typing import Any

import pytest

from msgspec import UNSET

from hgframing import Feature
from hgframing_conformance._cases import Chunking, Layer, Level, Tier
from hgframing_conformance._suite_model import Case, Selection, Setup, Step, Suite, read_model


CASE: dict[str, Any] = {
    "id": "server-some-case",
    "title": "Something must happen",
    "level": "must",
    "source": "by hand",
    "steps": [{"end-input": None, "expect": []}],
}
SUITE: dict[str, Any] = {
    "format": 1,
    "suite": "server/some",
    "title": "Some",
    "layer": "server",
    "revisions": ["0006"],
    "cases": [CASE],
}


def errors(form: Any, model: Any) -> dict[tuple[Any, ...], str]:
    """Return the errors of a form by their place."""
    read, found = read_model(form, model, ("x",))
    assert read is None
    return {error.path: str(error) for error in found}


def test_read_model_fills_the_defaults_of_a_case() -> None:
    """docs/vector-format.md, "Case": what may be left out, and what it then means."""
    case, found = read_model(CASE, Case)
    assert found == []
    assert case is not None
    assert (case.level, case.rev, case.tier, case.requirements) == (Level.MUST, 1, Tier.CORE, [])
    assert (case.chunkings, case.revisions, case.comment, case.disputed) == (UNSET, UNSET, "", "")


def test_read_model_reads_a_suite_and_leaves_its_cases_alone() -> None:
    """Cases are converted one by one, so that each has its own errors."""
    suite, found = read_model({**SUITE, "cases": [5], "revisions": {"features": ["streams"]}}, Suite)
    assert found == []
    assert suite is not None
    assert suite.layer is Layer.SERVER
    assert suite.revisions == Selection(features=[Feature.STREAMS])
    assert suite.cases == [5]


def test_read_model_tells_an_absent_verb_from_null() -> None:
    """`end-input:` has the value null, and that is not nothing."""
    step, _ = read_model({"end-input": None, "expect": []}, Step)
    assert step is not None
    assert step.end_input is None
    assert step.flush is UNSET


@pytest.mark.parametrize(
    ("change", "place", "part"),
    [
        ({"id": "Bad_Id"}, ("id",), "the string 'Bad_Id' is not kebab-case"),
        ({"id": "9-lives"}, ("id",), "not kebab-case"),
        ({"id": "a--b"}, ("id",), "not kebab-case"),
        ({"rev": 0}, ("rev",), "rev: expected `int` >= 1"),
        ({"rev": True}, ("rev",), "rev: expected `int`"),
        ({"title": ""}, ("title",), "not one line of text"),
        ({"title": "two\nlines"}, ("title",), "not one line of text"),
        ({"level": "most"}, ("level",), "level: unknown value 'most' (did you mean 'must'?)"),
        ({"source": "somewhere"}, ("source",), "not `upstream <test>`"),
        ({"source": "generated:"}, ("source",), "not `upstream <test>`"),
        ({"requirements": ["DATA-3"]}, ("requirements", 0), "not a requirement such as DATA-003"),
        ({"deviations": ["D1", "D1a"]}, ("deviations", 1), "not a deviation such as D11"),
        ({"deviations": ["D0"]}, ("deviations", 0), "not a deviation such as D11"),
        ({"chunkings": ["bytes"]}, ("chunkings", 0), "did you mean 'byte'?"),
        ({"chunkings": []}, ("chunkings",), "length >= 1"),
        ({"tier": "huge"}, ("tier",), "known are core, distinct, full"),
        ({"setup": {"defer-ouput": True}}, ("setup",), "unknown field `defer-ouput`"),
        ({"setup": {"defer-output": 1}}, ("setup", "defer-output"), "expected `bool"),
        ({"setup": {"fragmentation": "exakt"}}, ("setup", "fragmentation"), "did you mean 'exact'?"),
        ({"setup": {"limits": {"max-payload": -1}}}, ("setup", "limits"), "expected `int` >= 0"),
        ({"requires": {"encoding": ["zlib"]}}, ("requires",), "unknown field `encoding`"),
        ({"revisions": {"features": ["stream"]}}, ("revisions", "features", 0), "did you mean 'streams'?"),
        ({"revisions": {"feature": ["streams"]}}, ("revisions",), "unknown field `feature`"),
        ({"steps": []}, ("steps",), "length >= 1"),
        ({"titel": "x"}, ("titel",), "did you mean 'title'?"),
    ],
)
def test_read_model_with_a_wrong_field_says_which_and_why(
    change: dict[str, Any], place: tuple[Any, ...], part: str
) -> None:
    """One mistake, one error, at its place."""
    found = errors({**CASE, **change}, Case)
    assert list(found) == [("x", *place)]
    assert part in found["x", *place]


def test_read_model_finds_every_wrong_field() -> None:
    """The converter stops at the first; an author wants all."""
    found = errors({"id": "X", "level": "no", "wat": 1, "rev": "1", "steps": [1]}, Case)
    assert list(found) == [("x", "id"), ("x", "level"), ("x", "wat"), ("x", "rev"), ("x",)]
    assert found[("x",)] == "x: missing: title, source"


def test_read_model_with_something_else_than_a_mapping_says_so() -> None:
    """A case that is a string has no fields to look at."""
    assert errors("case", Case) == {("x",): "x: the string 'case' where a mapping is needed"}


@pytest.mark.parametrize(
    ("change", "place", "part"),
    [
        ({"format": 2}, ("format",), "unknown value '2' (known are 1)"),
        ({"suite": "Server/x"}, ("suite",), "a path below suites/"),
        ({"suite": "server/x.yaml"}, ("suite",), "a path below suites/"),
        ({"layer": "servr"}, ("layer",), "did you mean 'server'?"),
        ({"cases": []}, ("cases",), "length >= 1"),
        ({"cases": {}}, ("cases",), "expected `array`"),
    ],
)
def test_read_model_with_a_wrong_suite_says_which_field(
    change: dict[str, Any], place: tuple[Any, ...], part: str
) -> None:
    """The header of a file is checked like a case."""
    assert part in errors({**SUITE, **change}, Suite)["x", *place]


@pytest.mark.parametrize(
    ("form", "place", "part"),
    [
        ({"receive": "x"}, ("receive",), "expected `array`"),
        ({"end-input": {}}, ("end-input",), "expected `null`"),
        ({"any-of": [[]]}, ("any-of",), "length >= 2"),
        ({"any-of": [[], {}]}, ("any-of", 1), "expected `array`"),
        ({"never": ["run-comand"]}, ("never", 0), "did you mean 'run-command'?"),
        ({"expct": []}, ("expct",), "did you mean 'expect'?"),
    ],
)
def test_read_model_with_a_wrong_step_says_which_field(
    form: dict[str, Any], place: tuple[Any, ...], part: str
) -> None:
    """A step's own keys are checked before anything in it."""
    assert part in errors(form, Step)["x", *place]


def test_setup_and_chunkings_are_typed() -> None:
    """What is right is converted, not only accepted."""
    case, _ = read_model({**CASE, "chunkings": ["byte"], "setup": {"limits": {"max-payload": 1}}}, Case)
    assert case is not None
    assert case.chunkings == [Chunking.BYTE]
    assert case.setup == Setup(limits={"max-payload": 1})
