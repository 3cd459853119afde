"""Timings: every case, in seconds."""

from __future__ import annotations

from pathlib import Path

import hgframing_vectors

from hgframing_conformance._suites import load_suites
from hgframing_conformance._timings import time_cases


def test_every_case_has_its_time() -> None:
    """More than nothing, by id and revision."""
    cases = load_suites([Path(str(hgframing_vectors.root())) / "suites" / "codec" / "framing.yaml"])
    seconds = time_cases(cases)

    assert set(seconds) == {f"{case.id}@{case.revision}" for case in cases}
    assert all(0 < each < 1 for each in seconds.values())
