"""`hgframing generate`: writes the suites that follow from the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

import hgframing_vectors

from hgframing_conformance import _alphabet, _boundaries, _payload_faults, _transitions
from hgframing_conformance._suite_writing import write_suite
from hgframing_conformance._summary import Exit


__all__ = ["command"]

_Suites = Iterator[tuple[str, dict[str, Any]]]

_GENERATORS: Final[Mapping[str, Callable[[], _Suites]]] = {
    _transitions.GENERATOR: _transitions.generate_transitions,
    _alphabet.GENERATOR: _alphabet.generate_alphabet,
    _boundaries.GENERATOR: _boundaries.generate_boundaries,
    _payload_faults.GENERATOR: _payload_faults.generate_payload_faults,
}


@click.command("generate")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory of suites to write to; default: the suites of this checkout.",
)
@click.option(
    "--generator",
    "names",
    multiple=True,
    type=click.Choice(list(_GENERATORS)),
    help="Run only this generator; may be repeated.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a suite is not what would be written.")
@click.option("--dry-run", is_flag=True, help="Write nothing; say what would be written.")
@click.option("--explain", is_flag=True, help="Write nothing; print the title of every case.")
def command(output: Path | None, names: tuple[str, ...], *, check: bool, dry_run: bool, explain: bool) -> int:
    """Write suites from the state tables.

    The same version writes the same octets. Expectations are read off the tables, never off an implementation. New ids
    must be registered afterwards: python -m hgframing_conformance._register.
    """
    directory = output or Path(str(hgframing_vectors.root())) / "suites"
    stale = 0
    for name in names or tuple(_GENERATORS):
        header = f"Written by `hgframing generate --generator {name}`; do not edit."
        for suite_name, suite in _GENERATORS[name]():
            file = directory / f"{suite_name}.yaml"
            text = write_suite(suite, header)
            is_fresh = file.exists() and file.read_text(encoding="utf-8") == text
            stale += not is_fresh
            if not is_fresh and not (check or dry_run or explain):
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            state = "unchanged" if is_fresh else "stale" if check or dry_run or explain else "written"
            click.echo(f"{state} {file} ({len(suite['cases'])} cases)")
            for case in suite["cases"] if explain else ():
                click.echo(f"  {case['id']}: {case['title']}")
    return Exit.NOT_AS_EXPECTED if check and stale else Exit.AS_EXPECTED
