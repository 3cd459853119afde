"""The strength of the vectors as a page of the documentation."""

from __future__ import annotations

import collections
import dataclasses

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from hgframing_conformance._equivalents import Equivalents, LeftOpen, OutOfReach, describe
from hgframing_conformance._mutants import Mutant
from hgframing_conformance._subject import Place
from hgframing_conformance._trial import Result, Status


__all__ = ["Row", "Strength", "write_strength_page"]

_HEAD: Final = """\
# How strong the vectors are

Written by `hgframing strength --page`; do not edit. One-line faults are planted in the reference, one at a time, and
the vectors alone are run against it: a comparison off by one, a forgotten check, a condition the wrong way round, a
wrong flag bit, a missing table entry. What a fault is, and what is left alone:
`conformance/hgframing_conformance/_mutants.py`.

*Noticed* are faults because of which a case that passes no longer does, or no answer comes in time; an error in other
words than the vector's is noticed too (`--match message`). *Gating* are those that fail `hgframing check`. Three kinds
of faults are no survivors, and `tests/equivalent-mutants.yaml` has the reason for each. *Equivalent*: no conversation
can tell. *Left open*: a vector would have to demand what the text leaves open. *Out of reach*: in a function that no
step of a vector calls, or in a check of the caller's arguments that no step can make refuse; that no case runs these
lines is checked. The *figure* is what was noticed of the rest.

How it is measured, and what to do with a survivor: [measuring-strength.md](measuring-strength.md).
"""
_COLUMNS: Final = (
    "module",
    "mutants",
    "noticed",
    "gating",
    "by time-out",
    "equivalent",
    "left open",
    "out of reach",
    "survived",
    "figure",
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The counts of one module, or of all of them."""

    mutants: int
    noticed: int
    gating: int
    timed_out: int
    equivalent: int
    left_open: int
    out_of_reach: int
    survived: int

    @property
    def figure(self) -> float:
        """The part of those that vectors could notice which they do notice; 1 where there are none."""
        possible = self.noticed + self.survived
        return self.noticed / possible if possible else 1.0


class Strength:
    """Results and excuses, added up.

    Args:
        mutants: what was measured, in the order of the sources.
        results: what became of each; mutants without a result are left out.
        excused: the file of excuses.
        places: what is known of where each mutant is.

    Attributes:
        survivors: mutants that nothing noticed and nothing excuses.
        unreached: the ids of those whose line no case runs.
    """

    def __init__(
        self,
        mutants: Iterable[Mutant],
        results: Mapping[str, Result],
        excused: Equivalents,
        places: Mapping[str, Place],
    ) -> None:
        self._counts: dict[str, collections.Counter[str]] = {}
        self.survivors: list[Mutant] = []
        for mutant in mutants:
            result = results.get(mutant.id)
            if result is None or result.status is Status.STILLBORN:
                continue
            counts = self._counts.setdefault(mutant.module, collections.Counter())
            counts["mutants"] += 1
            counts["gating"] += result.gates
            counts["timed_out"] += result.status is Status.TIMED_OUT
            excuse = None if result.status.is_noticed else excused.excuse(mutant, places[mutant.id])
            if result.status.is_noticed:
                counts["noticed"] += 1
            elif excuse is not None:
                counts[excuse.value] += 1
            else:
                counts["survived"] += 1
                self.survivors.append(mutant)
        self.unreached = frozenset(mutant.id for mutant in self.survivors if not places[mutant.id].reached)

    def rows(self) -> dict[str, Row]:
        """Return the counts of every module."""
        return {module: _row(counts) for module, counts in self._counts.items()}

    def total(self) -> Row:
        """Return the counts of all modules together."""
        return _row(sum(self._counts.values(), collections.Counter[str]()))


def _row(counts: Mapping[str, int]) -> Row:
    return Row(**{field.name: counts.get(field.name, 0) for field in dataclasses.fields(Row)})


def write_strength_page(
    strength: Strength, excused: Equivalents, mutants: Sequence[Mutant], remarks: Sequence[str] = ()
) -> str:
    """Write the page.

    Args:
        strength: what was measured.
        excused: the file of excuses, whose reasons are repeated.
        mutants: all mutants: how many there are, and where those of the file are.
        remarks: sentences about the measurement: its tier, its control.
    """
    by_id = {mutant.id: mutant for mutant in mutants}
    parts = [
        _HEAD,
        " ".join((f"{strength.total().mutants} of {len(mutants)} faults were measured.", *remarks)) + "\n",
        f"| {' | '.join(_COLUMNS)} |",
        f"|---|{'--:|' * (len(_COLUMNS) - 1)}",
        *(_line(f"`{module.rpartition('.')[2]}`", row) for module, row in strength.rows().items()),
        _line("**all**", strength.total()),
        "\n## Survivors\n",
        *(_survivor_lines(strength) or ["None."]),
        "\n## Out of reach\n",
        *([_place_line(one, one.statement or one.guard) for one in excused.out_of_reach] or ["None."]),
        "\n## Left open\n",
        *([_place_line(one, one.statement) for one in excused.left_open] or ["None."]),
        "\n## Equivalents\n",
        *([_equivalent_line(one.id, one.reason, by_id) for one in excused.equivalents] or ["None."]),
    ]
    return "\n".join(parts) + "\n"


def _line(name: str, row: Row) -> str:
    cells = (
        row.mutants,
        row.noticed,
        row.gating,
        row.timed_out,
        row.equivalent,
        row.left_open,
        row.out_of_reach,
        row.survived,
    )
    return f"| {name} | {' | '.join(map(str, cells))} | {row.figure:.1%} |"


def _survivor_lines(strength: Strength) -> list[str]:
    remark = ", which no case runs"
    return [
        f"* {_describe(mutant)}{remark if mutant.id in strength.unreached else ''}"
        for mutant in strength.survivors
    ]


def _place_line(entry: LeftOpen | OutOfReach, line: str) -> str:
    names = f"`{entry.module}`" + (f" `{entry.function}`" if entry.function else "")
    return f"* {names}{f', `` {line} ``' if line else ''}: {entry.reason}"


def _describe(mutant: Mutant) -> str:
    scope = f", {mutant.scope}" if mutant.scope else ""
    return f"`{mutant.id}` ({mutant.operator}{scope}): `` {describe(mutant)} ``"


def _equivalent_line(mutant_id: str, reason: str, by_id: Mapping[str, Mutant]) -> str:
    mutant = by_id.get(mutant_id)
    return f"* {_describe(mutant) if mutant else f'`{mutant_id}`'}: {reason}"


def iterate_diffs(
    mutants: Iterable[Mutant], files: Mapping[str, str], unreached: Collection[str]
) -> Iterator[str]:
    """Yield, for people, each mutant as a diff of its line, with its place first.

    Args:
        mutants: the mutants.
        files: modules and their files.
        unreached: ids of those whose line no case runs.
    """
    for mutant in mutants:
        remark = ", no case runs this" if mutant.id in unreached else ""
        yield (
            f"{files[mutant.module]}:{mutant.line}: {mutant.id} {mutant.operator}{remark}\n"
            f"  - {mutant.before}\n  + {mutant.after}"
        )
