"""Tests of `hgframing_fuzz._campaign_worker`: it shares, tells, and knows when to end."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys

from pathlib import Path

import msgspec
import pytest

from hgframing_fuzz import FuzzInput, encode_input
from hgframing_fuzz._atheris_worker import BlindError
from hgframing_fuzz._campaign import CampaignDirectory, Identity
from hgframing_fuzz._campaign_worker import Worker, run_loop_of
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._order import Order
from hgframing_fuzz._outcome import Outcome
from hgframing_fuzz._records import Ended
from hgframing_fuzz._scratch import read_scratch
from hgframing_fuzz.targets import TARGETS
from tests.fuzz.campaigning import BROKEN, ROOT, an_order, wait_for
from tests.fuzz.miniatures import an_input


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")


def start(order: Order) -> subprocess.Popen[bytes]:
    """Start a worker."""
    command = [sys.executable, "-m", "hgframing_fuzz._campaign_worker", msgspec.json.encode(order).decode()]
    return subprocess.Popen(command, cwd=ROOT)


@pytest.fixture
def campaign(tmp_path: Path) -> CampaignDirectory:
    """A campaign that has begun."""
    directory = CampaignDirectory(tmp_path)
    directory.begin(Identity("server-reactor", BROKEN, 1))
    return directory


def ended(campaign: CampaignDirectory) -> Ended:
    """Why the worker says that it ended."""
    record = campaign.record("1-0")
    assert record is not None
    return record.stint.ended


def test_worker_shares_what_it_keeps_and_what_it_finds(campaign: CampaignDirectory) -> None:
    """When its time is up it has told all of it, and ends with success."""
    process = start(an_order(campaign.path, seconds=3.0))

    assert process.wait(timeout=120) == 0
    assert ended(campaign) is Ended.TIME
    record = campaign.record("1-0")
    assert record is not None
    assert record.stint.executions > 0
    assert record.stint.offset > 0, "starting is not its time"
    assert any(bucket.id.startswith("server-reactor.IndexError") for bucket in record.summary.buckets)
    assert campaign.findings.inputs() != []
    assert campaign.corpus() != []
    assert read_scratch(campaign.scratch("1-0")) == (record.stint.executions, b"")


def test_worker_whose_place_another_target_gets_says_so(campaign: CampaignDirectory) -> None:
    """Its time is up, that of the session is not."""
    assert start(an_order(campaign.path, seconds=1.0, last=False)).wait(timeout=120) == 0
    assert ended(campaign) is Ended.TURN


def test_worker_told_to_end_ends_with_its_last_word(campaign: CampaignDirectory) -> None:
    """SIGTERM, long before its time; what others put into the corpus is run by then."""
    campaign.keep(encode_input(an_input("4242 1 1 13 0")))
    process = start(an_order(campaign.path))
    wait_for(lambda: campaign.record("1-0"))
    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=60) == 0
    assert ended(campaign) is Ended.STOPPED


def test_worker_without_its_parent_ends(campaign: CampaignDirectory) -> None:
    """Whoever started it was killed."""
    assert start(an_order(campaign.path, parent=1)).wait(timeout=60) == 0
    assert ended(campaign) is Ended.STOPPED


def test_worker_that_has_grown_ends(campaign: CampaignDirectory) -> None:
    """Its owner starts another one."""
    assert start(an_order(campaign.path, resident=1)).wait(timeout=60) == 0
    assert ended(campaign) is Ended.MEMORY


@pytest.fixture
def worker(campaign: CampaignDirectory, guards: Guards) -> Worker:
    """A worker in this process that gives up after ten seconds without progress."""
    bound = TARGETS["server-reactor"].bind("reference", guards)
    return Worker(an_order(campaign.path, plateau=10.0, parent=os.getppid()), bound)


def test_progress_is_a_bucket_or_a_hundredth_more(worker: Worker) -> None:
    """A campaign that has seen nearly all transitions still sees one now and then."""
    numbers = [(0.0, 1000, 500), (6.0, 1009, 504), (9.0, 1011, 500), (15.0, 1012, 506), (21.0, 1020, 501)]
    looks = [
        worker.look(seconds=seconds, executions=1, features=features, branches=branches)
        for seconds, features, branches in numbers
    ]

    assert looks == [None, None, None, None, None]
    assert worker.stint.new == 15.0, "the branches of the fourth look"
    assert worker.look(seconds=25.1, executions=1, features=1020, branches=506) is Ended.PLATEAU


def test_look_between_two_intervals_tells_nothing(worker: Worker) -> None:
    """It is asked after every other input."""
    assert worker.look(seconds=0.0, executions=1, features=1) is None
    worker.look(seconds=0.5, executions=50, features=2)

    record = worker.campaign.record("1-0")
    assert record is not None
    assert record.stint.executions == 1


def test_inbox_gives_what_others_kept_and_not_its_own(worker: Worker) -> None:
    """Once."""
    worker.keep(an_input("1 1 0 command-data 1 own"))
    other = encode_input(an_input("1 1 0 command-data 1 other"))
    worker.campaign.keep(other)

    assert list(worker.inbox()) == [other]
    assert list(worker.inbox()) == []


class Mute:
    """A target that shows no transition."""

    name = "server-reactor"

    def check(self, _value: FuzzInput) -> Outcome:
        """Do nothing."""
        return Outcome(None, ())


def test_loop_whose_target_shows_nothing_fails(worker: Worker) -> None:
    """A loop without a transition is as blind as an engine without a branch."""
    worker.bound = dataclasses.replace(worker.bound, target=Mute())

    with pytest.raises(BlindError, match="no transition"):
        run_loop_of(worker)
