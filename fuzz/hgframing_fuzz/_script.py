"""What a target does when it is started as a script: a libFuzzer target, or a replay.

Other engines (OSS-Fuzz, ClusterFuzzLite, libFuzzer's own tools) expect a program that takes libFuzzer's
arguments and dies at the first finding. Without atheris, files and directories of files are replayed, which
is what such an engine does to reproduce a finding.
"""

from __future__ import annotations

import importlib.util
import os
import sys

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

from hgframing_conformance.errors import ConformanceError
from hgframing_fuzz._atheris_engine import SLOWDOWN, fuzz
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._outcome import Finding, Outcome, run
from hgframing_fuzz._spec import BoundTarget, TargetSpec


__all__ = ["IMPLEMENTATION_VARIABLE", "FindingError", "main"]

#: Names another implementation than the reference.
IMPLEMENTATION_VARIABLE: Final = "HGFRAMING_FUZZ_IMPLEMENTATION"


class FindingError(Exception):
    """A finding, raised to make libFuzzer stop and keep the input."""


def _refuse(octets: bytes, outcome: Outcome) -> None:
    """Raise for a finding."""
    finding = outcome.finding
    if finding is not None:
        raise FindingError(f"{_say(finding)} ({len(octets)} octets)\n{finding.explain()}")


def _say(finding: Finding) -> str:
    return f"{finding.kind} in {finding.where} at {finding.line}: {finding.message}"


def main(spec: TargetSpec, argv: Sequence[str]) -> int:
    """Run a target as a program.

    Args:
        spec: the target.
        argv: the program's name, then libFuzzer's arguments, or files to replay.

    Returns:
        The exit status of a replay: 0 nothing found, 1 something, 2 wrong usage. With atheris and no files
        alone, the process ends inside of libFuzzer.
    """
    program, *arguments = argv
    locator = os.environ.get(IMPLEMENTATION_VARIABLE, "reference")
    has_atheris = importlib.util.find_spec("atheris") is not None
    guards = Guards(slowdown=SLOWDOWN if has_atheris else 1.0)
    try:
        bound = spec.bind(locator, guards)
    except ConformanceError as error:
        print(error, file=sys.stderr)  # noqa: T201 -- a script
        return 2
    with guards:
        if has_atheris:
            rng = Random(0)  # noqa: S311 -- not a secret
            fuzz(bound, rng, program=program, arguments=arguments, judge=_refuse)
            return 0
        return _replay(bound, arguments)


def _replay(bound: BoundTarget, arguments: Sequence[str]) -> int:
    """Run the files that are named, and those in directories that are."""
    paths = [Path(argument) for argument in arguments if not argument.startswith("-")]
    files = [file for path in paths for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    if not files:
        print("without atheris, name files or directories to replay", file=sys.stderr)  # noqa: T201 -- a script
        return 2
    found = 0
    for file in files:
        try:
            octets = file.read_bytes()
        except OSError as error:
            print(f"{file}: {error.strerror}", file=sys.stderr)  # noqa: T201 -- a script
            return 2
        finding = run(bound.target, octets).finding
        if finding is not None:
            found += 1
            print(f"{file}: {_say(finding)}")  # noqa: T201 -- a script
    print(f"{len(files)} inputs, {found} findings")  # noqa: T201 -- a script
    return 1 if found else 0
