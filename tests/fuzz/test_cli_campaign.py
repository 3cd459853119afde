"""Tests of `hgframing_fuzz._cli_campaign`: campaigns from the command line, killed and gone on with."""

from __future__ import annotations

import json
import os
import shutil

from pathlib import Path

import msgspec
import pytest

from click.testing import CliRunner, Result

from hgframing_conformance._suites import load_suites
from hgframing_fuzz._findings import RunSummary
from hgframing_fuzz.cli import main
from tests.fuzz.test_cli_run import known_file


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


@pytest.mark.parametrize("command", [["status"], ["triage"], ["page"], ["promote", "x"]])
def test_commands_without_findings_end_with_2(tmp_path: Path, command: list[str]) -> None:
    """There is nothing to read."""
    result = call(*command, "--directory", tmp_path)

    assert result.exit_code == 2
    assert "no run has told anything" in result.output


def test_status_and_triage_of_a_single_run(found: Path) -> None:
    """They need no campaign."""
    assert "none running" in call("status", "--directory", found).output
    [told] = json.loads(call("status", "--directory", found, "--json").output)
    assert (told["target"], told["executions"], told["workers"]) == ("server-reactor", 1000, [])
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


def test_page_is_written_where_it_is_asked_for(found: Path, tmp_path: Path) -> None:
    """In the directory, or elsewhere; a place that cannot be written is told."""
    assert call("page", "--directory", found).output.strip() == str(found / "campaign.html")
    result = call("page", "--directory", found, "--output", tmp_path / "elsewhere.html")
    assert result.exit_code == 0
    assert "IndexError" in (tmp_path / "elsewhere.html").read_text(encoding="utf-8")

    result = call("page", "--directory", found, "--output", tmp_path / "nowhere" / "page.html")

    assert result.exit_code == 2
    assert "nowhere" in result.output


def test_commands_read_the_campaigns_of_several_targets(found: Path, tmp_path: Path) -> None:
    """As many reports as targets; a finding is promoted wherever it is."""
    root = tmp_path / "several"
    for name in ("server-reactor", "client-reactor"):
        shutil.copytree(found, root / name, ignore=shutil.ignore_patterns("several"))
        (root / name / "campaign.json").write_text(
            f'{{"target": "{name}", "locator": "reference", "seed": 1}}'
        )
    for file in (root / "client-reactor").glob("*.bin"):
        file.unlink()
    (root / "client-reactor" / "summary.json").write_bytes(
        msgspec.json.encode(RunSummary("client-reactor", "Impl", "loop", 1, 5, 1.0, 1, ()))
    )

    assert call("triage", "--directory", root).output.count("# Findings: ") == 2
    assert len(json.loads(call("status", "--directory", root, "--json").output)) == 2
    call("page", "--directory", root)
    text = (root / "campaign.html").read_text(encoding="utf-8")
    assert 'id="client-reactor"' in text
    assert 'id="server-reactor"' in text
    assert "disputed: " in call("promote", "--directory", root, "IndexError").output


def test_triage_and_page_tell_known_findings_apart(found: Path) -> None:
    """Under a heading of their own, with who signed and until when."""
    file = known_file(found)

    output = call("triage", "--directory", found, "--known", file).output
    call("page", "--directory", found, "--known", file)

    assert "0 root causes at 0 lines" in output
    assert "## Known\n\n* `server-reactor.IndexError.on_legal" in output
    assert "(A. Person, until 2999-01-01)" in output
    assert "known: https://example.org/1" in (found / "campaign.html").read_text(encoding="utf-8")
