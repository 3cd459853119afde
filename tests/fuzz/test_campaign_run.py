"""Tests of `hgframing_fuzz._campaign_run`: who runs when, and what is left when somebody kills somebody."""

from __future__ import annotations

import os
import signal
import sys

from pathlib import Path

import pytest

from hgframing_fuzz._campaign import CampaignDirectory, CampaignError
from hgframing_fuzz._campaign_run import Plan, run_session
from hgframing_fuzz._curve import read_points
from hgframing_fuzz._engines import Choice, Engine, engines_of
from hgframing_fuzz._records import Ended
from tests.fuzz.campaigning import ROOT, a_field, mortal


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers import the tests' own implementations."""
    monkeypatch.chdir(ROOT)


def test_session_of_two_adds_up_and_a_second_one_goes_on(tmp_path: Path) -> None:
    """Both workers count; the second session begins with what the first one kept, under other seeds."""
    campaign = CampaignDirectory(tmp_path)
    run_session(tmp_path, [a_field(tmp_path)], Plan(workers=2, seconds=4.0))
    first = campaign.total()
    run_session(tmp_path, [a_field(tmp_path)], Plan(workers=1, seconds=2.5))
    second = campaign.total()

    assert first is not None
    assert second is not None
    assert second.executions > first.executions > 0
    assert {bucket.id for bucket in first.buckets} <= {bucket.id for bucket in second.buckets}
    stints = campaign.past().stints
    assert {stint.name for stint in stints} == {"1-0", "1-1", "2-0"}
    assert len({stint.seed for stint in stints}) == 3
    assert campaign.findings.read_summary() == second
    assert list((tmp_path / "workers").iterdir()) == []
    points = read_points(campaign.curve)
    assert points[-1].executions == second.executions
    assert [point.executions for point in points] == sorted(point.executions for point in points)


def test_session_of_a_worker_that_cannot_start_says_what_it_printed(tmp_path: Path) -> None:
    """At once, and not fifty times."""
    with pytest.raises(CampaignError, match=r"(?s)cannot work.*no_such_module"):
        run_session(
            tmp_path, [a_field(tmp_path, "direct:no_such_module:make")], Plan(workers=1, seconds=60.0)
        )


def test_plateau_changes_the_engine(tmp_path: Path) -> None:
    """A miniature has seen everything soon; who ran when is written down."""
    pytest.importorskip("atheris")
    field = a_field(tmp_path, mortal("dull"), engines=engines_of(Choice.MIXED))

    def stop() -> None:
        if any(record.stint.branches for record in field.directory.running()):
            (tmp_path / "stop").touch()

    run_session(tmp_path, [field], Plan(workers=1, seconds=600.0, plateau=1.0), on_tick=stop)

    first, second = CampaignDirectory(tmp_path).past().stints[:2]
    assert (first.engine, second.engine) == ("loop", "atheris")
    assert first.ended is Ended.PLATEAU
    assert second.branches > 0


def test_killed_worker_is_replaced(tmp_path: Path) -> None:
    """By somebody, of no input: it is counted."""
    field = a_field(tmp_path)
    killed: list[int] = []

    def kill() -> None:
        running = field.directory.running()
        if running and not killed:
            killed.append(running[0].pid)
            os.kill(running[0].pid, signal.SIGKILL)
        if any(record.pid not in killed and record.stint.executions > 100 for record in running):
            (tmp_path / "stop").touch()

    run_session(tmp_path, [field], Plan(workers=1, seconds=600.0), on_tick=kill)

    first, second = field.directory.past().stints
    assert (first.ended, second.ended) == (Ended.UNEXPLAINED, Ended.STOPPED)
    past = field.directory.past()
    assert (past.deaths, past.unexplained) == (1, 1)
    assert past.total is not None
    assert not any(".died." in bucket.id for bucket in past.total.buckets)
    assert second.executions > 100


def test_input_that_kills_workers_ends_no_campaign(tmp_path: Path) -> None:
    """Each death is counted in its bucket, under whichever engine."""
    field = a_field(tmp_path, mortal("crashes"))

    def stop() -> None:
        if field.directory.past().deaths >= 2:
            (tmp_path / "stop").touch()

    run_session(tmp_path, [field], Plan(workers=2, seconds=600.0), on_tick=stop)

    total = field.directory.total()
    assert total is not None
    [bucket] = total.buckets
    assert 2 <= bucket.count <= field.directory.past().deaths


def test_two_targets_share_one_worker(tmp_path: Path) -> None:
    """Each has its directory; both have had a turn of about the same length."""
    fields = [
        a_field(tmp_path / name, "reference", target=name) for name in ("server-reactor", "client-reactor")
    ]

    run_session(tmp_path, fields, Plan(workers=1, seconds=8.0))

    spent = [sum(stint.seconds for stint in field.directory.past().stints) for field in fields]
    assert all(spent)
    first = fields[0].directory.past().stints[0]
    assert first.ended is Ended.TURN


@pytest.mark.parametrize(
    ("workers", "seconds", "targets", "turn"),
    [(2, 60, 1, 960.0), (2, 60, 2, 960.0), (1, 40, 2, 20.0), (2, 3600, 12, 150.0), (2, 28800, 12, 300.0)],
)
def test_turns_are_as_long_as_fairness_allows(
    workers: int, seconds: float, targets: int, turn: float
) -> None:
    """Everybody has a turn in the time that there is; reading the corpus is not most of it."""
    assert Plan(workers=workers, seconds=seconds).turn(targets) == turn


def test_file_that_says_stop_ends_a_session(tmp_path: Path) -> None:
    """It is taken away; one that an earlier session left stops nothing."""
    (tmp_path / "stop").touch()
    field = a_field(tmp_path)

    def stop() -> None:
        if field.directory.running():
            (tmp_path / "stop").touch()

    run_session(tmp_path, [field], Plan(workers=1, seconds=600.0), on_tick=stop)

    assert not (tmp_path / "stop").exists()
    assert [stint.ended for stint in field.directory.past().stints] == [Ended.STOPPED]


def test_engine_of_a_blind_worker_ends_the_session(tmp_path: Path) -> None:
    """Code that was instrumented is not the code that is run: the start fails and says so."""
    pytest.importorskip("atheris")
    field = a_field(tmp_path, "direct:tests.fuzz.mortals:blind", engines=(Engine.ATHERIS,))

    with pytest.raises(CampaignError, match="the engine would be blind"):
        run_session(tmp_path, [field], Plan(workers=1, seconds=60.0))
