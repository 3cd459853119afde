"""`hgframing generate --reduce`: what a matrix says about generated cases, put down for good."""

from __future__ import annotations

import collections

from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from hgframing_conformance._cases import Tier
from hgframing_conformance._generated_cases import FILE, read_generated_cases, write_generated_cases
from hgframing_conformance._matrix import read_matrix
from hgframing_conformance._reduction import Duplicate, find_duplicates, read_release
from hgframing_conformance._suites import load_suites


__all__ = ["reduce"]


def reduce(
    root: Path, matrix: Path, releases: Sequence[Path], *, dry_run: bool = False
) -> tuple[Duplicate, ...]:
    """Drop the generated cases that say nothing new, and retire their ids.

    Args:
        root: the directory with `suites`, `ids.txt` and the file of generated cases.
        matrix: the file of `hgframing strength --matrix`.
        releases: files of `hgframing check --jsonl`.
        dry_run: write nothing; say what would be dropped.

    Returns:
        What was dropped. The suites are not written; `hgframing generate` does that.

    Raises:
        MatrixError: a file is not what it should be.
        SuiteError: something is wrong with the vectors.
    """
    cases = load_suites([root / "suites"], tiers=frozenset(Tier))
    found = find_duplicates(cases, read_matrix(matrix), [read_release(path) for path in releases])
    if not dry_run:
        file = root / FILE
        write_generated_cases(file, read_generated_cases(file).drop(found))
        _retire(root / "ids.txt", found)
    for duplicate in found:
        click.echo(f"{duplicate.id}: notices what {duplicate.like} notices")
    counts = collections.Counter(duplicate.generator for duplicate in found)
    said = ", ".join(f"{count} of {generator}" for generator, count in sorted(counts.items()))
    click.echo(f"{len(found)} cases dropped{f': {said}' if found else ''}")
    return found


def _retire(file: Path, duplicates: Iterable[Duplicate]) -> None:
    """Write after each registered id that is dropped why it went; the file only grows."""
    likes = {duplicate.id: duplicate.like for duplicate in duplicates}
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    retired = [
        f"{line} retired: says no more than {likes[line]}" if line in likes else line for line in lines
    ]
    if retired != lines:
        file.write_text("\n".join(retired) + "\n", encoding="utf-8")
