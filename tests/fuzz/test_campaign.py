"""Tests of `hgframing_fuzz._campaign`: what several workers and sessions leave, and what a kill leaves."""

from __future__ import annotations

import hashlib
import os
import time

from pathlib import Path

import msgspec
import pytest

from hgframing_fuzz._campaign import CampaignDirectory, Identity, OtherCampaignError, campaigns_in
from hgframing_fuzz._findings import BucketSummary, RunSummary
from hgframing_fuzz._records import Ended, Look, Record, Stint
from hgframing_fuzz._scratch import Scratch


ME = Identity("server-reactor", "reference", 7)


def record(
    name: str, *, engine: str = "loop", offset: float = 0.0, ended: Ended = Ended.RUNNING, ago: float = 0.0
) -> Record:
    """What a worker tells: 100 inputs in 10 seconds, and a finding after 3."""
    session, number = map(int, name.split("-"))
    now = time.time() - ago
    bucket = BucketSummary("a", "a", 1, 3.0, 30, "message", "00")
    return Record(
        Stint(session, number, number, engine, 7, offset, now, 10.0, 100, ended=ended),
        RunSummary("server-reactor", "Impl", engine, 7, 100, 10.0, 5, (bucket,)),
        (Look(now, 10.0, 100, 1 << 20),),
        os.getpid(),
    )


@pytest.fixture
def campaign(tmp_path: Path) -> CampaignDirectory:
    """A campaign that has begun."""
    directory = CampaignDirectory(tmp_path)
    assert directory.begin(ME) == 1
    return directory


def test_workers_and_sessions_add_up(campaign: CampaignDirectory) -> None:
    """Those that run and those that have ended; the campaign's seed stays, the engines are named."""
    assert campaign.total() is None
    campaign.tell(record("1-0"))
    campaign.tell(record("1-1", engine="atheris", offset=2.0))
    campaign.fold(["1-1"])

    total = campaign.total()

    assert total is not None
    assert (total.executions, total.seconds, total.seed, total.engine) == (200, 12.0, 7, "atheris + loop")
    assert [bucket.first_seconds for bucket in total.buckets] == [3.0]
    assert [one.stint.name for one in campaign.running()] == ["1-0"]
    assert campaign.record("1-1") is None


def test_session_after_a_kill_goes_on_with_everything(campaign: CampaignDirectory) -> None:
    """Counters and seeds of the workers that were lost, and the inputs that they were running."""
    campaign.tell(record("1-0"))
    campaign.tell(record("1-1", ended=Ended.PLATEAU))
    with Scratch(campaign.scratch("1-0")) as scratch:
        scratch.note(b"the last one")
    half = campaign.corpus_path / "half.part-1"
    half.touch()

    again = CampaignDirectory(campaign.path)
    assert again.begin(Identity("server-reactor", "reference", 99)) == 2

    assert [(stint.name, stint.seed, stint.ended) for stint in again.past().stints] == [
        ("1-0", 7, Ended.LOST),
        ("1-1", 7, Ended.PLATEAU),
    ]
    total = again.total()
    assert total is not None
    assert (total.executions, total.seed) == (200, 7)
    assert [path.read_bytes() for path in again.corpus()] == [b"the last one"]
    assert not half.exists()
    assert list((campaign.path / "workers").iterdir()) == []


def test_worker_that_was_folded_and_not_removed_counts_once(campaign: CampaignDirectory) -> None:
    """A kill came in between."""
    campaign.tell(record("1-0"))
    file = campaign.path / "workers" / "1-0.json"
    octets = file.read_bytes()
    campaign.fold(["1-0"])
    file.write_bytes(octets)

    total = campaign.total()

    assert total is not None
    assert total.executions == 100


def test_another_campaign_is_not_gone_on_with(campaign: CampaignDirectory) -> None:
    """Its corpus and its findings are another implementation's."""
    with pytest.raises(OtherCampaignError, match="holds a campaign of server-reactor against reference"):
        CampaignDirectory(campaign.path).begin(Identity("client-reactor", "reference", 7))


def test_corpus_keeps_an_input_once_and_tells_what_is_new(campaign: CampaignDirectory) -> None:
    """Workers find each other's inputs by name."""
    name = campaign.keep(b"one")
    assert campaign.keep(b"one") == name
    other = campaign.keep(b"two")
    (campaign.corpus_path / "half.part-1").touch()

    assert {path.name for path in campaign.corpus()} == {name, other}
    assert [path.read_bytes() for path in campaign.corpus([name])] == [b"two"]


def test_input_that_kills_is_forgotten_whoever_kept_it(campaign: CampaignDirectory) -> None:
    """Under our name and under libFuzzer's."""
    campaign.keep(b"killer")
    (campaign.corpus_path / hashlib.sha1(b"killer").hexdigest()).write_bytes(b"killer")  # noqa: S324
    campaign.keep(b"harmless")

    campaign.forget(b"killer")

    assert [path.read_bytes() for path in campaign.corpus()] == [b"harmless"]


def test_corpus_that_is_too_large_loses_the_largest_that_libfuzzer_kept(campaign: CampaignDirectory) -> None:
    """What showed a transition stays as long as there is something else."""
    campaign.keep(b"ours" * 100)
    for size in range(1, 11):
        octets = b"x" * size
        (campaign.corpus_path / hashlib.sha1(octets).hexdigest()).write_bytes(octets)  # noqa: S324

    assert campaign.thin() == 0
    assert campaign.thin(entries=10) == 3
    assert sorted(path.stat().st_size for path in campaign.corpus()) == [1, 2, 3, 4, 5, 6, 7, 400]
    assert campaign.thin(octets=410) == 8
    assert campaign.corpus() == []


def test_full_corpus_takes_nothing_more(campaign: CampaignDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A feature that never repeats fills no disk."""
    monkeypatch.setattr("hgframing_fuzz._campaign.MAX_CORPUS", 2)
    for number in range(5):
        campaign.keep(b"%d" % number)

    assert len(campaign.corpus()) == 2


def test_log_that_grows_without_end_is_emptied(
    campaign: CampaignDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short one is left."""
    monkeypatch.setattr("hgframing_fuzz._campaign._MAX_LOG", 10)
    campaign.log("1-0").write_bytes(b"x" * 11)
    campaign.log("1-1").write_bytes(b"x" * 10)

    campaign.trim_logs()

    assert [campaign.log(name).stat().st_size for name in ("1-0", "1-1")] == [0, 10]


def test_running_are_those_that_speak(campaign: CampaignDirectory) -> None:
    """A worker that was killed long ago is not running, nor is one that has ended."""
    campaign.tell(record("1-0", ago=60))
    campaign.tell(record("1-1", ended=Ended.TIME))
    assert campaign.running() == []
    campaign.tell(record("1-2"))

    assert [one.stint.name for one in campaign.running()] == ["1-2"]


def test_last_new_is_the_newest_of_corpus_and_findings(campaign: CampaignDirectory) -> None:
    """Nothing yet; then now."""
    assert campaign.last_new() is None
    campaign.keep(b"one")

    last = campaign.last_new()

    assert last is not None
    assert abs(time.time() - last) < 60


def test_octets_count_what_is_on_the_disk(campaign: CampaignDirectory) -> None:
    """A sparse file takes next to nothing."""
    before = campaign.octets()
    campaign.keep(b"x" * 10_000)
    with Scratch(campaign.scratch("1-0")):
        assert 10_000 <= campaign.octets() - before < 100_000


def test_campaigns_in_a_directory_are_one_or_one_for_each_target(tmp_path: Path) -> None:
    """An empty directory is one where nothing has happened."""
    assert [one.path for one in campaigns_in(tmp_path)] == [tmp_path]
    for name in ("server-reactor", "client-reactor"):
        CampaignDirectory(tmp_path / name).begin(msgspec.structs.replace(ME, target=name))

    assert [one.path.name for one in campaigns_in(tmp_path)] == ["client-reactor", "server-reactor"]
    assert [one.path.name for one in campaigns_in(tmp_path / "server-reactor")] == ["server-reactor"]


def test_deaths_that_nobody_explains_are_kept_and_not_without_end(
    campaign: CampaignDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was printed and what was running, of the last few."""
    monkeypatch.setattr("hgframing_fuzz._campaign._MAX_DEATHS", 2)
    for number in range(4):
        campaign.log(f"1-{number}").write_text("what it printed")
        os.utime(campaign.log(f"1-{number}"), (number, number))
        campaign.bury(f"1-{number}")

    assert sorted(path.name for path in (campaign.path / "deaths").iterdir()) == ["1-2.log", "1-3.log"]
