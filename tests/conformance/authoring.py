"""A small directory of vectors for the tests of what authors use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hgframing_conformance._cases import Case
from hgframing_conformance._suite_writing import write_suite
from hgframing_conformance._suites import load_suites


SUITE = """\
format: 1
suite: server/small
title: Small
layer: server
revisions: ["0006"]
cases:
  - id: server-first
    rev: 1
    title: One
    level: must
    requirements: [REQ-005]
    source: by hand
    steps:
      - receive: ["1 1 stream-begin command-request new cbor:{b'name': b'first'}"]
        expect: [{run-command: {request: 1, command: "first"}}]
  - id: server-second
    title: Two
    level: must
    requirements: [REQ-005]
    source: by hand
    steps:
      - receive: ["1 1 stream-begin command-request new cbor:{b'name': b'second'}"]
        expect: [{run-command: {request: 1, command: "second"}}]
"""


def make_vectors(directory: Path) -> Path:
    """Write a directory with two registered cases; returns the suite's file."""
    file = directory / "suites" / "server" / "small.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(SUITE)
    (directory / "ids.txt").write_text("server-first\nserver-second\n")
    return file


def read_cases(suite: dict[str, Any], directory: Path) -> Sequence[Case]:
    """Write a generated suite and read it back; the cases in their order."""
    cases = [{key: value for key, value in case.items() if key != "why"} for case in suite["cases"]]
    file = directory / "suites" / f"{suite['suite']}.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(write_suite({**suite, "cases": cases}, "header"))
    (directory / "ids.txt").write_text("".join(f"{case['id']}\n" for case in cases))
    return tuple(load_suites([file]))
