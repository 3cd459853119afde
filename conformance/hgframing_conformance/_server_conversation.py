"""What a server must say of a client's frames and of its own user's wishes, read off the tables.

A conversation is told frame by frame. It keeps where the connection, every stream and every request stand, gives each
request a name, arguments and data that no other has, and writes the steps of a case. The reactor is never asked.
"""

from __future__ import annotations

import dataclasses

from typing import Any, Final, NamedTuple

from hgframing import (
    Feature,
    Frame,
    FrameInput,
    LocalInput,
    Revision,
    ServerRequestState,
    StreamInput,
    encode_value,
    format_notation,
)
from hgframing_conformance._conversation import SETTINGS, STREAM_SETTINGS, Conversation


__all__ = ["Asked", "ServerConversation"]

_F: Final = FrameInput
_S: Final = ServerRequestState
_STARTS: Final = frozenset({_F.NEW, _F.NEW_DATA, _F.NEW_MORE, _F.NEW_MORE_DATA})
_NAMES: Final = frozenset({_F.NAME, _F.NAME_ARGUMENTS, _F.NAME_DATA, _F.NAME_ARGUMENTS_DATA})
_DATA: Final = frozenset({_F.DATA_MORE, _F.DATA_LAST})
_ARGUMENTS: Final = frozenset({_F.ARGUMENT, _F.ARGUMENT_PART, _F.ARGUMENT_LAST})
_OUTPUT_STREAM: Final = 2


class Asked(NamedTuple):
    """A frame of a client, by what it is to the tables.

    Attributes:
        request: the request ID; 0 where there are none.
        what: its input.
        stream: the stream ID.
        stream_flags: all of them; `None` begins the stream if it is closed.
        data: what a frame of data holds; `None` is something that no other frame holds.
        encoded: whether it goes through the encoding of its stream.
        ends: whether it ends its stream, beside what `stream_flags` says.
    """

    request: int
    what: FrameInput
    stream: int = 1
    stream_flags: int | None = None
    data: str | None = None
    encoded: bool = False
    ends: bool = False


@dataclasses.dataclass(slots=True)
class _Command:
    """What has come of a request."""

    name: str
    rest: bytes = b""
    args: dict[str, str] = dataclasses.field(default_factory=dict)
    #: The argument whose value goes on.
    open: str = ""
    data: str | None = None


class ServerConversation(Conversation):
    """One connection as a server sees it.

    Args:
        revision: whose tables.
        defers: whether output waits for the end of input.
        name: what the commands are called; their request ID follows.

    Attributes:
        connection: where the connection stands.
        requests: where each request stands that is not unknown.
    """

    def __init__(self, revision: Revision, *, defers: bool = False, name: str = "c") -> None:
        super().__init__(revision)
        self.requests: dict[int, ServerRequestState] = {}
        self._defers = defers
        self._name = name
        self._deferred: list[str] = []
        self._commands: dict[int, _Command] = {}

    # What the client does.

    def state(self, request: int) -> ServerRequestState:
        """Say where a request stands. Without request IDs the next begins where the last was run."""
        state = self.requests.get(request, _S.UNKNOWN)
        return _S.UNKNOWN if state is _S.ACTIVE and not self._has_ids else state

    def has_place(self, asked: Asked) -> bool:
        """Say whether the tables of connection, stream and request all have a place for a frame."""
        return self._fits(asked) and (
            asked.what in SETTINGS | STREAM_SETTINGS
            or asked.what in self.revision.server_request[self.state(asked.request)]
        )

    def receive(self, *asked: Asked) -> dict[str, Any]:
        """Take frames that have a place.

        Returns:
            The step, all frames in it, with what must follow.
        """
        frames, actions = [], []
        for one in asked:
            frame, expected = self._take(one)
            frames.append(format_notation(frame, self.revision))
            actions += expected
        return {"receive": frames, "expect": actions}

    def end_input(self) -> dict[str, Any]:
        """End the input; what was deferred leaves. No request may be half received."""
        frames, self._deferred = self._deferred, []
        return {"end-input": None, "expect": [{"send-frames": frames}] if frames else []}

    def set_encoding(self, request: int, stream: int, encoding: str) -> dict[str, Any]:
        """Begin a stream with the encoding that its encoded frames will have."""
        payload = encode_value(encoding.encode(), self.revision.cbor)
        return self._encoding_step(Asked(request, _F.STREAM_SETTINGS_LAST, stream), payload, encoding)

    def _take(self, asked: Asked) -> tuple[Frame, list[dict[str, Any]]]:
        frame = self.frame(asked, self._encode(asked, self.payload(asked)))
        self._move(asked)
        if asked.what in SETTINGS | STREAM_SETTINGS:
            return frame, []
        following = self.revision.server_request[self.state(asked.request)][asked.what]
        self.requests[asked.request] = following
        return frame, [self._run(asked.request)] if following is _S.ACTIVE else []

    # Payloads, and the command that they become.

    def payload(self, asked: Asked) -> bytes:
        """Make the next payload of such a frame, and note what it says."""
        what = asked.what
        if what in SETTINGS | STREAM_SETTINGS:
            return self._settings_payload(asked)
        if what in _NAMES | _STARTS:
            self._begin(asked.request, what)
        command = self._commands[asked.request]
        if what in _NAMES:
            return command.name.encode()
        if what in _ARGUMENTS:
            return self._argument(asked.request, command, what)
        if what in _DATA:
            piece = f"d{asked.request}.{len(command.data or '')}" if asked.data is None else asked.data
            command.data = (command.data or "") + piece
            return piece.encode()
        taken = 1 if "MORE" in what.name else len(command.rest)
        part, command.rest = command.rest[:taken], command.rest[taken:]
        return part

    def _begin(self, request: int, what: FrameInput) -> None:
        command = self._commands[request] = _Command(f"{self._name}{request}")
        if what in _STARTS:
            command.args["k"] = f"v{request}"
            value = {b"name": command.name.encode(), b"args": {b"k": command.args["k"].encode()}}
            command.rest = encode_value(value, self.revision.cbor)

    def _argument(self, request: int, command: _Command, what: FrameInput) -> bytes:
        """One argument whose value is its request and its name; a value that goes on gives its first octet first."""
        is_part = what is _F.ARGUMENT_PART
        if command.open:
            if is_part:
                return b""
            rest = command.args[command.open][1:]
            command.open = ""
            return rest.encode()
        name = f"k{len(command.args)}"
        value = command.args[name] = f"v{request}{name}"
        command.open = name if is_part else ""
        # Two lengths, the name, the value (ARG-002).
        head = len(name).to_bytes(2, "little") + len(value).to_bytes(2, "little") + name.encode()
        return head + (value[:1] if is_part else value).encode()

    def _run(self, request: int) -> dict[str, Any]:
        command = self._commands.pop(request)
        action: dict[str, Any] = self._field(request) | {"command": command.name}
        if command.args:
            action["args"] = dict(command.args)
        if command.data is not None:
            action["data"] = command.data
        return {"run-command": action}

    # What the local user does.

    def respond(self, request: int, *, unsent: bool = False) -> dict[str, Any]:
        """Answer a request: with one object, or with octets where there are no objects."""
        answer: dict[str, Any] = {"data": f"r{request}"}
        payload = f"r{request}".encode()
        if Feature.OBJECT_RESPONSES in self.revision.features:
            answer = {"objects": [f"r{request}"]}
            status = encode_value({b"status": b"ok"}, self.revision.cbor)
            payload = status + encode_value(payload, self.revision.cbor)
        frame = self._output(request, _F.RESPONSE_LAST, payload)
        return {
            "respond": self._field(request) | answer | _unsent(unsent),
            "expect": self._answer(request, frame, unsent),
        }

    def fail(self, request: int, *, unsent: bool = False) -> dict[str, Any]:
        """Answer a request with an error that is told in a frame: of the server, or of the application before CBOR."""
        message = f"e{request}"
        kind, payload = "application", message.encode()
        if Feature.CBOR_ERRORS in self.revision.features:
            kind = "server"
            payload = encode_value(
                {b"type": b"server", b"message": [{b"msg": message.encode()}]}, self.revision.cbor
            )
        frame = self._output(request, _F.ERROR_RESPONSE, payload)
        value = {**self._field(request), "kind": kind, "message": message, **_unsent(unsent)}
        return {"fail": value, "expect": self._answer(request, frame, unsent)}

    def tell(self, request: int) -> dict[str, Any]:
        """Send text beside the answer to a request; such a frame changes no state."""
        text = f"t{request}"
        if Feature.BINARY_TEXT_OUTPUT in self.revision.features:
            payload = len(text).to_bytes(2, "little") + b"\0\0" + text.encode()
        else:
            payload = encode_value([{b"msg": text.encode()}], self.revision.cbor)
        frame = self._output(request, _F.TEXT_OUTPUT, payload)
        return {"text-output": self._field(request) | {"atoms": [{"msg": text}]}, "expect": self._send(frame)}

    def progress(self, request: int) -> dict[str, Any]:
        """Send progress beside the answer to a request; such a frame changes no state."""
        topic = f"p{request}"
        payload = encode_value({b"topic": topic.encode(), b"pos": 1, b"total": 9}, self.revision.cbor)
        frame = self._output(request, _F.PROGRESS, payload)
        value = {**self._field(request), "topic": topic, "pos": 1, "total": 9}
        return {"progress": value, "expect": self._send(frame)}

    def sent(self, request: int) -> dict[str, Any]:
        """Say that the answer to a request has left."""
        self._leave(request)
        return {"sent": self._field(request), "expect": []}

    def _answer(self, request: int, frame: str, unsent: bool) -> list[dict[str, Any]]:  # noqa: FBT001  # a step's key
        self.requests[request] = self.revision.server_request[self.requests[request]][LocalInput.ANSWER]
        # What is deferred has not left.
        if not unsent and not self._defers:
            self._leave(request)
        return self._send(frame)

    def _leave(self, request: int) -> None:
        following = self.revision.server_request[self.requests.pop(request)][LocalInput.SENT]
        if following is not _S.UNKNOWN:
            self.requests[request] = following

    def _send(self, frame: str) -> list[dict[str, Any]]:
        if self._defers:
            self._deferred.append(frame)
            return []
        return [{"send-frames": [frame]}]

    def _output(self, request: int, what: FrameInput, payload: bytes) -> str:
        header, code = self.revision.header, self._codes[what]
        frame = Frame(
            request if header.has_request else 0,
            _OUTPUT_STREAM if header.has_stream else 0,
            StreamInput.BEGIN.value if header.has_stream else 0,
            code >> 4,
            code & 0x0F,
            payload,
        )
        return format_notation(frame, self.revision)

    def _field(self, request: int) -> dict[str, int]:
        return {"request": request} if self._has_ids else {}


def _unsent(unsent: bool) -> dict[str, bool]:  # noqa: FBT001  # a step's key
    return {"unsent": True} if unsent else {}
