"""The files of a check."""

from __future__ import annotations

import json

from pathlib import Path

import pytest

from hgframing_conformance._check import Check, check
from hgframing_conformance._outputs import Outputs
from hgframing_conformance._results import read_results
from hgframing_conformance._select import Selection

from .zoo.cases import animal, case, frame_step


NAMES = ("jsonl", "junit", "markdown", "html", "badge")


def run(outputs: Outputs, kind: str) -> None:
    """Check an animal with one case that bites."""
    cases = [case("zoo-bites", frame_step("bite"))]
    order = Check(locator=f"exec:{animal(kind)}", cases=cases, selection=Selection())
    summary = check(
        order,
        begin=lambda adapter, total: outputs.begin(order, adapter.hello, total),
        watch=outputs.outcome,
    )
    outputs.end(summary)


def test_outputs_all_of_them_tell_of_the_same_run(tmp_path: Path) -> None:
    """Every file that was asked for is written, and says the same."""
    paths = {name: tmp_path / name for name in NAMES}
    with Outputs.open(dict(paths)) as outputs:
        run(outputs, "wrong")
        outputs.finish()
    (read,) = read_results([paths["jsonl"]])
    assert [item.outcome.value for item in read.items] == ["failed"]
    assert 'failures="1"' in paths["junit"].read_text()
    assert "zoo\\-bites" in paths["markdown"].read_text() or "zoo-bites" in paths["markdown"].read_text()
    assert "zoo-bites@0006" in paths["html"].read_text()
    assert json.loads(paths["badge"].read_text())["message"] == "0/1 passed"


def test_outputs_of_several_runs_hold_all_of_them(tmp_path: Path) -> None:
    """JSON lines and the page have a run for each implementation."""
    paths = {name: tmp_path / name if name in {"jsonl", "html"} else None for name in NAMES}
    with Outputs.open(dict(paths)) as outputs:
        run(outputs, "wrong")
        run(outputs, "honest")
        outputs.finish()
    assert len(read_results([tmp_path / "jsonl"])) == 2
    assert (tmp_path / "html").read_text().count('<section class="run">') == 2


def test_outputs_nothing_asked_for_writes_nothing(tmp_path: Path) -> None:
    """A plain check leaves no file behind."""
    with Outputs.open(dict.fromkeys(NAMES)) as outputs:
        run(outputs, "honest")
        outputs.finish()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_outputs_without_a_place_are_an_error_at_once(name: str, tmp_path: Path) -> None:
    """A report that cannot be written is told before the run."""
    options = dict.fromkeys(NAMES) | {name: tmp_path / "none" / "file"}
    with pytest.raises(OSError, match="file"), Outputs.open(options):
        raise AssertionError("it was opened")
