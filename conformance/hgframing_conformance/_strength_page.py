"""The strength of the vectors as a page of the documentation."""

from __future__ import annotations

import collections
import dataclasses

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from hgframing_conformance._equivalents import Equivalents, describe
from hgframing_conformance._mutants import Mutant
from hgframing_conformance._strength import Result, Status


__all__ = ["Row", "Strength", "write_strength_page"]

_HEAD: Final = """\
# How strong the vectors are

Written by `hgframing strength --page`; do not edit. One-line faults are planted in the reference, one at a time, and
the vectors alone are run against it: a comparison off by one, a forgotten check, a condition the wrong way round, a
wrong flag bit, a missing table entry. What a fault is, and what is left alone:
`conformance/hgframing_conformance/_mutants.py`.

*Noticed* are faults because of which a case that passes no longer does, or no answer comes in time; an error in other
words than the vector's is noticed too (`--match message`). *Gating* are those that fail `hgframing check`.
*Equivalent* are faults that no conversation can tell, *out of reach* those in functions that no step of a vector calls;
`tests/equivalent-mutants.yaml` has the proof of each. The *figure* is what was noticed of the rest.
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The counts of one module, or of all of them."""

    mutants: int
    noticed: int
    gating: int
    timed_out: int
    equivalent: int
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
        excused: equivalents and what is out of reach.

    Attributes:
        survivors: mutants that nothing noticed and nothing excuses.
    """

    def __init__(
        self, mutants: Iterable[Mutant], results: Mapping[str, Result], excused: Equivalents
    ) -> None:
        self._counts: dict[str, collections.Counter[str]] = {}
        self.survivors: list[Mutant] = []
        for mutant in mutants:
            result = results.get(mutant.id)
            if result is None or result.status is Status.STILLBORN:
                continue
            counts = self._counts.setdefault(mutant.module, collections.Counter())
            counts["mutants"] += 1
            kind = self._kind(mutant, result, excused)
            counts[kind] += 1
            counts["gating"] += result.gates
            counts["timed_out"] += result.status is Status.TIMED_OUT
            if kind == "survived":
                self.survivors.append(mutant)

    def _kind(self, mutant: Mutant, result: Result, excused: Equivalents) -> str:
        if result.status.is_noticed:
            return "noticed"
        if excused.excuses(mutant):
            return "equivalent"
        return "out_of_reach" if excused.puts_out_of_reach(mutant) else "survived"

    def rows(self) -> dict[str, Row]:
        """Return the counts of every module."""
        return {module: _row(counts) for module, counts in self._counts.items()}

    def total(self) -> Row:
        """Return the counts of all modules together."""
        return _row(sum(self._counts.values(), collections.Counter[str]()))


def _row(counts: Mapping[str, int]) -> Row:
    return Row(**{field.name: counts.get(field.name, 0) for field in dataclasses.fields(Row)})


def write_strength_page(strength: Strength, excused: Equivalents, mutants: Sequence[Mutant]) -> str:
    """Write the page.

    Args:
        strength: what was measured.
        excused: the file of equivalents, whose reasons are repeated.
        mutants: all mutants: how many there are, and where those of the file are.
    """
    by_id = {mutant.id: mutant for mutant in mutants}
    parts = [
        _HEAD,
        f"{strength.total().mutants} of {len(mutants)} faults were measured.\n",
        "| module | mutants | noticed | gating | by time-out | equivalent | out of reach | survived | figure |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
        *(_line(f"`{module.rpartition('.')[2]}`", row) for module, row in strength.rows().items()),
        _line("**all**", strength.total()),
        "\n## Survivors\n",
        *(_survivor_lines(strength.survivors) or ["None."]),
        "\n## Out of reach\n",
        *([f"* `{one.module}` `{one.function}`: {one.reason}" for one in excused.out_of_reach] or ["None."]),
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
        row.out_of_reach,
        row.survived,
    )
    return f"| {name} | {' | '.join(map(str, cells))} | {row.figure:.1%} |"


def _survivor_lines(survivors: Sequence[Mutant]) -> list[str]:
    return [f"* {_place(mutant)}" for mutant in survivors]


def _place(mutant: Mutant) -> str:
    scope = f", {mutant.scope}" if mutant.scope else ""
    return f"`{mutant.id}` ({mutant.operator}{scope}): `` {describe(mutant)} ``"


def _equivalent_line(mutant_id: str, reason: str, by_id: Mapping[str, Mutant]) -> str:
    mutant = by_id.get(mutant_id)
    return f"* {_place(mutant) if mutant else f'`{mutant_id}`'}: {reason}"


def iterate_diffs(mutants: Iterable[Mutant], files: Mapping[str, str]) -> Iterator[str]:
    """Yield, for people, each mutant as a diff of its line, with its place first."""
    for mutant in mutants:
        yield (
            f"{files[mutant.module]}:{mutant.line}: {mutant.id} {mutant.operator}\n"
            f"  - {mutant.before}\n  + {mutant.after}"
        )
