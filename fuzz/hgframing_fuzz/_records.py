"""What is written down about the workers of a campaign, and what it adds up to.

A *stint* is one worker process from its start to its end: one target, one engine, one seed. Times of a campaign are
counted over its sessions without the time between them, so that a campaign that rested for a day has the same curve
as one that did not.
"""

from __future__ import annotations

import enum

from collections.abc import Iterable
from typing import Final

import msgspec

from hgframing_fuzz._findings import BucketSummary, RunSummary


__all__ = ["DEATHS", "Ended", "Look", "Past", "Record", "Stint", "combine", "fold", "shifted"]

#: Stints that are listed one by one; of older ones only the sums stay.
_MAX_STINTS: Final = 5000


class Ended(enum.StrEnum):
    """Why a stint ended."""

    RUNNING = "running"
    TIME = "time was up"
    TURN = "another's turn"
    PLATEAU = "plateau"
    MEMORY = "memory"
    STOPPED = "stopped"
    #: Of an input that ends another process as well.
    DIED = "died"
    HUNG = "hung"
    #: Of something else: killed from outside, or short of memory between two inputs.
    UNEXPLAINED = "died, and no input explains it"
    #: The process that owned the worker was killed, or the machine went down.
    LOST = "lost"


#: The ends that are no end that a worker chose.
DEATHS: Final = frozenset({Ended.DIED, Ended.HUNG, Ended.UNEXPLAINED})


class Stint(msgspec.Struct, frozen=True, rename="kebab"):
    """One worker from start to end.

    Attributes:
        session: which session of the campaign, from 1.
        number: which worker of the session, from 0.
        slot: which of the places for workers it had, from 0.
        engine: what made its inputs.
        seed: where its choices started.
        offset: seconds of the campaign at which it started.
        started: the same in seconds since the epoch.
        seconds: how long it has run inputs.
        executions: inputs run.
        features: transitions seen.
        branches: branches seen, as libFuzzer counts them; 0 for the engine `loop`, which sees none.
        buckets: findings told apart.
        new: seconds of its own at which it last made progress: a bucket, or a hundredth more transitions or branches.
        ended: why it ended.
    """

    session: int
    number: int
    slot: int
    engine: str
    seed: int
    offset: float
    started: float
    seconds: float = 0.0
    executions: int = 0
    features: int = 0
    branches: int = 0
    buckets: int = 0
    new: float = 0.0
    ended: Ended = Ended.RUNNING

    @property
    def name(self) -> str:
        """Its name in reports and file names."""
        return f"{self.session}-{self.number}"


class Look(msgspec.Struct, frozen=True):
    """One worker at one moment.

    Attributes:
        time: seconds since the epoch.
        seconds: how long it has run.
        executions: inputs run.
        resident: octets of memory that it has.
    """

    time: float
    seconds: float
    executions: int
    resident: int


class Record(msgspec.Struct, frozen=True):
    """What a worker tells, as a whole, every few seconds.

    Attributes:
        stint: how far it is.
        summary: what it found; times are its own.
        looks: the last few, oldest first.
        pid: its process.
    """

    stint: Stint
    summary: RunSummary
    looks: tuple[Look, ...]
    pid: int

    @property
    def rate(self) -> float:
        """Executions a second, over the last looks."""
        first, last = self.looks[0], self.looks[-1]
        seconds = last.seconds - first.seconds
        return (last.executions - first.executions) / seconds if seconds > 0 else 0.0


class Past(msgspec.Struct, frozen=True):
    """All stints that have ended.

    Attributes:
        stints: the latest ones, in the order in which they ended.
        total: what all of them found; times are the campaign's.
        dropped: how many are in the total alone.
        deaths: how many died or hung.
        unexplained: how many of these of no input.
    """

    stints: tuple[Stint, ...] = ()
    total: RunSummary | None = None
    dropped: int = 0
    deaths: int = 0
    unexplained: int = 0


def shifted(record: Record) -> RunSummary:
    """What a worker found, with the campaign's times in place of its own, and its name on it."""
    stint, summary = record.stint, record.summary
    buckets = tuple(
        msgspec.structs.replace(
            bucket,
            first_seconds=round(bucket.first_seconds + stint.offset, 3),
            first_time=round(bucket.first_seconds + stint.started, 3),
            engine=stint.engine,
            worker=stint.name,
        )
        for bucket in summary.buckets
    )
    return msgspec.structs.replace(summary, seconds=round(stint.offset + summary.seconds, 3), buckets=buckets)


def combine(parts: Iterable[RunSummary]) -> RunSummary | None:
    """Add up what several workers of one campaign found.

    Args:
        parts: with the campaign's times.

    Returns:
        Executions and counts added, the latest time; of each bucket the first sight and the shortest input. None
        where there are no parts.
    """
    whole = list(parts)
    if not whole:
        return None
    buckets: dict[str, BucketSummary] = {}
    for bucket in (bucket for part in whole for bucket in part.buckets):
        known = buckets.get(bucket.id)
        buckets[bucket.id] = bucket if known is None else _both(known, bucket)
    return msgspec.structs.replace(
        next((part for part in whole if part.implementation), whole[0]),
        executions=sum(part.executions for part in whole),
        seconds=max(part.seconds for part in whole),
        features=max(part.features for part in whole),
        buckets=tuple(sorted(buckets.values(), key=lambda bucket: bucket.first_seconds)),
    )


def _both(one: BucketSummary, other: BucketSummary) -> BucketSummary:
    """The same bucket, seen by two."""
    first, later = (other, one) if other.first_seconds < one.first_seconds else (one, other)
    shorter = later if len(later.octets) < len(first.octets) else first
    return msgspec.structs.replace(
        first, count=one.count + other.count, message=shorter.message, octets=shorter.octets
    )


def fold(past: Past, records: Iterable[Record]) -> Past:
    """Add stints that have ended to those that had."""
    new = [record for record in records if record.stint.name not in {stint.name for stint in past.stints}]
    stints = (*past.stints, *(record.stint for record in new))
    excess = max(0, len(stints) - _MAX_STINTS)
    parts = [*([past.total] if past.total else []), *map(shifted, new)]
    return Past(
        stints=stints[excess:],
        total=combine(parts),
        dropped=past.dropped + excess,
        deaths=past.deaths + sum(record.stint.ended in DEATHS for record in new),
        unexplained=past.unexplained + sum(record.stint.ended is Ended.UNEXPLAINED for record in new),
    )
