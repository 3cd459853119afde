"""Tests of `hgframing_fuzz._engines`: which engine is next, and what is said where one cannot work."""

from __future__ import annotations

import importlib.util

import pytest

from hgframing_fuzz._engines import Choice, Engine, choose_engines, engines_of, next_engine
from hgframing_fuzz._guards import Guards
from hgframing_fuzz.targets import TARGETS


MIXED = engines_of(Choice.MIXED)


def test_engines_of_a_mixed_campaign_are_all_and_the_fast_one_first() -> None:
    """With two workers, the fastest and the one that sees most."""
    assert MIXED == (Engine.LOOP, Engine.ATHERIS, Engine.LIGHT)
    assert engines_of(Choice.LOOP) == (Engine.LOOP,)
    assert engines_of(Choice.ATHERIS) == (Engine.ATHERIS, Engine.LIGHT)


def test_slowdown_is_more_the_more_is_instrumented() -> None:
    """The loop runs what it runs."""
    assert Engine.LOOP.slowdown == 1.0 < Engine.LIGHT.slowdown < Engine.ATHERIS.slowdown


def test_next_engine_of_workers_that_start_together_differ() -> None:
    """Until there are more workers than engines."""
    running: list[Engine] = []
    for _ in range(4):
        running.append(next_engine(MIXED, running=running, spent={}))

    assert running == [*MIXED, Engine.LOOP]


def test_next_engine_after_a_plateau_is_another_one() -> None:
    """The one that had least time; the only one there is goes on."""
    spent = {Engine.LOOP: 100.0, Engine.ATHERIS: 50.0, Engine.LIGHT: 70.0}

    assert next_engine(MIXED, running=[], spent=spent, after=Engine.ATHERIS) is Engine.LIGHT
    assert next_engine(MIXED, running=[], spent=spent, after=Engine.LOOP) is Engine.ATHERIS
    assert next_engine((Engine.LOOP,), running=[], spent=spent, after=Engine.LOOP) is Engine.LOOP


def test_choose_engines_without_atheris_is_the_loop_and_says_so(
    guards: Guards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless atheris was asked for by name."""
    subject = TARGETS["server-reactor"].bind("reference", guards).subject
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    choice, why = choose_engines(None, subject)

    assert choice is Choice.LOOP
    assert "hgframing[fuzz]" in why
    assert choose_engines(Choice.LOOP, subject) == (Choice.LOOP, "")
    with pytest.raises(ValueError, match=r"hgframing\[fuzz\]"):
        choose_engines(Choice.ATHERIS, subject)


def test_choose_engines_for_code_elsewhere_is_the_loop(
    guards: Guards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A harness behind a pipe has nothing to instrument."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    elsewhere = TARGETS["server-reactor"].bind("direct:tests.fuzz.message_zoo:honest", guards).subject
    here = TARGETS["server-reactor"].bind("reference", guards).subject

    assert choose_engines(None, here) == (Choice.MIXED, "")
    assert choose_engines(Choice.ATHERIS, here) == (Choice.ATHERIS, "")
    choice, why = choose_engines(Choice.MIXED, elsewhere)
    assert choice is Choice.LOOP
    assert "no code in this process" in why
