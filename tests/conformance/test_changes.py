"""What changed from one run to another, and what of it is worse."""

from __future__ import annotations

from typing import Any

import pytest

from hgframing_conformance._cases import Chunking, Layer, Level
from hgframing_conformance._changes import Changes, compare
from hgframing_conformance._events import FORMAT, Begin, Implementation, ItemEvent
from hgframing_conformance._expectations import Status
from hgframing_conformance._outcomes import OutcomeKind
from hgframing_conformance._results import Run


K = OutcomeKind


def run(*kinds: OutcomeKind | None, gating: bool = True, **capabilities: Any) -> Run:
    """Make a run whose first item has the first kind, and so on; None: it has no such item."""
    made = Run(
        begin=Begin(
            format=FORMAT,
            suite="1",
            locator="exec:x",
            implementation=Implementation(
                name="x", version="1", language="c", revisions=[], layers=[], capabilities=capabilities
            ),
            strict=False,
            match="code",
            items=len(kinds),
        )
    )
    made.items = [
        ItemEvent(
            id=f"case-{number}",
            revision="0006",
            chunking=Chunking.FRAME,
            rev=1,
            suite="s",
            layer=Layer.SERVER,
            level=Level.MUST,
            outcome=kind,
            status=Status.FINE,
            gating=gating and kind.is_failure,
        )
        for number, kind in enumerate(kinds)
        if kind is not None
    ]
    return made


def full(changes: Changes) -> set[str]:
    """Name the lists that have something."""
    names = (
        "newly_failing",
        "fixed",
        "other_kind",
        "unsupported",
        "supported",
        "not_run",
        "added",
        "removed",
    )
    return {name for name in names if getattr(changes, name)}


@pytest.mark.parametrize(
    ("old", "new", "where", "worse"),
    [
        (K.PASSED, K.PASSED, set(), False),
        (K.FAILED, K.FAILED, set(), False),
        (K.PASSED, K.FAILED, {"newly_failing"}, True),
        (K.PASSED, K.CRASHED, {"newly_failing"}, True),
        (K.FAILED, K.PASSED, {"fixed"}, False),
        (K.FAILED, K.RAISED, {"other_kind"}, False),
        (K.FAILED, K.CRASHED, {"other_kind"}, True),
        (K.CRASHED, K.FAILED, {"other_kind"}, False),
        (K.CRASHED, K.TIMED_OUT, {"other_kind"}, False),
        (K.PASSED, K.UNSUPPORTED, {"unsupported"}, True),
        (K.FAILED, K.UNSUPPORTED, {"unsupported"}, True),
        (K.UNSUPPORTED, K.PASSED, {"supported"}, False),
        (K.UNSUPPORTED, K.FAILED, {"supported"}, False),
        (K.PASSED, K.NOT_RUN, {"not_run"}, True),
        (K.NOT_RUN, K.PASSED, {"supported"}, False),
        (None, K.FAILED, {"added"}, False),
        (K.PASSED, None, {"removed"}, False),
    ],
)
def test_compare_of_one_item(
    old: OutcomeKind | None,
    new: OutcomeKind | None,
    where: set[str],
    worse: bool,  # noqa: FBT001
) -> None:
    """Every way from one kind to another has its list, and is worse or not."""
    changes = compare(run(old, K.PASSED), run(new, K.PASSED))
    assert full(changes) == where
    assert changes.worse is worse


def test_compare_failure_that_does_not_gate_is_not_worse() -> None:
    """What the text leaves open is told, and fails nothing."""
    changes = compare(run(K.PASSED), run(K.FAILED, gating=False))
    assert len(changes.newly_failing) == 1
    assert not changes.worse


@pytest.mark.parametrize(
    ("old", "new", "lost", "gained"),
    [
        ({"encodings": ["identity", "zlib"]}, {"encodings": ["identity"]}, ["encodings: zlib"], []),
        ({"layers": ["codec"]}, {"layers": ["codec", "server"]}, [], ["layers: server"]),
        ({"chunking": True}, {"chunking": False}, ["chunking"], []),
        ({"error-codes": False}, {"error-codes": True}, [], ["error-codes"]),
        ({"setup": ["limits"]}, {}, ["setup: limits"], []),
    ],
)
def test_compare_of_capabilities(
    old: dict[str, Any], new: dict[str, Any], lost: list[str], gained: list[str]
) -> None:
    """A lost capability is worse, even where no item shows it."""
    changes = compare(run(K.PASSED, **old), run(K.PASSED, **new))
    assert (changes.lost, changes.gained) == (lost, gained)
    assert changes.worse is bool(lost)
