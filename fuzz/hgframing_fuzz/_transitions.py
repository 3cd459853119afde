"""Whether the reference goes where its tables say: the state before and a frame give the state after, and no other.

    table-connection    a frame that the connection's table has no place for is an error, one that it has a place for
                        leads there, and after an error nothing leads anywhere
    table-request       the same for the request that a frame concerns: a frame without a place is an error, the frame
                        that makes a request whole runs it, and no other does
    accounts            what the reactor counts as half received and as unanswered is what the table has there

The tables are data that the reactors read as well. What is followed here is independent of them: a model keeps every
request's state, from the frames alone and from what was answered. An error where the table has a place is no objection:
a payload, a stream or a limit can be wrong.

Only the reference tells its states in the tables' own words, so only it is judged by them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from hgframing import ClientRequestState, ConnectionState, Feature, FrameInput, Revision, ServerRequestState
from hgframing_fuzz._client_session import calls_of
from hgframing_fuzz._drive import Script
from hgframing_fuzz._input import Delivery
from hgframing_fuzz._oracles import objection
from hgframing_fuzz._outcome import Finding, Kind, Seen, Trace


__all__ = ["check_client_tables", "check_server_tables"]

_BY_FRAME: Final = Delivery.FRAME
_ERRORED: Final = ConnectionState.ERRORED
_ACTIVE: Final = ServerRequestState.ACTIVE
_UNKNOWN: Final = ServerRequestState.UNKNOWN
#: A session does not count further.
_MANY: Final = 3
#: Inputs that concern the connection, or a stream, and no request.
_NO_REQUEST: Final = frozenset(
    {
        FrameInput.SETTINGS_MORE,
        FrameInput.SETTINGS_LAST,
        FrameInput.STREAM_SETTINGS_MORE,
        FrameInput.STREAM_SETTINGS_LAST,
    }
)
_DELIVERED: Final[Mapping[FrameInput, Kind]] = {
    FrameInput.RESPONSE_MORE: Kind.RESPONSE_DATA,
    FrameInput.RESPONSE_LAST: Kind.RESPONSE_DATA,
    FrameInput.ERROR_RESPONSE: Kind.ERROR_RESPONSE,
    FrameInput.TEXT_OUTPUT: Kind.TEXT_OUTPUT,
    FrameInput.PROGRESS: Kind.PROGRESS,
}


def check_server_tables(script: Script, trace: Trace) -> Finding | None:
    """Follow a server's tables along a trace.

    Args:
        script: what was played, a frame at a time; other deliveries say nothing of single frames.
        trace: what was seen, all of it or up to an exception.

    Returns:
        The first objection.
    """
    if not _tells(script, trace):
        return None
    model = _ServerModel(script.revision)
    return _follow(script, trace, model.frame, model.after)


def check_client_tables(script: Script, trace: Trace) -> Finding | None:
    """Follow a client's tables along a trace; see `check_server_tables`."""
    if not _tells(script, trace):
        return None
    model = _ClientModel(script)
    return _follow(script, trace, model.frame, lambda _: None)


def _tells(script: Script, trace: Trace) -> bool:
    """Whether a trace can be followed: it has an entry for each frame, and whoever it is tells where it stands."""
    return script.delivery is _BY_FRAME and bool(trace) and _state_of(trace[0]) is not None


def _follow(
    script: Script,
    trace: Trace,
    on_frame: Callable[[FrameInput, int, Seen], Finding | None],
    after: Callable[[Seen], Finding | None],
) -> Finding | None:
    revision = script.revision
    header = revision.header
    inputs, connection = revision.inputs, revision.connection
    chunks = script.chunks
    state = revision.initial
    for index, seen in enumerate(trace):
        now = _state_of(seen)
        if now is None:
            # It told before, and does no longer.
            return None
        if now is _ERRORED or state is _ERRORED or any(one.kind is Kind.ERROR for one in seen.observed):
            finding = _check_error(state, now, seen)
            state = now
            if finding is not None:
                return finding
            continue
        chunk = chunks[index] if index < len(chunks) else b""
        size = len(chunk) - header.size
        if size < 0 or size != int.from_bytes(chunk[:3], "little"):
            # The end of the input, or a frame that is cut off: nothing that a table knows.
            if now is not state:
                return _object("connection", state.value, "no-frame", f"becomes {now.value} without a frame")
            continue
        frame_input = inputs.get(chunk[header.size - 1])
        following = None if frame_input is None else connection[state].get(frame_input)
        name = _name(frame_input)
        if frame_input is None or following is not now:
            place = "no place" if following is None else f"its place in {following.value}"
            return _object("connection", state.value, name, f"{name} has {place}, and leads to {now.value}")
        state = now
        request = chunk[3] | chunk[4] << 8 if header.has_request else 0
        finding = None if frame_input in _NO_REQUEST else on_frame(frame_input, request, seen)
        finding = finding or after(seen)
        if finding is not None:
            return finding
    return None


def _check_error(state: ConnectionState, now: ConnectionState, seen: Seen) -> Finding | None:
    """Judge a step that an error, or an errored connection, is part of."""
    errored = any(one.kind is Kind.ERROR for one in seen.observed)
    if state is _ERRORED and now is not _ERRORED:
        return _object("connection", state.value, "left", f"an errored connection becomes {now.value}")
    if (now is _ERRORED) is not errored and state is not _ERRORED:
        return _object("connection", state.value, "error", f"becomes {now.value}, error: {errored}")
    return None


class _ServerModel:
    """Where each request of a server stands."""

    def __init__(self, revision: Revision) -> None:
        self._table = revision.server_request
        self._has_ids = Feature.REQUEST_IDS in revision.features
        self._states: dict[int, ServerRequestState] = {}

    def frame(self, frame_input: FrameInput, request: int, seen: Seen) -> Finding | None:
        """Move one request."""
        state = self._states.get(request, _UNKNOWN)
        if state is _ACTIVE and not self._has_ids:
            # Without IDs there is nothing to confuse: the next command may come before the answer to the last.
            state = _UNKNOWN
        following = self._table[state].get(frame_input)
        if following is None:
            message = f"{_name(frame_input)} has no place where a request is {state.value}"
            return _object("request", state.value, _name(frame_input), message)
        runs = any(one.kind is Kind.RUN_COMMAND for one in seen.observed)
        if runs is not (following is _ACTIVE):
            message = f"{_name(frame_input)} leads from {state.value} to {following.value}, run: {runs}"
            return _object("request", state.value, _name(frame_input), message)
        self._states[request] = following
        return None

    def after(self, seen: Seen) -> Finding | None:
        """Note what was answered, and compare the counts."""
        for request in seen.answered:
            self._states.pop(request, None)
        if not self._has_ids or not isinstance(seen.state, tuple):
            return None
        active = sum(state is _ACTIVE for state in self._states.values())
        expected = (min(len(self._states) - active, _MANY), min(active, _MANY))
        if seen.state[1:] != expected:
            message = f"half received and unanswered are {seen.state[1:]}, by the table {expected}"
            return objection("accounts", "server", "counts", message)
        return None


class _ClientModel:
    """Where each request of a client stands. All of them have been handed over, and have left."""

    def __init__(self, script: Script) -> None:
        self._table = script.revision.client_request
        calls = calls_of(script.options, script.revision)
        ids = range(1, 2 * calls, 2) if script.revision.header.has_request else range(1)
        self._states = dict.fromkeys(ids, ClientRequestState.SENT)

    def frame(self, frame_input: FrameInput, request: int, seen: Seen) -> Finding | None:
        """Move one request."""
        state = self._states.get(request)
        following = None if state is None else self._table[state].get(frame_input)
        kinds = {one.kind for one in seen.observed}
        if following is None:
            # A server that gives up on the connection may name any request (ERR-005).
            if frame_input is FrameInput.ERROR_RESPONSE and Kind.ERROR_RESPONSE in kinds:
                return None
            where = "uncalled" if state is None else state.value
            message = f"{_name(frame_input)} has no place where a request is {where}"
            return _object("request", where, _name(frame_input), message)
        expected = _DELIVERED.get(frame_input)
        if state is None or expected not in kinds:
            where = "uncalled" if state is None else state.value
            return _object("request", where, _name(frame_input), f"{_name(frame_input)} is not delivered")
        self._states[request] = following
        return None


def _state_of(seen: Seen) -> ConnectionState | None:
    state: Any = seen.state[0] if isinstance(seen.state, tuple) and seen.state else seen.state
    return state if isinstance(state, ConnectionState) else None


def _name(frame_input: FrameInput | None) -> str:
    return "undefined" if frame_input is None else frame_input.name.lower().replace("_", "-")


def _object(table: str, state: str, line: str, message: str) -> Finding:
    return objection(f"table-{table}", state, line, message)
