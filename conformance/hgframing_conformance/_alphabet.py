"""The generator `alphabet`: in every state that a server can be brought to, the frames that have no place there.

Three kinds of frames, each a fault of its own and so a case of its own:

1. a frame that is legal elsewhere: its input is no key of the state's row, in every state;
2. a flag nibble that its type does not have: every one at the start of a connection, one of each type in other states;
3. a type that the revision does not have: every one at the start, one in other states;

and, where there are streams, a frame that is legal but for its stream flags. That a table has no place for a frame does
not say that the text forbids it: the cases are `unspecified`, and what they demand is an error before any command runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from hgframing import (
    REVISIONS,
    ConnectionState,
    Feature,
    Frame,
    FrameInput,
    FrameType,
    Revision,
    ServerRequestState,
    StreamInput,
    StreamState,
    encode_value,
    format_notation,
)
from hgframing_conformance._transitions import Conversation, Machine


__all__ = ["GENERATOR", "generate_alphabet"]

GENERATOR: Final = "alphabet"

_NIBBLES: Final = range(16)
_COMMENT: Final = "The tables have no place for this frame. The text does not say what a receiver does."
#: Inputs that concern the connection or a stream, and no request.
_APART: Final = frozenset(
    {
        FrameInput.SETTINGS_MORE,
        FrameInput.SETTINGS_LAST,
        FrameInput.STREAM_SETTINGS_MORE,
        FrameInput.STREAM_SETTINGS_LAST,
    }
)


class _Place(NamedTuple):
    """Where frames are tried: a state without its stream, and the stream that the way there leaves."""

    connection: ConnectionState
    request: ServerRequestState
    stream: StreamState

    @property
    def name(self) -> str:
        words = self.request.name if self.connection is ConnectionState.OPEN else self.connection.name
        return words.lower().replace("_", "-")


def generate_alphabet() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield one suite for each revision: its name, and its content in the form of a suite file."""
    for revision in REVISIONS.values():
        name = f"server/generated-{GENERATOR}-{revision.key}"
        yield (
            name,
            {
                "format": 1,
                "suite": name,
                "title": f"Frames that have no place in a state of the server's tables in {revision.key}",
                "layer": "server",
                "revisions": [revision.key],
                "cases": list(_Alphabet(revision).cases()),
            },
        )


class _Alphabet:
    """The cases of one revision."""

    def __init__(self, revision: Revision) -> None:
        self._revision = revision
        self._machine = Machine(revision)
        self._has_streams = Feature.STREAMS in revision.features
        self._has_ids = Feature.REQUEST_IDS in revision.features

    def cases(self) -> Iterator[dict[str, Any]]:
        """Yield all cases, state by state."""
        seen: set[tuple[ConnectionState, ServerRequestState]] = set()
        for state, way in self._machine.ways().items():
            key = (state.connection, state.request)
            # Without request IDs the next request begins where the last one was run.
            after_request = state.request in (ServerRequestState.ACTIVE, ServerRequestState.ANSWERED)
            if key in seen or (after_request and not self._has_ids):
                continue
            seen.add(key)
            place = _Place(state.connection, state.request, state.stream)
            steps = list(Conversation(self._machine).steps(way))
            for label, what, frame in self._frames(place, is_first=not way):
                yield self._case(place, steps, label, what, frame)

    def _frames(self, place: _Place, *, is_first: bool) -> Iterator[tuple[str, str, Frame]]:
        for type_id in _NIBBLES:
            spec = self._revision.frames.get(type_id)
            legal: Mapping[int, FrameInput] = {} if spec is None else spec.inputs
            name = f"type-{type_id}" if spec is None else spec.name
            absent = [flags for flags in _NIBBLES if flags not in legal]
            if spec is None:
                # What flags an unknown type has says nothing; at the start every type is tried, later the last.
                tried = absent[:1] if is_first or type_id == _NIBBLES[-1] else []
            else:
                tried = absent if is_first else absent[-1:]
            for flags in _NIBBLES:
                frame = self._frame(place, type_id, flags)
                if flags in tried:
                    yield f"{name}-{flags}", f"{name} with flags {flags}, which it does not have", frame
                elif flags in legal and not self._has_place(place, legal[flags]):
                    yield f"{name}-{flags}", f"{name}, {legal[flags].value}", frame
        if self._has_streams:
            yield from self._on_wrong_stream(place)

    def _has_place(self, place: _Place, frame_input: FrameInput) -> bool:
        if frame_input not in self._revision.connection[place.connection]:
            return False
        return frame_input in _APART or frame_input in self._revision.server_request[place.request]

    def _on_wrong_stream(self, place: _Place) -> Iterator[tuple[str, str, Frame]]:
        """A frame that has a place, on a stream that is not open."""
        for nibbles, frame_input in self._revision.inputs.items():
            if frame_input in _APART or not self._has_place(place, frame_input):
                continue
            type_id, flags = nibbles >> 4, nibbles & 0x0F
            name = self._revision.frames[type_id].name
            for cause in StreamInput:
                if cause not in self._revision.stream[StreamState.CLOSED]:
                    frame = self._frame(place, type_id, flags, stream=(5, cause.value))
                    label = f"{name}-{flags}-on-closed-{cause.name.lower()}"
                    yield label, f"{name}, {frame_input.value}, on a stream that is not open", frame
            return

    def _frame(self, place: _Place, type_id: int, flags: int, stream: tuple[int, int] | None = None) -> Frame:
        opening = StreamInput.BEGIN if place.stream is StreamState.CLOSED else StreamInput.PLAIN
        stream_id, stream_flags = stream if stream is not None else (1, opening.value)
        header = self._revision.header
        return Frame(
            1 if header.has_request else 0,
            stream_id if header.has_stream else 0,
            stream_flags if header.has_stream else 0,
            type_id,
            flags,
            self._payload(type_id),
        )

    def _payload(self, type_id: int) -> bytes:
        """What such a frame has where it has a place, so that nothing is wrong with it but where it stands."""
        spec = self._revision.frames.get(type_id)
        match None if spec is None else spec.type:
            case FrameType.COMMAND_NAME:
                return b"mycommand"
            case FrameType.COMMAND_ARGUMENT:
                return b"\x02\x00\x02\x00k9vw"
            case FrameType.COMMAND_REQUEST:
                return encode_value({b"name": b"mycommand"}, self._revision.cbor)
            case FrameType.COMMAND_DATA:
                return b"data"
            case FrameType.SENDER_SETTINGS:
                return b"\xa0"
            case FrameType.STREAM_SETTINGS:
                return (
                    b"\x48identity"
                    if Feature.CONTENT_ENCODINGS in self._revision.features
                    else b"\x08identity"
                )
            case _:
                return b""

    def _case(
        self, place: _Place, before: list[dict[str, Any]], label: str, what: str, frame: Frame
    ) -> dict[str, Any]:
        codes = {"code": "unexpected-frame", "also": ["bad-flags", "bad-request-state", "stream-not-open"]}
        return {
            "id": f"server-alphabet-{self._revision.key}-{place.name}-{label}",
            "title": f"{place.name} has no place for {what}",
            "level": "unspecified",
            "source": f"generated:{GENERATOR}",
            "comment": _COMMENT,
            "tier": "full",
            "chunkings": ["frame"],
            "steps": [
                *before,
                {
                    "receive": [format_notation(frame, self._revision)],
                    "expect": [{"error": codes}],
                    "never": ["run-command"],
                },
            ],
        }
