"""Drafts become suites: in one form, none twice, and gating only where a person decided."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hgframing_conformance._observed import generate_observed, observed
from hgframing_conformance._problems import SuiteError

from .authoring import read_cases


DRAFT = """\
format: 1
suite: server/fuzz-{name}
title: Found by fuzzing
layer: server
revisions: ["0006"]
cases:
  - id: fuzz-server-{name}
    rev: 1
    title: What a client sends lets nothing escape
    level: {level}
    source: fuzz:{name}
    comment: Found as something.
{more}    steps:
      - receive: ["1 1 stream-begin command-request new {payload}"]
        never: [raised]
"""
DISPUTED = '    disputed: "draft: decide"\n'
DECIDED = "    requirements: [REQ-001]\n"


def drafts(directory: Path, **files: str) -> list[dict[str, Any]]:
    """Write drafts and return the cases that they become."""
    for name, text in files.items():
        file = directory / "server" / f"fuzz-{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return [case for _, suite in observed(directory) for case in suite["cases"]]


def draft(name: str, level: str = "unspecified", more: str = DISPUTED, payload: str = "\\\\xa0") -> str:
    """Return the text of a draft."""
    return DRAFT.format(name=name, level=level, more=more, payload=payload)


def test_observed_writes_frames_as_they_are_printed(tmp_path: Path) -> None:
    """And of two drafts that send the same, the first."""
    cases = drafts(tmp_path, b=draft("b", payload="hex:a0"), a=draft("a"), c=draft("c", payload="hex:a1"))

    assert [case["id"] for case in cases] == ["fuzz-server-a", "fuzz-server-c"]
    assert cases[0]["steps"][0]["receive"] == ["1 1 stream-begin command-request new cbor:{}"]
    assert all(case["tier"] == "full" for case in cases)


def test_observed_gates_nothing_that_nobody_decided(tmp_path: Path) -> None:
    """A level without a requirement, or beside `disputed`, is no decision."""
    cases = drafts(
        tmp_path,
        a=draft("a", "must", "", "hex:a0"),
        b=draft("b", "must", DISPUTED + DECIDED, "hex:a1"),
    )

    assert [case["level"] for case in cases] == ["unspecified", "unspecified"]
    assert all(case["disputed"].startswith("draft") for case in cases)


def test_observed_takes_what_a_person_decided(tmp_path: Path) -> None:
    """Level and requirement are there, and nobody disputes them."""
    (case,) = drafts(tmp_path, a=draft("a", "must", DECIDED))

    assert (case["level"], case["requirements"]) == ("must", ["REQ-001"])
    assert "disputed" not in case


def test_observed_suites_are_suites(tmp_path: Path) -> None:
    """What is written is read like any suite."""
    drafts(tmp_path / "drafts", a=draft("a"))
    ((_, suite),) = observed(tmp_path / "drafts")
    (case,) = read_cases(suite, tmp_path)

    assert (case.id, case.source) == ("fuzz-server-a", "fuzz:a")


def test_observed_tells_what_is_no_draft(tmp_path: Path) -> None:
    """With the file."""
    with pytest.raises(SuiteError, match="fuzz-a"):
        drafts(tmp_path, a=draft("a").replace('["0006"]', '["0006", "0005"]'))
    with pytest.raises(SuiteError, match="fuzz-b"):
        drafts(tmp_path / "b", b=draft("b").replace("command-request new", "command-nothing new"))


def test_observed_needs_no_drafts(tmp_path: Path) -> None:
    """A directory that is not there has none."""
    assert list(observed(tmp_path / "nothing")) == []
    assert all(suite["suite"] == name for name, suite in generate_observed())
