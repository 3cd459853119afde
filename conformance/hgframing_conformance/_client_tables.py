"""What a client takes in every state, whatever the stream flags: the part of the alphabet that has a place.

One case is one table: a frame a step, each under a request and on a stream of its own, so that no row depends on
another. The first request is there to open streams.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from hgframing import ClientRequestState, Feature, FrameInput, Revision, StreamInput, StreamState
from hgframing_conformance._client_conversation import Answer, ClientConversation
from hgframing_conformance._decisions import (
    STREAM_DECIDED_BY,
    answer_deviations,
    answer_requirements,
    deviations_of,
    requirements_of,
)


__all__ = ["tables"]

_F: Final = FrameInput
_ANSWERS: Final = (_F.RESPONSE_MORE, _F.RESPONSE_LAST, _F.ERROR_RESPONSE, _F.TEXT_OUTPUT, _F.PROGRESS)
#: The states in which a client takes answers, and what brings a request there.
_WAYS: Final[tuple[tuple[ClientRequestState, tuple[FrameInput, ...]], ...]] = (
    (ClientRequestState.SENT, ()),
    (ClientRequestState.RECEIVING, (_F.RESPONSE_MORE,)),
)
#: Where frames come that bring a request to its state.
_OTHER_STREAM: Final = 254
_ENCODED: Final = 0x04


class _Kind(NamedTuple):
    """A way in which frames stand on their streams."""

    label: str
    title: str
    stream: StreamState
    causes: tuple[StreamInput, ...]


class _Row(NamedTuple):
    what: FrameInput
    flags: int | None
    nibble: int | None = None


_KINDS: Final = (
    _Kind("begin", "that begins its stream", StreamState.CLOSED, (StreamInput.BEGIN, StreamInput.BEGIN_END)),
    _Kind("open", "on an open stream", StreamState.OPEN, (StreamInput.PLAIN, StreamInput.END)),
    _Kind(
        "again", "that begins an open stream", StreamState.OPEN, (StreamInput.BEGIN, StreamInput.BEGIN_END)
    ),
)
_NO_STREAMS: Final = _Kind("taken", "", StreamState.OPEN, (StreamInput.PLAIN,))


def tables(revision: Revision) -> Iterator[dict[str, Any]]:
    """Yield the cases of one revision; none where one request at a time leaves no room for a table."""
    if Feature.REQUEST_IDS not in revision.features:
        return
    has_streams = Feature.STREAMS in revision.features
    answers = [what for what in _ANSWERS if what in revision.inputs.values()]
    for state, way in _WAYS:
        maker = _Tables(revision, state, way)
        for kind in _KINDS if has_streams else (_NO_STREAMS,):
            rows = [_Row(what, cause.value) for what in answers for cause in kind.causes]
            yield maker.case(kind, "", rows)
            if has_streams:
                yield maker.case(
                    kind, "encoded", [row._replace(flags=(row.flags or 0) | _ENCODED) for row in rows]
                )
        neither = [_Row(_F.RESPONSE_MORE, None, 0)]
        yield maker.case(_KINDS[0] if has_streams else _NO_STREAMS, "neither", neither)


class _Tables:
    """The tables of one state."""

    def __init__(self, revision: Revision, state: ClientRequestState, way: tuple[FrameInput, ...]) -> None:
        self._revision = revision
        self._place = state.name.lower()
        self._way = way

    def case(self, kind: _Kind, mark: str, rows: list[_Row]) -> dict[str, Any]:
        """Make one case.

        Args:
            kind: how the frames stand on their streams.
            mark: what else is special about them.
            rows: the frames.
        """
        requirements = self._decided_by(kind, mark, rows)
        parts = (self._place, mark) if mark == "neither" else (self._place, kind.label, mark)
        label = "-".join(part for part in parts if part)
        words = {
            "": "takes every answer",
            "encoded": "takes every answer marked as encoded, where no encoding is set,",
            "neither": "takes a response frame that neither goes on nor ends",
        }[mark]
        deviations = self._deviations(mark, rows)
        return {
            "id": f"client-alphabet-{self._revision.key}-{label}",
            "title": f"{self._place} {words} {kind.title}".rstrip(", "),
            "level": "must" if requirements else "unspecified",
            **({"requirements": requirements} if requirements else {}),
            **({"deviations": deviations} if deviations else {}),
            "source": "generated:alphabet",
            "tier": "full",
            "steps": list(self._steps(kind, rows)),
            "why": f"all {len(rows)} frames that have a place in {self._place} {kind.title}".rstrip(),
        }

    def _steps(self, kind: _Kind, rows: list[_Row]) -> Iterator[dict[str, Any]]:
        conversation = ClientConversation(self._revision)
        for _ in range(len(rows) + 1):
            yield conversation.call()
        yield conversation.flush()
        opener, *requests = conversation.requests
        for number, (request, row) in enumerate(zip(requests, rows, strict=True), start=1):
            stream = 2 * number
            before = [Answer(request, what, _OTHER_STREAM) for what in self._way]
            if kind.stream is StreamState.OPEN and kind is not _NO_STREAMS:
                before.append(Answer(opener, _F.RESPONSE_MORE, stream))
            if before:
                yield conversation.receive(*before)
            yield conversation.receive(Answer(request, row.what, stream, row.flags, row.nibble))

    def _decided_by(self, kind: _Kind, mark: str, rows: Iterable[_Row]) -> list[str]:
        """Say what decides all rows; nothing where one of them is decided by nothing."""
        is_encoded = mark == "encoded"
        if mark == "neither" or (is_encoded and Feature.CONTENT_ENCODINGS not in self._revision.features):
            return []
        found = [one for row in rows for one in answer_requirements(self._revision, row.what)]
        if kind is not _NO_STREAMS:
            for cause in kind.causes:
                if (kind.stream, cause) not in STREAM_DECIDED_BY:
                    return []
                found += STREAM_DECIDED_BY[kind.stream, cause]
        return requirements_of(self._revision, [*found, *(("STREAM-007", "ENC-005") if is_encoded else ())])

    def _deviations(self, mark: str, rows: Iterable[_Row]) -> list[str]:
        known = answer_deviations(self._revision, (row.what for row in rows))
        more = {"encoded": ["D39"], "neither": ["D12"]}.get(mark, [])
        return deviations_of(self._revision, [*known, *more])
