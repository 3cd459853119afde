"""The deviations of Mercurial, `deviations.yaml`: what it does, what the reference does, and which cases show it.

A deviation such as D11 is one difference between the specification text of some revisions and what Mercurial's code of
those revisions does. Cases cite them by number; `docs/mercurial.md` is written from here.
"""

from __future__ import annotations

import functools

from collections.abc import Iterable, Mapping
from importlib.resources.abc import Traversable
from typing import Annotated, Any, Literal

import msgspec

from msgspec import Meta

import hgframing_vectors

from hgframing import REVISIONS
from hgframing_conformance._cases import Case
from hgframing_conformance._forms import FormError
from hgframing_conformance._problems import Problem, SuiteError
from hgframing_conformance._suite_model import read_model
from hgframing_conformance._yaml import Document, read_yaml


__all__ = ["Deviation", "cases_by_number", "known_numbers", "load_deviations", "read_deviations"]

_Text = Annotated[str, Meta(min_length=1)]


class Deviation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """One deviation.

    Attributes:
        number: `D1` and so on, never reused.
        title: a short sentence about Mercurial.
        revisions: where it exists.
        where: which part of Mercurial it is in.
        mercurial: what Mercurial does.
        reference: what the reference does instead.
        only: which steps of a revision have it, if not all.
        origin: how it was found, if not by reading Mercurial beside its text.
    """

    number: Annotated[str, Meta(pattern=r"^D[1-9][0-9]*$")]
    title: _Text
    revisions: Annotated[list[str], Meta(min_length=1)]
    where: _Text
    mercurial: _Text
    reference: _Text
    only: str = ""
    origin: Literal["", "differential", "vectors"] = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    deviations: list[Any]


def load_deviations(root: Traversable | None = None) -> tuple[Deviation, ...]:
    """Load the deviations that lie in a directory.

    Args:
        root: the directory with `deviations.yaml`; the packaged data where absent.

    Raises:
        SuiteError: the file has problems; it lists all of them.
    """
    file = (root or hgframing_vectors.root()).joinpath("deviations.yaml")
    return read_deviations(file.read_bytes(), str(file))


@functools.cache
def known_numbers() -> frozenset[str]:
    """Return the numbers of all packaged deviations, for checks of what cites them."""
    return frozenset(deviation.number for deviation in load_deviations())


def read_deviations(octets: bytes, file: str) -> tuple[Deviation, ...]:
    """Read a file of deviations.

    Args:
        octets: the file.
        file: how problems name it.

    Raises:
        SuiteError: the file has problems; it lists all of them.
    """
    document = read_yaml(octets, file)
    problems = list(document.problems)
    entries: list[Deviation] = []
    model, errors = read_model(document.root, _File)
    problems += _at(document, errors)
    for index, form in enumerate(model.deviations if model else ()):
        entry, errors = read_model(form, Deviation, ("deviations", index))
        if entry is not None:
            before = _number(entries[-1]) if entries else 0
            errors = _check(entry, index, before)
            entries.append(entry)
        problems += _at(document, errors)
    if problems:
        raise SuiteError(problems)
    return tuple(entries)


def _at(document: Document, errors: list[FormError]) -> list[Problem]:
    return [
        Problem(document.file, document.line(error.path), error.message, error.remedy) for error in errors
    ]


def _number(entry: Deviation) -> int:
    return int(entry.number.removeprefix("D"))


def _check(entry: Deviation, index: int, before: int) -> list[FormError]:
    path = ("deviations", index)
    errors = []
    if _number(entry) <= before:
        errors.append(FormError(f"{entry.number} follows D{before}", path=path, remedy="numbers rise"))
    for revision in entry.revisions:
        if revision not in REVISIONS:
            remedy = f"known are {', '.join(REVISIONS)}"
            errors.append(
                FormError(f"{entry.number}: unknown revision {revision!r}", path=path, remedy=remedy)
            )
    if len(set(entry.revisions)) != len(entry.revisions):
        errors.append(FormError(f"{entry.number}: a revision is listed twice", path=path))
    return errors


def cases_by_number(deviations: Iterable[Deviation], cases: Iterable[Case]) -> Mapping[str, tuple[str, ...]]:
    """Find the cases that show each deviation.

    Args:
        deviations: what is asked for.
        cases: what there is; each id counts once, whatever its revisions. In a revision that has no such deviation a
            case shows what the reference does, and nothing of Mercurial: it does not count.

    Returns:
        Number -> ids of cases, in the order of the suites; none where no case shows it.
    """
    entries = {entry.number: entry for entry in deviations}
    found: dict[str, dict[str, None]] = {number: {} for number in entries}
    for case in cases:
        for number in case.deviations:
            if number in entries and case.revision in entries[number].revisions:
                found[number][case.id] = None
    return {number: tuple(ids) for number, ids in found.items()}
