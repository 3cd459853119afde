"""Tests of `hgframing_fuzz._cli_run`: runs and campaigns from the command line, and their exit statuses."""

from __future__ import annotations

import importlib.util
import json
import signal
import subprocess
import sys

from pathlib import Path

import pytest

from click.testing import CliRunner, Result

from hgframing_fuzz._campaign import CampaignDirectory
from hgframing_fuzz._findings import FindingsDirectory
from hgframing_fuzz.cli import main
from tests.fuzz.campaigning import BROKEN, ROOT, mortal, wait_for


def call(*arguments: str | Path) -> Result:
    """Call the command."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def run(directory: Path, *arguments: str, locator: str = BROKEN) -> Result:
    """Fuzz for a moment."""
    return call("run", "--implementation", locator, "--directory", directory, "--seed", "1", *arguments)


def start(directory: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a campaign and wait until it has found something; `out` beside it has what it prints."""
    command = [sys.executable, "-c", "from hgframing_fuzz.cli import main; main()", "run", "--workers", "1"]
    command += ["--seconds", "600", "--seed", "1", "--implementation", BROKEN, "--directory", str(directory)]
    with (directory.parent / "out").open("wb") as out:
        process = subprocess.Popen([*command, *arguments], cwd=ROOT, stdout=out)
    campaign = CampaignDirectory(directory)
    wait_for(lambda: campaign.running() and campaign.findings.inputs())
    return process


def test_run_with_findings_ends_with_1_and_a_table(tmp_path: Path) -> None:
    """Bucket, count, when it was first seen, and the shortest input in notation; input and text are saved."""
    result = run(tmp_path, "--seconds", "600", "--executions", "2000")

    assert result.exit_code == 1
    assert "IndexError.on_legal.miniatures-" in result.output
    assert "command-request new" in result.output
    assert "Raises, server-reactor, loop, seed 1:" in result.output
    assert "1 buckets of 1 root causes" in result.output
    assert {path.suffix for path in tmp_path.iterdir()} == {".bin", ".txt", ".json"}
    summary = FindingsDirectory(tmp_path).read_summary()
    assert summary is not None
    assert (summary.seed, summary.engine) == (1, "loop")
    assert len(summary.buckets) == len(FindingsDirectory(tmp_path).inputs()) >= 1


def test_run_counted_executions_are_so_many_and_the_same(tmp_path: Path) -> None:
    """The same seed and number of inputs give the same findings, on a busy machine too."""
    summaries = []
    for name in ("one", "other"):
        run(tmp_path / name, "--seconds", "600", "--executions", "700")
        summary = FindingsDirectory(tmp_path / name).read_summary()
        assert summary is not None
        summaries.append(summary)

    assert [summary.executions for summary in summaries] == [700, 700]
    one, other = ([(bucket.id, bucket.octets) for bucket in summary.buckets] for summary in summaries)
    assert one == other != []


def test_run_without_findings_ends_with_0(tmp_path: Path) -> None:
    """The reference has none."""
    result = run(tmp_path, "--executions", "300", locator="reference")

    assert result.exit_code == 0
    assert "0 buckets of 0 root causes" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["summary.json"]


def test_run_again_begins_with_what_was_found(tmp_path: Path) -> None:
    """A later run into the same directory tries the findings first."""
    run(tmp_path, "--seconds", "600", "--executions", "2000")

    run(tmp_path, "--seconds", "600", "--executions", "1", "--seed", "2")

    summary = FindingsDirectory(tmp_path).read_summary()
    assert summary is not None
    assert summary.buckets[0].first_execution == 1


def test_run_with_atheris_ends_with_1_and_a_table(tmp_path: Path) -> None:
    """The other engine, the same report."""
    pytest.importorskip("atheris")

    process = start(tmp_path / "campaign", "--engine", "atheris")
    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=60) == 1
    output = (tmp_path / "out").read_text(encoding="utf-8")
    assert "IndexError.on_legal.miniatures-" in output
    assert "Raises, server-reactor, atheris, seed 1:" in output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--implementation", "direct:no_such_module:make"], "no_such_module"),
        (["--implementation", "nowhere"], "not a locator"),
        (["--target", "no-such-target"], "server-reactor"),
        (["--seconds", "0"], "--seconds"),
        (["--engine", "afl"], "atheris"),
        (["--executions", "0"], "--executions"),
        (
            ["--engine", "atheris", "--implementation", "direct:tests.fuzz.message_zoo:honest"],
            "engine `loop`",
        ),
    ],
)
def test_run_wrong_usage_ends_with_2_and_a_message(arguments: list[str], said: str, tmp_path: Path) -> None:
    """One clear error, no traceback."""
    result = call("run", "--directory", tmp_path, *arguments)

    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output


def test_run_directory_that_cannot_be_made_ends_with_2(tmp_path: Path) -> None:
    """A file stands in the way."""
    (tmp_path / "file").touch()

    result = call("run", "--directory", tmp_path / "file" / "findings")

    assert result.exit_code == 2
    assert "file" in result.output


def test_run_without_atheris_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    result = run(tmp_path, "--engine", "atheris")

    assert result.exit_code == 2
    assert "hgframing[fuzz]" in result.output


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_campaign_killed_loses_nothing_and_goes_on(tmp_path: Path) -> None:
    """After kill -9 all is there; the next session adds to it, and a signal to end is obeyed with a report."""
    process = start(tmp_path / "campaign")
    process.kill()
    process.wait()
    campaign = CampaignDirectory(tmp_path / "campaign")
    wait_for(lambda: not campaign.running())
    before, findings, corpus = campaign.total(), set(campaign.findings.inputs()), set(campaign.corpus())
    seeds = {record.stint.name: record.stint.seed for record in campaign.records()}

    again = start(tmp_path / "campaign")
    again.send_signal(signal.SIGTERM)

    assert again.wait(timeout=60) == 1
    after = campaign.total()
    assert before is not None
    assert after is not None
    assert after.executions > before.executions
    assert findings <= set(campaign.findings.inputs())
    assert corpus <= set(campaign.corpus())
    assert json.loads((tmp_path / "campaign" / "summary.json").read_bytes())["executions"] == after.executions
    stints = {stint.name: stint.seed for stint in campaign.past().stints}
    assert set(seeds.items()) < set(stints.items())
    assert "2-0" in stints


def test_campaign_says_why_it_runs_the_loop_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be instrumented is fuzzed all the same."""
    monkeypatch.chdir(ROOT)

    result = run(tmp_path, "--workers", "1", "--seconds", "2", locator="direct:tests.fuzz.message_zoo:honest")

    assert result.exit_code == 0, result.output
    assert "engine loop alone: zoo 1 has no code in this process" in result.output


def test_campaign_whose_workers_cannot_work_ends_with_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is incomplete, which is not the same as finding nothing."""
    pytest.importorskip("atheris")
    monkeypatch.chdir(ROOT)

    result = run(
        tmp_path, "--workers", "1", "--seconds", "60", "--engine", "atheris", locator=mortal("blind")
    )

    assert result.exit_code == 3, result.output
    assert "the engine would be blind" in result.output


def test_campaign_of_several_targets_has_a_directory_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They share the workers."""
    monkeypatch.chdir(ROOT)

    result = run(
        tmp_path,
        *("--target", "server-reactor", "--target", "client-reactor"),
        *("--engine", "loop", "--workers", "2", "--seconds", "3"),
        locator="reference",
    )

    assert result.exit_code == 0, result.output
    for name in ("server-reactor", "client-reactor"):
        assert f"{name}, loop, seed 1:" in result.output
        assert CampaignDirectory(tmp_path / name).total() is not None
        assert f'id="{name}"' in (tmp_path / "campaign.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments", [["--workers", "1"], ["--engine", "atheris"], ["--target", "client-reactor"]]
)
def test_run_that_counts_and_what_it_cannot_ends_with_2(tmp_path: Path, arguments: list[str]) -> None:
    """One clear error."""
    result = run(tmp_path, "--executions", "5", "--target", "server-reactor", *arguments, locator="reference")

    assert result.exit_code == 2
    assert "--executions counts the inputs of one target" in result.output


def test_run_into_the_directory_of_another_campaign_ends_with_2(tmp_path: Path) -> None:
    """Nothing is mixed."""
    (tmp_path / "campaign.json").write_text('{"target": "client-reactor", "locator": "reference", "seed": 1}')

    result = call("run", "--directory", tmp_path, "--workers", "1", "--seconds", "1")

    assert result.exit_code == 2
    assert "holds a campaign of client-reactor" in result.output


def test_run_says_what_bounds_it() -> None:
    """Disk and memory, and what the exit statuses mean."""
    output = " ".join(call("run", "--help").output.split())

    for part in ("50000 inputs and 256 MiB", "--memory", "3 workers could not work", "a file named `stop`"):
        assert part in output


def known_file(directory: Path, place: str = "IndexError.on_legal", expires: str = "2999-01-01") -> Path:
    """A file that knows the miniature's fault."""
    file = directory / "known.yaml"
    file.write_text(
        f"format: 1\nimplementation: Raises\nbuckets:\n  - bucket: server-reactor.{place}.*\n"
        f"    issue: https://example.org/1\n    who: A. Person\n    reason: known\n    expires: {expires!r}\n"
    )
    return file


def test_run_whose_findings_are_known_ends_with_0(tmp_path: Path) -> None:
    """They are shown and counted all the same."""
    file = known_file(tmp_path)

    result = run(tmp_path / "d", "--seconds", "600", "--executions", "1000", "--known", str(file))

    assert result.exit_code == 0, result.output
    assert "known: https://example.org/1" in result.output
    assert "1 buckets of 1 root causes (1 of the buckets are known)" in result.output


@pytest.mark.parametrize(
    ("place", "expires", "said"),
    [
        ("KeyError.other", "2999-01-01", "nothing was found"),
        ("IndexError.on_legal", "2020-01-01", "expired"),
    ],
)
def test_run_whose_entries_are_stale_ends_with_1_and_says_so(
    tmp_path: Path, place: str, expires: str, said: str
) -> None:
    """What an entry does not match is a finding."""
    file = known_file(tmp_path, place, expires)

    result = run(tmp_path / "d", "--seconds", "600", "--executions", "1000", "--known", str(file))

    assert result.exit_code == 1
    assert said in result.output


def test_run_with_a_broken_list_ends_with_2(tmp_path: Path) -> None:
    """File and line."""
    (tmp_path / "known.yaml").write_text("format: 2\n")

    result = run(tmp_path / "d", "--executions", "1", "--known", str(tmp_path / "known.yaml"))

    assert result.exit_code == 2
    assert "known.yaml:1" in result.output
