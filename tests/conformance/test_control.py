"""The control: what fails with nothing planted is told, and notices nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

import hgframing_vectors

from hgframing_conformance._cases import Case, Level
from hgframing_conformance._control import Control, run_control, unchanged
from hgframing_conformance._select import items
from hgframing_conformance._strength import StrengthOptions, measure
from hgframing_conformance._subject import StrengthError, Subject
from hgframing_conformance._suites import load_suites
from hgframing_conformance._trial import Status

from .fickle import make_fickle


SUITE = Path(str(hgframing_vectors.root())) / "suites" / "codec" / "framing.yaml"
CASES: tuple[Case, ...] = tuple(case for case in load_suites([SUITE]) if case.revision == "0006")
ODD = next(case for case in CASES if case.level is Level.MUST)
NAME = items(ODD)[0].name
OPTIONS = StrengthOptions(item_timeout=0.5, mutant_timeout=20.0, memory=256 << 20)


def test_control_of_an_implementation_that_stands_still_excludes_nothing() -> None:
    """The reference answers the same in a fork, with less memory, imported anew."""
    subject = Subject("hgframing", "hgframing_conformance:reference", CASES)

    assert run_control(subject, ["hgframing._states", "hgframing._buffer"], OPTIONS, 3) == Control(
        runs=3, excluded=()
    )


@pytest.mark.parametrize(
    "what",
    [
        pytest.param("return nothing", id="answers otherwise"),
        pytest.param("bytearray(1 << 30)", id="is hungry"),
        pytest.param("time.sleep(5)", id="is slow"),
    ],
)
def test_control_excludes_what_fails_under_the_conditions_of_a_mutant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """It passed in the process that is not forked, bounded and timed; as a mutant's item it would be a kill."""
    package = make_fickle(tmp_path, monkeypatch, ODD, what)
    subject = Subject(package, f"{package}:Harness", CASES)
    mutant = unchanged(package, 9)
    [before] = measure(subject, [mutant], OPTIONS)
    control = run_control(subject, [package], OPTIONS, 2)
    [after] = measure(subject, [mutant], OPTIONS)

    assert (before.status.is_noticed, before.item) == (True, NAME)
    # Other chunkings of the case may differ from the first one then, and go with it.
    assert control.excluded[0] == NAME
    assert {name.partition("[")[0] for name in control.excluded} == {f"{ODD.id}@0006"}
    assert after.status is Status.SURVIVED


def test_control_runs_often_enough_for_an_item_that_flickers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails in the third control only."""
    count = tmp_path / "count"
    package = make_fickle(
        tmp_path,
        monkeypatch,
        ODD,
        f"open({str(count)!r}, 'a').write('x')\nif len(open({str(count)!r}).read()) % 3 == 0: return nothing",
    )
    subject = Subject(package, f"{package}:Harness", CASES)

    assert run_control(subject, [package], OPTIONS, 2).excluded == ()
    count.unlink()
    assert run_control(subject, [package], OPTIONS, 3).excluded[0] == NAME


@pytest.mark.parametrize("what", ["os._exit(1)", "os.kill(os.getpid(), 9)"])
def test_control_that_dies_ends_the_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Nobody knows which item it was, and every mutant would count as noticed."""
    package = make_fickle(tmp_path, monkeypatch, ODD, what)
    subject = Subject(package, f"{package}:Harness", CASES)

    with pytest.raises(StrengthError, match="nothing is planted, and the process died"):
        run_control(subject, [package], OPTIONS, 1)


def test_control_gives_up_where_everything_flickers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which other items fail each time measures nothing."""
    package = make_fickle(tmp_path, monkeypatch, ODD, "return nothing")
    subject = Subject(package, f"{package}:Harness", CASES)
    monkeypatch.setattr(Subject, "exclude", lambda *_: None)

    with pytest.raises(StrengthError, match="other items fail each time"):
        run_control(subject, [package], OPTIONS, 1)
