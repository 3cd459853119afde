"""The client's half of the generator `transitions`: every transition of its tables once, by the shortest way to it.

The tables are walked as one machine whose state is (connection, stream, request) for one stream of the server and one
request, from the moment at which the request has left. Not here is an answer while a request is half sent, which no
vector can say. The text knows nobody who gives a request up: what follows then is told by the table, and `unspecified`.
"""

from __future__ import annotations

import collections

from collections.abc import Iterator
from typing import Any, Final, NamedTuple, TypeAlias

from hgframing import (
    REVISIONS,
    ClientRequestState,
    ConnectionState,
    Feature,
    FrameInput,
    LocalInput,
    Revision,
    StreamInput,
    StreamState,
)
from hgframing_conformance._client_conversation import GIVEN_UP_COMMENT, Answer, ClientConversation
from hgframing_conformance._decisions import (
    STREAM_DECIDED_BY,
    answer_deviations,
    answer_requirements,
    requirements_of,
)


__all__ = ["generate_client_transitions", "reachable_client_transitions"]

_TABLES: Final = ("client-request", "connection", "stream")
_F: Final = FrameInput
_SETTINGS: Final = frozenset({_F.SETTINGS_MORE, _F.SETTINGS_LAST})
_STREAM_SETTINGS: Final = frozenset({_F.STREAM_SETTINGS_MORE, _F.STREAM_SETTINGS_LAST})
#: How a request leaves; every way begins with it.
_LEAVING: Final = (
    ("client-request", ClientRequestState.PENDING.name, LocalInput.SEND.name),
    ("client-request", ClientRequestState.SENDING.name, LocalInput.SENT.name),
)
_BEGINS: Final = frozenset({StreamInput.BEGIN, StreamInput.BEGIN_END})


class _State(NamedTuple):
    connection: ConnectionState
    stream: StreamState
    request: ClientRequestState


class _Event(NamedTuple):
    """A frame of the server, or that the user gives the request up."""

    what: FrameInput | LocalInput
    stream: StreamInput | None


_GIVEN_UP: Final = _Event(LocalInput.ABANDON, None)

_Key: TypeAlias = tuple[str, str, str]
_Path: TypeAlias = tuple[_Event, ...]


def generate_client_transitions() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield one suite for each revision: its name, and its content in the form of a suite file."""
    for revision in REVISIONS.values():
        name = f"client/generated-transitions-{revision.key}"
        yield (
            name,
            {
                "format": 1,
                "suite": name,
                "title": f"Every transition of the client's tables in {revision.key}, by the shortest way",
                "layer": "client",
                "revisions": [revision.key],
                "cases": [_case(revision, keys, path) for path, keys in _shortest(revision).items()],
            },
        )


def reachable_client_transitions(revision: Revision) -> tuple[_Key, ...]:
    """Return (table, state, input) of every transition of a client's tables that is generated."""
    return tuple(key for keys in _shortest(revision).values() for key in keys)


def _shortest(revision: Revision) -> dict[_Path, list[_Key]]:
    initial = _State(revision.initial, StreamState.CLOSED, ClientRequestState.SENT)
    seen: set[_Key] = set(_LEAVING)
    found: dict[_Path, list[_Key]] = {(): list(_LEAVING)}
    ways: dict[_State, _Path] = {initial: ()}
    waiting = collections.deque([initial])
    while waiting:
        state = waiting.popleft()
        for event, following, keys in _successors(revision, state):
            path = (*ways[state], event)
            if new := [key for key in keys if key not in seen]:
                seen.update(new)
                found[path] = new
            # Behind settings of a stream that go on only the rest of them has a place: no way leads through.
            if following not in ways and event.what is not _F.STREAM_SETTINGS_MORE:
                ways[following] = path
                waiting.append(following)
    return found


def _successors(revision: Revision, state: _State) -> Iterator[tuple[_Event, _State, list[_Key]]]:
    legal = set(revision.inputs.values())
    for what, connection in revision.connection[state.connection].items():
        row = revision.client_request[state.request]
        is_apart = what in _SETTINGS | _STREAM_SETTINGS
        if what not in legal or not (is_apart or what in row):
            continue
        following = _State(connection, state.stream, state.request if is_apart else row[what])
        keys = [("connection", state.connection.name, what.name)]
        if not is_apart:
            keys.append(("client-request", state.request.name, what.name))
        if Feature.STREAMS not in revision.features:
            yield _Event(what, None), following, keys
            continue
        for flags, stream in revision.stream[state.stream].items():
            # Settings of a stream stand only on a frame that begins it (ENC-001), which it does once.
            if what in _STREAM_SETTINGS and (state.stream is StreamState.OPEN or flags not in _BEGINS):
                continue
            yield (
                _Event(what, flags),
                following._replace(stream=stream),
                [*keys, ("stream", state.stream.name, flags.name)],
            )
    # Behind the frames, so that no shortest way to what a frame does leads through it.
    abandoned = revision.client_request[state.request].get(LocalInput.ABANDON)
    if abandoned is not None:
        key = ("client-request", state.request.name, LocalInput.ABANDON.name)
        yield _GIVEN_UP, state._replace(request=abandoned), [key]


def _case(revision: Revision, keys: list[_Key], path: _Path) -> dict[str, Any]:
    named = sorted(keys, key=lambda key: _TABLES.index(key[0]))
    is_given_up = _GIVEN_UP in path
    requirements = [] if is_given_up else sorted({one for key in keys for one in _decided_by(revision, key)})
    frames = [event.what for event in path if isinstance(event.what, FrameInput)]
    deviations = [] if is_given_up else answer_deviations(revision, frames)
    asks = any(table == "client-request" for table, _, _ in keys)
    return {
        "id": f"client-transition-{revision.key}-{'-'.join(_words(named[0]))}",
        "title": "; ".join("{}: {} takes {}".format(*_words(key)) for key in named),
        "level": "must" if requirements else "unspecified",
        **({"requirements": requirements} if requirements else {}),
        **({"deviations": deviations} if deviations else {}),
        "source": "generated:transitions",
        **({"comment": GIVEN_UP_COMMENT, "tier": "full"} if is_given_up else {}),
        "steps": list(_steps(revision, path, asks=asks)),
    }


def _words(key: _Key) -> tuple[str, str, str]:
    table, state, cause = (part.lower().replace("_", "-") for part in key)
    return table, state, cause


def _decided_by(revision: Revision, key: _Key) -> list[str]:
    table, state, cause = key
    if key in _LEAVING:
        return requirements_of(revision, ("CMD-003", "REQ-005"))
    if table == "stream":
        return requirements_of(revision, STREAM_DECIDED_BY.get((StreamState[state], StreamInput[cause]), ()))
    return answer_requirements(revision, FrameInput[cause])


def _steps(revision: Revision, path: _Path, *, asks: bool) -> Iterator[dict[str, Any]]:
    """One step per event, and at the end the question where the request stands, if that is what the case is about."""
    conversation = ClientConversation(revision)
    yield conversation.call()
    yield conversation.flush()
    (request,) = conversation.requests
    for event in path:
        if isinstance(event.what, LocalInput):
            yield conversation.abandon(request)
            continue
        flags = None if event.stream is None else event.stream.value
        yield conversation.receive(Answer(request, event.what, stream_flags=flags))
    if asks:
        yield conversation.ask(request)
