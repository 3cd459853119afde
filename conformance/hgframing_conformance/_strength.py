"""How strong the vectors are: faults are planted in an implementation, and the vectors alone must notice them.

    mutant -> fork -> plant -> the items that can tell, likeliest first -> noticed, timed out, or survived

One process reads the vectors and watches one run of the unchanged implementation (`_subject`): which lines does each
case make it run? Each mutant then gets a forked process of its own (`_trial`), which has everything loaded already and
ends at the first item that gates. Faults that loop or eat memory harm nobody else.

A busy machine makes processes slow, and a full one kills them. So a mutant that ran out of time or memory, or died, is
tried again with twice the time, and the second result is the one that counts.
"""

from __future__ import annotations

import dataclasses
import gc
import json
import os
import select
import signal
import time

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from hgframing_conformance._mutants import Mutant
from hgframing_conformance._subject import Subject
from hgframing_conformance._trial import Result, Status, TrialOptions, try_mutant


__all__ = ["StrengthOptions", "measure"]

#: Items of one function that noticed something lately are asked first.
_LATELY: Final = 12
#: Octets that a mutant may take beyond what the process has, where the machine has as much.
_MEMORY: Final = 4 << 30
_LEAST_MEMORY: Final = 256 << 20
_Function = tuple[str, int]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StrengthOptions:
    """How to measure.

    Attributes:
        jobs: processes side by side; 1 or more.
        item_timeout: seconds for one item.
        mutant_timeout: seconds for one mutant.
        messages: whether the message of an `error` counts.
        every: ask all items about every mutant, instead of stopping at the first that gates.
        judged: judge answers that are as they were too.
        memory: octets that a mutant may take; None: its share of what the machine has to give.
    """

    jobs: int = 1
    item_timeout: float = 3.0
    mutant_timeout: float = 60.0
    messages: bool = False
    every: bool = False
    judged: bool = False
    memory: int | None = None

    def trial(self, patience: int) -> TrialOptions:
        """Say how one mutant is tried; `patience` multiplies its time."""
        return TrialOptions(
            item_timeout=self.item_timeout * patience,
            memory=_memory(self.jobs) if self.memory is None else self.memory,
            messages=self.messages,
            every=self.every,
            judged=self.judged,
        )


def _memory(jobs: int) -> int:
    """Share what the machine has to give among the processes, with a share for everybody else."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    [free] = [int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")]
    return max(_LEAST_MEMORY, min(_MEMORY, free // (jobs + 1)))


@dataclasses.dataclass(slots=True, kw_only=True)
class _Waiting:
    """A mutant that is to be tried: once, or again."""

    mutant: Mutant
    patience: int = 1
    first: tuple[str, ...] = ()


@dataclasses.dataclass(slots=True, kw_only=True)
class _Running:
    """A mutant whose process is at work."""

    waiting: _Waiting
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
    waiting = deque(_Waiting(mutant=mutant) for mutant in mutants)
    lately: dict[_Function, deque[str]] = {}
    running: list[_Running] = []
    gc.collect()
    gc.freeze()
    try:
        while waiting or running:
            while waiting and len(running) < options.jobs:
                one = waiting.popleft()
                hint = (hints or {}).get(one.mutant.id, "")
                one.first = (*one.first, hint, *lately.get(_place(one.mutant), ()))
                running.append(_start(subject, one, options))
            for ended, result in list(_ended(running)):
                running.remove(ended)
                mutant = ended.waiting.mutant
                if result.is_doubtful and ended.waiting.patience == 1:
                    waiting.appendleft(_Waiting(mutant=mutant, patience=2, first=(result.item,)))
                    continue
                if result.item:
                    recent = lately.setdefault(_place(mutant), deque(maxlen=_LATELY))
                    if result.item not in recent:
                        recent.appendleft(result.item)
                yield result
    finally:
        for still in running:
            os.kill(still.pid, signal.SIGKILL)
            os.waitpid(still.pid, 0)
            os.close(still.pipe)
        gc.unfreeze()


def _place(mutant: Mutant) -> _Function:
    return mutant.module, mutant.function or 0


def _start(subject: Subject, one: _Waiting, options: StrengthOptions) -> _Running:
    trial = options.trial(one.patience)
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        # Signals of a terminal are for the parent, and those of a mutant to its group are not.
        os.setsid()
        _end(writing, lambda: try_mutant(subject, one.mutant, trial, one.first))
    os.close(writing)
    until = time.monotonic() + options.mutant_timeout * one.patience
    return _Running(waiting=one, pid=pid, pipe=reading, until=until)


def _end(pipe: int, work: Callable[[], Result]) -> None:
    """Do the work of a forked process, say what came out, and end without returning to the parent's code."""
    try:
        said = json.dumps(work().to_json()).encode()
        while said:
            said = said[os.write(pipe, said) :]
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
    try:
        said = json.loads(one.said)
    except ValueError:
        # It took the process with it: whatever runs the vectors sees that.
        return Result(mutant=one.waiting.mutant.id, status=status, gates=True, is_doubtful=True)
    return Result.from_json(said)
