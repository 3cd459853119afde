"""Theory of operation: which machines there are, what drives them, and every transition.

A reactor is four small machines, all of them tables of this file.

1. The **connection**, one per reactor: has the peer's settings frame a place yet, and has the peer broken the protocol?
2. A **stream**, one per stream ID of the peer: closed or open, driven by the stream flags.
3. A **request**, one per request ID. The server's view and the client's are different tables over different states.
4. Deferral, a single flag of the server: output waits for the end of input. It needs no table.

A table is `{state: {input: next state}}`. A missing key is a fault of the peer. Terminal states are written out, empty,
so that a reader sees that they are meant. Inputs are members of `FrameInput` (a frame, classified by type and flags
alone; `Revision.inputs` is the classifier) or, for what our own side does, of `LocalInput`. This file knows no role's
code, no revision's name and no message: it can be drawn, diffed and covered.
"""

from __future__ import annotations

import enum

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias, TypeVar


__all__ = [
    "CLIENT_REQUEST",
    "CONNECTION",
    "CONNECTION_WITH_SETTINGS",
    "CONNECTION_WITH_STREAM_SETTINGS",
    "SERVER_REQUEST_BY_ARGUMENTS",
    "SERVER_REQUEST_BY_CBOR",
    "STREAM",
    "ClientRequestState",
    "ClientRequestTable",
    "ConnectionState",
    "ConnectionTable",
    "FrameInput",
    "Input",
    "LocalInput",
    "ServerRequestState",
    "ServerRequestTable",
    "StreamInput",
    "StreamState",
    "StreamTable",
]


class FrameInput(enum.Enum):
    """What a frame is to the tables. The flag names of the protocol say what the suffixes mean."""

    # The identity hash of object is an order of magnitude cheaper than enum's own, and this is the hot path.
    __hash__ = object.__hash__

    SETTINGS_MORE = "sender settings, more follow"
    SETTINGS_LAST = "sender settings, last"
    STREAM_SETTINGS_MORE = "stream settings, more follow"
    STREAM_SETTINGS_LAST = "stream settings, last"
    NAME = "command name, nothing follows"
    NAME_ARGUMENTS = "command name, arguments follow"
    NAME_DATA = "command name, data follows"
    NAME_ARGUMENTS_DATA = "command name, arguments and data follow"
    ARGUMENT = "argument"
    ARGUMENT_PART = "argument, value continues"
    ARGUMENT_LAST = "last argument"
    NEW = "new request, whole"
    NEW_DATA = "new request, whole, data follows"
    NEW_MORE = "new request, more follows"
    NEW_MORE_DATA = "new request, more and data follow"
    CONTINUATION = "request continued, whole"
    CONTINUATION_DATA = "request continued, whole, data follows"
    CONTINUATION_MORE = "request continued, more follows"
    CONTINUATION_MORE_DATA = "request continued, more and data follow"
    DATA_MORE = "command data, more follows"
    DATA_LAST = "command data, last"
    RESPONSE_MORE = "response, more follows"
    RESPONSE_LAST = "response, last"
    ERROR_RESPONSE = "error response"
    TEXT_OUTPUT = "text output"
    PROGRESS = "progress"


class LocalInput(enum.Enum):
    """What our own side does to a request."""

    __hash__ = object.__hash__

    ANSWER = "answer complete"
    SENT = "last frame has left"
    SEND = "first frame handed over"
    ABANDON = "given up"


Input: TypeAlias = FrameInput | LocalInput


class ConnectionState(enum.Enum):
    """Where a connection stands, in the eyes of a receiver."""

    __hash__ = object.__hash__

    INITIAL = "initial"
    SETTINGS_RECEIVING = "protocol-settings-receiving"
    OPEN = "open"
    ERRORED = "errored"


class StreamInput(enum.Enum):
    """What the begin and end flags of a frame say. The value is those two bits."""

    __hash__ = object.__hash__

    PLAIN = 0x00
    BEGIN = 0x01
    END = 0x02
    BEGIN_END = 0x03


class StreamState(enum.Enum):
    """Whether frames may come on a stream."""

    __hash__ = object.__hash__

    CLOSED = "closed"
    OPEN = "open"


class ServerRequestState(enum.Enum):
    """What a server knows of a request ID."""

    __hash__ = object.__hash__

    UNKNOWN = "unknown"
    ARGUMENTS = "receiving arguments"
    ARGUMENTS_DATA = "receiving arguments, data follows"
    VALUE = "receiving an argument's value"
    VALUE_DATA = "receiving an argument's value, data follows"
    REQUEST = "receiving the request"
    REQUEST_DATA = "receiving the request, data follows"
    DATA = "receiving data"
    ACTIVE = "active"
    ANSWERED = "answered, not sent"


class ClientRequestState(enum.Enum):
    """What a client knows of a request of its own. The values are Mercurial's words."""

    __hash__ = object.__hash__

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    RECEIVING = "receiving"
    RECEIVED = "received"
    ERRORED = "errored"
    ABANDONED = "abandoned"


ConnectionTable: TypeAlias = Mapping[ConnectionState, Mapping[FrameInput, ConnectionState]]
StreamTable: TypeAlias = Mapping[StreamState, Mapping[StreamInput, StreamState]]
ServerRequestTable: TypeAlias = Mapping[ServerRequestState, Mapping[Input, ServerRequestState]]
ClientRequestTable: TypeAlias = Mapping[ClientRequestState, Mapping[Input, ClientRequestState]]

_State = TypeVar("_State")
_Input = TypeVar("_Input")


def _table(rows: Mapping[_State, Mapping[_Input, _State]]) -> Mapping[_State, Mapping[_Input, _State]]:
    return MappingProxyType({state: MappingProxyType(row) for state, row in rows.items()})


_F: Final = FrameInput
_C: Final = ConnectionState
_S: Final = ServerRequestState
_R: Final = ClientRequestState

_REQUEST_INPUTS: Final = tuple(
    frame_input
    for frame_input in FrameInput
    if not frame_input.name.startswith(("SETTINGS", "STREAM_SETTINGS"))
)
_ANY_REQUEST: Final[dict[FrameInput, ConnectionState]] = dict.fromkeys(_REQUEST_INPUTS, _C.OPEN)
_STREAM_SETTINGS: Final[dict[FrameInput, ConnectionState]] = {
    _F.STREAM_SETTINGS_MORE: _C.OPEN,
    _F.STREAM_SETTINGS_LAST: _C.OPEN,
}

#: 0001 and 0002: every frame concerns a request.
CONNECTION: Final[ConnectionTable] = _table({_C.OPEN: _ANY_REQUEST, _C.ERRORED: {}})

#: 0002-streams and both 0005: a stream may announce an encoding.
CONNECTION_WITH_STREAM_SETTINGS: Final[ConnectionTable] = _table(
    {_C.OPEN: _ANY_REQUEST | _STREAM_SETTINGS, _C.ERRORED: {}}
)

#: 0006: the sender's settings come before everything else, if they come (SET-005), and are not interrupted (SET-006).
CONNECTION_WITH_SETTINGS: Final[ConnectionTable] = _table(
    {
        _C.INITIAL: _ANY_REQUEST
        | _STREAM_SETTINGS
        | {_F.SETTINGS_MORE: _C.SETTINGS_RECEIVING, _F.SETTINGS_LAST: _C.OPEN},
        _C.SETTINGS_RECEIVING: {_F.SETTINGS_MORE: _C.SETTINGS_RECEIVING, _F.SETTINGS_LAST: _C.OPEN},
        _C.OPEN: _ANY_REQUEST | _STREAM_SETTINGS,
        _C.ERRORED: {},
    }
)

#: Every revision with streams. Begin on an open stream is let pass: the text does not call it illegal, and upstream's
#: tests send it (D40).
STREAM: Final[StreamTable] = _table(
    {
        StreamState.CLOSED: {
            StreamInput.BEGIN: StreamState.OPEN,
            StreamInput.BEGIN_END: StreamState.CLOSED,
        },
        StreamState.OPEN: {
            StreamInput.PLAIN: StreamState.OPEN,
            StreamInput.BEGIN: StreamState.OPEN,
            StreamInput.END: StreamState.CLOSED,
            StreamInput.BEGIN_END: StreamState.CLOSED,
        },
    }
)

_ANSWERING: Final[dict[ServerRequestState, dict[Input, ServerRequestState]]] = {
    _S.ACTIVE: {LocalInput.ANSWER: _S.ANSWERED},
    _S.ANSWERED: {LocalInput.SENT: _S.UNKNOWN},
}

#: 0001 to 0002-streams: a name, then arguments, then data (CMD-007).
SERVER_REQUEST_BY_ARGUMENTS: Final[ServerRequestTable] = _table(
    {
        _S.UNKNOWN: {
            _F.NAME: _S.ACTIVE,
            _F.NAME_ARGUMENTS: _S.ARGUMENTS,
            _F.NAME_DATA: _S.DATA,
            _F.NAME_ARGUMENTS_DATA: _S.ARGUMENTS_DATA,
        },
        _S.ARGUMENTS: {
            _F.ARGUMENT: _S.ARGUMENTS,
            _F.ARGUMENT_PART: _S.VALUE,
            _F.ARGUMENT_LAST: _S.ACTIVE,
        },
        _S.VALUE: {
            _F.ARGUMENT: _S.ARGUMENTS,
            _F.ARGUMENT_PART: _S.VALUE,
            _F.ARGUMENT_LAST: _S.ACTIVE,
        },
        _S.ARGUMENTS_DATA: {
            _F.ARGUMENT: _S.ARGUMENTS_DATA,
            _F.ARGUMENT_PART: _S.VALUE_DATA,
            _F.ARGUMENT_LAST: _S.DATA,
        },
        _S.VALUE_DATA: {
            _F.ARGUMENT: _S.ARGUMENTS_DATA,
            _F.ARGUMENT_PART: _S.VALUE_DATA,
            _F.ARGUMENT_LAST: _S.DATA,
        },
        _S.DATA: {_F.DATA_MORE: _S.DATA, _F.DATA_LAST: _S.ACTIVE},
        **_ANSWERING,
    }
)

#: 0005-draft and later: CBOR over one or more request frames, then data (REQ-013).
SERVER_REQUEST_BY_CBOR: Final[ServerRequestTable] = _table(
    {
        _S.UNKNOWN: {
            _F.NEW: _S.ACTIVE,
            _F.NEW_DATA: _S.DATA,
            _F.NEW_MORE: _S.REQUEST,
            _F.NEW_MORE_DATA: _S.REQUEST_DATA,
        },
        _S.REQUEST: {_F.CONTINUATION: _S.ACTIVE, _F.CONTINUATION_MORE: _S.REQUEST},
        _S.REQUEST_DATA: {_F.CONTINUATION_DATA: _S.DATA, _F.CONTINUATION_MORE_DATA: _S.REQUEST_DATA},
        _S.DATA: {_F.DATA_MORE: _S.DATA, _F.DATA_LAST: _S.ACTIVE},
        **_ANSWERING,
    }
)

_RECEIVING: Final[dict[Input, ClientRequestState]] = {
    _F.RESPONSE_MORE: _R.RECEIVING,
    _F.RESPONSE_LAST: _R.RECEIVED,
    _F.ERROR_RESPONSE: _R.ERRORED,
    _F.TEXT_OUTPUT: _R.RECEIVING,
    _F.PROGRESS: _R.RECEIVING,
}

#: Every revision. A server may answer before the request has left completely: the text does not forbid it.
CLIENT_REQUEST: Final[ClientRequestTable] = _table(
    {
        _R.PENDING: {LocalInput.SEND: _R.SENDING},
        _R.SENDING: _RECEIVING | {LocalInput.SENT: _R.SENT, LocalInput.ABANDON: _R.ABANDONED},
        _R.SENT: _RECEIVING | {LocalInput.ABANDON: _R.ABANDONED},
        _R.RECEIVING: _RECEIVING | {LocalInput.SENT: _R.RECEIVING, LocalInput.ABANDON: _R.ABANDONED},
        _R.ABANDONED: {
            _F.RESPONSE_MORE: _R.ABANDONED,
            _F.TEXT_OUTPUT: _R.ABANDONED,
            _F.PROGRESS: _R.ABANDONED,
            _F.RESPONSE_LAST: _R.RECEIVED,
            _F.ERROR_RESPONSE: _R.ERRORED,
            LocalInput.SENT: _R.ABANDONED,
        },
        _R.RECEIVED: {},
        _R.ERRORED: {},
    }
)
