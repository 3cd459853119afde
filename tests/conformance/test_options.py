"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from hgframing_conformance._cases import Layer, Level, Tier
from hgframing_conformance._options import load, selection_from, selection_options
from hgframing_conformance._select import Selection

from .zoo.commands import SUITE, write_suite


def options(*arguments: str) -> dict[str, Any]:
    """Read a command line with the shared options."""
    found: dict[str, Any] = {}

    @click.command()
    @selection_options
    def command(**values: Any) -> None:
        found.update(values)

    command.main(list(arguments), standalone_mode=False)
    return found


def test_selection_from_nothing_is_the_core() -> None:
    """Who says nothing gets everything that is cheap."""
    assert selection_from(options()) == Selection()


def test_selection_from_options_add_up() -> None:
    """Options of one kind may be repeated."""
    words = "--revision 0005 --revision 0006 --layer codec --level must --tier full -k a -k b*"
    assert selection_from(options(*words.split())) == Selection(
        revisions=frozenset({"0005", "0006"}),
        layers=frozenset({Layer.CODEC}),
        levels=frozenset({Level.MUST}),
        tiers=frozenset(Tier),
        patterns=("a", "b*"),
    )


@pytest.mark.parametrize(("whole", "count"), [(False, 1), (True, 2)])
def test_load_leaves_out_what_the_tier_does(tmp_path: Path, *, whole: bool, count: int) -> None:
    """Costly cases are not even loaded, unless all cases are spoken of."""
    head, second = SUITE.split("  - id: zoo-second\n")
    path = write_suite(tmp_path, f"{head}  - id: zoo-second\n    tier: full\n{second}")
    assert len(load(options("--suites", path), whole=whole)) == count
