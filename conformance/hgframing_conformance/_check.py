"""One whole check: connect, run, compare with what is expected, add up.

This is `hgframing check` without its command line and its printing; what wants to watch gets every judged outcome as it
comes. The file of expectations is written here too, because only a finished run knows what to write.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import time

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from hgframing_conformance._adapters import Adapter, AdapterOptions
from hgframing_conformance._cases import Case
from hgframing_conformance._expectation_writing import merge, render
from hgframing_conformance._expectations import (
    ExpectationError,
    Expectations,
    Status,
    parse_expectations,
    read_expectations,
    status_without_file,
)
from hgframing_conformance._jobs import connect_all
from hgframing_conformance._locators import connect
from hgframing_conformance._messages import Hello
from hgframing_conformance._outcomes import Outcome
from hgframing_conformance._problems import Problem
from hgframing_conformance._run import Engine, RunOptions
from hgframing_conformance._select import Item, Selection, items, select, unsupported
from hgframing_conformance._summary import Judged, Summary


__all__ = ["Check", "check"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What to check.

    Attributes:
        locator: the implementation.
        cases: everything that was loaded, in order.
        selection: what of it to run.
        adapter: deadlines and restarts.
        run: how results are judged.
        expectations: what is known to fail; None: nothing.
        jobs: how many connections work side by side; more than 1 is for child processes.
        write: where to write an expectation file that fits the run; None: nowhere.
    """

    locator: str
    cases: Sequence[Case]
    selection: Selection
    adapter: AdapterOptions = dataclasses.field(default_factory=AdapterOptions)
    run: RunOptions = dataclasses.field(default_factory=RunOptions)
    expectations: Path | None = None
    jobs: int = 1
    write: Path | None = None


def check(
    order: Check,
    *,
    begin: Callable[[Adapter, int], None] | None = None,
    tick: Callable[[], None] | None = None,
    watch: Callable[[Judged], None] | None = None,
) -> Summary:
    """Check one implementation.

    Args:
        order: what to check.
        begin: called once, when the implementation has introduced itself, with the number of items to come.
        tick: called for every item as it ends.
        watch: called for every judged item; as it ends, but after the run where an expectation file is written: only
            then is it known what is expected.

    Raises:
        LocatorError, SetupError: the implementation cannot be attached.
        ExpectationError: the expectation file cannot be read, or not be written.
    """
    book = _book(order)
    chosen = list(select(order.cases, order.selection))
    adapter = connect_all(lambda: connect(order.locator, order.adapter), order.jobs)
    summary = Summary(locator=order.locator, hello=adapter.hello)
    outcomes: list[Outcome] = []
    started = time.perf_counter()
    try:
        if begin is not None:
            begin(adapter, len(chosen))
        for outcome in Engine(adapter, order.run).run(chosen):
            if tick is not None:
                tick()
            if order.write is not None:
                outcomes.append(outcome)
            else:
                _take(summary, Judged(outcome=outcome, status=_status(outcome, book)), watch)
    except KeyboardInterrupt:
        summary.stopped = "interrupted"
    finally:
        summary.notes = adapter.close()
    summary.seconds = time.perf_counter() - started
    if order.write is not None:
        book = _write(order.write, book, order.cases, outcomes, adapter.hello)
        for outcome in outcomes:
            _take(summary, Judged(outcome=outcome, status=book.status(outcome)), watch)
    if book is not None:
        supported = _supported(order.cases, adapter.hello)
        summary.problems = book.problems(supported, adapter.hello, dt.datetime.now(tz=dt.UTC).date())
    return summary


def _book(order: Check) -> Expectations | None:
    """Read what is expected; a file that is to be brought up to date is what it was before."""
    if order.write is not None and order.write.exists():
        return read_expectations(order.write)
    return read_expectations(order.expectations) if order.expectations is not None else None


def _status(outcome: Outcome, book: Expectations | None) -> Status:
    return status_without_file(outcome) if book is None else book.status(outcome)


def _supported(cases: Sequence[Case], hello: Hello) -> Iterator[Item]:
    return (item for case in cases for item in items(case) if not unsupported(item, hello))


def _take(summary: Summary, judged: Judged, watch: Callable[[Judged], None] | None) -> None:
    summary.add(judged)
    if watch is not None:
        watch(judged)


def _write(
    path: Path, old: Expectations | None, cases: Sequence[Case], outcomes: Sequence[Outcome], hello: Hello
) -> Expectations:
    content = merge(old, outcomes=outcomes, supported=_supported(cases, hello), hello=hello)
    text = render(content, old.header if old is not None else "")
    # A file that is half written would be taken for the truth by the next run.
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        problem = Problem(str(path), 0, f"cannot be written: {error.strerror or error}")
        raise ExpectationError([problem]) from None
    return parse_expectations(text.encode(), str(path))
