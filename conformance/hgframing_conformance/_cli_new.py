"""`hgframing new`: begins a case."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

import hgframing_vectors

from hgframing import REVISIONS
from hgframing_conformance._cases import Layer, Level
from hgframing_conformance._problems import SuiteError
from hgframing_conformance._register import register
from hgframing_conformance._requirements import load_requirements
from hgframing_conformance._suite_writing import write_cases, write_head
from hgframing_conformance._suites import load_suites
from hgframing_conformance._summary import Exit
from hgframing_conformance._transcript import case_lines


__all__ = ["command"]

_DRAFT: Final = "draft: what must follow is not written yet"


@click.command("new")
@click.argument("case_id", metavar="ID")
@click.option(
    "--suite", required=True, help="Suite that the case goes into, for instance server/command-data."
)
@click.option("--title", required=True, help="One sentence: what must happen.")
@click.option(
    "--level",
    type=click.Choice([level.value for level in Level]),
    default=Level.UNSPECIFIED.value,
    show_default=True,
    help="What the text says; docs/authoring-vectors.md tells how a level is earned.",
)
@click.option("--requirement", "requirements", multiple=True, help="Requirement that the case decides.")
@click.option("--violates", multiple=True, help="Requirement that the peer breaks in it.")
@click.option(
    "--revision",
    "revisions",
    multiple=True,
    type=click.Choice(list(REVISIONS)),
    help="For a new suite: where it applies.",
)
@click.option("--receive", "frames", multiple=True, metavar="FRAME", help="A step: this frame arrives.")
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Directory with suites/ and ids.txt; default: the vectors of this checkout.",
)
def command(case_id: str, suite: str, frames: tuple[str, ...], root: Path | None, **fields: Any) -> int:
    """Begin a case: write its skeleton, check it, register its id, and show its octets.

    The skeleton is marked as a draft under `disputed`, so that it runs and never gates. Write what must follow each
    step, from the text and not from what an implementation prints, take the mark away and run `hgframing register`.
    """
    directory = root or Path(str(hgframing_vectors.root()))
    file = directory / "suites" / f"{suite}.yaml"
    ids = directory / "ids.txt"
    before = {path: path.read_bytes() if path.exists() else None for path in (file, ids)}
    try:
        _append(file, suite, _skeleton(case_id, frames, **fields), fields["revisions"])
        register(directory)
        cases = load_suites([directory / "suites"] if root else None)
    except SuiteError:
        _restore(before)
        raise
    mine = [case for case in cases if case.id == case_id]
    click.echo(f"{file}:{mine[0].line}")
    for line in case_lines(mine[0], REVISIONS[mine[0].revision], load_requirements()):
        click.echo(line)
    return Exit.AS_EXPECTED


def _skeleton(
    case_id: str,
    frames: tuple[str, ...],
    *,
    title: str,
    level: str,
    requirements: tuple[str, ...],
    **rest: Any,
) -> dict[str, Any]:
    case: dict[str, Any] = {"id": case_id, "rev": 1, "title": title, "level": level}
    case["requirements"] = list(requirements)
    if rest["violates"]:
        case["violates"] = list(rest["violates"])
    case |= {"source": "by hand", "disputed": _DRAFT}
    case["steps"] = [{"receive": [frame], "expect": []} for frame in frames] or [
        {"end-input": None, "expect": []}
    ]
    return case


def _append(file: Path, suite: str, case: dict[str, Any], revisions: tuple[str, ...]) -> None:
    text = file.read_text(encoding="utf-8") if file.exists() else _head(suite, revisions)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text.rstrip("\n") + "\n" + write_cases([case]), encoding="utf-8")


def _head(suite: str, revisions: tuple[str, ...]) -> str:
    layer = suite.partition("/")[0]
    if layer not in {known.value for known in Layer}:
        raise click.UsageError(f"a suite is named layer/name, and there is no layer {layer!r}")
    if not revisions:
        raise click.UsageError(f"there is no suite {suite} yet: say with --revision where it applies")
    return write_head(
        {
            "format": 1,
            "suite": suite,
            "title": suite.partition("/")[2].replace("-", " ").capitalize(),
            "layer": layer,
            "revisions": list(revisions),
        }
    )


def _restore(before: dict[Path, bytes | None]) -> None:
    for path, octets in before.items():
        if octets is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(octets)
