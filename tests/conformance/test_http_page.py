"""The table of docs/http.md has every requirement of the binding, and is fresh."""

from __future__ import annotations

from pathlib import Path

from hgframing_conformance._http_page import HEADING, renewed, table
from hgframing_conformance._requirements import load_requirements
from hgframing_conformance._suites import load_suites


PAGE = Path(__file__).parents[2] / "docs" / "http.md"


def test_page_is_fresh_and_every_requirement_has_a_row() -> None:
    """Each of the fifteen; all that vectors can decide have a case, the others say why."""
    catalogue = load_requirements()
    assert catalogue is not None
    cases = load_suites()
    page = PAGE.read_text(encoding="utf-8")

    assert renewed(page, cases, catalogue) == page, "python -m hgframing_conformance._http_page docs/http.md"
    rows = [
        line.split(" | ") for line in page.partition(HEADING)[2].splitlines() if line.startswith("| HTTP-")
    ]
    assert [row[0] for row in rows] == [f"| HTTP-{number:03}" for number in range(1, 16)]
    assert [row[0][2:] for row in rows if row[3:] == ["–", "– |"]] == ["HTTP-005"]


def test_table_sorts_cases_by_what_the_client_does() -> None:
    """A case counts once, however many revisions it has."""
    catalogue = load_requirements()
    assert catalogue is not None
    rows = table([], catalogue).splitlines()

    assert len(rows) == 17
    assert rows[2].startswith("| HTTP-001 | server, must | A request that is no POST")
    assert rows[2].endswith("| – | – |")
