"""The coverage-guided worker of a campaign: atheris in its process, its limits in our hands.

libFuzzer owns its process and ends it as it likes, without Python's clean-up. So what it finds is written when it is
found, what it did every other second, and the worker ends it itself: that is the only way to end without losing the
last second. libFuzzer's own limit of memory and its handlers of signals are off, and its limit of time is far above
ours: whatever ends a worker ends it in the same way with every engine, and its owner makes the same finding of it.

Fork mode, which libFuzzer has for targets that die, was measured to be slower than one process.
"""

from __future__ import annotations

import hashlib
import os
import re
import time

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final, Protocol

from hgframing_fuzz._atheris_engine import InstrumentationError, fuzz
from hgframing_fuzz._buckets import Bucket, BucketTable
from hgframing_fuzz._campaign import CampaignDirectory
from hgframing_fuzz._engines import Engine
from hgframing_fuzz._findings import write_whole
from hgframing_fuzz._input import encode_input
from hgframing_fuzz._outcome import Feature, Outcome
from hgframing_fuzz._records import Ended, Stint
from hgframing_fuzz._spec import BoundTarget


__all__ = ["BLIND", "BlindError", "Owner", "run_atheris"]

#: The exit status of a worker whose engine sees nothing of what it runs.
BLIND: Final = 78

#: Inputs of the generator that a corpus starts with.
_SEEDS: Final = 64

#: Octets of an input. Instrumented, a long one costs the time of hundreds, and libFuzzer keeps many of them for how
#: often they go round a loop. The loop engine makes those.
_MAX_SIZE: Final = 8192

#: Branches that the engine must have seen when it has read the corpus. Fewer mean that it is blind.
_MIN_COVERAGE: Final = 20

#: Seconds after which a call into C that nothing interrupts ends the process.
_STUCK: Final = 300

_COVERAGE: Final = re.compile(rb"\bcov: (\d+)")
#: Octets at the end of the log in which libFuzzer's last line is found.
_TAIL: Final = 4096


class BlindError(Exception):
    """An engine sees nothing of what it runs, and its silence would mean nothing."""


class Owner(Protocol):
    """A worker, as far as this engine needs it (`_campaign_worker.Worker`)."""

    bound: BoundTarget
    campaign: CampaignDirectory
    table: BucketTable
    stint: Stint

    def begin(self) -> None:
        """The engine runs its first input now."""

    def seeds(self) -> list[bytes]:
        """What to begin with."""

    def save(self, bucket: Bucket) -> None:
        """Write a finding."""

    def look(self, *, seconds: float, executions: int, features: int, branches: int = 0) -> Ended | None:
        """Take note of how far the engine is, and say why it must end, if it must."""


class _Judge:
    """Counts and sorts, and ends the process when it is time."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._log = owner.campaign.log(owner.stint.name)
        self._executions = 0
        self._features: set[Feature] = set()
        self._branches = 0
        self._due = 0.0
        self._started = time.perf_counter()

    def __call__(self, octets: bytes, outcome: Outcome) -> None:
        """Take one outcome."""
        owner = self._owner
        if not self._executions:
            # Instrumentation has taken seconds by now; they are not the engine's.
            self._started = time.perf_counter()
            owner.begin()
        self._executions += 1
        seconds = time.perf_counter() - self._started
        self._features.update(outcome.features)
        finding = outcome.finding
        if finding is not None:
            bucket = owner.table.add(finding, bytes(octets), seconds=seconds, execution=self._executions)
            if bucket is not None:
                owner.save(bucket)
        if seconds < self._due:
            return
        self._due = seconds + 0.25
        self._read_log()
        ended = owner.look(
            seconds=seconds,
            executions=self._executions,
            features=len(self._features),
            branches=self._branches,
        )
        if ended is not None:
            # libFuzzer would go on, and would end without a last word from us.
            os._exit(0)

    def _read_log(self) -> None:
        """Find libFuzzer's own count of branches; nothing but its log tells it."""
        with self._log.open("rb") as file:
            file.seek(max(0, self._log.stat().st_size - _TAIL))
            text = file.read()
        counts = _COVERAGE.findall(text)
        if not counts:
            return
        self._branches = max(self._branches, int(counts[-1]))
        if self._branches < _MIN_COVERAGE and b"\tINITED" in text:
            os.write(2, f"the engine sees {self._branches} branches: nothing is instrumented\n".encode())
            os._exit(BLIND)


def _sow(owner: Owner, seed: int) -> None:
    """Give libFuzzer something to start from, under the names that it would give."""
    corpus = owner.campaign.corpus_path
    mutator = owner.bound.mutator(Random(seed))  # noqa: S311 -- repeatable on purpose
    inputs = owner.seeds()
    if len(owner.campaign.corpus()) < _SEEDS // 2:
        inputs += [encode_input(mutator.fresh()) for _ in range(_SEEDS)]
    for octets in inputs:
        if len(octets) <= _MAX_SIZE:
            name = hashlib.sha1(octets).hexdigest()  # noqa: S324 -- libFuzzer's own
            if not (corpus / name).exists():
                (corpus / name).write_bytes(octets)


def _arguments(seed: int, corpus: Path, dictionary: Path | None) -> Sequence[str]:
    """LibFuzzer's options: everything that would end the process is off, or comes long after our own bounds."""
    off = ("rss_limit_mb", "malloc_limit_mb", "detect_leaks")
    handlers = ("segv", "bus", "abrt", "ill", "fpe", "int", "term", "xfsz", "usr1", "usr2")
    return [
        # 0 would mean "choose one".
        f"-seed={seed % 0xFFFF_FFFE + 1}",
        f"-max_len={_MAX_SIZE}",
        # 0 is not "none": atheris would end the process after the first second that anything takes, a mutation too.
        f"-timeout={_STUCK}",
        *(f"-{name}=0" for name in off),
        *(f"-handle_{name}=0" for name in handlers),
        *([f"-dict={dictionary}"] if dictionary else []),
        str(corpus),
    ]


def run_atheris(owner: Owner, engine: Engine) -> None:
    """Run the engine. The process ends inside of libFuzzer.

    Args:
        owner: the worker.
        engine: how much is instrumented.

    Raises:
        BlindError: nothing of what is run is instrumented.
        ImportError: atheris is not installed.
    """
    seed = owner.stint.seed
    _sow(owner, seed)
    try:
        fuzz(
            owner.bound,
            Random(seed),  # noqa: S311 -- repeatable on purpose
            program="hgframing-fuzz",
            arguments=_arguments(seed, owner.campaign.corpus_path, _dictionary(owner)),
            judge=_Judge(owner),
            light=engine is Engine.LIGHT,
        )
    except InstrumentationError as error:
        raise BlindError(str(error)) from error


def _dictionary(owner: Owner) -> Path | None:
    """Write the target's dictionary as libFuzzer reads it."""
    words = owner.bound.spec.dictionary
    if not words:
        return None
    path = owner.campaign.path / "dictionary"
    lines = ('"' + "".join(f"\\x{octet:02x}" for octet in word) + '"\n' for word in words if word)
    write_whole(path, "".join(lines).encode())
    return path
