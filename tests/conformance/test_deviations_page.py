"""Deviations as a page and as an answer."""

from __future__ import annotations

from hgframing_conformance._deviations import Deviation
from hgframing_conformance._deviations_page import explain, write_deviations_page


ONE = Deviation(
    "D1", "One thing", ["0001", "0002", "0006"], "reader", "Does this.", "Does that.", "until May"
)
TWO = Deviation("D2", "Another", ["0006"], "server", "Shouts.", "Whispers.", origin="differential")
THREE = Deviation("D3", "A third", ["0006"], "server", "Sings.", "Hums.", origin="vectors")


def test_write_deviations_page_has_a_row_and_a_section_for_each() -> None:
    """A row links to its section; neighbouring revisions are a range; what was found later is marked."""
    page = write_deviations_page([ONE, TWO], {"D1": ("case-a",), "D2": ()})

    assert "| [D1](#d1) | reader | One thing | 1 |" in page
    assert "| [D2](#d2) † | server | Another | 0 |" in page
    assert "**One thing** — `0001`–`0002`, `0006` (until May) — reader" in page
    assert "* Mercurial: Does this.\n* The reference: Does that.\n* Cases: `case-a`\n" in page
    assert "**Another** † — `0006` — server" in page
    assert page.endswith("* The reference: Whispers.\n* No case shows it.\n")


def test_write_deviations_page_marks_what_the_vectors_found() -> None:
    """Every way of finding a deviation but reading has a mark of its own."""
    page = write_deviations_page([ONE, THREE], {"D1": (), "D3": ("case-a",)})

    assert "| [D1](#d1) | reader | One thing | 0 |" in page
    assert "| [D3](#d3) ‡ | server | A third | 1 |" in page


def test_write_deviations_page_lists_some_of_many_cases() -> None:
    """A deviation that every other case shows does not fill the page."""
    page = write_deviations_page([TWO], {"D2": tuple(f"case-{number}" for number in range(9))})

    assert "`case-5` and 3 more" in page
    assert "case-6" not in page


def test_explain_lists_all_cases() -> None:
    """At the command line nothing is left out."""
    told = explain(ONE, ("case-a", "case-b"))

    assert told.startswith("D1: One thing\nin 0001–0002, 0006 (until May); reader\n")
    assert told.endswith("Mercurial: Does this.\nThe reference: Does that.\n\ncase-a\ncase-b")


def test_explain_says_that_there_is_no_case() -> None:
    """An empty end would look like a mistake."""
    assert explain(TWO, ()).endswith("\n\nno case shows it")
