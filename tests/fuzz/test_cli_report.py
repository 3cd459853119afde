"""Tests of `hgframing_fuzz._cli_report`: what the commands share."""

from __future__ import annotations

from pathlib import Path

import pytest

from hgframing_fuzz._cli_report import attached, fail, open_directory, report
from hgframing_fuzz._findings import BucketSummary, RunSummary
from hgframing_fuzz._input import encode_input
from tests.fuzz.miniatures import an_input


def test_fail_says_one_line_and_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error."""
    with pytest.raises(SystemExit) as ended:
        fail("wrong")

    assert ended.value.code == 2
    assert capsys.readouterr().err == "hgframing-fuzz: wrong\n"


def test_attached_implementation_that_is_none_fails() -> None:
    """Before anything runs."""
    with pytest.raises(SystemExit), attached("server-reactor", "nowhere"):
        raise AssertionError("not reached")


def test_open_directory_that_cannot_be_made_fails(tmp_path: Path) -> None:
    """A file stands in the way."""
    (tmp_path / "file").touch()

    with pytest.raises(SystemExit):
        open_directory(tmp_path / "file" / "below")


def test_report_shows_buckets_without_taking_octets_for_markup(capsys: pytest.CaptureFixture[str]) -> None:
    """Square brackets of a payload stay; more than three frames are counted."""
    octets = encode_input(an_input("1 1 stream-begin command-request new [red]x", *["1 1 0 15 0"] * 4)).hex()
    bucket = BucketSummary("server-reactor.A.f.l", "server-reactor.A.f", 4, 1.0, 3, "m", octets)

    report(
        RunSummary("server-reactor", "Impl", "loop", 5, 100, 2.0, 3, (bucket,)), "server-reactor", "reference"
    )

    output = capsys.readouterr().out
    assert "[red]x" in output
    assert "2 more frames" in output
    assert "100 inputs in 2.0 s (50/s)" in output


def test_report_cuts_long_inputs(capsys: pytest.CaptureFixture[str]) -> None:
    """A table is for looking; reports and pages have the rest."""
    octets = encode_input(an_input(f"1 1 stream-begin command-request new {'x' * 30_000}")).hex()
    bucket = BucketSummary("server-reactor.A.f.l", "server-reactor.A.f", 4, 1.0, 3, "m", octets)

    report(
        RunSummary("server-reactor", "Impl", "loop", 5, 100, 2.0, 3, (bucket,)), "server-reactor", "reference"
    )

    assert len(capsys.readouterr().out) < 2000
