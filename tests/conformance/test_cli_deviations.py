"""`hgframing deviations`."""

from __future__ import annotations

from pathlib import Path

import pytest

from click.testing import CliRunner, Result

from hgframing_conformance._cli_deviations import command


def invoke(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(command, arguments, prog_name="deviations")


def test_deviations_lists_all_of_them() -> None:
    """Without a number there is a line for each."""
    lines = invoke().output.splitlines()

    assert len(lines) >= 96
    assert lines[10].startswith("D11 ")


def test_deviations_explains_a_number() -> None:
    """The number may be written in small letters."""
    output = invoke("d11").output

    assert output.startswith("D11: ")
    assert "server-data-both-flags" in output


@pytest.mark.parametrize("number", ["D9999", "11", "foo"])
def test_deviations_unknown_number_is_one_message(number: str) -> None:
    """What is no deviation is quoted."""
    result = invoke(number)

    assert result.exit_code == 2
    assert f"'{number}' is none of D1 to D" in result.output


def test_deviations_check_notices_a_stale_page(tmp_path: Path) -> None:
    """A page is written once, is fresh then, and is left alone when it is only checked."""
    page = tmp_path / "page.md"
    runner = CliRunner()

    first = runner.invoke(command, ["--markdown", str(page)], standalone_mode=False)
    fresh = runner.invoke(command, ["--markdown", str(page), "--check"], standalone_mode=False)
    page.write_text(page.read_text() + "touched")
    stale = runner.invoke(command, ["--markdown", str(page), "--check"], standalone_mode=False)

    assert [first.return_value, fresh.return_value, stale.return_value] == [0, 0, 1]
    assert f"stale: {page}" in stale.output
    assert page.read_text().endswith("touched")


def test_deviations_check_needs_a_page() -> None:
    """There is nothing else to check."""
    result = invoke("--check")

    assert result.exit_code == 2
    assert "--check needs --markdown" in result.output
