"""Every report tells the same run: console, JSON lines, JUnit and Markdown."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET

from pathlib import Path

from rich.console import Console

from hgframing_conformance._adapters import AdapterOptions, Crashed
from hgframing_conformance._cases import Chunking, Level
from hgframing_conformance._check import Check
from hgframing_conformance._expectations import Status
from hgframing_conformance._harness import HarnessAdapter
from hgframing_conformance._jsonl import JsonLines
from hgframing_conformance._junit import JUnit
from hgframing_conformance._markdown import write_markdown
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._report import failure_text, print_summary, repro
from hgframing_conformance._run import Engine, RunOptions
from hgframing_conformance._select import Item, Selection, items
from hgframing_conformance._summary import Judged, Summary

from .test_select import hello
from .zoo.cases import animal, case, frame_step


HOSTILE = "</failure>\x1b[2J|<b>`*]\x00"


def item(case_id: str, **fields: object) -> Item:
    """Make an item."""
    return items(case(case_id, frame_step("x"), **fields))[0]


def run() -> tuple[Summary, list[Judged]]:
    """Make a run with something of everything; its harness's words are hostile."""
    dead = Crashed(how="exited with status 3", step=0, stderr=f"last words {HOSTILE}\n")
    found = [
        (item("all-right"), OutcomeKind.PASSED, Status.FINE, None),
        (item("dead"), OutcomeKind.CRASHED, Status.UNEXPECTED, dead),
        (item("as-known"), OutcomeKind.FAILED, Status.KNOWN, None),
        (item("too-good"), OutcomeKind.PASSED, Status.UNEXPECTED_PASS, None),
        (item("choice", level=Level.MAY), OutcomeKind.FAILED, Status.FINE, None),
        (item("other"), OutcomeKind.UNSUPPORTED, Status.FINE, None),
    ]
    judged = [
        Judged(
            outcome=Outcome(
                item=one,
                kind=kind,
                gating=status is Status.UNEXPECTED,
                reason="because",
                step=None if seen is None else 0,
                observation=seen,
            ),
            status=status,
        )
        for one, kind, status, seen in found
    ]
    summary = Summary(locator="exec:./harness --it", hello=hello(), seconds=1.5, notes=(HOSTILE,))
    for one in judged:
        summary.add(one)
    return summary, judged


def console_text(summary: Summary, *, quiet: bool = False) -> str:
    """Print a run."""
    out = io.StringIO()
    print_summary(Console(file=out, width=100, highlight=False), summary, quiet=quiet)
    return out.getvalue()


def test_console_shows_what_is_not_as_expected_and_counts_last() -> None:
    """Failures have their reason and a line that repeats them; the last line is the verdict."""
    summary, _ = run()
    text = console_text(summary)
    assert "dead@0006 [frame] crashed" in text
    assert "step 1: because" in text
    assert "last words" in text
    assert "repro: hgframing check 'exec:./harness --it' -k 'dead@0006[frame]'" in text
    assert "too-good@0006 [frame] passes, but is expected to fail" in text
    assert "unsupported, for want of because: 1" in text
    assert "not gating (may): choice@0006 [frame] failed: because" in text
    assert text.rstrip().splitlines()[-1] == summary.last_line()


def test_console_nothing_of_a_harness_reaches_the_terminal_raw() -> None:
    """Neither standard error nor notes can move the cursor."""
    assert "\x1b" not in console_text(run()[0])
    assert "\x00" not in console_text(run()[0])


def test_console_quiet_shows_failures_and_counts_only() -> None:
    """Whoever wants quiet is told what is wrong and no more."""
    text = console_text(run()[0], quiet=True)
    assert "dead@0006" in text
    assert "choice@0006" not in text
    assert "unsupported, for" not in text


def test_console_shows_expected_and_observed_side_by_side() -> None:
    """A mismatch shows the step, what was expected and what came, with the frames in notation."""
    adapter = HarnessAdapter(animal("wrong"), AdapterOptions())
    try:
        (outcome,) = Engine(adapter, RunOptions()).run(items(case("a", frame_step("bite"))))
    finally:
        adapter.close()
    text = failure_text(Judged(outcome=outcome, status=Status.UNEXPECTED), "exec:x")
    row = next(line for line in text.splitlines() if "receive" in line)
    assert row.count("frame {request: 1") == 2
    assert "1 1 0 command-data eos bite" in text
    assert "expected payload b'bite', got b'\\x00'" in text


def test_console_chunkings_that_fail_alike_are_shown_once() -> None:
    """One failure in three chunkings is one failure."""
    summary = Summary(locator="x", hello=hello())
    for one in items(case("a", frame_step("x"), chunkings=tuple(Chunking))):
        outcome = Outcome(item=one, kind=OutcomeKind.FAILED, gating=True, reason="alike")
        summary.add(Judged(outcome=outcome, status=Status.UNEXPECTED))
    text = console_text(summary)
    assert text.count("alike") == 1
    assert "a@0006 [frame, whole, byte] failed" in text


def test_repro_of_the_reference_is_short() -> None:
    """What is the default need not be said."""
    _, judged = run()
    assert (
        repro("direct:hgframing_conformance:reference", judged[1]) == "hgframing check -k 'dead@0006[frame]'"
    )


def test_jsonl_has_begin_items_and_end() -> None:
    """Every line is an object; the last one says that the run is complete."""
    summary, judged = run()
    out = io.BytesIO()
    lines = JsonLines(out)
    order = Check(locator=summary.locator, cases=(), selection=Selection())
    lines.begin(order, summary.hello, len(judged))
    for one in judged:
        lines.outcome(one)
    lines.end(summary)
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [event["event"] for event in events] == ["begin", *["item"] * 6, "end"]
    assert events[0]["implementation"]["name"] == "tame"
    assert events[0]["items"] == 6
    assert [event["outcome"] for event in events[1:-1]] == [one.outcome.kind.value for one in judged]
    assert events[2]["stderr"].startswith("last words")
    assert events[2]["gating"] is True
    assert events[-1]["complete"] is True
    assert events[-1]["exit"] == 1
    assert events[-1]["counts"] == {"passed": 2, "failed": 2, "crashed": 1, "unsupported": 1}


def test_jsonl_incomplete_run_says_so() -> None:
    """A run that was cut off is not complete."""
    summary, _ = run()
    summary.stopped = "interrupted"
    out = io.BytesIO()
    JsonLines(out).end(summary)
    assert json.loads(out.getvalue())["complete"] is False


def test_junit_maps_outcomes(tmp_path: Path) -> None:
    """A crash is an error, an unexpected pass a failure; what is known, open or unsupported is skipped."""
    summary, judged = run()
    report = JUnit()
    for one in judged:
        report.add(one)
    report.write(tmp_path / "out.xml", summary)
    root = ET.parse(tmp_path / "out.xml").getroot()  # noqa: S314  (we wrote it)
    tags = {
        found.get("name"): [child.tag for child in found if child.tag != "properties"]
        for found in root.iter("testcase")
    }
    assert tags == {
        "all-right@0006[frame]": [],
        "dead@0006[frame]": ["error"],
        "as-known@0006[frame]": ["skipped"],
        "too-good@0006[frame]": ["failure"],
        "choice@0006[frame]": ["skipped"],
        "other@0006[frame]": ["skipped"],
    }
    assert {name: root.get(name) for name in ("tests", "errors", "failures", "skipped")} == {
        "tests": "6",
        "errors": "1",
        "failures": "1",
        "skipped": "3",
    }


def test_markdown_is_inert_and_appends(tmp_path: Path) -> None:
    """Nothing that comes from outside becomes markup, and a second summary follows the first."""
    out = tmp_path / "summary.md"
    summary, _ = run()
    summary.stopped = HOSTILE
    write_markdown(out, summary)
    write_markdown(out, summary)
    text = out.read_text()
    assert text.count("### tame 1") == 2
    assert "<b>" not in text
    assert "\x1b" not in text
    assert "**dead@0006\\[frame\\]** unexpected, crashed: because" in text
