"""`hgframing strength`: plant faults in an implementation and count how many the vectors notice."""

from __future__ import annotations

import random
import sys
import time

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from hgframing_conformance._equivalents import Equivalents, read_equivalents
from hgframing_conformance._locators import REFERENCE
from hgframing_conformance._mutants import Mutant, find_mutants
from hgframing_conformance._options import load, selection_from, selection_options
from hgframing_conformance._planting import module_files
from hgframing_conformance._select import select
from hgframing_conformance._strength import StrengthOptions, measure
from hgframing_conformance._strength_page import Strength, iterate_diffs, write_strength_page
from hgframing_conformance._strength_state import StrengthState, fingerprint
from hgframing_conformance._subject import Subject
from hgframing_conformance._summary import Exit


__all__ = ["command"]

#: Modules of the reference whose faults vectors are to notice. The rest is notation, errors, and the API of responses.
_OF_REFERENCE: Final = (
    "_answers",
    "_buffer",
    "_cbor",
    "_client",
    "_commands",
    "_encodings",
    "_faults",
    "_frames",
    "_limits",
    "_maps",
    "_progress",
    "_requests",
    "_responses",
    "_revisions",
    "_server",
    "_settings",
    "_states",
    "_streams",
    "_text",
)
_FILE: Final = click.Path(dir_okay=False, path_type=Path)
_SECONDS: Final = click.FloatRange(min=0, min_open=True)


@click.command("strength")
@click.argument("locator", default=REFERENCE)
@selection_options
@click.option(
    "--match",
    type=click.Choice(["code", "message"]),
    default="message",
    show_default=True,
    help="How much of an error must agree; the wrong words alone never gate.",
)
@click.option("--package", default="hgframing", show_default=True, help="The package to plant faults in.")
@click.option(
    "--module",
    "modules",
    multiple=True,
    help="Only this module of it, _server for instance; may be repeated.",
)
@click.option("--sample", type=click.IntRange(min=1), help="Measure only so many mutants, chosen by --seed.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes side by side."
)
@click.option("--state", type=_FILE, help="Keep results in FILE, and go on where an earlier run stopped.")
@click.option(
    "--equivalents",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Mutants that need not be noticed, with proof: tests/equivalent-mutants.yaml.",
)
@click.option("--page", type=_FILE, help="Write the table and the survivors in Markdown.")
@click.option("--item-timeout", type=_SECONDS, default=3.0, show_default=True, help="Seconds for one item.")
@click.option(
    "--mutant-timeout", type=_SECONDS, default=60.0, show_default=True, help="Seconds for one mutant."
)
def command(locator: str, **options: Any) -> int:
    """Plant one-line faults in an implementation and run the vectors alone against each.

    LOCATOR is direct:package.module:factory (default: the reference). Every mutant has a process of its own; no file is
    changed. Exits 1 if a fault survives that --equivalents does not explain, or if that file no longer holds.
    """
    kind, _, target = locator.partition(":")
    if kind != "direct":
        raise click.UsageError(f"{locator}: faults can be planted in this process only; write direct:…")
    excused = read_equivalents(options["equivalents"]) if options["equivalents"] else Equivalents()
    every = _mutants(options["package"], options["modules"])
    chosen = every
    if options["sample"] is not None and options["sample"] < len(every):
        keep = set(random.Random(options["seed"]).sample(range(len(every)), options["sample"]))  # noqa: S311
        chosen = [mutant for index, mutant in enumerate(every) if index in keep]
    wanted = {id(item.case): item.case for item in select(load(options), selection_from(options))}
    cases = list(wanted.values())
    messages = options["match"] == "message"
    subject = Subject(options["package"], target, cases, messages=messages)
    state = StrengthState(options["state"], fingerprint(subject.files, cases, messages=messages))
    seconds = _measure(subject, chosen, state, options)
    results = {mutant.id: state.results[mutant.id] for mutant in chosen}
    strength = Strength(chosen, results, excused)
    files = {name: str(file) for name, file in subject.files.items()}
    for text in iterate_diffs(strength.survivors, files):
        click.echo(text)
    reached = {mutant.id: subject.is_reached(mutant) for mutant in every}
    problems = list(excused.problems(every, results, reached))
    for problem in problems:
        click.echo(f"{options['equivalents']}: {problem}")
    _print(strength, seconds)
    if options["page"]:
        options["page"].write_text(write_strength_page(strength, excused, every), encoding="utf-8")
    return Exit.NOT_AS_EXPECTED if strength.survivors or problems else Exit.AS_EXPECTED


def _mutants(package: str, modules: Sequence[str]) -> list[Mutant]:
    """Find the mutants of the modules that are asked for; of the reference, of those that vectors speak of."""
    files = module_files(package)
    names = modules or (_OF_REFERENCE if package == "hgframing" else ())
    chosen = {name if name.startswith(f"{package}.") else f"{package}.{name}" for name in names} or set(files)
    if chosen - set(files):
        raise click.UsageError(f"{package} has no module {', '.join(sorted(chosen - set(files)))}")
    return [
        mutant
        for name, file in files.items()
        if name in chosen
        for mutant in find_mutants(name, file.read_bytes())
    ]


def _measure(
    subject: Subject, chosen: Sequence[Mutant], state: StrengthState, options: Mapping[str, Any]
) -> float:
    """Measure what is not known yet; return the seconds for one mutant."""
    todo = [mutant for mutant in chosen if mutant.id not in state.results]
    limits = StrengthOptions(
        jobs=options["jobs"],
        item_timeout=options["item_timeout"],
        mutant_timeout=options["mutant_timeout"],
        messages=options["match"] == "message",
    )
    started = time.monotonic()
    for done, result in enumerate(measure(subject, todo, limits, state.hints), start=1):
        state.add(result)
        if sys.stderr.isatty():
            click.echo(f"\r{done} of {len(todo)}", nl=False, err=True)
    return (time.monotonic() - started) / len(todo) if todo else 0.0


def _print(strength: Strength, seconds: float) -> None:
    heads = ("module", "mutants", "noticed", "gating", "equivalent", "unreached", "survived", "figure")
    click.echo("{:14}{:>9}{:>9}{:>8}{:>12}{:>11}{:>10}{:>8}".format(*heads))
    rows = {module.rpartition(".")[2]: row for module, row in strength.rows().items()}
    for name, row in {**rows, "all": strength.total()}.items():
        click.echo(
            f"{name:14}{row.mutants:>9}{row.noticed:>9}{row.gating:>8}{row.equivalent:>12}"
            f"{row.out_of_reach:>11}{row.survived:>10}{row.figure:>8.1%}"
        )
    if seconds:
        click.echo(f"{1 / seconds:.1f} mutants a second")
