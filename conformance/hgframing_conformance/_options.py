"""The options that several commands share: which cases, and where they come from."""

from __future__ import annotations

import re
import shlex

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from hgframing import REVISIONS
from hgframing_conformance._adapters import DEFAULT_TIMEOUT
from hgframing_conformance._cases import Case, Chunking, Layer, Level, Tier
from hgframing_conformance._locators import REFERENCE
from hgframing_conformance._quick import read_quick
from hgframing_conformance._select import Item, Selection, items
from hgframing_conformance._suites import load_suites


__all__ = [
    "QUICK",
    "chunking_option",
    "load",
    "locator_of",
    "match_option",
    "named_items",
    "selection_from",
    "selection_options",
    "suites_option",
    "timeout_option",
]

#: An item, as reports write it; the revision and the chunking may be left out.
_NAME: Final = re.compile(r"(?P<id>[^@\[\]]+)(?:@(?P<revision>[^@\[\]]+))?(?:\[(?P<chunking>[a-z]+)\])?")

#: The tier that is a list of cases.
QUICK: Final = "quick"

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
        type=click.Choice([QUICK, *(tier.value for tier in Tier)]),
        default=Tier.CORE.value,
        show_default=True,
        help="How much: full has all that generators enumerate, distinct no two that notice the same; each includes"
        " those before it. quick is a few cases of all, that notice most planted faults.",
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
        tiers=(Tier.FULL if options["tier"] == QUICK else Tier(options["tier"])).included,
        names=read_quick() if options["tier"] == QUICK else None,
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


def named_items(name: str, cases: Iterable[Case], chunking: str | None = None) -> list[Item]:
    """Find what a name means: `id`, `id@revision` or `id@revision[chunking]`.

    Args:
        name: without a revision the last one that has the case is meant, without a chunking all of them.
        cases: where to look.
        chunking: the chunking, where the name has none.

    Raises:
        UsageError: there is no such item.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise click.UsageError(f"{name!r} is no name of an item: id, id@revision or id@revision[chunking]")
    found = [case for case in cases if case.id == match["id"]]
    if not found:
        raise click.UsageError(f"no case is called {match['id']!r}; hgframing list shows the ids")
    revision = match["revision"] or found[-1].revision
    of_revision = [case for case in found if case.revision == revision]
    if not of_revision:
        known = ", ".join(case.revision for case in found)
        raise click.UsageError(f"{match['id']} is a case of {known}, not of {revision}")
    wanted = match["chunking"] or chunking
    chosen = [item for item in items(of_revision[0]) if wanted in {None, item.chunking.value}]
    if not chosen:
        runs = ", ".join(item.chunking.value for item in items(of_revision[0]))
        raise click.UsageError(f"{match['id']}@{revision} runs in {runs}, not in {wanted}")
    return chosen


chunking_option = click.option(
    "--chunking",
    type=click.Choice([chunking.value for chunking in Chunking]),
    help="Only this way to cut what is received.",
)


def locator_of(words: Sequence[str], implementation: str | None) -> str:
    """Write the locator that a command line means: a harness after `--`, or `--implementation`.

    Args:
        words: the harness and its arguments; none: see below.
        implementation: a locator; None: the reference.

    Raises:
        UsageError: both are there.
    """
    if words and implementation is not None:
        raise click.UsageError("name a harness after -- or an --implementation, not both")
    if words:
        return f"exec:{shlex.join(words)}"
    return implementation or REFERENCE
