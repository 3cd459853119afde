"""`hgframing coverage`."""

from __future__ import annotations

import json

from pathlib import Path

from click.testing import CliRunner

from hgframing_conformance._cli_coverage import command


SMALL = """\
format: 1
suite: codec/small
title: Small
layer: codec
revisions: ["0006"]
cases:
  - id: codec-small
    title: One
    level: must
    requirements: [FRAME-001]
    source: by hand
    steps:
      - receive: ["1 1 stream-begin command-data eos x"]
        expect: [{frame: "1 1 stream-begin command-data eos x"}]
"""


def small_suite(directory: Path) -> str:
    """Write a suite that covers one requirement."""
    file = directory / "suites" / "codec" / "small.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(SMALL)
    (directory / "ids.txt").write_text("codec-small\n")
    return str(file)


def test_coverage_check_fails_on_holes(tmp_path: Path) -> None:
    """One case leaves holes: they are named, and the exit code says so."""
    suite = small_suite(tmp_path)
    result = CliRunner().invoke(command, ["--suites", suite, "--check"], standalone_mode=False)

    assert result.return_value == 1
    assert "hole: FRAME-002 in 0006: no case" in result.output
    assert "hole: FRAME-001 in 0006" not in result.output


def test_coverage_without_check_only_tells(tmp_path: Path) -> None:
    """Asking is no failure."""
    result = CliRunner().invoke(command, ["--suites", small_suite(tmp_path)], standalone_mode=False)

    assert result.return_value == 0


def test_coverage_writes_json_and_a_page(tmp_path: Path) -> None:
    """Both files are written, and a touched page is stale."""
    suite, page = small_suite(tmp_path), tmp_path / "page.md"
    arguments = ["--suites", suite, "--json", str(tmp_path / "c.json"), "--markdown", str(page)]
    runner = CliRunner()
    runner.invoke(command, arguments, standalone_mode=False)
    page.write_text(page.read_text() + "touched")
    again = runner.invoke(command, [*arguments, "--check"], standalone_mode=False)

    assert json.loads((tmp_path / "c.json").read_text())["holes"]
    assert f"stale: {page}" in again.output
    assert page.read_text().endswith("touched")
