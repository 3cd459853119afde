"""The generator `transitions`: every transition of the server's tables once, by the shortest way to it.

What may follow is read off the tables alone. The reactor that interprets them is never asked: a case that it fails
shows that one of the two is wrong.

The four tables of a revision are walked as one machine whose state is (connection, stream, request) for one stream and
one request. What drives it is a frame (an input of the request or connection table, and the stream flags) or something
that the server itself does. Transitions that no conversation reaches, such as command data before any request, are
faults and no transitions.
"""

from __future__ import annotations

import collections

from collections.abc import Iterator
from typing import Any, Final, NamedTuple, TypeAlias

from hgframing import (
    REVISIONS,
    ConnectionState,
    Feature,
    Frame,
    FrameInput,
    LocalInput,
    Revision,
    ServerRequestState,
    StreamInput,
    StreamState,
    encode_value,
    format_notation,
)
from hgframing_conformance._decisions import STREAM_DECIDED_BY, request_requirements


__all__ = ["GENERATOR", "Conversation", "Machine", "generate_transitions", "reachable_transitions"]

GENERATOR: Final = "transitions"

_TABLES: Final = ("server-request", "connection", "stream")
_REQUEST: Final = 1
_STREAM: Final = 1
_COMMAND: Final = b"mycommand"
_DATA: Final = b"data"
_S: Final = ServerRequestState
_F: Final = FrameInput


class _State(NamedTuple):
    connection: ConnectionState
    stream: StreamState
    request: ServerRequestState


class _Event(NamedTuple):
    """A frame from the client, or something that the server does."""

    what: FrameInput | LocalInput
    stream: StreamInput | None


_Key: TypeAlias = tuple[str, str, str]
_Path: TypeAlias = tuple[_Event, ...]

_SETTINGS_INPUTS: Final = frozenset({_F.SETTINGS_MORE, _F.SETTINGS_LAST})
_STREAM_SETTINGS_INPUTS: Final = frozenset({_F.STREAM_SETTINGS_MORE, _F.STREAM_SETTINGS_LAST})
_REQUEST_STARTS: Final = frozenset({_F.NEW, _F.NEW_DATA, _F.NEW_MORE, _F.NEW_MORE_DATA})
_REQUEST_PARTS: Final = _REQUEST_STARTS | {
    _F.CONTINUATION,
    _F.CONTINUATION_DATA,
    _F.CONTINUATION_MORE,
    _F.CONTINUATION_MORE_DATA,
}
_UNFINISHED_PARTS: Final = frozenset(part for part in _REQUEST_PARTS if "MORE" in part.name)
_ARGUMENTS: Final = frozenset({_F.ARGUMENT, _F.ARGUMENT_PART, _F.ARGUMENT_LAST})
_DATA_INPUTS: Final = frozenset({_F.DATA_MORE, _F.DATA_LAST})
_NAMES: Final = frozenset({_F.NAME, _F.NAME_ARGUMENTS, _F.NAME_DATA, _F.NAME_ARGUMENTS_DATA})


def generate_transitions() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield one suite for each revision: its name, and its content in the form of a suite file."""
    for revision in REVISIONS.values():
        machine = Machine(revision)
        cases = [_case(machine, keys, path) for path, keys in machine.shortest().items()]
        yield (
            f"server/transitions-{revision.key}",
            {
                "format": 1,
                "suite": f"server/transitions-{revision.key}",
                "title": f"Every transition of the server's tables in {revision.key}, by the shortest way",
                "layer": "server",
                "revisions": [revision.key],
                "cases": cases,
            },
        )


def reachable_transitions(revision: Revision) -> tuple[tuple[str, str, str], ...]:
    """Return (table, state, input) of every transition of a server's tables that a conversation reaches."""
    return tuple(key for keys in Machine(revision).shortest().values() for key in keys)


class Machine:
    """The tables of one revision as one machine."""

    def __init__(self, revision: Revision) -> None:
        self.revision = revision
        self._has_streams = Feature.STREAMS in revision.features
        self._legal = frozenset(revision.inputs.values())
        self.initial = _State(revision.initial, StreamState.CLOSED, _S.UNKNOWN)

    def shortest(self) -> dict[_Path, list[_Key]]:
        """Find the shortest way to every transition that a conversation reaches.

        Returns:
            Ways, each with the transitions that its last event is the first to make.
        """
        seen: set[_Key] = set()
        found: dict[_Path, list[_Key]] = {}
        ways: dict[_State, _Path] = {self.initial: ()}
        waiting = collections.deque([self.initial])
        while waiting:
            state = waiting.popleft()
            for event, following, keys in self._successors(state):
                path = (*ways[state], event)
                if new := [key for key in keys if key not in seen]:
                    seen.update(new)
                    found[path] = new
                # Behind settings of a stream that go on only the rest of them has a place: no way leads through.
                if following not in ways and event.what is not _F.STREAM_SETTINGS_MORE:
                    ways[following] = path
                    waiting.append(following)
        return found

    def ways(self) -> dict[_State, _Path]:
        """Find the shortest way to every state that a conversation reaches."""
        ways: dict[_State, _Path] = {self.initial: ()}
        waiting = collections.deque([self.initial])
        while waiting:
            state = waiting.popleft()
            for event, following, _ in self._successors(state):
                if following not in ways and event.what is not _F.STREAM_SETTINGS_MORE:
                    ways[following] = (*ways[state], event)
                    waiting.append(following)
        return ways

    def walk(self, path: _Path) -> Iterator[tuple[_Event, _State]]:
        """Yield each event of a path with the state that it leads to."""
        state = self.initial
        for event in path:
            state = next(following for other, following, _ in self._successors(state) if other == event)
            yield event, state

    def _successors(self, state: _State) -> Iterator[tuple[_Event, _State, list[_Key]]]:
        for what, request in self.revision.server_request[state.request].items():
            if isinstance(what, LocalInput):
                key = ("server-request", state.request.name, what.name)
                yield _Event(what, None), state._replace(request=request), [key]
        for what, connection in self.revision.connection[state.connection].items():
            request_key = None
            following = state.request
            if what not in _SETTINGS_INPUTS | _STREAM_SETTINGS_INPUTS:
                if what not in self.revision.server_request[state.request]:
                    continue
                following = self.revision.server_request[state.request][what]
                request_key = ("server-request", state.request.name, what.name)
            yield from self._on_stream(state, _State(connection, state.stream, following), what, request_key)

    def _on_stream(
        self, state: _State, following: _State, what: FrameInput, request_key: _Key | None
    ) -> Iterator[tuple[_Event, _State, list[_Key]]]:
        keys = [("connection", state.connection.name, what.name)]
        if request_key is not None:
            keys.append(request_key)
        if not self._has_streams:
            yield _Event(what, None), following, keys
            return
        for flags, stream in self.revision.stream[state.stream].items():
            # Settings of a stream need its begin flag, and one frame of them is enough here.
            needs_begin = what in _STREAM_SETTINGS_INPUTS
            if needs_begin and (flags not in (StreamInput.BEGIN, StreamInput.BEGIN_END)):
                continue
            if what not in self._legal or (
                what is _F.STREAM_SETTINGS_MORE and state.stream is StreamState.OPEN
            ):
                continue
            stream_key = ("stream", state.stream.name, flags.name)
            yield _Event(what, flags), following._replace(stream=stream), [*keys, stream_key]


def _case(machine: Machine, keys: list[_Key], path: _Path) -> dict[str, Any]:
    """Make the case of one way; it is named after the first table, in the order of `_TABLES`, that it is new to."""
    named = sorted(keys, key=lambda key: _TABLES.index(key[0]))
    requirements = sorted({requirement for key in keys for requirement in _decided_by(key, machine.revision)})
    deviations = _deviations(path, machine.revision)
    return {
        "id": f"server-transition-{machine.revision.key}-{'-'.join(_words(named[0]))}",
        "title": "; ".join("{}: {} takes {}".format(*_words(key)) for key in named),
        "level": "must" if requirements else "unspecified",
        "requirements": requirements,
        **({"deviations": deviations} if deviations else {}),
        "source": f"generated:{GENERATOR}",
        "steps": list(Conversation(machine).steps(path)),
    }


def _words(key: _Key) -> tuple[str, str, str]:
    table, state, cause = (part.lower().replace("_", "-") for part in key)
    return table, state, cause


def _decided_by(key: _Key, revision: Revision) -> tuple[str, ...]:
    table, state, cause = key
    if table == "stream":
        return STREAM_DECIDED_BY.get((StreamState[state], StreamInput[cause]), ())
    if cause == LocalInput.SENT.name:
        return ("RID-005",) if Feature.REQUEST_IDS in revision.features else ()
    if cause == LocalInput.ANSWER.name:
        return ("RSP-003",)
    return tuple(request_requirements(revision, FrameInput[cause]))


def _deviations(path: _Path, revision: Revision) -> list[str]:
    """Tell what Mercurial does otherwise on this way: none of its servers takes stream settings (D48, D49)."""
    if not any(event.what in _STREAM_SETTINGS_INPUTS for event in path):
        return []
    return ["D49" if Feature.CONTENT_ENCODINGS in revision.features else "D48"]


class Conversation:
    """Turns events into steps: which octets a frame has, and what the tables say of it."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._revision = machine.revision
        self._types = {
            frame_input: (nibbles >> 4, nibbles & 0x0F)
            for nibbles, frame_input in reversed(list(self._revision.inputs.items()))
        }
        self._args: dict[str, str] = {}
        self._rest = b""
        self._open_value = False
        self._data: bytes | None = None

    def steps(self, path: _Path) -> Iterator[dict[str, Any]]:
        """Yield one step per event."""
        before = self._machine.initial
        for event, after in self._machine.walk(path):
            if isinstance(event.what, LocalInput):
                yield self._local(event.what)
            else:
                frame = self._frame(event.what, event.stream)
                expected = self._expected(event.what, before, after)
                yield {"receive": [format_notation(frame, self._revision)], "expect": expected}
            before = after

    def _request_field(self) -> dict[str, int]:
        return {"request": _REQUEST} if Feature.REQUEST_IDS in self._revision.features else {}

    def _local(self, what: LocalInput) -> dict[str, Any]:
        request = self._request_field()
        if what is LocalInput.SENT:
            return {"sent": request, "expect": []}
        answer: dict[str, Any] = {"data": ""}
        payload = b""
        if Feature.OBJECT_RESPONSES in self._revision.features:
            answer = {"objects": [True]}
            payload = encode_value({b"status": b"ok"}, self._revision.cbor) + encode_value(
                True, self._revision.cbor
            )
        type_id, flags = self._types[_F.RESPONSE_LAST]
        frame = self._make(type_id, flags, payload, stream_id=2, stream_flags=1)
        return {
            "respond": {**request, **answer, "unsent": True},
            "expect": [{"send-frames": [format_notation(frame, self._revision)]}],
        }

    def _make(self, type_id: int, flags: int, payload: bytes, *, stream_id: int, stream_flags: int) -> Frame:
        header = self._revision.header
        return Frame(
            _REQUEST if header.has_request else 0,
            stream_id if header.has_stream else 0,
            stream_flags if header.has_stream else 0,
            type_id,
            flags,
            payload,
        )

    def _frame(self, what: FrameInput, stream: StreamInput | None) -> Frame:
        type_id, flags = self._types[what]
        stream_flags = 0 if stream is None else stream.value
        return self._make(type_id, flags, self._payload(what), stream_id=_STREAM, stream_flags=stream_flags)

    def _payload(self, what: FrameInput) -> bytes:
        if what in _SETTINGS_INPUTS:
            # Cut anywhere: the octets of all settings frames are joined.
            return b"\xa0" if what is _F.SETTINGS_LAST else b""
        if what in _STREAM_SETTINGS_INPUTS:
            return self._stream_settings()
        if what in _NAMES:
            self._begin()
            return _COMMAND
        if what in _REQUEST_PARTS:
            return self._request_part(what)
        if what in _ARGUMENTS:
            return self._argument(what)
        self._data = (self._data or b"") + _DATA
        return _DATA

    def _begin(self) -> None:
        self._args = {}
        self._data = None
        self._open_value = False

    def _stream_settings(self) -> bytes:
        if Feature.CONTENT_ENCODINGS in self._revision.features:
            return encode_value(b"identity", self._revision.cbor)
        return b"\x08identity"

    def _request_part(self, what: FrameInput) -> bytes:
        if what in _REQUEST_STARTS:
            self._begin()
            self._rest = encode_value({b"name": _COMMAND}, self._revision.cbor)
        taken = 1 if what in _UNFINISHED_PARTS else len(self._rest)
        part, self._rest = self._rest[:taken], self._rest[taken:]
        return part

    def _argument(self, what: FrameInput) -> bytes:
        """One argument `kN` of two octets; a value that continues gives its first octet first."""
        is_part = what is _F.ARGUMENT_PART
        if self._open_value:
            if is_part:
                return b""
            self._open_value = False
            return b"w"
        name = f"k{len(self._args)}"
        self._args[name] = "vw"
        self._open_value = is_part
        return b"\x02\x00\x02\x00" + name.encode() + (b"v" if is_part else b"vw")

    def _expected(self, what: FrameInput, before: _State, after: _State) -> list[dict[str, Any]]:
        if what in _SETTINGS_INPUTS | _STREAM_SETTINGS_INPUTS:
            return []
        if after.request is not _S.ACTIVE or before.request is _S.ACTIVE:
            return [{"want-frame": {}}]
        action: dict[str, Any] = {**self._request_field(), "command": _COMMAND.decode()}
        if self._args:
            action["args"] = dict(self._args)
        if self._data is not None:
            action["data"] = self._data.decode()
        return [{"run-command": action}]
