"""Tests of the target `suite-yaml`: any octets are a suite, or an error that helps its author."""

from __future__ import annotations

from typing import NoReturn

import pytest

from hgframing_conformance._problems import Problem, SuiteError
from hgframing_fuzz import Options
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._outcome import run
from hgframing_fuzz.targets import TARGETS, suite_yaml_fuzzer
from tests.fuzz.own_targets import finding, found, fuzz


SPEC = TARGETS["suite-yaml"]


def test_loop_finds_nothing_in_what_we_have(guards: Guards) -> None:
    """The same inputs each time, the target's seeds first."""
    table, stats = fuzz(SPEC, 400, guards)

    assert found(table) == []
    assert stats.features > 30


@pytest.mark.parametrize("octets", SPEC.seeds())
def test_seeds_are_read(octets: bytes, guards: Guards) -> None:
    """What is worth starting from is no finding, and reaches something."""
    outcome = run(SPEC.bind("reference", guards).target, octets)

    assert outcome.finding is None
    assert outcome.features


def test_loader_that_raises_something_else_is_found(guards: Guards, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the declared error is an answer."""

    def planted(*_: object) -> NoReturn:
        raise TypeError("no case")

    monkeypatch.setattr(suite_yaml_fuzzer, "load_suites", planted)
    got = finding(SPEC, b"", guards)

    assert got is not None
    assert got.kind == "TypeError"


def test_loader_that_blames_another_file_is_found(guards: Guards, monkeypatch: pytest.MonkeyPatch) -> None:
    """An author looks where the problem is said to be."""

    def planted(*_: object) -> NoReturn:
        raise SuiteError([Problem("other.yaml", 1, "wrong")])

    monkeypatch.setattr(suite_yaml_fuzzer, "load_suites", planted)
    monkeypatch.setattr(suite_yaml_fuzzer, "read_requirements", planted)
    for answers in (0, 3):
        got = finding(SPEC, b"", guards, Options(answers=answers))
        assert got is not None
        assert (got.kind, got.where) == ("problems", "file")


def test_compiled_cases_that_change_are_found(guards: Guards, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is loaded back is compiled into the same."""
    monkeypatch.setattr(suite_yaml_fuzzer, "load_compiled", lambda _: ())

    got = run(SPEC.bind("reference", guards).target, SPEC.seeds()[0]).finding

    assert got is not None
    assert got.kind == "round-trip"
