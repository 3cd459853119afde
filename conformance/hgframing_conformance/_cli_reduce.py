"""`hgframing generate --reduce` and `--core`: what a matrix says about generated cases, put down for good."""

from __future__ import annotations

import collections
import dataclasses
import json

from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import click

from hgframing_conformance._cases import Case, Tier
from hgframing_conformance._core import Choice, choose_core
from hgframing_conformance._generated_cases import FILE, read_generated_cases, write_generated_cases
from hgframing_conformance._matrix import MatrixError, read_matrix
from hgframing_conformance._reduction import Duplicate, find_duplicates, generator_of, read_release
from hgframing_conformance._suites import load_suites
from hgframing_conformance._timings import time_cases
from hgframing_conformance._trial import Status


__all__ = ["choose", "reduce"]

#: The part of the time of all cases that the core tier may take.
SHARE: Final = 0.1
#: And what generated cases may take in any case.
_LEAST: Final = 0.02


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


def choose(
    root: Path, matrix: Path, known: Path | None, *, share: float = SHARE, dry_run: bool = False
) -> Choice:
    """Choose the generated cases of the core tier.

    Args:
        root: the directory with `suites` and the file of generated cases.
        matrix: the file of `hgframing strength --matrix`, of the generated cases or of all.
        known: the file of `hgframing strength --state`, in which the faults count that cases of people noticed; None:
            the matrix has these cases too.
        share: the part of the time of all cases that the core tier may take; generated cases may have a fiftieth of the
            time in any case.
        dry_run: write nothing; say how much the choice would notice.

    Returns:
        The choice. The suites are not written; `hgframing generate` does that.

    Raises:
        MatrixError: a file is not what it should be.
        SuiteError: something is wrong with the vectors.
    """
    cases = load_suites([root / "suites"], tiers=frozenset(Tier))
    read = read_matrix(matrix)
    noticed = read.noticed(gating=False)
    written = {_name(case) for case in cases if not generator_of(case) and case.tier is Tier.CORE}
    found = {mutant for case, mutants in noticed.items() if case in written for mutant in mutants}
    found |= set(read.lost()) | (_killed(known, written) if known is not None else set())
    candidates, generators = _candidates(cases, noticed)
    seconds = time_cases(cases)
    total, fixed = sum(seconds.values()), sum(seconds[name] for name in written)
    of_id: dict[str, float] = dict.fromkeys(candidates, 0.0)
    for case in cases:
        if case.id in of_id:
            of_id[case.id] += seconds[_name(case)]
    choice = choose_core(candidates, of_id, found, budget=max(_LEAST * total, share * total - fixed))
    core = {generator: frozenset[str]() for generator in generators.values()}
    for case_id in choice.ids:
        core[generators[case_id]] |= {case_id}
    if not dry_run:
        file = root / FILE
        write_generated_cases(file, dataclasses.replace(read_generated_cases(file), core=core))
    click.echo(
        f"{len(choice.ids)} of {len(candidates)} generated cases are core; with what people wrote they notice"
        f" {choice.share:.1%} of {choice.all} faults, in {(fixed + choice.seconds) / total:.1%} of the time"
    )
    return choice


def _name(case: Case) -> str:
    return f"{case.id}@{case.revision}"


def _candidates(
    cases: Iterable[Case], noticed: Mapping[str, set[str]]
) -> tuple[dict[str, frozenset[str]], dict[str, str]]:
    """Find the generated cases of the matrix by id: the faults of all their revisions, and their generators."""
    faults: dict[str, set[str]] = {}
    generators = {}
    for case in cases:
        if generator_of(case) and _name(case) in noticed:
            faults.setdefault(case.id, set()).update(noticed[_name(case)])
            generators[case.id] = generator_of(case)
    return {case_id: frozenset(found) for case_id, found in faults.items()}, generators


def _killed(path: Path, written: Container[str]) -> set[str]:
    """Read which mutants a state says were noticed by certain cases, or by whatever runs them, because they died."""
    found = set()
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            said = json.loads(line)
            if "status" in said and Status(said["status"]).is_noticed:
                item = said.get("item", "")
                if not item or item.partition("[")[0] in written:
                    found.add(said["mutant"])
    except (OSError, ValueError, KeyError) as error:
        raise MatrixError(f"{path}: this is no state of a measurement: {error}") from None
    return found
