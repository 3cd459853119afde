"""Which requirement decides that a frame has its place, and what Mercurial is known to do otherwise.

A generated case keeps the level `unspecified` unless something stands here. The lists are written once for all
revisions; the catalogue says which of them a revision has.
"""

from __future__ import annotations

import functools

from collections.abc import Iterable, Mapping
from typing import Final

from hgframing import Feature, FrameInput, Revision, StreamInput, StreamState
from hgframing_conformance._deviations import load_deviations
from hgframing_conformance._requirements import load_requirements


__all__ = [
    "STREAM_DECIDED_BY",
    "answer_deviations",
    "answer_requirements",
    "deviations_of",
    "requirements_of",
]

_F: Final = FrameInput

#: What a client sends.
_REQUESTS: Final[Mapping[FrameInput, tuple[str, ...]]] = {
    _F.SETTINGS_MORE: ("SET-006",),
    _F.SETTINGS_LAST: ("SET-001", "SET-006"),
    _F.STREAM_SETTINGS_MORE: ("ENC-006",),
    _F.STREAM_SETTINGS_LAST: ("ENC-001",),
    _F.NAME: ("CMD-001", "CMD-003"),
    _F.NAME_ARGUMENTS: ("CMD-004",),
    _F.NAME_DATA: ("CMD-005",),
    _F.NAME_ARGUMENTS_DATA: ("CMD-004", "CMD-005"),
    _F.ARGUMENT: ("ARG-002",),
    _F.ARGUMENT_PART: ("ARG-004", "ARG-005"),
    _F.ARGUMENT_LAST: ("ARG-006",),
    _F.NEW: ("REQ-005",),
    _F.NEW_DATA: ("REQ-005", "REQ-010"),
    _F.NEW_MORE: ("REQ-005", "REQ-009"),
    _F.NEW_MORE_DATA: ("REQ-005", "REQ-009", "REQ-010"),
    _F.CONTINUATION: ("REQ-008",),
    _F.CONTINUATION_DATA: ("REQ-008", "REQ-010"),
    _F.CONTINUATION_MORE: ("REQ-008", "REQ-009"),
    _F.CONTINUATION_MORE_DATA: ("REQ-008", "REQ-009", "REQ-010"),
    _F.DATA_MORE: ("DATA-002",),
    _F.DATA_LAST: ("DATA-003",),
}
#: What a server sends. A frame that is not here is decided by nothing.
_ANSWERS: Final[Mapping[FrameInput, tuple[str, ...]]] = {
    _F.SETTINGS_MORE: ("SET-006",),
    _F.SETTINGS_LAST: ("SET-001", "SET-006"),
    _F.STREAM_SETTINGS_MORE: ("ENC-006",),
    _F.STREAM_SETTINGS_LAST: ("ENC-003", "ENC-006"),
    _F.RESPONSE_MORE: ("RSP-002", "RSP-010"),
    _F.RESPONSE_LAST: ("RSP-003", "RSP-010"),
    _F.ERROR_RESPONSE: ("ERR-001", "ERR-004", "RSP-010"),
    _F.TEXT_OUTPUT: ("TEXT-002", "TEXT-004", "RSP-010"),
    _F.PROGRESS: ("PROG-001", "RSP-010"),
}
#: What Mercurial's clients do otherwise with them.
_ANSWER_DEVIATIONS: Final[Mapping[FrameInput, tuple[str, ...]]] = {
    _F.SETTINGS_MORE: ("D62",),
    _F.SETTINGS_LAST: ("D62",),
    _F.STREAM_SETTINGS_LAST: ("D48",),
    _F.ERROR_RESPONSE: ("D76",),
    _F.TEXT_OUTPUT: ("D75",),
    _F.PROGRESS: ("D75", "D85"),
}
#: What Mercurial's servers do otherwise with what a client sends.
_REQUEST_DEVIATIONS: Final[Mapping[FrameInput, tuple[str, ...]]] = {
    _F.STREAM_SETTINGS_MORE: ("D49",),
    _F.STREAM_SETTINGS_LAST: ("D48", "D49"),
    _F.ARGUMENT_PART: ("D14",),
}
#: Begin on an open stream is decided by nothing: the text does not call it illegal (D40).
STREAM_DECIDED_BY: Final[Mapping[tuple[StreamState, StreamInput], tuple[str, ...]]] = {
    (StreamState.CLOSED, StreamInput.BEGIN): ("STREAM-003", "STREAM-004"),
    (StreamState.CLOSED, StreamInput.BEGIN_END): ("STREAM-003", "STREAM-005"),
    (StreamState.OPEN, StreamInput.PLAIN): ("STREAM-004",),
    (StreamState.OPEN, StreamInput.END): ("STREAM-005",),
}


def requirements_of(revision: Revision, candidates: Iterable[str]) -> list[str]:
    """Keep the requirements that a revision has, sorted, each once."""
    return sorted(set(candidates) & _requirement_ids(revision.key))


def deviations_of(revision: Revision, candidates: Iterable[str]) -> list[str]:
    """Keep the deviations that concern a revision, in the order of their numbers, each once."""
    known = _deviation_numbers(revision.key)
    return sorted(set(candidates) & known, key=lambda number: int(number[1:]))


def request_requirements(revision: Revision, what: FrameInput) -> list[str]:
    """Say what decides that a server takes such a frame of a client; nothing: the text is silent."""
    if what.name.startswith("STREAM_SETTINGS") and Feature.CONTENT_ENCODINGS not in revision.features:
        # The frame exists, but no profile that it could name is defined.
        return []
    return requirements_of(revision, _REQUESTS.get(what, ()))


def request_deviations(revision: Revision, inputs: Iterable[FrameInput]) -> list[str]:
    """Say what Mercurial's servers do otherwise with any of these frames."""
    return deviations_of(
        revision, (number for what in inputs for number in _REQUEST_DEVIATIONS.get(what, ()))
    )


def answer_requirements(revision: Revision, what: FrameInput) -> list[str]:
    """Say what decides that a client takes such a frame of a server; nothing: the text is silent."""
    if what.name.startswith("STREAM_SETTINGS") and Feature.CONTENT_ENCODINGS not in revision.features:
        return []
    return requirements_of(revision, _ANSWERS.get(what, ()))


def answer_deviations(revision: Revision, inputs: Iterable[FrameInput]) -> list[str]:
    """Say what Mercurial's clients do otherwise with any of these frames."""
    return deviations_of(revision, (number for what in inputs for number in _ANSWER_DEVIATIONS.get(what, ())))


@functools.cache
def _requirement_ids(revision_key: str) -> frozenset[str]:
    catalogue = load_requirements()
    return frozenset(entry.id for entry in catalogue.of_revision(revision_key)) if catalogue else frozenset()


@functools.cache
def _deviation_numbers(revision_key: str) -> frozenset[str]:
    return frozenset(entry.number for entry in load_deviations() if revision_key in entry.revisions)
