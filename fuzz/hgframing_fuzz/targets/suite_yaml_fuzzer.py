"""The target `suite-yaml`: what the loader of suites, and of catalogues of requirements, does with any octets.

As a script it is a libFuzzer target: with atheris, `python suite_yaml_fuzzer.py CORPUS
-max_total_time=60` fuzzes and stops at the first finding, as engines such as OSS-Fuzz expect; files as
arguments are replayed, with atheris or without. For campaigns, which go on after a finding, use
`hgframing-fuzz run`.

    refused      they are a suite (a catalogue), or a `SuiteError` whose problems help its author (`_problems_oracle`)
    usable       the cases of a suite become messages for a harness, in every chunking
    round-trip   cases are compiled, and loaded back as the same
"""

from __future__ import annotations

import atexit
import sys
import tempfile

from pathlib import Path
from random import Random
from typing import Final

from hgframing_conformance._compiled import compile_cases, load_compiled
from hgframing_conformance._problems import SuiteError
from hgframing_conformance._requirements import read_requirements
from hgframing_conformance._select import item_message, items
from hgframing_conformance._suites import load_suites
from hgframing_fuzz._code_target import Check, CodeTarget, object_to
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import (
    Answers,
    Form,
    FuzzInput,
    InputMaker,
    Options,
    body_of,
    encode_input,
    with_body,
)
from hgframing_fuzz._octets import OctetMaker, TextChanges
from hgframing_fuzz._outcome import Feature, Target
from hgframing_fuzz._problems_oracle import check_problems
from hgframing_fuzz._script import main
from hgframing_fuzz._spec import TargetSpec
from hgframing_fuzz._subjects import Attached, OwnCode


__all__ = ["SPEC", "make_check"]

_CATALOGUE: Final = b"""format: 1
requirements:
  - id: FRAME-001
    revisions: ["0001", "0002", "0002-streams", "0005-draft", "0005", "0006"]
    role: both
    level: definition
    text: "A frame is a header and then its payload."
    source: "wireprotocolrpc, Frames"
    testable: "yes"
  - id: FRAME-004
    revisions: ["0006"]
    role: sender
    level: must-not
    text: >-
      Two lines
      of text.
    source: here
    testable: "no"
    why-not: "nobody sees it"
"""
_HEAD: Final = b"""format: 1
suite: fuzz
title: What is fuzzed
"""
_EXAMPLES: Final = (
    _HEAD
    + b"""layer: server
revisions: {features: [cbor-requests]}
cases:
  - id: one-case
    rev: 1
    title: It runs
    level: must
    requirements: [FRAME-001]
    deviations: []
    source: by hand
    comment: why
    setup: {defer-output: true}
    chunkings: [frame, whole, byte]
    steps:
      - receive: ["1 1 stream-begin command-request new|have-data cbor:{b'name': b'c'}"]
        expect: [{want-frame: {}}]
      - receive: [{frame: "1 1 0 command-data eos x", repeat: [{hex: "61", times: 4}]}]
        expect: [{run-command: {request: 1, command: "c", args: {}, data: {hex: "786161"}, redirect: null}}]
      - respond: {request: 1, objects: [{map: [[1, {int: "9007199254740993"}]]}, {set: [1]}, {text: "t"}]}
        any-of: [[{send-frames: ["1 2 stream-begin command-response eos x"]}], []]
      - fail: {request: 1, kind: command, message: "m", args: ["a"]}
        never: [raised, run-command]
      - receive-hex: ["0000000100010110"]
        expect: [{error: {code: bad-flags, also: [unexpected-frame], message: "m"}}]
      - end-input:
        expect: [{noop: {}}]
""",
    _HEAD
    + b"""layer: client
revisions: ["0006", "0005"]
cases:
  - id: a-client
    rev: 2
    title: It calls
    level: unspecified
    requirements: []
    source: fuzz:0123
    disputed: nobody knows
    steps:
      - call: {command: "c", args: {k: 1}, data: "d"}
        expect: []
      - flush:
        expect: [{send-frames: ["1 1 0 command-request new cbor:{b'name': b'c'}"]}]
      - receive: ["1 2 stream-begin text-output 0 cbor:[{b'msg': b'foo'}]"]
        expect: [{text-output: {request: 1, atoms: [{msg: "foo\\n"}]}}]
      - request-state: {request: 1}
        expect: [{request-state: {request: 1, state: sent}}]
""",
    _HEAD
    + b"""layer: codec
revisions: ["0001"]
cases:
  - {id: c, rev: 1, title: t, level: may, requirements: [FRAME-001], source: by hand, steps: [
      {receive: ["command-name eos x"], expect: [{frame: {type: 1, flags: 1, payload: "x"}}]},
      {encode: {type: 1, flags: 17, payload: {hex: ""}}, expect: [{refused: {}}]}]}
""",
    _CATALOGUE,
)
_WORDS: Final = (
    b"receive: ",
    b"receive-hex: ",
    b"end-input:",
    b"respond: ",
    b"fail: ",
    b"call: ",
    b"flush:",
    b"sent: ",
    b"encode: ",
    b"text-output: ",
    b"progress: ",
    b"request-state: ",
    b"expect: ",
    b"any-of: ",
    b"never: ",
    b"setup: ",
    b"chunkings: ",
    b"revisions: ",
    b"features: ",
    b"since: ",
    b"except: ",
    b"level: ",
    b"requirements: ",
    b"deviations: ",
    b"tier: ",
    b"redirect: ",
    b"objects: ",
    b"data: ",
    b"last: true",
    b"stream: 4",
    b"unsent: true",
    b"after: ",
    b"{hex: ",
    b"{ascii: ",
    b"{text: ",
    b"{int: ",
    b"{map: ",
    b"{set: ",
    b"{tag: ",
    b"{float: ",
    b"repeat: ",
    b"times: 16777216",
    b"times: 99999",
    b"server",
    b"client",
    b"codec",
    b"http",
    b"must",
    b"should",
    b"FRAME-001",
    b"FRAME-999",
    b"D1",
    b"[raised]",
    b"null",
    b"cbor:",
    b"hex:",
    b"- ",
    b"? ",
    b"&a ",
    b"*a",
    b"!!set ",
    b"|\n",
    b">-\n",
    b"---\n",
    b"#",
    b'"',
    b"'",
    b"{",
    b"}",
    b"[",
    b"]",
    b", ",
    b": ",
    b'"0006"',
    b"1e3",
    b"0x1",
    b"no",
    b"12:30",
    b'"\\x00"',
    b'"\\ud800"',
)
_CHANGES: Final = TextChanges(
    _EXAMPLES, _WORDS, [(b"[", b"]"), (b"{a: ", b"}"), (b"- ", b""), (b"{map: [[1, ", b"]]}")]
)


def make_check(directory: Path) -> Check:
    """Make what is driven.

    Args:
        directory: a place of its own for the file of each input; the loader takes files.
    """
    suites = directory / "suites"
    suites.mkdir()
    (directory / "requirements.yaml").write_bytes(_CATALOGUE)
    file = suites / "fuzz.yaml"

    def check_octets(value: FuzzInput, notes: list[Feature]) -> None:
        body = body_of(value)
        if value.options.answer_plan is Answers.MIXED:
            _check_catalogue(body, notes)
            return
        file.write_bytes(body)
        try:
            cases = load_suites([file])
        except SuiteError as error:
            check_problems(error, str(file), body, notes)
            return
        for case in cases[:4]:
            verbs = tuple(step.verb.value for step in case.steps[:3])
            notes.append(("case", case.revision, case.layer.value, case.level.value, verbs))
        for case in cases:
            for item in items(case):
                item_message(case, item.chunking)
        compiled = compile_cases(cases)
        if compile_cases(load_compiled(compiled)) != compiled:
            object_to("round-trip", "compiled", "cases", "compiled cases are loaded as something else")

    return check_octets


def _check_catalogue(body: bytes, notes: list[Feature]) -> None:
    try:
        catalogue = read_requirements(body, "requirements.yaml")
    except SuiteError as error:
        check_problems(error, "requirements.yaml", body, notes)
        return
    notes.append(("catalogue", len(catalogue.entries)))


def _open(_locator: str, guards: Guards) -> tuple[Attached, Target]:
    directory = tempfile.TemporaryDirectory(prefix="hgframing-fuzz-")
    atexit.register(directory.cleanup)
    names = (
        "_suites",
        "_suite_model",
        "_suite_cases",
        "_suite_steps",
        "_steps",
        "_yaml",
        "_requirements",
        "_compiled",
    )
    more = ("_actions", "_fields", "_forms", "_frame_forms", "_values", "_select", "_messages")
    own = OwnCode(*(f"hgframing_conformance.{name}" for name in (*names, *more)))
    return own, CodeTarget("suite-yaml", make_check(Path(directory.name)), own.code, guards)


def _make_mutator(_codes: tuple[int, ...], rng: Random) -> InputMaker:
    return OctetMaker((0,), rng, _CHANGES.make, _CHANGES.change)


def _seeds() -> tuple[bytes, ...]:
    return tuple(
        encode_input(with_body(Options(answers=Answers.MIXED if text is _CATALOGUE else 0), text))
        for text in _EXAMPLES
    )


SPEC: Final = TargetSpec(
    name="suite-yaml",
    summary="the loader of suites and of the catalogue of requirements, driven by any octets",
    open=_open,
    make_mutator=_make_mutator,
    takes_implementation=False,
    form=Form.OCTETS,
    seeds=_seeds,
    dictionary=_WORDS,
)


if __name__ == "__main__":
    sys.exit(main(SPEC, sys.argv))
