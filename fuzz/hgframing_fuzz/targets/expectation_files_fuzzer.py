"""The target `expectation-files`: what the reader of expectation files does with any octets.

As a script it is a libFuzzer target: with atheris, `python expectation_files_fuzzer.py CORPUS
-max_total_time=60` fuzzes and stops at the first finding, as engines such as OSS-Fuzz expect; files as
arguments are replayed, with atheris or without. For campaigns, which go on after a finding, use
`hgframing-fuzz run`.

    refused      they are a file, or an `ExpectationError` whose problems help its author (`_problems_oracle`)
    round-trip   what was read is written anew, and read back as the same
    usable       what was read answers for the items of a real case without an exception
"""

from __future__ import annotations

import datetime as dt
import functools
import sys

from pathlib import Path
from random import Random
from typing import Final

import hgframing_vectors

from hgframing_conformance._expectation_writing import render
from hgframing_conformance._expectations import ExpectationError, parse_expectations
from hgframing_conformance._messages import Hello
from hgframing_conformance._select import Item, items
from hgframing_conformance._suites import load_suites
from hgframing_fuzz._code_target import CodeTarget, object_to
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import Form, FuzzInput, InputMaker, Options, body_of, encode_input, with_body
from hgframing_fuzz._octets import OctetMaker, TextChanges
from hgframing_fuzz._outcome import Feature, Target
from hgframing_fuzz._problems_oracle import check_problems
from hgframing_fuzz._script import main
from hgframing_fuzz._spec import TargetSpec
from hgframing_fuzz._subjects import Attached, OwnCode


__all__ = ["SPEC", "check_file"]

_FILE: Final = "known.yaml"
_EXAMPLES: Final = (
    b"""# Known failures of an implementation.
format: 1
implementation: hgframing
capabilities: {error-codes: true, steps: [receive, end-input], encodings: [identity, zlib]}
entries:
  - cases: ["server-data-*", "client-text@0006[byte]"]
    matches: 3
    outcome: failed
    reason: "the text says otherwise: D12"
    deviations: [D12, D7]
    issue: https://example.org/1
    expires: "2030-01-31"
  - {cases: ["*"], matches: 1, outcome: raised, reason: it raises}
""",
    b"format: 1\nimplementation: x\nentries: []\n",
)
_WORDS: Final = (
    b"format: 1",
    b"implementation: ",
    b"capabilities:",
    b"entries:",
    b"cases: ",
    b"matches: ",
    b"outcome: ",
    b"reason: ",
    b"deviations: ",
    b"issue: ",
    b"expires: ",
    b"failed",
    b"forbidden",
    b"raised",
    b"chunk-variant",
    b"crashed",
    b"timed-out",
    b"bad-reply",
    b'"2026-02-30"',
    b'"20260101"',
    b'"2026-W01-1"',
    b"steps",
    b"encodings",
    b"layers",
    b"revisions",
    b"error-codes",
    b"setup",
    b"chunking",
    b'"*"',
    b'"?"',
    b'"[byte]"',
    b"null",
    b"true",
    b"1.5",
    b"- ",
    b": ",
    b"? ",
    b"&a ",
    b"*a",
    b"!!binary ",
    b"|\n",
    b">-\n",
    b"---\n",
    b"...\n",
    b"%YAML 1.1\n",
    b"#",
    b'"',
    b"'",
    b"{",
    b"}",
    b"[",
    b"]",
    b", ",
    b"<<: ",
)
_CHANGES: Final = TextChanges(_EXAMPLES, _WORDS, [(b"[", b"]"), (b"{a: ", b"}"), (b"- ", b""), (b"? ", b"")])
_HELLO: Final = Hello(
    protocol=1, name="hgframing", version="1", language="python", revisions=["0006"], layers=[]
)
_TODAY: Final = dt.date(2026, 1, 1)


def check_file(value: FuzzInput, notes: list[Feature]) -> None:
    """Read octets as an expectation file."""
    body = body_of(value)
    try:
        read = parse_expectations(body, _FILE)
    except ExpectationError as error:
        check_problems(error, _FILE, body, notes)
        return
    entries = read.content.entries
    notes.append(
        ("read", min(len(entries), 3), tuple(sorted(read.content.capabilities))[:4], bool(read.header))
    )
    problems = read.problems(_some_items(), _HELLO, _TODAY)
    notes.append(("problems", min(len(problems), 9)))
    written = render(read.content, read.header)
    again = parse_expectations(written.encode(), _FILE)
    if again.content != read.content:
        object_to("round-trip", "render", "content", "what was written is read back as something else")
    if again.header != read.header:
        object_to("round-trip", "render", "header", f"{read.header!r:.80} became {again.header!r:.80}")


@functools.cache
def _some_items() -> tuple[Item, ...]:
    """The items of one real case in one revision; to load all suites would take seconds."""
    file = min(hgframing_vectors.suite_files().items())[1]
    return items(load_suites([Path(str(file))])[0])


def _open(_locator: str, guards: Guards) -> tuple[Attached, Target]:
    _some_items()
    own = OwnCode(
        "hgframing_conformance._expectations",
        "hgframing_conformance._expectation_writing",
        "hgframing_conformance._suite_model",
        "hgframing_conformance._yaml",
        "hgframing_conformance._globs",
    )
    return own, CodeTarget("expectation-files", check_file, own.code, guards)


def _make_mutator(_codes: tuple[int, ...], rng: Random) -> InputMaker:
    return OctetMaker((0,), rng, _CHANGES.make, _CHANGES.change)


def _seeds() -> tuple[bytes, ...]:
    return tuple(encode_input(with_body(Options(), text)) for text in _EXAMPLES)


SPEC: Final = TargetSpec(
    name="expectation-files",
    summary="the reader of expectation files, driven by any octets",
    open=_open,
    make_mutator=_make_mutator,
    takes_implementation=False,
    form=Form.OCTETS,
    seeds=_seeds,
    dictionary=_WORDS,
)


if __name__ == "__main__":
    sys.exit(main(SPEC, sys.argv))
