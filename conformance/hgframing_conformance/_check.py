"""One whole check: connect, run, compare with what is expected, add up.

This is `hgframing check` without its command line and its printing; what wants to watch gets every judged outcome
as it comes. The file of expectations is written here too, because only a finished run knows what to write.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
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
from hgframing_conformance._isolation import IsolatingAdapter
from hgframing_conformance._jobs import connect_all
from hgframing_conformance._locators import connect
from hgframing_conformance._messages import Hello
from hgframing_conformance._outcomes import Outcome
from hgframing_conformance._problems import Problem
from hgframing_conformance._run import Engine, RunOptions
from hgframing_conformance._sanity import Sanity
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
        shuffle: the seed of the order of cases, at least 0; None: the order of the suites.
        isolate: give every item a connection of its own.
        options: words of the command line that a line which repeats an item needs too.
    """

    locator: str
    cases: Sequence[Case]
    selection: Selection
    adapter: AdapterOptions = dataclasses.field(default_factory=AdapterOptions)
    run: RunOptions = dataclasses.field(default_factory=RunOptions)
    expectations: Path | None = None
    jobs: int = 1
    write: Path | None = None
    shuffle: int | None = None
    isolate: bool = False
    options: tuple[str, ...] = ()


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
    chosen = list(select(_in_order(order), order.selection))
    adapter = connect_all(lambda: _connect(order), order.jobs)
    summary = Summary(locator=order.locator, hello=adapter.hello, options=order.options)
    outcomes: list[Outcome] = []
    sanity = Sanity()
    started = time.perf_counter()
    try:
        (begin or _ignore)(adapter, len(chosen))
        for outcome in Engine(adapter, order.run).run(chosen):
            sanity.see(outcome)
            (tick or _ignore)()
            if order.write is not None:
                outcomes.append(outcome)
            else:
                _take(summary, Judged(outcome=outcome, status=_status(outcome, book)), watch)
        summary.leaks = sanity.ask_again(Engine(adapter, order.run))
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
        summary.problems = _stale(book, order.cases, adapter.hello)
    return summary


def _ignore(*_told: object) -> None:
    """Stand in for those who do not watch."""


def _in_order(order: Check) -> Sequence[Case]:
    if order.shuffle is None:
        return order.cases
    cases = list(order.cases)
    random.Random(order.shuffle).shuffle(cases)  # noqa: S311  (the same seed has to give the same order)
    return cases


def _connect(order: Check) -> Adapter:
    if order.isolate:
        return IsolatingAdapter(lambda: connect(order.locator, order.adapter), order.adapter)
    return connect(order.locator, order.adapter)


def _book(order: Check) -> Expectations | None:
    """Read what is expected; a file that is to be brought up to date is what it was before."""
    if order.write is not None and order.write.exists():
        return read_expectations(order.write)
    return read_expectations(order.expectations) if order.expectations is not None else None


def _status(outcome: Outcome, book: Expectations | None) -> Status:
    return status_without_file(outcome) if book is None else book.status(outcome)


def _supported(cases: Sequence[Case], hello: Hello) -> Iterator[Item]:
    return (item for case in cases for item in items(case) if not unsupported(item, hello))


def _stale(book: Expectations, cases: Sequence[Case], hello: Hello) -> tuple[Problem, ...]:
    return book.problems(_supported(cases, hello), hello, dt.datetime.now(tz=dt.UTC).date())


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
