"""Mutants that vectors need not notice, each with its proof: the file of equivalents.

    equivalents:
      - id: buffer-1f2e3d4c
        line: "if end > len(octets): -> if (end >= len(octets)):"
        reason: a frame that ends with the octets is taken one call later, before anybody can ask

    left-open:
      - module: hgframing._limits
        function: Limits
        statement: "max_requests: int = 1024"
        reason: the text names no number; vectors set the limits that they speak of

    out-of-reach:
      - module: hgframing._client
        function: ClientReactor.abandon
        reason: no step of a vector gives a request up
      - module: hgframing._answers
        function: Answers.add_data
        guard: "if not isinstance(data, bytes):"
        reason: a step's data is hex digits, and arrives as bytes
      - module: hgframing._requests
        function: Requests._hold
        statement: "if is_last:"
        reason: the harness never asks for data as it arrives

An entry of the first list names one mutant that no conversation of a vector can tell from the original. One of the
second names a statement of which a conversation could tell some faults, if a vector demanded what the text leaves open.
One of the third names a function that no step of any vector can call, a statement of a function that no step can get
to, or a guard in it that no step can make refuse.

Everything is checked. An entry that matches nothing, or whose mutants were all noticed, is a mistake. So is a function
or a statement that a case runs, a guard that a case makes refuse, and a guard that does anything but raise
`LocalProtocolError`: what a peer can provoke is never out of reach.
"""

from __future__ import annotations

import enum

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec

from msgspec import Meta

from hgframing_conformance._mutants import Mutant
from hgframing_conformance._problems import Problem, SuiteError
from hgframing_conformance._subject import Place
from hgframing_conformance._suite_model import read_model
from hgframing_conformance._trial import Result, Status
from hgframing_conformance._yaml import read_yaml


__all__ = ["Equivalent", "Equivalents", "Excuse", "LeftOpen", "OutOfReach", "describe", "read_equivalents"]

_Text = Annotated[str, Meta(min_length=1)]
#: What says that the caller, and not the peer, did something wrong.
_REFUSALS: Final = frozenset({"LocalProtocolError"})


class Excuse(enum.Enum):
    """Why a mutant need not be noticed."""

    EQUIVALENT = "equivalent"
    LEFT_OPEN = "left_open"
    OUT_OF_REACH = "out_of_reach"


class Equivalent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One mutant."""

    id: _Text
    line: _Text
    reason: _Text


class LeftOpen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One statement that decides what the text does not."""

    module: _Text
    function: str
    statement: _Text
    reason: _Text

    def __str__(self) -> str:
        return " ".join(filter(None, (self.module, self.function))) + f", {self.statement}"

    def covers(self, mutant: Mutant, place: Place) -> bool:
        """Tell whether a mutant is in the statement."""
        return (self.module, self.function, self.statement) == (mutant.module, mutant.scope, place.statement)


class OutOfReach(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One function that vectors cannot call, or a statement or a guard in it that they cannot use."""

    module: _Text
    function: _Text
    reason: _Text
    statement: str = ""
    guard: str = ""

    def __str__(self) -> str:
        return ", ".join(filter(None, (f"{self.module} {self.function}", self.statement, self.guard)))

    def covers(self, mutant: Mutant, place: Place) -> bool:
        """Tell whether a mutant is in the function, or one inside of it, and in what is named of it."""
        if self.module != mutant.module:
            return False
        if self.guard and (place.guard is None or place.guard.text != self.guard):
            return False
        if self.statement and place.statement != self.statement:
            return False
        return self.function == "*" or f"{mutant.scope}.".startswith(f"{self.function}.")

    def holds(self, place: Place) -> bool:
        """Tell whether what it says is true of a place that it covers."""
        if not self.guard:
            return not place.reached
        return place.guard is not None and place.guard.exception in _REFUSALS and not place.refuses


class Equivalents(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The whole file."""

    equivalents: tuple[Equivalent, ...] = ()
    left_open: tuple[LeftOpen, ...] = ()
    out_of_reach: tuple[OutOfReach, ...] = ()

    def excuse(self, mutant: Mutant, place: Place) -> Excuse | None:
        """Return the list that a mutant is in; None: nothing excuses it."""
        if any(entry.id == mutant.id for entry in self.equivalents):
            return Excuse.EQUIVALENT
        if any(entry.covers(mutant, place) for entry in self.left_open):
            return Excuse.LEFT_OPEN
        if any(entry.covers(mutant, place) and entry.holds(place) for entry in self.out_of_reach):
            return Excuse.OUT_OF_REACH
        return None

    def problems(
        self, mutants: Iterable[Mutant], results: Mapping[str, Result], places: Mapping[str, Place]
    ) -> Iterator[str]:
        """Say which entries no longer hold.

        Args:
            mutants: every mutant of the modules that were measured.
            results: what became of those that were.
            places: ids of all of them, and what is known of where they are.
        """
        mutants = tuple(mutants)
        by_id = {mutant.id: mutant for mutant in mutants}
        modules = {mutant.module for mutant in mutants}
        names = {module.rpartition(".")[2].lstrip("_") for module in modules}
        for entry in self.equivalents:
            if entry.id in by_id or entry.id.rpartition("-")[0] in names:
                yield from _problems_of_one(entry, by_id.get(entry.id), results.get(entry.id))
        wider: tuple[LeftOpen | OutOfReach, ...] = (*self.left_open, *self.out_of_reach)
        for place in wider:
            if place.module in modules:
                covered = [mutant for mutant in mutants if place.covers(mutant, places[mutant.id])]
                yield from _problems_of_place(place, covered, results, places)


def _problems_of_one(entry: Equivalent, mutant: Mutant | None, result: Result | None) -> Iterator[str]:
    if mutant is None:
        yield f"{entry.id} ({entry.line}): there is no such mutant any more"
        return
    if entry.line != describe(mutant):
        yield f"{entry.id}: its line is {describe(mutant)!r}"
    if result is not None and result.status is not Status.SURVIVED:
        yield f"{entry.id} ({entry.line}) needs no excuse: {result.status}, {result.item or 'it died'}"


def _problems_of_place(
    entry: LeftOpen | OutOfReach,
    covered: Sequence[Mutant],
    results: Mapping[str, Result],
    places: Mapping[str, Place],
) -> Iterator[str]:
    if not covered:
        yield f"{entry}: there is no mutant in such a place"
    elif isinstance(entry, LeftOpen):
        ended = [results[mutant.id].status for mutant in covered if mutant.id in results]
        if len(ended) == len(covered) and Status.SURVIVED not in ended:
            yield f"{entry} needs no excuse: all its faults were noticed"
    else:
        there = [places[mutant.id] for mutant in covered]
        # A statement may stand twice in a function: what a case runs is not excused, and the other is.
        enough = any if entry.statement else all
        if not enough(map(entry.holds, there)):
            yield f"{entry} is not out of reach: {_contradiction(entry, there)}"


def _contradiction(entry: OutOfReach, covered: Iterable[Place]) -> str:
    if not entry.guard:
        return "a case runs it"
    if any(place.refuses for place in covered):
        return "a case makes it refuse"
    return "it raises something else than LocalProtocolError"


def describe(mutant: Mutant) -> str:
    """Write the change that a mutant is in one line."""
    return f"{mutant.before} -> {mutant.after}"


def read_equivalents(path: Path) -> Equivalents:
    """Read the file.

    Raises:
        SuiteError: it cannot be read, or is not what this module's docstring shows.
    """
    try:
        document = read_yaml(path.read_bytes(), str(path))
    except OSError as error:
        raise SuiteError([Problem(str(path), 0, f"cannot be read: {error.strerror}")]) from None
    problems = list(document.problems)
    content, errors = read_model(document.root if document.root is not None else {}, Equivalents)
    problems += [
        Problem(document.file, document.line(error.path), error.message, error.remedy) for error in errors
    ]
    if problems or content is None:
        raise SuiteError(problems)
    return content
