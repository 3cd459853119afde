"""Raises the `rev` of cases that changed, in their files and in the record."""

from __future__ import annotations

import dataclasses
import re

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from hgframing_conformance._cases import Case
from hgframing_conformance._fingerprints import Record, fingerprint, group_by_id
from hgframing_conformance._problems import Problem


__all__ = ["Change", "find_changes", "problems_of", "raise_revs"]

_REV: Final = re.compile(r"(?P<indent>\s+)rev: (?P<rev>[0-9]+)\s*\Z")
_NEXT_CASE: Final = re.compile(r"\s*- id:")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A case whose record is not what it should be.

    Attributes:
        case: one of the case's revisions.
        digest: of what the case means now.
        rev: what its `rev` has to be.
        known: whether it had a record.
    """

    case: Case
    digest: str
    rev: int
    known: bool


def find_changes(cases: Iterable[Case], records: Mapping[str, Record]) -> tuple[Change, ...]:
    """Compare cases with what is recorded of them.

    A case that means something else than its record needs a higher `rev`; a new one needs a record.
    """
    changes = []
    for case_id, group in group_by_id(cases).items():
        case = group[0]
        record = records.get(case_id)
        digest = fingerprint(group)
        if record is None:
            changes.append(Change(case=case, digest=digest, rev=case.rev, known=False))
        elif digest != record.digest:
            changes.append(Change(case=case, digest=digest, rev=max(case.rev, record.rev + 1), known=True))
        elif case.rev != record.rev:
            changes.append(Change(case=case, digest=digest, rev=record.rev, known=True))
    return tuple(changes)


def problems_of(changes: Iterable[Change]) -> tuple[Problem, ...]:
    """Say of each change what is wrong, with file and line."""
    problems = []
    for change in changes:
        case = change.case
        if not change.known:
            message = f"{case.id} has no record"
        elif case.rev < change.rev:
            message = f"{case.id} changed, but its rev is still {case.rev}"
        elif case.rev > change.rev:
            message = f"{case.id} has rev {case.rev}, but did not change since rev {change.rev}"
        else:
            message = f"{case.id} changed, and its record did not"
        problems.append(Problem(case.file, case.line, message, "run `hgframing register`"))
    return tuple(problems)


def raise_revs(changes: Iterable[Change], root: Path) -> tuple[str, ...]:
    """Write the right `rev` into the files of the cases that have another.

    Args:
        changes: as `find_changes` returns them.
        root: the directory that holds `suites`.

    Returns:
        The ids whose files were touched.
    """
    touched = []
    for change in changes:
        if change.case.rev != change.rev:
            file = root / "suites" / f"{change.case.suite}.yaml"
            lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
            _set_rev(lines, change.case.id, change.rev)
            file.write_text("".join(lines), encoding="utf-8")
            touched.append(change.case.id)
    return tuple(touched)


def _set_rev(lines: list[str], case_id: str, rev: int) -> None:
    start = next(index for index, line in enumerate(lines) if line.strip() == f"- id: {case_id}")
    for index in range(start + 1, len(lines)):
        if _NEXT_CASE.match(lines[index]):
            break
        if match := _REV.match(lines[index]):
            lines[index] = f"{match['indent']}rev: {rev}\n"
            return
    indent = " " * (lines[start].index("- id:") + 2)
    lines.insert(start + 1, f"{indent}rev: {rev}\n")
