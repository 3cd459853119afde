"""Tests of `hgframing_fuzz._records`: what workers did adds up, across workers, engines and sessions."""

from __future__ import annotations

import msgspec
import pytest

from hgframing_fuzz import _records
from hgframing_fuzz._findings import BucketSummary, RunSummary
from hgframing_fuzz._records import Ended, Look, Past, Record, Stint, combine, fold, shifted


def bucket(name: str, count: int, first: float, octets: str) -> BucketSummary:
    """A bucket."""
    return BucketSummary(name, name, count, first, int(first * 10), f"message {octets}", octets)


def record(
    name: str, *buckets: BucketSummary, offset: float = 0.0, engine: str = "loop", ended: Ended = Ended.TIME
) -> Record:
    """What a worker did: 100 inputs in 10 seconds."""
    session, number = map(int, name.split("-"))
    stint = Stint(session, number, 0, engine, 7, offset, 1000.0 + offset, 10.0, 100, ended=ended)
    summary = RunSummary("server-reactor", "Impl", engine, 7, 100, 10.0, 5, buckets)
    return Record(stint, summary, (Look(1.0, 1.0, 100, 1), Look(3.0, 3.0, 500, 1)), 42)


def test_rate_is_that_of_the_last_looks() -> None:
    """Not of the whole time."""
    assert record("1-0").rate == 200.0
    assert msgspec.structs.replace(record("1-0"), looks=(Look(1.0, 1.0, 100, 1),)).rate == 0.0


def test_bucket_that_several_saw_keeps_the_first_sight_and_the_shortest_input() -> None:
    """Whoever saw it first is named, with the engine; counts are added."""
    one = shifted(record("1-0", bucket("a", 2, 3.0, "00"), bucket("b", 1, 9.0, "00")))
    other = shifted(record("1-1", bucket("a", 5, 1.0, "000000"), engine="atheris"))

    both = combine([one, other])

    assert both is not None
    assert (both.executions, both.seconds) == (200, 10.0)
    first, second = both.buckets
    assert (first.id, first.count, first.first_seconds, first.octets) == ("a", 7, 1.0, "00")
    assert (first.message, first.engine, first.worker) == ("message 00", "atheris", "1-1")
    assert (second.id, second.worker) == ("b", "1-0")
    assert combine([]) is None


def test_times_of_a_worker_become_the_campaigns() -> None:
    """It started after a quarter of an hour; the clock is kept as well."""
    one = shifted(record("2-3", bucket("a", 1, 3.0, "00"), offset=900.0))

    assert (one.seconds, one.buckets[0].first_seconds, one.buckets[0].first_time) == (910.0, 903.0, 1903.0)


def test_workers_that_ended_are_counted_once() -> None:
    """A kill between counting them and removing their files leaves both."""
    one, other = record("1-0", bucket("a", 1, 1.0, "00")), record("1-1", ended=Ended.DIED)

    past = fold(fold(Past(), [one]), [one, other])

    assert [stint.name for stint in past.stints] == ["1-0", "1-1"]
    assert past.deaths == 1
    assert past.total is not None
    assert past.total.executions == 200


def test_long_list_of_workers_is_cut_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """What they found stays in the sum."""
    monkeypatch.setattr(_records, "_MAX_STINTS", 2)

    past = fold(Past(), [record(f"1-{number}") for number in range(5)])

    assert [stint.name for stint in past.stints] == ["1-3", "1-4"]
    assert past.dropped == 3
    assert past.total is not None
    assert past.total.executions == 500
