"""The command `hgframing-fuzz`.

Exit statuses: 0 nothing found, 1 something found, 2 wrong usage or an implementation that cannot be attached, 3 a
campaign whose workers could not work.
"""

from __future__ import annotations

import sys

from pathlib import Path
from typing import Final

import click

from hgframing_fuzz._buckets import DIED, BucketTable
from hgframing_fuzz._campaign import Identity, campaigns_in
from hgframing_fuzz._cli_campaign import page, promote, status, triage
from hgframing_fuzz._cli_engines import engine_files, replay_all, sweep
from hgframing_fuzz._cli_report import attached, open_directory, target_options
from hgframing_fuzz._cli_run import run
from hgframing_fuzz._findings import FindingsDirectory
from hgframing_fuzz._input import decode_input, encode_input
from hgframing_fuzz._minimize import minimize as minimize_input
from hgframing_fuzz._outcome import run as run_octets
from hgframing_fuzz._spec import BoundTarget
from hgframing_fuzz.targets import TARGETS


__all__ = ["main"]

_FOUND: Final = 1
#: How often a minimized input is run before it is given up.
_TRIES: Final = 5


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hgframing")
def main() -> None:
    """Fuzz implementations of Mercurial's frame-based wire protocol."""


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
    help="Minimize every input of a campaign, or of a run; a campaign knows its target and implementation.",
)
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def minimize(*, target_name: str, locator: str, directory: Path | None, files: tuple[Path, ...]) -> None:
    """Make inputs smaller that still fall into the same bucket.

    An input of a findings directory is replaced, with its text; a file that is named is written beside itself
    as <file>.min.
    """
    if not files and directory is None:
        raise click.UsageError("name files, or a --directory")
    if files:
        with attached(target_name, locator) as bound:
            for file in files:
                octets = _minimize_file(bound, file)
                if octets is not None:
                    file.with_name(f"{file.name}.min").write_bytes(octets)
    if directory is not None:
        open_directory(directory)
        for campaign in campaigns_in(directory):
            identity = campaign.identity() or Identity(target_name, locator, 0)
            with attached(identity.target, identity.locator) as bound:
                _minimize_all(bound, campaign.findings)


def _minimize_all(bound: BoundTarget, findings: FindingsDirectory) -> None:
    """Minimize the inputs of a directory, each within the bucket that it is named after."""
    for file in findings.inputs():
        if f".{DIED}." in file.name:
            click.echo(f"{file}: ended its process, and would end this one")
            continue
        octets = _minimize_file(bound, file, bucket=file.stem)
        if octets is not None and not _store(bound, findings, octets):
            click.echo(f"{file}: what it became is at the edge of a bound, and is not stored")


def _minimize_file(bound: BoundTarget, file: Path, bucket: str = "") -> bytes | None:
    """Minimize one file and say how far it came."""
    before = file.read_bytes()
    value = decode_input(before)
    finding = bound.target.check(value).finding
    smaller = minimize_input(bound.target, value, form=bound.spec.form) if finding is not None else None
    if smaller is None or finding is None:
        click.echo(f"{file}: no finding")
        return None
    now = BucketTable(bound.spec.name).key(finding).id
    if bucket and now != bucket:
        click.echo(f"{file}: falls into {now} now, and is left")
        return None
    octets = encode_input(smaller)
    click.echo(f"{file}: {len(before)} octets became {len(octets)}, {len(smaller.frames)} frames")
    return octets


def _store(bound: BoundTarget, findings: FindingsDirectory, octets: bytes) -> bool:
    """Write a minimized input with its text, if it still is a finding: of time and memory it may be one only just."""
    for _ in range(_TRIES):
        finding = run_octets(bound.target, octets).finding
        if finding is None:
            continue
        bucket = BucketTable(bound.spec.name).add(finding, octets, seconds=0.0, execution=1)
        if bucket is not None:
            findings.save(bucket, bound.describe(decode_input(octets)))
        return True
    return False


@main.command()
def targets() -> None:
    """List what can be fuzzed."""
    for spec in TARGETS.values():
        click.echo(f"{spec.name}  {spec.summary}")


main.add_command(run)
main.add_command(status)
main.add_command(triage)
main.add_command(page)
main.add_command(promote)
main.add_command(engine_files)
main.add_command(replay_all)
main.add_command(sweep)


if __name__ == "__main__":
    main()
