"""The file of generated cases: written the same each time, and followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from hgframing_conformance._generated_cases import (
    GeneratedCases,
    read_generated_cases,
    write_generated_cases,
)
from hgframing_conformance._problems import SuiteError
from hgframing_conformance._reduction import Duplicate


CONTENT = GeneratedCases(dropped={"alphabet": {"b": "a", "d": "c"}, "payloads": {}})
SUITE = {
    "suite": "s",
    "cases": [
        {"id": "a", "level": "must", "tier": "full", "steps": []},
        {"id": "b", "level": "must", "steps": []},
        {"id": "e", "level": "must", "steps": []},
    ],
}


def test_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Sorted, and without what is empty."""
    file = tmp_path / "generated.yaml"
    write_generated_cases(file, CONTENT)

    assert file.read_text().splitlines()[1:] == [
        "dropped:",
        "  alphabet:",
        "    b: a",
        "    d: c",
    ]
    assert read_generated_cases(file) == GeneratedCases(dropped={"alphabet": {"b": "a", "d": "c"}})


def test_without_a_file_nothing_was_measured(tmp_path: Path) -> None:
    """Every case is generated."""
    nothing = read_generated_cases(tmp_path / "generated.yaml")

    assert nothing.apply("alphabet", SUITE) == SUITE


def test_suite_loses_what_is_dropped() -> None:
    """Another generator's cases stay as they are."""
    assert [case["id"] for case in CONTENT.apply("alphabet", SUITE)["cases"]] == ["a", "e"]
    assert CONTENT.apply("boundaries", SUITE) == SUITE


def test_like_is_never_a_case_that_was_dropped() -> None:
    """What was dropped because of a case that goes now, points to the one that stays."""
    again = CONTENT.drop([Duplicate(generator="alphabet", id="a", like="e")])

    assert again.dropped["alphabet"] == {"a": "e", "b": "e", "d": "c"}


@pytest.mark.parametrize("text", ["dropped: [a]\n", "other: {}\n", "core: {}\n"])
def test_what_is_something_else_is_refused(tmp_path: Path, text: str) -> None:
    """With the file."""
    file = tmp_path / "generated.yaml"
    file.write_text(text)

    with pytest.raises(SuiteError, match=str(file)):
        read_generated_cases(file)
