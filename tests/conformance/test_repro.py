"""The line that repeats one item."""

from __future__ import annotations

import dataclasses
import shlex

from pathlib import Path

from hgframing_conformance._locators import REFERENCE
from hgframing_conformance._outcomes import OutcomeKind
from hgframing_conformance._repro import repeated_options, repro

from .zoo.runs import run


_, JUDGED = run()
DEAD = JUDGED[1]


def test_repro_of_the_reference_is_short() -> None:
    """What is the default need not be said."""
    assert repro(REFERENCE, DEAD) == "hgframing replay 'dead@0006[frame]'"


def test_repro_of_a_command_survives_a_shell() -> None:
    """The words of the command are the same after a shell has read the line."""
    line = repro("exec:'./my harness' --name 'it'\"'\"'s' '$HOME'", DEAD)
    assert shlex.split(line) == [
        "hgframing",
        "replay",
        "dead@0006[frame]",
        "--",
        "./my harness",
        "--name",
        "it's",
        "$HOME",
    ]


def test_repro_of_another_callable_names_its_locator() -> None:
    """An implementation in this process has no command line."""
    assert shlex.split(repro("direct:mine:make", DEAD))[-2:] == ["--implementation", "direct:mine:make"]


def test_repro_has_the_options_that_change_outcomes() -> None:
    """Options come before the name, so that nothing of them is taken for the harness's."""
    assert shlex.split(repro("exec:x", DEAD, ("--timeout", "1")))[:4] == [
        "hgframing",
        "replay",
        "--timeout",
        "1",
    ]


def test_repro_of_a_difference_between_chunkings_runs_all_of_them() -> None:
    """One chunking alone would pass."""
    variant = dataclasses.replace(
        DEAD, outcome=dataclasses.replace(DEAD.outcome, kind=OutcomeKind.CHUNK_VARIANT)
    )
    assert repro(REFERENCE, variant) == "hgframing replay dead@0006"


def test_repeated_options_are_those_that_change_outcomes() -> None:
    """What is the default is left out."""
    assert repeated_options(suites=(), timeout=5.0, messages=False) == ()
    assert repeated_options(suites=(Path("a b.yaml"),), timeout=0.25, messages=True) == (
        "--suites",
        "a b.yaml",
        "--timeout",
        "0.25",
        "--match",
        "message",
    )
