"""`hgframing smoke`: walk a new harness through its life, with advice."""

from __future__ import annotations

from pathlib import Path

import click

from hgframing_conformance._options import suites_option, timeout_option
from hgframing_conformance._smoke import Smoke
from hgframing_conformance._suites import load_suites


__all__ = ["command"]


@click.command("smoke")
@click.argument("harness", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND ARGS...")
@timeout_option
@suites_option
def command(harness: tuple[str, ...], timeout: float, paths: tuple[Path, ...]) -> int:
    """Try a new harness: hello, what it declares, one case of each layer and revision, a faulty peer, its end.

    It shows every line in both directions, and says of what is wrong how to repair it.
    """
    return Smoke(harness, load_suites(list(paths) or None), timeout, click.echo).run()
