"""A small directory of vectors for the tests of what authors use."""

from __future__ import annotations

from pathlib import Path


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
