"""`hgframing diff`: what changed from one run to another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from hgframing_conformance._changes import Change, Changes, compare
from hgframing_conformance._events import ItemEvent
from hgframing_conformance._outcomes import OutcomeKind
from hgframing_conformance._quoting import clean, quote
from hgframing_conformance._results import Run, read_results
from hgframing_conformance._summary import Exit


__all__ = ["command"]

#: Items of a list that are printed.
_SHOWN: Final = 50
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("diff")
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
def command(old: Path, new: Path) -> int:
    """Say what changed from the run OLD to the run NEW (`check --jsonl`).

    It exits with 0 when nothing got worse, with 1 when something did, with 3 when a run is cut off or incomplete, and
    with 4 when the runs have no item in common.
    """
    before, after = _one(old), _one(new)
    changes = compare(before, after)
    _print(changes)
    for run in (before, after):
        if not run.complete:
            click.echo(f"hgframing: {run.source}: {clean(run.why_incomplete)}", err=True)
    verdict, code = _verdict(changes, complete=before.complete and after.complete)
    click.echo(
        f"{verdict}: {len(changes.newly_failing)} newly failing, {len(changes.fixed)} fixed, "
        f"{len(changes.other_kind)} fail in another way, {len(changes.unsupported)} unsupported now, "
        f"{len(changes.supported)} supported now, {len(changes.added)} added, {len(changes.removed)} removed, "
        f"{changes.same} the same"
    )
    return code


def _one(path: Path) -> Run:
    runs = read_results([path])
    if len(runs) != 1:
        raise click.UsageError(f"{path} holds {len(runs)} runs, diff compares files with one")
    return runs[0]


def _verdict(changes: Changes, *, complete: bool) -> tuple[str, Exit]:
    if not complete:
        return "INCOMPLETE", Exit.INCOMPLETE
    if not changes.common:
        return "NOTHING IN COMMON", Exit.NOTHING_SELECTED
    return ("WORSE", Exit.NOT_AS_EXPECTED) if changes.worse else ("no worse", Exit.AS_EXPECTED)


def _print(changes: Changes) -> None:
    for what, capabilities in (("lost", changes.lost), ("gained", changes.gained)):
        for capability in capabilities:
            click.echo(f"capability {what}: {clean(capability)}")
    _list("newly failing", [_changed(change) for change in changes.newly_failing])
    _list("fails in another way", [_changed(change) for change in changes.other_kind])
    _list("not run any more", [_changed(change) for change in changes.not_run])
    _list("unsupported now", [_changed(change) for change in changes.unsupported])
    failing = [change for change in changes.supported if change.new.outcome.is_failure]
    _list("supported now, and fails", [_changed(change) for change in failing])
    _list("fixed", [_changed(change) for change in changes.fixed])
    _list("added, and fails", [_item(item) for item in changes.added if item.outcome.is_failure])
    _list("removed", [_item(item) for item in changes.removed if item.outcome is not OutcomeKind.UNSUPPORTED])


def _list(title: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    click.echo(f"{title}: {len(lines)}")
    for line in lines[:_SHOWN]:
        click.echo(f"  {line}")
    if len(lines) > _SHOWN:
        click.echo(f"  ... and {len(lines) - _SHOWN} more")


def _changed(change: Change) -> str:
    old, new = change.old, change.new
    said = f": {quote(new.reason)}" if new.reason else ""
    remarks = [] if change.worse or not new.outcome.is_failure or new.gating else ["does not gate"]
    if old.rev != new.rev:
        remarks.append(f"the vector changed from rev {old.rev} to {new.rev}")
    remark = f" ({'; '.join(remarks)})" if remarks else ""
    return f"{clean(new.name)} {old.outcome.value} -> {new.outcome.value}{said}{remark}"


def _item(item: ItemEvent) -> str:
    return f"{clean(item.name)} {item.outcome.value}"
