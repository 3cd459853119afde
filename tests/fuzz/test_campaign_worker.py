"""Tests of `hgframing_fuzz._campaign_worker`: it shares, tells, and never outlives what started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from pathlib import Path

import msgspec
import pytest

from hgframing_fuzz import encode_input
from hgframing_fuzz._campaign import CampaignDirectory, Identity
from hgframing_fuzz._campaign_worker import LoopOrder
from tests.fuzz.miniatures import an_input


ROOT = Path(__file__).resolve().parents[2]
BROKEN = "direct:tests.fuzz.test_targets_server_reactor_fuzzer:broken"


def start(directory: Path, *, seconds: float, parent: int) -> subprocess.Popen[bytes]:
    """Start a worker."""
    order = LoopOrder("server-reactor", BROKEN, str(directory), seconds, 1, 1, 0, parent)
    command = [sys.executable, "-m", "hgframing_fuzz._campaign_worker", msgspec.json.encode(order).decode()]
    return subprocess.Popen(command, cwd=ROOT)


@pytest.fixture
def campaign(tmp_path: Path) -> CampaignDirectory:
    """A campaign that has begun."""
    directory = CampaignDirectory(tmp_path)
    directory.begin(Identity("server-reactor", BROKEN, 1))
    return directory


def test_worker_shares_what_it_keeps_and_what_it_finds(campaign: CampaignDirectory) -> None:
    """When its time is up it has told all of it, and ends with success."""
    process = start(campaign.path, seconds=2.0, parent=os.getpid())

    assert process.wait(timeout=120) == 0
    total = campaign.total()
    assert total is not None
    assert total.executions > 0
    assert any(bucket.id.startswith("server-reactor.IndexError") for bucket in total.buckets)
    assert campaign.findings.inputs() != []
    assert campaign.corpus() != []


def test_worker_told_to_end_ends_with_its_last_word(campaign: CampaignDirectory) -> None:
    """SIGTERM, long before its time; what others put into the corpus is run by then."""
    campaign.keep(encode_input(an_input("4242 1 1 13 0")))
    process = start(campaign.path, seconds=600.0, parent=os.getpid())
    limit = time.monotonic() + 120
    while campaign.total() is None and time.monotonic() < limit:
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=60) == 0
    assert campaign.total() is not None


def test_worker_without_its_parent_ends(campaign: CampaignDirectory) -> None:
    """Whoever started it was killed."""
    process = start(campaign.path, seconds=600.0, parent=1)

    assert process.wait(timeout=60) == 0
