"""The generators by name."""

from __future__ import annotations

import functools

from typing import Any

import pytest
import yaml

from hgframing_conformance._generators import GENERATORS, Generator, explain
from hgframing_vectors import suite_files


@functools.cache
def suites(name: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Return what a generator makes, once for all tests; of walks, which take longer than all others, what ships."""
    if name == "walks":
        files = {file: suite for file, suite in suite_files().items() if "generated-walks" in file}
        return tuple((file, yaml.load(suite.read_bytes(), yaml.CSafeLoader)) for file, suite in files.items())
    return tuple(GENERATORS[name].suites())


@pytest.mark.parametrize("name", GENERATORS)
def test_generators_sign_their_cases(name: str) -> None:
    """Whoever reads a case finds what made it."""
    for suite_name, suite in suites(name):
        assert suite["suite"] == suite_name
        # What was observed keeps the name of what found it.
        begin = "fuzz:" if name == "observed" else f"generated:{name}"
        assert all(case["source"].startswith(begin) for case in suite["cases"])


@pytest.mark.parametrize("name", GENERATORS)
def test_generators_earn_their_levels(name: str) -> None:
    """A case that no requirement decides stays `unspecified`; one that is more names what decides it."""
    for _, suite in suites(name):
        for case in suite["cases"]:
            assert case["level"] == "unspecified" or case["requirements"], case["id"]


def test_generators_share_no_id() -> None:
    """An id is one case."""
    ids = [case["id"] for name in GENERATORS for _, suite in suites(name) for case in suite["cases"]]

    assert len(ids) == len(set(ids))


def test_explain_says_what_a_case_is_for_and_what_decides_it() -> None:
    """The reason if there is one, else the title."""
    case = {"id": "a-b", "title": "Title", "level": "must", "requirements": ["REQ-005"]}

    assert explain(case) == "a-b: Title (must, decided by REQ-005)"
    assert explain(case | {"why": "because"}) == "a-b: because (must, decided by REQ-005)"
    assert explain({"id": "a-b", "title": "Title", "level": "unspecified"}).endswith(
        "decided by no requirement)"
    )


def test_generators_give_the_seed_to_what_chance_decides() -> None:
    """And to nothing else."""
    generator = Generator(
        makes="", parts=(lambda: iter([("a", {})]),), seeded=(lambda seed: iter([(f"b{seed}", {})]),)
    )

    assert [name for name, _ in generator.suites()] == ["a", "b0"]
    assert [name for name, _ in generator.suites(7)] == ["a", "b7"]
