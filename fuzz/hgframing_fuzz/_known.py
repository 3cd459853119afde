"""Findings that are known: a file of signed entries over buckets, each of which ends on a day.

    format: 1
    implementation: Mercurial 6.0.3
    buckets:
      - bucket: "server-reactor.CBORDecodeError._makeruncommandresult.*"
        deviation: D30
        who: the maintainers
        reason: a request that is no CBOR raises what its decoder raises
        expires: "2027-11-30"

A bucket that an entry matches is no news: it is told apart and does not make a run fail. All else about it stays:
it is counted, kept and shown. An entry is strict in both directions, because a stale one hides what comes back: one
whose day has passed matches nothing any more and says so, and so does one that nothing matched.

An entry names at least target, kind and place of a bucket (`target.kind.where`); only the line may be a pattern alone.
What expects the same of an implementation beside the reference, by what happened, is `_signed`.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
import re

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from msgspec import Meta

from hgframing_conformance._deviations import known_numbers
from hgframing_conformance._problems import Problem, SuiteError
from hgframing_conformance._suite_model import read_model
from hgframing_conformance._yaml import read_yaml


__all__ = ["NOTHING_KNOWN", "KnownBucket", "KnownBuckets", "KnownError", "read_known"]

_Text = Annotated[str, Meta(min_length=1)]
_Number = Annotated[str, Meta(pattern=r"^D[1-9][0-9]*$")]
#: Parts of a bucket's id before its line: target, kind, where.
_ROOT_PARTS: Final = 3


class KnownError(SuiteError):
    """A file of known findings cannot be read; names file and line of every mistake."""


class _Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping of the file."""


class KnownBucket(_Shape, frozen=True):
    """One entry.

    Attributes:
        bucket: a pattern for ids of buckets; `*` is any number of characters, `?` one.
        who: who answers for it.
        reason: why, for people.
        expires: the last day (YYYY-MM-DD) on which it holds.
        deviation: the numbered deviation that it is.
        issue: where it is tracked.
    """

    bucket: _Text
    who: _Text
    reason: _Text
    expires: _Text
    deviation: _Number | None = None
    issue: _Text | None = None

    @property
    def label(self) -> str:
        """What it is called in reports."""
        return self.deviation or self.issue or self.reason


class _File(_Shape, frozen=True):
    format: Literal[1]
    implementation: _Text
    buckets: list[KnownBucket]


class KnownBuckets:
    """The entries of a file, on a day.

    Args:
        file: how people find it.
        implementation: whom it is about.
        entries: all of them, each with its line.
        today: those that ended before match nothing.
    """

    def __init__(
        self, file: str, implementation: str, entries: Iterable[tuple[KnownBucket, int]], today: dt.date
    ) -> None:
        self.implementation = implementation
        self._file = file
        self._entries = [
            (entry, line, re.compile(fnmatch.translate(_without_classes(entry.bucket))))
            for entry, line in entries
        ]
        self._today = today

    def find(self, bucket: str) -> KnownBucket | None:
        """Return the first entry that knows a bucket.

        Args:
            bucket: its id.
        """
        return next((entry for entry, _, pattern in self._valid() if pattern.match(bucket)), None)

    def problems(self, buckets: Iterable[str], target: str) -> tuple[Problem, ...]:
        """Say which entries no longer hold.

        Args:
            buckets: the ids of all buckets that a run found.
            target: what was driven: entries about other targets have nothing to match.
        """
        ids = list(buckets)
        found = []
        for entry, line, pattern in self._entries:
            if not entry.bucket.startswith(f"{target}."):
                continue
            if _day(entry) < self._today:
                message = f"the entry expired on {entry.expires}: {entry.reason}"
                found.append(Problem(self._file, line, message, "repair it, or sign again"))
            elif not any(map(pattern.match, ids)):
                message = f"nothing was found that {entry.bucket} matches"
                found.append(Problem(self._file, line, message, "remove it if the run was long enough"))
        return tuple(found)

    def _valid(self) -> Iterator[tuple[KnownBucket, int, re.Pattern[str]]]:
        return (one for one in self._entries if _day(one[0]) >= self._today)


def _day(entry: KnownBucket) -> dt.date:
    return dt.date.fromisoformat(entry.expires)


def _without_classes(pattern: str) -> str:
    """Take brackets for themselves, as the patterns of expectation files do."""
    return pattern.replace("[", "[[]")


#: Where no file is given.
NOTHING_KNOWN: Final = KnownBuckets("", "", (), dt.date.min)


def read_known(path: Path, today: dt.date) -> KnownBuckets:
    """Read a file of known findings.

    Args:
        path: the file, as the user named it.
        today: the day on which entries expire.

    Raises:
        KnownError: it cannot be read, or is not what such a file is; each mistake with its line.
    """
    file = str(path)
    try:
        document = read_yaml(path.read_bytes(), file)
    except OSError as error:
        raise KnownError([Problem(file, 0, error.strerror or str(error))]) from None
    if document.problems:
        raise KnownError(document.problems)
    content, errors = read_model(document.root, _File)
    if errors or content is None:
        raise KnownError(
            Problem(file, document.line(error.path), _placed(error.path, error.message), error.remedy)
            for error in errors
        )
    found = [*_problems(content, document.line, file)]
    if found:
        raise KnownError(found)
    entries = [(entry, document.line(("buckets", index))) for index, entry in enumerate(content.buckets)]
    return KnownBuckets(file, content.implementation, entries, today)


def _placed(path: tuple[str | int, ...], message: str) -> str:
    """Name the place in front of a message, unless it does so itself."""
    place = f"{'.'.join(map(str, path))}: " if path else ""
    return message if message.startswith(place) else place + message


def _problems(content: _File, line: Callable[[Any], int], file: str) -> Iterator[Problem]:
    """Say what the types cannot."""
    for index, entry in enumerate(content.buckets):
        place = ("buckets", index)
        root = entry.bucket.split(".")[:_ROOT_PARTS]
        if len(root) < _ROOT_PARTS or any(not part.strip("*?") for part in root):
            remedy = "write target.kind.where and then .*"
            yield Problem(file, line((*place, "bucket")), f"{entry.bucket} matches too much", remedy)
        if entry.deviation is None and entry.issue is None:
            yield Problem(file, line(place), "the entry names neither a deviation nor an issue")
        if entry.deviation is not None and entry.deviation not in known_numbers():
            yield Problem(file, line((*place, "deviation")), f"there is no deviation {entry.deviation}")
        try:
            _day(entry)
        except ValueError:
            where = line((*place, "expires"))
            yield Problem(file, where, f"{entry.expires!r} is no day of the calendar", 'write "YYYY-MM-DD"')
