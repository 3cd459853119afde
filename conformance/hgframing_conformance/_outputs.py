"""The files that `check` writes: JSON lines, JUnit, Markdown, HTML and a badge, for one run or for several.

Every file is opened before the first run, because a report that has no place should cost nobody a run. JSON lines are
written as they come; the rest is written when all runs are over.
"""

from __future__ import annotations

import contextlib

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from hgframing_conformance._badge import write_badge
from hgframing_conformance._check import Check
from hgframing_conformance._events import Event
from hgframing_conformance._jsonl import JsonLines, begin_event, end_event, item_event
from hgframing_conformance._junit import JUnit
from hgframing_conformance._markdown import write_markdown
from hgframing_conformance._messages import Hello
from hgframing_conformance._page import write_page
from hgframing_conformance._results import Run
from hgframing_conformance._summary import Judged, Summary


__all__ = ["Outputs"]


class Outputs:
    """Takes what happens in runs and writes the files that were asked for.

    Args:
        options: paths or None under `jsonl`, `junit`, `markdown`, `html` and `badge`.
        lines: where JSON lines go; None: nowhere.
    """

    def __init__(self, options: dict[str, Any], lines: JsonLines | None) -> None:
        self._options = options
        self._lines = lines
        self._junit = JUnit() if options["junit"] else None
        self._runs: list[Run] = []
        self._order: Check | None = None
        self._summary: Summary | None = None

    @classmethod
    @contextlib.contextmanager
    def open(cls, options: dict[str, Any]) -> Iterator[Self]:
        """Open the files.

        Raises:
            OSError: one of them cannot be written.
        """
        for name in ("junit", "markdown", "html", "badge"):
            path: Path | None = options[name]
            if path is not None:
                path.open("ab").close()
        with contextlib.ExitStack() as stack:
            jsonl = options["jsonl"]
            yield cls(options, stack.enter_context(JsonLines.open(jsonl)) if jsonl else None)

    def begin(self, order: Check, hello: Hello, total: int) -> None:
        """Take the beginning of a run."""
        self._order = order
        self._event(begin_event(order, hello, total))

    def outcome(self, judged: Judged) -> None:
        """Take what became of an item."""
        if self._order is not None and (self._lines is not None or self._options["html"]):
            self._event(item_event(judged, self._order))
        if self._junit is not None:
            self._junit.add(judged)

    def end(self, summary: Summary) -> None:
        """Take the end of a run, and write what belongs to it alone."""
        self._summary = summary
        self._event(end_event(summary))
        if self._options["markdown"]:
            write_markdown(self._options["markdown"], summary)

    def finish(self) -> None:
        """Write what can only be written at the end.

        Raises:
            OSError: a file cannot be written.
        """
        if self._options["html"]:
            write_page(self._options["html"], self._runs)
        if self._summary is not None:
            if self._junit is not None:
                self._junit.write(self._options["junit"], self._summary)
            if self._options["badge"]:
                write_badge(self._options["badge"], self._summary)

    def _event(self, event: Event) -> None:
        if self._lines is not None:
            self._lines.write(event)
        if self._options["html"]:
            Run.add(self._runs, event)
