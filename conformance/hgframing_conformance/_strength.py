"""How strong the vectors are: faults are planted in an implementation, and the vectors alone must notice them.

    mutant -> fork -> plant -> the items that can tell, likeliest first -> noticed, timed out, or survived

One process reads the vectors and watches one run of the unchanged implementation: which functions does each case make
it run? A fault inside a function can only change the cases that run it, so only these are asked about it; a fault in
what the import runs (a table, a constant, a default) can change them all. Each mutant then gets a forked process of its
own, which has everything loaded already and ends at the first item that fails and gates. Faults that loop or eat memory
harm nobody else.

An item that passed and no longer does has noticed the fault. It *gates* if `hgframing check` would fail because of it.
Where messages count, an `error` in other words than the vector's is noticed too, and gates nothing.
"""

from __future__ import annotations

import dataclasses
import enum
import gc
import json
import operator
import os
import resource
import select
import signal
import time

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from hgframing_conformance._adapters import AdapterOptions
from hgframing_conformance._direct import DirectAdapter
from hgframing_conformance._mutants import Mutant
from hgframing_conformance._outcomes import OutcomeKind
from hgframing_conformance._run import Engine, RunOptions
from hgframing_conformance._subject import Group, Subject
from hgframing_conformance.errors import SetupError


__all__ = ["Result", "Status", "StrengthOptions", "measure"]

#: Octets that a mutant may take beyond what the process has.
_MEMORY: Final = 4 << 30
#: Items of one function that noticed something lately are asked first.
_LATELY: Final = 12
_Function = tuple[str, int]


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
    """

    mutant: str
    status: Status
    item: str = ""
    gates: bool = False
    asked: int = 0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StrengthOptions:
    """How to measure.

    Attributes:
        jobs: processes side by side; 1 or more.
        item_timeout: seconds for one item.
        mutant_timeout: seconds for one mutant.
        messages: whether the message of an `error` counts.
    """

    jobs: int = 1
    item_timeout: float = 3.0
    mutant_timeout: float = 60.0
    messages: bool = False


@dataclasses.dataclass(slots=True, kw_only=True)
class _Running:
    """A mutant whose process is at work."""

    mutant: Mutant
    pid: int
    pipe: int
    until: float
    said: bytes = b""


def measure(
    subject: Subject,
    mutants: Iterable[Mutant],
    options: StrengthOptions,
    hints: Mapping[str, str] | None = None,
) -> Iterator[Result]:
    """Measure mutants, each in a process of its own, and yield what became of them as they end.

    Args:
        subject: the implementation.
        mutants: the faults.
        options: how to measure.
        hints: ids of mutants, and the name of the item that noticed them another time.
    """
    waiting = deque(mutants)
    lately: dict[_Function, deque[str]] = {}
    running: list[_Running] = []
    gc.collect()
    gc.freeze()
    try:
        while waiting or running:
            while waiting and len(running) < options.jobs:
                mutant = waiting.popleft()
                first = [(hints or {}).get(mutant.id, ""), *lately.get(_place(mutant), ())]
                running.append(_start(subject, mutant, options, first))
            for one, result in list(_ended(running)):
                running.remove(one)
                if result.item:
                    recent = lately.setdefault(_place(one.mutant), deque(maxlen=_LATELY))
                    if result.item not in recent:
                        recent.appendleft(result.item)
                yield result
    finally:
        for one in running:
            os.kill(one.pid, signal.SIGKILL)
            os.waitpid(one.pid, 0)
            os.close(one.pipe)
        gc.unfreeze()


def _place(mutant: Mutant) -> _Function:
    return mutant.module, mutant.function or 0


def _start(subject: Subject, mutant: Mutant, options: StrengthOptions, first: list[str]) -> _Running:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _end(writing, lambda: _ask(subject, mutant, options, first))
    os.close(writing)
    return _Running(mutant=mutant, pid=pid, pipe=reading, until=time.monotonic() + options.mutant_timeout)


def _end(pipe: int, work: Callable[[], Result]) -> None:
    """Do the work of a forked process, say what came out, and end without returning to the parent's code."""
    try:
        result = work()
        os.write(pipe, json.dumps(dataclasses.asdict(result)).encode())
    finally:
        os._exit(0)


def _ended(running: list[_Running]) -> Iterator[tuple[_Running, Result]]:
    """Wait for the next that end, or for the time of one to be over."""
    patience = max(0.0, min(one.until for one in running) - time.monotonic())
    ready, _, _ = select.select([one.pipe for one in running], [], [], patience)
    for one in running:
        if one.pipe in ready:
            piece = os.read(one.pipe, 65536)
            one.said += piece
            if piece:
                continue
            status = Status.KILLED
        elif time.monotonic() >= one.until:
            os.kill(one.pid, signal.SIGKILL)
            status = Status.TIMED_OUT
        else:
            continue
        os.close(one.pipe)
        os.waitpid(one.pid, 0)
        yield one, _read(one, status)


def _read(one: _Running, status: Status) -> Result:
    if one.said:
        said = json.loads(one.said)
        return Result(**{**said, "status": Status(said["status"])})
    # It took the process with it: whatever runs the vectors sees that.
    return Result(mutant=one.mutant.id, status=status, gates=True)


def _ask(subject: Subject, mutant: Mutant, options: StrengthOptions, first: list[str]) -> Result:
    """Plant a fault in this process and run items until one of them fails and gates."""
    _limit()
    subject.plant(mutant)
    try:
        adapter = DirectAdapter(subject.target, AdapterOptions(timeout=options.item_timeout))
    except SetupError:
        return Result(mutant=mutant.id, status=Status.STILLBORN)
    noticed: Result | None = None
    asked = 0
    engine = Engine(adapter, RunOptions())
    wordy = Engine(adapter, RunOptions(messages=True))
    for group in _order(subject.groups(mutant), frozenset(first)):
        asked += len(group.items)
        # Judging costs more than answering, and the same answers get the same verdict.
        if all(map(operator.eq, adapter.run(group.messages), group.answers)):
            continue
        for outcome in engine.run(group.items):
            if outcome.kind is OutcomeKind.PASSED:
                continue
            status = Status.TIMED_OUT if outcome.kind is OutcomeKind.TIMED_OUT else Status.KILLED
            result = Result(
                mutant=mutant.id, status=status, item=outcome.item.name, gates=outcome.gating, asked=asked
            )
            if outcome.gating:
                return result
            noticed = noticed or result
        if noticed is None and options.messages:
            noticed = _notice_words(wordy, group, mutant, asked)
    return noticed or Result(mutant=mutant.id, status=Status.SURVIVED, asked=asked)


def _notice_words(engine: Engine, group: Group, mutant: Mutant, asked: int) -> Result | None:
    for outcome in engine.run(group.items):
        if outcome.kind is not OutcomeKind.PASSED:
            return Result(mutant=mutant.id, status=Status.KILLED, item=outcome.item.name, asked=asked)
    return None


def _order(groups: Sequence[Group], first: frozenset[str]) -> Iterator[Group]:
    cases = {name.partition("[")[0] for name in first}
    yield from (group for group in groups if group.items[0].name.partition("[")[0] in cases)
    yield from (group for group in groups if group.items[0].name.partition("[")[0] not in cases)


def _limit() -> None:
    """Bound memory, and let nothing that the subject prints reach the user."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    size = pages * resource.getpagesize() + _MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
