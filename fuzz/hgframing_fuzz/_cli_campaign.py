"""The commands of `hgframing-fuzz` that read a directory of findings: `status`, `triage`, `promote`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import msgspec

from hgframing import Revision
from hgframing_fuzz._campaign import CampaignDirectory, campaigns_in
from hgframing_fuzz._description import excerpt
from hgframing_fuzz._drive import choose_revision
from hgframing_fuzz._findings import BucketSummary, RunSummary, write_whole
from hgframing_fuzz._input import REVISION_CODES, FuzzInput, decode_input
from hgframing_fuzz._status import read_status, status_lines
from hgframing_fuzz._triage import draft, suite_name, triage_lines
from hgframing_fuzz.targets import TARGETS


__all__ = ["promote", "status", "triage"]

_Command = TypeVar("_Command", bound=Callable[..., Any])

_USAGE: Final = 2


class _WrongUsageError(click.ClickException):
    """One clear error, exit status 2."""

    exit_code = _USAGE


def _directory_option(command: _Command) -> _Command:
    return click.option(
        "--directory",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        default=Path("findings"),
        show_default=True,
        help="Where findings are.",
    )(command)


def _read(directory: Path) -> tuple[CampaignDirectory, RunSummary]:
    """Read what a campaign or a single run has done."""
    campaign = CampaignDirectory(directory)
    summary = campaign.total() or campaign.findings.read_summary()
    if summary is None:
        raise _WrongUsageError(f"{directory}: no run has told anything there yet")
    return campaign, summary


def _decoded(campaign: CampaignDirectory, bucket: BucketSummary) -> tuple[FuzzInput, Revision, BucketSummary]:
    """The input of a bucket: the file, which may have been minimized since, or what the summary has."""
    file = campaign.path / f"{bucket.id}.bin"
    octets = file.read_bytes() if file.exists() else bytes.fromhex(bucket.octets)
    value = decode_input(octets)
    text = file.with_suffix(".txt")
    key = ""
    if text.exists():
        lines = text.read_text(encoding="utf-8", errors="replace").splitlines()
        key = next((line.split()[-1] for line in lines if line.startswith("revision ")), "")
    spoken = (key,) if key in REVISION_CODES else REVISION_CODES
    found = BucketSummary(
        id=bucket.id,
        root=bucket.root,
        count=bucket.count,
        first_seconds=bucket.first_seconds,
        first_execution=bucket.first_execution,
        message=bucket.message,
        octets=octets.hex(),
    )
    return value, choose_revision(value.options, spoken), found


@click.command()
@_directory_option
@click.option("--json", "as_json", is_flag=True, help="For programs: a list, one object for each target.")
def status(*, directory: Path, as_json: bool) -> None:
    """Say how far a campaign is: speed, coverage, corpus, findings, engines, deaths, and when something new came.

    It may be asked at any time, from another terminal, and of a campaign that has ended.
    """
    found = [status for campaign in campaigns_in(directory) if (status := read_status(campaign)) is not None]
    if not found:
        raise _WrongUsageError(f"{directory}: no run has told anything there yet")
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    click.echo("\n\n".join("\n".join(status_lines(one)) for one in found))


@click.command()
@_directory_option
def triage(*, directory: Path) -> None:
    """Print the findings by root cause and line, in Markdown."""
    campaign, summary = _read(directory)
    read = [_decoded(campaign, bucket) for bucket in summary.buckets]
    buckets = tuple(bucket for _, _, bucket in read)
    merged = RunSummary(
        target=summary.target,
        implementation=summary.implementation,
        engine=summary.engine,
        seed=summary.seed,
        executions=summary.executions,
        seconds=summary.seconds,
        features=summary.features,
        buckets=buckets,
    )
    form = TARGETS[summary.target].form
    for line in triage_lines(merged, [excerpt(value, revision, form) for value, revision, _ in read]):
        click.echo(line)


@click.command()
@_directory_option
@click.argument("bucket")
@click.option(
    "--suites",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Directory of suites that the draft goes into, as <layer>/fuzz-<hash>.yaml; default: printed.",
)
def promote(*, directory: Path, bucket: str, suites: Path | None) -> None:
    """Write a finding as the draft of a vector, which never gates.

    BUCKET is an id, or a part of one that says which. Minimize first; then write what must follow, from the text, and
    register the id (docs/authoring-vectors.md).
    """
    campaign, summary = _read(directory)
    found = [one for one in summary.buckets if one.id == bucket] or [
        one for one in summary.buckets if bucket in one.id
    ]
    if len(found) != 1:
        known = "\n".join(f"  {one.id}" for one in found or summary.buckets)
        raise _WrongUsageError(
            f"{bucket!r} is {'several buckets' if found else 'no bucket'}; there are\n{known}"
        )
    value, revision, one = _decoded(campaign, found[0])
    side = TARGETS[summary.target].side
    if side is None:
        raise _WrongUsageError(
            f"a finding of {summary.target} is no vector: no reactor took it; keep it in fuzz/regressions"
        )
    text = draft(one, value, revision, side)
    if suites is None:
        click.echo(text, nl=False)
        return
    file = suites / f"{suite_name(side, bytes.fromhex(one.octets))}.yaml"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, text.encode())
    except OSError as error:
        raise _WrongUsageError(f"{file}: {error.strerror}") from error
    click.echo(file)
