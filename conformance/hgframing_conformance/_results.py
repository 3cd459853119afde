"""Reads what `check --jsonl` wrote: runs, each with its items, and whether it is whole.

A file may end anywhere, because a run may: its last line may be half written, its `end` may be missing. Both are no
errors, the run is *incomplete* and is called so by whoever shows it. Anything else that is no event names file and
line.
"""

from __future__ import annotations

import dataclasses

from collections.abc import Sequence
from pathlib import Path

import msgspec

from hgframing_conformance._events import FORMAT, Begin, End, Event, ItemEvent
from hgframing_conformance.errors import ConformanceError


__all__ = ["ResultsError", "Run", "read_results"]


class ResultsError(ConformanceError):
    """A file holds no results; the message has file and line."""


@dataclasses.dataclass(slots=True, kw_only=True)
class Run:
    """One run.

    Attributes:
        begin: who was checked.
        items: what became of the items, in the order of the run.
        end: the summary; None: the run was cut off.
        source: where it was read from, for people.
    """

    begin: Begin
    items: list[ItemEvent] = dataclasses.field(default_factory=list)
    end: End | None = None
    source: str = ""

    @staticmethod
    def add(runs: list[Run], event: Event, *, source: str = "") -> None:
        """Take the next event of a file into the runs that it holds so far.

        Raises:
            ResultsError: no event of this kind can come here.
        """
        if isinstance(event, Begin):
            if event.format != FORMAT:
                raise ResultsError(f"format {event.format}, this version reads {FORMAT}")
            runs.append(Run(begin=event, source=source))
        elif not runs or runs[-1].end is not None:
            raise ResultsError(f"{type(event).__name__} before any begin")
        elif isinstance(event, End):
            runs[-1].end = event
        else:
            runs[-1].items.append(event)

    @property
    def complete(self) -> bool:
        """Whether every item was run."""
        return self.end is not None and self.end.complete

    @property
    def why_incomplete(self) -> str:
        """What is missing, in one clause; empty: nothing."""
        if self.end is None:
            return f"cut off after {len(self.items)} of {self.begin.items} items: it has no end"
        if not self.end.complete:
            return f"incomplete: {self.end.stopped or 'some items were not run'}"
        return ""


_DECODER = msgspec.json.Decoder(Event)


def read_results(paths: Sequence[Path]) -> list[Run]:
    """Read files of JSON lines.

    Args:
        paths: the files; each holds one run or several.

    Raises:
        ResultsError: a line is no event, or events are not in the order that a run writes them.
        OSError: a file cannot be read.
    """
    runs: list[Run] = []
    for path in paths:
        found = _read(path)
        if not found:
            raise ResultsError(f"{path}: holds no run; `hgframing check --jsonl {path}` writes one")
        runs += found
    return runs


def _read(path: Path) -> list[Run]:
    runs: list[Run] = []
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            event = _DECODER.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            if runs and number == len(lines) and runs[-1].end is None:
                # A line without its end is what a run that was killed leaves.
                break
            raise ResultsError(f"{path}:{number}: no event of a run: {error}") from None
        try:
            Run.add(runs, event, source=str(path))
        except ResultsError as error:
            raise ResultsError(f"{path}:{number}: {error}") from None
    return runs
