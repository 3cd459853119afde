"""The options that several commands share: which cases, and where they come from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from hgframing import REVISIONS
from hgframing_conformance._adapters import DEFAULT_TIMEOUT
from hgframing_conformance._cases import Case, Layer, Level, Tier
from hgframing_conformance._select import Selection
from hgframing_conformance._suites import load_suites


__all__ = [
    "load",
    "match_option",
    "selection_from",
    "selection_options",
    "suites_option",
    "timeout_option",
]

_Command = TypeVar("_Command", bound=Callable[..., Any])

suites_option = click.option(
    "--suites",
    "paths",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Suite files or directories instead of those that ship.",
)
timeout_option = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=DEFAULT_TIMEOUT,
    show_default=True,
    help="Seconds for one case.",
)
match_option = click.option(
    "--match",
    type=click.Choice(["code", "message"]),
    default="code",
    show_default=True,
    help="How far errors are compared.",
)

_OPTIONS = (
    click.option(
        "--revision",
        "revisions",
        multiple=True,
        type=click.Choice(list(REVISIONS)),
        help="Only this revision.",
    ),
    click.option(
        "--layer",
        "layers",
        multiple=True,
        type=click.Choice([layer.value for layer in Layer]),
        help="Only this layer.",
    ),
    click.option(
        "-k",
        "patterns",
        multiple=True,
        metavar="PATTERN",
        help="Only items id@revision[chunking] that contain PATTERN, or match it where it has * or ?.",
    ),
    click.option(
        "--level",
        "levels",
        multiple=True,
        type=click.Choice([level.value for level in Level]),
        help="Only this level.",
    ),
    click.option(
        "--tier",
        type=click.Choice([tier.value for tier in Tier]),
        default=Tier.CORE.value,
        show_default=True,
        help="How much: full includes core.",
    ),
    suites_option,
)


def selection_options(command: _Command) -> _Command:
    """Give a command the options that say which cases; several of one kind add up."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def selection_from(options: dict[str, Any]) -> Selection:
    """Turn the values of the shared options into a selection."""
    return Selection(
        revisions=frozenset(options["revisions"]),
        layers=frozenset(map(Layer, options["layers"])),
        levels=frozenset(map(Level, options["levels"])),
        tiers=frozenset(Tier) if options["tier"] == Tier.FULL else frozenset({Tier.CORE}),
        patterns=tuple(options["patterns"]),
    )


def load(options: dict[str, Any], *, whole: bool = False) -> tuple[Case, ...]:
    """Load the suites that the options name.

    Args:
        options: the values of the shared options.
        whole: load what the tier leaves out too; an expectation file speaks of all cases.

    Raises:
        SuiteError: something is wrong with them.
    """
    tiers = frozenset(Tier) if whole else selection_from(options).tiers
    return load_suites(list(options["paths"]) or None, tiers=tiers)
