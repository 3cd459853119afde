"""The file of generated cases: written the same each time, and followed."""

from __future__ import annotations

from pathlib import Path

import pytest

import hgframing_vectors

from hgframing_conformance._cases import Tier
from hgframing_conformance._generated_cases import (
    FILE,
    GeneratedCases,
    read_generated_cases,
    render_generated_cases,
)
from hgframing_conformance._problems import SuiteError
from hgframing_conformance._reduction import Duplicate, generator_of
from hgframing_conformance._suites import load_suites


DUPLICATES = (
    Duplicate(generator="payloads", id="f", like="a"),
    Duplicate(generator="alphabet", id="d", like="c"),
    Duplicate(generator="alphabet", id="b", like="a"),
)
CONTENT = GeneratedCases(alike={"alphabet": {"b": "a", "d": "c"}, "payloads": {"f": "a"}})
SUITE = {
    "suite": "s",
    "cases": [
        {"id": "a", "level": "must", "tier": "full", "steps": []},
        {"id": "b", "level": "must", "tier": "full", "steps": []},
        {"id": "e", "level": "must", "steps": []},
    ],
}


def test_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Sorted, whatever the order of what was found."""
    file = tmp_path / "generated.yaml"
    file.write_text(render_generated_cases(DUPLICATES))

    assert file.read_text().splitlines()[1:] == [
        "alike:",
        "  alphabet:",
        "    b: a",
        "    d: c",
        "  payloads:",
        "    f: a",
    ]
    assert read_generated_cases(file) == CONTENT
    assert render_generated_cases(reversed(DUPLICATES)) == file.read_text()


def test_without_a_file_every_case_is_distinct(tmp_path: Path) -> None:
    """Nothing was measured, and nobody knows two that are alike."""
    nothing = read_generated_cases(tmp_path / "generated.yaml")

    assert [case.get("tier") for case in nothing.apply("alphabet", SUITE)["cases"]] == [
        "distinct",
        "distinct",
        None,
    ]


def test_suite_gets_its_tiers() -> None:
    """What is like another one stays in the tier of its generator; the core is the generator's affair."""
    cases = CONTENT.apply("alphabet", SUITE)["cases"]

    assert [case.get("tier") for case in cases] == ["distinct", "full", None]
    assert [list(case) for case in cases] == [list(case) for case in SUITE["cases"]]


def test_file_that_ships_names_cases_that_speak_for_others() -> None:
    """Whoever runs the tier below has a case for each that it leaves out."""
    root = Path(str(hgframing_vectors.root()))
    alike = read_generated_cases(root / FILE).alike
    tiers = {case.id: (generator_of(case), case.tier) for case in load_suites([root / "suites"])}

    assert alike
    for generator, cases in alike.items():
        for case_id, like in cases.items():
            assert tiers[case_id] == (generator, Tier.FULL)
            assert tiers[like][1] is not Tier.FULL


@pytest.mark.parametrize("text", ["alike: [a]\n", "other: {}\n", "alike:\n  alphabet: [a]\n"])
def test_what_is_something_else_is_refused(tmp_path: Path, text: str) -> None:
    """With the file."""
    file = tmp_path / "generated.yaml"
    file.write_text(text)

    with pytest.raises(SuiteError, match=str(file)):
        read_generated_cases(file)
