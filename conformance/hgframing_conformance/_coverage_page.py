"""The coverage of the vectors as a page of the documentation."""

from __future__ import annotations

import collections

from collections.abc import Iterable, Iterator
from typing import Final

from hgframing import REVISIONS
from hgframing_conformance._cases import Case
from hgframing_conformance._coverage import Coverage, RequirementRow
from hgframing_conformance._requirements import Decidability


__all__ = ["write_coverage_page"]

_HEAD: Final = """\
# What the vectors cover

Written by `hgframing coverage --markdown`; do not edit. A number is a count of cases: those that conform to the
requirement + those in which the peer violates it. `·` means that the revision has no such requirement, `–` that vectors
alone cannot decide it, and **0** is a hole.
"""


def write_coverage_page(cases: Iterable[Case], coverage: Coverage) -> str:
    """Write the page.

    Args:
        cases: what was measured.
        coverage: what was found.
    """
    parts = [
        _HEAD,
        "## Cases\n",
        *_case_counts(tuple(cases)),
        "\n## Requirements\n",
        *_requirement_lines(coverage.requirements),
        "\n## Transitions\n",
        *_transition_lines(coverage),
        "\n## Deviations of Mercurial\n",
        "What each number means: [mercurial.md](mercurial.md).\n",
        *_deviation_lines(coverage),
    ]
    return "\n".join(parts) + "\n"


def _row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _case_counts(cases: tuple[Case, ...]) -> Iterator[str]:
    counts = collections.Counter((case.layer.value, case.revision, case.level.value) for case in cases)
    levels = ("must", "should", "may", "unspecified")
    yield _row(["layer", "revision", *levels, "all"])
    yield "|---|---|" + "--:|" * (len(levels) + 1)
    for layer in dict.fromkeys(case.layer.value for case in cases):
        for revision in REVISIONS:
            numbers = [counts[layer, revision, level] for level in levels]
            if any(numbers):
                yield _row([layer, f"`{revision}`", *numbers, sum(numbers)])
    sources = collections.Counter(case.source.split(":")[0].split(" ")[0] for case in cases)
    kinds = {"by": "by hand", "upstream": "asserted by Mercurial's own tests"}
    told = ", ".join(f"{count} {kinds.get(kind, kind)}" for kind, count in sorted(sources.items()))
    yield f"\n{len(cases)} in all, each counted once for every revision that it applies to: {told}."


def _cell(row: RequirementRow | None) -> str:
    if row is None:
        return "·"
    if not row.conforming and not row.violating:
        return "–" if row.requirement.testable is not Decidability.YES else "**0**" if row.is_hole else "0"
    return f"{len(row.conforming)} + {len(row.violating)}"


def _requirement_lines(rows: tuple[RequirementRow, ...]) -> Iterator[str]:
    by_id: dict[str, dict[str, RequirementRow]] = {}
    for row in rows:
        by_id.setdefault(row.requirement.id, {})[row.revision] = row
    yield _row(["requirement", "level", *(f"`{key}`" for key in REVISIONS), "says"])
    yield "|---|---|" + "---|" * (len(REVISIONS) + 1)
    for requirement_id in sorted(by_id):
        found = by_id[requirement_id]
        newest = list(found.values())[-1].requirement
        cells = [_cell(found.get(key)) for key in REVISIONS]
        yield _row([requirement_id, newest.level.value, *cells, newest.text.replace("|", "\\|")])


def _transition_lines(coverage: Coverage) -> Iterator[str]:
    yield _row(["revision", "transitions", "taken by a case", "not taken"])
    yield "|---|--:|--:|---|"
    for revision, table in coverage.transitions.items():
        missing = [" ".join(key).lower() for key, ids in table.items() if not ids]
        yield _row([f"`{revision}`", len(table), len(table) - len(missing), "; ".join(missing) or "none"])


def _deviation_lines(coverage: Coverage) -> Iterator[str]:
    yield _row(["deviation", "cases", "for instance"])
    yield "|---|--:|---|"
    for number, ids in coverage.deviations.items():
        yield _row([number, len(ids), f"`{ids[0]}`" if ids else "none"])
