"""What the vectors cover: requirement by revision, transition, deviation.

A requirement is covered in a revision by a case that conforms to it and, where the peer can break it, by one that
violates it (`violates`). A transition is covered by a case whose frames take it (`_walk`).
"""

from __future__ import annotations

import dataclasses
import enum

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from hgframing import REVISIONS, ClientRequestState, LocalInput, Revision
from hgframing_conformance._cases import Case
from hgframing_conformance._deviations import load_deviations
from hgframing_conformance._requirements import Catalogue, Decidability, Requirement, RequirementLevel
from hgframing_conformance._transitions import reachable_transitions
from hgframing_conformance._walk import Transition, walk


__all__ = ["Coverage", "RequirementRow", "as_json", "measure"]

_BINDING: Final = frozenset(
    {
        RequirementLevel.MUST,
        RequirementLevel.MUST_NOT,
        RequirementLevel.MUST_ONLY,
        RequirementLevel.DEFINITION,
        RequirementLevel.IMPLIED,
    }
)


class _Part(enum.Enum):
    CONFORMING = enum.auto()
    VIOLATING = enum.auto()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RequirementRow:
    """One requirement in one revision, and the ids of the cases that decide it."""

    requirement: Requirement
    revision: str
    conforming: tuple[str, ...]
    violating: tuple[str, ...]

    @property
    def is_hole(self) -> bool:
        """Whether vectors decide it, the text demands it, and no case does."""
        return (
            self.requirement.testable is Decidability.YES
            and self.requirement.level in _BINDING
            and not self.conforming
            and not self.violating
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The three tables, each with its holes left in."""

    requirements: tuple[RequirementRow, ...]
    transitions: Mapping[str, Mapping[Transition, tuple[str, ...]]]
    deviations: Mapping[str, tuple[str, ...]]

    def holes(self) -> tuple[str, ...]:
        """Say, a line each, what should be covered and is not."""
        rows = [
            f"{row.requirement.id} in {row.revision}: no case" for row in self.requirements if row.is_hole
        ]
        rows += [
            f"{' '.join(transition).lower()} in {revision}: no case"
            for revision, table in self.transitions.items()
            for transition, cases in table.items()
            if not cases
        ]
        return tuple(rows)


def measure(cases: Iterable[Case], catalogue: Catalogue) -> Coverage:
    """Measure what cases cover."""
    cases = tuple(cases)
    return Coverage(
        requirements=tuple(_requirement_rows(cases, catalogue)),
        transitions=_transition_tables(cases),
        deviations=_deviation_table(cases),
    )


def _requirement_rows(cases: tuple[Case, ...], catalogue: Catalogue) -> Iterator[RequirementRow]:
    found: dict[tuple[str, str, _Part], dict[str, None]] = {}
    for case in cases:
        for requirement_id in case.requirements:
            part = _Part.VIOLATING if requirement_id in case.violates else _Part.CONFORMING
            found.setdefault((requirement_id, case.revision, part), {})[case.id] = None
    for revision in REVISIONS:
        for requirement in catalogue.of_revision(revision):
            yield RequirementRow(
                requirement=requirement,
                revision=revision,
                conforming=tuple(found.get((requirement.id, revision, _Part.CONFORMING), ())),
                violating=tuple(found.get((requirement.id, revision, _Part.VIOLATING), ())),
            )


def _transition_tables(cases: tuple[Case, ...]) -> dict[str, dict[Transition, tuple[str, ...]]]:
    taken: dict[str, dict[Transition, dict[str, None]]] = {
        revision.key: {transition: {} for transition in _universe(revision)}
        for revision in REVISIONS.values()
    }
    for case in cases:
        table = taken[case.revision]
        for transition in walk(case):
            if transition in table:
                table[transition][case.id] = None
    return {
        revision: {transition: tuple(ids) for transition, ids in table.items()}
        for revision, table in taken.items()
    }


def _universe(revision: Revision) -> Iterator[Transition]:
    """Every transition that a conversation in vectors can take."""
    yield from reachable_transitions(revision)
    for state, row in revision.client_request.items():
        for cause in row:
            # A vector cannot hold a request back half sent: there is no step for it.
            if (cause is LocalInput.SENT) != (state is ClientRequestState.SENDING):
                continue
            if cause.name in ("TEXT_OUTPUT", "PROGRESS") and cause not in revision.inputs.values():
                continue
            yield ("client-request", state.name, cause.name)


def _deviation_table(cases: tuple[Case, ...]) -> dict[str, tuple[str, ...]]:
    shown: dict[str, dict[str, None]] = {deviation.number: {} for deviation in load_deviations()}
    for case in cases:
        for number in case.deviations:
            shown[number][case.id] = None
    return {number: tuple(ids) for number, ids in shown.items()}


def as_json(coverage: Coverage) -> dict[str, Any]:
    """Write the tables as JSON."""
    return {
        "requirements": [
            {
                "id": row.requirement.id,
                "revision": row.revision,
                "level": row.requirement.level.value,
                "testable": row.requirement.testable.value,
                "conforming": list(row.conforming),
                "violating": list(row.violating),
            }
            for row in coverage.requirements
        ],
        "transitions": [
            {
                "revision": revision,
                "table": transition[0],
                "state": transition[1].lower(),
                "input": transition[2].lower(),
                "cases": list(ids),
            }
            for revision, table in coverage.transitions.items()
            for transition, ids in table.items()
        ],
        "deviations": [{"number": number, "cases": list(ids)} for number, ids in coverage.deviations.items()],
        "holes": list(coverage.holes()),
    }
