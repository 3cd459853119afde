"""A connection for every item."""

from __future__ import annotations

from pathlib import Path

from hgframing_conformance._adapters import AdapterOptions, Answered, Crashed, NotRun, Observation
from hgframing_conformance._isolation import IsolatingAdapter
from hgframing_conformance._locators import connect
from hgframing_conformance._select import item_message

from .zoo.cases import animal, three_cases


def run(command: str, max_restarts: int = 50) -> tuple[list[Observation], tuple[str, ...]]:
    """Send the three cases; return what was observed and the notes."""
    options = AdapterOptions(max_restarts=max_restarts)
    adapter = IsolatingAdapter(lambda: connect(f"exec:{command}", options), options)
    observations = list(adapter.run(item_message(item.case, item.chunking) for item in three_cases()))
    return observations, adapter.close()


def test_isolation_starts_a_process_for_every_case(tmp_path: Path) -> None:
    """The number of processes is the number of cases."""
    script = tmp_path / "counts.sh"
    starts = tmp_path / "starts"
    script.write_text(f"echo x >> {starts}\nexec {animal('honest')}\n")
    observations, notes = run(f"sh {script}")
    assert all(isinstance(one, Answered) for one in observations)
    assert notes == ()
    assert starts.read_text().count("x") == 3


def test_isolation_death_costs_one_case() -> None:
    """The step is named as in one connection."""
    first, second, third = run(animal("crash"))[0]
    assert isinstance(first, Answered)
    assert isinstance(second, Crashed)
    assert second.step == 1
    assert isinstance(third, Answered)


def test_isolation_deaths_are_counted_over_all_processes() -> None:
    """A harness that dies on everything ends the run soon."""
    observations, _ = run(animal("mortal"), max_restarts=1)
    assert [type(one) for one in observations] == [Crashed, Crashed, NotRun]


def test_isolation_harness_that_does_not_come_back_ends_the_run(tmp_path: Path) -> None:
    """What cannot be started any more is not run, and says why."""
    first, second, third = run(animal("gone-for-good", tmp_path / "mark"))[0]
    assert isinstance(first, Crashed)
    assert isinstance(second, NotRun)
    assert "did not start again" in second.reason
    assert isinstance(third, NotRun)


def test_isolation_bad_farewells_are_noted_once() -> None:
    """Three processes that end badly in one way are one note."""
    assert len(run(animal("rude"))[1]) == 1
