"""The commands of `hgframing-fuzz` that read a directory of findings: `status`, `triage`, `page`, `promote`."""

from __future__ import annotations

import time

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import msgspec

from hgframing_fuzz._campaign import CampaignDirectory, campaigns_in
from hgframing_fuzz._campaign_page import PAGE, write_page
from hgframing_fuzz._cli_report import known_option, read_known_file
from hgframing_fuzz._findings import RunSummary, write_whole
from hgframing_fuzz._found import read_found
from hgframing_fuzz._status import read_status, status_lines
from hgframing_fuzz._triage import draft, suite_name, triage_lines
from hgframing_fuzz.targets import TARGETS


__all__ = ["page", "promote", "status", "triage"]

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


def _read(campaign: CampaignDirectory) -> RunSummary:
    """Read what a campaign or a single run has done."""
    summary = campaign.total() or campaign.findings.read_summary()
    if summary is None:
        raise _WrongUsageError(f"{campaign.path}: no run has told anything there yet")
    return summary


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
@known_option
def triage(*, directory: Path, known_file: Path | None) -> None:
    """Print the findings by root cause and line, in Markdown; those that are known under a heading of their own."""
    known = read_known_file(known_file)
    for number, campaign in enumerate(campaigns_in(directory)):
        summary = _read(campaign)
        found = read_found(campaign, summary)
        if number:
            click.echo()
        news = [one for one in found if known.find(one.bucket.id) is None]
        merged = msgspec.structs.replace(summary, buckets=tuple(one.bucket for one in news))
        for line in triage_lines(merged, [one.excerpt for one in news]):
            click.echo(line)
        expected = [(one.bucket, entry) for one in found if (entry := known.find(one.bucket.id)) is not None]
        if expected:
            click.echo("\n## Known\n")
        for bucket, entry in expected:
            click.echo(
                f"* `{bucket.id}`, {bucket.count} times: {entry.label} ({entry.who}, until {entry.expires})"
            )
        for problem in known.problems((one.bucket.id for one in found), summary.target):
            click.echo(problem, err=True)


@click.command()
@_directory_option
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="The file; default: campaign.html in the directory.",
)
@known_option
def page(*, directory: Path, output: Path | None, known_file: Path | None) -> None:
    """Write a campaign as one HTML page: curves over time, findings with their inputs, engines, seeds.

    `run` writes it when it ends; this command writes it at any time.
    """
    file = directory / PAGE if output is None else output
    try:
        written = write_page(file, campaigns_in(directory), time.time(), read_known_file(known_file))
    except OSError as error:
        raise _WrongUsageError(f"{file}: {error.strerror}") from error
    if not written:
        raise _WrongUsageError(f"{directory}: no run has told anything there yet")
    click.echo(file)


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
    several = [(campaign, _read(campaign)) for campaign in campaigns_in(directory)]
    buckets = [(campaign, summary, one) for campaign, summary in several for one in summary.buckets]
    found = [one for one in buckets if one[2].id == bucket] or [one for one in buckets if bucket in one[2].id]
    if len(found) != 1:
        known = "\n".join(f"  {one.id}" for _, _, one in found or buckets)
        raise _WrongUsageError(
            f"{bucket!r} is {'several buckets' if found else 'no bucket'}; there are\n{known}"
        )
    campaign, summary, chosen = found[0]
    [read] = read_found(campaign, msgspec.structs.replace(summary, buckets=(chosen,)))
    one = read.bucket
    side = TARGETS[summary.target].side
    if side is None:
        raise _WrongUsageError(
            f"a finding of {summary.target} is no vector: no reactor took it; keep it in fuzz/regressions"
        )
    text = draft(one, read.value, read.revision, side)
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
