"""The generator `alphabet`: in every state that a server can be brought to, what has a place and what has none.

What has a place is in `_server_tables`. What has none comes here, a case each, because the first fault ends a
connection:

1. a frame that is legal elsewhere: its input is no key of the state's row, in every state;
2. a flag nibble that its type does not have: every one at the start of a connection, single bits, none and all in
   states that take the type, one of each type in other states;
3. a type that the revision does not have: every one at the start, one in other states;
4. where there are streams, a frame that is legal but for its stream flags: every type at the start, one in other
   states.

That a table has no place for a frame does not say that the text forbids it. Where it forbids it to clients, the case
names the requirement and is `should`; the rest is `unspecified`. What all demand is an error before any command runs.
"""

from __future__ import annotations

from collections.abc import Iterator
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
from hgframing_conformance._decisions import requirements_of
from hgframing_conformance._server_tables import server_tables
from hgframing_conformance._transitions import Conversation, Machine


__all__ = ["GENERATOR", "generate_alphabet"]

GENERATOR: Final = "alphabet"

_NIBBLES: Final = range(16)
_BITS: Final = (0, 1, 2, 4, 8, 15)
_SILENT: Final = "The tables have no place for this frame. The text does not say what a receiver does."
_FORBIDDEN: Final = "The text forbids it to clients, and does not say what a receiver does."
#: Flag 0x01 of a request frame, and of a command name, where it is the end.
_NEW: Final = 0x01
#: Two flags of which a frame has one: new and continuation, continuation and eos.
_CHOICE: Final = 0x03
_NAME_FLAGS: Final = 0x07
_ENCODED: Final = 0x04
_UNDEFINED: Final = (0x08, 0x10, 0x20, 0x40, 0x80)
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


class _Refused(NamedTuple):
    """A frame without a place, and what the text says of it."""

    label: str
    what: str
    frame: Frame
    violated: str = ""


def generate_alphabet() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield one suite for each revision: its name, and its content in the form of a suite file."""
    for revision in REVISIONS.values():
        name = f"server/generated-{GENERATOR}-{revision.key}"
        yield (
            name,
            {
                "format": 1,
                "suite": name,
                "title": f"What has a place in a state of the server's tables in {revision.key}, and what has none",
                "layer": "server",
                "revisions": [revision.key],
                "cases": [*server_tables(revision), *_Alphabet(revision).cases()],
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
            for refused in self._refused(place, is_first=not way):
                yield self._case(place, steps, refused)

    def _refused(self, place: _Place, *, is_first: bool) -> Iterator[_Refused]:
        for type_id in _NIBBLES:
            spec = self._revision.frames.get(type_id)
            if spec is None:
                # What flags an unknown type has says nothing; at the start every type is tried, later the last.
                if is_first or type_id == _NIBBLES[-1]:
                    frame = self._frame(place, type_id, 0)
                    what = f"type-{type_id} with flags 0, which it does not have"
                    yield _Refused(f"type-{type_id}-0", what, frame)
                continue
            absent = [flags for flags in _NIBBLES if flags not in spec.inputs]
            # The types of requests come in every state that takes them with every single bit that they lack.
            has_type = any(
                what not in _APART and self._has_place(place, what) for what in spec.inputs.values()
            )
            bits = [flags for flags in absent if flags in _BITS]
            tried = absent if is_first else bits if has_type else absent[-1:]
            for flags in _NIBBLES:
                frame = self._frame(place, type_id, flags)
                if flags in tried:
                    what = f"{spec.name} with flags {flags}, which it does not have"
                elif flags in spec.inputs and not self._has_place(place, spec.inputs[flags]):
                    what = f"{spec.name}, {spec.inputs[flags].value}"
                else:
                    continue
                yield _Refused(
                    f"{spec.name}-{flags}", what, frame, _violated(spec.type, flags, place.request)
                )
        if self._has_streams:
            yield from self._on_wrong_stream(place, is_first=is_first)

    def _has_place(self, place: _Place, frame_input: FrameInput) -> bool:
        if frame_input not in self._revision.connection[place.connection]:
            return False
        return frame_input in _APART or frame_input in self._revision.server_request[place.request]

    def _on_wrong_stream(self, place: _Place, *, is_first: bool) -> Iterator[_Refused]:
        """Frames that have a place, on a stream that is not open, or with stream flags that nobody defines."""
        taken: dict[int, tuple[int, FrameInput]] = {}
        for code, what in self._revision.inputs.items():
            if self._has_place(place, what) and (is_first or what not in _APART):
                taken.setdefault(code >> 4, (code & 0x0F, what))
        for number, (type_id, (flags, what)) in enumerate(taken.items()):
            name = self._revision.frames[type_id].name
            for cause in (StreamInput.PLAIN, StreamInput.END) if is_first or number == 0 else ():
                for encoded in (0, _ENCODED) if number == 0 else (0,):
                    yield _Refused(
                        f"{name}-{flags}-on-closed-{cause.name.lower()}{'-encoded' if encoded else ''}",
                        f"{name}, {what.value}, on a stream that is not open",
                        self._frame(place, type_id, flags, stream=(5, cause.value | encoded)),
                        "STREAM-003",
                    )
            for bit in _UNDEFINED if is_first and number == 0 else ():
                yield _Refused(
                    f"{name}-{flags}-stream-flag-{bit}",
                    f"{name}, {what.value}, with the undefined stream flag {bit}",
                    self._frame(place, type_id, flags, stream=(5, bit | StreamInput.BEGIN.value)),
                )

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

    def _case(self, place: _Place, before: list[dict[str, Any]], refused: _Refused) -> dict[str, Any]:
        codes = {"code": "unexpected-frame", "also": ["bad-flags", "bad-request-state", "stream-not-open"]}
        requirements = requirements_of(self._revision, [refused.violated])
        return {
            "id": f"server-alphabet-{self._revision.key}-{place.name}-{refused.label}",
            "title": f"{place.name} has no place for {refused.what}",
            "level": "should" if requirements else "unspecified",
            **({"requirements": requirements, "violates": requirements} if requirements else {}),
            "source": f"generated:{GENERATOR}",
            "comment": _FORBIDDEN if requirements else _SILENT,
            "tier": "full",
            "chunkings": ["frame"],
            "steps": [
                *before,
                {
                    "receive": [format_notation(refused.frame, self._revision)],
                    "expect": [{"error": codes}],
                    "never": ["run-command"],
                },
            ],
        }


def _violated(kind: FrameType, flags: int, state: ServerRequestState) -> str:
    """Name the rule for clients that such a frame breaks; empty: none that is about its flags or its request."""
    match kind:
        case FrameType.COMMAND_REQUEST if not flags & _CHOICE:
            return "REQ-006"
        case FrameType.COMMAND_REQUEST if flags & _CHOICE == _CHOICE:
            return "REQ-007"
        case FrameType.COMMAND_REQUEST if flags & _NEW and state is not ServerRequestState.UNKNOWN:
            return "REQ-004"
        case FrameType.COMMAND_REQUEST if not flags & _NEW and state is ServerRequestState.UNKNOWN:
            return "REQ-005"
        case FrameType.COMMAND_NAME if not flags & _NAME_FLAGS:
            return "CMD-008"
        case FrameType.COMMAND_NAME if flags & _NEW and flags & _NAME_FLAGS != _NEW:
            return "CMD-006"
        case FrameType.SENDER_SETTINGS if flags & _CHOICE == _CHOICE:
            return "SET-007"
        case FrameType.STREAM_SETTINGS if flags & _CHOICE == _CHOICE:
            return "ENC-007"
        case _:
            return ""
