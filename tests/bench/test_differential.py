"""The differential run explains every difference, and notices when one is planted."""

from __future__ import annotations

import warnings

from collections.abc import Callable
from typing import Any

import pytest

from tests.bench.scripts import load


differential = load("differential")
sides = load("differential_sides")
pytest.importorskip("mercurial", reason="Mercurial is not installed beside the tests")


@pytest.fixture(scope="module")
def mercurial() -> Any:
    """The Mercurial of this interpreter."""
    with warnings.catch_warnings():
        # What Mercurial imports is deprecated; that is not ours to test.
        warnings.simplefilter("ignore", DeprecationWarning)
        made = sides.ImportedMercurial()
    if made.revision != "0006":
        pytest.skip(f"Mercurial {made.version} speaks {made.revision}")
    return made


class Altered:
    """Mercurial with something planted into what it does."""

    def __init__(self, mercurial: Any, kind: str, alter: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self.version, self.revision = mercurial.version, mercurial.revision
        self._mercurial = mercurial
        self._kind = kind
        self._alter = alter

    def run(
        self, layer: str, setup: dict[str, Any], steps: list[dict[str, Any]]
    ) -> list[list[dict[str, Any]]]:
        """Run, and replace every action of the kind."""
        answers: list[list[dict[str, Any]]] = self._mercurial.run(layer, setup, steps)
        return [
            [self._alter(action) if self._kind in action else action for action in actions]
            for actions in answers
        ]


def test_run_explains_every_difference(mercurial: Any) -> None:
    """500 conversations: each side may only differ where a deviation says so."""
    tally = differential.run(mercurial, 500, seed=7)

    shown = [line for made, found in tally.unexplained for line in differential.show(made, found)]
    assert tally.sequences == 500
    assert tally.differing > 100
    assert not shown, "\n".join(shown)


@pytest.mark.parametrize(
    ("kind", "planted"),
    [
        ("run-command", {"run-command": {"request": 1, "command": {"hex": "00"}, "args": {"map": []}}}),
        ("run-command", {"noop": {}}),
        ("error", {"error": {"message": "something else"}}),
        ("error", {"noop": {}}),
        ("response-data", {"response-data": {"request": 1, "data": {"hex": "00"}, "eos": False}}),
        ("send-frames", {"send-frames": []}),
    ],
)
def test_run_notices_what_is_planted(mercurial: Any, kind: str, planted: dict[str, Any]) -> None:
    """What Mercurial does not do explains nothing: a classifier that always finds a number fails here."""
    tally = differential.run(Altered(mercurial, kind, lambda _: planted), 200, seed=7)

    assert tally.unexplained_count > 5
    _, found = tally.unexplained[0]
    assert found.numbers == ()


def test_run_cuts_down_what_it_shows(mercurial: Any) -> None:
    """Of what is shown no step can be left out: without it the command would not run, or nothing would be amiss."""
    planted = Altered(
        mercurial,
        "run-command",
        lambda action: {"noop": {}} if action["run-command"]["request"] == 5 else action,
    )
    tally = differential.run(planted, 100, seed=7, layers=("server",))

    made, found = tally.unexplained[0]
    assert found.index == len(made.steps) - 1
    for index in range(len(made.steps) - 1):
        shorter = made.steps[:index] + made.steps[index + 1 :]
        _, again = differential._replay(made, shorter, planted)
        assert again is None or again.shape != found.shape
    assert any("Mercurial: [{'noop': {}}]" in line for line in differential.show(made, found))
