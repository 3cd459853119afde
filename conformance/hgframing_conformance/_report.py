"""The console: what a person sees of a run.

Everything that is not as expected is shown with what was expected and what was observed side by side, the frames in
notation, and a line that repeats just that item. What is as expected is only counted. The last line has the counts
and the verdict.

Chunkings of a case that fail in the same way are shown once.
"""

from __future__ import annotations

import io

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hgframing import REVISIONS
from hgframing_conformance._adapters import NotRun
from hgframing_conformance._cases import Layer
from hgframing_conformance._expectations import Status
from hgframing_conformance._locators import REFERENCE
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._quoting import clean
from hgframing_conformance._repro import repro
from hgframing_conformance._summary import Judged, Summary
from hgframing_conformance._transcript import action_lines, step_lines


__all__ = ["failure_text", "print_summary"]

#: Failures shown in full; a run with more has one cause, and the files have them all.
_SHOWN: Final = 25
#: Lines of standard error shown with a failure.
_STDERR_LINES: Final = 20
_WORDS: Final = {
    Status.UNEXPECTED_PASS: "passes, but is expected to fail",
    Status.OTHER_KIND: "fails in another way than expected",
}


def print_summary(console: Console, summary: Summary, *, quiet: bool) -> None:
    """Print a finished run.

    Args:
        console: where to.
        summary: the run.
        quiet: only what is not as expected, and the last line.
    """
    for number, group in enumerate(_grouped(summary.unexpected)):
        if number == _SHOWN:
            _say(console, Text(f"... and {len(summary.unexpected)} items not as expected in all\n"))
            break
        for part in _failure(group, repro(summary.locator, group[0], summary.options)):
            _say(console, part)
        console.print()
    for problem in summary.problems:
        _say(console, Text(f"expectations: {problem}", style="red"))
    if not quiet:
        hello = summary.hello
        _say(console, Text(clean(f"{hello.name} {hello.version} ({hello.language}), {summary.locator}")))
        if summary.total:
            console.print(_table(summary))
        for reason, count in sorted(summary.reasons.items()):
            _say(console, Text(f"unsupported, for want of {clean(reason)}: {count}"))
        _print_remarks(console, summary)
    for leak in summary.leaks:
        _say(console, Text(clean(leak), style="red"))
    for note in summary.notes:
        _say(console, Text(f"note: {clean(note)}", style="yellow"))
    if summary.stopped:
        _say(console, Text(f"incomplete: {clean(summary.stopped)}", style="bold red"))
    _say(console, Text(summary.last_line(), style="bold green" if summary.exit == 0 else "bold red"))


def _print_remarks(console: Console, summary: Summary) -> None:
    groups = list(_grouped(summary.remarks))
    for group in groups[:_SHOWN]:
        outcome = group[0].outcome
        case = outcome.item.case
        why = "disputed" if case.disputed else case.level.value
        name = f"{outcome.item.names[1]} [{_chunkings(group)}]"
        _say(console, Text(f"not gating ({why}): {name} {outcome.kind.value}: {outcome.reason}"))
    if len(groups) > _SHOWN:
        _say(console, Text(f"... and {len(groups) - _SHOWN} more that do not gate"))


def _chunkings(group: Sequence[Judged]) -> str:
    return ", ".join(judged.outcome.item.chunking.value for judged in group)


def _say(console: Console, part: RenderableType) -> None:
    """Print; text is never wrapped, so that paths and commands can be copied."""
    console.print(part, soft_wrap=isinstance(part, Text))


def _grouped(unexpected: Iterable[Judged]) -> Iterator[list[Judged]]:
    """Put neighbours together that are one case failing in one way."""
    group: list[Judged] = []
    for judged in unexpected:
        if group and _alike(group[0]) != _alike(judged):
            yield group
            group = []
        group.append(judged)
    if group:
        yield group


def _alike(judged: Judged) -> tuple[object, ...]:
    outcome = judged.outcome
    return outcome.item.names[1], judged.status, outcome.kind, outcome.reason, outcome.step


def _failure(group: Sequence[Judged], again: str) -> Iterator[RenderableType]:
    judged = group[0]
    outcome, case = judged.outcome, judged.outcome.item.case
    what = _WORDS.get(judged.status, outcome.kind.value)
    yield Text.assemble((f"{outcome.item.names[1]}", "bold"), f" [{_chunkings(group)}] ", (what, "red"))
    yield Text(f"  {case.title} ({case.layer.value}, {case.level.value}; {case.file}:{case.line})")
    if case.requirements:
        yield Text(f"  requirements: {', '.join(case.requirements)}")
    if case.deviations:
        yield Text(f"  deviations: {', '.join(case.deviations)}")
    if outcome.reason:
        where = f"step {outcome.step + 1}: " if outcome.step is not None else ""
        yield Text(f"  {where}{clean(outcome.reason)}")
    if outcome.kind is not OutcomeKind.PASSED:
        yield from _details(outcome)
    yield Text(f"  repro: {again}")


def _details(outcome: Outcome) -> Iterator[RenderableType]:
    case = outcome.item.case
    revision = REVISIONS[case.revision]
    failures = outcome.verdict.failures if outcome.verdict is not None else ()
    steps = [
        step
        for step in case.steps
        if outcome.verdict is None or len(case.steps) == len(outcome.verdict.significant)
    ]
    for failure in failures[:3]:
        table = Table(show_edge=False, pad_edge=False, expand=False)
        for name in (f"step {failure.index + 1}", "expected", "observed"):
            table.add_column(name, overflow="fold")
        expected = ["anything else"] if failure.expected is None else action_lines(failure.expected, revision)
        happened = step_lines(steps[failure.index], revision) if failure.index < len(steps) else []
        table.add_row(
            Text("\n".join(happened)),
            Text("\n".join(expected)),
            Text("\n".join(action_lines(failure.observed, revision))),
        )
        yield Padding(table, (0, 0, 0, 2))
    if not failures and outcome.step is not None and outcome.step < len(case.steps):
        for line in step_lines(case.steps[outcome.step], revision):
            yield Text(f"    {line}")
    observation = outcome.observation
    if observation is not None and not isinstance(observation, NotRun) and observation.stderr.strip():
        yield Text("  standard error:")
        for line in observation.stderr.rstrip().splitlines()[-_STDERR_LINES:]:
            yield Text(f"    | {clean(line)}")


def _table(summary: Summary) -> Table:
    table = Table(show_edge=False)
    kinds = [kind for kind in OutcomeKind if summary.of_kind(kind)]
    table.add_column("layer")
    for kind in kinds:
        table.add_column(kind.value, justify="right")
    for layer in Layer:
        row = [summary.counts[layer, kind] for kind in kinds]
        if any(row):
            table.add_row(layer.value, *(str(count or "") for count in row))
    return table


def failure_text(judged: Judged, locator: str | None, options: Sequence[str] = ()) -> str:
    """Write the report of one item as plain text, for those who print it themselves.

    Args:
        judged: an item that is not as expected.
        locator: how the implementation was attached; None: the reference.
        options: as in `_repro.repro`.
    """
    console = Console(width=110, highlight=False, color_system=None, file=io.StringIO())
    with console.capture() as captured:
        for part in _failure([judged], repro(locator or REFERENCE, judged, options)):
            _say(console, part)
    return captured.get()
