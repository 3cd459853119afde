"""Which transitions a case takes, read off its frames and the tables.

The walk follows a case as a reactor would, and stops where a table has no place for a frame. It asks no reactor: what a
case covers is a property of the case.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from hgframing import (
    REVISIONS,
    ClientRequestState,
    ConnectionState,
    Feature,
    Frame,
    FrameBuffer,
    FrameInput,
    Limits,
    LocalInput,
    Revision,
    ServerRequestState,
    StreamInput,
    StreamState,
)
from hgframing_conformance._cases import Case, Layer, Step, Verb


__all__ = ["Transition", "walk"]

#: Table, state, input.
Transition: TypeAlias = tuple[str, str, str]

_UNLIMITED: Final = Limits(max_payload=0xFFFFFF)
_SETTINGS: Final = frozenset(
    frame_input for frame_input in FrameInput if frame_input.name.startswith(("SETTINGS", "STREAM_SETTINGS"))
)


def walk(case: Case) -> tuple[Transition, ...]:
    """Return the transitions that a case takes, in order; none in the layers that have no state."""
    match case.layer:
        case Layer.SERVER:
            return tuple(_ServerWalk(case).transitions())
        case Layer.CLIENT:
            return tuple(_ClientWalk(case).transitions())
        case Layer.CODEC | Layer.HTTP:
            return ()


class _Walk:
    """What both roles have: octets, streams and the connection."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._revision: Revision = REVISIONS[case.revision]
        self._has_ids = Feature.REQUEST_IDS in self._revision.features
        self._buffer = FrameBuffer(self._revision, _UNLIMITED)
        self._connection = self._revision.initial
        self._open: set[int] = set()

    def transitions(self) -> Iterator[Transition]:
        for step in self._case.steps:
            if step.verb is Verb.RECEIVE:
                for octets in step.octets:
                    self._buffer.feed(octets)
                for item in self._buffer:
                    if isinstance(item, Frame):
                        yield from self._receive(item)
            else:
                yield from self._local(step)

    def _receive(self, frame: Frame) -> Iterator[Transition]:
        frame_input = self._revision.inputs.get(frame.type_id << 4 | frame.flags)
        row = self._revision.connection[self._connection]
        stream = self._enter_stream(frame)
        if frame_input is None or frame_input not in row or stream is None:
            self._connection = ConnectionState.ERRORED
            return
        if frame_input not in _SETTINGS:
            request = self._take(frame.request_id, frame_input)
            if request is None:
                self._connection = ConnectionState.ERRORED
                return
            yield request
        yield ("connection", self._connection.name, frame_input.name)
        if stream:
            yield ("stream", *stream)
        self._connection = row[frame_input]

    def _enter_stream(self, frame: Frame) -> tuple[()] | tuple[str, str] | None:
        """Return the stream's transition, nothing where there are no streams, or `None` where it is a fault."""
        if Feature.STREAMS not in self._revision.features:
            return ()
        state = StreamState.OPEN if frame.stream_id in self._open else StreamState.CLOSED
        cause = StreamInput(frame.stream_flags & 3)
        following = self._revision.stream[state].get(cause)
        if following is None:
            return None
        self._open.discard(frame.stream_id)
        if following is StreamState.OPEN:
            self._open.add(frame.stream_id)
        return state.name, cause.name

    def _take(self, request_id: int, frame_input: FrameInput) -> Transition | None:
        raise NotImplementedError

    def _local(self, step: Step) -> Iterator[Transition]:
        raise NotImplementedError


class _ServerWalk(_Walk):
    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self._requests: dict[int, ServerRequestState] = {}
        self._defers = bool(case.setup.get("defer-output", False))

    def _take(self, request_id: int, frame_input: FrameInput) -> Transition | None:
        state = self._requests.get(request_id, ServerRequestState.UNKNOWN)
        if not self._has_ids and state is ServerRequestState.ACTIVE:
            state = ServerRequestState.UNKNOWN
        following = self._revision.server_request[state].get(frame_input)
        if following is None:
            return None
        self._requests[request_id] = following
        return ("server-request", state.name, frame_input.name)

    def _local(self, step: Step) -> Iterator[Transition]:
        if step.verb in (Verb.RESPOND, Verb.FINISH_RESPONSE, Verb.FAIL):
            yield from self._move(step.value, LocalInput.ANSWER)
            if not step.value.get("unsent", False) and not self._defers:
                yield from self._move(step.value, LocalInput.SENT)
        elif step.verb is Verb.SENT:
            yield from self._move(step.value, LocalInput.SENT)

    def _move(self, value: Any, cause: LocalInput) -> Iterator[Transition]:
        request_id = value.get("request", 0)
        state = self._requests.get(request_id, ServerRequestState.UNKNOWN)
        following = self._revision.server_request[state].get(cause)
        if following is not None:
            self._requests[request_id] = following
            yield ("server-request", state.name, cause.name)


class _ClientWalk(_Walk):
    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self._requests: dict[int, ClientRequestState] = {}
        self._next_id = 1 if self._has_ids else 0
        self._buffers = case.setup.get("buffer-sends", True)

    def _take(self, request_id: int, frame_input: FrameInput) -> Transition | None:
        state = self._requests.get(request_id, ClientRequestState.PENDING)
        following = self._revision.client_request[state].get(frame_input)
        if following is None:
            return None
        self._requests[request_id] = following
        return ("client-request", state.name, frame_input.name)

    def _local(self, step: Step) -> Iterator[Transition]:
        if step.verb is Verb.CALL:
            self._requests[self._next_id] = ClientRequestState.PENDING
            if self._has_ids:
                self._next_id += 2
        if step.verb is Verb.FLUSH or (step.verb is Verb.CALL and not self._buffers):
            yield from self._send()
        if step.verb is Verb.ABANDON:
            request_id = step.value.get("request", 0)
            state = self._requests.get(request_id, ClientRequestState.PENDING)
            following = self._revision.client_request[state].get(LocalInput.ABANDON)
            if following is not None:
                self._requests[request_id] = following
                yield ("client-request", state.name, LocalInput.ABANDON.name)

    def _send(self) -> Iterator[Transition]:
        for request_id, state in self._requests.items():
            if state is ClientRequestState.PENDING:
                for cause in (LocalInput.SEND, LocalInput.SENT):
                    now = self._requests[request_id]
                    yield ("client-request", now.name, cause.name)
                    self._requests[request_id] = self._revision.client_request[now][cause]
