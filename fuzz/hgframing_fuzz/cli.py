"""The command `hgframing-fuzz`.

Exit statuses: 0 nothing found, 1 something found, 2 wrong usage, an implementation that cannot be attached,
or an engine that cannot work.
"""

from __future__ import annotations

import enum
import importlib.util
import signal
import sys
import time

from pathlib import Path
from random import Random
from typing import Final, NoReturn

import click

from hgframing_fuzz._atheris_worker import WorkerError, WorkOrder, run_worker
from hgframing_fuzz._buckets import Bucket, BucketTable
from hgframing_fuzz._campaign import CampaignDirectory, CampaignError, Identity
from hgframing_fuzz._campaign_run import run_session
from hgframing_fuzz._cli_campaign import promote, status, triage
from hgframing_fuzz._cli_report import attached, fail, open_directory, report, show_progress, target_options
from hgframing_fuzz._findings import FindingsDirectory, RunSummary
from hgframing_fuzz._input import decode_input, encode_input
from hgframing_fuzz._loop import Budget, LoopStats, run_loop
from hgframing_fuzz._minimize import minimize as minimize_input
from hgframing_fuzz._outcome import run as run_octets
from hgframing_fuzz._spec import BoundTarget
from hgframing_fuzz.targets import TARGETS


__all__ = ["main"]

_FOUND: Final = 1


class Engine(enum.StrEnum):
    """What makes inputs."""

    LOOP = "loop"
    ATHERIS = "atheris"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hgframing")
def main() -> None:
    """Fuzz implementations of Mercurial's frame-based wire protocol."""


@main.command()
@target_options
@click.option(
    "--engine",
    type=click.Choice([engine.value for engine in Engine]),
    default=Engine.LOOP.value,
    show_default=True,
    help="What makes inputs; atheris needs the extra `fuzz`.",
)
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), default=60.0, show_default=True)
@click.option(
    "--hours", type=click.FloatRange(min=0, min_open=True), default=None, help="Instead of --seconds."
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=None,
    help="A campaign: so many processes over one corpus, which a later run into the directory goes on with.",
)
@click.option(
    "--executions",
    type=click.IntRange(min=1),
    default=None,
    help="End after so many inputs if that is sooner; the engine `loop` can then be repeated exactly.",
)
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("findings"),
    show_default=True,
    help="Where findings go.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=None, help="Where choices start; default: the clock."
)
def run(  # noqa: PLR0913 -- one for each option
    *,
    target_name: str,
    locator: str,
    engine: str,
    seconds: float,
    hours: float | None,
    workers: int | None,
    executions: int | None,
    directory: Path,
    seed: int | None,
) -> None:
    """Fuzz for a while, sort what is found, and go on.

    Findings are written to the directory as <bucket>.bin and <bucket>.txt.
    """
    chosen = time.time_ns() % 1_000_000 if seed is None else seed
    findings = open_directory(directory)
    seconds = seconds if hours is None else hours * 3600
    if workers is not None:
        if executions is not None or Engine(engine) is not Engine.LOOP:
            fail("workers run the engine `loop`, for --seconds or --hours")
        identity = Identity(target_name, locator, chosen)
        summary = _run_campaign(CampaignDirectory(directory), identity, workers, seconds)
        report(summary, target_name, locator)
        sys.exit(_FOUND if summary.buckets else 0)
    match Engine(engine):
        case Engine.LOOP:
            budget = Budget(seconds=seconds, executions=executions)
            summary = _run_loop(target_name, locator, budget, findings, chosen)
        case Engine.ATHERIS:
            if executions is not None:
                fail("only the engine `loop` counts executions")
            summary = _run_atheris(target_name, locator, seconds, findings, chosen)
    report(summary, target_name, locator)
    sys.exit(_FOUND if summary.buckets else 0)


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
            seeds=[path.read_bytes() for path in findings.inputs()],
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


def _run_campaign(
    campaign: CampaignDirectory, identity: Identity, workers: int, seconds: float
) -> RunSummary:
    """Run workers over a shared corpus."""
    # A user's mistake is told here, before any worker meets it.
    with attached(identity.target, identity.locator):
        pass

    def interrupt(_number: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    # What stops a service stops a campaign as cleanly as Ctrl-C does.
    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        with show_progress() as show:

            def progress(total: RunSummary) -> None:
                roots = {bucket.root for bucket in total.buckets}
                show(total.executions, total.seconds, len(total.buckets), len(roots))

            return run_session(campaign, identity, workers=workers, seconds=seconds, on_progress=progress)
    except CampaignError as error:
        fail(str(error))
    finally:
        signal.signal(signal.SIGTERM, previous)


def _run_atheris(
    target_name: str, locator: str, seconds: float, findings: FindingsDirectory, seed: int
) -> RunSummary:
    """Run atheris in a process of its own."""
    if importlib.util.find_spec("atheris") is None:
        fail(
            "atheris is not installed; the extra hgframing[fuzz] brings it where it exists (Linux on x86_64)"
        )
    with attached(target_name, locator) as bound:
        if not bound.subject.instrument:
            fail(f"{bound.subject.name} has no code in this process; only the engine `loop` can fuzz it")
    order = WorkOrder(target_name, locator, str(findings.path), seconds, seed)
    with show_progress() as show:

        def progress(summary: RunSummary) -> None:
            roots = {bucket.root for bucket in summary.buckets}
            show(summary.executions, summary.seconds, len(summary.buckets), len(roots))

        try:
            return run_worker(order, on_progress=progress)
        except WorkerError as error:
            fail(str(error))


@main.command()
@target_options
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
def replay(*, target_name: str, locator: str, files: tuple[Path, ...]) -> None:
    """Run inputs again and say what each of them gives."""
    found = False
    with attached(target_name, locator) as bound:
        table = BucketTable(target_name)
        for file in files:
            octets = file.read_bytes()
            value = decode_input(octets)
            click.echo(f"{file}: {len(octets)} octets")
            for line in bound.describe(value):
                click.echo(f"  {line}")
            finding = run_octets(bound.target, octets).finding
            if finding is None:
                click.echo("  no finding")
                continue
            found = True
            click.echo(f"  bucket      {table.key(finding).id}\n  message     {finding.message}")
            click.echo("".join(f"  | {line}\n" for line in finding.explain().splitlines()))
    sys.exit(_FOUND if found else 0)


@main.command()
@target_options
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
def describe(*, target_name: str, locator: str, files: tuple[Path, ...]) -> None:
    """Say what is in inputs, without running them."""
    with attached(target_name, locator) as bound:
        for file in files:
            value = decode_input(file.read_bytes())
            for line in bound.describe(value):
                click.echo(line)


@main.command("minimize")
@target_options
@click.option(
    "--directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=None,
    help="Minimize every input of a findings directory.",
)
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def minimize(*, target_name: str, locator: str, directory: Path | None, files: tuple[Path, ...]) -> None:
    """Make inputs smaller that still fall into the same bucket.

    An input of a findings directory is replaced, with its text; a file that is named is written beside itself
    as <file>.min.
    """
    if not files and directory is None:
        raise click.UsageError("name files, or a --directory")
    with attached(target_name, locator) as bound:
        for file in files:
            octets = _minimize_file(bound, file)
            if octets is not None:
                file.with_name(f"{file.name}.min").write_bytes(octets)
        if directory is not None:
            findings = open_directory(directory)
            for file in findings.inputs():
                octets = _minimize_file(bound, file)
                if octets is not None:
                    _store(bound, findings, octets)


def _minimize_file(bound: BoundTarget, file: Path) -> bytes | None:
    """Minimize one file and say how far it came."""
    before = file.read_bytes()
    smaller = minimize_input(bound.target, decode_input(before))
    if smaller is None:
        click.echo(f"{file}: no finding")
        return None
    octets = encode_input(smaller)
    click.echo(f"{file}: {len(before)} octets became {len(octets)}")
    return octets


def _store(bound: BoundTarget, findings: FindingsDirectory, octets: bytes) -> None:
    """Write a minimized input with its text."""
    outcome = run_octets(bound.target, octets)
    if outcome.finding is None:
        return
    table = BucketTable(bound.spec.name)
    bucket = table.add(outcome.finding, octets, seconds=0.0, execution=1)
    if bucket is not None:
        findings.save(bucket, bound.describe(decode_input(octets)))


@main.command()
def targets() -> None:
    """List what can be fuzzed."""
    for spec in TARGETS.values():
        click.echo(f"{spec.name}  {spec.summary}")


main.add_command(status)
main.add_command(triage)
main.add_command(promote)
