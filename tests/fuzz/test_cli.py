"""Tests of `hgframing_fuzz.cli`: the commands, what they print, and their exit statuses."""

from __future__ import annotations

import importlib.util

from pathlib import Path
from typing import Final

import pytest

from click.testing import CliRunner, Result

from hgframing_fuzz import decode_input, encode_input
from hgframing_fuzz._findings import FindingsDirectory
from hgframing_fuzz.cli import main
from tests.fuzz.miniatures import an_input


BROKEN: Final = "direct:tests.fuzz.test_targets_server_reactor_fuzzer:broken"
FINDING: Final = encode_input(an_input("3 1 stream-begin command-request new", "5 1 0 command-data eos more"))


def call(*arguments: str | Path) -> Result:
    """Call the command."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def run(directory: Path, *arguments: str, locator: str = BROKEN) -> Result:
    """Fuzz for a moment."""
    return call("run", "--implementation", locator, "--directory", directory, "--seed", "1", *arguments)


@pytest.fixture
def finding(tmp_path: Path) -> Path:
    """An input that is a finding in the miniature."""
    path = tmp_path / "input"
    path.write_bytes(FINDING)
    return path


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
    result = run(tmp_path, "--seconds", "0.3", locator="reference")

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

    result = run(tmp_path, "--seconds", "3", "--engine", "atheris")

    assert result.exit_code == 1, result.output
    assert "IndexError.on_legal.miniatures-" in result.output
    assert "Raises, server-reactor, atheris, seed 1:" in result.output


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


def test_replay_finding_shows_input_and_traceback(finding: Path) -> None:
    """What is in it and what it gives."""
    result = call("replay", "--implementation", BROKEN, finding)

    assert result.exit_code == 1
    for part in (
        "frame       3 1 stream-begin command-request new",
        "server-reactor.IndexError.on_legal.miniatures-",
        "payload[0] == 0xFF",
    ):
        assert part in result.output


def test_replay_without_finding_ends_with_0(finding: Path) -> None:
    """The reference survives it."""
    result = call("replay", finding)

    assert result.exit_code == 0
    assert "no finding" in result.output


def test_replay_file_that_is_not_there_ends_with_2(tmp_path: Path) -> None:
    """It is named."""
    result = call("replay", tmp_path / "nothing")

    assert result.exit_code == 2
    assert "nothing" in result.output


def test_describe_says_what_is_in_an_input(finding: Path) -> None:
    """Without running it."""
    result = call("describe", finding)

    assert result.exit_code == 0
    assert result.output.splitlines()[-2:] == [
        "frame       3 1 stream-begin command-request new ",
        "frame       5 1 0 command-data eos more",
    ]


def test_minimize_file_is_written_beside_it(finding: Path) -> None:
    """The original stays."""
    result = call("minimize", "--implementation", BROKEN, finding)

    assert result.exit_code == 0
    assert finding.read_bytes() == FINDING
    smaller = finding.with_name("input.min").read_bytes()
    assert decode_input(smaller) == an_input("1 1 0 command-request new")
    assert f"{len(FINDING)} octets became {len(smaller)}" in result.output


def test_minimize_directory_replaces_its_inputs(tmp_path: Path) -> None:
    """With their texts."""
    run(tmp_path, "--seconds", "600", "--executions", "2000")

    result = call("minimize", "--implementation", BROKEN, "--directory", tmp_path)

    [path] = tmp_path.glob("*.IndexError.*.bin")
    assert result.exit_code == 0
    assert decode_input(path.read_bytes()) == an_input("1 1 0 command-request new")
    assert "frame       1 1 0 command-request new" in path.with_suffix(".txt").read_text(encoding="utf-8")


def test_minimize_input_without_finding_is_left(finding: Path) -> None:
    """There is nothing to minimize."""
    result = call("minimize", finding)

    assert result.exit_code == 0
    assert "no finding" in result.output
    assert not finding.with_name("input.min").exists()


def test_minimize_nothing_ends_with_2() -> None:
    """Files, or a directory."""
    assert call("minimize").exit_code == 2


def test_targets_are_listed() -> None:
    """With what they drive."""
    result = call("targets")

    assert result.exit_code == 0
    assert result.output.startswith("server-reactor  a server reactor")
