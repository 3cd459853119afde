"""Tests of `hgframing_fuzz._found`: a finding as it lies there, minimized since or not."""

from __future__ import annotations

from pathlib import Path

from hgframing_fuzz import encode_input
from hgframing_fuzz._buckets import BucketTable
from hgframing_fuzz._campaign import CampaignDirectory
from hgframing_fuzz._description import describe_input
from hgframing_fuzz._findings import RunSummary
from hgframing_fuzz._found import read_found
from hgframing_fuzz._input import Form
from hgframing_fuzz._outcome import Finding
from tests.fuzz.miniatures import R5, an_input


LONG = an_input("1 1 stream-begin command-request new abc", "3 1 0 command-data eos x")
SHORT = an_input("1 1 0 command-request new")


def test_found_input_is_that_of_the_file(tmp_path: Path) -> None:
    """The summary knows the one from before `minimize`; the text has what happened, without its head."""
    campaign = CampaignDirectory(tmp_path)
    table = BucketTable("server-reactor")
    finding = Finding("TypeError", "receive", "reactor-1", "no", lambda: "Traceback:\n\n  of it\n")
    for value in (LONG, SHORT):
        bucket = table.add(finding, encode_input(value), seconds=1.0, execution=1)
        assert bucket is not None
        campaign.findings.save(bucket, describe_input(value, R5, Form.FRAMES))
        if value is LONG:
            summarised = RunSummary.summarise(table)
    summary = RunSummary("server-reactor", "Impl", "loop", 1, 10, 1.0, 3, summarised)

    [found] = read_found(campaign, summary)

    assert found.value == SHORT
    assert found.bucket.octets == encode_input(SHORT).hex()
    assert found.revision is R5
    assert found.excerpt == ("1 1 0 command-request new ",)
    assert found.detail == "Traceback:\n\n  of it"


def test_found_without_its_files_is_that_of_the_summary(tmp_path: Path) -> None:
    """Somebody removed them, or the run was told and not saved."""
    table = BucketTable("server-reactor")
    table.add(Finding("A", "b", "c", "m", lambda: ""), encode_input(LONG), seconds=1.0, execution=1)
    summary = RunSummary("server-reactor", "Impl", "loop", 1, 10, 1.0, 3, RunSummary.summarise(table))

    [found] = read_found(CampaignDirectory(tmp_path), summary)

    assert found.value == LONG
    assert found.detail == ""
