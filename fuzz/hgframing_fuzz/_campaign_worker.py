"""One worker of a campaign: the loop in a process of its own, over the shared corpus.

It reads what other workers kept, writes what it keeps, and tells every few seconds what it has done. It ends when its
time is up, when it is told to (SIGTERM), or when the process that started it is gone: a campaign that is killed
leaves nobody behind.
"""

from __future__ import annotations

import os
import signal
import sys
import time

from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import FrameType
from typing import Final

import msgspec

from hgframing_fuzz._buckets import Bucket, BucketTable
from hgframing_fuzz._campaign import CampaignDirectory, Look
from hgframing_fuzz._findings import RunSummary
from hgframing_fuzz._guards import Guards, resident
from hgframing_fuzz._input import FuzzInput, decode_input, encode_input
from hgframing_fuzz._loop import Budget, LoopStats, run_loop
from hgframing_fuzz._spec import BoundTarget
from hgframing_fuzz.targets import TARGETS


__all__ = ["LoopOrder", "main"]

#: Seconds between two looks, and between two readings of the shared corpus.
_INTERVAL: Final = 2.0


class LoopOrder(msgspec.Struct, frozen=True):
    """What a worker is to do.

    Attributes:
        target: the target's name.
        locator: the implementation.
        directory: of the campaign.
        seconds: when to end.
        seed: where its choices start.
        session: which session of the campaign, from 1.
        number: which worker of the session, from 0.
        parent: the process that started it; without it the worker ends.
    """

    target: str
    locator: str
    directory: str
    seconds: float
    seed: int
    session: int
    number: int
    parent: int


class _Worker:
    """Shares, tells, and knows when to end."""

    def __init__(self, order: LoopOrder, bound: BoundTarget) -> None:
        self._order = order
        self._bound = bound
        self._campaign = CampaignDirectory(Path(order.directory))
        self._table = BucketTable(order.target)
        self._known: set[str] = set()
        self._due = 0.0
        self._stopping = False
        self._ended = False

    def run(self) -> None:
        """Fuzz until the end."""
        signal.signal(
            signal.SIGINT, signal.SIG_IGN
        )  # meant for the process that started this one, which tells us
        signal.signal(signal.SIGTERM, self._stop)
        order = self._order
        rng = Random(order.seed)  # noqa: S311 -- repeatable on purpose
        stats = run_loop(
            self._bound.target,
            self._bound.mutator(rng),
            rng,
            self._table,
            budget=Budget(seconds=order.seconds),
            seeds=[path.read_bytes() for path in self._campaign.findings.inputs()],
            on_bucket=self._save,
            on_progress=self._progress,
            on_kept=self._keep,
            inbox=self._inbox,
        )
        self._ended = True
        self._tell(stats)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _save(self, bucket: Bucket) -> None:
        self._campaign.findings.save(bucket, self._bound.describe(decode_input(bucket.shortest)))

    def _keep(self, value: FuzzInput) -> None:
        self._known.add(self._campaign.keep(encode_input(value)))

    def _inbox(self) -> Iterator[bytes]:
        for path in self._campaign.corpus(self._known):
            self._known.add(path.name)
            yield path.read_bytes()

    def _progress(self, stats: LoopStats) -> None:
        if self._ended or (stats.seconds < self._due and not self._should_end()):
            return
        self._due = stats.seconds + _INTERVAL
        self._tell(stats)
        if self._should_end():
            self._ended = True
            raise KeyboardInterrupt

    def _should_end(self) -> bool:
        return self._stopping or os.getppid() != self._order.parent

    def _tell(self, stats: LoopStats) -> None:
        order = self._order
        summary = RunSummary(
            target=order.target,
            implementation=self._bound.subject.name,
            engine="loop",
            seed=order.seed,
            executions=stats.executions,
            seconds=round(stats.seconds, 3),
            features=stats.features,
            buckets=RunSummary.summarise(self._table),
        )
        look = Look(
            time=round(time.time(), 3),
            seconds=round(stats.seconds, 3),
            executions=stats.executions,
            kept=stats.kept,
            features=stats.features,
            buckets=len(self._table),
            resident=resident(),
        )
        self._campaign.tell(order.session, order.number, summary, look)


def main(text: str) -> None:
    """Work.

    Args:
        text: a `LoopOrder` in JSON.
    """
    order = msgspec.json.decode(text, type=LoopOrder)
    guards = Guards()
    # The parent has attached it before, so that a user's mistake is told there.
    bound = TARGETS[order.target].bind(order.locator, guards)
    with guards:
        try:
            _Worker(order, bound).run()
        finally:
            bound.subject.close()


if __name__ == "__main__":
    main(sys.argv[1])
