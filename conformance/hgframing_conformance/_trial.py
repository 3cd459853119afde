"""One mutant, in a process of its own: the fault is planted, and items are asked until one of them notices it.

    plant -> answers -> as before? -> no: judge -> fate as before? -> no: noticed

An item notices a fault where its fate changes: it passed and no longer does, or it failed and now fails otherwise or
passes. It *gates* if `hgframing check` would fail because of it. Where messages count, an `error` in other words than
the vector's is noticed too, and gates nothing.
"""

from __future__ import annotations

import dataclasses
import enum
import os
import resource

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from hgframing_conformance._adapters import Adapter, AdapterOptions, Observation, TimedOut
from hgframing_conformance._direct import DirectAdapter
from hgframing_conformance._mutants import Mutant
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._run import Engine, RunOptions
from hgframing_conformance._subject import Fate, Given, Group, Subject
from hgframing_conformance.errors import SetupError


__all__ = ["Result", "Status", "TrialOptions", "try_mutant"]

_BITS: Final = frozenset({"noticing", "gating"})


class Status(enum.StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    TIMED_OUT = "timed-out"
    #: It cannot even be imported, so it says nothing about vectors.
    STILLBORN = "stillborn"

    @property
    def is_noticed(self) -> bool:
        """Whether the vectors told it from the unchanged implementation."""
        return self in (Status.KILLED, Status.TIMED_OUT)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one mutant.

    Attributes:
        mutant: its id.
        status: what happened.
        item: the name of the item that noticed it; empty where none did.
        gates: whether that item fails a `check`.
        asked: how many items were run.
        is_doubtful: whether time or memory ran out, which a busy machine can do too.
        noticing: where all items are asked, a set of bits: bit n is set if the item with number n noticed it.
        gating: the same for those that fail a `check`.
    """

    mutant: str
    status: Status
    item: str = ""
    gates: bool = False
    asked: int = 0
    is_doubtful: bool = False
    noticing: int = 0
    gating: int = 0

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON can hold it: what is as always is left out, bits are hex digits."""
        said: dict[str, Any] = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if getattr(self, field.name) != field.default
        }
        return {key: f"{value:x}" if key in _BITS else value for key, value in said.items()}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Result:
        """Read what `to_json` wrote.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        bits = {key: int(said[key], 16) for key in _BITS & said.keys()}
        return cls(**{**said, **bits, "status": Status(said["status"])})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TrialOptions:
    """How one mutant is tried.

    Attributes:
        item_timeout: seconds for one item.
        memory: octets that it may take beyond what the process has.
        messages: whether the message of an `error` counts.
        every: ask all items, instead of stopping at the first that gates.
        judged: judge answers that are as they were too.
        max_timeouts: where so many items have timed out, ask no more.
    """

    item_timeout: float = 3.0
    memory: int = 4 << 30
    messages: bool = False
    every: bool = False
    judged: bool = False
    max_timeouts: int = 3


class _Notes:
    """What was noticed so far."""

    def __init__(self, mutant: Mutant) -> None:
        self.asked = 0
        self.timeouts = 0
        self._mutant = mutant
        self._first: Result | None = None
        self._noticing = 0
        self._gating = 0

    @property
    def gates(self) -> bool:
        """Whether something gates."""
        return self._first is not None and self._first.gates

    def note(self, number: int, outcome: Outcome, *, gates: bool) -> None:
        """Write down that an item noticed the fault."""
        self._noticing |= 1 << number
        self._gating |= gates << number
        if self._first is None or (gates and not self._first.gates):
            timed_out = outcome.kind is OutcomeKind.TIMED_OUT
            hungry = outcome.kind is OutcomeKind.CRASHED and outcome.reason.startswith("MemoryError")
            self._first = Result(
                mutant=self._mutant.id,
                status=Status.TIMED_OUT if timed_out else Status.KILLED,
                item=outcome.item.name,
                gates=gates,
                is_doubtful=timed_out or hungry,
            )

    def result(self, *, every: bool) -> Result:
        """Sum up."""
        result = self._first or Result(mutant=self._mutant.id, status=Status.SURVIVED)
        noticing, gating = (self._noticing, self._gating) if every else (0, 0)
        return dataclasses.replace(result, asked=self.asked, noticing=noticing, gating=gating)


class _Judge:
    """Judges answers that are there already, without and with the words of an error."""

    def __init__(self, subject: Subject, *, messages: bool) -> None:
        self._given = Given(subject.hello)
        self._plain = Engine(self._given, RunOptions())
        self._wordy = Engine(self._given, RunOptions(messages=True)) if messages else None

    def noticed(self, group: Group, answers: Sequence[Observation]) -> Iterator[tuple[int, Outcome, bool]]:
        """Yield the number of each item whose fate changed, its outcome, and whether it gates."""
        self._given.answers = answers
        items = group.items[: len(answers)]
        noticed = set()
        for number, fate, outcome in zip(group.numbers, group.fates, self._plain.run(items), strict=False):
            if Fate.of(outcome) != fate:
                noticed.add(number)
                yield number, outcome, fate.is_gating(outcome)
        if self._wordy is not None and len(noticed) < len(items):
            for number, fate, outcome in zip(
                group.numbers, group.wordy, self._wordy.run(items), strict=False
            ):
                if number not in noticed and Fate.of(outcome) != fate:
                    yield number, outcome, False


def try_mutant(subject: Subject, mutant: Mutant, options: TrialOptions, first: Sequence[str]) -> Result:
    """Plant a fault in this process and run items until one of them gates; the process is good for nothing afterwards.

    Args:
        subject: the implementation.
        mutant: the fault.
        options: how it is tried.
        first: names of items whose cases are asked first.
    """
    _limit(options.memory)
    try:
        subject.plant(mutant)
        adapter = DirectAdapter(
            subject.target, AdapterOptions(timeout=options.item_timeout, tracebacks=False)
        )
    except (SetupError, SyntaxError, ValueError):
        return Result(mutant=mutant.id, status=Status.STILLBORN)
    notes, judge = _Notes(mutant), _Judge(subject, messages=options.messages)
    for group in _order(subject.groups(mutant), frozenset(first)):
        answers = _ask(adapter, group)
        notes.asked += len(answers)
        # Judging costs more than answering, and the same answers get the same verdict.
        if tuple(answers) == group.answers and not options.judged:
            continue
        for number, outcome, gates in judge.noticed(group, answers):
            notes.note(number, outcome, gates=gates)
        notes.timeouts += any(isinstance(answer, TimedOut) for answer in answers)
        if (notes.gates and not options.every) or notes.timeouts >= options.max_timeouts:
            break
    return notes.result(every=options.every)


def _ask(adapter: Adapter, group: Group) -> list[Observation]:
    """Run the items of a case; after one that timed out, the others would only cost time."""
    answers: list[Observation] = []
    for answer in adapter.run(group.messages):
        answers.append(answer)
        if isinstance(answer, TimedOut):
            break
    return answers


def _order(groups: Sequence[Group], first: frozenset[str]) -> Iterator[Group]:
    cases = {name.partition("[")[0] for name in first}
    yield from (group for group in groups if group.items[0].name.partition("[")[0] in cases)
    yield from (group for group in groups if group.items[0].name.partition("[")[0] not in cases)


def _limit(memory: int) -> None:
    """Bound memory, and let nothing that the subject prints reach the user."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    size = pages * resource.getpagesize() + memory
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
