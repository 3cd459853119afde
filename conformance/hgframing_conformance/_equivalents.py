"""Mutants that vectors need not notice, each with its proof: the file of equivalents.

    equivalents:
      - id: buffer-1f2e3d4c
        line: "if end > len(octets): -> if (end >= len(octets)):"
        reason: a frame that ends with the octets is taken one call later, before anybody can ask

    out-of-reach:
      - module: hgframing._client
        function: ClientReactor.abandon
        reason: no step of a vector gives a request up

An entry of the first list names one mutant by its id. One of the second names a function that no step of any vector can
call; it covers all mutants in it. Both are checked: an entry that matches nothing, whose mutant was noticed, or whose
function a case runs after all, is a mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from msgspec import Meta

from hgframing_conformance._mutants import Mutant
from hgframing_conformance._problems import Problem, SuiteError
from hgframing_conformance._strength import Result, Status
from hgframing_conformance._suite_model import read_model
from hgframing_conformance._yaml import read_yaml


__all__ = ["Equivalent", "Equivalents", "OutOfReach", "describe", "read_equivalents"]

_Text = Annotated[str, Meta(min_length=1)]


class Equivalent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One mutant that nobody can tell from the original."""

    id: _Text
    line: _Text
    reason: _Text


class OutOfReach(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One function that vectors cannot call."""

    module: _Text
    function: _Text
    reason: _Text


class Equivalents(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The whole file."""

    equivalents: tuple[Equivalent, ...] = ()
    out_of_reach: tuple[OutOfReach, ...] = ()

    def excuses(self, mutant: Mutant) -> bool:
        """Tell whether a mutant is in the first list."""
        return any(entry.id == mutant.id for entry in self.equivalents)

    def puts_out_of_reach(self, mutant: Mutant) -> bool:
        """Tell whether a mutant lies in a function of the second list, or in one inside of it."""
        return any(_covers(entry, mutant) for entry in self.out_of_reach)

    def problems(
        self, mutants: Iterable[Mutant], results: Mapping[str, Result], reached: Mapping[str, bool]
    ) -> Iterator[str]:
        """Say which entries no longer hold.

        Args:
            mutants: every mutant of the modules that were measured.
            results: what became of those that were.
            reached: ids, and whether a case runs the mutant's function.
        """
        mutants = tuple(mutants)
        modules = {mutant.module for mutant in mutants}
        names = {module.rpartition(".")[2].lstrip("_") for module in modules}
        by_id = {mutant.id: mutant for mutant in mutants}
        for entry in self.equivalents:
            mutant = by_id.get(entry.id)
            if mutant is None:
                if entry.id.rpartition("-")[0] in names:
                    yield f"{entry.id} ({entry.line}): there is no such mutant any more"
                continue
            if entry.line != describe(mutant):
                yield f"{entry.id}: its line is {describe(mutant)!r}"
            result = results.get(entry.id)
            if result is not None and result.status is not Status.SURVIVED:
                yield f"{entry.id} ({entry.line}) is no equivalent: {result.status}, {result.item or 'it died'}"
        for place in self.out_of_reach:
            covered = [mutant for mutant in mutants if _covers(place, mutant)]
            if place.module in modules and not covered:
                yield f"{place.module} {place.function}: there is no mutant in such a function"
            if any(reached.get(mutant.id, False) for mutant in covered):
                yield f"{place.module} {place.function} is not out of reach: a case runs it"


def _covers(entry: OutOfReach, mutant: Mutant) -> bool:
    if entry.module != mutant.module:
        return False
    return entry.function == "*" or f"{mutant.scope}.".startswith(f"{entry.function}.")


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
