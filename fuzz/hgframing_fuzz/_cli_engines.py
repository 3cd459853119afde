"""Commands of `hgframing-fuzz` for machines: `engine-files`, `replay-all` and `sweep`.

They serve continuous integration and other engines, and know all targets at once.
"""

from __future__ import annotations

import sys

from pathlib import Path
from typing import Final

import click

from hgframing_fuzz._cli_report import attached, fail
from hgframing_fuzz._cli_run import run
from hgframing_fuzz._engine_files import write_engine_files
from hgframing_fuzz._engines import Choice
from hgframing_fuzz._outcome import run as run_octets
from hgframing_fuzz.targets import TARGETS


__all__ = ["engine_files", "replay_all", "sweep"]

_FOUND: Final = 1

_targets_option = click.option(
    "--target",
    "names",
    type=click.Choice(list(TARGETS)),
    multiple=True,
    help="Only this one; may repeat. Default: all.",
)


@click.command("engine-files")
@_targets_option
@click.option(
    "--inputs",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=None,
    help="Inputs that belong into the corpora: a directory for each target, as fuzz/regressions.",
)
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
def engine_files(*, names: tuple[str, ...], inputs: Path | None, directory: Path) -> None:
    """Write what OSS-Fuzz and ClusterFuzzLite want beside each fuzzer.

    That is <name>_seed_corpus.zip, <name>.dict and <name>.options for every target, into DIRECTORY.
    """
    for name in names or TARGETS:
        try:
            files = write_engine_files(directory, TARGETS[name], inputs)
        except OSError as error:
            fail(f"{error.filename or directory}: {error.strerror}")
        for file in files:
            click.echo(f"{file}: {file.stat().st_size} octets")


@click.command("replay-all")
@_targets_option
@click.argument(
    "directories",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
def replay_all(*, names: tuple[str, ...], directories: tuple[Path, ...]) -> None:
    """Run every input of every target on the reference.

    A directory holds one for each target, with inputs (*.bin) and perhaps the corpus of a campaign. Under a tool
    such as coverage.py this says what the inputs reach.
    """
    found = 0
    for name in names or TARGETS:
        files = sorted(file for directory in directories for file in _inputs(directory / name))
        count = 0
        with attached(name, "reference") as bound:
            for file in files:
                finding = run_octets(bound.target, file.read_bytes()).finding
                if finding is not None:
                    count += 1
                    click.echo(f"{file}: {finding.kind} in {finding.where}: {finding.message}")
        click.echo(f"{name:<16} {len(files):>6} inputs, {count} findings")
        found += count
    sys.exit(_FOUND if found else 0)


def _inputs(directory: Path) -> list[Path]:
    """The inputs of a target: kept by hand or by a run, and the corpus beside them."""
    return [*directory.glob("*.bin"), *(file for file in directory.glob("corpus/*") if file.is_file())]


@click.command()
@_targets_option
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    help="For all targets together.",
)
@click.option("--seed", type=click.IntRange(min=0), default=None, help="As of `run`.")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("findings"),
    show_default=True,
    help="A directory for each target goes here; a later sweep goes on with it.",
)
@click.pass_context
def sweep(
    context: click.Context, *, names: tuple[str, ...], seconds: float, seed: int | None, directory: Path
) -> None:
    """Fuzz all targets for a short while, on the reference, with the engine `loop`.

    A `run` that names every target: they share the workers, and each has a directory of its own. Exit status as of
    `run`; 3 says that the time was too short for all of them.
    """
    chosen = names or tuple(TARGETS)
    context.invoke(
        run,
        target_names=chosen,
        locator="reference",
        engine=Choice.LOOP.value,
        seconds=seconds,
        seed=seed,
        directory=directory / chosen[0] if len(chosen) == 1 else directory,
    )
