"""`hgframing diagrams`."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from hgframing_conformance._cli_diagrams import command
from hgframing_conformance._diagrams import write_diagrams


def test_diagrams_go_to_standard_output() -> None:
    """Without a file the page is printed."""
    result = CliRunner().invoke(command, [], standalone_mode=False)

    assert (result.return_value, result.output) == (0, write_diagrams())


def test_diagrams_check_tells_a_stale_file_and_writes_nothing(tmp_path: Path) -> None:
    """A page that is not fresh is exit code 1, and stays as it is."""
    file = tmp_path / "states.md"
    file.write_text("old")
    result = CliRunner().invoke(command, ["--output", str(file), "--check"], standalone_mode=False)

    assert (result.return_value, file.read_text()) == (1, "old")


def test_diagrams_write_once(tmp_path: Path) -> None:
    """The second time there is nothing to do."""
    file = tmp_path / "states.md"
    runner = CliRunner()
    first = runner.invoke(command, ["--output", str(file)], standalone_mode=False)
    second = runner.invoke(command, ["--output", str(file)], standalone_mode=False)

    assert [first.output.split()[0], second.output.split()[0]] == ["written", "unchanged"]


def test_diagrams_check_without_a_file_is_a_usage_error() -> None:
    """There is nothing to compare with."""
    assert CliRunner().invoke(command, ["--check"]).exit_code == 2
