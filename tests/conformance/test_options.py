"""The options that several commands share."""

from __future__ import annotations

import shlex

from pathlib import Path
from typing import Any

import click
import pytest

from hgframing_conformance._cases import Chunking, Layer, Level, Tier
from hgframing_conformance._locators import REFERENCE
from hgframing_conformance._options import load, locator_of, named_items, selection_from, selection_options
from hgframing_conformance._quick import read_quick
from hgframing_conformance._select import Selection

from .zoo.cases import case, frame_step
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


def test_selection_of_the_quick_tier_is_a_list_of_cases() -> None:
    """They may be of any tier."""
    assert selection_from(options("--tier", "quick")) == Selection(tiers=frozenset(Tier), names=read_quick())


@pytest.mark.parametrize(("whole", "count"), [(False, 1), (True, 2)])
def test_load_leaves_out_what_the_tier_does(tmp_path: Path, *, whole: bool, count: int) -> None:
    """Costly cases are not even loaded, unless all cases are spoken of."""
    head, second = SUITE.split("  - id: zoo-second\n")
    path = write_suite(tmp_path, f"{head}  - id: zoo-second\n    tier: full\n{second}")
    assert len(load(options("--suites", path), whole=whole)) == count


@pytest.mark.parametrize(
    ("name", "chunking", "meant"),
    [
        ("a", None, ["a@0006[frame]", "a@0006[byte]"]),
        ("a@0005", None, ["a@0005[frame]", "a@0005[byte]"]),
        ("a@0005[byte]", None, ["a@0005[byte]"]),
        ("a[byte]", None, ["a@0006[byte]"]),
        ("a", "frame", ["a@0006[frame]"]),
        ("a[byte]", "frame", ["a@0006[byte]"]),
    ],
)
def test_named_items_fill_in_what_a_name_leaves_out(
    name: str, chunking: str | None, meant: list[str]
) -> None:
    """The last revision, and every chunking; what the name says wins."""
    cases = [
        case("a", frame_step("x"), revision=revision, chunkings=(Chunking.FRAME, Chunking.BYTE))
        for revision in ("0005", "0006")
    ]
    assert [item.name for item in named_items(name, cases, chunking)] == meant


@pytest.mark.parametrize("name", ["", "b", "a@", "a@0001", "a[whole]", "a]", "a@0006[byte]x", "*"])
def test_named_items_refuse_what_is_no_name(name: str) -> None:
    """Patterns are for check; a name means one case."""
    with pytest.raises(click.UsageError):
        named_items(name, [case("a", frame_step("x"))])


def test_locator_of_a_command_line_keeps_its_words() -> None:
    """What the shell gave as one word stays one."""
    locator = locator_of(["./my harness", "it's", "$HOME"], None)
    assert shlex.split(locator.removeprefix("exec:")) == ["./my harness", "it's", "$HOME"]
    assert locator_of([], "direct:a:b") == "direct:a:b"
    assert locator_of([], None) == REFERENCE
    with pytest.raises(click.UsageError):
        locator_of(["x"], "direct:a:b")
