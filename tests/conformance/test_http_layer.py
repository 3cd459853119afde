"""A case of the layer `http` goes wherever others go: loader, compiled form, runner, show, emit, judge, page."""

from __future__ import annotations

import json

from pathlib import Path
from typing import Any

import msgspec
import pytest

from hgframing import REVISIONS
from hgframing_conformance import reference
from hgframing_conformance._adapters import AdapterOptions
from hgframing_conformance._cases import Case, Chunking, Layer
from hgframing_conformance._compiled import compile_cases, load_compiled
from hgframing_conformance._locators import REFERENCE, connect
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._problems import SuiteError
from hgframing_conformance._reference_http import COMMANDS
from hgframing_conformance._run import Engine, RunOptions
from hgframing_conformance._select import items
from hgframing_conformance._sequence import sequence
from hgframing_conformance._suites import load_suites
from hgframing_conformance._trace import trace
from hgframing_conformance._transcript import case_lines

from .test_sequence import item
from .zoo.commands import run


SUITE = """\
format: 1
suite: http/small
title: Small
layer: http
revisions: ["0001", "0006"]
cases:
  - id: http-small
    title: One
    level: must
    source: by hand
    requires: {commands: [branchmap]}
    steps:
      - request: {path: "ro/branchmap", commands: [{command: "branchmap"}]}
        expect: [{response: {status: STATUS, answers: {"1": response}}}]
      - request: {method: GET, path: "", body: {hex: "0102"}}
        expect: [{response: {status: "2xx", headers: {content-type: "text/plain"}}}]
"""


def suite(directory: Path, status: str = "200") -> Path:
    """Write the suite."""
    file = directory / "suites" / "http" / "small.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(SUITE.replace("STATUS", status))
    (directory / "ids.txt").write_text("http-small\n")
    return file


def run_case(case: Case) -> Outcome:
    """Run a case against the reference, in process."""
    adapter = connect(REFERENCE, AdapterOptions())
    (outcome,) = Engine(adapter, RunOptions()).run(items(case))
    return outcome


def test_case_runs_from_yaml_and_from_the_compiled_form(tmp_path: Path) -> None:
    """Both say the same, in a revision without request IDs and in the last one."""
    cases = load_suites([suite(tmp_path)])

    assert load_compiled(compile_cases(cases)) == cases
    assert [case.revision for case in cases] == ["0001", "0006"]
    assert [run_case(case).kind for case in cases] == [OutcomeKind.PASSED] * 2
    assert [one.chunking for one in items(cases[0])] == [Chunking.FRAME]


def test_case_that_needs_a_command_is_unsupported_without_it(tmp_path: Path) -> None:
    """The runner computes it from hello; nobody says that it skipped."""
    (_, case) = load_suites([suite(tmp_path)])
    other = msgspec.structs.replace(case, requires={"commands": ["branchmap", "heads", "known"]})

    outcome = run_case(other)

    assert (outcome.kind, outcome.reason) == (OutcomeKind.UNSUPPORTED, "commands heads, known")


def test_case_is_shown_with_its_headers_and_frames(tmp_path: Path) -> None:
    """What is asked, in words and octets, and what must follow."""
    (_, case) = load_suites([suite(tmp_path)])

    lines = "\n".join(case_lines(case, REVISIONS["0006"], None))

    assert "step 1: request POST <API>/ro/branchmap" in lines
    assert "accept: application/mercurial-exp-framing-0006" in lines
    assert lines.count("1 1 stream-begin command-request new cbor:{b'name': b'branchmap'}") == 1
    assert "100000 0100 01 01 11 | a1446e616d65496272616e63686d6170" in lines
    assert "step 2: request GET <API>/" in lines
    assert "0102   2 octets of a header of 8" in lines
    assert "response 2xx, content-type: text/plain" in lines


def test_failure_is_traced_and_drawn(tmp_path: Path) -> None:
    """The request travels to the server, the response back, each with its frames."""
    (_, case) = load_suites([suite(tmp_path, "404")])
    outcome = run_case(case)

    first, second = trace(outcome)
    drawn = sequence(item(case.layer, first, second, wrong=(0,)))

    assert (outcome.kind, outcome.step) == (OutcomeKind.FAILED, 0)
    assert outcome.reason == "expected status 404, got 200"
    assert first.text.startswith("request POST <API>/ro/branchmap, accept: ")
    assert first.frames == ["1 1 stream-begin command-request new cbor:{b'name': b'branchmap'}"]
    assert second.frames == ["hex:0102"]
    assert first.observed is not None
    assert first.observed[0].text.startswith("response 200, content-type: ")
    assert first.observed[0].frames[-1].startswith("1 2 ")
    # Request, its frame, what was expected, what came and its frames; request, octets and response.
    assert len(drawn.arrows) == 2 + 1 + 1 + len(first.observed[0].frames) + 2 + 1
    assert drawn.arrows[0].x1 < drawn.arrows[0].x2


def test_emit_and_judge_serve_a_harness_of_the_layer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`emit` writes what a harness reads, `judge` takes what it answers, also over files."""
    file = suite(tmp_path)
    assert run("emit", "http-small", "--suites", str(file)) == 0
    questions = capsys.readouterr().out
    messages: list[dict[str, Any]] = [json.loads(line) for line in questions.splitlines()]
    harness = reference()
    answers = [harness.exchange(message) for message in messages[:-1]]
    (tmp_path / "questions").write_text(questions)
    (tmp_path / "answers").write_text("\n".join(json.dumps(answer) for answer in answers))

    status = run("judge", "--suites", str(file), str(tmp_path / "questions"), str(tmp_path / "answers"))

    assert messages[2]["steps"][0]["request"]["path"] == "ro/branchmap"
    assert status == 0, capsys.readouterr().out


def test_verbs_of_reactors_do_not_occur(tmp_path: Path) -> None:
    """A body is no `receive`, and a server shows no actions; both are errors with their lines."""
    file = suite(tmp_path)
    wrong = SUITE.replace("STATUS", "200") + "      - receive: []\n        expect: [{error: {}}]\n"
    file.write_text(wrong)

    with pytest.raises(SuiteError) as caught:
        load_suites([file])

    told = str(caught.value)
    assert "small.yaml:17: the verb receive does not occur in the layer http" in told
    assert "small.yaml:18: the action error does not occur in the layer http" in told


def test_shipped_cases_name_the_commands_that_they_need() -> None:
    """Whoever lacks one is not blamed for it: the runner leaves the case out, with the reason."""
    for case in load_suites():
        if case.layer is not Layer.HTTP:
            continue
        asked = {
            name
            for step in case.steps
            for name in COMMANDS
            # A path that is not found is not found, whatever the frames say.
            if name in step.value["path"]
            or (step.value["path"].endswith("/multirequest") and any(name in line for line in step.notation))
        }
        assert asked <= set(case.requires.get("commands", ())), case.id
