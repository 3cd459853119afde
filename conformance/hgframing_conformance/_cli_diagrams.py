"""`hgframing diagrams`: draws the state tables."""

from __future__ import annotations

from pathlib import Path

import click

from hgframing_conformance._diagrams import write_diagrams
from hgframing_conformance._summary import Exit


__all__ = ["command"]


@click.command("diagrams")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this Markdown file instead of standard output.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if the file is not what would be written.")
def command(output: Path | None, *, check: bool) -> int:
    """Draw the state tables of every revision as Mermaid diagrams, which Markdown viewers show."""
    text = write_diagrams()
    if output is None:
        if check:
            raise click.UsageError("--check needs --output")
        click.echo(text, nl=False)
        return Exit.AS_EXPECTED
    if output.exists() and output.read_text(encoding="utf-8") == text:
        click.echo(f"unchanged {output}")
        return Exit.AS_EXPECTED
    if check:
        click.echo(f"stale {output}")
        return Exit.NOT_AS_EXPECTED
    output.write_text(text, encoding="utf-8")
    click.echo(f"written {output}")
    return Exit.AS_EXPECTED
