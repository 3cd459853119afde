"""`hgframing show`: a case, or octets, as a transcript that a person can read."""

from __future__ import annotations

import re

from pathlib import Path
from typing import Final

import click

from hgframing import REVISIONS
from hgframing_conformance._cases import Case
from hgframing_conformance._requirements import load_requirements
from hgframing_conformance._suites import SuiteError, load_suites
from hgframing_conformance._summary import Exit
from hgframing_conformance._transcript import case_lines, octet_lines


__all__ = ["command"]

_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2}\s*)+")


@click.command("show")
@click.argument("what", metavar="CASE|HEX")
@click.option(
    "--revision", type=click.Choice(list(REVISIONS)), help="Which revision; HEX: the last by default."
)
@click.option(
    "--suites",
    "paths",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Suite files or directories instead of those that ship.",
)
def command(what: str, revision: str | None, paths: tuple[Path, ...]) -> int:
    """Explain a case (id, id@revision or an item's name), or octets in hex frame by frame."""
    case_id, _, rest = what.partition("@")
    wanted = rest.partition("[")[0] or revision
    if wanted is not None and wanted not in REVISIONS:
        raise click.UsageError(f"unknown revision {wanted!r}; known are {', '.join(REVISIONS)}")
    octets = _HEX.fullmatch(what.strip()) is not None
    cases = _cases(case_id, paths, optional=octets)
    if cases:
        return _show_cases([case for case in cases if wanted in {None, case.revision}], case_id)
    if octets:
        chosen = REVISIONS[wanted if wanted is not None else list(REVISIONS)[-1]]
        click.echo("\n".join(octet_lines(bytes.fromhex(what), chosen)))
        return Exit.AS_EXPECTED
    raise click.UsageError(f"{what!r} is no case's id and no hex octets; hgframing list shows the ids")


def _cases(case_id: str, paths: tuple[Path, ...], *, optional: bool) -> list[Case]:
    """Find a case in all its revisions; octets can be explained without suites that can be read."""
    try:
        cases = load_suites(list(paths) or None)
    except SuiteError:
        if not optional:
            raise
        return []
    return [case for case in cases if case.id == case_id]


def _show_cases(cases: list[Case], case_id: str) -> int:
    """Show a case: of the last revision that has it where several are left."""
    if not cases:
        click.echo(f"hgframing: {case_id} has no such revision", err=True)
        return Exit.NOTHING_SELECTED
    case = cases[-1]
    click.echo("\n".join(case_lines(case, REVISIONS[case.revision], load_requirements())))
    if len(cases) > 1:
        others = ", ".join(other.revision for other in cases[:-1])
        click.echo(f"\n{case_id} also exists in {others}: use --revision", err=True)
    return Exit.AS_EXPECTED
