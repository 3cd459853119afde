"""The badge of a run."""

from __future__ import annotations

import json

from pathlib import Path

import pytest

from hgframing_conformance._badge import badge, write_badge
from hgframing_conformance._expectations import Status
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._summary import Judged, Summary

from .zoo.runs import hello, item


def summary(*kinds: OutcomeKind) -> Summary:
    """Make a run with these outcomes."""
    made = Summary(locator="x", hello=hello())
    for kind in kinds:
        status = Status.UNEXPECTED if kind.is_failure else Status.FINE
        made.add(Judged(outcome=Outcome(item=item("a"), kind=kind, gating=kind.is_failure), status=status))
    return made


@pytest.mark.parametrize(
    ("kinds", "message", "color"),
    [
        ((OutcomeKind.PASSED, OutcomeKind.PASSED), "2/2 passed", "brightgreen"),
        ((OutcomeKind.PASSED, OutcomeKind.UNSUPPORTED), "1/1 passed", "brightgreen"),
        ((OutcomeKind.PASSED, OutcomeKind.FAILED), "1/2 passed", "red"),
        ((OutcomeKind.UNSUPPORTED,), "nothing ran", "lightgrey"),
        ((), "nothing ran", "lightgrey"),
    ],
)
def test_badge_shows_what_passed_of_what_ran(
    kinds: tuple[OutcomeKind, ...], message: str, color: str
) -> None:
    """Green is for success alone."""
    assert badge(summary(*kinds)) == {
        "schemaVersion": 1,
        "label": "hgframing animal",
        "message": message,
        "color": color,
    }


def test_badge_of_an_incomplete_run_is_no_percentage(tmp_path: Path) -> None:
    """Half a run must not look like a result."""
    made = summary(OutcomeKind.PASSED)
    made.stopped = "interrupted"
    path = tmp_path / "badge.json"
    write_badge(path, made)
    assert json.loads(path.read_text())["message"] == "incomplete"
