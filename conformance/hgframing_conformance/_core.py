"""Which generated cases are of the core tier: few, that notice what the cases of people do not (`generate --core`).

A greedy cover: again and again the case is taken that adds most faults for its time, until none adds any or the time is
used up. Faults that a case of a person of the core tier notices are noticed already.
"""

from __future__ import annotations

import dataclasses

from collections.abc import Iterable, Mapping


__all__ = ["Choice", "choose_core"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A core set.

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


def choose_core(
    candidates: Mapping[str, frozenset[str]],
    seconds: Mapping[str, float],
    known: Iterable[str],
    budget: float,
) -> Choice:
    """Choose the core set.

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
