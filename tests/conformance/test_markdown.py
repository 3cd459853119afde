"""A run as Markdown."""

from __future__ import annotations

from pathlib import Path

from hgframing_conformance._markdown import write_markdown

from .zoo.runs import HOSTILE, run


def test_markdown_is_inert_and_appends(tmp_path: Path) -> None:
    """Nothing that comes from outside becomes markup, and a second summary follows the first."""
    out = tmp_path / "summary.md"
    summary, _ = run()
    summary.stopped = HOSTILE
    write_markdown(out, summary)
    write_markdown(out, summary)
    text = out.read_text()
    assert text.count("### animal 1") == 2
    assert "<b>" not in text
    assert "\x1b" not in text
    assert "**dead@0006\\[frame\\]** unexpected, crashed: because" in text
