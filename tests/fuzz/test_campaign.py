"""Tests of `hgframing_fuzz._campaign`: what several workers and sessions add up to, and what a kill leaves."""

from __future__ import annotations

import time

from pathlib import Path

import pytest

from hgframing_fuzz._campaign import CampaignDirectory, CampaignError, Identity, Look, side_by_side
from hgframing_fuzz._findings import BucketSummary, RunSummary


ME = Identity("server-reactor", "reference", 7)


def bucket(name: str, count: int, first: float, octets: str) -> BucketSummary:
    """A bucket."""
    return BucketSummary(name, name, count, first, int(first * 10), f"message {octets}", octets)


def summary(*buckets: BucketSummary, executions: int = 100, seconds: float = 10.0) -> RunSummary:
    """What one worker did."""
    return RunSummary("server-reactor", "reference", "loop", 1, executions, seconds, 5, buckets)


def look(seconds: float = 10.0, executions: int = 100, ago: float = 0.0) -> Look:
    """A look at a worker."""
    return Look(time.time() - ago, seconds, executions, 1, 5, 0, 1 << 20)


def test_workers_of_one_session_are_added_side_by_side() -> None:
    """Executions add up, time does not; of a bucket the earliest sight and the shortest input stay."""
    one = summary(bucket("a", 2, 3.0, "0000"), bucket("b", 1, 9.0, "00"))
    other = summary(bucket("a", 5, 1.0, "000000"), executions=50, seconds=9.0)

    both = side_by_side([one, other])

    assert (both.executions, both.seconds) == (150, 10.0)
    assert [(b.id, b.count, b.first_seconds, b.octets) for b in both.buckets] == [
        ("a", 7, 1.0, "0000"),
        ("b", 1, 9.0, "00"),
    ]


def test_sessions_are_added_one_after_the_other(tmp_path: Path) -> None:
    """What a second session finds was found after the first one's time; the campaign's seed stays."""
    campaign = CampaignDirectory(tmp_path)
    assert campaign.begin(ME) == 1
    campaign.tell(1, 0, summary(), look())
    campaign.tell(1, 1, summary(), look())
    assert campaign.begin(Identity("server-reactor", "reference", 99)) == 2
    campaign.tell(2, 0, summary(bucket("a", 1, 3.0, "00")), look())

    total = campaign.total()

    assert total is not None
    assert (total.executions, total.seconds, total.seed) == (300, 20.0, 7)
    assert total.buckets[0].first_seconds == 13.0


def test_another_campaign_is_not_gone_on_with(tmp_path: Path) -> None:
    """Its corpus and its findings are another implementation's."""
    CampaignDirectory(tmp_path).begin(ME)

    with pytest.raises(CampaignError, match="holds a campaign of server-reactor against reference"):
        CampaignDirectory(tmp_path).begin(Identity("client-reactor", "reference", 7))


def test_corpus_keeps_an_input_once_and_tells_what_is_new(tmp_path: Path) -> None:
    """Workers find each other's inputs by name; what is half written is not there."""
    campaign = CampaignDirectory(tmp_path)
    assert campaign.corpus() == []
    campaign.begin(ME)
    name = campaign.keep(b"one")
    assert campaign.keep(b"one") == name
    other = campaign.keep(b"two")
    half = tmp_path / "corpus" / "half.part-1"
    half.touch()

    assert {path.name for path in campaign.corpus()} == {name, other}
    assert [path.read_bytes() for path in campaign.corpus([name])] == [b"two"]
    campaign.begin(ME)
    assert not half.exists()


def test_rates_are_those_of_workers_that_speak(tmp_path: Path) -> None:
    """A worker that was killed long ago is not running, and a line that was cut off is no look."""
    campaign = CampaignDirectory(tmp_path)
    campaign.begin(ME)
    campaign.tell(1, 0, summary(), look(seconds=1.0, executions=100, ago=60))
    assert campaign.rates() == []
    campaign.tell(1, 1, summary(), look(seconds=1.0, executions=100))
    campaign.tell(1, 1, summary(), look(seconds=3.0, executions=500))
    with (tmp_path / "workers" / "1-1.jsonl").open("ab") as lines:
        lines.write(b'{"time": 1')

    assert campaign.rates() == [200.0]


def test_last_new_is_the_newest_of_corpus_and_findings(tmp_path: Path) -> None:
    """Nothing yet; then now."""
    campaign = CampaignDirectory(tmp_path)
    campaign.begin(ME)
    assert campaign.last_new() is None
    campaign.keep(b"one")

    last = campaign.last_new()

    assert last is not None
    assert abs(time.time() - last) < 60
