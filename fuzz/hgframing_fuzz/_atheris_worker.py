"""A process that fuzzes with atheris for a campaign, and how a campaign starts it.

libFuzzer owns its process and ends it as it likes, without Python's clean-up. So it gets one of its own; what
it finds is written when it is found, and what it did every second. The worker watches the clock itself,
because that is the only way to end without losing the last second.

A worker that dies (libFuzzer ends it for time, memory or a crash of the interpreter) is started again for the
rest of the time, on the same corpus. Fork mode, which libFuzzer has for that, was measured to be slower than
one process.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from hgframing_fuzz._atheris_engine import SLOWDOWN, fuzz
from hgframing_fuzz._buckets import BucketTable
from hgframing_fuzz._findings import FindingsDirectory, RunSummary
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import decode_input, encode_input
from hgframing_fuzz._outcome import Feature, Outcome
from hgframing_fuzz._spec import BoundTarget
from hgframing_fuzz.targets import TARGETS


__all__ = ["WorkOrder", "WorkerError", "main", "run_worker"]

#: Inputs of the generator that a corpus starts with.
_SEEDS: Final = 64

#: Octets of an input. Instrumented, a long one costs the time of hundreds, and libFuzzer keeps many of them
#: for how often they go round a loop. The loop engine makes those.
_MAX_SIZE: Final = 8192

#: Deaths after which a campaign gives up: by then it is not the inputs.
_MAX_DEATHS: Final = 20

#: Branches that the engine must have seen at the end. An instrumented reactor shows hundreds; a few mean that
#: something imported its code after it was instrumented, and that the engine was blind.
_MIN_COVERAGE: Final = 100

_COVERAGE: Final = re.compile(rb"\bcov: (\d+)")

#: libFuzzer's exit statuses that it documents for findings: a time-out, too much memory, a crash.
_DEATHS: Final = frozenset({70, 71, 77})


class WorkerError(Exception):
    """A worker cannot work; the message says why, with what it printed last."""


class WorkOrder(msgspec.Struct, frozen=True):
    """What a worker is to do.

    Attributes:
        target: a key of `TARGETS`.
        locator: the implementation.
        directory: where findings, corpus and log go.
        seconds: wall time.
        seed: of libFuzzer's choices and ours.
    """

    target: str
    locator: str
    directory: str
    seconds: float
    seed: int


def run_worker(order: WorkOrder, *, on_progress: Callable[[RunSummary], None] = lambda _: None) -> RunSummary:
    """Start a worker, and again when it dies, until its time is up.

    Args:
        order: what to do.
        on_progress: called a few times a second with what has been done since the worker was last started.

    Raises:
        WorkerError: it cannot work, dies again and again, or its instrumentation shows nothing.
    """
    directory = FindingsDirectory(Path(order.directory))
    log = directory.path / "atheris.log"
    started = time.monotonic()
    total: RunSummary | None = None
    deaths = 0
    with log.open("wb") as stream:
        while (left := order.seconds - (time.monotonic() - started)) > 0:
            part = msgspec.structs.replace(order, seconds=left, seed=order.seed + deaths)
            status = _work(part, stream.fileno(), directory, on_progress)
            summary = directory.read_summary()
            if summary is not None:
                total = summary if total is None else total.merged(summary)
            if status == 0:
                break
            deaths += 1
            if status not in _DEATHS or deaths > _MAX_DEATHS or total is None:
                raise WorkerError(f"the atheris worker ended with status {status}; it printed:\n{_tail(log)}")
    if total is None:
        raise WorkerError(f"the atheris worker wrote no summary; it printed:\n{_tail(log)}")
    coverage = max((int(number) for number in _COVERAGE.findall(log.read_bytes())), default=0)
    if coverage < _MIN_COVERAGE:
        raise WorkerError(f"the engine saw {coverage} branches: the code under test is not instrumented")
    directory.write_summary(total)
    return total


def _work(
    order: WorkOrder, log: int, directory: FindingsDirectory, on_progress: Callable[[RunSummary], None]
) -> int:
    """Run one worker to its end."""
    text = msgspec.json.encode(order).decode()
    command = [sys.executable, "-m", "hgframing_fuzz._atheris_worker", text]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as process:  # noqa: S603 -- ours
        try:
            while True:
                try:
                    return process.wait(timeout=0.5)
                except subprocess.TimeoutExpired:
                    summary = directory.read_summary()
                    if summary is not None:
                        on_progress(summary)
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            return 0


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
    return "\n".join(f"  | {line}" for line in lines)


class _Worker:
    """Counts, sorts and writes, in the worker's process."""

    def __init__(self, order: WorkOrder, bound: BoundTarget) -> None:
        self._order = order
        self._bound = bound
        self._directory = FindingsDirectory(Path(order.directory))
        self._table = BucketTable(order.target)
        self._started = time.perf_counter()
        self._due = 1.0
        self._executions = 0
        self._features: set[Feature] = set()

    def judge(self, octets: bytes, outcome: Outcome) -> None:
        """Take one outcome; end the process when the time is up."""
        if not self._executions:
            # Instrumentation has taken seconds by now; they are not the engine's.
            self._started = time.perf_counter()
        self._executions += 1
        seconds = time.perf_counter() - self._started
        self._features.update(outcome.features)
        finding = outcome.finding
        if finding is not None:
            bucket = self._table.add(finding, bytes(octets), seconds=seconds, execution=self._executions)
            if bucket is not None:
                self._directory.save(bucket, self._bound.describe(decode_input(bucket.shortest)))
        if seconds >= self._due:
            self._due = seconds + 1.0
            self.summarise(seconds)
        if seconds >= self._order.seconds:
            self.summarise(seconds)
            # libFuzzer would go on, and would end without a last word from us.
            os._exit(0)

    def summarise(self, seconds: float) -> None:
        """Write what has been done."""
        self._directory.write_summary(
            RunSummary(
                target=self._order.target,
                implementation=self._bound.subject.name,
                engine="atheris",
                seed=self._order.seed,
                executions=self._executions,
                seconds=round(seconds, 3),
                features=len(self._features),
                buckets=RunSummary.summarise(self._table),
            )
        )


def _sow(bound: BoundTarget, corpus: Path, seed: int) -> None:
    """Give libFuzzer something to start from, if there is nothing."""
    corpus.mkdir(parents=True, exist_ok=True)
    if any(corpus.iterdir()):
        return
    mutator = bound.mutator(Random(seed))  # noqa: S311 -- repeatable on purpose
    for number in range(_SEEDS):
        (corpus / f"seed-{number:03}").write_bytes(encode_input(mutator.fresh())[:_MAX_SIZE])


def main(text: str) -> None:
    """Work. The process ends inside of libFuzzer.

    Args:
        text: a work order in JSON.
    """
    order = msgspec.json.decode(text, type=WorkOrder)
    guards = Guards(slowdown=SLOWDOWN)
    # The parent has attached it before, so that a user's mistake is told there.
    bound = TARGETS[order.target].bind(order.locator, guards)
    corpus = Path(order.directory) / "corpus"
    _sow(bound, corpus, order.seed)
    worker = _Worker(order, bound)
    # libFuzzer's own limits are above ours, and catch what ours cannot interrupt. A seed of 0 would mean
    # "choose one".
    arguments = [
        f"-seed={order.seed + 1}",
        f"-max_len={_MAX_SIZE}",
        "-timeout=60",
        "-rss_limit_mb=2048",
        f"-artifact_prefix={order.directory}/",
        str(corpus),
    ]
    rng = Random(order.seed)  # noqa: S311 -- repeatable on purpose
    with guards:
        fuzz(bound, rng, program="hgframing-fuzz", arguments=arguments, judge=worker.judge)


if __name__ == "__main__":
    main(sys.argv[1])
