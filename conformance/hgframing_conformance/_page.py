"""Runs as one HTML page: a matrix of cases and implementations, and the story of every failure.

The page is made from events alone (`_events`), so a run of another machine shows as well as one of this process. It
is one file that fetches nothing; a policy in its head forbids that, and any script but its own, to whatever might
slip through. Every string is foreign until the template has escaped it: the template escapes all of them, and
control characters are shown as escapes before that.

The same failure of several implementations or chunkings is told once, with a line to repeat it for each.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import hashlib

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import jinja2
import msgspec

from markupsafe import Markup

from hgframing import REVISIONS, __version__
from hgframing_conformance._cases import Layer, Level
from hgframing_conformance._events import ItemEvent
from hgframing_conformance._expectations import Status
from hgframing_conformance._outcomes import OutcomeKind
from hgframing_conformance._quoting import clean, quote
from hgframing_conformance._results import Run
from hgframing_conformance._sequence import Diagram, sequence


__all__ = ["Cell", "Column", "Detail", "Page", "Row", "Told", "page", "render", "write_page"]

#: What stands in a cell: short, and told apart without colour.
_SHORT: Final[Mapping[OutcomeKind, str]] = {
    OutcomeKind.PASSED: "✓",
    OutcomeKind.FAILED: "fail",
    OutcomeKind.FORBIDDEN: "never!",
    OutcomeKind.RAISED: "raised",
    OutcomeKind.CHUNK_VARIANT: "chunks",
    OutcomeKind.CRASHED: "crash",
    OutcomeKind.TIMED_OUT: "time",
    OutcomeKind.BAD_REPLY: "reply",
    OutcomeKind.UNSUPPORTED: "–",
    OutcomeKind.NOT_RUN: "not run",
}
#: Characters of a column's head.
_HEAD: Final = 60
#: A cell shows the gravest of its chunkings.
_GRAVITY: Final = (
    OutcomeKind.UNSUPPORTED,
    OutcomeKind.PASSED,
    OutcomeKind.NOT_RUN,
    OutcomeKind.CHUNK_VARIANT,
    OutcomeKind.FAILED,
    OutcomeKind.RAISED,
    OutcomeKind.FORBIDDEN,
    OutcomeKind.BAD_REPLY,
    OutcomeKind.TIMED_OUT,
    OutcomeKind.CRASHED,
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """An implementation, and how its run ended."""

    title: str
    short: str
    language: str
    locator: str
    suite: str
    incomplete: str
    counts: tuple[tuple[OutcomeKind, int], ...]
    notes: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What one implementation made of one case; `kind` is None where its run has no such case."""

    kind: OutcomeKind | None
    short: str
    note: str = ""
    excuse: str = ""
    anchor: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A case of one revision."""

    id: str
    revision: str
    layer: Layer
    level: Level
    title: str
    requirements: tuple[str, ...]
    cells: tuple[Cell, ...]

    @property
    def differs(self) -> bool:
        """Whether two implementations that can be asked did not come to the same."""
        kinds = {cell.kind for cell in self.cells if cell.kind not in {None, OutcomeKind.UNSUPPORTED}}
        return len(kinds) > 1

    @property
    def fails(self) -> bool:
        """Whether anything but a pass is in it."""
        fine = {None, OutcomeKind.PASSED, OutcomeKind.UNSUPPORTED}
        return any(cell.kind not in fine or cell.note for cell in self.cells)


@dataclasses.dataclass(slots=True, kw_only=True)
class Told:
    """Who failed in one way: an implementation, its chunkings, and how to repeat it."""

    title: str
    status: Status
    chunkings: list[str]
    repro: str
    stderr: str


@dataclasses.dataclass(slots=True, kw_only=True)
class Detail:
    """One way in which one case failed."""

    anchor: str
    item: ItemEvent
    diagram: Diagram
    told: dict[int, Told] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything that the template shows."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    details: tuple[Detail, ...]
    version: str = __version__

    @property
    def revisions(self) -> list[str]:
        """The revisions that occur, in their order."""
        return sorted({row.revision for row in self.rows}, key=_revision_order)

    @property
    def layers(self) -> list[Layer]:
        """The layers that occur."""
        return [layer for layer in Layer if any(row.layer is layer for row in self.rows)]

    @property
    def levels(self) -> list[Level]:
        """The levels that occur."""
        return [level for level in Level if any(row.level is level for row in self.rows)]

    @property
    def requirements(self) -> list[str]:
        """The requirements that occur."""
        return sorted({requirement for row in self.rows for requirement in row.requirements})


def _revision_order(revision: str) -> tuple[int, str]:
    known = list(REVISIONS)
    return (known.index(revision) if revision in known else len(known)), revision


def page(runs: Sequence[Run]) -> Page:
    """Arrange runs as a page; the same runs always give the same page.

    Args:
        runs: one for each implementation; a run without its end is shown as incomplete.
    """
    details: dict[bytes, Detail] = {}
    rows: dict[tuple[str, str], dict[int, list[tuple[ItemEvent, str]]]] = {}
    titles = _titles(runs)
    for number, run in enumerate(runs):
        for item in run.items:
            anchor = _tell(details, item, number, titles[number])
            row = rows.setdefault((item.id, item.revision), {})
            row.setdefault(number, []).append((item, anchor))
    return Page(
        columns=tuple(_column(run, title) for run, title in zip(runs, titles, strict=True)),
        rows=tuple(sorted((_row(row, len(runs)) for row in rows.values()), key=_place)),
        details=tuple(details.values()),
    )


def _place(row: Row) -> tuple[object, ...]:
    return list(Layer).index(row.layer), row.id, _revision_order(row.revision)


def _titles(runs: Sequence[Run]) -> list[str]:
    """Name the columns; two runs of one implementation are told apart by where they come from."""
    plain = [f"{run.begin.implementation.name} {run.begin.implementation.version}" for run in runs]
    often = Counter(plain)
    return [
        title if often[title] == 1 else f"{title} ({Path(run.source).stem or run.begin.locator})"
        for title, run in zip(plain, runs, strict=True)
    ]


def _column(run: Run, title: str) -> Column:
    counts = Counter(item.outcome for item in run.items)
    end = run.end
    return Column(
        title=title,
        short=quote(title, limit=_HEAD),
        language=run.begin.implementation.language,
        locator=run.begin.locator,
        suite=run.begin.suite,
        incomplete=run.why_incomplete,
        counts=tuple((kind, counts[kind]) for kind in OutcomeKind if counts[kind]),
        notes=() if end is None else (*end.problems, *end.leaks, *end.notes),
    )


def _tell(details: dict[bytes, Detail], item: ItemEvent, number: int, title: str) -> str:
    """File a failure under what it is; return where it stands."""
    if not item.outcome.is_failure and item.status.is_expected:
        return ""
    if item.outcome in {OutcomeKind.NOT_RUN, OutcomeKind.UNSUPPORTED}:
        return ""
    key = msgspec.json.encode([item.id, item.revision, item.outcome, item.reason, item.step, item.steps])
    detail = details.get(key)
    if detail is None:
        detail = Detail(anchor=f"d{len(details) + 1}", item=item, diagram=sequence(item))
        details[key] = detail
    told = detail.told.get(number)
    if told is None:
        detail.told[number] = Told(
            title=title,
            status=item.status,
            chunkings=[item.chunking.value],
            repro=item.repro,
            stderr=item.stderr,
        )
    else:
        told.chunkings.append(item.chunking.value)
    return detail.anchor


def _row(found: Mapping[int, Sequence[tuple[ItemEvent, str]]], columns: int) -> Row:
    first = next(iter(found.values()))[0][0]
    return Row(
        id=first.id,
        revision=first.revision,
        layer=first.layer,
        level=first.level,
        title=first.title,
        requirements=tuple(first.requirements),
        cells=tuple(_cell(found.get(number, ())) for number in range(columns)),
    )


def _cell(items: Sequence[tuple[ItemEvent, str]]) -> Cell:
    if not items:
        return Cell(kind=None, short="")
    item, anchor = max(items, key=lambda pair: _GRAVITY.index(pair[0].outcome))
    failing = [one for one, _ in items if one.outcome.is_failure]
    note = ""
    for one, where in items:
        if one.status is Status.UNEXPECTED_PASS:
            note, anchor = "passes, but is expected to fail", anchor or where
    return Cell(
        kind=item.outcome,
        short=_SHORT[item.outcome],
        note=note,
        excuse=_excuse(failing),
        anchor=anchor,
    )


def _excuse(failing: Sequence[ItemEvent]) -> str:
    """Say why failures do not fail the run; empty: they do, or there are none."""
    if not failing or not all(one.status.is_expected for one in failing):
        return ""
    return "known" if any(one.status is Status.KNOWN for one in failing) else "free"


def _shown(value: object) -> object:
    """Show control characters of every string as escapes; what is markup already has none."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("hgframing_conformance"),
        autoescape=True,
        finalize=_shown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def render(shown: Page) -> str:
    """Write a page as HTML."""
    environment = _environment()
    loader = environment.loader
    if loader is None:
        raise AssertionError("the environment was made with one")
    style, script = (loader.get_source(environment, name)[0] for name in ("report.css", "report.js"))
    template = environment.get_template("report.html")
    return template.render(
        page=shown,
        style=Markup(style),  # noqa: S704  (our own file)
        script=Markup(script),  # noqa: S704
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def write_page(path: Path, runs: Sequence[Run]) -> None:
    """Write the page of runs.

    Raises:
        OSError: the file cannot be written.
    """
    path.write_text(render(page(runs)), encoding="utf-8")
