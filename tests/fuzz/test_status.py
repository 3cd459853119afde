"""Tests of `hgframing_fuzz._status`: how far a campaign is, for people and for programs."""

from __future__ import annotations

import os
import time

from pathlib import Path

import msgspec
import pytest

from hgframing_fuzz import _status
from hgframing_fuzz._campaign import CampaignDirectory, Identity
from hgframing_fuzz._findings import BucketSummary, RunSummary
from hgframing_fuzz._records import Ended, Look, Record, Stint
from hgframing_fuzz._status import growth, read_status, status_lines


def record(name: str, engine: str, ended: Ended, branches: int = 0) -> Record:
    """What a worker tells: 200 inputs in 10 seconds, 50 a second at last."""
    session, number = map(int, name.split("-"))
    now = time.time()
    buckets = tuple(BucketSummary(f"r.{line}", "r", 1, 3.0, 30, "m", "00") for line in "ab")
    return Record(
        Stint(session, number, 0, engine, 7, 0.0, now, 10.0, 200, 30, branches, 2, 4.0, ended),
        RunSummary("server-reactor", "Impl", engine, 7, 200, 10.0, 30, buckets),
        (Look(now - 2, 8.0, 100, 1 << 20), Look(now, 10.0, 200, 3 << 20)),
        os.getpid(),
    )


@pytest.fixture
def campaign(tmp_path: Path) -> CampaignDirectory:
    """A campaign in its second session: one worker died, one was changed, two are running."""
    directory = CampaignDirectory(tmp_path)
    directory.begin(Identity("server-reactor", "reference", 7))
    for one in (
        record("1-0", "loop", Ended.DIED),
        record("1-1", "atheris", Ended.PLATEAU, branches=90),
        record("1-2", "atheris", Ended.MEMORY, branches=80),
        record("2-0", "loop", Ended.RUNNING),
        record("2-1", "atheris", Ended.RUNNING, branches=70),
    ):
        directory.tell(one)
    directory.fold(["1-0", "1-1", "1-2"])
    directory.keep(b"an input")
    return directory


def test_status_has_everything_that_a_user_asks_for(campaign: CampaignDirectory) -> None:
    """Speed, coverage, corpus, findings, engines, deaths, disk."""
    status = read_status(campaign)

    assert status is not None
    assert (status.target, status.implementation, status.locator) == ("server-reactor", "Impl", "reference")
    assert (status.executions, status.rate, status.sessions) == (1000, 100.0, 2)
    assert (status.features, status.branches, status.corpus) == (30, 90, 1)
    assert (status.buckets, status.roots, status.deaths, status.restarts) == (2, 1, 1, 1)
    assert status.disk > 0
    assert status.quiet is not None
    assert not status.plateau
    assert [(worker.name, worker.engine, worker.rate, worker.quiet) for worker in status.workers] == [
        ("2-0", "loop", 50.0, 6.0),
        ("2-1", "atheris", 50.0, 6.0),
    ]
    assert [(one.engine, one.stints, one.plateaus) for one in status.engines] == [
        ("loop", 2, 0),
        ("atheris", 3, 1),
    ]
    assert msgspec.json.decode(msgspec.json.encode(status))["locator"] == "reference"


def test_lines_say_the_same_to_people(campaign: CampaignDirectory) -> None:
    """One fact on a line."""
    status = read_status(campaign)
    assert status is not None
    text = "\n".join(status_lines(status))

    for part in (
        "workers     2 running, 100 executions/s",
        "2-1 atheris: 50/s",
        "3 MiB",
        "coverage    30 transitions, 90 branches",
        "buckets     2 of 1 root causes",
        "deaths      1, 0 of no input, and 1 restarts for memory",
    ):
        assert part in text
    assert "plateau)" not in text


def test_growth_is_told_where_there_was_any(campaign: CampaignDirectory) -> None:
    """A leak of what is driven shows in workers that are replaced; nothing else says so."""
    status = read_status(campaign)
    assert status is not None

    one = "1 worker was replaced because of memory: something may be kept from one input to the next"
    assert growth(status) == one
    assert growth(msgspec.structs.replace(status, restarts=3)).startswith("3 workers were replaced")
    assert growth(msgspec.structs.replace(status, restarts=0)) == ""


def test_plateau_is_said_while_somebody_runs(
    campaign: CampaignDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An alarm for who looks at it; a campaign that has ended has none."""
    monkeypatch.setattr(_status, "PLATEAU", -1.0)
    status = read_status(campaign)
    assert status is not None
    assert status.plateau
    assert any(line.endswith("(plateau)") for line in status_lines(status))
    campaign.fold(["2-0", "2-1"])

    status = read_status(campaign)

    assert status is not None
    assert not status.plateau
    assert "workers     none running" in status_lines(status)


def test_status_of_nothing_is_none(tmp_path: Path) -> None:
    """And of a run in one process it is what that wrote."""
    campaign = CampaignDirectory(tmp_path)
    assert read_status(campaign) is None
    campaign.findings.write_summary(RunSummary("server-reactor", "Impl", "loop", 7, 200, 10.0, 30, ()))

    status = read_status(campaign)

    assert status is not None
    assert (status.executions, status.sessions, status.locator) == (200, 0, "")
    assert "last new    never" in status_lines(status)
