"""The deviations are read strictly, and every number that cases may cite is there."""

from __future__ import annotations

import msgspec
import pytest

from hgframing import REVISIONS
from hgframing_conformance._deviations import (
    cases_by_number,
    known_numbers,
    load_deviations,
    read_deviations,
)
from hgframing_conformance._problems import SuiteError
from hgframing_conformance._suites import load_suites


TEXT = """\
deviations:
  - number: D1
    title: One
    revisions: ["0001"]
    where: reader
    mercurial: Does this.
    reference: Does that.
  - number: D2
    title: Two
    revisions: ["0005", "0006"]
    only: "on Mondays"
    where: server
    origin: differential
    mercurial: Does this.
    reference: Does that.
"""


def problems(text: str) -> list[tuple[int, str]]:
    """Read a file that is wrong."""
    with pytest.raises(SuiteError) as caught:
        read_deviations(text.encode(), "deviations.yaml")
    return [(problem.line, problem.message) for problem in caught.value.problems]


def test_read_deviations_gives_entries_in_order() -> None:
    """Every field of an entry is there; those that may be absent are empty."""
    one, two = read_deviations(TEXT.encode(), "deviations.yaml")

    assert (one.number, one.revisions, one.only, one.origin) == ("D1", ["0001"], "", "")
    assert (two.title, two.only, two.origin) == ("Two", "on Mondays", "differential")


def test_read_deviations_unknown_revision_is_a_problem() -> None:
    """A revision that does not exist is named, with its line."""
    [(line, message)] = problems(TEXT.replace('"0001"', '"0003"'))

    assert line == 2
    assert message == "D1: unknown revision '0003'"


def test_read_deviations_revision_twice_is_a_problem() -> None:
    """A revision that is listed twice is a slip of the pen."""
    [(line, message)] = problems(TEXT.replace('"0006"', '"0005"'))

    assert (line, message) == (8, "D2: a revision is listed twice")


def test_read_deviations_number_that_does_not_rise_is_a_problem() -> None:
    """A number that is used twice would mean two things; one that is skipped means nothing."""
    [(line, message)] = problems(TEXT.replace("D2", "D1"))

    assert (line, message) == (8, "D1 follows D1")
    assert [entry.number for entry in read_deviations(TEXT.replace("D2", "D30").encode(), "f")] == [
        "D1",
        "D30",
    ]


def test_read_deviations_unknown_key_is_a_problem() -> None:
    """A misspelt key is not swallowed."""
    [(line, message)] = problems(TEXT.replace("    where: reader", "    place: reader\n    where: reader"))

    assert line == 5
    assert "place" in message


def test_load_deviations_has_every_number_that_cases_may_cite() -> None:
    """The 96 of the sheets come first, then those that were found since."""
    numbers = [entry.number for entry in load_deviations()]

    assert len(numbers) > 96
    assert numbers[:96] == [f"D{number}" for number in range(1, 97)]
    assert known_numbers() == set(numbers)


def test_load_deviations_gives_every_revision_its_own() -> None:
    """A revision that the notes of the sheets single out is not forgotten: `0005` as released has D95 and D96 alone."""
    revisions = {entry.number: entry.revisions for entry in load_deviations()}

    assert revisions["D1"] == list(REVISIONS)
    assert revisions["D95"] == revisions["D96"] == ["0005"]
    assert revisions["D76"] == ["0005-draft"]


def test_cases_by_number_counts_an_id_once() -> None:
    """A case of several revisions is one case, and a deviation without a case has none."""
    cases = load_suites()
    entries = load_deviations()
    found = cases_by_number(entries, cases)

    several = [case for case in cases if "D1" in case.deviations]
    assert len({case.revision for case in several}) > 1
    assert set(found["D1"]) == {case.id for case in several}
    assert len(found["D1"]) == len(set(found["D1"]))
    assert found["D5"] == ()


def test_cases_by_number_leaves_out_revisions_without_the_deviation() -> None:
    """What a case shows of the reference alone is no evidence of Mercurial."""
    [case] = [
        made for made in load_suites() if made.id == "server-data-both-flags" and made.revision == "0006"
    ]
    [entry] = [entry for entry in load_deviations() if entry.number == "D11"]
    draft = msgspec.structs.replace(entry, revisions=["0005-draft"])

    assert cases_by_number([entry], [case]) == {"D11": ("server-data-both-flags",)}
    assert cases_by_number([draft], [case]) == {"D11": ()}
