"""`hgframing strength`: plant faults in an implementation and count how many the vectors notice."""

from __future__ import annotations

import random
import time

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hgframing_conformance._cases import Case
from hgframing_conformance._control import Control, run_control
from hgframing_conformance._cover import choose_quick
from hgframing_conformance._equivalents import Equivalents, read_equivalents
from hgframing_conformance._generators import GENERATORS
from hgframing_conformance._locators import REFERENCE
from hgframing_conformance._mutants import Mutant, find_mutants
from hgframing_conformance._options import load, selection_from, selection_options
from hgframing_conformance._planting import module_files
from hgframing_conformance._quick import write_quick
from hgframing_conformance._reduction import generator_of
from hgframing_conformance._select import select
from hgframing_conformance._strength import StrengthOptions, measure
from hgframing_conformance._strength_page import Strength, iterate_diffs, write_strength_page
from hgframing_conformance._strength_state import StrengthState, sources_fingerprint
from hgframing_conformance._subject import Subject
from hgframing_conformance._summary import Exit
from hgframing_conformance._timings import time_cases
from hgframing_conformance._trial import Status


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
#: Excluded items that are named one by one.
_SHOWN: Final = 20


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
@click.option(
    "--controls",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Mutants in which nothing is changed; what fails in one of them may notice nothing.",
)
@click.option("--state", type=_FILE, help="Keep results in FILE, and go on where an earlier run stopped.")
@click.option(
    "--matrix",
    type=_FILE,
    help="Ask every item about every mutant, not only until one gates, and keep in FILE who notices what.",
)
@click.option(
    "--chunkings",
    type=click.Choice(["all", "first"]),
    default="all",
    show_default=True,
    help="first asks each case in one chunking; what survives can be asked in all later, with the same --state.",
)
@click.option(
    "--source",
    type=click.Choice(["hand", "generated"]),
    help="Only cases that people wrote, or only those that `hgframing generate` wrote.",
)
@click.option(
    "--generator",
    "generators",
    multiple=True,
    type=click.Choice(list(GENERATORS)),
    help="Only cases of this generator; may be repeated.",
)
@click.option(
    "--equivalents",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Mutants that need not be noticed, with proof: tests/equivalent-mutants.yaml.",
)
@click.option(
    "--floor",
    type=click.FloatRange(0, 100),
    default=100.0,
    show_default=True,
    metavar="PERCENT",
    help="Do not fail because of survivors if the figure is at least this.",
)
@click.option(
    "--quick",
    type=_FILE,
    help="Write the names of few cases that notice nearly as much: vectors/hgframing_vectors/quick.txt.",
)
@click.option("--page", type=_FILE, help="Write the table and the survivors in Markdown.")
@click.option("--item-timeout", type=_SECONDS, default=3.0, show_default=True, help="Seconds for one item.")
@click.option(
    "--mutant-timeout", type=_SECONDS, default=60.0, show_default=True, help="Seconds for one mutant."
)
def command(locator: str, **options: Any) -> int:
    """Plant one-line faults in an implementation and run the vectors alone against each.

    LOCATOR is direct:package.module:factory (default: the reference). Every mutant has a process of its own; no file is
    changed. Exits 1 if a fault survives that --equivalents does not explain (--floor allows some), or if that file no
    longer holds; 3 if items had to be left out because they fail with nothing planted.

    An implementation other than the reference need not pass: an item that fails notices a fault where it then fails in
    another way, or passes.
    """
    kind, _, target = locator.partition(":")
    if kind != "direct":
        raise click.UsageError(f"{locator}: faults can be planted in this process only; write direct:…")
    if options["state"] and options["matrix"]:
        raise click.UsageError("a matrix is its own state: name one file")
    excused = read_equivalents(options["equivalents"]) if options["equivalents"] else Equivalents()
    every = _mutants(options["package"], options["modules"])
    chosen = _sample(every, options["sample"], options["seed"])
    cases = _cases(options)
    if not cases or not chosen:
        return Exit.NOTHING_SELECTED
    first = options["chunkings"] == "first"
    subject = Subject(options["package"], target, cases, failing=locator != REFERENCE, first=first)
    sources = sources_fingerprint(subject.files, target, options["match"])
    items = subject.names if options["matrix"] else None
    state = StrengthState(options["matrix"] or options["state"], sources, cases, items, first=first)
    control, seconds = _measure(subject, chosen, state, options)
    results = {mutant.id: state.results[mutant.id] for mutant in chosen}
    places = {mutant.id: subject.place(mutant) for mutant in every}
    strength = Strength(chosen, results, excused, places)
    files = {name: str(file) for name, file in subject.files.items()}
    for text in iterate_diffs(strength.survivors, files, strength.unreached):
        click.echo(text)
    problems = list(excused.problems(every, results, places))
    for problem in problems:
        click.echo(f"{options['equivalents']}: {problem}")
    _print(strength, seconds)
    stillborn = sum(result.status is Status.STILLBORN for result in results.values())
    remarks = _remarks(subject, control, stillborn, options)
    click.echo("\n".join(remarks))
    if options["quick"]:
        quick = choose_quick(time_cases(cases), results.values(), subject.names)
        write_quick(options["quick"], quick.ids)
        click.echo(f"{len(quick.ids)} cases notice {quick.share:.1%} of what all of them notice")
    if options["page"]:
        options["page"].write_text(write_strength_page(strength, excused, every, remarks), encoding="utf-8")
    if problems or strength.total().figure * 100 < options["floor"]:
        return Exit.NOT_AS_EXPECTED
    return Exit.INCOMPLETE if control.excluded else Exit.AS_EXPECTED


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


def _cases(options: Mapping[str, Any]) -> list[Case]:
    wanted = {id(item.case): item.case for item in select(load(dict(options)), selection_from(dict(options)))}
    sources = {None: {True, False}, "hand": {False}, "generated": {True}}[options["source"]]
    generators = options["generators"]
    return [
        case
        for case in wanted.values()
        if case.source.startswith("generated:") in sources
        and (not generators or generator_of(case) in generators)
    ]


def _sample(every: Sequence[Mutant], size: int | None, seed: int) -> list[Mutant]:
    if size is None or size >= len(every):
        return list(every)
    keep = set(random.Random(seed).sample(range(len(every)), size))  # noqa: S311
    return [mutant for index, mutant in enumerate(every) if index in keep]


def _measure(
    subject: Subject, chosen: Sequence[Mutant], state: StrengthState, options: Mapping[str, Any]
) -> tuple[Control, float]:
    """Run the control, and measure what is not known yet; return the seconds for one mutant too."""
    limits = StrengthOptions(
        jobs=options["jobs"],
        item_timeout=options["item_timeout"],
        mutant_timeout=options["mutant_timeout"],
        messages=options["match"] == "message",
        every=options["matrix"] is not None,
    )
    modules = sorted({mutant.module for mutant in chosen})
    control = run_control(subject, modules, limits, options["controls"])
    state.distrust(control.excluded)
    _tell_excluded(control.excluded)
    todo = [mutant for mutant in chosen if mutant.id not in state.results]
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Without a thread of its own that refreshes it: processes are forked meanwhile.
    progress = Progress(
        *columns, console=console, auto_refresh=False, disable=not console.is_terminal, transient=True
    )
    started = time.monotonic()
    with progress:
        task = progress.add_task("mutants", total=len(todo))
        for result in measure(subject, todo, limits, state.hints):
            state.add(result)
            progress.advance(task)
            progress.refresh()
    return control, (time.monotonic() - started) / len(todo) if todo else 0.0


def _tell_excluded(names: Collection[str]) -> None:
    for name in list(names)[:_SHOWN]:
        click.echo(f"{name} fails with nothing planted, and may notice nothing", err=True)
    if len(names) > _SHOWN:
        click.echo(f"and {len(names) - _SHOWN} more", err=True)


def _remarks(subject: Subject, control: Control, stillborn: int, options: Mapping[str, Any]) -> list[str]:
    """Say what was measured, in sentences."""
    how = "" if options["chunkings"] == "all" else ", one chunking of each case"
    said = [f"The tier is {options['tier']}: {len(subject.names)} items{how}."]
    if stillborn:
        said.append(f"{stillborn} faults more keep the package from being imported, and do not count.")
    if subject.failing:
        said.append(f"{len(subject.failing)} of them fail with nothing planted.")
    times = "once" if control.runs == 1 else f"{control.runs} times"
    if control.excluded:
        said.append(f"{len(control.excluded)} failed in the control and were left out.")
    else:
        said.append(f"The control, with nothing planted, ran {times}, and every item did as before.")
    return said


def _print(strength: Strength, seconds: float) -> None:
    heads = (
        "module",
        "mutants",
        "noticed",
        "gating",
        "equivalent",
        "open",
        "unreached",
        "survived",
        "figure",
    )
    click.echo("{:16}{:>9}{:>9}{:>8}{:>12}{:>6}{:>11}{:>10}{:>8}".format(*heads))
    rows = {module.rpartition(".")[2]: row for module, row in strength.rows().items()}
    for name, row in {**rows, "all": strength.total()}.items():
        click.echo(
            f"{name:16}{row.mutants:>9}{row.noticed:>9}{row.gating:>8}{row.equivalent:>12}{row.left_open:>6}"
            f"{row.out_of_reach:>11}{row.survived:>10}{row.figure:>8.1%}"
        )
    if seconds:
        click.echo(f"{1 / seconds:.1f} mutants a second")
