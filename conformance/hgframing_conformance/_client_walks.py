"""The generator `walks` for clients: several requests, and answers to them on two streams of the server.

Requests are given up in walks of their own, which come last: a client that cannot do it is asked all the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

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
from hgframing_conformance._walks import Choice, Move, Walk, describe_pair, walks


__all__ = ["ClientModel", "generate_client_walks"]

_F: Final = FrameInput
_R: Final = ClientRequestState
_SETTINGS: Final = frozenset({_F.SETTINGS_MORE, _F.SETTINGS_LAST})
_STREAMS: Final = (2, 4)
#: Requests that wait for an answer at the same time.
_OPEN_REQUESTS: Final = 2
_FINAL: Final = (_R.RECEIVED, _R.ERRORED)
_CALL: Final = "call"


class _GiveUp(NamedTuple):
    """The user gives a request up."""

    request: int


def generate_client_walks(seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield one suite for each revision: its name, and its content in the form of a suite file.

    Args:
        seed: decides what chance decides.
    """
    for revision in REVISIONS.values():
        name = f"client/generated-walks-{revision.key}"
        decided = walks(lambda: ClientModel(revision, only_decided=True), seed)  # noqa: B023  # used at once
        known = frozenset(pair for walk in decided for pair in walk.pairs)
        others = walks(lambda: ClientModel(revision, only_decided=False), seed, known)  # noqa: B023
        known |= {pair for walk in others for pair in walk.pairs}
        given_up = walks(lambda: ClientModel(revision, only_decided=False, gives_up=True), seed, known)  # noqa: B023
        yield (
            name,
            {
                "format": 1,
                "suite": name,
                "title": f"Walks over the client's tables of {revision.key} that make every pair of transitions",
                "layer": "client",
                "revisions": [revision.key],
                "cases": [
                    _case(revision, number, walk)
                    for number, walk in enumerate((*decided, *others, *given_up), start=1)
                ],
            },
        )


class ClientModel:
    """A client's conversation that can be asked what may happen next.

    Args:
        revision: whose tables.
        only_decided: leave out what no requirement decides.
        gives_up: whether the user may give requests up, which no requirement decides.
    """

    def __init__(self, revision: Revision, *, only_decided: bool, gives_up: bool = False) -> None:
        self._revision = revision
        self._only_decided = only_decided
        self._gives_up = gives_up
        self._conversation = ClientConversation(revision, buffers=False)
        self._most = _OPEN_REQUESTS if Feature.REQUEST_IDS in revision.features else 1
        self._streams = _STREAMS if Feature.STREAMS in revision.features else (0,)
        self._inputs = [what for what in dict.fromkeys(revision.inputs.values()) if self._is_sent(what)]

    def choices(self) -> Sequence[Choice]:
        """Return every frame that has a place, a call if there is room for one, and what can be given up."""
        return [*self._calls(), *self._frames(), *self._given_up()]

    def take(self, choice: Choice) -> dict[str, Any]:
        """Let it happen, and return the step of a case."""
        if choice.event == _CALL:
            return self._conversation.call()
        if isinstance(choice.event, _GiveUp):
            return self._conversation.abandon(choice.event.request)
        return self._conversation.receive(choice.event)

    def _is_sent(self, what: FrameInput) -> bool:
        """Say whether a server sends such a frame; settings of a stream change no state that is looked at here."""
        in_request = any(what in row for row in self._revision.client_request.values())
        is_decided = bool(answer_requirements(self._revision, what))
        return (in_request or what in _SETTINGS) and (is_decided or not self._only_decided)

    def _calls(self) -> Iterator[Choice]:
        requests = self._conversation.requests
        if sum(state not in _FINAL for state in requests.values()) >= self._most:
            return
        # Without request IDs the next request has the place of the last.
        name = f"request-{len(requests) if self._most > 1 else 0}"
        leaving = (
            ("client-request", _R.PENDING.name, LocalInput.SEND.name),
            ("client-request", _R.SENDING.name, LocalInput.SENT.name),
        )
        yield Choice(_CALL, tuple((name, move) for move in leaving), self._beside(None))

    def _beside(self, request: int | None) -> tuple[tuple[str, str], ...]:
        others = self._conversation.requests.items() if self._most > 1 else ()
        return tuple(("client-request", state.name) for other, state in others if other != request)

    def _frames(self) -> Iterator[Choice]:
        requests = list(self._conversation.requests)
        for what in self._inputs:
            for place, request in enumerate(requests):
                if what in _SETTINGS and place:
                    continue
                for stream in self._streams:
                    yield from self._on_stream(f"request-{place}", Answer(request, what, stream))

    def _given_up(self) -> Iterator[Choice]:
        requests = self._conversation.requests.items() if self._gives_up else ()
        for place, (request, state) in enumerate(requests):
            if LocalInput.ABANDON in self._revision.client_request[state]:
                move = ("client-request", state.name, LocalInput.ABANDON.name)
                yield Choice(_GiveUp(request), ((f"request-{place}", move),), self._beside(request))

    def _on_stream(self, name: str, answer: Answer) -> Iterator[Choice]:
        connection = self._conversation.connection
        moves: list[tuple[str, Move]] = []
        if connection is not ConnectionState.OPEN:
            moves.append(("connection", ("connection", connection.name, answer.what.name)))
        if answer.what not in _SETTINGS:
            state = self._conversation.requests[answer.request]
            moves.append((name, ("client-request", state.name, answer.what.name)))
        if not answer.stream:
            if self._conversation.has_place(answer):
                yield Choice(answer, tuple(moves), self._beside(answer.request))
            return
        place = StreamState.OPEN if self._conversation.is_open(answer.stream) else StreamState.CLOSED
        for cause in self._revision.stream[place]:
            if self._only_decided and (place, cause) not in STREAM_DECIDED_BY:
                continue
            flagged = answer._replace(stream_flags=cause.value)
            if self._conversation.has_place(flagged):
                move = ("stream", place.name, cause.name)
                yield Choice(
                    flagged, (*moves, (f"stream-{answer.stream}", move)), self._beside(answer.request)
                )


def _case(revision: Revision, number: int, walk: Walk) -> dict[str, Any]:
    events = [choice.event for choice in walk.choices]
    is_given_up = any(isinstance(event, _GiveUp) for event in events)
    requirements = [] if is_given_up else _decided_by(revision, walk)
    frames = [event.what for event in events if isinstance(event, Answer)]
    deviations = [] if is_given_up else answer_deviations(revision, frames)
    return {
        "id": f"client-walk-{revision.key}-{number}",
        "title": f"A walk of {len(walk.steps)} steps over the tables makes {len(walk.pairs)} pairs of transitions",
        "level": "must" if requirements else "unspecified",
        **({"requirements": requirements} if requirements else {}),
        **({"deviations": deviations} if deviations else {}),
        "source": "generated:walks",
        **({"comment": GIVEN_UP_COMMENT} if is_given_up else {}),
        "setup": {"buffer-sends": False, "multiple-sends": True},
        "tier": "full",
        "steps": list(walk.steps),
        "why": f"{len(walk.pairs)} pairs of transitions, such as {describe_pair(min(walk.pairs))}",
    }


def _decided_by(revision: Revision, walk: Walk) -> list[str]:
    """Say what decides all frames of a walk; nothing where one is decided by nothing."""
    found: list[str] = []
    for choice in walk.choices:
        if choice.event == _CALL:
            continue
        requirements = answer_requirements(revision, choice.event.what)
        for table, state, cause in (move for _, move in choice.moves):
            if table == "stream":
                key = (StreamState[state], StreamInput[cause])
                requirements = [*requirements, *STREAM_DECIDED_BY[key]] if key in STREAM_DECIDED_BY else []
        if not requirements:
            return []
        found += requirements
    return requirements_of(revision, [*found, "RID-004", "RID-007", "STREAM-009"])
