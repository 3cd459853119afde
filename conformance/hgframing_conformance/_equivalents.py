"""Mutants that vectors need not notice, each with its proof: the file of equivalents.

    equivalents:
      - id: buffer-1f2e3d4c
        line: "if end > len(octets): -> if (end >= len(octets)):"
        reason: a frame that ends with the octets is taken one call later, before anybody can ask

    left-open:
      - id: limits-4b076d86
        line: "max_requests: int = 1024 -> max_requests: int = (1025)"
        reason: the text names no number; vectors set the limits that they speak of

    out-of-reach:
      - module: hgframing._client
        function: ClientReactor.abandon
        reason: no step of a vector gives a request up
      - module: hgframing._answers
        function: Answers.add_data
        guard: "if not isinstance(data, bytes):"
        reason: a step's data is hex digits, and arrives as bytes

An entry of the first list names one mutant that no conversation can tell from the original; one of the second a mutant
that a conversation could tell, if a vector demanded what the text leaves open. One of the third names a function that
no step of any vector can call, or a guard in it that no step can make refuse.

Everything is checked. An entry that matches nothing, or whose mutant was noticed, is a mistake. So is a function of
which a case runs a line with a fault in it, a guard that a case makes refuse, and a guard that does anything but raise
`LocalProtocolError`: what a peer can provoke is never out of reach.
"""

from __future__ import annotations

import enum

from collections.abc import Iterable, Iterator, Mapping
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


__all__ = ["Equivalent", "Equivalents", "Excuse", "OutOfReach", "describe", "read_equivalents"]

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


class OutOfReach(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One function that vectors cannot call, or one guard in it that they cannot make refuse."""

    module: _Text
    function: _Text
    reason: _Text
    guard: str = ""

    def __str__(self) -> str:
        return f"{self.module} {self.function}{f', {self.guard}' if self.guard else ''}"

    def covers(self, mutant: Mutant, place: Place) -> bool:
        """Tell whether a mutant is in the function, or one inside of it, and in the guard if one is named."""
        if self.module != mutant.module:
            return False
        if self.guard and (place.guard is None or place.guard.text != self.guard):
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
    left_open: tuple[Equivalent, ...] = ()
    out_of_reach: tuple[OutOfReach, ...] = ()

    def excuse(self, mutant: Mutant, place: Place) -> Excuse | None:
        """Return the list that a mutant is in; None: nothing excuses it."""
        if any(entry.id == mutant.id for entry in self.equivalents):
            return Excuse.EQUIVALENT
        if any(entry.id == mutant.id for entry in self.left_open):
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
        for entry in (*self.equivalents, *self.left_open):
            if entry.id in by_id or entry.id.rpartition("-")[0] in names:
                yield from _problems_of_one(entry, by_id.get(entry.id), results.get(entry.id))
        for place in self.out_of_reach:
            if place.module not in modules:
                continue
            covered = [places[mutant.id] for mutant in mutants if place.covers(mutant, places[mutant.id])]
            if not covered:
                yield f"{place}: there is no mutant in such a {'guard' if place.guard else 'function'}"
            elif not all(map(place.holds, covered)):
                yield f"{place} is not out of reach: {_contradiction(place, covered)}"


def _problems_of_one(entry: Equivalent, mutant: Mutant | None, result: Result | None) -> Iterator[str]:
    if mutant is None:
        yield f"{entry.id} ({entry.line}): there is no such mutant any more"
        return
    if entry.line != describe(mutant):
        yield f"{entry.id}: its line is {describe(mutant)!r}"
    if result is not None and result.status is not Status.SURVIVED:
        yield f"{entry.id} ({entry.line}) needs no excuse: {result.status}, {result.item or 'it died'}"


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
