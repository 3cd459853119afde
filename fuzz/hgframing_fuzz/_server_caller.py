"""Who answers a server's commands: whatever a frame of an input wishes, as long as the reactor lets him.

What is said is written into the entry of its request (`_ledger`), once the reactor has taken it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from hgframing import (
    Atom,
    CborError,
    Feature,
    Frame,
    Redirect,
    Revision,
    ServerAction,
    ServerReactor,
    decode_one,
    encode_value,
)
from hgframing_fuzz._ledger import Entry


__all__ = ["TEXT", "ServerCaller", "progress_fields", "value_of"]

#: Makes letters of any octets: text that every revision can say.
TEXT: Final = bytes.maketrans(bytes(range(256)), bytes(97 + octet % 26 for octet in range(256)))


class ServerCaller:
    """The caller of one server reactor.

    Args:
        server: its reactor.
        revision: what it speaks.
        most: octets of one value at most.
        deliver: takes the actions that the reactor answers.

    Attributes:
        entries: what is known of each request, by its ID.
        running: requests that wait for the end of their answer.
        unsent: requests whose answers have not been said to have left.
    """

    def __init__(
        self,
        server: ServerReactor,
        revision: Revision,
        most: int,
        deliver: Callable[[Iterable[ServerAction]], None],
    ) -> None:
        self._server = server
        self._revision = revision
        self._most = most
        self._deliver = deliver
        self.entries: dict[int, Entry] = {}
        self.running: list[int] = []
        self.unsent: list[int] = []

    def _chosen(self, frame: Frame) -> int:
        return self.running[frame.request_id % len(self.running)] if self.running else frame.request_id

    def _stream(self, frame: Frame) -> int:
        return 4 if frame.stream_id & 2 and Feature.STREAMS in self._revision.features else 2

    def respond(self, frame: Frame) -> None:
        """Answer, all at once."""
        request_id = self._chosen(frame)
        last = bool(frame.flags & 8)
        stream = self._stream(frame)
        if Feature.OBJECT_RESPONSES in self._revision.features:
            values = [value_of(frame, self._revision, self._most)] * (frame.flags & 3)
            actions = self._server.respond(request_id, values, stream_id=stream, last=last)
            said = b"".join(encode_value(value, self._revision.cbor) for value in values)
        else:
            said = frame.payload[: self._most]
            actions = self._server.respond_data(request_id, said, stream_id=stream, last=last)
        self._say(request_id, actions, said, end="ok")

    def start(self, frame: Frame) -> None:
        """Begin a response in pieces."""
        request_id = self._chosen(frame)
        actions = self._server.start_response(request_id, stream_id=self._stream(frame))
        self.entries[request_id].begun = True
        self._say(request_id, actions)

    def send_piece(self, frame: Frame) -> None:
        """Send a piece."""
        request_id = self._chosen(frame)
        if Feature.OBJECT_RESPONSES in self._revision.features:
            value = value_of(frame, self._revision, self._most)
            actions = self._server.send_object(request_id, value)
            said = encode_value(value, self._revision.cbor)
        else:
            said = frame.payload[: self._most]
            actions = self._server.send_data(request_id, said)
        self._say(request_id, actions, said)

    def finish(self, frame: Frame) -> None:
        """End a response in pieces."""
        request_id = self._chosen(frame)
        self._say(request_id, self._server.finish_response(request_id, last=bool(frame.flags & 8)), end="ok")

    def fail(self, frame: Frame) -> None:
        """Answer with an error."""
        request_id = self._chosen(frame)
        features = self._revision.features
        kinds = (
            ("application", "protocol")
            if Feature.ERROR_FLAGS in features
            else ("command", "server", "protocol")
        )
        kind = kinds[frame.flags % len(kinds)]
        message = frame.payload[:200].translate(TEXT)
        actions = self._server.fail(
            request_id, kind, message, stream_id=self._stream(frame), last=bool(frame.flags & 8)
        )
        self._say(request_id, actions, end=(kind, (Atom(message),)))

    def text(self, frame: Frame) -> None:
        """Send text beside a response."""
        request_id = self._chosen(frame)
        piece = frame.payload[:200].translate(TEXT)
        atoms = [Atom(piece + b" %s", (piece,), (b"l",) * (frame.flags & 1))] * (1 + (frame.flags >> 1 & 3))
        actions = self._server.text_output(request_id, atoms, stream_id=self._stream(frame))
        self._say(request_id, actions, beside=("text", repr(atoms)))

    def progress(self, frame: Frame) -> None:
        """Send progress beside a response."""
        request_id = self._chosen(frame)
        fields: dict[bytes, Any] = {
            b"topic": frame.payload[:50].translate(TEXT),
            b"pos": frame.stream_id - 1,
            b"total": 9,
        }
        if frame.flags & 1:
            fields[b"label"] = b"l"
        if frame.flags & 2:
            fields[b"item"] = b"i"
        actions = self._server.progress(request_id, fields, stream_id=self._stream(frame))
        self._say(request_id, actions, beside=("progress", progress_fields(fields)))

    def redirect(self, frame: Frame) -> None:
        """Answer with another place."""
        request_id = self._chosen(frame)
        redirect = Redirect(frame.payload[:100].translate(TEXT), b"text/plain")
        actions = self._server.respond_redirect(request_id, redirect, stream_id=self._stream(frame))
        self._say(request_id, actions, end=redirect)

    def sent(self, frame: Frame) -> None:
        """Note that an answer has left."""
        request_id = self.unsent[frame.request_id % len(self.unsent)] if self.unsent else frame.request_id
        self._server.sent(request_id)
        if request_id in self.unsent:
            self.unsent.remove(request_id)

    def settle(self) -> None:
        """Answer whatever waits, and note that all answers have left."""
        for request_id in list(self.running):
            if self.entries[request_id].begun:
                self._say(request_id, self._server.finish_response(request_id), end="ok")
            else:
                self.respond(Frame(self.running.index(request_id), 0, 0, 0, 1, b"settled"))
        for request_id in list(self.unsent):
            self._server.sent(request_id)
        self.unsent.clear()

    def _say(
        self,
        request_id: int,
        actions: Iterable[ServerAction],
        said: bytes = b"",
        *,
        beside: Any = None,
        end: Any = None,
    ) -> None:
        """Note what the server's caller has said, now that the reactor has taken it."""
        entry = self.entries[request_id]
        entry.say_data(said)
        if beside is not None:
            entry.say_beside(beside)
        if end is not None:
            entry.say_end(end)
            self.running.remove(request_id)
            self.unsent.append(request_id)
        self._deliver(actions)


def value_of(frame: Frame, revision: Revision, most: int) -> Any:
    """The value that a payload is, or the payload itself as a bytestring.

    Args:
        frame: a wish.
        revision: how CBOR is read.
        most: octets of the payload that count.
    """
    payload = frame.payload[:most]
    try:
        return decode_one(payload, revision.cbor, max_depth=16)
    except CborError:
        return payload


def progress_fields(fields: Mapping[bytes, Any]) -> tuple[Any, ...]:
    """The fields of progress in one order."""
    return tuple(fields.get(name) for name in (b"topic", b"pos", b"total", b"label", b"item"))
