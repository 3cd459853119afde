"""The table of docs/http.md: every requirement of the binding, and the cases that decide it.

`python -m hgframing_conformance._http_page docs/http.md` writes it anew; a test says when that is needed.
"""

from __future__ import annotations

import sys

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from hgframing import REVISIONS
from hgframing_conformance._cases import Case
from hgframing_conformance._requirements import Catalogue, Requirement, load_requirements
from hgframing_conformance._suites import load_suites


__all__ = ["HEADING", "renewed", "table"]

#: What stands above the table; the table ends with the page.
HEADING: Final = "## Requirements and their cases\n"
_PREFIX: Final = "HTTP-"
_NOTE: Final = """
Written by `python -m hgframing_conformance._http_page docs/http.md`. *Kept*: cases in which the client keeps the
requirement; *broken*: those in which it does not. Names lack `http-` in front, those of the layer `client` are whole.
A requirement without cases says why in `requirements.yaml`.
"""


def table(cases: Iterable[Case], catalogue: Catalogue) -> str:
    """Write the table.

    Args:
        cases: all cases.
        catalogue: the requirements.
    """
    kept: dict[str, dict[str, None]] = {}
    broken: dict[str, dict[str, None]] = {}
    for case in cases:
        for requirement in case.requirements:
            where = broken if requirement in case.violates else kept
            where.setdefault(requirement, {})[case.id] = None
    lines = ["| requirement | level | says | kept | broken |", "|---|---|---|---|---|"]
    for entry in _newest(catalogue):
        cells = [
            entry.id,
            f"{entry.role.value}, {entry.level.value}",
            entry.text,
            _names(kept.get(entry.id, ())),
            _names(broken.get(entry.id, ())),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _newest(catalogue: Catalogue) -> Iterator[Requirement]:
    """Yield the last wording of each requirement of the binding."""
    found: dict[str, Requirement] = {}
    for revision in REVISIONS:
        for entry in catalogue.of_revision(revision):
            if entry.id.startswith(_PREFIX):
                found[entry.id] = entry
    yield from (found[key] for key in sorted(found))


def _names(ids: Iterable[str]) -> str:
    return ", ".join(f"`{name.removeprefix('http-')}`" for name in sorted(ids)) or "–"


def renewed(page: str, cases: Iterable[Case], catalogue: Catalogue) -> str:
    """Return a page whose table is fresh."""
    before = page.partition(HEADING)[0]
    return f"{before}{HEADING}{_NOTE}\n{table(cases, catalogue)}"


def _main(path: Path) -> None:
    catalogue = load_requirements()
    assert catalogue is not None  # noqa: S101 - it ships
    path.write_text(renewed(path.read_text(encoding="utf-8"), load_suites(), catalogue), encoding="utf-8")


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
