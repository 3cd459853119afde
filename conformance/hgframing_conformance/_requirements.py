"""The requirement catalogue, `requirements.yaml`: every sentence that constrains a peer, in our own words.

An id such as `FRAME-001` names one requirement through all revisions; where its wording or level changed, it has one
entry for each wording. Cases cite requirements by id, and a citation means the entry of the case's revision.
"""

from __future__ import annotations

import enum

from collections.abc import Mapping
from importlib.resources.abc import Traversable
from typing import Annotated, Any, Literal

import msgspec

from msgspec import Meta

import hgframing_vectors

from hgframing import REVISIONS
from hgframing_conformance._forms import FormError
from hgframing_conformance._problems import Problem, SuiteError
from hgframing_conformance._suite_model import read_model
from hgframing_conformance._yaml import Document, read_yaml


__all__ = [
    "Catalogue",
    "Decidability",
    "Requirement",
    "RequirementLevel",
    "Role",
    "load_requirements",
    "read_requirements",
]


class Role(enum.StrEnum):
    """Whom a requirement binds."""

    BOTH = "both"
    CLIENT = "client"
    SERVER = "server"
    SENDER = "sender"
    RECEIVER = "receiver"


class RequirementLevel(enum.StrEnum):
    """How the text says it; the last three are statements without a keyword."""

    MUST = "must"
    MUST_NOT = "must-not"
    MUST_ONLY = "must-only"
    SHOULD = "should"
    SHOULD_NOT = "should-not"
    MAY = "may"
    DEFINITION = "definition"
    IMPLIED = "implied"
    ADVICE = "advice"


class Decidability(enum.StrEnum):
    """Whether vectors can decide it: frames, actions, and what is asked and answered over HTTP."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


class Requirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """One wording of one requirement.

    Attributes:
        id: the same in all revisions.
        revisions: where this wording holds.
        role: whom it binds.
        level: how binding the text makes it.
        text: the sentence, in our own words.
        source: where the text says it.
        testable: whether vectors can decide it.
        why_not: required where they cannot.
        line: where the entry stands; set by the reader.
    """

    id: Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9]*-[0-9]{3}$")]
    revisions: Annotated[list[str], Meta(min_length=1)]
    role: Role
    level: RequirementLevel
    text: Annotated[str, Meta(min_length=1)]
    source: Annotated[str, Meta(min_length=1)]
    testable: Decidability
    why_not: str = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal[1]
    requirements: list[Any]


class Catalogue:
    """All requirements; look one up by id and revision."""

    def __init__(self, entries: tuple[Requirement, ...]) -> None:
        self.entries = entries
        index: dict[str, dict[str, Requirement]] = {}
        for entry in entries:
            for revision in entry.revisions:
                index.setdefault(entry.id, {}).setdefault(revision, entry)
        self._index: Mapping[str, Mapping[str, Requirement]] = index

    def __contains__(self, requirement_id: object) -> bool:
        return requirement_id in self._index

    def find(self, requirement_id: str, revision: str) -> Requirement | None:
        """Look up the wording that holds in a revision.

        Args:
            requirement_id: such as `FRAME-001`.
            revision: a key of `hgframing.REVISIONS`.

        Returns:
            the entry, or `None` where the revision has no such requirement.
        """
        return self._index.get(requirement_id, {}).get(revision)

    def of_revision(self, revision: str) -> tuple[Requirement, ...]:
        """Return every requirement of a revision, in the order of the catalogue."""
        return tuple(entry for entry in self.entries if revision in entry.revisions)


def load_requirements(root: Traversable | None = None) -> Catalogue | None:
    """Load the catalogue that lies in a directory.

    Args:
        root: the directory with `requirements.yaml`; the packaged data where absent.

    Returns:
        the catalogue, or `None` where the directory has none.

    Raises:
        SuiteError: the file has problems; it lists all of them.
    """
    file = (root or hgframing_vectors.root()).joinpath("requirements.yaml")
    if not file.is_file():
        return None
    return read_requirements(file.read_bytes(), str(file))


def read_requirements(octets: bytes, file: str) -> Catalogue:
    """Read a catalogue.

    Args:
        octets: the file.
        file: how problems name it.

    Raises:
        SuiteError: the file has problems; it lists all of them.
    """
    document = read_yaml(octets, file)
    problems = list(document.problems)
    entries: list[Requirement] = []
    model, errors = read_model(document.root, _File)
    problems += _at(document, errors)
    for index, form in enumerate(model.requirements if model else ()):
        entry, errors = read_model(form, Requirement, ("requirements", index))
        if entry is not None:
            errors = _check(entry, entries, ("requirements", index))
            entries.append(entry)
        problems += _at(document, errors)
    if problems:
        raise SuiteError(problems)
    return Catalogue(tuple(entries))


def _at(document: Document, errors: list[FormError]) -> list[Problem]:
    return [
        Problem(document.file, document.line(error.path), error.message, error.remedy) for error in errors
    ]


def _check(entry: Requirement, before: list[Requirement], path: tuple[str | int, ...]) -> list[FormError]:
    errors = []
    for revision in entry.revisions:
        if revision not in REVISIONS:
            remedy = f"known are {', '.join(REVISIONS)}"
            errors.append(FormError(f"{entry.id}: unknown revision {revision!r}", path=path, remedy=remedy))
    twice = {revision for other in before if other.id == entry.id for revision in other.revisions}
    errors += [
        FormError(f"{entry.id} has two entries for revision {revision}", path=path)
        for revision in sorted(twice & set(entry.revisions))
    ]
    if len(set(entry.revisions)) != len(entry.revisions):
        errors.append(FormError(f"{entry.id}: a revision is listed twice", path=path))
    if entry.testable is Decidability.NO and not entry.why_not:
        errors.append(
            FormError(f"{entry.id} is not testable and does not say why", path=path, remedy="add why-not")
        )
    return errors
