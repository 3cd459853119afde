"""The state tables as pictures."""

from __future__ import annotations

import re

from pathlib import Path

from hgframing import REVISIONS
from hgframing_conformance._diagrams import write_diagrams


DOCS = Path(__file__).parents[2] / "docs"


def test_diagrams_have_an_arrow_for_every_transition() -> None:
    """No transition of any table is missing, and none is invented."""
    page = write_diagrams()
    sections = [section for section in page.split("\n## ") if "```mermaid" in section]
    labels = [label for section in sections for label in re.findall(r"--> \w+ : (.*)", section)]
    many = [re.match(r"any of (\d+) frames", label) for label in labels]
    counted = sum(
        int(match[1]) if match else len(label.split(" / ")) for label, match in zip(labels, many, strict=True)
    )
    distinct = {
        id(table): sum(len(row) for row in table.values())
        for revision in REVISIONS.values()
        for table in (revision.connection, revision.stream, revision.server_request, revision.client_request)
    }

    assert counted == sum(distinct.values())


def test_diagrams_name_every_revision() -> None:
    """Each revision's request tables are drawn somewhere."""
    for key in REVISIONS:
        assert f"`{key}`" in write_diagrams()


def test_diagrams_page_is_fresh() -> None:
    """The committed page is what the tables say now."""
    assert (DOCS / "states.md").read_text(encoding="utf-8") == write_diagrams()
