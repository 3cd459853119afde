"""Tests of `hgframing_fuzz._cli_campaign`: campaigns from the command line, killed and gone on with."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time

from pathlib import Path

import pytest

from click.testing import CliRunner, Result

from hgframing_conformance._suites import load_suites
from hgframing_fuzz._campaign import CampaignDirectory
from hgframing_fuzz.cli import main


ROOT = Path(__file__).resolve().parents[2]
BROKEN = "direct:tests.fuzz.test_targets_server_reactor_fuzzer:broken"


def call(*arguments: str | Path) -> Result:
    """Call the command."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture
def found(tmp_path: Path) -> Path:
    """A directory with findings of a single run."""
    call(
        *("run", "--implementation", BROKEN, "--directory", tmp_path, "--seed", "1"),
        *("--seconds", "600", "--executions", "1000"),
    )
    return tmp_path


def start(directory: Path) -> subprocess.Popen[bytes]:
    """Start a campaign and wait until it has told something."""
    command = [sys.executable, "-c", "from hgframing_fuzz.cli import main; main()", "run", "--workers", "1"]
    command += ["--seconds", "600", "--seed", "1", "--implementation", BROKEN, "--directory", str(directory)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    campaign = CampaignDirectory(directory)
    limit = time.monotonic() + 120
    while (campaign.total() is None or not campaign.findings.inputs()) and time.monotonic() < limit:
        time.sleep(0.1)
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_campaign_killed_loses_nothing_and_goes_on(tmp_path: Path) -> None:
    """After kill -9 all is there; the next session adds to it, and a signal to end is obeyed with a report."""
    process = start(tmp_path)
    process.kill()
    process.wait()
    campaign = CampaignDirectory(tmp_path)
    before, findings, corpus = campaign.total(), set(campaign.findings.inputs()), set(campaign.corpus())

    again = start(tmp_path)
    limit = time.monotonic() + 120
    while not (tmp_path / "workers" / "2-0.json").exists() and time.monotonic() < limit:
        time.sleep(0.1)
    again.send_signal(signal.SIGTERM)

    assert again.wait(timeout=60) == 1
    after = campaign.total()
    assert before is not None
    assert after is not None
    assert after.executions > before.executions
    assert findings <= set(campaign.findings.inputs())
    assert corpus <= set(campaign.corpus())
    assert json.loads((tmp_path / "summary.json").read_bytes())["executions"] == after.executions


def test_run_with_workers_ends_with_1_and_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a run in one process; status then says that none is running or how fast it was a moment ago."""
    monkeypatch.chdir(ROOT)
    result = call(
        *("run", "--implementation", BROKEN, "--directory", tmp_path, "--workers", "1", "--hours", "0.0012")
    )

    assert result.exit_code == 1, result.output
    assert "IndexError.on_legal.miniatures-" in result.output
    output = call("status", "--directory", tmp_path).output
    assert re.search(r"^corpus +[1-9]\d* inputs", output, re.MULTILINE)
    assert re.search(r"^buckets +1 of 1 root causes", output, re.MULTILINE)


@pytest.mark.parametrize("arguments", [["--engine", "atheris"], ["--executions", "5"]])
def test_run_with_workers_and_what_they_cannot_ends_with_2(tmp_path: Path, arguments: list[str]) -> None:
    """One clear error."""
    result = call("run", "--directory", tmp_path, "--workers", "1", *arguments)

    assert result.exit_code == 2
    assert "workers run the engine `loop`" in result.output


def test_run_into_the_directory_of_another_campaign_ends_with_2(tmp_path: Path) -> None:
    """Nothing is mixed."""
    (tmp_path / "campaign.json").write_text('{"target": "client-reactor", "locator": "reference", "seed": 1}')

    result = call("run", "--directory", tmp_path, "--workers", "1", "--seconds", "1")

    assert result.exit_code == 2
    assert "holds a campaign of client-reactor" in result.output


@pytest.mark.parametrize("command", [["status"], ["triage"], ["promote", "x"]])
def test_commands_without_findings_end_with_2(tmp_path: Path, command: list[str]) -> None:
    """There is nothing to read."""
    result = call(*command, "--directory", tmp_path)

    assert result.exit_code == 2
    assert "no run has told anything" in result.output


def test_status_and_triage_of_a_single_run(found: Path) -> None:
    """They need no campaign."""
    assert "none running" in call("status", "--directory", found).output
    assert "## 1. server-reactor.IndexError.on_legal" in call("triage", "--directory", found).output


def test_promote_writes_a_draft_that_loads(found: Path, tmp_path: Path) -> None:
    """A part of the id is enough; what is promoted is the minimized file."""
    call("minimize", "--implementation", BROKEN, "--directory", found)
    result = call("promote", "--directory", found, "IndexError", "--suites", tmp_path / "suites")

    assert result.exit_code == 0, result.output
    file = Path(result.output.strip())
    [case] = load_suites([file])
    assert case.disputed.startswith("draft")
    assert "1 1 0 command-request new" in file.read_text(encoding="utf-8")
    assert "disputed" in call("promote", "--directory", found, "IndexError").output


def test_promote_what_is_no_bucket_ends_with_2_and_the_list(found: Path) -> None:
    """The ids that there are."""
    result = call("promote", "--directory", found, "KeyError")

    assert result.exit_code == 2
    assert "server-reactor.IndexError.on_legal" in result.output
    assert os.linesep in result.output
