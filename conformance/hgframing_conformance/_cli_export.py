"""`hgframing export`: the vectors for consumers without our runner."""

from __future__ import annotations

import shutil

from importlib.resources import as_file
from pathlib import Path
from typing import Any, Final

import click

import hgframing_vectors

from hgframing_conformance._compiled import compile_cases
from hgframing_conformance._options import load, selection_from, selection_options
from hgframing_conformance._select import select
from hgframing_conformance._summary import Exit


__all__ = ["command"]

_COPIED: Final = ("requirements.yaml", "ids.txt")


@click.command("export")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@selection_options
def command(directory: Path, **options: Any) -> int:
    """Write vectors.json, its JSON Schemas, the requirements and the ids to DIRECTORY.

    vectors.json has one entry for each case and revision, octets instead of notation, and needs a JSON library only;
    docs/consuming-vectors.md explains it. The options select what goes in; without them all of the core tier does.
    """
    selection = selection_from(options)
    cases = tuple({id(item.case): item.case for item in select(load(options), selection)}.values())
    if not cases:
        click.echo("hgframing: nothing is selected", err=True)
        return Exit.NOTHING_SELECTED
    directory.mkdir(parents=True, exist_ok=True)
    octets = compile_cases(cases)
    (directory / "vectors.json").write_bytes(octets)
    with as_file(hgframing_vectors.root()) as root:
        for name in _COPIED:
            shutil.copyfile(root / name, directory / name)
        shutil.copytree(root / "schemas", directory / "schemas", dirs_exist_ok=True)
    click.echo(f"{len(cases)} cases, {len(octets)} octets: {directory / 'vectors.json'}")
    return Exit.AS_EXPECTED
