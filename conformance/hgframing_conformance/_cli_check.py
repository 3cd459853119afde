"""`hgframing check`: run the vectors against an implementation."""

from __future__ import annotations

import contextlib
import sys

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hgframing_conformance._adapters import DEFAULT_MAX_RESTARTS, DEFAULT_TIMEOUT, Adapter, AdapterOptions
from hgframing_conformance._check import Check, check
from hgframing_conformance._jsonl import JsonLines
from hgframing_conformance._junit import JUnit
from hgframing_conformance._locators import REFERENCE
from hgframing_conformance._markdown import write_markdown
from hgframing_conformance._options import load, selection_from, selection_options
from hgframing_conformance._report import print_summary
from hgframing_conformance._run import RunOptions
from hgframing_conformance._summary import Judged


__all__ = ["command"]

#: Columns of the report where nobody says how wide the terminal is, for instance in a CI log.
_WIDTH = 120

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("check")
@click.argument("locator", default=REFERENCE)
@selection_options
@click.option(
    "--expectations",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What the implementation is known to fail.",
)
@click.option(
    "--write-expectations", "write", type=_FILE, help="Bring FILE up to date with this run, or make it."
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=DEFAULT_TIMEOUT,
    show_default=True,
    help="Seconds for one case.",
)
@click.option(
    "--max-restarts",
    type=click.IntRange(min=0),
    default=DEFAULT_MAX_RESTARTS,
    show_default=True,
    help="Deaths and time-outs before the run ends as incomplete.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes of the harness that work side by side; direct: uses one.",
)
@click.option("--strict", is_flag=True, help="Cases of level should gate too.")
@click.option(
    "--match",
    type=click.Choice(["code", "message"]),
    default="code",
    show_default=True,
    help="How far errors are compared.",
)
@click.option("--quiet", is_flag=True, help="Print only what is not as expected, and the counts.")
@click.option("--jsonl", type=_FILE, help="Write every outcome as a line of JSON.")
@click.option("--junit", type=_FILE, help="Write a JUnit report.")
@click.option(
    "--markdown", type=_FILE, help="Write a summary in Markdown, for instance to $GITHUB_STEP_SUMMARY."
)
def command(locator: str, **options: Any) -> int:
    """Run the vectors against LOCATOR (default: the reference).

    LOCATOR is direct:package.module:factory or "exec:command arguments".
    """
    order = Check(
        locator=locator,
        cases=load(options, whole=bool(options["expectations"] or options["write"])),
        selection=selection_from(options),
        adapter=AdapterOptions(timeout=options["timeout"], max_restarts=options["max_restarts"]),
        run=RunOptions(strict=options["strict"], messages=options["match"] == "message"),
        expectations=options["expectations"],
        jobs=options["jobs"] if locator.startswith("exec:") else 1,
        write=options["write"],
    )
    for path in (options["junit"], options["markdown"]):
        if path is not None:
            # A report that cannot be written is told before the run, not after it.
            path.open("ab").close()
    with contextlib.ExitStack() as stack:
        lines = stack.enter_context(JsonLines.open(options["jsonl"])) if options["jsonl"] else None
        junit = JUnit() if options["junit"] else None
        progress = stack.enter_context(_progress(shown=sys.stderr.isatty() and not options["quiet"]))

        def begin(adapter: Adapter, total: int) -> None:
            progress(total)
            if lines is not None:
                lines.begin(order, adapter.hello, total)

        def watch(judged: Judged) -> None:
            if lines is not None:
                lines.outcome(judged)
            if junit is not None:
                junit.add(judged)

        summary = check(order, begin=begin, tick=lambda: progress(None), watch=watch)
        if lines is not None:
            lines.end(summary)
    if junit is not None:
        junit.write(options["junit"], summary)
    if options["markdown"]:
        write_markdown(options["markdown"], summary)
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    print_summary(console, summary, quiet=options["quiet"])
    return int(summary.exit)


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
