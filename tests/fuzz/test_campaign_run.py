"""Tests of `hgframing_fuzz._campaign_run`: a session of workers, and what happens when they cannot work."""

from __future__ import annotations

from pathlib import Path

import pytest

from hgframing_fuzz._campaign import CampaignDirectory, CampaignError, Identity
from hgframing_fuzz._campaign_run import run_session


BROKEN = "direct:tests.fuzz.test_targets_server_reactor_fuzzer:broken"


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers import the tests' own implementations."""
    monkeypatch.chdir(Path(__file__).resolve().parents[2])


def test_session_of_two_adds_up_and_a_second_one_goes_on(tmp_path: Path) -> None:
    """Both workers count; the second session begins with what the first one kept."""
    identity = Identity("server-reactor", BROKEN, 3)
    told: list[int] = []

    first = run_session(
        CampaignDirectory(tmp_path),
        identity,
        workers=2,
        seconds=6.0,
        on_progress=lambda total: told.append(total.executions),
    )
    second = run_session(CampaignDirectory(tmp_path), identity, workers=1, seconds=3.0)

    assert {path.name for path in (tmp_path / "workers").glob("*.json")} == {
        "1-0.json",
        "1-1.json",
        "2-0.json",
    }
    assert told == sorted(told)
    assert second.executions > first.executions > 0
    assert {bucket.id for bucket in first.buckets} <= {bucket.id for bucket in second.buckets}
    assert CampaignDirectory(tmp_path).findings.read_summary() == second


def test_session_of_workers_that_cannot_start_says_what_they_printed(tmp_path: Path) -> None:
    """Not fifty times."""
    with pytest.raises(CampaignError, match="no_such_module"):
        run_session(
            CampaignDirectory(tmp_path),
            Identity("server-reactor", "direct:no_such_module:make", 3),
            workers=1,
            seconds=60.0,
        )
