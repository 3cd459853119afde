"""A run as JSON lines."""

from __future__ import annotations

import io
import json

from pathlib import Path
from typing import Any

from hgframing_conformance._check import Check
from hgframing_conformance._jsonl import JsonLines, begin_event, end_event, item_event
from hgframing_conformance._select import Selection
from hgframing_conformance._summary import Summary

from .zoo.commands import check, write_suite
from .zoo.runs import run


def order(summary: Summary) -> Check:
    """Make the order that led to the run."""
    return Check(locator=summary.locator, cases=(), selection=Selection())


def test_jsonl_has_begin_items_and_end() -> None:
    """Every line is an object; the last one says that the run is complete."""
    summary, judged = run()
    out = io.BytesIO()
    lines = JsonLines(out)
    lines.write(begin_event(order(summary), summary.hello, len(judged)))
    for one in judged:
        lines.write(item_event(one, order(summary)))
    lines.write(end_event(summary))
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [event["event"] for event in events] == ["begin", *["item"] * 6, "end"]
    assert events[0]["implementation"]["name"] == "animal"
    assert events[0]["items"] == 6
    assert [event["outcome"] for event in events[1:-1]] == [one.outcome.kind.value for one in judged]
    assert events[2]["stderr"].startswith("last words")
    assert events[2]["gating"] is True
    assert events[-1]["complete"] is True
    assert events[-1]["exit"] == 1
    assert events[-1]["counts"] == {"passed": 2, "failed": 2, "crashed": 1, "unsupported": 1}


def test_jsonl_begin_has_the_defaults_of_what_hello_leaves_out() -> None:
    """Two runs can be compared without knowing the defaults of the protocol."""
    summary, judged = run()
    capabilities = begin_event(order(summary), summary.hello, len(judged)).implementation.capabilities
    assert capabilities["encodings"] == ["identity"]
    assert capabilities["chunking"] is True
    assert capabilities["error-codes"] is False


def test_jsonl_incomplete_run_says_so() -> None:
    """A run that was cut off is not complete."""
    summary, _ = run()
    summary.stopped = "interrupted"
    assert end_event(summary).complete is False


def test_jsonl_failure_carries_its_whole_story(tmp_path: Path) -> None:
    """A report can be made from the file alone: frames, expected, observed, the requirement, how to repeat it."""
    path = tmp_path / "run.jsonl"
    check("wrong", write_suite(tmp_path), "--jsonl", str(path))
    events: list[dict[str, Any]] = [json.loads(line) for line in path.read_text().splitlines()]
    passed, failed = events[1], events[2]
    (step,) = failed["steps"]
    assert step["verb"] == "receive"
    assert step["frames"] == ["1 1 0 command-data eos bite"]
    assert step["expected"][0][0]["kind"] == step["observed"][0]["kind"] == "frame"
    assert "b'bite'" in step["expected"][0][0]["text"]
    assert "b'\\x00'" in step["observed"][0]["text"]
    assert failed["sentences"][0]["id"] == "FRAME-001"
    assert failed["repro"].startswith("hgframing replay --suites ")
    assert failed["title"] == "A frame that bites is decoded"
    assert "steps" not in passed
    assert passed["title"] == "A frame is decoded"
