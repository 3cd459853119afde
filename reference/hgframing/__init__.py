"""Mercurial's frame-based wire protocol, sans-I/O: octets become frames, frames inputs, inputs actions.

Put a `FrameBuffer` before a `ServerReactor` or a `ClientReactor`: feed the buffer the octets that arrive, hand its
frames to the reactor, and do what the reactor's actions say. Nothing here reads, writes, waits or logs.

Every name that is not listed in `__all__` is private.
"""

from __future__ import annotations

from hgframing._actions import (
    ClientAction,
    CommandData,
    Error,
    ErrorResponse,
    Noop,
    Progress,
    ResponseData,
    RunCommand,
    SendFrames,
    ServerAction,
    TextOutput,
    WantFrame,
)
from hgframing._buffer import FrameBuffer
from hgframing._cbor import (
    CborDialect,
    CborError,
    CborErrorKind,
    Value,
    decode_one,
    decode_sequence,
    encode_value,
)
from hgframing._client import Call, ClientReactor
from hgframing._errors import Fault, FaultCode, HgFramingError, LocalProtocolError, NotationError
from hgframing._frames import Frame, FrameHeader, FrameType, HeaderLayout, StreamFlag
from hgframing._http import HttpApplication, Refusal
from hgframing._http_commands import CommandFailed, HttpArgument, HttpCommand, Permission
from hgframing._limits import Limits
from hgframing._notation import format_notation, parse_notation
from hgframing._reader import ResponseChunk, ResponseItem, ResponseReader, ResponseValue
from hgframing._responses import Redirect, Status, StatusError, StatusOk, StatusRedirect
from hgframing._revisions import REVISIONS, Feature, FrameSpec, Revision
from hgframing._server import ServerReactor
from hgframing._states import (
    ClientRequestState,
    ConnectionState,
    FrameInput,
    LocalInput,
    ServerRequestState,
    StreamInput,
    StreamState,
)
from hgframing._text import Atom


__version__ = "0.1.0"

__all__ = [
    "REVISIONS",
    "Atom",
    "Call",
    "CborDialect",
    "CborError",
    "CborErrorKind",
    "ClientAction",
    "ClientReactor",
    "ClientRequestState",
    "CommandData",
    "CommandFailed",
    "ConnectionState",
    "Error",
    "ErrorResponse",
    "Fault",
    "FaultCode",
    "Feature",
    "Frame",
    "FrameBuffer",
    "FrameHeader",
    "FrameInput",
    "FrameSpec",
    "FrameType",
    "HeaderLayout",
    "HgFramingError",
    "HttpApplication",
    "HttpArgument",
    "HttpCommand",
    "Limits",
    "LocalInput",
    "LocalProtocolError",
    "Noop",
    "NotationError",
    "Permission",
    "Progress",
    "Redirect",
    "Refusal",
    "ResponseChunk",
    "ResponseData",
    "ResponseItem",
    "ResponseReader",
    "ResponseValue",
    "Revision",
    "RunCommand",
    "SendFrames",
    "ServerAction",
    "ServerReactor",
    "ServerRequestState",
    "Status",
    "StatusError",
    "StatusOk",
    "StatusRedirect",
    "StreamFlag",
    "StreamInput",
    "StreamState",
    "TextOutput",
    "Value",
    "WantFrame",
    "decode_one",
    "decode_sequence",
    "encode_value",
    "format_notation",
    "parse_notation",
]
