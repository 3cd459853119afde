"""`hgframing deviations`: what Mercurial does otherwise than its specification says."""

from __future__ import annotations

from pathlib import Path

import click

from hgframing_conformance._deviations import cases_by_number, load_deviations
from hgframing_conformance._deviations_page import explain, write_deviations_page
from hgframing_conformance._suites import load_suites
from hgframing_conformance._summary import Exit


__all__ = ["command"]


@click.command("deviations")
@click.argument("numbers", nargs=-1, metavar="[NUMBER]...")
@click.option(
    "--markdown", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write a page of the docs."
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if FILE of --markdown is stale.")
def command(numbers: tuple[str, ...], page: Path | None, *, check: bool) -> int:
    """Explain deviations of Mercurial, such as D11; without NUMBER, list all of them."""
    if check and page is None:
        raise click.UsageError("--check needs --markdown")
    entries = {entry.number: entry for entry in load_deviations()}
    if unknown := [number for number in numbers if number.upper() not in entries]:
        raise click.BadParameter(f"{unknown[0]!r} is none of D1 to D{len(entries)}", param_hint="NUMBER")
    cases = cases_by_number(entries.values(), load_suites())
    if page is not None:
        return _write(page, write_deviations_page(entries.values(), cases), check=check)
    if numbers:
        told = [explain(entries[number.upper()], cases[number.upper()]) for number in numbers]
        click.echo("\n\n".join(told))
    else:
        for entry in entries.values():
            click.echo(f"{entry.number:5} {len(cases[entry.number]):4} cases  {entry.title}")
    return Exit.AS_EXPECTED


def _write(page: Path, text: str, *, check: bool) -> int:
    if page.exists() and page.read_text(encoding="utf-8") == text:
        return Exit.AS_EXPECTED
    if check:
        click.echo(f"stale: {page}")
        return Exit.NOT_AS_EXPECTED
    page.write_text(text, encoding="utf-8")
    click.echo(f"written {page}")
    return Exit.AS_EXPECTED
