"""`hgframing revisions`: the revisions of the protocol."""

from __future__ import annotations

import click

from hgframing import REVISIONS


__all__ = ["command"]


@click.command("revisions")
def command() -> int:
    """List the revisions: key, header, media type, frame types and features."""
    for revision in REVISIONS.values():
        click.echo(f"{revision.key}  {revision.title}")
        click.echo(f"    media type  {revision.media_type}")
        click.echo(f"    header      {revision.header.size} octets")
        types = ", ".join(f"{number} {spec.name}" for number, spec in sorted(revision.frames.items()))
        click.echo(f"    frames      {types}")
        click.echo(f"    features    {', '.join(sorted(feature.value for feature in revision.features))}")
        if revision.encodings:
            click.echo(f"    encodings   {', '.join(revision.encodings)}")
    return 0
