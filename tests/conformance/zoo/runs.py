"""A finished run with something of everything, whose harness uses hostile words."""

from __future__ import annotations

from hgframing_conformance._adapters import Crashed
from hgframing_conformance._cases import Level
from hgframing_conformance._expectations import Status
from hgframing_conformance._messages import Hello, read_hello
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._select import Item, items
from hgframing_conformance._summary import Judged, Summary

from .animals import HELLO
from .cases import case, frame_step


#: What no report may let through: markup, and what moves a cursor.
HOSTILE = "</failure>\x1b[2J|<b>`*]\x00"


def hello() -> Hello:
    """Return what the animals say of themselves."""
    return read_hello(HELLO)


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
