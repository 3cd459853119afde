"""`hgframing generate`: writes the suites that follow from the tables."""

from __future__ import annotations

import enum

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

import hgframing_vectors

from hgframing_conformance._cli_reduce import reduce
from hgframing_conformance._fingerprints import Record, read_records
from hgframing_conformance._generated_cases import FILE, read_generated_cases
from hgframing_conformance._generators import GENERATORS, Suites, explain
from hgframing_conformance._suite_writing import write_suite
from hgframing_conformance._summary import Exit


__all__ = ["command"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_LIST = "\n".join(f"  {name:<14}{generator.makes}" for name, generator in GENERATORS.items())


class _Mode(enum.Enum):
    WRITE = enum.auto()
    CHECK = enum.auto()
    TELL = enum.auto()


@click.command(
    "generate",
    epilog=f"\b\nGenerators:\n{_LIST}",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory of suites to write to; default: the suites of this checkout.",
)
@click.option(
    "--generator",
    "names",
    multiple=True,
    type=click.Choice(list(GENERATORS)),
    help="Run only this generator; may be repeated.",
)
@click.option("--seed", default=0, show_default=True, help="Decides what chance decides, in walks alone.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a suite is not what would be written.")
@click.option("--dry-run", is_flag=True, help="Write nothing; say what would be written.")
@click.option(
    "--explain",
    "explains",
    is_flag=True,
    help="Write nothing; say of every case why it exists, and what decides it.",
)
@click.option(
    "--reduce",
    "reduces",
    type=_FILE,
    metavar="MATRIX",
    help="First find the cases that notice nothing that another one does not; MATRIX is of `strength --matrix`.",
)
@click.option(
    "--release",
    "releases",
    multiple=True,
    type=_FILE,
    metavar="RUN",
    help="With --reduce: what tells releases apart is not alike; RUN is of `check --jsonl`. May be repeated.",
)
def command(
    output: Path | None,
    names: tuple[str, ...],
    *,
    seed: int,
    check: bool,
    dry_run: bool,
    explains: bool,
    reduces: Path | None,
    releases: tuple[Path, ...],
) -> int:
    """Write suites from the state tables.

    The same version writes the same octets. Expectations are read off the tables and the catalogue of requirements,
    never off an implementation. Afterwards `hgframing register` keeps the books: new ids, and the rev of what changed.

    What was measured once, --reduce puts down in generated.yaml beside the suites: which cases notice only what another
    one notices. These are of the tier full, the others distinct. Every later run follows that file, and measures
    nothing. With --check, it proves that no two cases of the tier distinct are alike.
    """
    root = Path(str(hgframing_vectors.root()))
    mode = _Mode.CHECK if check else _Mode.TELL if dry_run or explains else _Mode.WRITE
    stale = 0
    if reduces is not None:
        is_fresh = _bring(root / FILE, reduce(root, reduces, releases), mode)
        stale += not is_fresh
        click.echo(f"{_state(mode, is_fresh=is_fresh)} {root / FILE}")
    measured = read_generated_cases(root / FILE)
    records = _records(root)
    for name in names or tuple(GENERATORS):
        header = f"Written by `hgframing generate --generator {name}`; do not edit."
        for suite_name, whole in _shown(name, seed):
            suite = measured.apply(name, whole)
            reasons = [explain(case) for case in suite["cases"]] if explains else []
            file = (output or root / "suites") / f"{suite_name}.yaml"
            is_fresh = _bring(file, write_suite(_numbered(suite, records), header), mode)
            stale += not is_fresh
            click.echo(f"{_state(mode, is_fresh=is_fresh)} {file} ({len(suite['cases'])} cases)")
            for reason in reasons:
                click.echo(f"  {reason}")
    return Exit.NOT_AS_EXPECTED if check and stale else Exit.AS_EXPECTED


def _shown(name: str, seed: int) -> Suites:
    """Run a generator, and say on a terminal which suite it is at."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed} suites"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(name, total=None)
        for suite_name, suite in GENERATORS[name].suites(seed):
            progress.update(task, advance=1, description=f"{name}: {suite_name}")
            yield suite_name, suite


def _records(root: Path) -> Mapping[str, Record]:
    file = root / "revs.txt"
    return read_records(file.read_text(encoding="utf-8"), str(file))[0] if file.exists() else {}


def _numbered(suite: Mapping[str, Any], records: Mapping[str, Record]) -> dict[str, Any]:
    """Give cases that changed once the rev that is on record, and take away what is not written."""
    cases = []
    for case in suite["cases"]:
        record = records.get(case["id"])
        rev = {"rev": record.rev} if record is not None and record.rev > 1 else {}
        cases.append({"id": case["id"], **rev} | {key: value for key, value in case.items() if key != "why"})
    return {**suite, "cases": cases}


def _bring(file: Path, text: str, mode: _Mode) -> bool:
    """Write a file if it is not there as it should be; say whether it was."""
    is_fresh = file.exists() and file.read_text(encoding="utf-8") == text
    if not is_fresh and mode is _Mode.WRITE:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return is_fresh


def _state(mode: _Mode, *, is_fresh: bool) -> str:
    return "unchanged" if is_fresh else "written" if mode is _Mode.WRITE else "stale"
