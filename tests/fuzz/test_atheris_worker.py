"""Tests of `hgframing_fuzz._atheris_worker`: a process that fuzzes, and what its parent makes of it."""

from __future__ import annotations

import sys
import textwrap

from pathlib import Path

import pytest

from hgframing_fuzz import _atheris_worker
from hgframing_fuzz._atheris_worker import WorkerError, WorkOrder, run_worker
from hgframing_fuzz._findings import RunSummary


BROKEN = "direct:tests.fuzz.test_targets_server_reactor_fuzzer:broken"


def order(directory: Path, locator: str = "reference", seconds: float = 3.0) -> WorkOrder:
    """A short order."""
    return WorkOrder("server-reactor", locator, str(directory), seconds, 5)


def test_worker_finds_a_planted_fault_and_goes_on(tmp_path: Path) -> None:
    """Findings are sorted and saved, the run ends in time, and the engine saw the code under test."""
    pytest.importorskip("atheris")
    told: list[RunSummary] = []

    summary = run_worker(order(tmp_path, BROKEN), on_progress=told.append)

    assert summary.engine == "atheris"
    assert summary.implementation == "Raises"
    assert 2.5 < summary.seconds < 6
    [bucket] = [bucket for bucket in summary.buckets if ".IndexError." in bucket.id]
    assert bucket.count > 1
    assert (tmp_path / f"{bucket.id}.bin").read_bytes() == bytes.fromhex(bucket.octets)
    assert told
    assert any((tmp_path / "corpus").iterdir())


def test_worker_on_the_reference_finds_nothing(tmp_path: Path) -> None:
    """The same engine, and no fault."""
    pytest.importorskip("atheris")

    summary = run_worker(order(tmp_path))

    assert summary.buckets == ()
    assert summary.executions > 100
    assert summary.features > 50


def test_worker_that_is_not_instrumented_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that saw next to no branches was blind, and its silence means nothing."""
    pytest.importorskip("atheris")
    monkeypatch.setattr(_atheris_worker, "_MIN_COVERAGE", 10**6)

    with pytest.raises(WorkerError, match="not instrumented"):
        run_worker(order(tmp_path, seconds=1.0))


def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Put a script in the place of the interpreter that runs the worker."""
    script = tmp_path / "worker"
    script.write_text(f"#!{sys.executable}\n{textwrap.dedent(text)}", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))


def test_worker_that_cannot_start_is_told_with_what_it_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No summary, no run."""
    fake(tmp_path, monkeypatch, "raise SystemExit('out of order')")

    with pytest.raises(WorkerError, match=r"(?s)status 1.*out of order"):
        run_worker(order(tmp_path / "findings"))


def test_worker_that_dies_is_started_again_and_its_work_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LibFuzzer's own limits end the process; the campaign goes on with another seed, and counts all of it."""
    fake(
        tmp_path,
        monkeypatch,
        """
        import json, pathlib, sys
        order = json.loads(sys.argv[-1])
        summary = {"target": "server-reactor", "implementation": "x", "engine": "atheris", "seed": order["seed"],
                   "executions": 10, "seconds": 1.0, "features": 3, "buckets": []}
        pathlib.Path(order["directory"], "summary.json").write_text(json.dumps(summary))
        print("#10 NEW    cov: 150 ft: 1", file=sys.stderr)
        sys.exit(0 if order["seed"] == 7 else 71)
        """,
    )

    summary = run_worker(order(tmp_path / "findings", seconds=30.0))

    assert (summary.executions, summary.seconds, summary.seed) == (30, 3.0, 5)


def test_worker_that_dies_without_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many deaths it is not the inputs."""
    fake(
        tmp_path,
        monkeypatch,
        """
        import json, pathlib, sys
        order = json.loads(sys.argv[-1])
        summary = {"target": "t", "implementation": "x", "engine": "atheris", "seed": 1,
                   "executions": 1, "seconds": 0.0, "features": 0, "buckets": []}
        pathlib.Path(order["directory"], "summary.json").write_text(json.dumps(summary))
        sys.exit(77)
        """,
    )
    monkeypatch.setattr(_atheris_worker, "_MAX_DEATHS", 2)

    with pytest.raises(WorkerError, match="status 77"):
        run_worker(order(tmp_path / "findings", seconds=60.0))
