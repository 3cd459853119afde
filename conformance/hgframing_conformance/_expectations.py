"""Expectation files: what an implementation is known to fail, and what it must keep being able to do.

An expectation file is strict, because a stale one hides regressions: an unexpected pass, another kind of failure, an
entry that matches nothing or another number of cases than it says, an expired entry and a lost capability all fail the
run. Comments mean nothing; what people want to say stands in `reason`.

Whether an entry is stale is asked of all cases that the implementation supports, not of those that were selected, so
`-k` changes no answer. `matches` counts cases of a revision (`id@revision`), however many chunkings of them match.
"""

from __future__ import annotations

import datetime as dt
import enum
import functools
import re

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from msgspec import Meta

from hgframing_conformance._globs import ItemName, matches
from hgframing_conformance._messages import Hello
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._problems import Problem, SuiteError
from hgframing_conformance._select import Item, declared_capabilities, lacking
from hgframing_conformance._suite_model import read_model
from hgframing_conformance._yaml import read_yaml


__all__ = [
    "Entry",
    "ExpectationError",
    "ExpectationFile",
    "Expectations",
    "Status",
    "parse_expectations",
    "read_expectations",
    "status_without_file",
]


class ExpectationError(SuiteError):
    """An expectation file cannot be read; names file and line of every mistake."""


class Status(enum.StrEnum):
    """What an outcome is in the light of what was expected."""

    #: As it should be: passed, unsupported, or a failure that does not gate.
    FINE = "fine"
    #: It failed as an entry says.
    KNOWN = "known"
    #: It failed, and no entry says so.
    UNEXPECTED = "unexpected"
    #: It passed, and an entry says that it fails.
    UNEXPECTED_PASS = "unexpected-pass"  # noqa: S105  (no password)
    #: It failed in another way than the entry says.
    OTHER_KIND = "other-kind"
    #: The run ended before it.
    NOT_RUN = "not-run"

    @property
    def is_expected(self) -> bool:
        """Whether the run can still succeed."""
        return self in {Status.FINE, Status.KNOWN}


_Failure = Literal["failed", "forbidden", "raised", "chunk-variant", "crashed", "timed-out", "bad-reply"]


class _Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping of the file."""


class Entry(_Shape, frozen=True):
    """Cases that are known to fail in one way.

    Attributes:
        cases: patterns for `id`, `id@revision` or `id@revision[chunking]`.
        matches: how many cases of a revision they match.
        outcome: how these fail.
        reason: why, for people.
        deviations: numbered deviations that are the cause.
        issue: where it is tracked.
        expires: the last day (YYYY-MM-DD) on which this is accepted.
    """

    cases: Annotated[list[Annotated[str, Meta(min_length=1)]], Meta(min_length=1)]
    matches: Annotated[int, Meta(ge=1)]
    outcome: _Failure
    reason: Annotated[str, Meta(min_length=1)]
    deviations: list[str] = []
    issue: str = ""
    expires: str = ""


class ExpectationFile(_Shape, frozen=True):
    """A whole file."""

    format: Literal[1]
    implementation: Annotated[str, Meta(min_length=1)]
    capabilities: dict[str, Any] = {}
    entries: list[Entry] = []


_DEVIATION: Final = re.compile("D[1-9][0-9]*")
_PINNABLE: Final = frozenset(
    {
        "revisions",
        "layers",
        "encodings",
        "error-codes",
        "chunking",
        "steps",
        "setup",
        "request-states",
        "commands",
        "values",
        "after-end",
    }
)


class Expectations:
    """An expectation file at work.

    Args:
        file: how people find it; names it in problems.
        content: what it says.
        lines: the line of each entry.
        header: the comment before everything else, kept when the file is rewritten.
    """

    def __init__(
        self, file: str, content: ExpectationFile, lines: tuple[int, ...] = (), header: str = ""
    ) -> None:
        self.file = file
        self.content = content
        self.header = header
        self._lines = lines or (0,) * len(content.entries)
        self._exact: dict[str, list[int]] = defaultdict(list)
        self._wild: list[tuple[str, int]] = []
        for index, entry in enumerate(content.entries):
            for pattern in entry.cases:
                if "*" in pattern or "?" in pattern:
                    self._wild.append((pattern, index))
                else:
                    self._exact[pattern].append(index)

    @functools.cached_property
    def _any_wild(self) -> re.Pattern[str]:
        """Match what any pattern may match: most items match none, and are done with one look."""
        stems = {re.escape(re.split(r"[*?]", pattern, maxsplit=1)[0]) for pattern, _ in self._wild}
        return re.compile("|".join(sorted(stems)))

    def entries_for(self, name: ItemName) -> tuple[int, ...]:
        """List the entries that mean an item, by their index."""
        found = {index for text in name for index in self._exact.get(text, ())}
        if self._wild and self._any_wild.match(name[2]):
            found.update(index for pattern, index in self._wild if matches(pattern, name))
        return tuple(sorted(found))

    def status(self, outcome: Outcome) -> Status:
        """Say what an outcome is in the light of this file."""
        indices = self.entries_for(outcome.item.names)
        return _status(outcome, self.content.entries[indices[0]] if indices else None)

    def problems(self, supported: Iterable[Item], hello: Hello, today: dt.date) -> tuple[Problem, ...]:
        """Say what of the file itself no longer holds.

        Args:
            supported: every item of every case that the implementation supports, selected or not.
            hello: what the implementation declares.
            today: the day on which entries expire.
        """
        matched: dict[int, set[str]] = defaultdict(set)
        twice: dict[tuple[int, ...], str] = {}
        for item in supported:
            indices = self.entries_for(item.names)
            for index in indices:
                matched[index].add(item.names[1])
            if len(indices) > 1:
                twice.setdefault(indices, item.name)
        found = [*self._lost(hello)]
        for index, entry in enumerate(self.content.entries):
            count = len(matched[index])
            if not count:
                found.append(self._problem(index, f"no case matches {', '.join(entry.cases)}"))
            elif count != entry.matches:
                found.append(self._problem(index, f"matches {count} cases, the entry says {entry.matches}"))
            last = _day(entry.expires)
            if last is not None and last < today:
                found.append(self._problem(index, f"the entry expired on {entry.expires}: {entry.reason}"))
        for indices, name in twice.items():
            others = " and ".join(f"line {self._lines[index]}" for index in indices)
            found.append(self._problem(indices[-1], f"{name} is expected by several entries: {others}"))
        return tuple(found)

    def _lost(self, hello: Hello) -> Iterable[Problem]:
        if hello.name != self.content.implementation:
            yield Problem(
                self.file,
                0,
                f"written for {self.content.implementation}, but the implementation says that it is {hello.name}",
            )
        declared = declared_capabilities(hello)
        for key, needed in self.content.capabilities.items():
            missing = lacking(needed, declared[key])
            if missing:
                yield Problem(self.file, 0, f"lost capability: {key} {missing} is no longer declared")

    def _problem(self, index: int, message: str) -> Problem:
        return Problem(self.file, self._lines[index], message)


def _status(outcome: Outcome, entry: Entry | None) -> Status:
    if outcome.kind is OutcomeKind.NOT_RUN:
        return Status.NOT_RUN
    if entry is None:
        return Status.UNEXPECTED if outcome.gating else Status.FINE
    if outcome.kind is OutcomeKind.UNSUPPORTED:
        return Status.FINE
    if outcome.kind is OutcomeKind.PASSED:
        return Status.UNEXPECTED_PASS
    return Status.KNOWN if outcome.kind.value == entry.outcome else Status.OTHER_KIND


def status_without_file(outcome: Outcome) -> Status:
    """Say what an outcome is where nothing is expected to fail."""
    return _status(outcome, None)


def read_expectations(path: Path) -> Expectations:
    """Read an expectation file.

    Args:
        path: the file, as the user named it.

    Raises:
        ExpectationError: it cannot be read, or is not what an expectation file is.
    """
    file = str(path)
    try:
        octets = path.read_bytes()
    except OSError as error:
        raise ExpectationError([Problem(file, 0, error.strerror or str(error))]) from None
    return parse_expectations(octets, file)


def parse_expectations(octets: bytes, file: str) -> Expectations:
    """Read the octets of an expectation file.

    Raises:
        ExpectationError: they are not what an expectation file is.
    """
    document = read_yaml(octets, file)
    if document.problems:
        raise ExpectationError(document.problems)
    content, errors = read_model(document.root, ExpectationFile)
    if errors or content is None:
        raise ExpectationError(
            Problem(file, document.line(error.path), _place(error.path) + error.message, error.remedy)
            for error in errors
        )
    found = [*_semantic_problems(content, document.line, file)]
    if found:
        raise ExpectationError(found)
    lines = tuple(document.line(("entries", index)) for index in range(len(content.entries)))
    return Expectations(file, content, lines, _header(octets.decode("utf-8")))


def _place(path: tuple[str | int, ...]) -> str:
    return f"{'.'.join(map(str, path))}: " if path else ""


def _semantic_problems(content: ExpectationFile, line: Any, file: str) -> Iterable[Problem]:
    """Say what the types cannot."""
    for key in content.capabilities:
        if key not in _PINNABLE:
            remedy = f"known are {', '.join(sorted(_PINNABLE))}"
            yield Problem(file, line(("capabilities", key)), f"unknown capability {key!r}", remedy)
    for index, entry in enumerate(content.entries):
        for deviation in entry.deviations:
            if not _DEVIATION.fullmatch(deviation):
                where = line(("entries", index, "deviations"))
                yield Problem(file, where, f"{deviation!r} is no deviation", "write D and its number")
        if entry.expires and _day(entry.expires) is None:
            where = line(("entries", index, "expires"))
            yield Problem(file, where, f"{entry.expires!r} is no day of the calendar", 'write "YYYY-MM-DD"')


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _header(text: str) -> str:
    """Return the comment lines at the top of a file."""
    lines = []
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            break
        lines.append(line)
    return "\n".join(lines).strip("\n")
