"""A run as JUnit XML, the one format that every CI service reads.

A suite file is a `testsuite`, an item a `testcase`. A crash, a time-out and a bad reply are `error`s, another outcome
that is not as expected is a `failure`; what is known to fail, does not gate, is unsupported or was not run is
`skipped`, and says why.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from pathlib import Path
from typing import Final

from hgframing import REVISIONS
from hgframing_conformance._expectations import Status
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._quoting import clean
from hgframing_conformance._repro import repro
from hgframing_conformance._summary import Judged, Summary
from hgframing_conformance._transcript import action_lines


__all__ = ["JUnit"]

_ERRORS: Final = frozenset({OutcomeKind.CRASHED, OutcomeKind.TIMED_OUT, OutcomeKind.BAD_REPLY})
_SKIPPED: Final = frozenset({OutcomeKind.UNSUPPORTED, OutcomeKind.NOT_RUN})


class JUnit:
    """Collects a run and writes it."""

    def __init__(self) -> None:
        self._judged: list[Judged] = []

    def add(self, judged: Judged) -> None:
        """Take an outcome."""
        self._judged.append(judged)

    def write(self, path: Path, summary: Summary) -> None:
        """Write the report.

        Raises:
            OSError: the file cannot be written.
        """
        root = ET.Element("testsuites", name="hgframing", time=f"{summary.seconds:.3f}")
        suites: dict[str, ET.Element] = {}
        for judged in self._judged:
            name = judged.outcome.item.case.suite
            suite = suites.get(name)
            if suite is None:
                suite = suites[name] = ET.SubElement(root, "testsuite", name=name)
            suite.append(_testcase(judged, summary))
        for problem in summary.problems:
            suite = suites.setdefault("expectations", ET.Element("testsuite", name="expectations"))
            case = ET.SubElement(suite, "testcase", classname="expectations", name=clean(str(problem)))
            ET.SubElement(case, "failure", message=clean(str(problem)))
        if "expectations" in suites:
            root.append(suites["expectations"])
        for element in (root, *suites.values()):
            _count(element)
        ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _count(element: ET.Element) -> None:
    """State the totals that readers expect on suites."""
    element.set("tests", str(sum(1 for _ in element.iter("testcase"))))
    for total, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(total, str(sum(1 for _ in element.iter(tag))))


def _testcase(judged: Judged, summary: Summary) -> ET.Element:
    outcome = judged.outcome
    case = outcome.item.case
    element = ET.Element("testcase", classname=case.suite.replace("/", "."), name=outcome.item.name)
    properties = ET.SubElement(element, "properties")
    for name, value in (
        ("rev", str(case.rev)),
        ("level", case.level.value),
        ("requirements", " ".join(case.requirements)),
        ("deviations", " ".join(case.deviations)),
    ):
        if value:
            ET.SubElement(properties, "property", name=name, value=value)
    message = clean(f"{outcome.kind.value}: {outcome.reason}" if outcome.reason else outcome.kind.value)
    if not judged.status.is_expected and outcome.kind not in _SKIPPED:
        tag = "error" if outcome.kind in _ERRORS else "failure"
        if judged.status is Status.UNEXPECTED_PASS:
            message = "passes, but is expected to fail"
        problem = ET.SubElement(element, tag, message=message, type=judged.status.value)
        problem.text = clean(
            "\n".join([*_detail(outcome), f"repro: {repro(summary.locator, judged, summary.options)}"])
        )
    elif outcome.kind is not OutcomeKind.PASSED:
        why = {Status.KNOWN: "known to fail: ", Status.FINE: ""}.get(judged.status, "")
        if outcome.kind.is_failure and judged.status is Status.FINE:
            why = "does not gate: "
        ET.SubElement(element, "skipped", message=f"{why}{message}")
    return element


def _detail(outcome: Outcome) -> list[str]:
    lines = [outcome.item.case.title]
    revision = REVISIONS[outcome.item.case.revision]
    for failure in outcome.verdict.failures if outcome.verdict is not None else ():
        lines.append(f"step {failure.index + 1}: {failure.reason}")
        expected = ["anything else"] if failure.expected is None else action_lines(failure.expected, revision)
        lines += ["expected:", *(f"  {line}" for line in expected)]
        lines += ["observed:", *(f"  {line}" for line in action_lines(failure.observed, revision))]
    return lines
