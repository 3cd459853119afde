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

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from hgframing_conformance._problems import Problem
from hgframing_fuzz._signatures import Entry, EntryFile, Lines, Text, entry_problems, read_entries


__all__ = ["NOTHING_KNOWN", "KnownBucket", "KnownBuckets", "read_known"]

#: Parts of a bucket's id before its line: target, kind, where.
_ROOT_PARTS: Final = 3


class KnownBucket(Entry, frozen=True, kw_only=True):
    """An entry about buckets.

    Attributes:
        bucket: a pattern for their ids; `*` is any number of characters, `?` one.
    """

    bucket: Text


class _File(EntryFile, frozen=True, kw_only=True):
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
            if entry.day < self._today:
                message = f"the entry expired on {entry.expires}: {entry.reason}"
                found.append(Problem(self._file, line, message, "repair it, or sign again"))
            elif not any(map(pattern.match, ids)):
                message = f"nothing was found that {entry.bucket} matches"
                found.append(Problem(self._file, line, message, "remove it if the run was long enough"))
        return tuple(found)

    def _valid(self) -> Iterator[tuple[KnownBucket, int, re.Pattern[str]]]:
        return (one for one in self._entries if one[0].day >= self._today)


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
        SignedError: it cannot be read, or is not what such a file is; each mistake with its line.
    """
    content, line = read_entries(path, _File, _problems)
    entries = [(entry, line(("buckets", index))) for index, entry in enumerate(content.buckets)]
    return KnownBuckets(str(path), content.implementation, entries, today)


def _problems(content: _File, line: Lines, file: str) -> Iterator[Problem]:
    """Say what the types cannot."""
    for index, entry in enumerate(content.buckets):
        place = ("buckets", index)
        root = entry.bucket.split(".")[:_ROOT_PARTS]
        if len(root) < _ROOT_PARTS or any(not part.strip("*?") for part in root):
            remedy = "write target.kind.where and then .*"
            yield Problem(file, line((*place, "bucket")), f"{entry.bucket} matches too much", remedy)
        yield from entry_problems(entry, place, line, file)
