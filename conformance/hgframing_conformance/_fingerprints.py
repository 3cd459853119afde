"""Has a case changed? The record of what each case meant when its `rev` was last raised, `revs.txt`.

People keep lists of cases that are known to fail. A case whose octets or expectation change under them must say so by
its `rev`, so each line holds an id, the `rev`, and a digest of everything that decides the verdict:

    server-data-after-request 1 9f86d081884c7d65

Title, comment, requirements and level are not part of it: they explain a verdict, they do not make one.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from hgframing_conformance._cases import Case, Level, Tier
from hgframing_conformance._compiled import compile_cases
from hgframing_conformance._problems import Problem


__all__ = ["Record", "fingerprint", "group_by_id", "read_records", "write_records"]

_LINE: Final = re.compile(r"(?P<id>[a-z0-9-]+) (?P<rev>[1-9][0-9]*) (?P<digest>[0-9a-f]{16})\Z")
_DIGITS: Final = 16


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is recorded of one id."""

    rev: int
    digest: str


def group_by_id(cases: Iterable[Case]) -> dict[str, list[Case]]:
    """Bring the revisions of each case together, in the order of the suites."""
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(case.id, []).append(case)
    return groups


def fingerprint(cases: Iterable[Case]) -> str:
    """Digest what decides the verdict of one case, over all revisions that it applies to.

    Args:
        cases: those of one id.

    Returns:
        Sixteen hex digits.
    """
    decisive = [
        msgspec.structs.replace(
            case,
            rev=0,
            title="",
            suite="",
            level=Level.MAY,
            requirements=(),
            violates=(),
            deviations=(),
            source="",
            comment="",
            disputed="",
            tier=Tier.CORE,
            file="",
            line=0,
            steps=tuple(msgspec.structs.replace(step, notation=(), line=0) for step in case.steps),
        )
        for case in cases
    ]
    return hashlib.sha256(compile_cases(decisive)).hexdigest()[:_DIGITS]


def read_records(text: str, file: str) -> tuple[dict[str, Record], list[Problem]]:
    """Read `revs.txt`; empty lines and lines that begin with `#` are for people.

    Args:
        text: the file.
        file: how problems name it.

    Returns:
        The records by id, and the lines that cannot be read.
    """
    records: dict[str, Record] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        entry = _LINE.match(line)
        if entry is None:
            problems.append(Problem(file, number, f"this is no record: {line!r}", "run `hgframing register`"))
        else:
            records[entry["id"]] = Record(rev=int(entry["rev"]), digest=entry["digest"])
    return records, problems


def write_records(records: Mapping[str, Record]) -> str:
    """Write `revs.txt`, sorted by id."""
    lines = [f"{case_id} {record.rev} {record.digest}\n" for case_id, record in sorted(records.items())]
    head = "# id, rev and digest of every case; written by `hgframing register`, do not edit.\n"
    return head + "".join(lines)
