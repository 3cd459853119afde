"""`hgframing-fuzz run`: a campaign of worker processes, or a run in this process that can be repeated exactly."""

from __future__ import annotations

import signal
import sys
import time

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Final, NoReturn

import click

from rich.console import Console
from rich.live import Live
from rich.text import Text

from hgframing_fuzz._buckets import Bucket, BucketTable
from hgframing_fuzz._campaign import (
    MAX_CORPUS,
    MAX_CORPUS_OCTETS,
    CampaignDirectory,
    CampaignError,
    Identity,
    OtherCampaignError,
)
from hgframing_fuzz._campaign_page import PAGE, write_page
from hgframing_fuzz._campaign_run import Field, Plan, run_session
from hgframing_fuzz._cli_report import (
    attached,
    fail,
    implementation_option,
    known_option,
    open_directory,
    read_known_file,
    report,
    show_progress,
)
from hgframing_fuzz._engines import Choice, Engine, choose_engines, engines_of
from hgframing_fuzz._findings import FindingsDirectory, RunSummary
from hgframing_fuzz._input import decode_input
from hgframing_fuzz._known import KnownBuckets
from hgframing_fuzz._loop import Budget, LoopStats, run_loop
from hgframing_fuzz._machine import cores
from hgframing_fuzz._status import growth, read_status, status_lines
from hgframing_fuzz.targets import TARGETS


__all__ = ["run"]

_FOUND: Final = 1
_INCOMPLETE: Final = 3
#: Seconds between two pictures of a campaign on a terminal.
_REFRESH: Final = 2.0
#: Seconds between two pages.
_PAGE_INTERVAL: Final = 60.0
_MIB: Final = 1024 * 1024

_HELP: Final = f"""Fuzz for a while, sort what is found, and go on.

Worker processes share a corpus; the same command into the same directory goes on where the last one ended, whatever
ended it. A mixed campaign runs the generator loop and atheris side by side and changes an engine that has seen nothing
new for --plateau seconds. End it with Ctrl-C, SIGTERM or a file named `stop` in the directory.

Several --target share the workers fairly; each has a directory of its own below --directory.

The corpus is bounded by {MAX_CORPUS} inputs and {MAX_CORPUS_OCTETS // _MIB} MiB, what a worker prints by 1 MiB, a
worker by --memory and by 1 GiB of address space above what it starts with. What a worker was running when the system
killed it becomes a finding.

Exit statuses: 0 nothing found that is not --known, 1 something found, 2 wrong usage or an implementation that cannot be
attached, 3 workers could not work or a target was not reached.
"""


@click.command(help=_HELP)
@click.option(
    "--target",
    "target_names",
    type=click.Choice(list(TARGETS)),
    multiple=True,
    default=("server-reactor",),
    show_default=True,
    help="What is driven; may be repeated.",
)
@implementation_option
@click.option(
    "--engine",
    type=click.Choice([choice.value for choice in Choice]),
    default=None,
    help="What makes inputs; default: mixed where atheris is installed and can see the code, else loop.",
)
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), default=60.0, show_default=True)
@click.option(
    "--hours", type=click.FloatRange(min=0, min_open=True), default=None, help="Instead of --seconds."
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=None,
    help="Worker processes; default: one for each core.",
)
@click.option(
    "--executions",
    type=click.IntRange(min=1),
    default=None,
    help="Run the loop in this process and end after so many inputs; with --seed that is repeated exactly.",
)
@click.option(
    "--plateau",
    type=click.FloatRange(min=1),
    default=60.0,
    show_default=True,
    help="Seconds without anything new after which a worker's engine is changed; longer when nobody sees anything.",
)
@click.option(
    "--memory",
    type=click.IntRange(min=64),
    default=768,
    show_default=True,
    help="MiB above which a worker is started anew.",
)
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("findings"),
    show_default=True,
    help="Where findings go: <bucket>.bin and <bucket>.txt.",
)
@known_option
@click.option(
    "--seed", type=click.IntRange(min=0), default=None, help="Where choices start; default: the clock."
)
def run(  # noqa: PLR0913 -- one for each option
    *,
    target_names: tuple[str, ...],
    locator: str,
    engine: str | None,
    seconds: float,
    hours: float | None,
    workers: int | None,
    executions: int | None,
    plateau: float,
    memory: int,
    directory: Path,
    known_file: Path | None,
    seed: int | None,
) -> None:
    """Fuzz for a while."""
    known = read_known_file(known_file)
    seconds = seconds if hours is None else hours * 3600
    chosen = time.time_ns() % 1_000_000 if seed is None else seed
    names = tuple(dict.fromkeys(target_names))
    if executions is not None:
        if workers is not None or engine not in {None, Choice.LOOP} or len(names) > 1:
            fail("--executions counts the inputs of one target, in this process, with the engine `loop`")
        budget = Budget(seconds=seconds, executions=executions)
        summary = _run_loop(names[0], locator, budget, open_directory(directory), chosen)
        sys.exit(_FOUND if report(summary, names[0], locator, known) else 0)
    plan = Plan(
        workers=cores() if workers is None else workers,
        seconds=seconds,
        plateau=plateau,
        resident=memory * _MIB,
    )
    choice = None if engine is None else Choice(engine)
    open_directory(directory)
    paths = [directory] if len(names) == 1 else [directory / name for name in names]
    fields = [_field(name, locator, choice, path, chosen) for name, path in zip(names, paths, strict=True)]
    sys.exit(_run_campaign(directory, fields, plan, known))


def _field(name: str, locator: str, choice: Choice | None, path: Path, seed: int) -> Field:
    """Attach once what the workers will attach: a user's mistake is told here, before any worker meets it."""
    with attached(name, locator) as bound:
        try:
            possible, why = choose_engines(choice, bound.subject)
        except ValueError as error:
            fail(str(error))
        if why:
            click.echo(f"{name}: engine loop alone: {why}", err=True)
        open_directory(path)
        return Field(
            directory=CampaignDirectory(path),
            identity=Identity(name, locator, seed),
            engines=engines_of(possible),
            describe=bound.describe,
            code=bound.subject.code,
        )


def _run_loop(
    target_name: str, locator: str, budget: Budget, findings: FindingsDirectory, seed: int
) -> RunSummary:
    """Run the loop in this process."""
    table = BucketTable(target_name)
    rng = Random(seed)  # noqa: S311 -- repeatable on purpose
    with attached(target_name, locator) as bound, show_progress() as show:

        def save(bucket: Bucket) -> None:
            findings.save(bucket, bound.describe(decode_input(bucket.shortest)))

        def progress(stats: LoopStats) -> None:
            show(stats.executions, stats.seconds, len(table), table.roots)

        stats = run_loop(
            bound.target,
            bound.mutator(rng),
            rng,
            table,
            budget=budget,
            seeds=[*bound.spec.seeds(), *findings.seeds()],
            on_bucket=save,
            on_progress=progress,
        )
        name = bound.subject.name
    summary = RunSummary(
        target=target_name,
        implementation=name,
        engine=Engine.LOOP,
        seed=seed,
        executions=stats.executions,
        seconds=round(stats.seconds, 3),
        features=stats.features,
        buckets=RunSummary.summarise(table),
    )
    findings.write_summary(summary)
    return summary


def _run_campaign(root: Path, fields: list[Field], plan: Plan, known: KnownBuckets) -> int:
    """Run workers, tell what they found, and say how that is to be taken."""

    def interrupt(_number: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    # What stops a service stops a campaign as cleanly as Ctrl-C does.
    previous = signal.signal(signal.SIGTERM, interrupt)
    trouble: list[str] = []
    picture = _Picture(root / PAGE, [field.directory for field in fields], known)
    try:
        with _show_status(fields) as show:

            def tick() -> None:
                show()
                picture()

            run_session(root, fields, plan, on_tick=tick)
    except OtherCampaignError as error:
        fail(str(error))
    except CampaignError as error:
        trouble.append(str(error))
    finally:
        signal.signal(signal.SIGTERM, previous)
    found = False
    for field in fields:
        total = field.directory.total()
        if total is None or not total.executions:
            trouble.append(f"{field.identity.target}: no input was run")
            continue
        found = report(total, field.identity.target, field.identity.locator, known) or found
        status = read_status(field.directory)
        if status is not None and (notice := growth(status)):
            click.echo(f"hgframing-fuzz: {field.identity.target}: {notice}", err=True)
    picture.draw()
    if picture.trouble:
        trouble.append(picture.trouble)
    for text in trouble:
        click.echo(f"hgframing-fuzz: {text}", err=True)
    if trouble:
        return _INCOMPLETE
    return _FOUND if found else 0


class _Picture:
    """Writes the page of a campaign now and then."""

    def __init__(self, path: Path, campaigns: list[CampaignDirectory], known: KnownBuckets) -> None:
        self.trouble = ""
        self._known = known
        self._path = path
        self._campaigns = campaigns
        self._due = time.monotonic() + _PAGE_INTERVAL

    def __call__(self) -> None:
        """Write it if it is time."""
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + _PAGE_INTERVAL
            self.draw()

    def draw(self) -> None:
        """Write it; a page that cannot be written ends no campaign."""
        try:
            write_page(self._path, self._campaigns, time.time(), self._known)
            self.trouble = ""
        except OSError as error:
            self.trouble = f"{self._path}: {error.strerror}"


@contextmanager
def _show_status(fields: list[Field]) -> Iterator[Callable[[], None]]:
    """Show on standard error how far a campaign is, if somebody watches."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda: None
        return
    due = 0.0
    with Live(Text("starting"), console=console, transient=True, auto_refresh=False) as live:

        def show() -> None:
            nonlocal due
            if time.monotonic() < due:
                return
            due = time.monotonic() + _REFRESH
            found = [status for field in fields if (status := read_status(field.directory)) is not None]
            texts = ("\n".join(status_lines(status)) for status in found)
            live.update(Text("\n\n".join(texts) or "starting"), refresh=True)

        yield show
