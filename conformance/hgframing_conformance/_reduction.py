"""Which generated cases say nothing that another one does not say (`hgframing generate --reduce`).

Two generated cases are the same to whoever runs them if they demand the same things, the requirements that they name
and their level; if they notice the same faults, each revision for itself, and gate because of the same; and if every
release that was checked fares the same with both. One of them is enough: the shortest, unless one is of the core tier.

A case of the core tier says what a generator put there for its own sake: a transition, as others say a requirement. It
is like no other.
"""

from __future__ import annotations

import collections
import dataclasses
import json

from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from hgframing_conformance._cases import Case, Tier
from hgframing_conformance._matrix import Matrix, MatrixError


__all__ = ["Duplicate", "find_duplicates", "generator_of", "read_release"]

_SOURCE: Final = "generated:"

#: What became of each item of a case, by id, in the order of a run.
Release = Mapping[str, tuple[str, ...]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """A case that says nothing new.

    Attributes:
        generator: what made it.
        id: its id.
        like: the id of the case that says the same, and speaks for it.
    """

    generator: str
    id: str
    like: str


def generator_of(case: Case) -> str:
    """Return the name of the generator that made a case; empty: a person did, or fuzzing."""
    return case.source.removeprefix(_SOURCE) if case.source.startswith(_SOURCE) else ""


def read_release(path: Path) -> Release:
    """Read what a release did: the JSON lines of `hgframing check --jsonl`.

    Raises:
        MatrixError: the file is something else.
    """
    found: dict[str, list[str]] = collections.defaultdict(list)
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            if event["event"] == "item":
                found[event["id"]].append(f"{event['revision']} {event['chunking']} {event['outcome']}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MatrixError(f"{path}: these are no JSON lines of a check: {error}") from None
    return {case_id: tuple(outcomes) for case_id, outcomes in found.items()}


def find_duplicates(
    cases: Iterable[Case], matrix: Matrix, releases: Sequence[Release]
) -> tuple[Duplicate, ...]:
    """Find the generated cases that say nothing new.

    Args:
        cases: all cases of the suites, one for each revision.
        matrix: who notices which fault. A case that is not in it is like no other: nobody knows what it is good for.
        releases: what each release did. A case that one of them was not asked is like no other either.

    Returns:
        Duplicates in the order of their ids.
    """
    noticed, gating = matrix.noticed(gating=False), matrix.noticed(gating=True)
    by_id: dict[str, list[Case]] = collections.defaultdict(list)
    for case in cases:
        if generator_of(case):
            by_id[case.id].append(case)
    alike: dict[Hashable, list[list[Case]]] = collections.defaultdict(list)
    for case_id, versions in by_id.items():
        names = [f"{case.id}@{case.revision}" for case in versions]
        if not all(name in noticed for name in names) or not all(case_id in run for run in releases):
            continue
        first = versions[0]
        faults = tuple(
            (case.revision, frozenset(noticed[name]), frozenset(gating[name]))
            for case, name in zip(versions, names, strict=True)
        )
        demands = (first.layer, first.level, first.requirements, first.violates, first.deviations)
        alike[demands, faults, tuple(run[case_id] for run in releases)].append(versions)
    found = []
    for group in alike.values():
        kept, *others = sorted(group, key=_length)
        found += [
            Duplicate(generator=generator_of(other[0]), id=other[0].id, like=kept[0].id)
            for other in others
            if other[0].tier is not Tier.CORE
        ]
    return tuple(sorted(found, key=lambda duplicate: duplicate.id))


def _length(versions: Sequence[Case]) -> tuple[bool, int, int, str]:
    first = versions[0]
    octets = sum(len(octets) for step in first.steps for octets in step.octets)
    return first.tier is not Tier.CORE, len(first.steps), octets, first.id
