"""What changed from one run to another, of one implementation or of two.

Items are compared by name and by what happened, not by what an expectation file says of it. *Worse* is

* an item that passed and now fails so that it gates, or was not run;
* an item whose failure became one of those that always gate: a crash, a time-out, a bad reply, what must never follow;
* an item that could be asked and now cannot: a lost capability hides failures;
* a capability that was declared and is not any more.

An item that fails and could not be asked before is no step back: somebody declared more. It is told all the same.
"""

from __future__ import annotations

import dataclasses

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from hgframing_conformance._events import ItemEvent
from hgframing_conformance._outcomes import OutcomeKind
from hgframing_conformance._results import Run


__all__ = ["Change", "Changes", "compare"]

_GRAVE: Final = frozenset(
    {OutcomeKind.CRASHED, OutcomeKind.TIMED_OUT, OutcomeKind.BAD_REPLY, OutcomeKind.FORBIDDEN}
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One item in both runs, and whether it got worse."""

    old: ItemEvent
    new: ItemEvent
    worse: bool


@dataclasses.dataclass(slots=True, kw_only=True)
class Changes:
    """Everything that changed, each list in the order of the new run.

    Attributes:
        newly_failing: passed before, fails now.
        fixed: failed before, passes now.
        other_kind: fails in another way.
        unsupported: could be asked before.
        supported: could not be asked before; passes or fails now.
        not_run: was run before.
        added: items that the old run does not have.
        removed: items that the new run does not have.
        lost: capabilities that are not declared any more.
        gained: capabilities that were not declared before.
        same: how many items did not change.
    """

    newly_failing: list[Change] = dataclasses.field(default_factory=list)
    fixed: list[Change] = dataclasses.field(default_factory=list)
    other_kind: list[Change] = dataclasses.field(default_factory=list)
    unsupported: list[Change] = dataclasses.field(default_factory=list)
    supported: list[Change] = dataclasses.field(default_factory=list)
    not_run: list[Change] = dataclasses.field(default_factory=list)
    added: list[ItemEvent] = dataclasses.field(default_factory=list)
    removed: list[ItemEvent] = dataclasses.field(default_factory=list)
    lost: list[str] = dataclasses.field(default_factory=list)
    gained: list[str] = dataclasses.field(default_factory=list)
    same: int = 0

    @property
    def worse(self) -> bool:
        """Whether anything got worse."""
        changed = (*self.newly_failing, *self.other_kind, *self.unsupported, *self.not_run)
        return bool(self.lost) or any(change.worse for change in changed)

    @property
    def common(self) -> int:
        """How many items both runs have."""
        changed = (
            self.newly_failing,
            self.fixed,
            self.other_kind,
            self.unsupported,
            self.supported,
            self.not_run,
        )
        return self.same + sum(map(len, changed))


def compare(old: Run, new: Run) -> Changes:
    """Compare two runs of one implementation, or of two.

    Args:
        old: the earlier run.
        new: the later run.
    """
    before = {item.name: item for item in old.items}
    after = {item.name for item in new.items}
    changes = Changes(removed=[item for item in old.items if item.name not in after])
    for item in new.items:
        earlier = before.get(item.name)
        if earlier is None:
            changes.added.append(item)
        elif earlier.outcome is item.outcome:
            changes.same += 1
        else:
            _file(changes, earlier, item)
    had, has = (run.begin.implementation.capabilities for run in (old, new))
    changes.lost = sorted(_missing(had, has))
    changes.gained = sorted(_missing(has, had))
    return changes


def _file(changes: Changes, old: ItemEvent, new: ItemEvent) -> None:
    if new.outcome is OutcomeKind.NOT_RUN:
        changes.not_run.append(Change(old=old, new=new, worse=True))
    elif new.outcome is OutcomeKind.UNSUPPORTED:
        changes.unsupported.append(Change(old=old, new=new, worse=old.outcome is not OutcomeKind.NOT_RUN))
    elif old.outcome in {OutcomeKind.UNSUPPORTED, OutcomeKind.NOT_RUN}:
        changes.supported.append(Change(old=old, new=new, worse=False))
    elif new.outcome is OutcomeKind.PASSED:
        changes.fixed.append(Change(old=old, new=new, worse=False))
    elif old.outcome is OutcomeKind.PASSED:
        changes.newly_failing.append(Change(old=old, new=new, worse=new.gating))
    else:
        graver = new.gating and new.outcome in _GRAVE and old.outcome not in _GRAVE
        changes.other_kind.append(Change(old=old, new=new, worse=graver))


def _missing(had: Mapping[str, Any], has: Mapping[str, Any]) -> Iterator[str]:
    """Name what of the capabilities of one run the other does not have."""
    for key, value in had.items():
        other = has.get(key)
        if isinstance(value, list):
            present = other if isinstance(other, list) else []
            yield from _named(key, (word for word in value if word not in present))
        elif value is True and other is not True:
            yield key


def _named(key: str, words: Iterable[object]) -> Iterator[str]:
    return (f"{key}: {word}" for word in words)
