"""Owns the workers of one session: starts them, decides what they do next, replaces those that die, and stops them.

Each worker is a process of its own (never libFuzzer's fork mode, which is slower than one process here): a decoder
that takes the whole interpreter down costs one worker a restart and becomes a finding, and not the end of the campaign.

There are as many *slots* as workers. Whenever a slot is free, the target that had least time gets it, and of this
target's engines the one that fewest of its workers run and that had least time (`_engines.next_engine`). A worker that
has seen nothing new for a while ends, and its slot goes to another engine; the more often nobody has seen anything, the
longer that while is.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from hgframing_fuzz._atheris_worker import BLIND
from hgframing_fuzz._blame import CodeUnderTest
from hgframing_fuzz._campaign import CampaignDirectory, CampaignError, Identity
from hgframing_fuzz._curve import Curve, Point
from hgframing_fuzz._engines import Engine, next_engine
from hgframing_fuzz._input import FuzzInput
from hgframing_fuzz._order import Order
from hgframing_fuzz._records import DEATHS, Ended, Stint
from hgframing_fuzz._worker_process import WorkerProcess


__all__ = ["Field", "Plan", "run_session"]

#: Seconds between two looks at the workers, and for them to end when they are told to.
_TICK: Final = 0.5
_PATIENCE: Final = 30.0
#: Seconds between two looks at the disk.
_TIDY: Final = 15.0
#: Workers in a row that die before they have done anything; more would die of the same.
_MAX_EARLY_DEATHS: Final = 20
#: Inputs that are anything.
_EARLY: Final = 100
#: How much longer than at first a plateau may become; no worker lasts longer than that.
_LONGEST: Final = 16
#: Seconds of a turn where targets share workers, at least and at most. A turn begins with reading the corpus.
_SHORT_TURN: Final = 30.0
_LONG_TURN: Final = 300.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One target of a campaign.

    Attributes:
        directory: where it lives.
        identity: what it is.
        engines: what its workers may be.
        describe: says for people what is in an input.
        code: which code is blamed for the death of a worker.
    """

    directory: CampaignDirectory
    identity: Identity
    engines: tuple[Engine, ...]
    describe: Callable[[FuzzInput], Sequence[str]]
    code: CodeUnderTest | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a session is run.

    Attributes:
        workers: processes, 1 or more.
        seconds: of wall time.
        plateau: seconds without anything new after which a worker's engine is changed, at first.
        resident: octets of memory above which a worker is started anew.
        silence: seconds after which a worker that tells nothing is ended.
    """

    workers: int
    seconds: float
    plateau: float = 60.0
    resident: int = 768 * 1024 * 1024
    silence: float = 120.0

    def turn(self, targets: int) -> float:
        """Seconds that a worker stays with its target and engine, even if it makes progress."""
        if self.workers % targets == 0:
            return self.plateau * _LONGEST
        share = self.seconds * self.workers / targets
        return share if share < _SHORT_TURN else min(_LONG_TURN, max(_SHORT_TURN, share / 4))


class _Ground:
    """A target during a session: how long it had, and how patient its workers are."""

    def __init__(self, field: Field, plan: Plan) -> None:
        self.field = field
        self.directory = field.directory
        self.session = field.directory.begin(field.identity)
        self.identity = field.directory.identity() or field.identity
        total = self.directory.total()
        self.offset = total.seconds if total else 0.0
        self.spent = sum(stint.seconds for stint in self.directory.past().stints)
        self.patience = plan.plateau
        self.started = 0
        self._curve = Curve(self.directory.curve)
        self._shown = self._seen()

    def _seen(self) -> tuple[int, int]:
        total = self.directory.total()
        return (total.features, len(total.buckets)) if total else (0, 0)

    def time_of(self, engine: Engine) -> float:
        """Seconds that an engine had, earlier sessions included."""
        return sum(stint.seconds for stint in self.directory.past().stints if stint.engine == engine)

    def note_plateau(self, plan: Plan) -> None:
        """A worker saw nothing new; whether nobody did says how long the next one may try."""
        seen = self._seen()
        longer = min(self.patience * 2, plan.plateau * _LONGEST)
        self.patience = longer if seen == self._shown else plan.plateau
        self._shown = seen

    def draw(self, *, last: bool = False) -> None:
        """Add a moment to the curve."""
        total = self.directory.total()
        if total is None:
            return
        stints = [*self.directory.past().stints, *(record.stint for record in self.directory.records())]
        point = Point(
            seconds=total.seconds,
            executions=total.executions,
            features=total.features,
            branches=max((stint.branches for stint in stints), default=0),
            corpus=len(self.directory.corpus()),
            buckets=len(total.buckets),
            roots=len({bucket.root for bucket in total.buckets}),
        )
        self._curve.add(point, last=last)


class _Session:
    """The workers that run, by slot."""

    def __init__(self, grounds: Sequence[_Ground], plan: Plan) -> None:
        self.running: dict[int, tuple[_Ground, WorkerProcess]] = {}
        self._grounds = grounds
        self._plan = plan
        self._begun = time.monotonic()
        self.until = self._begun + plan.seconds
        self._turn = plan.turn(len(grounds))
        self._early = 0

    def fill(self) -> None:
        """Start a worker in every slot that is free."""
        for slot in range(self._plan.workers):
            if slot not in self.running:
                self._start(slot, None)

    def _start(self, slot: int, after: tuple[_Ground, Engine] | None) -> None:
        now = time.monotonic()
        counts = [sum(ground is other for other, _ in self.running.values()) for ground in self._grounds]
        scores = [
            ground.spent + count * self._turn for ground, count in zip(self._grounds, counts, strict=True)
        ]
        ground = self._grounds[scores.index(min(scores))]
        engines = ground.field.engines
        running = [Engine(worker.stint.engine) for other, worker in self.running.values() if other is ground]
        engine = next_engine(
            engines,
            running=running,
            spent={one: ground.time_of(one) for one in engines},
            after=after[1] if after is not None and after[0] is ground else None,
        )
        number = ground.started
        ground.started += 1
        stint = Stint(
            session=ground.session,
            number=number,
            slot=slot,
            engine=engine,
            seed=ground.identity.seed * 1_000_003 + ground.session * 1009 + number,
            offset=round(ground.offset + now - self._begun, 3),
            started=round(time.time(), 3),
        )
        order = Order(
            target=ground.identity.target,
            locator=ground.identity.locator,
            directory=str(ground.directory.path),
            begun=now,
            until=min(self.until, now + self._turn),
            plateau=ground.patience,
            resident=self._plan.resident,
            last=self.until <= now + self._turn,
            stint=stint,
            parent=os.getpid(),
        )
        self.running[slot] = ground, WorkerProcess(order, ground.directory, self._plan.silence)

    def reap(self) -> None:
        """Take away workers that ended, make findings of deaths, and give their slots away.

        Raises:
            CampaignError: they cannot work.
        """
        for slot, (ground, worker) in list(self.running.items()):
            status = worker.poll()
            if status is None:
                continue
            del self.running[slot]
            ended = self._account(ground, worker, status)
            if time.monotonic() < self.until:
                self._start(slot, (ground, Engine(worker.stint.engine)) if ended is Ended.PLATEAU else None)

    def _account(self, ground: _Ground, worker: WorkerProcess, status: int) -> Ended:
        """Close the books of a worker."""
        record = worker.close(status, ground.field)
        if status == BLIND or record is None:
            raise CampaignError(
                f"worker {worker.stint.name} ({ground.identity.target}, {worker.stint.engine}) ended with status "
                f"{status} and cannot work; it printed:\n{worker.tail()}"
            )
        ground.spent += record.stint.seconds
        ground.directory.fold([record.stint.name])
        early = record.stint.ended in DEATHS and record.stint.executions < _EARLY
        self._early = self._early + 1 if early else 0
        if self._early > _MAX_EARLY_DEATHS:
            raise CampaignError(
                f"{self._early} workers in a row died of their first inputs; the last one printed:\n{worker.tail()}"
            )
        if record.stint.ended is Ended.PLATEAU:
            ground.note_plateau(self._plan)
        return record.stint.ended

    def stop(self) -> None:
        """Tell all workers to end, end those that do not, and close their books."""
        for _, worker in self.running.values():
            worker.terminate()
        limit = time.monotonic() + _PATIENCE
        for ground, worker in self.running.values():
            status = worker.wait(max(0.0, limit - time.monotonic()))
            worker.close(status, ground.field)
            ground.directory.fold([worker.stint.name])
        self.running.clear()


def run_session(
    root: Path,
    fields: Sequence[Field],
    plan: Plan,
    *,
    on_tick: Callable[[], None] = lambda: None,
) -> None:
    """Run workers until the time is up, the user interrupts, or the file `stop` appears.

    Args:
        root: where `stop` is looked for, besides each target's own directory.
        fields: the targets, not empty; what is in their directories is gone on with.
        plan: how.
        on_tick: called a few times a second.

    Raises:
        CampaignError: a directory holds another campaign, or the workers cannot work. What has been found is written.
    """
    stops = [root / "stop", *(field.directory.stop for field in fields)]
    for stop in stops:
        stop.unlink(missing_ok=True)
    grounds = [_Ground(field, plan) for field in fields]
    session = _Session(grounds, plan)
    tidy = time.monotonic() + _TIDY
    try:
        # A KeyboardInterrupt ends it, and is not passed on: nothing is lost.
        with contextlib.suppress(KeyboardInterrupt):
            session.fill()
            while session.running and not any(stop.exists() for stop in stops):
                time.sleep(_TICK)
                session.reap()
                for ground in grounds:
                    ground.draw()
                if time.monotonic() > tidy:
                    tidy = time.monotonic() + _TIDY
                    for ground in grounds:
                        ground.directory.thin()
                        ground.directory.trim_logs()
                on_tick()
    finally:
        session.stop()
        for ground in grounds:
            ground.draw(last=True)
            total = ground.directory.total()
            if total is not None:
                ground.directory.findings.write_summary(total)
        for stop in stops:
            stop.unlink(missing_ok=True)
