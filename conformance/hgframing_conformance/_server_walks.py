"""The generator `walks` for servers: two requests and two streams of a client, and what the server's user does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from hgframing import (
    REVISIONS,
    ConnectionState,
    Feature,
    FrameInput,
    LocalInput,
    Revision,
    ServerRequestState,
    StreamInput,
    StreamState,
)
from hgframing_conformance._decisions import (
    STREAM_DECIDED_BY,
    deviations_of,
    request_deviations,
    request_requirements,
    requirements_of,
)
from hgframing_conformance._server_conversation import Asked, ServerConversation
from hgframing_conformance._walks import Choice, Move, Walk, describe_pair, walks


__all__ = ["ServerModel", "generate_server_walks"]

_F: Final = FrameInput
_S: Final = ServerRequestState
_SETTINGS: Final = frozenset({_F.SETTINGS_MORE, _F.SETTINGS_LAST})
_STREAM_SETTINGS: Final = frozenset({_F.STREAM_SETTINGS_MORE, _F.STREAM_SETTINGS_LAST})
_STREAMS: Final = (1, 3)


class _Own(NamedTuple):
    """What the server's user does to a request."""

    request: int
    verb: str


def generate_server_walks(seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield one suite for each revision: its name, and its content in the form of a suite file.

    Args:
        seed: decides what chance decides.
    """
    for revision in REVISIONS.values():
        name = f"server/generated-walks-{revision.key}"
        decided = walks(lambda: ServerModel(revision, only_decided=True), seed)  # noqa: B023  # used at once
        known = frozenset(pair for walk in decided for pair in walk.pairs)
        others = walks(lambda: ServerModel(revision, only_decided=False), seed, known)  # noqa: B023
        cases = [_case(revision, number, walk) for number, walk in enumerate((*decided, *others), start=1)]
        yield (
            name,
            {
                "format": 1,
                "suite": name,
                "title": f"Walks over the server's tables of {revision.key} that make every pair of transitions",
                "layer": "server",
                "revisions": [revision.key],
                "cases": cases,
            },
        )


class ServerModel:
    """A server's conversation that can be asked what may happen next.

    Args:
        revision: whose tables.
        only_decided: leave out what no requirement decides.
    """

    def __init__(self, revision: Revision, *, only_decided: bool) -> None:
        self._revision = revision
        self._only_decided = only_decided
        self._conversation = ServerConversation(revision)
        self._requests = (1, 3) if Feature.REQUEST_IDS in revision.features else (0,)
        self._streams = _STREAMS if Feature.STREAMS in revision.features else (0,)
        self._inputs = [what for what in dict.fromkeys(revision.inputs.values()) if self._is_sent(what)]

    def choices(self) -> Sequence[Choice]:
        """Return every frame that has a place, and everything that the user can do."""
        return [*self._frames(), *self._own()]

    def take(self, choice: Choice) -> dict[str, Any]:
        """Let it happen, and return the step of a case."""
        event = choice.event
        if isinstance(event, Asked):
            return self._conversation.receive(event)
        match event.verb:
            case "respond":
                return self._conversation.respond(event.request, unsent=True)
            case "fail":
                return self._conversation.fail(event.request, unsent=True)
            case _:
                return self._conversation.sent(event.request)

    def _is_sent(self, what: FrameInput) -> bool:
        """Say whether a client sends such a frame; settings that stop in the middle leave nothing else a place."""
        if what is _F.STREAM_SETTINGS_MORE:
            return False
        in_request = any(what in row for row in self._revision.server_request.values())
        is_decided = bool(request_requirements(self._revision, what))
        return (in_request or what in _SETTINGS | _STREAM_SETTINGS) and (is_decided or not self._only_decided)

    def _frames(self) -> Iterator[Choice]:
        for what in self._inputs:
            requests = self._requests[:1] if what in _SETTINGS | _STREAM_SETTINGS else self._requests
            for request in requests:
                for stream in self._streams:
                    yield from self._on_stream(request, what, stream)

    def _on_stream(self, request: int, what: FrameInput, stream: int) -> Iterator[Choice]:
        connection = self._conversation.connection
        moves: list[tuple[str, Move]] = []
        if connection is not ConnectionState.OPEN:
            moves.append(("connection", ("connection", connection.name, what.name)))
        if what not in _SETTINGS | _STREAM_SETTINGS:
            state = self._conversation.state(request)
            if not request and self._conversation.requests.get(request, state) is not state:
                # Without request IDs a command is answered before the next begins.
                return
            moves.append((f"request-{request}", ("server-request", state.name, what.name)))
        if not stream:
            if self._conversation.has_place(asked := Asked(request, what)):
                yield Choice(asked, tuple(moves), self._beside(request))
            return
        place = StreamState.OPEN if self._conversation.is_open(stream) else StreamState.CLOSED
        for cause in self._revision.stream[place]:
            if self._only_decided and (place, cause) not in STREAM_DECIDED_BY:
                continue
            if what in _STREAM_SETTINGS and place is StreamState.OPEN:
                continue
            asked = Asked(request, what, stream, cause.value)
            if self._conversation.has_place(asked):
                move = ("stream", place.name, cause.name)
                yield Choice(asked, (*moves, (f"stream-{stream}", move)), self._beside(request))

    def _beside(self, request: int) -> tuple[tuple[str, str], ...]:
        others = (other for other in self._requests if other != request)
        return tuple(("server-request", self._conversation.state(other).name) for other in others)

    def _own(self) -> Iterator[Choice]:
        for request in self._requests:
            # Answers are given to what the table calls active, whether or not there are IDs.
            state = self._conversation.requests.get(request, _S.UNKNOWN)
            row = self._revision.server_request[state]
            for cause, verbs in ((LocalInput.ANSWER, ("respond", "fail")), (LocalInput.SENT, ("sent",))):
                if cause in row:
                    move = ("server-request", state.name, cause.name)
                    for verb in verbs:
                        yield Choice(
                            _Own(request, verb), ((f"request-{request}", move),), self._beside(request)
                        )


def _case(revision: Revision, number: int, walk: Walk) -> dict[str, Any]:
    requirements = _decided_by(revision, walk)
    inputs = [choice.event.what for choice in walk.choices if isinstance(choice.event, Asked)]
    fails = any(isinstance(choice.event, _Own) and choice.event.verb == "fail" for choice in walk.choices)
    known = [*request_deviations(revision, inputs), *(["D27"] if fails else [])]
    deviations = deviations_of(revision, [*known, *(["D22"] if revision.key == "0002" else [])])
    return {
        "id": f"server-walk-{revision.key}-{number}",
        "title": f"A walk of {len(walk.steps)} steps over the tables makes {len(walk.pairs)} pairs of transitions",
        "level": "must" if requirements else "unspecified",
        **({"requirements": requirements} if requirements else {}),
        **({"deviations": deviations} if deviations else {}),
        "source": "generated:walks",
        "tier": "full",
        "steps": list(walk.steps),
        "why": f"{len(walk.pairs)} pairs of transitions, such as {describe_pair(min(walk.pairs))}",
    }


def _decided_by(revision: Revision, walk: Walk) -> list[str]:
    """Say what decides all frames of a walk; nothing where one is decided by nothing."""
    found: list[str] = []
    for choice in walk.choices:
        if not isinstance(choice.event, Asked):
            continue
        requirements = request_requirements(revision, choice.event.what)
        for table, state, cause in (move for _, move in choice.moves):
            if table == "stream":
                key = (StreamState[state], StreamInput[cause])
                requirements = [*requirements, *STREAM_DECIDED_BY[key]] if key in STREAM_DECIDED_BY else []
        if not requirements:
            return []
        found += requirements
    return requirements_of(revision, [*found, "RID-004", "RID-005", "STREAM-009"])
