"""The command line in this process, and a small suite for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hgframing_conformance import cli

from .cases import animal


SUITE = """\
format: 1
suite: codec/zoo
title: Small cases
layer: codec
revisions: ["0006"]
cases:
  - id: zoo-first
    rev: 1
    title: A frame is decoded
    level: must
    requirements: [FRAME-001]
    source: by hand
    chunkings: [frame]
    steps:
      - receive: ["1 1 0 command-data eos one"]
        expect: [{frame: "1 1 0 command-data eos one"}]
  - id: zoo-second
    rev: 1
    title: A frame that bites is decoded
    level: must
    requirements: [FRAME-001]
    source: by hand
    chunkings: [frame]
    steps:
      - receive: ["1 1 0 command-data eos bite"]
        expect: [{frame: "1 1 0 command-data eos bite"}]
"""


def write_suite(directory: Path, text: str = SUITE) -> str:
    """Write the suite where a suite of its name stands, and return its path."""
    path = directory / "suites" / "codec" / "zoo.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def run(*arguments: str) -> int:
    """Run the command line in this process and return its exit code."""
    with pytest.raises(SystemExit) as caught:
        cli.main(list(arguments))
    assert isinstance(caught.value.code, int)
    return caught.value.code


def check(kind: str, suites: str, *more: str) -> int:
    """Check an animal with the small suite."""
    return run("check", f"exec:{animal(kind)}", "--suites", suites, *more)
