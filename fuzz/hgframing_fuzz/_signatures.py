"""Entries that somebody signed: what is expected, who answers for it, why, and until when.

    format: 1
    implementation: Mercurial 6.0.3
    buckets:                                 # or differences
      - bucket: "server-reactor.CBORDecodeError._makeruncommandresult.*"
        deviation: D30
        who: the maintainers
        reason: a request that is no CBOR raises what its decoder raises
        expires: "2027-11-30"

What an entry is about is its list's own affair: `_known` has entries about buckets, `_signed` about differences. This
module has what makes it an entry, and reads the file.
"""

from __future__ import annotations

import datetime as dt

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Literal, TypeAlias, TypeVar

import msgspec

from msgspec import Meta

from hgframing_conformance._deviations import known_numbers
from hgframing_conformance._forms import Path as Place
from hgframing_conformance._problems import Problem, SuiteError
from hgframing_conformance._suite_model import read_model
from hgframing_conformance._yaml import read_yaml


__all__ = [
    "Entry",
    "EntryFile",
    "Lines",
    "Number",
    "Shape",
    "SignedError",
    "Text",
    "entry_problems",
    "read_entries",
]

Text: TypeAlias = Annotated[str, Meta(min_length=1)]
#: Of a deviation.
Number: TypeAlias = Annotated[str, Meta(pattern=r"^D[1-9][0-9]*$")]


class SignedError(SuiteError):
    """A file of signed entries cannot be read; names file and line of every mistake."""


class Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping of the file."""


class Entry(Shape, frozen=True, kw_only=True):
    """One entry.

    Attributes:
        who: who answers for it.
        reason: why, for people.
        expires: the last day (YYYY-MM-DD) on which it holds.
        deviation: the numbered deviation that it is.
        issue: where it is tracked.
    """

    who: Text
    reason: Text
    expires: Text
    deviation: Number | None = None
    issue: Text | None = None

    @property
    def label(self) -> str:
        """What it is called in reports."""
        return self.deviation or self.issue or self.reason

    @property
    def day(self) -> dt.date:
        """The last day on which it holds.

        Raises:
            ValueError: it is no day; `read_entries` lets no such entry through.
        """
        return dt.date.fromisoformat(self.expires)


class EntryFile(Shape, frozen=True, kw_only=True):
    """A file of entries; who reads one adds its list."""

    format: Literal[1]
    implementation: Text


_F = TypeVar("_F", bound=EntryFile)
#: Where something of the file stands, by its path in the document.
Lines: TypeAlias = Callable[[Place], int]


def read_entries(
    path: Path, shape: type[_F], check: Callable[[_F, Lines, str], Iterator[Problem]]
) -> tuple[_F, Lines]:
    """Read a file of signed entries.

    Args:
        path: the file, as the user named it.
        shape: what it has to be.
        check: says what the types cannot.

    Returns:
        What it says, and where.

    Raises:
        SignedError: it cannot be read, or is not what such a file is; each mistake with its line.
    """
    file = str(path)
    try:
        document = read_yaml(path.read_bytes(), file)
    except OSError as error:
        raise SignedError([Problem(file, 0, error.strerror or str(error))]) from None
    if document.problems:
        raise SignedError(document.problems)
    content, errors = read_model(document.root, shape)
    if errors or content is None:
        raise SignedError(
            Problem(file, document.line(error.path), _placed(error.path, error.message), error.remedy)
            for error in errors
        )
    found = [*check(content, document.line, file)]
    if found:
        raise SignedError(found)
    return content, document.line


def entry_problems(entry: Entry, place: Place, line: Lines, file: str) -> Iterator[Problem]:
    """Say what is wrong with a signature.

    Args:
        entry: whose.
        place: where it stands in the document.
        line: finds lines.
        file: how people find it.
    """
    if entry.deviation is None and entry.issue is None:
        yield Problem(file, line(place), "the entry names neither a deviation nor an issue")
    if entry.deviation is not None and entry.deviation not in known_numbers():
        yield Problem(file, line((*place, "deviation")), f"there is no deviation {entry.deviation}")
    try:
        entry.day  # noqa: B018 -- asked whether it is one
    except ValueError:
        where = line((*place, "expires"))
        yield Problem(file, where, f"{entry.expires!r} is no day of the calendar", 'write "YYYY-MM-DD"')


def _placed(path: Place, message: str) -> str:
    """Name the place in front of a message, unless it does so itself."""
    place = f"{'.'.join(map(str, path))}: " if path else ""
    return message if message.startswith(place) else place + message
