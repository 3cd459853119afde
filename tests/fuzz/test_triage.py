"""Tests of `hgframing_fuzz._triage`: two levels in Markdown, and drafts that load and never gate."""

from __future__ import annotations

from pathlib import Path

import pytest

from hgframing import REVISIONS, Frame, format_notation
from hgframing_conformance._suites import load_suites
from hgframing_fuzz import FuzzInput, Options, encode_input
from hgframing_fuzz._findings import BucketSummary, RunSummary
from hgframing_fuzz._input import Answers, DriverBit
from hgframing_fuzz._subjects import Side
from hgframing_fuzz._triage import draft, suite_name, triage_lines
from tests.fuzz.miniatures import R5, an_input


def bucket(name: str, value: FuzzInput, count: int = 3) -> BucketSummary:
    """A bucket of one input."""
    root = name.rpartition(".")[0]
    return BucketSummary(name, root, count, 1.5, 10, "IndexError: it's | 5f:{}", encode_input(value).hex())


def test_triage_has_root_causes_and_below_them_lines() -> None:
    """Two lines of one cause are one heading; the counts are added, the shortest input is shown."""
    long, short = (
        an_input("1 1 stream-begin command-request new xyz"),
        an_input("3 1 stream-begin command-request new"),
    )
    buckets = (bucket("t.A.f.l-1", long), bucket("t.A.f.l-2", short, 4), bucket("t.B.g.l-3", long))
    summary = RunSummary("t", "Impl 1", "loop", 5, 100, 9.0, 3, buckets)

    lines = triage_lines(summary, [["long"], ["short"], ["long"]])

    assert [line for line in lines if line.startswith("#")] == [
        "# Findings: t, Impl 1",
        "## 1. t.A.f",
        "## 2. t.B.g",
    ]
    assert "7 times, first after 1.50 s." in lines
    assert lines[lines.index("```") + 1] == "short"
    assert "| l-2 | 4 | 1.50 s (#10) | 12 | IndexError: it's \\| 5f:{} |" in lines


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize(
    "value",
    [
        an_input("1 1 stream-begin command-request new"),
        an_input("1 2 stream-begin stream-settings eos cbor:b'zlib'", "1 2 encoded 15 9 \\xff\\0'\""),
        an_input("1 2 0 command-response eos", tail=b"\x01", options=Options(answers=Answers.MIXED)),
        an_input(tail=b"\xa0\0\0\0\0", options=Options(driver=DriverBit.DEFER_OUTPUT)),
        FuzzInput(Options(driver=DriverBit.NO_END), (Frame(1, 2, 1, 3, 2, b"abc" + bytes(70000)),)),
        FuzzInput(Options(), (Frame(1, 2, 1, 3, 2, b"\x11" * 5000),)),
        FuzzInput(Options(driver=DriverBit.NO_END), ()),
    ],
)
def test_draft_loads_has_every_frame_and_never_gates(value: FuzzInput, side: Side, tmp_path: Path) -> None:
    """The reader of suites takes it, with a step for every frame."""
    one = bucket("t.A.f.l-1", value)
    file = tmp_path / "suites" / f"{suite_name(side, encode_input(value))}.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(draft(one, value, R5, side), encoding="utf-8")

    [case] = load_suites([file])

    assert case.disputed.startswith("draft")
    assert case.level.value == "unspecified"
    assert case.source.startswith("fuzz:")
    received = [step for step in case.steps if step.verb.value in {"receive", "receive-hex"}]
    assert len(received) == len(value.frames) + bool(value.tail)


@pytest.mark.parametrize("key", list(REVISIONS))
def test_draft_is_written_for_the_revision_that_was_driven(key: str, tmp_path: Path) -> None:
    """Older ones have fewer fields, and the notation has too."""
    revision = REVISIONS[key]
    frame = Frame(1 if revision.header.has_request else 0, 0, 0, 4, 2, b"x")
    if revision.header.has_stream:
        frame = Frame(1, 2, 1, 4, 2, b"x")
    value = FuzzInput(Options(), (frame,))
    file = tmp_path / "suites" / f"{suite_name(Side.CLIENT, encode_input(value))}.yaml"
    file.parent.mkdir(parents=True)
    text = draft(bucket("t.A.f.l-1", value), value, revision, Side.CLIENT)
    file.write_text(text, encoding="utf-8")

    assert [case.revision for case in load_suites([file])] == [key]
    assert format_notation(frame, revision) in text
