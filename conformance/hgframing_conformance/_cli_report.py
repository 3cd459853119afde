"""`hgframing report`: several runs as one HTML page."""

from __future__ import annotations

from pathlib import Path

import click

from hgframing_conformance._page import write_page
from hgframing_conformance._quoting import clean
from hgframing_conformance._results import read_results
from hgframing_conformance._summary import Exit


__all__ = ["command"]


@click.command("report")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="RUN.jsonl...",
)
@click.option(
    "--html", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where to write the page."
)
def command(files: tuple[Path, ...], html: Path) -> int:
    """Show runs (`check --jsonl`) side by side in one HTML page.

    The page is one file that works without a network. It exits with 3 where a run is cut off or incomplete; the page is
    written all the same, and says so.
    """
    runs = read_results(files)
    write_page(html, runs)
    incomplete = [run for run in runs if not run.complete]
    for run in incomplete:
        click.echo(f"hgframing: {run.source}: {clean(run.why_incomplete)}", err=True)
    return Exit.INCOMPLETE if incomplete else Exit.AS_EXPECTED
