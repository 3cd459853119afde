"""Expectation files: strict about everything, and clear about what is wrong."""

from __future__ import annotations

import datetime as dt

from pathlib import Path

import pytest

from hgframing_conformance._expectations import (
    ExpectationError,
    Expectations,
    Status,
    parse_expectations,
    read_expectations,
    status_without_file,
)
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._select import Item, items

from .test_select import hello
from .zoo.cases import case, frame_step


TODAY = dt.date(2026, 11, 20)
ENTRY = """\
format: 1
implementation: tame
entries:
  - cases: ["bad-*"]
    matches: 2
    outcome: failed
    reason: it is known
"""


def parse(text: str) -> Expectations:
    """Read a file from its text."""
    return parse_expectations(text.encode(), "mine.yaml")


def item(case_id: str) -> Item:
    """Make an item."""
    return items(case(case_id, frame_step("x")))[0]


def outcome(case_id: str, kind: OutcomeKind, *, gating: bool = True) -> Outcome:
    """Make an outcome."""
    return Outcome(item=item(case_id), kind=kind, gating=gating and kind.is_failure)


UNIVERSE = [item("bad-one"), item("bad-two"), item("good-one")]


def problems(text: str, universe: list[Item] | None = None, **capabilities: object) -> list[str]:
    """List what of a file no longer holds."""
    found = parse(text).problems(UNIVERSE if universe is None else universe, hello(**capabilities), TODAY)
    return [str(problem) for problem in found]


@pytest.mark.parametrize(
    ("case_id", "kind", "status"),
    [
        ("bad-one", OutcomeKind.FAILED, Status.KNOWN),
        ("bad-one", OutcomeKind.PASSED, Status.UNEXPECTED_PASS),
        ("bad-one", OutcomeKind.CRASHED, Status.OTHER_KIND),
        ("bad-one", OutcomeKind.RAISED, Status.OTHER_KIND),
        ("bad-one", OutcomeKind.UNSUPPORTED, Status.FINE),
        ("bad-one", OutcomeKind.NOT_RUN, Status.NOT_RUN),
        ("good-one", OutcomeKind.FAILED, Status.UNEXPECTED),
        ("good-one", OutcomeKind.PASSED, Status.FINE),
    ],
)
def test_status_is_strict(case_id: str, kind: OutcomeKind, status: Status) -> None:
    """A case with an entry has to fail, and as the entry says; one without must not fail."""
    assert parse(ENTRY).status(outcome(case_id, kind)) is status


def test_status_failure_that_does_not_gate_needs_no_entry() -> None:
    """A choice that the text leaves open is fine without an entry, and known with one."""
    assert parse(ENTRY).status(outcome("good-one", OutcomeKind.FAILED, gating=False)) is Status.FINE
    assert parse(ENTRY).status(outcome("bad-one", OutcomeKind.FAILED, gating=False)) is Status.KNOWN


def test_status_without_file_expects_nothing_to_fail() -> None:
    """Where there is no file, a failure that gates is unexpected."""
    assert status_without_file(outcome("a", OutcomeKind.FAILED)) is Status.UNEXPECTED
    assert status_without_file(outcome("a", OutcomeKind.PASSED)) is Status.FINE


def test_problems_file_that_holds_has_none() -> None:
    """A file that says what is has no problems."""
    assert problems(ENTRY) == []


def test_problems_entry_without_case() -> None:
    """An entry that matches nothing is named with its line."""
    assert problems(ENTRY, [item("good-one")]) == ["mine.yaml:4: no case matches bad-*"]


def test_problems_wrong_count() -> None:
    """An entry that matches another number of cases is named; chunkings do not count."""
    (said,) = problems(ENTRY, [*UNIVERSE, item("bad-three")])
    assert said == "mine.yaml:4: matches 3 cases, the entry says 2"


def test_problems_expired_entry() -> None:
    """An entry holds through its last day and not after."""
    assert problems(ENTRY + '    expires: "2026-11-20"\n') == []
    (said,) = problems(ENTRY + '    expires: "2026-11-19"\n')
    assert "expired on 2026-11-19" in said


def test_problems_case_in_two_entries() -> None:
    """A case has one entry: which of two would be right nobody can say."""
    (said,) = problems(
        ENTRY + "  - cases: [bad-one]\n    matches: 1\n    outcome: crashed\n    reason: too\n"
    )
    assert "bad-one@0006[frame] is expected by several entries: line 4 and line 8" in said


@pytest.mark.parametrize(
    ("pinned", "lost"),
    [
        ("{encodings: [identity]}", ""),
        ("{encodings: [identity, zlib]}", "encodings zlib"),
        ("{error-codes: true}", "error-codes true"),
        ("{revisions: ['0006', '0005']}", "revisions 0005"),
        ("{layers: [codec]}", ""),
        ("{layers: [server]}", "layers server"),
        ("{chunking: true}", ""),
        ("{request-states: false}", ""),
    ],
)
def test_problems_lost_capability(pinned: str, lost: str) -> None:
    """Less than was pinned fails; more does not."""
    found = problems(f"format: 1\nimplementation: tame\ncapabilities: {pinned}\n")
    assert [lost in said for said in found] == ([True] if lost else [])


def test_problems_other_implementation() -> None:
    """A file is for one implementation."""
    (said,) = problems("format: 1\nimplementation: other\n")
    assert "written for other" in said


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 0, "mapping"),
        ("- a\n", 0, "mapping"),
        ("format: 2\nimplementation: tame\n", 1, "format"),
        ("format: 1\n", 0, "implementation"),
        ("format: 1\nimplementation: tame\nentrys: []\n", 3, "entries"),
        ("format: 1\nimplementation: tame\ncapabilities: {encoding: []}\n", 3, "unknown capability"),
        (ENTRY.replace("matches: 2", "matches: two"), 5, "matches"),
        (ENTRY.replace("matches: 2", "matches: 0"), 5, "matches"),
        (ENTRY.replace("outcome: failed", "outcome: flaky"), 6, "flaky"),
        (ENTRY.replace("outcome: failed", "outcome: passed"), 6, "passed"),
        (ENTRY.replace("    reason: it is known\n", ""), 4, "reason"),
        (ENTRY.replace('["bad-*"]', "[]"), 4, "cases"),
        (ENTRY + "    deviations: [11]\n", 8, "deviations"),
        (ENTRY + "    deviations: [X1]\n", 8, "is no deviation"),
        (ENTRY + '    expires: "2026-02-30"\n', 8, "no day of the calendar"),
        (ENTRY + "    expires: 2026-02-03\n", 8, "quote it"),
        (ENTRY + "    reason: twice\n", 8, "duplicate key"),
        ("format: 1\nimplementation: [\n", 3, "not YAML"),
    ],
)
def test_parse_expectations_names_the_line(text: str, line: int, said: str) -> None:
    """Every mistake in a file is one sentence with file and line."""
    with pytest.raises(ExpectationError) as caught:
        parse(text)
    place = f"mine.yaml:{line}: " if line else "mine.yaml"
    assert any(
        str(problem).startswith(place) and said in str(problem) for problem in caught.value.problems
    ), caught.value


def test_parse_expectations_tells_all_mistakes_at_once() -> None:
    """Who has made three mistakes is told of three."""
    text = "format: 1\nimplementation: tame\ncapabilities: {one: 1, two: 2}\n"
    with pytest.raises(ExpectationError) as caught:
        parse(text)
    assert len(caught.value.problems) == 2


def test_read_expectations_missing_file_is_named(tmp_path: Path) -> None:
    """A file that cannot be opened is named, with the system's reason."""
    with pytest.raises(ExpectationError, match=r"none\.yaml: No such file"):
        read_expectations(tmp_path / "none.yaml")


def test_entries_for_wildcard_at_the_start_is_found() -> None:
    """A pattern may begin with a wildcard."""
    book = parse(ENTRY.replace("bad-*", "*-one"))
    assert book.entries_for(item("bad-one").names) == (0,)
    assert book.entries_for(item("bad-two").names) == ()
