"""Differences that are expected: a file of signed entries, each of which ends on a day.

    format: 1
    implementation: Mercurial 6.0.3
    differences:
      - matches: {cause: D33}
        deviation: D33
        who: the maintainers
        reason: a request that is CBOR but no map raises a TypeError
        expires: "2027-11-30"
      - matches: {layer: server, frame: command-data, ours: error, theirs: run-command, code: bad-flags}
        issue: https://example.org/issues/17
        who: A. Person
        reason: accepts data with both flags set; to be repaired
        expires: "2027-03-31"

An entry says what it matches and answers for it: somebody signed it, with a reason, a numbered deviation or an issue,
and until when. After that day it matches nothing, and the difference is a finding again. There is no entry that matches
everything: one names a cause that the classifier of differences (`_causes`) must have found in the octets, or what both
sides did and at which frame or with which code.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from hgframing_conformance._deviations import known_numbers
from hgframing_conformance._problems import Problem
from hgframing_fuzz._signatures import (
    Entry,
    EntryFile,
    Lines,
    Number,
    Shape,
    Text,
    entry_problems,
    read_entries,
)


__all__ = ["DifferenceFacts", "Match", "SignedDifference", "SignedDifferences", "read_signed"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceFacts:
    """What is known of a difference; `SignedDifference` matches on it.

    Attributes:
        layer: `server`, `client` or `codec`.
        revision: the revision's key.
        frame: the type of the frame, `type-N` where the revision has none, `octets` where they are no frame,
            `end` at the end of the input, `answer` where a command is answered.
        state: where the reference stood before; empty where it does not tell.
        ours: what the reference did, in a word: the kind of its loudest action, or `quiet`.
        theirs: what the implementation did.
        code: the reference's error code, if it answered an error.
        message: what the implementation says, if it answered an error or raised something.
        type: the type of what it raised.
        detail: what differs, in a clause.
        causes: the deviations that explain it.
    """

    layer: str
    revision: str
    frame: str
    state: str
    ours: str
    theirs: str
    code: str
    message: str
    type: str
    detail: str
    causes: tuple[str, ...]


class Match(Shape, frozen=True):
    """Which differences an entry is about: those that have all of this.

    `message` and `detail` are patterns that are searched for; everything else is compared with `DifferenceFacts`.
    """

    cause: Number | None = None
    layer: Literal["server", "client", "codec"] | None = None
    revision: Text | None = None
    frame: Text | None = None
    state: Text | None = None
    ours: Text | None = None
    theirs: Text | None = None
    code: Text | None = None
    message: Text | None = None
    type: Text | None = None
    detail: Text | None = None

    def matches(self, facts: DifferenceFacts) -> bool:
        """Whether a difference has all of this."""
        if self.cause is not None and self.cause not in facts.causes:
            return False
        exact = (getattr(self, name) in (None, getattr(facts, name)) for name in _EXACT)
        return all(exact) and all(
            pattern is None or re.search(pattern, text)
            for pattern, text in ((self.message, facts.message), (self.detail, facts.detail))
        )


_EXACT: Final = ("layer", "revision", "frame", "state", "ours", "theirs", "code", "type")
_PATTERNS: Final = ("message", "detail")


class SignedDifference(Entry, frozen=True, kw_only=True):
    """An entry about differences.

    Attributes:
        matches: what it is about.
    """

    matches: Match


class _File(EntryFile, frozen=True, kw_only=True):
    differences: list[SignedDifference]


class SignedDifferences:
    """The entries of a file, on a day.

    Args:
        entries: all of them.
        today: those that ended before are not asked.
    """

    def __init__(self, entries: list[SignedDifference], today: dt.date) -> None:
        self.valid = tuple(entry for entry in entries if entry.day >= today)
        self.expired = tuple(entry for entry in entries if entry.day < today)

    def find(self, facts: DifferenceFacts) -> SignedDifference | None:
        """Return the first entry that expects a difference."""
        return next((entry for entry in self.valid if entry.matches.matches(facts)), None)

    def find_expired(self, facts: DifferenceFacts) -> SignedDifference | None:
        """Return an entry that expected it until a day that has passed."""
        return next((entry for entry in self.expired if entry.matches.matches(facts)), None)


def read_signed(path: Path, today: dt.date) -> SignedDifferences:
    """Read a file of expected differences.

    Args:
        path: the file, as the user named it.
        today: the day on which entries expire.

    Raises:
        SignedError: it cannot be read, or is not what such a file is; each mistake with its line.
    """
    content, _ = read_entries(path, _File, _problems)
    return SignedDifferences(content.differences, today)


def _problems(content: _File, line: Lines, file: str) -> Iterator[Problem]:
    """Say what the types cannot."""
    for index, entry in enumerate(content.differences):
        place = ("differences", index)
        wanted = entry.matches
        place_or_code = wanted.frame or wanted.code
        if wanted.cause is None and None in (place_or_code, wanted.ours, wanted.theirs):
            remedy = "name a cause, or ours and theirs with frame or code"
            yield Problem(file, line((*place, "matches")), "the entry matches too much", remedy)
        if wanted.cause is not None and wanted.cause not in known_numbers():
            yield Problem(file, line((*place, "matches", "cause")), f"there is no deviation {wanted.cause}")
        for name in _PATTERNS:
            try:
                re.compile(getattr(wanted, name) or "")
            except re.error as error:
                yield Problem(file, line((*place, "matches", name)), f"{name} is no pattern: {error}")
        yield from entry_problems(entry, place, line, file)
