"""Every input that once was a finding, against the reference, forever (`fuzz/regressions/README.md`)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from hgframing_fuzz import FuzzInput, Options, decode_input, encode_input, run
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import Answers, Delivery, DriverBit
from hgframing_fuzz.targets import TARGETS


ROOT: Final = Path(__file__).resolve().parents[2] / "fuzz" / "regressions"

INPUTS: Final = sorted(ROOT.glob("*/*.bin"))

#: Every way to drive an input that its own options could have said.
OPTIONS: Final = [
    pytest.param(driver, answers, id=f"{driver:#04x}-{answers.name.lower()}")
    for driver in (
        DriverBit.COMPARE,
        Delivery.OCTET | DriverBit.DEFER_OUTPUT,
        Delivery.WHOLE | DriverBit.NO_END,
    )
    for answers in Answers
]


def names(path: Path) -> str:
    """The name of an input."""
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", INPUTS, ids=names)
def test_regression_is_no_finding(path: Path, guards: Guards) -> None:
    """As it was found."""
    target = TARGETS[path.parent.name].bind("reference", guards).target

    assert run(target, path.read_bytes()).finding is None


@pytest.mark.parametrize(("driver", "answers"), OPTIONS)
def test_regressions_are_no_findings_however_they_are_driven(
    driver: int, answers: Answers, guards: Guards
) -> None:
    """Deferred, answered, cut and compared: an input that was fixed one way is fixed every way."""
    for path in INPUTS:
        target = TARGETS[path.parent.name].bind("reference", guards).target
        value = decode_input(path.read_bytes())
        for seed in (0, 1):
            options = Options(value.options.revision, int(driver), int(answers), seed)
            finding = target.check(FuzzInput(options, value.frames, value.tail)).finding
            assert finding is None, f"{names(path)}: {finding.message}"


@pytest.mark.parametrize("path", INPUTS, ids=names)
def test_regression_is_described_as_it_is(path: Path, guards: Guards) -> None:
    """The text beside an input says what is in it; the input is in the one form that it has."""
    octets = path.read_bytes()
    value = decode_input(octets)
    text = path.with_suffix(".txt").read_text(encoding="utf-8")

    assert encode_input(value) == octets
    assert text.splitlines() == TARGETS[path.parent.name].bind("reference", guards).describe(value)


def test_regressions_are_there() -> None:
    """An empty directory would pass everything above; every target has its own."""
    assert {path.parent.name for path in INPUTS} == set(TARGETS)
    assert len(INPUTS) > 40


def test_regressions_have_no_text_without_input() -> None:
    """Nothing is left over."""
    assert {path.stem for path in ROOT.glob("*/*.txt")} == {path.stem for path in INPUTS}
