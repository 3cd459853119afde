"""The uninstrumented engine: a loop that generates, mutates, runs and sorts.

Coverage instrumentation makes Python code about ten times slower. A generator that knows the protocol and
keeps what showed a new *transition* finds most of what coverage finds, in a fraction of the time; so this
loop is the engine of first resort, on any platform, and the coverage-guided one is for what it leaves.

It is deterministic: the same seed, target and number of executions give the same inputs. (A run that ends by
the clock ends where the clock says.)
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import time

from collections.abc import Callable, Iterable
from random import Random
from typing import Final

from hgframing_fuzz._buckets import Bucket, BucketTable
from hgframing_fuzz._input import FuzzInput, InputMaker, decode_input, encode_input, encoded_size
from hgframing_fuzz._outcome import Feature, Finding, Target
from hgframing_fuzz._stack import call_with_room


__all__ = ["Budget", "LoopStats", "run_loop"]

#: How often an input is made from nothing, and how often by crossing two.
_FRESH: Final = 0.25
_CROSSED: Final = 0.35

#: Payload octets of an input that is kept to be mutated. A long one costs the time of many, again and again.
_MAX_KEPT: Final = 4096

#: Seconds between two calls of `on_progress`, and of `inbox`.
_PROGRESS_INTERVAL: Final = 0.25
_INBOX_INTERVAL: Final = 2.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """When a run ends; whichever comes first.

    Attributes:
        seconds: of wall time; None: no bound.
        executions: inputs; None: no bound.
    """

    seconds: float | None = None
    executions: int | None = None


@dataclasses.dataclass(slots=True, kw_only=True)
class LoopStats:
    """How far a run is.

    Attributes:
        executions: inputs run.
        seconds: wall time.
        kept: inputs kept to be mutated.
        features: transitions seen.
    """

    executions: int = 0
    seconds: float = 0.0
    kept: int = 0
    features: int = 0


def run_loop(  # noqa: PLR0913 -- four of them are wishes to be told
    target: Target,
    mutator: InputMaker,
    rng: Random,
    table: BucketTable,
    *,
    budget: Budget,
    seeds: Iterable[bytes] = (),
    on_bucket: Callable[[Bucket], None] = lambda _: None,
    on_progress: Callable[[LoopStats], None] = lambda _: None,
    on_kept: Callable[[FuzzInput], None] = lambda _: None,
    inbox: Callable[[], Iterable[bytes]] = tuple,
) -> LoopStats:
    """Fuzz until the budget is spent or the user interrupts.

    Args:
        target: what to drive; its guards must be entered.
        mutator: makes inputs. It must draw from `rng`, or the run cannot be repeated.
        rng: where all choices come from.
        table: takes the findings. It may have some already.
        budget: when to end.
        seeds: inputs to begin with, run in their order.
        on_bucket: called with every bucket that is new or has a shorter input.
        on_progress: called a few times a second.
        on_kept: called with every input that is kept.
        inbox: asked every few seconds for inputs from elsewhere, which are run next.

    Returns:
        What was done. A KeyboardInterrupt ends the run and is not passed on.
    """
    state = _Run(target, table, on_bucket, on_kept)
    waiting = [decode_input(octets) for octets in seeds]
    waiting.reverse()
    progress = _with_inbox(on_progress, inbox, waiting)

    def make() -> FuzzInput:
        return waiting.pop() if waiting else state.make(mutator, rng)

    # What is there stays: the collector need not look through all imported modules again and again.
    gc.collect()
    gc.freeze()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            call_with_room(lambda: state.work(make, budget, progress))
    finally:
        gc.unfreeze()
    state.stats.seconds = time.perf_counter() - state.started
    on_progress(state.stats)
    return state.stats


def _with_inbox(
    on_progress: Callable[[LoopStats], None], inbox: Callable[[], Iterable[bytes]], waiting: list[FuzzInput]
) -> Callable[[LoopStats], None]:
    """Look into the inbox now and then; what waits already goes first."""
    looked = -_INBOX_INTERVAL

    def progress(stats: LoopStats) -> None:
        nonlocal looked
        if stats.seconds - looked >= _INBOX_INTERVAL:
            looked = stats.seconds
            waiting[:0] = [decode_input(octets) for octets in inbox()]
        on_progress(stats)

    return progress


class _Run:
    """The state of one run."""

    def __init__(
        self,
        target: Target,
        table: BucketTable,
        on_bucket: Callable[[Bucket], None],
        on_kept: Callable[[FuzzInput], None],
    ) -> None:
        self._on_kept = on_kept
        self.stats = LoopStats()
        self.started = time.perf_counter()
        self._target = target
        self._table = table
        self._on_bucket = on_bucket
        self._kept: list[FuzzInput] = []
        self._seen: set[Feature] = set()

    def work(
        self, make: Callable[[], FuzzInput], budget: Budget, on_progress: Callable[[LoopStats], None]
    ) -> None:
        """Run inputs until the budget is spent."""
        stats = self.stats
        limit = budget.executions
        due = _PROGRESS_INTERVAL
        while limit is None or stats.executions < limit:
            stats.seconds = time.perf_counter() - self.started
            if budget.seconds is not None and stats.seconds >= budget.seconds:
                break
            if stats.seconds >= due:
                on_progress(stats)
                due = stats.seconds + _PROGRESS_INTERVAL
            try:
                value = make()
            except MemoryError:
                # The address space is bounded, and a mutator makes bombs. No finding, and no reason to end.
                continue
            self.execute(value)

    def make(self, mutator: InputMaker, rng: Random) -> FuzzInput:
        """Make the next input."""
        choice = rng.random()
        if choice < _FRESH or not self._kept:
            return mutator.fresh()
        if choice < _CROSSED:
            return mutator.mutate(mutator.cross(self._pick(rng), self._pick(rng)))
        return mutator.mutate(self._pick(rng))

    def execute(self, value: FuzzInput) -> None:
        """Run an input, and keep it if it was the first to do something."""
        stats = self.stats
        stats.executions += 1
        outcome = self._target.check(value)
        finding = outcome.finding
        if finding is not None:
            # What ends in a finding is not kept: its mutations would end in the same one.
            self._sort(finding, value)
            return
        if not self._seen.issuperset(outcome.features):
            self._seen.update(outcome.features)
            stats.features = len(self._seen)
            if _size(value) <= _MAX_KEPT:
                self._kept.append(value)
                stats.kept = len(self._kept)
                self._on_kept(value)

    def _sort(self, finding: Finding, value: FuzzInput) -> None:
        """Put a finding into its bucket."""
        if self._table.count(finding, encoded_size(value)):
            return
        seconds = time.perf_counter() - self.started
        bucket = self._table.add(
            finding, encode_input(value), seconds=seconds, execution=self.stats.executions
        )
        if bucket is not None:
            self._on_bucket(bucket)

    def _pick(self, rng: Random) -> FuzzInput:
        """Choose an input; of two the one with fewer frames, so that inputs do not grow without a reason."""
        kept = self._kept
        one, other = kept[int(rng.random() * len(kept))], kept[int(rng.random() * len(kept))]
        ours, theirs = len(one.frames), len(other.frames)
        # Octets that are no frames are all in the tail.
        return one if (ours, len(one.tail)) <= (theirs, len(other.tail)) else other


def _size(value: FuzzInput) -> int:
    """Octets that are not the numbers of a header."""
    return sum(len(frame.payload) for frame in value.frames) + len(value.tail)
