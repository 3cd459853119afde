"""The client's half of the generator `alphabet`: in every state of a request, what has a place there and what has none.

What has a place is one case for each state and kind of stream: a table, a frame a step, each under a request and on a
stream of its own. What has none is a case each, because the first fault ends a connection:

1. a legal frame whose input is no key of the state's row, in every state; of types that only clients send all flags
   are tried in the first state, and one in others;
2. a flag nibble that its type does not have: where the type has a place every one in the first state, single bits and
   all bits in others; where it has none, one;
3. a type that the revision does not have: all of them in the first state, one in others;
4. a legal frame whose stream flags have no place: every type in the first state, a response in others.

That a table has no place for a frame does not say that the text forbids it. Where it forbids it to servers, the case
names the requirement and is `should`; that a closed stream takes only what begins it is `must`; the rest is
`unspecified`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from hgframing import (
    REVISIONS,
    ClientRequestState,
    Feature,
    Frame,
    FrameInput,
    FrameType,
    Revision,
    StreamInput,
    encode_value,
    format_notation,
)
from hgframing_conformance._client_conversation import Answer, ClientConversation, octets_form
from hgframing_conformance._client_tables import tables
from hgframing_conformance._decisions import deviations_of, requirements_of


__all__ = ["generate_client_alphabet"]

_NIBBLES: Final = range(16)
_BITS: Final = (1, 2, 4, 8, 15)
_F: Final = FrameInput
_R: Final = ClientRequestState
_T: Final = FrameType
_SILENT: Final = "The tables have no place for this frame. The text does not say what a receiver does."
_FORBIDDEN: Final = "The text forbids it to servers, and does not say what a receiver does."
_GIVEN_UP: Final = "A server that gives up on the connection may have no better request to name."
_NEVER: Final = ("response-data", "error-response", "text-output", "progress")
_ERROR: Final = {"error": {"code": "unexpected-frame", "also": ["bad-flags", "bad-request-state"]}}
_PROTOCOL: Final = 0x01
_BOTH: Final = 0x03
_CLOSED_STREAM: Final = 4
_ENCODED: Final = 0x04
_UNDEFINED: Final = (0x08, 0x10, 0x20, 0x40, 0x80)
#: Types that no server sends, and where that is written.
_NOT_OF_SERVERS: Final = {
    _T.COMMAND_NAME: "CMD-002",
    _T.COMMAND_ARGUMENT: "ARG-001",
    _T.COMMAND_REQUEST: "REQ-003",
}
#: Types of which no frame goes on and ends at once, and where that is written.
_NOT_BOTH: Final = {
    _T.RESPONSE: "RSP-004",
    _T.SENDER_SETTINGS: "SET-007",
    _T.STREAM_SETTINGS: "ENC-007",
}
_ANSWERS: Final = (_T.RESPONSE, _T.ERROR_RESPONSE, _T.TEXT_OUTPUT, _T.PROGRESS)
_INPUTS_OF: Final = {
    _T.RESPONSE: _F.RESPONSE_LAST,
    _T.ERROR_RESPONSE: _F.ERROR_RESPONSE,
    _T.TEXT_OUTPUT: _F.TEXT_OUTPUT,
    _T.PROGRESS: _F.PROGRESS,
    _T.SENDER_SETTINGS: _F.SETTINGS_LAST,
    _T.STREAM_SETTINGS: _F.STREAM_SETTINGS_LAST,
}


class _Place(NamedTuple):
    """A state, and the frames that bring a request there. A state of `None` means that it was never called."""

    name: str
    state: ClientRequestState | None
    way: tuple[FrameInput, ...] = ()


_PLACES: Final = (
    _Place("sent", _R.SENT),
    _Place("receiving", _R.RECEIVING, (_F.RESPONSE_MORE,)),
    _Place("received", _R.RECEIVED, (_F.RESPONSE_LAST,)),
    _Place("errored", _R.ERRORED, (_F.ERROR_RESPONSE,)),
    _Place("pending", _R.PENDING),
    _Place("uncalled", None),
    _Place("settings-receiving", _R.SENT, (_F.SETTINGS_MORE,)),
)


class _Refused(NamedTuple):
    """A frame without a place, and what the text says of it."""

    label: str
    what: str
    frame: Frame
    violated: str = ""
    level: str = "should"
    code: str = "unexpected-frame"


def generate_client_alphabet() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield one suite for each revision: its name, and its content in the form of a suite file."""
    for revision in REVISIONS.values():
        name = f"client/generated-alphabet-{revision.key}"
        yield (
            name,
            {
                "format": 1,
                "suite": name,
                "title": f"What has a place in a state of the client's tables in {revision.key}, and what has none",
                "layer": "client",
                "revisions": [revision.key],
                "cases": [*tables(revision), *_Alphabet(revision).cases()],
            },
        )


class _Alphabet:
    """The frames of one revision that have no place."""

    def __init__(self, revision: Revision) -> None:
        self._revision = revision
        self._has_streams = Feature.STREAMS in revision.features
        self._has_ids = Feature.REQUEST_IDS in revision.features

    def cases(self) -> Iterator[dict[str, Any]]:
        """Yield all cases, state by state."""
        legal = frozenset(self._revision.inputs.values())
        for place in _PLACES:
            if legal.issuperset(place.way) and (place.state is not None or self._has_ids):
                for refused in self._refused(place):
                    yield self._case(place, refused)

    def _brought(self, place: _Place) -> tuple[list[dict[str, Any]], ClientConversation, int]:
        """Bring a request to a state: the steps, the conversation behind them, and the request's ID."""
        conversation = ClientConversation(self._revision)
        steps = [conversation.call()]
        (request,) = conversation.requests
        if place.state is not _R.PENDING:
            steps.append(conversation.flush())
        steps += [conversation.receive(Answer(request, what)) for what in place.way]
        return steps, conversation, request if place.state is not None else request + 2

    def _refused(self, place: _Place) -> Iterator[_Refused]:
        _, conversation, request = self._brought(place)
        is_first = place is _PLACES[0]
        is_waiting = place.state in (_R.SENT, _R.RECEIVING)

        def has_place(what: FrameInput) -> bool:
            return conversation.has_place(Answer(request, what, self._stream(what)))

        for type_id in _NIBBLES:
            spec = self._revision.frames.get(type_id)
            if spec is None:
                # What flags an unknown type has says nothing.
                if is_first or type_id == _NIBBLES[-1]:
                    frame = self._frame(conversation, request, type_id, 0)
                    yield _Refused(f"type-{type_id}", f"type {type_id}, which nobody defines", frame)
                continue
            absent = [flags for flags in _NIBBLES if flags not in spec.inputs]
            has_type = is_waiting and any(has_place(what) for what in spec.inputs.values())
            if not has_type or (spec.type not in _ANSWERS and not is_first):
                tried = absent[-1:]
            else:
                tried = absent if is_first else [flags for flags in absent if flags in _BITS]
            legal = list(spec.inputs) if is_first or spec.type in _INPUTS_OF else list(spec.inputs)[:1]
            for flags in _NIBBLES:
                if flags in tried:
                    what = f"{spec.name} with flags {flags}, which it does not have"
                elif flags in legal and not has_place(spec.inputs[flags]):
                    what = f"{spec.name}, {spec.inputs[flags].value}"
                else:
                    continue
                frame = self._frame(conversation, request, type_id, flags)
                yield _Refused(f"{spec.name}-{flags}", what, frame, self._violated(spec.type, flags))
        if self._has_streams and is_waiting:
            yield from self._on_wrong_stream(place, conversation, request)

    def _on_wrong_stream(
        self, place: _Place, conversation: ClientConversation, request: int
    ) -> Iterator[_Refused]:
        """Frames that would have a place but for their stream, or its flags."""
        for type_id, spec in self._revision.frames.items():
            flags, what = list(spec.inputs.items())[-1]
            is_response = spec.type is _T.RESPONSE
            has_place = conversation.has_place(Answer(request, what, self._stream(what)))
            if not has_place or not (is_response or place is _PLACES[0]):
                continue
            bare = self._frame(conversation, request, type_id, flags)
            for cause in (StreamInput.PLAIN, StreamInput.END):
                for encoded in (0, _ENCODED) if is_response else (0,):
                    label = f"{cause.name.lower()}{'-encoded' if encoded else ''}"
                    yield _Refused(
                        f"{spec.name}-{flags}-on-closed-{label}",
                        f"{spec.name} on a closed stream with stream flags {cause.value | encoded}",
                        Frame(request, _CLOSED_STREAM, cause.value | encoded, type_id, flags, bare.payload),
                        "STREAM-003",
                        "must",
                        "stream-not-open",
                    )
            for bit in _UNDEFINED if is_response and place is _PLACES[0] else ():
                stream_flags = bit | StreamInput.BEGIN.value
                yield _Refused(
                    f"{spec.name}-{flags}-stream-flag-{bit}",
                    f"{spec.name} with the undefined stream flag {bit}",
                    Frame(request, _CLOSED_STREAM, stream_flags, type_id, flags, bare.payload),
                    code="bad-flags",
                )

    def _violated(self, kind: FrameType, flags: int) -> str:
        if kind in _NOT_OF_SERVERS:
            return _NOT_OF_SERVERS[kind]
        return _NOT_BOTH.get(kind, "") if flags & _BOTH == _BOTH else ""

    def _stream(self, what: FrameInput) -> int:
        # Settings of a stream have no place on one that is open already.
        return _CLOSED_STREAM if what.name.startswith("STREAM_SETTINGS") else 2

    def _frame(self, conversation: ClientConversation, request: int, type_id: int, flags: int) -> Frame:
        """A frame that is right but for its type, its flags, or where it stands."""
        spec = self._revision.frames.get(type_id)
        what = None if spec is None else _INPUTS_OF.get(spec.type)
        stream = 2 if what is None else self._stream(what)
        payload = self._payload(spec.type if spec else None) if what is None else b""
        if what is not None:
            payload = ClientConversation(self._revision).payload(Answer(request, what, stream))
        header = self._revision.header
        flag = StreamInput.PLAIN if conversation.is_open(stream) else StreamInput.BEGIN
        return Frame(
            request if header.has_request else 0,
            stream if header.has_stream else 0,
            flag.value if header.has_stream else 0,
            type_id,
            flags,
            payload,
        )

    def _payload(self, kind: FrameType | None) -> bytes:
        match kind:
            case _T.COMMAND_NAME:
                return b"mycommand"
            case _T.COMMAND_ARGUMENT:
                return b"\x01\x00\x01\x00kv"
            case _T.COMMAND_REQUEST:
                return encode_value({b"name": b"mycommand"}, self._revision.cbor)
            case _:
                return b"x"

    def _case(self, place: _Place, refused: _Refused) -> dict[str, Any]:
        steps, _, request = self._brought(place)
        frame = refused.frame
        requirements = requirements_of(self._revision, [refused.violated])
        last: dict[str, Any] = {"receive": [format_notation(frame, self._revision)]}
        if self._is_protocol_error(frame):
            told = {"type": "protocol", "atoms": [{"msg": octets_form(frame.payload)}]}
            named = {"request": request} if self._has_ids else {}
            last |= {"any-of": [[_ERROR], [{"error-response": named | told}]], "never": ["response-data"]}
            comment = _GIVEN_UP
        else:
            is_one_thing = refused.code != "unexpected-frame"
            last |= {
                "expect": [{"error": {"code": refused.code}} if is_one_thing else _ERROR],
                "never": list(_NEVER),
            }
            comment = _FORBIDDEN if requirements else _SILENT
        if refused.level == "must":
            comment = "What such a frame holds must not be taken for anything."
        return {
            "id": f"client-alphabet-{self._revision.key}-{place.name}-{refused.label}",
            "title": f"{place.name} has no place for {refused.what}",
            "level": refused.level if requirements else "unspecified",
            **({"requirements": requirements, "violates": requirements} if requirements else {}),
            **({"deviations": found} if (found := self._deviations(refused)) else {}),
            "source": "generated:alphabet",
            "comment": comment,
            "tier": "full",
            "chunkings": ["frame"],
            "steps": [*steps, last],
        }

    def _is_protocol_error(self, frame: Frame) -> bool:
        spec = self._revision.frames.get(frame.type_id)
        return (
            Feature.ERROR_FLAGS in self._revision.features
            and spec is not None
            and spec.type is _T.ERROR_RESPONSE
            and frame.flags == _PROTOCOL
        )

    def _deviations(self, refused: _Refused) -> list[str]:
        spec = self._revision.frames.get(refused.frame.type_id)
        if refused.violated in _NOT_OF_SERVERS.values() or (spec and spec.type is _T.COMMAND_DATA):
            return deviations_of(self._revision, ["D78"])
        if refused.violated == "RSP-004":
            return deviations_of(self._revision, ["D12"])
        return []
