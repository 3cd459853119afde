"""Few cases that notice much: the quick set (`strength --quick`).

A greedy cover: again and again the case is taken that adds most faults for its time, until none adds any or the time is
used up.
"""

from __future__ import annotations

import dataclasses

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from hgframing_conformance._trial import Result


__all__ = ["Choice", "choose_quick", "cover"]

#: The part of the time of all cases that the quick set may take.
_SHARE: Final = 0.1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A small set of cases.

    Attributes:
        ids: the cases, in the order in which they were taken.
        noticed: the faults that they and those before them notice.
        all: the faults that anybody notices.
        seconds: the time of the cases that were taken.
    """

    ids: tuple[str, ...]
    noticed: int
    all: int
    seconds: float

    @property
    def share(self) -> float:
        """The part of the faults that is noticed; 1 where there are none."""
        return self.noticed / self.all if self.all else 1.0


def cover(
    candidates: Mapping[str, frozenset[str]],
    seconds: Mapping[str, float],
    known: Iterable[str],
    budget: float,
) -> Choice:
    """Choose few cases that notice much for their time.

    Args:
        candidates: ids of cases, and the faults that each notices.
        seconds: ids of the same cases, and the time of each, more than 0.
        known: faults that are noticed without them.
        budget: seconds that the chosen cases may take together.

    Returns:
        The choice; the same arguments give the same one, whatever their order.
    """
    noticed = set(known)
    everything = noticed.union(*candidates.values())
    left = {case_id: set(faults) - noticed for case_id, faults in sorted(candidates.items())}
    chosen: list[str] = []
    spent = 0.0
    while True:
        left = {
            case_id: faults
            for case_id, faults in left.items()
            if faults and spent + seconds[case_id] <= budget
        }
        if not left:
            return Choice(ids=tuple(chosen), noticed=len(noticed), all=len(everything), seconds=spent)
        # The first of equals in the order of ids: `max` keeps it.
        best = max(left, key=lambda case_id: len(left[case_id]) / seconds[case_id])
        chosen.append(best)
        spent += seconds[best]
        gained = left.pop(best)
        noticed |= gained
        left = {case_id: faults - gained for case_id, faults in left.items()}


def choose_quick(seconds: Mapping[str, float], results: Iterable[Result], names: Sequence[str]) -> Choice:
    """Choose the quick set.

    Args:
        seconds: all cases, `id@revision`, and the time of each.
        results: what became of each fault. Of a matrix, all items that noticed it count, else the one that is named.
        names: the items by their numbers.
    """
    noticed: dict[str, set[str]] = {name: set() for name in seconds}
    known = set()
    for result in results:
        if not result.status.is_noticed:
            continue
        found = [name for number, name in enumerate(names) if result.noticing >> number & 1] or [result.item]
        cases = {name.partition("[")[0] for name in found} & noticed.keys()
        for case in cases:
            noticed[case].add(result.mutant)
        if not cases:
            # It dies whatever it is asked.
            known.add(result.mutant)
    candidates = {name: frozenset(mutants) for name, mutants in noticed.items()}
    return cover(candidates, seconds, known, _SHARE * sum(seconds.values()))
