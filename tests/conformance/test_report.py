"""The console."""

from __future__ import annotations

import io

from rich.console import Console

from hgframing_conformance._adapters import AdapterOptions
from hgframing_conformance._cases import Chunking
from hgframing_conformance._expectations import Status
from hgframing_conformance._harness import HarnessAdapter
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._report import failure_text, print_summary
from hgframing_conformance._run import Engine, RunOptions
from hgframing_conformance._select import items
from hgframing_conformance._summary import Judged, Summary

from .zoo.cases import animal, case, frame_step
from .zoo.runs import hello, run


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
    assert "repro: hgframing replay 'dead@0006[frame]' -- ./harness --it" in text
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


def test_console_says_that_state_leaks() -> None:
    """What puts every verdict of a run in doubt is told."""
    summary, _ = run()
    summary.leaks = ("state leaks between cases: so it does",)
    text = console_text(summary)
    assert "state leaks between cases: so it does" in text
    assert "state leaks between cases)" in text.rstrip().splitlines()[-1]
