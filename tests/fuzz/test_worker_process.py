"""Tests of `hgframing_fuzz._worker_process`: whatever ends a worker, its owner has its books and its last input."""

from __future__ import annotations

import os
import signal
import sys

from pathlib import Path

import pytest

from hgframing_fuzz import decode_input
from hgframing_fuzz._campaign import CampaignDirectory
from hgframing_fuzz._engines import Engine
from hgframing_fuzz._records import Ended, Record
from hgframing_fuzz._worker_process import WorkerProcess
from tests.fuzz.campaigning import ROOT, a_field, an_order, mortal, wait_for


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers import the tests' own implementations."""
    monkeypatch.chdir(ROOT)


def death(
    path: Path, kind: str, *, engine: Engine = Engine.LOOP, silence: float = 60.0
) -> tuple[CampaignDirectory, Record | None]:
    """Let a worker die."""
    field = a_field(path, mortal(kind))
    field.directory.begin(field.identity)
    worker = WorkerProcess(an_order(path, mortal(kind), engine=engine), field.directory, silence)
    wait_for(lambda: worker.poll() is not None)
    status = worker.poll()
    assert status is not None
    return field.directory, worker.close(status, field)


@pytest.mark.parametrize(
    ("kind", "where"), [("crashes", "SIGSEGV"), ("killed", "SIGKILL"), ("exits", "escaped")]
)
def test_death_is_a_finding_with_the_input_that_did_it(tmp_path: Path, kind: str, where: str) -> None:
    """A crash, a kill from outside, an exit: the input is that of the server's empty payload."""
    campaign, record = death(tmp_path, kind)

    assert record is not None
    assert record.stint.ended is Ended.DIED
    assert record.stint.executions >= 1
    [bucket] = record.summary.buckets
    assert bucket.id.startswith(f"server-reactor.died.{where}.")
    [file] = campaign.findings.inputs()
    assert file.name == f"{bucket.id}.bin"
    frames = decode_input(file.read_bytes()).frames
    assert any(frame.type_id == 1 and frame.flags == 1 and not frame.payload for frame in frames)
    assert f"the process ended: {where} (loop)" in file.with_suffix(".txt").read_text(encoding="utf-8")
    assert campaign.findings.seeds() == [], "it would end the next worker too"
    assert campaign.record("1-0") == record


def test_death_under_atheris_is_the_same_finding(tmp_path: Path) -> None:
    """Buckets hold across engines; libFuzzer has no word in it."""
    pytest.importorskip("atheris")

    _, loop = death(tmp_path / "loop", "crashes")
    _, atheris = death(tmp_path / "atheris", "crashes", engine=Engine.ATHERIS)

    assert loop is not None
    assert atheris is not None
    assert [bucket.id for bucket in atheris.summary.buckets] == [bucket.id for bucket in loop.summary.buckets]


def test_worker_that_does_not_come_back_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits in a call into C, where no alarm reaches it; another process waits there as well, and says where."""
    monkeypatch.setattr("hgframing_fuzz._deaths._PATIENCE", 4.0)
    _, record = death(tmp_path, "sleeps", silence=3.0)

    assert record is not None
    assert record.stint.ended is Ended.HUNG
    [bucket] = record.summary.buckets
    assert bucket.id.startswith("server-reactor.died.hung.")
    assert not bucket.id.endswith(".none")


def test_worker_that_is_killed_from_outside_is_counted_and_no_finding(tmp_path: Path) -> None:
    """Its input ends no other process; what it printed is kept."""
    field = a_field(tmp_path)
    field.directory.begin(field.identity)
    worker = WorkerProcess(an_order(tmp_path), field.directory, 60.0)
    wait_for(lambda: field.directory.record("1-0"))
    record = field.directory.record("1-0")
    assert record is not None
    os.kill(record.pid, signal.SIGKILL)
    wait_for(lambda: worker.poll() is not None)

    closed = worker.close(worker.poll() or 0, field)

    assert closed is not None
    assert closed.stint.ended is Ended.UNEXPLAINED
    assert not any(".died." in bucket.id for bucket in closed.summary.buckets)
    assert closed.stint.executions >= record.stint.executions
    assert {path.name for path in (tmp_path / "deaths").iterdir()} == {"1-0.log", "1-0.input"}


def test_worker_that_cannot_start_has_no_books(tmp_path: Path) -> None:
    """It has run nothing; what it printed says why."""
    field = a_field(tmp_path, "direct:no_such_module:make")
    field.directory.begin(field.identity)
    worker = WorkerProcess(an_order(tmp_path, "direct:no_such_module:make"), field.directory, 60.0)
    wait_for(lambda: worker.poll() is not None)

    assert worker.close(worker.poll() or 0, field) is None
    assert "no_such_module" in worker.tail()
