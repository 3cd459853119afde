"""What the vectors cover."""

from __future__ import annotations

import json

from hgframing_conformance._cases import Case
from hgframing_conformance._coverage import as_json, measure
from hgframing_conformance._deviations import load_deviations
from hgframing_conformance._requirements import Catalogue, load_requirements
from hgframing_conformance._suites import load_suites


CASES = load_suites()


def catalogue() -> Catalogue:
    """Load the catalogue that ships."""
    loaded = load_requirements()
    assert loaded is not None
    return loaded


def without(requirement: str) -> tuple[Case, ...]:
    """Return the shipped cases of 0006 that do not cite a requirement."""
    return tuple(case for case in CASES if case.revision == "0006" and requirement not in case.requirements)


def test_measure_finds_a_requirement_without_a_case() -> None:
    """Take the cases of a binding requirement away, and it is a hole."""
    before = measure(CASES, catalogue()).holes()
    after = measure(without("REQ-006"), catalogue()).holes()

    assert "REQ-006 in 0006: no case" not in before
    assert "REQ-006 in 0006: no case" in after


def test_measure_finds_a_transition_without_a_case() -> None:
    """Take every case away, and every transition is a hole."""
    holes = measure((), catalogue()).holes()

    assert "server-request unknown new in 0006: no case" in holes


def test_measure_tells_conforming_from_violating() -> None:
    """A case that cites a requirement under `violates` is its violating case."""
    rows = {(row.requirement.id, row.revision): row for row in measure(CASES, catalogue()).requirements}
    row = rows["REQ-006", "0006"]
    violating = {case.id for case in CASES if case.revision == "0006" and "REQ-006" in case.violates}

    assert violating
    assert set(row.violating) == violating
    assert not set(row.conforming) & violating


def test_measure_leaves_out_what_frames_cannot_decide() -> None:
    """A requirement that is not testable is no hole, whatever its level."""
    holes = measure((), catalogue()).holes()

    assert not any(hole.startswith("RID-009 ") for hole in holes)


def test_measure_lists_every_deviation_once() -> None:
    """Every number is there, with or without a case."""
    shown = measure(CASES, catalogue()).deviations

    assert tuple(shown) == tuple(deviation.number for deviation in load_deviations())
    assert len(shown) > 96
    assert shown["D1"]


def test_as_json_says_the_same() -> None:
    """The JSON has every row and every hole, and can be written."""
    coverage = measure(CASES, catalogue())
    written = json.loads(json.dumps(as_json(coverage)))

    assert len(written["requirements"]) == len(coverage.requirements)
    assert written["holes"] == list(coverage.holes())
