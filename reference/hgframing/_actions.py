"""What a reactor tells its caller to do.

Closed unions: callers `match` on them and finish with `assert_never`. Every action is immutable; nothing in it changes
the reactor when it is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from hgframing._cbor import Value
from hgframing._errors import Fault
from hgframing._frames import Frame
from hgframing._text import Atom


__all__ = [
    "ClientAction",
    "CommandData",
    "Error",
    "ErrorResponse",
    "Noop",
    "Progress",
    "ResponseData",
    "RunCommand",
    "SendFrames",
    "ServerAction",
    "TextOutput",
    "WantFrame",
]


class RunCommand(msgspec.Struct, frozen=True):
    """A request is whole: run its command, then answer it.

    Attributes:
        request_id: what to answer.
        command: the command's name.
        args: its arguments. Values are octets before CBOR requests, any CBOR value since.
        data: what the client sent beside the arguments; `None` if it announced none, or if it comes as `CommandData`.
        redirect: what the client says of redirects, or `None`.
        streaming: whether the data follows in `CommandData` actions.
    """

    request_id: int
    command: bytes
    args: Mapping[bytes, Value]
    data: bytes | None = None
    redirect: Mapping[bytes, Value] | None = None
    streaming: bool = False


class CommandData(msgspec.Struct, frozen=True):
    """A piece of a command's data, where the caller asked to take it as it arrives."""

    request_id: int
    data: bytes
    eos: bool


class SendFrames(msgspec.Struct, frozen=True):
    """Send these frames, in this order."""

    frames: tuple[Frame, ...]


class WantFrame(msgspec.Struct, frozen=True):
    """A request or a settings value is not whole yet: hand over the next frame."""


class Noop(msgspec.Struct, frozen=True):
    """Nothing to do now."""


class Error(msgspec.Struct, frozen=True):
    """The peer broke the protocol, and the reactor is terminal: stop reading, send what is to be sent, close."""

    fault: Fault


class ResponseData(msgspec.Struct, frozen=True):
    """A piece of a response, decoded.

    Attributes:
        request_id: the request that it answers.
        data: octets; since the status map exists the response begins with it.
        eos: whether the response is complete.
    """

    request_id: int
    data: bytes
    eos: bool


class ErrorResponse(msgspec.Struct, frozen=True):
    """The server answered a request with an error; the request is over. The connection is not.

    Attributes:
        request_id: the request.
        kind: `protocol`, `application`, `server` or `command`.
        atoms: the message.
    """

    request_id: int
    kind: str
    atoms: tuple[Atom, ...]


class TextOutput(msgspec.Struct, frozen=True):
    """Text for the user."""

    request_id: int
    atoms: tuple[Atom, ...]


class Progress(msgspec.Struct, frozen=True):
    """How far the server is with something.

    Attributes:
        request_id: the request.
        topic: what is being done.
        pos: how far it is; -1 ends the topic.
        total: how far it goes.
        label: what is counted, or `None`.
        item: what is being handled now, or `None`.
    """

    request_id: int
    topic: bytes
    pos: int
    total: int
    label: bytes | None = None
    item: bytes | None = None


ServerAction: TypeAlias = RunCommand | CommandData | SendFrames | WantFrame | Noop | Error
ClientAction: TypeAlias = (
    SendFrames | WantFrame | Noop | Error | ResponseData | ErrorResponse | TextOutput | Progress
)
