"""A run as JSON lines."""

from __future__ import annotations

import io
import json

from hgframing_conformance._check import Check
from hgframing_conformance._jsonl import JsonLines
from hgframing_conformance._select import Selection

from .zoo.runs import run


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
    assert events[0]["implementation"]["name"] == "animal"
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
