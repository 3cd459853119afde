"""`hgframing check`: run the vectors against an implementation."""

from __future__ import annotations

import contextlib
import secrets
import sys

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hgframing_conformance._adapters import DEFAULT_MAX_RESTARTS, Adapter, AdapterOptions
from hgframing_conformance._check import Check, check
from hgframing_conformance._locators import REFERENCE
from hgframing_conformance._options import (
    load,
    match_option,
    selection_from,
    selection_options,
    timeout_option,
)
from hgframing_conformance._outputs import Outputs
from hgframing_conformance._report import print_summary
from hgframing_conformance._repro import repeated_options
from hgframing_conformance._run import RunOptions
from hgframing_conformance._summary import Summary, worst_exit


__all__ = ["command"]

#: Columns of the report where nobody says how wide the terminal is, for instance in a CI log.
_WIDTH = 120

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("check")
@click.argument("locators", nargs=-1, metavar="[LOCATOR]...")
@selection_options
@click.option(
    "--expectations",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What the implementation is known to fail.",
)
@click.option(
    "--write-expectations", "write", type=_FILE, help="Bring FILE up to date with this run, or make it."
)
@timeout_option
@click.option(
    "--max-restarts",
    type=click.IntRange(min=0),
    default=DEFAULT_MAX_RESTARTS,
    show_default=True,
    help="Restarts after deaths and time-outs before the run ends as incomplete.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes of the harness that work side by side; direct: uses one.",
)
@click.option("--isolate", is_flag=True, help="Start the harness anew for every item; slow.")
@click.option(
    "--shuffle", metavar="SEED|random", help="Put the cases in an order that SEED determines; it is printed."
)
@click.option("--strict", is_flag=True, help="Cases of level should gate too.")
@match_option
@click.option("--quiet", is_flag=True, help="Print only what is not as expected, and the counts.")
@click.option("--jsonl", type=_FILE, help="Write every outcome as a line of JSON.")
@click.option("--junit", type=_FILE, help="Write a JUnit report; of one LOCATOR.")
@click.option(
    "--markdown", type=_FILE, help="Write a summary in Markdown, for instance to $GITHUB_STEP_SUMMARY."
)
@click.option("--html", type=_FILE, help="Write the matrix and every failure as one HTML page.")
@click.option("--badge", type=_FILE, help="Write the JSON of a shields.io endpoint badge; of one LOCATOR.")
def command(locators: tuple[str, ...], **options: Any) -> int:
    """Run the vectors against LOCATOR (default: the reference), or against several one after another.

    LOCATOR is direct:package.module:factory, "exec:command arguments", http://host:port/ (a live server, layer http) or
    reflect:http://host:port/ (the reactor behind it, layer server).
    """
    orders = _orders(locators or (REFERENCE,), options)
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    exits = []
    with Outputs.open(options) as outputs:
        for order in orders:
            summary = _check(order, outputs, quiet=options["quiet"])
            outputs.end(summary)
            print_summary(console, summary, quiet=options["quiet"])
            exits.append(summary.exit)
        outputs.finish()
    return worst_exit(exits)


def _orders(locators: Sequence[str], options: dict[str, Any]) -> list[Check]:
    """Turn the command line into one order for each implementation."""
    if len(locators) > 1:
        for name in ("expectations", "write", "junit", "badge"):
            if options[name]:
                flag = "write-expectations" if name == "write" else name
                raise click.UsageError(f"--{flag} is about one implementation, {len(locators)} are named")
    cases = load(options, whole=bool(options["expectations"] or options["write"]))
    shuffle = _seed(options["shuffle"])
    return [
        Check(
            locator=locator,
            cases=cases,
            selection=selection_from(options),
            adapter=AdapterOptions(timeout=options["timeout"], max_restarts=options["max_restarts"]),
            run=RunOptions(strict=options["strict"], messages=options["match"] == "message"),
            expectations=options["expectations"],
            jobs=options["jobs"] if locator.startswith("exec:") else 1,
            write=options["write"],
            shuffle=shuffle,
            isolate=options["isolate"],
            options=repeated_options(
                suites=options["paths"], timeout=options["timeout"], messages=options["match"] == "message"
            ),
        )
        for locator in locators
    ]


def _seed(text: str | None) -> int | None:
    if text is None:
        return None
    if text == "random":
        return secrets.randbelow(10**6)
    if not (text.isascii() and text.isdecimal()):
        raise click.UsageError(f"--shuffle takes a whole number or `random`, not {text!r}")
    return int(text)


def _check(order: Check, outputs: Outputs, *, quiet: bool) -> Summary:
    if order.shuffle is not None:
        click.echo(f"order: --shuffle {order.shuffle}")
    with _progress(shown=sys.stderr.isatty() and not quiet) as progress:

        def begin(adapter: Adapter, total: int) -> None:
            progress(total)
            outputs.begin(order, adapter.hello, total)

        return check(order, begin=begin, tick=lambda: progress(None), watch=outputs.outcome)


@contextlib.contextmanager
def _progress(*, shown: bool) -> Iterator[Callable[[int | None], None]]:
    """Show how far the run is; the function takes the total once and then None for every item."""
    if not shown:
        yield lambda _total: None
        return
    bar = Progress(
        TextColumn("checking"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("checking", total=None)

        def step(total: int | None) -> None:
            if total is None:
                bar.advance(task)
            else:
                bar.update(task, total=total)

        yield step
