"""What the commands of `hgframing-fuzz` share: attaching an implementation, failing, and telling how a run went."""

from __future__ import annotations

import datetime as dt
import sys

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import click

from rich.console import Console
from rich.table import Table

from hgframing_conformance.errors import ConformanceError
from hgframing_fuzz._findings import FindingsDirectory, RunSummary
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import decode_input
from hgframing_fuzz._known import NOTHING_KNOWN, KnownBuckets, read_known
from hgframing_fuzz._spec import BoundTarget, TargetSpec
from hgframing_fuzz.targets import TARGETS


__all__ = [
    "attached",
    "fail",
    "implementation_option",
    "open_directory",
    "report",
    "show_progress",
    "target_options",
]

_USAGE: Final = 2

#: Characters of a line of an input, and lines; reports and pages have the rest.
_LINE_WIDTH: Final = 100
_LINES: Final = 4
#: Columns of the table of buckets where the output is no terminal: enough for an id and a short input on one
#: line.
_WIDTH: Final = 200

_Command = TypeVar("_Command", bound=Callable[..., Any])


def fail(message: str) -> NoReturn:
    """End with one clear error."""
    click.echo(f"hgframing-fuzz: {message}", err=True)
    sys.exit(_USAGE)


def implementation_option(command: _Command) -> _Command:
    """Ask which implementation."""
    return click.option(
        "--implementation",
        "locator",
        default="reference",
        show_default=True,
        metavar="LOCATOR",
        help="reference, direct:module:factory or exec:command.",
    )(command)


def target_options(command: _Command) -> _Command:
    """Add what nearly every command asks: which target, which implementation."""
    command = implementation_option(command)
    return click.option(
        "--target",
        "target_name",
        type=click.Choice(list(TARGETS)),
        default="server-reactor",
        show_default=True,
        help="What is driven.",
    )(command)


@contextmanager
def attached(target_name: str, locator: str) -> Iterator[BoundTarget]:
    """Attach an implementation, watched, and detach it."""
    spec: TargetSpec = TARGETS[target_name]
    guards = Guards()
    try:
        bound = spec.bind(locator, guards)
    except ConformanceError as error:
        fail(str(error))
    with guards:
        try:
            yield bound
        finally:
            bound.subject.close()


def open_directory(path: Path) -> FindingsDirectory:
    try:
        return FindingsDirectory(path)
    except OSError as error:
        fail(f"{path}: {error.strerror}")


@contextmanager
def show_progress() -> Iterator[Callable[[int, float, int, int], None]]:
    """Show on standard error how far a run is, if somebody watches."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda *_: None
        return
    with console.status("starting") as status:

        def show(executions: int, seconds: float, buckets: int, roots: int) -> None:
            rate = executions / seconds if seconds else 0.0
            status.update(
                f"{seconds:.0f} s · {executions} inputs · {rate:.0f}/s · {buckets} buckets of {roots} causes"
            )

        yield show


def known_option(command: _Command) -> _Command:
    """Ask for a file of known findings."""
    return click.option(
        "--known",
        "known_file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        default=None,
        help="File of signed entries (docs/fuzzing.md): buckets that they match are no news.",
    )(command)


def read_known_file(path: Path | None) -> KnownBuckets:
    """Read it, if there is one; mistakes in it end with one clear error."""
    if path is None:
        return NOTHING_KNOWN
    try:
        return read_known(path, dt.datetime.now(dt.UTC).date())
    except ConformanceError as error:
        fail(str(error))


def report(summary: RunSummary, target_name: str, locator: str, known: KnownBuckets = NOTHING_KNOWN) -> bool:
    """Print what a run gave.

    Args:
        summary: what it gave.
        target_name: the target.
        locator: the implementation.
        known: what is no news.

    Returns:
        Whether there is news.
    """
    console = Console(soft_wrap=False)
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    roots = len({bucket.root for bucket in summary.buckets})
    rate = summary.executions / summary.seconds if summary.seconds else 0.0
    if summary.buckets:
        with attached(target_name, locator) as bound:
            console.print(_table(summary, bound, known))
    expected = sum(known.find(bucket.id) is not None for bucket in summary.buckets)
    counted = f" ({expected} of the buckets are known)" if expected else ""
    click.echo(
        f"{summary.implementation}, {summary.target}, {summary.engine}, seed {summary.seed}: "
        f"{summary.executions} inputs in {summary.seconds:.1f} s ({rate:.0f}/s), "
        f"{summary.features} transitions, {len(summary.buckets)} buckets of {roots} root causes{counted}"
    )
    for problem in known.problems((bucket.id for bucket in summary.buckets), target_name):
        click.echo(problem, err=True)
    return expected < len(summary.buckets)


def _short(line: str) -> str:
    return line if len(line) <= _LINE_WIDTH else f"{line[: _LINE_WIDTH - 1]}…"


def _table(summary: RunSummary, bound: BoundTarget, known: KnownBuckets) -> Table:
    table = Table(show_lines=False)
    table.add_column("bucket", overflow="fold")
    table.add_column("count", justify="right")
    table.add_column("first seen", justify="right")
    table.add_column("shortest input", overflow="fold")
    for bucket in summary.buckets:
        value = decode_input(bytes.fromhex(bucket.octets))
        entry = known.find(bucket.id)
        table.add_row(
            bucket.id.removeprefix(f"{summary.target}.") + (f"\nknown: {entry.label}" if entry else ""),
            str(bucket.count),
            f"{bucket.first_seconds:.2f} s (#{bucket.first_execution})",
            # Square brackets of a payload are no markup.
            "\n".join(_short(line).replace("[", "\\[") for line in bound.excerpt(value)[:_LINES]),
        )
    return table
