"""The revisions of the protocol, as data; reads as its changelog.

A revision is finer than its media type: `0002` names two header layouts (D86), `0005` two forms of the error frame.
Code never compares revision keys. It asks `Feature.X in revision.features`, or looks a thing up in the revision's
tables. Each revision is its neighbour with what changed.
"""

from __future__ import annotations

import dataclasses
import enum

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hgframing._cbor import CborDialect
from hgframing._frames import HEADER_4, HEADER_6, HEADER_8, FrameType, HeaderLayout, StreamFlag
from hgframing._states import (
    CLIENT_REQUEST,
    CONNECTION,
    CONNECTION_WITH_SETTINGS,
    CONNECTION_WITH_STREAM_SETTINGS,
    SERVER_REQUEST_BY_ARGUMENTS,
    SERVER_REQUEST_BY_CBOR,
    STREAM,
    ClientRequestTable,
    ConnectionState,
    ConnectionTable,
    FrameInput,
    ServerRequestTable,
    StreamTable,
)


__all__ = ["REVISIONS", "Feature", "FrameSpec", "Revision", "Wording"]


class Feature(enum.StrEnum):
    """A difference between revisions that code asks for."""

    #: Frames carry a request ID.
    REQUEST_IDS = "request-ids"
    #: Several requests may be under way, interleaved.
    SEVERAL_REQUESTS = "several-requests"
    #: Commands are a name, argument frames and data frames.
    COMMAND_ARGUMENTS = "command-arguments"
    #: Commands are one CBOR map over one or more frames, and data frames.
    CBOR_REQUESTS = "cbor-requests"
    #: A request may name targets to which the server may redirect.
    REDIRECTS = "redirects"
    #: The server may send text for people beside a response.
    TEXT_OUTPUT = "text-output"
    #: Text output is packed atoms instead of CBOR.
    BINARY_TEXT_OUTPUT = "binary-text-output"
    #: Progress frames exist.
    PROGRESS = "progress"
    #: Frames carry a stream ID and stream flags.
    STREAMS = "streams"
    #: A stream's encoding can be announced.
    STREAM_SETTINGS = "stream-settings"
    #: Content encodings are defined; settings are CBOR.
    CONTENT_ENCODINGS = "content-encodings"
    #: The sender may announce what it understands before anything else.
    SENDER_SETTINGS = "sender-settings"
    #: A response begins with a status map.
    STATUS_MAP = "status-map"
    #: A response is raw octets, chosen by the caller.
    RAW_RESPONSES = "raw-responses"
    #: A response is CBOR values.
    OBJECT_RESPONSES = "object-responses"
    #: Error frames say what they are by flags; the payload is text.
    ERROR_FLAGS = "error-flags"
    #: Error frames are CBOR maps.
    CBOR_ERRORS = "cbor-errors"
    #: Only the protocol's own subset of CBOR is allowed.
    CBOR_SUBSET = "cbor-subset"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FrameSpec:
    """One frame type of one revision.

    Attributes:
        type: what the frame is.
        name: its name in the notation.
        flags: names of the flag bits.
        inputs: which flag nibbles are legal, and what the frame then is to the tables.
        conflict: what Mercurial says of flags that exclude each other; empty where it says nothing.
        missing: what it says where none of the flags is set that must be.
    """

    type: FrameType
    name: str
    flags: Mapping[str, int]
    inputs: Mapping[int, FrameInput]
    conflict: str = ""
    missing: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Messages of Mercurial that changed over the revisions. `%d` is the number of the frame's type.

    Attributes:
        not_first: a connection begins with something else (sheet r5, "initial").
        not_a_command: nothing is being received, and the frame begins no command (sheets r1 to r5, "idle").
    """

    not_first: str
    not_a_command: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One point in the protocol's history.

    Attributes:
        key: our name for it, unique.
        title: what it is known for.
        sheet: the fact sheet that describes it.
        media_type: the media type of the HTTP binding; not unique.
        api: the name of the HTTP API.
        header: the frame header.
        frames: frame types by their number on the wire.
        stream_flags: names of the stream flag bits.
        features: what it has.
        encodings: content encodings, the server's most preferred first.
        cbor: which CBOR it speaks.
        initial: where a connection starts.
        connection: transitions of a connection.
        stream: transitions of a stream.
        server_request: transitions of a request in a server.
        client_request: transitions of a request in a client.
        wording: messages that changed.
        inputs: `type << 4 | flags` of every legal frame, and what it is: the classifier of frames. Derived.
        type_ids: the number of each frame type on the wire. Derived.
    """

    key: str
    title: str
    sheet: str
    media_type: str
    api: str
    header: HeaderLayout
    frames: Mapping[int, FrameSpec]
    stream_flags: Mapping[str, int]
    features: frozenset[Feature]
    encodings: tuple[str, ...]
    cbor: CborDialect
    initial: ConnectionState
    connection: ConnectionTable
    stream: StreamTable
    server_request: ServerRequestTable
    client_request: ClientRequestTable
    wording: Wording
    inputs: Mapping[int, FrameInput] = dataclasses.field(init=False)
    type_ids: Mapping[FrameType, int] = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        inputs = {
            type_id << 4 | flags: frame_input
            for type_id, spec in self.frames.items()
            for flags, frame_input in spec.inputs.items()
        }
        object.__setattr__(self, "inputs", MappingProxyType(inputs))
        type_ids = {spec.type: type_id for type_id, spec in self.frames.items()}
        object.__setattr__(self, "type_ids", MappingProxyType(type_ids))


_F: Final = FrameInput


def _nibble(names: str, flags: Mapping[str, int]) -> int:
    """Read flags as the notation writes them; no name is no flag."""
    return sum(flags[name] for name in names.split("|") if name)


def _spec(  # the columns of a frame table
    frame_type: FrameType,
    name: str,
    flags: dict[str, int],
    inputs: dict[str, FrameInput],
    *,
    conflict: str = "",
    missing: str = "",
) -> FrameSpec:
    nibbles = {_nibble(names, flags): frame_input for names, frame_input in inputs.items()}
    return FrameSpec(
        type=frame_type,
        name=name,
        flags=MappingProxyType(flags),
        inputs=MappingProxyType(nibbles),
        conflict=conflict,
        missing=missing,
    )


_MORE_OR_LAST: Final = {"continuation": 0x01, "eos": 0x02}

_COMMAND_NAME: Final = _spec(
    FrameType.COMMAND_NAME,
    "command-name",
    {"eos": 0x01, "have-args": 0x02, "have-data": 0x04},
    {
        "eos": _F.NAME,
        "have-args": _F.NAME_ARGUMENTS,
        "have-data": _F.NAME_DATA,
        "have-args|have-data": _F.NAME_ARGUMENTS_DATA,
    },
    missing="missing frame flags on command frame",
)
_COMMAND_ARGUMENT: Final = _spec(
    FrameType.COMMAND_ARGUMENT,
    "command-argument",
    {"continuation": 0x01, "eoa": 0x02},
    {"": _F.ARGUMENT, "continuation": _F.ARGUMENT_PART, "eoa": _F.ARGUMENT_LAST},
)
_COMMAND_REQUEST: Final = _spec(
    FrameType.COMMAND_REQUEST,
    "command-request",
    {"new": 0x01, "continuation": 0x02, "more": 0x04, "have-data": 0x08},
    {
        "new": _F.NEW,
        "new|more": _F.NEW_MORE,
        "new|have-data": _F.NEW_DATA,
        "new|more|have-data": _F.NEW_MORE_DATA,
        "continuation": _F.CONTINUATION,
        "continuation|more": _F.CONTINUATION_MORE,
        "continuation|have-data": _F.CONTINUATION_DATA,
        "continuation|more|have-data": _F.CONTINUATION_MORE_DATA,
    },
    conflict="received command request frame with both new and continuation flags set",
    missing="received command request frame with neither new nor continuation flags set",
)
_COMMAND_DATA: Final = _spec(
    FrameType.COMMAND_DATA,
    "command-data",
    _MORE_OR_LAST,
    {"continuation": _F.DATA_MORE, "eos": _F.DATA_LAST},
    missing="command data frame without flags",
)
# Neither flag is let pass as "more follows": the text forbids only both (RSP-004), and upstream's tests send it.
_BYTES_RESPONSE: Final = _spec(
    FrameType.RESPONSE,
    "bytes-response",
    _MORE_OR_LAST,
    {"": _F.RESPONSE_MORE, "continuation": _F.RESPONSE_MORE, "eos": _F.RESPONSE_LAST},
)
_COMMAND_RESPONSE: Final = dataclasses.replace(_BYTES_RESPONSE, name="command-response")
_FLAGGED_ERROR: Final = _spec(
    FrameType.ERROR_RESPONSE,
    "error-response",
    {"protocol": 0x01, "application": 0x02},
    {"protocol": _F.ERROR_RESPONSE, "application": _F.ERROR_RESPONSE},
)
_CBOR_ERROR: Final = _spec(FrameType.ERROR_RESPONSE, "error-response", {}, {"": _F.ERROR_RESPONSE})
_TEXT_OUTPUT: Final = _spec(FrameType.TEXT_OUTPUT, "text-output", {}, {"": _F.TEXT_OUTPUT})
_PROGRESS: Final = _spec(FrameType.PROGRESS, "progress", {}, {"": _F.PROGRESS})
_UNFLAGGED_STREAM_SETTINGS: Final = _spec(
    FrameType.STREAM_SETTINGS, "stream-settings", {}, {"": _F.STREAM_SETTINGS_LAST}
)
_STREAM_SETTINGS: Final = _spec(
    FrameType.STREAM_SETTINGS,
    "stream-settings",
    _MORE_OR_LAST,
    {"continuation": _F.STREAM_SETTINGS_MORE, "eos": _F.STREAM_SETTINGS_LAST},
    conflict="stream encoding settings frame cannot have both continuation and end of stream flags set",
    missing="stream encoding settings frame must have continuation or end of stream flag set",
)
_SENDER_SETTINGS: Final = _spec(
    FrameType.SENDER_SETTINGS,
    "sender-protocol-settings",
    _MORE_OR_LAST,
    {"continuation": _F.SETTINGS_MORE, "eos": _F.SETTINGS_LAST},
    conflict="sender protocol settings frame cannot have both continuation and end of stream flags set",
    missing="sender protocol settings frame must have continuation or end of stream flag set",
)

_NO_STREAM_FLAGS: Final[Mapping[str, int]] = MappingProxyType({})
_STREAM_FLAGS: Final[Mapping[str, int]] = MappingProxyType(
    dict(zip(("stream-begin", "stream-end", "encoded"), map(int, StreamFlag), strict=True))
)
_WORDING_BY_NAME: Final = Wording(
    not_first="expected command frame; got %d",
    not_a_command="expected command frame; got %d",
)

_0001: Final = Revision(
    key="0001",
    title="initial",
    sheet="r1",
    media_type="application/mercurial-exp-framing-0001",
    api="exp-http-v2-0001",
    header=HEADER_4,
    frames=MappingProxyType(
        {1: _COMMAND_NAME, 2: _COMMAND_ARGUMENT, 3: _COMMAND_DATA, 4: _BYTES_RESPONSE, 5: _FLAGGED_ERROR}
    ),
    stream_flags=_NO_STREAM_FLAGS,
    features=frozenset({Feature.COMMAND_ARGUMENTS, Feature.RAW_RESPONSES, Feature.ERROR_FLAGS}),
    encodings=(),
    cbor=CborDialect.GENERAL,
    initial=ConnectionState.OPEN,
    connection=CONNECTION,
    stream=STREAM,
    server_request=SERVER_REQUEST_BY_ARGUMENTS,
    client_request=CLIENT_REQUEST,
    wording=_WORDING_BY_NAME,
)

_0002: Final = dataclasses.replace(
    _0001,
    key="0002",
    title="request IDs",
    sheet="r2",
    media_type="application/mercurial-exp-framing-0002",
    header=HEADER_6,
    frames=MappingProxyType({**_0001.frames, 6: _TEXT_OUTPUT}),
    features=_0001.features
    | {Feature.REQUEST_IDS, Feature.SEVERAL_REQUESTS, Feature.TEXT_OUTPUT, Feature.BINARY_TEXT_OUTPUT},
)

_0002_STREAMS: Final = dataclasses.replace(
    _0002,
    key="0002-streams",
    title="streams",
    sheet="r3",
    header=HEADER_8,
    frames=MappingProxyType({**_0002.frames, 7: _PROGRESS, 8: _UNFLAGGED_STREAM_SETTINGS}),
    stream_flags=_STREAM_FLAGS,
    features=_0002.features | {Feature.STREAMS, Feature.PROGRESS, Feature.STREAM_SETTINGS},
    # No profile is defined; that of doing nothing is taken for granted.
    encodings=("identity",),
    connection=CONNECTION_WITH_STREAM_SETTINGS,
)

_0005_DRAFT: Final = dataclasses.replace(
    _0002_STREAMS,
    key="0005-draft",
    title="CBOR",
    sheet="r4",
    media_type="application/mercurial-exp-framing-0005",
    frames=MappingProxyType(
        {
            1: _COMMAND_REQUEST,
            2: _COMMAND_DATA,
            3: _COMMAND_RESPONSE,
            **{number: _0002_STREAMS.frames[number] for number in (5, 6, 7, 8)},
        }
    ),
    features=_0002_STREAMS.features - {Feature.COMMAND_ARGUMENTS, Feature.BINARY_TEXT_OUTPUT}
    | {Feature.CBOR_REQUESTS, Feature.STATUS_MAP, Feature.OBJECT_RESPONSES},
    server_request=SERVER_REQUEST_BY_CBOR,
    wording=Wording(
        not_first="expected command request frame; got %d",
        not_a_command="expected command request frame; got %d",
    ),
)

_0005: Final = dataclasses.replace(
    _0005_DRAFT,
    key="0005",
    title="as released in Mercurial 4.6 and 4.7",
    sheet="r4-released",
    frames=MappingProxyType({**_0005_DRAFT.frames, 5: _CBOR_ERROR}),
    features=_0005_DRAFT.features - {Feature.ERROR_FLAGS} | {Feature.CBOR_ERRORS},
)

_0006: Final = dataclasses.replace(
    _0005,
    key="0006",
    title="settings, encodings and redirects",
    sheet="r5",
    media_type="application/mercurial-exp-framing-0006",
    api="exp-http-v2-0003",
    frames=MappingProxyType({**_0005.frames, 8: _SENDER_SETTINGS, 9: _STREAM_SETTINGS}),
    features=_0005.features - {Feature.RAW_RESPONSES}
    | {Feature.SENDER_SETTINGS, Feature.CONTENT_ENCODINGS, Feature.REDIRECTS, Feature.CBOR_SUBSET},
    encodings=("zstd-8mb", "zlib", "identity"),
    cbor=CborDialect.SUBSET,
    initial=ConnectionState.INITIAL,
    connection=CONNECTION_WITH_SETTINGS,
    wording=Wording(
        not_first="expected sender protocol settings or command request frame; got %d",
        not_a_command="expected command request frame; got %d",
    ),
)

#: Every revision by its key, in the order of history.
REVISIONS: Final[Mapping[str, Revision]] = MappingProxyType(
    {revision.key: revision for revision in (_0001, _0002, _0002_STREAMS, _0005_DRAFT, _0005, _0006)}
)
