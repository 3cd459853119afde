"""`hgframing coverage`: what the vectors cover, and what they do not."""

from __future__ import annotations

import json

from pathlib import Path

import click

from hgframing import REVISIONS
from hgframing_conformance._coverage import Coverage, as_json, measure
from hgframing_conformance._coverage_page import write_coverage_page
from hgframing_conformance._requirements import load_requirements
from hgframing_conformance._suites import load_suites
from hgframing_conformance._summary import Exit
from hgframing_conformance.errors import ConformanceError


__all__ = ["command"]


@click.command("coverage")
@click.option(
    "--suites",
    "paths",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Suite files or directories instead of those that ship.",
)
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write JSON.")
@click.option(
    "--markdown", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write a page of the docs."
)
@click.option("--check", is_flag=True, help="Exit 1 if there are holes, or if FILE of --markdown is stale.")
def command(paths: tuple[Path, ...], json_file: Path | None, page: Path | None, *, check: bool) -> int:
    """Show which cases decide each requirement, take each transition and show each deviation.

    A hole is a requirement that vectors can decide and the text demands, or a transition of a state table, without a
    case.
    """
    catalogue = load_requirements()
    if catalogue is None:
        raise ConformanceError("requirements.yaml is missing from the installation")
    cases = load_suites(paths or None)
    coverage = measure(cases, catalogue)
    if json_file is not None:
        json_file.write_text(json.dumps(as_json(coverage), indent=1) + "\n", encoding="utf-8")
    is_fresh = True
    if page is not None:
        text = write_coverage_page(cases, coverage)
        is_fresh = page.exists() and page.read_text(encoding="utf-8") == text
        if not is_fresh and not check:
            page.write_text(text, encoding="utf-8")
            click.echo(f"written {page}")
    for line in _summary(coverage):
        click.echo(line)
    holes = coverage.holes()
    for hole in holes:
        click.echo(f"hole: {hole}")
    if not is_fresh and check:
        click.echo(f"stale: {page}")
    return Exit.NOT_AS_EXPECTED if check and (holes or not is_fresh) else Exit.AS_EXPECTED


def _summary(coverage: Coverage) -> list[str]:
    lines = []
    for revision in REVISIONS:
        rows = [row for row in coverage.requirements if row.revision == revision]
        decided = sum(bool(row.conforming or row.violating) for row in rows)
        both = sum(bool(row.conforming and row.violating) for row in rows)
        table = coverage.transitions[revision]
        taken = sum(bool(ids) for ids in table.values())
        lines.append(
            f"{revision}: {decided} of {len(rows)} requirements, {both} of them both ways; "
            f"{taken} of {len(table)} transitions"
        )
    shown = sum(bool(ids) for ids in coverage.deviations.values())
    lines.append(f"{shown} of {len(coverage.deviations)} deviations of Mercurial")
    return lines
