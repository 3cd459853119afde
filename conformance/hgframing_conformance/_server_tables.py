"""What a server takes in every state, whatever the stream flags: the part of the alphabet that has a place.

One case is one table over all states of a request: a frame a step, each under a request and on a stream of its own,
so that no row depends on another. The first request is there to open streams; where a request needs frames to be
brought to a state, they come in the step before.
"""

from __future__ import annotations

import collections

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from hgframing import Feature, FrameInput, Revision, ServerRequestState, StreamInput, StreamState
from hgframing_conformance._decisions import (
    STREAM_DECIDED_BY,
    deviations_of,
    request_deviations,
    request_requirements,
    requirements_of,
)
from hgframing_conformance._server_conversation import Asked, ServerConversation


__all__ = ["server_tables"]

_F: Final = FrameInput
_S: Final = ServerRequestState
_OPENER: Final = 1
#: Where frames come that bring a request to its state.
_OTHER_STREAM: Final = 253
_ENCODED: Final = 0x04


class _Kind(NamedTuple):
    """A way in which frames stand on their streams."""

    label: str
    title: str
    stream: StreamState
    causes: tuple[StreamInput, ...]


class _Row(NamedTuple):
    state: ServerRequestState
    what: FrameInput
    flags: int


_KINDS: Final = (
    _Kind(
        "begin", "that begin their streams", StreamState.CLOSED, (StreamInput.BEGIN, StreamInput.BEGIN_END)
    ),
    _Kind("open", "on open streams", StreamState.OPEN, (StreamInput.PLAIN, StreamInput.END)),
    _Kind("again", "that begin open streams", StreamState.OPEN, (StreamInput.BEGIN, StreamInput.BEGIN_END)),
)


def server_tables(revision: Revision) -> Iterator[dict[str, Any]]:
    """Yield the cases of one revision; none where there are no streams, because transitions are all that there is."""
    if Feature.STREAMS not in revision.features:
        return
    ways = _ways(revision)
    for kind in _KINDS:
        rows = [
            _Row(state, what, cause.value)
            for state in ways
            for what in revision.server_request[state]
            if isinstance(what, FrameInput)
            for cause in kind.causes
        ]
        yield _case(revision, kind, rows, ways, is_encoded=False)
        encoded = [row._replace(flags=row.flags | _ENCODED) for row in rows]
        yield _case(revision, kind, encoded, ways, is_encoded=True)


def _ways(revision: Revision) -> Mapping[ServerRequestState, tuple[FrameInput, ...]]:
    """Find the fewest frames that bring a request to each state in which frames have a place."""
    ways: dict[ServerRequestState, tuple[FrameInput, ...]] = {_S.UNKNOWN: ()}
    waiting = collections.deque([_S.UNKNOWN])
    while waiting:
        state = waiting.popleft()
        for what, following in revision.server_request[state].items():
            if isinstance(what, FrameInput) and following not in ways and following is not _S.ACTIVE:
                ways[following] = (*ways[state], what)
                waiting.append(following)
    return ways


def _case(
    revision: Revision,
    kind: _Kind,
    rows: list[_Row],
    ways: Mapping[ServerRequestState, tuple[FrameInput, ...]],
    *,
    is_encoded: bool,
) -> dict[str, Any]:
    requirements = _decided_by(revision, kind, rows, is_encoded=is_encoded)
    known = [*request_deviations(revision, (row.what for row in rows)), *(["D38"] if is_encoded else [])]
    deviations = deviations_of(revision, [*known, *(["D40"] if kind.label == "again" else [])])
    mark = ", marked as encoded where no encoding is set" if is_encoded else ""
    return {
        "id": f"server-alphabet-{revision.key}-takes-{kind.label}{'-encoded' if is_encoded else ''}",
        "title": f"Every state takes what it has a place for in frames {kind.title}{mark}",
        "level": "must" if requirements else "unspecified",
        **({"requirements": requirements} if requirements else {}),
        **({"deviations": deviations} if deviations else {}),
        "source": "generated:alphabet",
        "tier": "full",
        "steps": list(_steps(revision, kind, rows, ways)),
        "why": f"all {len(rows)} frames that have a place in some state, {kind.title.replace('that ', 'when they ')}",
    }


def _steps(
    revision: Revision,
    kind: _Kind,
    rows: Iterable[_Row],
    ways: Mapping[ServerRequestState, tuple[FrameInput, ...]],
) -> Iterator[dict[str, Any]]:
    conversation = ServerConversation(revision)
    opening = _F.NEW_DATA if _F.NEW_DATA in revision.server_request[_S.UNKNOWN] else _F.NAME_DATA
    yield conversation.receive(Asked(_OPENER, opening, _OTHER_STREAM))
    for number, row in enumerate(rows, start=1):
        request, stream = _OPENER + 2 * number, 2 * number - 1
        before = [Asked(request, what, _OTHER_STREAM) for what in ways[row.state]]
        if kind.stream is StreamState.OPEN:
            before.append(Asked(_OPENER, _F.DATA_MORE, stream))
        if before:
            yield conversation.receive(*before)
        yield conversation.receive(Asked(request, row.what, stream, row.flags))


def _decided_by(revision: Revision, kind: _Kind, rows: Iterable[_Row], *, is_encoded: bool) -> list[str]:
    """Say what decides all rows; nothing where one of them is decided by nothing."""
    if is_encoded and Feature.CONTENT_ENCODINGS not in revision.features:
        return []
    if any((kind.stream, cause) not in STREAM_DECIDED_BY for cause in kind.causes):
        return []
    found = [one for row in rows for one in request_requirements(revision, row.what)]
    found += [one for cause in kind.causes for one in STREAM_DECIDED_BY[kind.stream, cause]]
    return requirements_of(revision, [*found, *(("STREAM-007", "ENC-005") if is_encoded else ())])
