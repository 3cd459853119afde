"""One worker of a campaign: an engine in a process of its own, over the shared corpus.

It reads what other workers kept, writes what it keeps, writes down what it is about to run, and tells every few seconds
what it has done. It ends when its time is up, when it has seen nothing new for too long or has grown too large, when
it is told to (SIGTERM), or when the process that started it is gone: a campaign that is killed leaves nobody behind.
"""

from __future__ import annotations

import dataclasses
import faulthandler
import os
import signal
import sys
import time
import traceback

from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import FrameType
from typing import Final

import msgspec

from hgframing_fuzz._atheris_worker import BLIND, BlindError, run_atheris
from hgframing_fuzz._buckets import Bucket, BucketTable
from hgframing_fuzz._campaign import CampaignDirectory
from hgframing_fuzz._deaths import ESCAPED
from hgframing_fuzz._engines import Engine
from hgframing_fuzz._findings import RunSummary
from hgframing_fuzz._guards import Guards, resident
from hgframing_fuzz._input import Form, FuzzInput, InputMaker, decode_input, encode_input
from hgframing_fuzz._loop import Budget, LoopStats, run_loop
from hgframing_fuzz._order import Order
from hgframing_fuzz._outcome import Outcome, Target
from hgframing_fuzz._records import Ended, Look, Record
from hgframing_fuzz._scratch import Scratch
from hgframing_fuzz._spec import BoundTarget
from hgframing_fuzz._storms import StormAvoider
from hgframing_fuzz.targets import TARGETS


__all__ = ["Worker", "main", "run_loop_of"]

#: Seconds between two looks, and between two readings of the shared corpus.
_INTERVAL: Final = 2.0
#: Looks that are kept, for the rate.
_LOOKS: Final = 6
#: What is progress: a new bucket, or this much more of transitions or branches. A campaign that has seen nearly all of
#: them still sees one now and then, for days.
_PROGRESS: Final = 1.01
#: Inputs after which the generator loop must have seen a transition.
_CANARY: Final = 2000


class _Noting:
    """A target that writes down what it is about to run."""

    def __init__(self, target: Target, scratch: Scratch) -> None:
        self.name = target.name
        self._check = target.check
        self._note = scratch.note
        self._done = scratch.done

    def check(self, value: FuzzInput) -> Outcome:
        self._note(encode_input(value))
        try:
            outcome = self._check(value)
        except BaseException:  # noqa: BLE001 -- SystemExit for instance: code under test ends the process
            traceback.print_exc()
            sys.stderr.flush()
            # Whatever is between here and the top, libFuzzer for instance, has its own idea of it.
            os._exit(ESCAPED)
        self._done()
        return outcome


class Worker:
    """Shares, tells, and knows when to end, whichever engine it has.

    Args:
        order: what to do.
        bound: what to fuzz, in this process.
    """

    def __init__(self, order: Order, bound: BoundTarget) -> None:
        self.order = order
        self.bound = bound
        self.campaign = CampaignDirectory(Path(order.directory))
        self.table = BucketTable(order.target)
        self.stint = order.stint
        self._known: set[str] = set()
        self._looks: list[Look] = []
        self._marked = 0, 0, 0
        self._due = 0.0
        self._stopping = False

    def listen(self) -> None:
        """End when told to; what is meant for the process that started this one does not concern it."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._stop)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def begin(self) -> None:
        """The engine runs its first input now; what it took to come so far is not its time."""
        late = time.monotonic() - self.order.begun
        self.stint = msgspec.structs.replace(
            self.stint, offset=round(self.stint.offset + late, 3), started=round(time.time(), 3)
        )

    def seeds(self) -> list[bytes]:
        """What to begin with: the target's own inputs, and those of findings."""
        return [*self.bound.spec.seeds(), *self.campaign.findings.seeds()]

    def save(self, bucket: Bucket) -> None:
        """Write a finding."""
        self.campaign.findings.save(bucket, self.bound.describe(decode_input(bucket.shortest)))

    def keep(self, value: FuzzInput) -> None:
        """Put an input into the corpus."""
        self._known.add(self.campaign.keep(encode_input(value)))

    def inbox(self) -> Iterator[bytes]:
        """What others have put there since the last time."""
        for path in self.campaign.corpus(self._known):
            self._known.add(path.name)
            try:
                yield path.read_bytes()
            except FileNotFoundError:
                continue

    def look(self, *, seconds: float, executions: int, features: int, branches: int = 0) -> Ended | None:
        """Take note of how far the engine is.

        Args:
            seconds: since it began.
            executions: inputs run.
            features: transitions seen.
            branches: branches seen.

        Returns:
            Why it must end now; None: it may go on. It must ask often: this is cheap, until it is time to tell.
        """
        if seconds < self._due and not self._stopping and time.monotonic() < self.order.until:
            return None
        self._due = seconds + _INTERVAL
        self.stint = msgspec.structs.replace(
            self.stint,
            seconds=round(seconds, 3),
            executions=executions,
            features=features,
            branches=branches,
            buckets=len(self.table),
        )
        marked = self._marked
        if (
            len(self.table) > marked[2]
            or features > marked[0] * _PROGRESS
            or branches > marked[1] * _PROGRESS
        ):
            self._marked = features, branches, len(self.table)
            self.stint = msgspec.structs.replace(self.stint, new=round(seconds, 3))
        ended = self._reason(seconds)
        self.tell(ended)
        return ended

    def _reason(self, seconds: float) -> Ended | None:
        if self._stopping or os.getppid() != self.order.parent:
            return Ended.STOPPED
        if time.monotonic() >= self.order.until:
            return Ended.TIME if self.order.last else Ended.TURN
        if seconds - self.stint.new >= self.order.plateau:
            return Ended.PLATEAU
        return Ended.MEMORY if resident() > self.order.resident else None

    def tell(self, ended: Ended | None) -> None:
        """Write what has been done."""
        stint, order = self.stint, self.order
        self._looks.append(Look(round(time.time(), 3), stint.seconds, stint.executions, resident()))
        del self._looks[:-_LOOKS]
        summary = RunSummary(
            target=order.target,
            implementation=self.bound.subject.name,
            engine=stint.engine,
            seed=stint.seed,
            executions=stint.executions,
            seconds=stint.seconds,
            features=stint.features,
            buckets=RunSummary.summarise(self.table),
        )
        self.stint = msgspec.structs.replace(stint, ended=ended or Ended.RUNNING)
        self.campaign.tell(Record(self.stint, summary, tuple(self._looks), os.getpid()))


def run_loop_of(worker: Worker) -> None:
    """Run the generator loop.

    Args:
        worker: whose engine it is.

    Raises:
        BlindError: inputs show no transition.
    """
    order = worker.order
    rng = Random(order.stint.seed)  # noqa: S311 -- repeatable on purpose
    ended: Ended | None = None

    def progress(stats: LoopStats) -> None:
        nonlocal ended
        if ended is not None:
            return
        ended = worker.look(seconds=stats.seconds, executions=stats.executions, features=stats.features)
        if not stats.features and stats.executions >= _CANARY and not len(worker.table):
            raise BlindError(f"{stats.executions} inputs showed no transition: the target is not driven")
        if ended is not None:
            raise KeyboardInterrupt

    target: Target = worker.bound.target
    maker: InputMaker = worker.bound.mutator(rng)
    if worker.bound.spec.form is Form.FRAMES:
        # A fault that nearly every input meets would leave no time for the others.
        target = maker = StormAvoider(target, maker, rng)
    worker.begin()
    run_loop(
        target,
        maker,
        rng,
        worker.table,
        budget=Budget(),
        seeds=worker.seeds(),
        on_bucket=worker.save,
        on_progress=progress,
        on_kept=worker.keep,
        inbox=worker.inbox,
    )


def main(text: str) -> None:
    """Work.

    Args:
        text: an `Order` in JSON.
    """
    order = msgspec.json.decode(text, type=Order)
    # A crash of the interpreter leaves a traceback in the log.
    faulthandler.enable()
    engine = Engine(order.stint.engine)
    guards = Guards(slowdown=engine.slowdown)
    # The parent has attached it before, so that a user's mistake is told there.
    bound = TARGETS[order.target].bind(order.locator, guards)
    campaign = CampaignDirectory(Path(order.directory))
    try:
        with guards, Scratch(campaign.scratch(order.stint.name)) as scratch:
            noting = dataclasses.replace(bound, target=_Noting(bound.target, scratch))
            worker = Worker(order, noting)
            worker.listen()
            if engine is Engine.LOOP:
                run_loop_of(worker)
            else:
                run_atheris(worker, engine)
    except BlindError as error:
        print(error, file=sys.stderr)  # noqa: T201 -- into the log, for the owner
        sys.exit(BLIND)
    finally:
        bound.subject.close()


if __name__ == "__main__":
    main(sys.argv[1])
