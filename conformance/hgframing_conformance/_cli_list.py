"""`hgframing list`: which cases there are."""

from __future__ import annotations

from typing import Any

import click

from hgframing_conformance._options import load, selection_from, selection_options
from hgframing_conformance._select import select
from hgframing_conformance._summary import Exit


__all__ = ["command"]


@click.command("list")
@selection_options
@click.option("--names", is_flag=True, help="Print nothing but the names of the items, one a line.")
def command(**options: Any) -> int:
    """List the cases that the options select."""
    found = list(select(load(options), selection_from(options)))
    if not found:
        click.echo("hgframing: nothing is selected", err=True)
        return Exit.NOTHING_SELECTED
    if options["names"]:
        click.echo("\n".join(item.name for item in found))
        return Exit.AS_EXPECTED
    shown: dict[str, str] = {}
    for item in found:
        case = item.case
        shown.setdefault(
            item.names[1], f"{item.names[1]}  ({case.layer.value}, {case.level.value})  {case.title}"
        )
    click.echo("\n".join(shown.values()))
    click.echo(f"{len(shown)} cases, {len(found)} items", err=True)
    return Exit.AS_EXPECTED
