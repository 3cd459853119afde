"""Tests of `hgframing_fuzz.cli`: the commands, what they print, and their exit statuses."""

from __future__ import annotations

import json

from pathlib import Path
from typing import Final

import pytest

from click.testing import CliRunner, Result

from hgframing_fuzz import decode_input, encode_input
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


def test_minimize_campaign_knows_its_targets(tmp_path: Path) -> None:
    """Each of several, with its implementation; what would end this process, and what moved, is left."""
    directory = tmp_path / "server-reactor"
    run(directory, "--seconds", "600", "--executions", "2000")
    (directory / "campaign.json").write_text(
        json.dumps({"target": "server-reactor", "locator": BROKEN, "seed": 1}), encoding="utf-8"
    )
    (directory / "server-reactor.died.SIGSEGV.x-1.bin").write_bytes(FINDING)
    (directory / "server-reactor.KeyError.other.x-1.bin").write_bytes(FINDING)

    result = call("minimize", "--directory", tmp_path)

    assert result.exit_code == 0, result.output
    [path] = directory.glob("*.IndexError.*.bin")
    assert decode_input(path.read_bytes()) == an_input("1 1 0 command-request new")
    assert "x-1.bin: ended its process" in result.output
    assert "x-1.bin: falls into server-reactor.IndexError" in result.output
    assert (directory / "server-reactor.KeyError.other.x-1.bin").read_bytes() == FINDING
