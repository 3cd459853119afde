"""`hgframing replay`: one item against an implementation, and what was observed step by step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hgframing_conformance._adapters import AdapterOptions
from hgframing_conformance._locators import connect
from hgframing_conformance._options import (
    chunking_option,
    locator_of,
    match_option,
    named_items,
    suites_option,
    timeout_option,
)
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._quoting import clean, quote
from hgframing_conformance._run import Engine, RunOptions
from hgframing_conformance._story import story_lines
from hgframing_conformance._suites import load_suites
from hgframing_conformance._summary import Exit


__all__ = ["command", "exit_of"]

#: Characters of a line of the harness protocol that are shown.
_WIRE = 2000


@click.command("replay")
@click.argument("name", metavar="CASE[@REVISION[CHUNKING]]")
@click.argument("harness", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND ARGS...")
@click.option("--implementation", metavar="LOCATOR", help="Instead of a command; default: the reference.")
@chunking_option
@click.option("--wire", is_flag=True, help="Print every line of the harness protocol too.")
@timeout_option
@match_option
@suites_option
def command(name: str, harness: tuple[str, ...], **options: Any) -> int:
    """Run one case against a harness and show what was sent, expected and observed.

    Without a revision the last one that has the case is meant, without a chunking all of them. It exits with 0 if the
    case passed, and with 1 if it did not, whatever its level.
    """
    paths: tuple[Path, ...] = options["paths"]
    chosen = named_items(name, load_suites(list(paths) or None), options["chunking"])
    wire = _show if options["wire"] else None
    adapter = connect(
        locator_of(harness, options["implementation"]), AdapterOptions(timeout=options["timeout"], wire=wire)
    )
    outcomes: list[Outcome] = []
    try:
        for outcome in Engine(adapter, RunOptions(messages=options["match"] == "message")).run(chosen):
            click.echo(f"{'' if not outcomes else chr(10)}{chr(10).join(story_lines(outcome))}")
            outcomes.append(outcome)
    finally:
        for note in adapter.close():
            click.echo(f"note: {clean(note)}")
    return exit_of(outcomes)


def exit_of(outcomes: list[Outcome]) -> Exit:
    """Decide the exit code of items that were looked at one by one: every failure counts, whatever its level."""
    kinds = {outcome.kind for outcome in outcomes}
    if OutcomeKind.NOT_RUN in kinds:
        return Exit.INCOMPLETE
    if any(kind.is_failure for kind in kinds):
        return Exit.NOT_AS_EXPECTED
    return Exit.AS_EXPECTED if OutcomeKind.PASSED in kinds else Exit.NOTHING_SELECTED


def _show(way: str, line: bytes) -> None:
    click.echo(f"{way} {quote(line, limit=_WIRE)}")
