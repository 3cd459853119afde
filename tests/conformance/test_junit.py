"""A run as JUnit XML."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from pathlib import Path

from hgframing_conformance._junit import JUnit

from .zoo.runs import run


def test_junit_maps_outcomes(tmp_path: Path) -> None:
    """A crash is an error, an unexpected pass a failure; what is known, open or unsupported is skipped."""
    summary, judged = run()
    report = JUnit()
    for one in judged:
        report.add(one)
    report.write(tmp_path / "out.xml", summary)
    root = ET.parse(tmp_path / "out.xml").getroot()  # noqa: S314  (we wrote it)
    tags = {
        found.get("name"): [child.tag for child in found if child.tag != "properties"]
        for found in root.iter("testcase")
    }
    assert tags == {
        "all-right@0006[frame]": [],
        "dead@0006[frame]": ["error"],
        "as-known@0006[frame]": ["skipped"],
        "too-good@0006[frame]": ["failure"],
        "choice@0006[frame]": ["skipped"],
        "other@0006[frame]": ["skipped"],
    }
    assert {name: root.get(name) for name in ("tests", "errors", "failures", "skipped")} == {
        "tests": "6",
        "errors": "1",
        "failures": "1",
        "skipped": "3",
    }
