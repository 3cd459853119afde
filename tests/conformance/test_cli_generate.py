"""`hgframing generate`."""

from __future__ import annotations

from pathlib import Path

import pytest

from click.testing import CliRunner

import hgframing_vectors

from hgframing_conformance._cli_generate import command


def test_generate_twice_gives_the_same_octets(tmp_path: Path) -> None:
    """The same version writes the same octets, and says that nothing changed."""
    runner = CliRunner()
    first = runner.invoke(command, ["--output", str(tmp_path)], standalone_mode=False)
    octets = {file: file.read_bytes() for file in tmp_path.rglob("*.yaml")}
    second = runner.invoke(command, ["--output", str(tmp_path)], standalone_mode=False)

    assert first.return_value == 0
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.yaml")} == octets
    assert all(line.startswith("unchanged") for line in second.output.splitlines())


def test_generate_check_finds_a_stale_suite(tmp_path: Path) -> None:
    """A suite that was touched by hand is told, and not repaired."""
    runner = CliRunner()
    runner.invoke(command, ["--output", str(tmp_path)], standalone_mode=False)
    file = tmp_path / "server" / "transitions-0006.yaml"
    file.write_text(file.read_text() + "# touched\n")
    result = runner.invoke(command, ["--output", str(tmp_path), "--check"], standalone_mode=False)

    assert result.return_value == 1
    assert f"stale {file}" in result.output
    assert file.read_text().endswith("# touched\n")


def test_generate_shipped_suites_are_fresh() -> None:
    """What is shipped is what this version writes."""
    result = CliRunner().invoke(command, ["--check"], standalone_mode=False)

    assert result.return_value == 0, result.output
    assert str(hgframing_vectors.root()) in result.output


@pytest.mark.parametrize("option", ["--dry-run", "--explain"])
def test_generate_that_only_tells_writes_nothing(tmp_path: Path, option: str) -> None:
    """What would be written is named, with the title of every case where that is asked for."""
    arguments = ["--output", str(tmp_path), "--generator", "transitions", option]
    result = CliRunner().invoke(command, arguments, standalone_mode=False)

    assert result.return_value == 0
    assert f"stale {tmp_path}" in result.output
    assert ("server-transition-0006-" in result.output) == (option == "--explain")
    assert not list(tmp_path.rglob("*.yaml"))
