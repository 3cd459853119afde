"""`hgframing generate --reduce`: what a matrix says about generated cases, put down for good."""

from __future__ import annotations

import collections

from collections.abc import Sequence
from pathlib import Path

import click

from hgframing_conformance._cases import Tier
from hgframing_conformance._generated_cases import render_generated_cases
from hgframing_conformance._matrix import read_matrix
from hgframing_conformance._reduction import find_duplicates, generator_of, read_release
from hgframing_conformance._suites import load_suites


__all__ = ["reduce"]


def reduce(root: Path, matrix: Path, releases: Sequence[Path]) -> str:
    """Find the generated cases that say nothing new, and say how many there are.

    Args:
        root: the directory with `suites`.
        matrix: the file of `hgframing strength --matrix`.
        releases: files of `hgframing check --jsonl`.

    Returns:
        The text of `generated.yaml`.

    Raises:
        MatrixError: a file is not what it should be.
        SuiteError: something is wrong with the vectors.
    """
    cases = load_suites([root / "suites"], tiers=frozenset(Tier))
    read = read_matrix(matrix)
    found = find_duplicates(cases, read, [read_release(path) for path in releases])
    alike = collections.Counter(duplicate.generator for duplicate in found)
    every = collections.Counter(
        {case.id: generator_of(case) for case in cases if generator_of(case)}.values()
    )
    for generator, count in sorted(every.items()):
        click.echo(f"{generator}: {count} cases, {alike[generator]} of them like another one")
    click.echo(f"{every.total() - alike.total()} of {every.total()} generated cases are distinct")
    asked = {name.partition("@")[0] for name in read.items}
    unknown = {case.id for case in cases if generator_of(case)} - asked
    if unknown:
        click.echo(
            f"{len(unknown)} of them, {min(unknown)} for instance, are not in {matrix}: nobody measured them"
        )
    return render_generated_cases(found)
