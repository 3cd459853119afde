"""Tests of `hgframing_fuzz._campaign_page`: one file that fetches nothing, shows everything, and trusts nobody."""

from __future__ import annotations

import re
import time

from html.parser import HTMLParser
from pathlib import Path

import pytest

from hgframing_fuzz import encode_input
from hgframing_fuzz._buckets import BucketTable
from hgframing_fuzz._campaign import CampaignDirectory, Identity
from hgframing_fuzz._campaign_page import PAGE, write_page
from hgframing_fuzz._curve import Curve, Point
from hgframing_fuzz._findings import RunSummary
from hgframing_fuzz._outcome import Finding
from hgframing_fuzz._records import Ended, Look, Record, Stint
from tests.fuzz.miniatures import an_input


EVIL = "<script>alert(1)</script> \x1b[31m & 'more'"


@pytest.fixture
def campaign(tmp_path: Path) -> CampaignDirectory:
    """A campaign of two sessions; the second found something, and one of its workers died."""
    directory = CampaignDirectory(tmp_path)
    directory.begin(Identity("server-reactor", "direct:a:b", 7))
    for session, line in ((1, "reactor-1"), (2, "reactor-2")):
        table = BucketTable("server-reactor")
        octets = encode_input(an_input(f"{session} 1 stream-begin command-request new {'x' * session}"))
        bucket = table.add(
            Finding("TypeError", "receive", line, EVIL, lambda: f"Traceback {EVIL}\n"),
            octets,
            seconds=3.0,
            execution=30,
        )
        assert bucket is not None
        directory.findings.save(bucket, ["revision    0006"])
        engine = "atheris" if session == 2 else "loop"
        stint = Stint(
            session, 0, 0, engine, 123456 + session, 10.0 * session, 1.8e9, 10.0, 500, 30, 90, 1, 4.0
        )
        summary = RunSummary("server-reactor", "Impl", engine, 7, 500, 10.0, 30, RunSummary.summarise(table))
        record = Record(stint, summary, (Look(time.time() - 60, 10.0, 500, 1),), 1)
        directory.tell(record)
        if session == 1:
            directory.fold(["1-0"])
    directory.tell(
        Record(
            Stint(2, 1, 1, "loop", 99, 20.0, 1.8e9, 1.0, 5, ended=Ended.DIED),
            RunSummary("server-reactor", "Impl", "loop", 7, 5, 1.0, 0, ()),
            (Look(time.time() - 60, 1.0, 5, 1),),
            1,
        )
    )
    directory.fold(["2-1"])
    curve = Curve(directory.curve)
    for seconds in range(1, 30):
        curve.add(Point(float(seconds), 50 * seconds, seconds, 3 * seconds, 9, 1, 1))
    return directory


class Checker(HTMLParser):
    """Sees that every element is closed, and collects what matters."""

    VOID = frozenset({"meta", "br", "link", "img"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it; it is closed."""
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """It closes what was opened last."""
        assert self.open.pop() == tag


def test_page_is_well_formed_and_fetches_nothing(campaign: CampaignDirectory) -> None:
    """No script, no address, a policy that allows neither; headings and pictures have words."""
    file = campaign.path / PAGE
    assert write_page(file, [campaign], 1.8e9)
    text = file.read_text(encoding="utf-8")

    checker = Checker(text)

    assert checker.open == []
    tags = [tag for tag, _ in checker.seen]
    assert "script" not in tags
    assert not any(name in attributes for _, attributes in checker.seen for name in ("src", "onclick"))
    assert all((a.get("href") or "#").startswith("#") for _, a in checker.seen)
    assert "default-src 'none'" in text
    pictures = [attributes for tag, attributes in checker.seen if tag == "svg"]
    assert len(pictures) == 5
    assert all(attributes["role"] == "img" and attributes["aria-label"] for attributes in pictures)
    assert all(attributes.get("scope") for tag, attributes in checker.seen if tag == "th")


def test_page_has_findings_engines_and_seeds(campaign: CampaignDirectory) -> None:
    """What a person wants to know in the morning."""
    file = campaign.path / PAGE
    write_page(file, [campaign], 1.8e9)
    text = file.read_text(encoding="utf-8")
    plain = " ".join(re.sub(r"<[^>]+>", " ", text).split())

    for part in (
        "server-reactor, Impl",
        "direct:a:b",
        "2 sessions",
        "TypeError.receive",
        "1 1 stream-begin command-request new x",
        "2 1 stream-begin command-request new xx",
        "Traceback",
        "123457",
        "123458",
        "atheris",
        "2027-01-15 08:00:03 UTC",
        "1 worker died; 1 of an input",
        "root causes 1",
    ):
        assert part in plain, part
    assert re.search(r"reactor-2 <span class=\"new\">new", text)
    assert not re.search(r"reactor-1 <span class=\"new\">new", text)


def test_page_trusts_no_string(campaign: CampaignDirectory) -> None:
    """Markup of an implementation's message is text, and so is what a terminal would obey."""
    file = campaign.path / PAGE
    write_page(file, [campaign], 1.8e9)
    text = file.read_text(encoding="utf-8")

    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; \\x1b[31m &amp; " in text
    assert "\x1b" not in text


def test_page_of_a_run_in_one_process_has_no_curves(tmp_path: Path) -> None:
    """There is nothing over time; a directory in which nothing happened has no page."""
    campaign = CampaignDirectory(tmp_path)
    assert not write_page(tmp_path / PAGE, [campaign], 1.8e9)
    campaign.findings.write_summary(RunSummary("server-reactor", "Impl", "loop", 7, 200, 10.0, 30, ()))

    assert write_page(tmp_path / PAGE, [campaign], 1.8e9)
    text = (tmp_path / PAGE).read_text(encoding="utf-8")

    assert Checker(text).open == []
    assert "<svg" not in text
    assert "None." in text
