"""Cases are spread over revisions, and what they mean is checked in each."""

from __future__ import annotations

import textwrap

from typing import Any

import pytest

from msgspec import UNSET

from hgframing import REVISIONS, Feature, Frame
from hgframing_conformance._cases import ActionKind, Case, Chunking, Level, Tier, Verb
from hgframing_conformance._requirements import Catalogue, Decidability, Requirement, RequirementLevel, Role
from hgframing_conformance._suite_cases import Source, expand_case, select_revisions
from hgframing_conformance._suite_model import Case as CaseModel
from hgframing_conformance._suite_model import Selection, Step, Suite, read_model
from hgframing_conformance._yaml import read_yaml


def requirement(requirement_id: str, revisions: list[str]) -> Requirement:
    """Make a catalogue entry of which only the id and the revisions matter."""
    return Requirement(
        id=requirement_id,
        revisions=revisions,
        role=Role.BOTH,
        level=RequirementLevel.MUST,
        text="t",
        source="s",
        testable=Decidability.YES,
    )


CATALOGUE = Catalogue((requirement("OLD-001", ["0001"]), requirement("BOTH-001", ["0001", "0006"])))


def expand(
    text: str, *, layer: str = "server", revisions: str = "['0006']", catalogue: Catalogue | None = None
) -> tuple[list[Case], dict[int, list[str]]]:
    """Read one case and return its expansion and its errors by line; the case starts on line 7."""
    case = textwrap.indent(textwrap.dedent(text), "    ")
    document = read_yaml(
        f"format: 1\nsuite: a/b\ntitle: t\nlayer: {layer}\nrevisions: {revisions}\ncases:\n  -\n{case}".encode(),
        "f.yaml",
    )
    assert document.problems == ()
    suite, errors = read_model(document.root, Suite)
    model, more = read_model(document.root["cases"][0], CaseModel)
    steps = [read_model(step, Step) for step in document.root["cases"][0]["steps"]]
    assert suite is not None
    assert model is not None
    assert [*errors, *more, *(error for _, found in steps for error in found)] == []
    source = Source(suite=suite, document=document, label="label.yaml", catalogue=catalogue)
    cases, wrong = expand_case(source, model, [step for step, _ in steps if step is not None], ("cases", 0))
    by_line: dict[int, list[str]] = {}
    for error in wrong:
        text = f"{error.message} ({error.remedy})" if error.remedy else error.message
        by_line.setdefault(document.line(error.path) - 7, []).append(text)
    return cases, by_line


HEAD = """\
id: some-case
title: Something must happen
level: should
source: by hand
"""


def test_expand_case_gives_every_field() -> None:
    """A case is complete: nothing downstream asks the YAML again."""
    cases, errors = expand(
        HEAD
        + """\
        rev: 3
        requirements: [DATA-001, DATA-002]
        violates: [DATA-002]
        deviations: [D11]
        comment: |
          Open is
          what is open.
        requires: {encodings: [zlib], error-codes: true}
        disputed: somebody says no
        setup: {defer-output: true, limits: {max-payload: 16}}
        chunkings: [whole]
        tier: full
        steps:
          - receive: ["1 1 stream-begin command-data eos x"]
            any-of:
              - [error: {code: bad-flags}]
              - []
            never: [run-command]
          - end-input:
            never: [run-command]
        """.replace("\n        ", "\n").lstrip()
    )
    assert errors == {}
    [case] = cases
    assert (case.id, case.rev, case.title, case.suite) == ("some-case", 3, "Something must happen", "a/b")
    assert (case.layer.value, case.revision, case.level) == ("server", "0006", Level.SHOULD)
    assert (case.requirements, case.violates) == (("DATA-001", "DATA-002"), ("DATA-002",))
    assert (case.deviations, case.source, case.comment) == (("D11",), "by hand", "Open is\nwhat is open.")
    assert (case.requires, case.disputed) == (
        {"encodings": ["zlib"], "error-codes": True},
        "somebody says no",
    )
    assert case.setup == {"defer-output": True, "limits": {"max-payload": 16}}
    assert (case.chunkings, case.tier, case.file, case.line) == (
        (Chunking.WHOLE,),
        Tier.FULL,
        "label.yaml",
        8,
    )
    receive, end = case.steps
    assert (receive.verb, receive.value, receive.line) == (Verb.RECEIVE, None, 25)
    assert [octets.hex() for octets in receive.octets] == ["010000010001012278"]
    assert receive.notation == ("1 1 stream-begin command-data eos x",)
    assert receive.expectation.never == {ActionKind.RUN_COMMAND}
    first, second = receive.expectation.alternatives or ()
    assert [action.fields for action in first] == [{"code": "bad-flags"}]
    assert second == ()
    assert (end.verb, end.octets, end.value) == (Verb.END_INPUT, (), None)
    assert end.expectation.alternatives is None


def test_expand_case_encodes_frames_anew_for_every_revision() -> None:
    """Sheets r3 and r4: command-data is type 3, then type 2."""
    cases, errors = expand(
        HEAD + 'steps: [{receive: ["1 1 0 command-data eos"], expect: [{want-frame: {}}]}]',
        revisions="['0002-streams', '0005']",
    )
    assert errors == {}
    assert [(case.revision, case.steps[0].octets[0].hex()) for case in cases] == [
        ("0002-streams", "0000000100010032"),
        ("0005", "0000000100010022"),
    ]


def test_expand_case_shares_steps_that_are_the_same_in_several_revisions() -> None:
    """Frames of 16 MiB exist, and six revisions."""
    cases, _ = expand(
        HEAD + 'steps: [{receive: ["1 1 0 command-data eos"], expect: []}]',
        revisions="['0002-streams', '0005-draft', '0005', '0006']",
    )
    old, draft, released, final = (case.steps[0] for case in cases)
    assert draft is released is final
    assert old is not draft


def test_expand_case_reads_expected_frames_with_the_revision() -> None:
    """Sheet r5: the name of type 3 is command-response."""
    cases, _ = expand(
        HEAD
        + """\
steps:
  - respond: {request: 1, objects: [1]}
    expect: [{send-frames: ["1 2 stream-begin command-response eos x"]}]
"""
    )
    [case] = cases
    [[action]] = case.steps[0].expectation.alternatives or ()
    assert action.fields["frames"] == (Frame(1, 2, 1, 3, 2, b"x"),)
    assert case.steps[0].value["objects"] == [1]


def test_expand_case_defaults_to_all_chunkings() -> None:
    """docs/vector-format.md, "Case"; what arrives over HTTP is one body."""
    arriving = "steps: [{end-input: , expect: []}]"
    asked = 'steps: [{request: {path: ""}, expect: []}]'
    for layer, steps, chunkings in (
        ("codec", arriving, tuple(Chunking)),
        ("client", arriving, tuple(Chunking)),
        ("http", asked, (Chunking.FRAME,)),
    ):
        [case], _ = expand(HEAD + steps, layer=layer)
        assert case.chunkings == chunkings


def test_expand_case_keeps_the_citations_that_the_revision_has() -> None:
    """A case over several revisions cites what some of them lack."""
    cases, errors = expand(
        HEAD + "requirements: [OLD-001, BOTH-001]\nviolates: [OLD-001]\nsteps: [{end-input: , expect: []}]",
        revisions="['0001', '0006']",
        catalogue=CATALOGUE,
    )
    assert errors == {}
    assert [case.requirements for case in cases] == [("OLD-001", "BOTH-001"), ("BOTH-001",)]
    assert [case.violates for case in cases] == [("OLD-001",), ()]


@pytest.mark.parametrize(
    ("suite", "case", "chosen"),
    [
        (["0006", "0001"], UNSET, ("0001", "0006")),
        (Selection(features=[Feature.STREAMS]), UNSET, ("0002-streams", "0005-draft", "0005", "0006")),
        (Selection(without=[Feature.STREAMS]), UNSET, ("0001", "0002")),
        (Selection(), UNSET, tuple(REVISIONS)),
        (Selection(features=[Feature.CBOR_REQUESTS], without=[Feature.CBOR_ERRORS]), UNSET, ("0005-draft",)),
        (Selection(features=[Feature.STREAMS]), ["0006"], ("0006",)),
        (
            Selection(features=[Feature.STREAMS]),
            Selection(without=[Feature.CBOR_REQUESTS]),
            ("0002-streams",),
        ),
        (["0001", "0002"], Selection(features=[Feature.REQUEST_IDS]), ("0002",)),
    ],
)
def test_select_revisions_narrows_the_suite_by_the_case(
    suite: Any, case: Any, chosen: tuple[str, ...]
) -> None:
    """Sheets r1 to r5: streams came after request IDs, CBOR after streams, CBOR errors last."""
    assert select_revisions(suite, case, ()) == (chosen, [])


@pytest.mark.parametrize(
    ("suite", "case", "part"),
    [
        (["0001", "0003"], UNSET, "unknown revision '0003'"),
        (["0001"], ["6"], "unknown revision '6'"),
        (["0001"], ["0006"], "the suite does not apply to revision 0006"),
        (["0001"], Selection(features=[Feature.STREAMS]), "the case applies to no revision"),
        (
            Selection(features=[Feature.COMMAND_ARGUMENTS, Feature.CBOR_REQUESTS]),
            UNSET,
            "applies to no revision",
        ),
        ([], UNSET, "applies to no revision"),
    ],
)
def test_select_revisions_that_select_nothing_or_unknown_ones_are_errors(
    suite: Any, case: Any, part: str
) -> None:
    """A case that never runs looks like one that passes."""
    _, [error] = select_revisions(suite, case, ("cases", 0))
    assert part in error.message


@pytest.mark.parametrize(
    ("body", "line", "part"),
    [
        (
            ["requirements: [DATA-001, DATA-001]", "steps: [{end-input: , expect: []}]"],
            5,
            "DATA-001 is listed twice",
        ),
        (["chunkings: [byte, byte]", "steps: [{end-input: , expect: []}]"], 5, "byte is listed twice"),
        (
            ["violates: [DATA-001]", "steps: [{end-input: , expect: []}]"],
            5,
            "DATA-001 is violated and not among",
        ),
        (["steps:", "  - end-input:", "    never: [run-command]"], 1, "any-of and never need a comment"),
        (
            ["comment: ' '", "steps:", "  - end-input:", "    any-of: [[], [noop: ]]"],
            1,
            "any-of and never need a comment",
        ),
        (
            ["setup: {buffer-sends: true}", "steps: [{end-input: , expect: []}]"],
            5,
            "buffer-sends does not concern the layer server",
        ),
        (
            ["setup:", "  limits: {max-paylod: 1}", "steps: [{end-input: , expect: []}]"],
            6,
            "did you mean 'max-payload'?",
        ),
        (["steps:", "  - expect: []"], 6, "exactly one verb, this has none"),
        (
            ["steps:", "  - end-input:", "    receive: []", "    expect: []"],
            6,
            "this has receive and end-input",
        ),
        (
            ["steps:", "  - end-input:", "    receive-hex: []", "    expect: []"],
            6,
            "this has end-input and receive",
        ),
        (
            ["steps:", "  - flush:", "    expect: []"],
            6,
            "the verb flush does not occur in the layer server (only in client)",
        ),
        (["steps:", "  - encode: '1 1 0 1 1'", "    expect: []"], 6, "the verb encode does not occur"),
        (["steps:", "  - end-input:"], 6, "the step expects nothing (`expect: []` demands"),
        (
            ["comment: c", "steps:", "  - end-input:", "    expect: []", "    any-of: [[], []]"],
            9,
            "expect and any-of exclude each other",
        ),
        (
            ["comment: c", "steps:", "  - end-input:", "    never: [response-data]"],
            8,
            "the action response-data does not occur in the layer server",
        ),
        (
            ["comment: c", "steps:", "  - end-input:", "    expect:", "      - noop:", "    never: [noop]"],
            9,
            "noop is expected and forbidden",
        ),
        (
            ["steps:", "  - end-input:", "    expect:", "      - noop:", "      - respnse-data: {}"],
            9,
            "unknown action 'respnse-data'",
        ),
        (
            ["steps:", "  - end-input:", "    expect:", "      - error:", "          code: bad"],
            9,
            "unknown error code 'bad'",
        ),
        (
            ["steps:", "  - end-input:", "    expect:", "      - frame: {}"],
            8,
            "the action frame does not occur in the layer server",
        ),
        (
            [
                "steps:",
                "  - receive:",
                "      - 1 1 0 command-data eos",
                "      - 1 1 0 command-data",
                "    expect: []",
            ],
            8,
            "too few fields",
        ),
        (
            [
                "steps:",
                "  - receive: [1 1 0 1 1]",
                "    receive-hex:",
                "      - '0000000100010012'",
                "    expect: []",
            ],
            8,
            "says other octets",
        ),
        (
            [
                "steps:",
                "  - respond:",
                "      request: 1",
                "      objects:",
                "        - 1",
                "        - {hex: '0'}",
                "    expect: []",
            ],
            10,
            "no hex string",
        ),
        (
            [
                "steps:",
                "  - respond:",
                "      request: 1",
                "      strem: 2",
                "      data: x",
                "    expect: []",
            ],
            8,
            "did you mean 'stream'?",
        ),
    ],
)
def test_expand_case_with_a_mistake_names_line_and_remedy(body: list[str], line: int, part: str) -> None:
    """Every kind of mistake that needs more than a type, at the line where its author looks."""
    _, errors = expand(HEAD + "\n".join(body))
    assert list(errors) == [line]
    [message] = errors[line]
    assert part in message


def test_expand_case_citing_what_no_catalogue_has_is_an_error() -> None:
    """Without a catalogue nothing is known, so nothing is wrong."""
    body = HEAD + "requirements: [NONE-001]\nsteps: [{end-input: , expect: []}]"
    assert expand(body)[1] == {}
    assert expand(body, catalogue=CATALOGUE)[1] == {5: ["unknown requirement NONE-001"]}


def test_expand_case_citing_an_unknown_deviation_is_an_error() -> None:
    """A number that docs/mercurial.md does not have is a typing mistake."""
    body = HEAD + "deviations: [D1, D999]\nsteps: [{end-input: , expect: []}]"
    [message] = expand(body)[1][5]
    assert message.startswith("unknown deviation D999")


def test_expand_case_citing_what_none_of_its_revisions_has_is_an_error() -> None:
    """A citation that means something in one of several revisions is right."""
    body = HEAD + "requirements: [OLD-001]\nsteps: [{end-input: , expect: []}]"
    assert expand(body, catalogue=CATALOGUE)[1] == {5: ["OLD-001 is no requirement of revision 0006"]}
    assert expand(body, catalogue=CATALOGUE, revisions="['0001', '0002']")[1] == {}


def test_expand_case_says_in_which_revisions_something_is_wrong() -> None:
    """What is wrong alike in all revisions is said once; otherwise the revisions are named."""
    body = (
        HEAD
        + "steps:\n  - receive: [1 1 0 command-request new]\n    expect: []\n  - sent: {}\n    expect: []"
    )
    _, errors = expand(body, revisions="['0002-streams', '0005', '0006']")
    assert errors.keys() == {6, 8}
    [first] = errors[6]
    assert first.endswith("(in revision 0002-streams)")
    assert errors[8] == ["the field 'request' is missing (fields are request)"]


def test_expand_case_finds_the_mistakes_of_several_steps() -> None:
    """One run shows all of them."""
    body = (
        HEAD
        + "steps:\n  - sent: {}\n    expect: []\n  - sent: {request: 1}\n    expect: []\n  - sent: 5\n    expect: []"
    )
    assert expand(body)[1].keys() == {6, 10}
