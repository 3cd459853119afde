"""What a client must say of a server's frames, read off the tables: the model behind the client's generated suites.

A conversation is told frame by frame. It keeps where the connection, every stream and every request stand, gives each
frame a payload that nothing else in the conversation has, and writes the steps of a case. The reactor is never asked.
"""

from __future__ import annotations

import collections

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from hgframing import (
    ClientRequestState,
    Feature,
    Frame,
    FrameInput,
    FrameType,
    LocalInput,
    Revision,
    encode_value,
    format_notation,
)
from hgframing_conformance._conversation import SETTINGS, STREAM_SETTINGS, Conversation


__all__ = ["GIVEN_UP_COMMENT", "Answer", "ClientConversation", "octets_form"]

#: What a case leaves open in which a request is given up.
GIVEN_UP_COMMENT: Final = (
    "The text knows nobody who gives a request up; what follows is the rule of the format alone."
)

_F: Final = FrameInput
_COMMAND: Final = b"mycommand"
_FIRST_STREAM: Final = 2
_RESPONSES: Final = frozenset({_F.RESPONSE_MORE, _F.RESPONSE_LAST})
_PROTOCOL: Final = 0x01


class Answer(NamedTuple):
    """A frame of a server, by what it is to the tables.

    Attributes:
        request: the request ID; 0 where there are none.
        what: its input.
        stream: the stream ID.
        stream_flags: all of them; `None` begins the stream if it is closed.
        nibble: which of the flag nibbles of the input; `None` takes the last.
        encoded: whether it goes through the encoding of its stream.
        ends: whether it ends its stream, beside what `stream_flags` says.
    """

    request: int
    what: FrameInput
    stream: int = _FIRST_STREAM
    stream_flags: int | None = None
    nibble: int | None = None
    encoded: bool = False
    ends: bool = False


def octets_form(octets: bytes) -> Any:
    """Write octets as vectors do: printable ASCII as it is, anything else in hex."""
    text = octets.decode("latin-1")
    return text if text.isascii() and text.isprintable() else {"hex": octets.hex()}


class ClientConversation(Conversation):
    """One connection as a client sees it.

    Args:
        revision: whose tables.
        buffers: whether requests wait for `flush`.
        offers: content encodings that the client offers before everything else.

    Attributes:
        connection: where the connection stands.
        requests: where each request stands.
    """

    def __init__(self, revision: Revision, *, buffers: bool = True, offers: Iterable[str] = ()) -> None:
        super().__init__(revision)
        self.requests: dict[int, ClientRequestState] = {}
        self._buffers = buffers
        self._offers = list(offers)
        self._pieces: collections.Counter[int] = collections.Counter()

    # What the local user does.

    def call(self) -> dict[str, Any]:
        """Call once more, under the next free ID."""
        self.requests[1 + 2 * len(self.requests) if self._has_ids else 0] = ClientRequestState.PENDING
        expected: dict[str, Any] = {"expect": []} if self._buffers else self._send()
        return {"call": {"command": _COMMAND.decode()}, **expected}

    def flush(self) -> dict[str, Any]:
        """Send what was called."""
        return {"flush": None, **self._send()}

    def _send(self) -> dict[str, Any]:
        frames = []
        for request, state in self.requests.items():
            if state is ClientRequestState.PENDING:
                for cause in (LocalInput.SEND, LocalInput.SENT):
                    state = self.revision.client_request[state][cause]  # noqa: PLW2901  # it moves twice
                self.requests[request] = state
                frames.append(self._request(request))
        if not self._offers:
            return {"expect": [{"send-frames": frames}]}
        # The text does not say which request ID the settings of a sender have.
        payload = encode_value(
            {b"contentencodings": [name.encode() for name in self._offers]}, self.revision.cbor
        )
        self._offers = []
        code = self._codes[_F.SETTINGS_LAST]
        settings = [Frame(request, 1, 0, code >> 4, code & 0x0F, payload) for request in (1, 0)]
        first, second = ([format_notation(one, self.revision), *frames] for one in settings)
        return {"any-of": [[{"send-frames": first}], [{"send-frames": second}]]}

    def abandon(self, request: int) -> dict[str, Any]:
        """Give a request up; what still comes for it is taken and not handed over."""
        self.requests[request] = self.revision.client_request[self.requests[request]][LocalInput.ABANDON]
        return {"abandon": {"request": request} if self._has_ids else {}, "expect": []}

    def ask(self, request: int) -> dict[str, Any]:
        """Ask where a request stands."""
        state = self.requests[request].value
        return {
            "request-state": {"request": request},
            "expect": [self._action("request-state", request, state=state)],
        }

    # What the server does.

    def has_place(self, answer: Answer) -> bool:
        """Say whether the tables of connection, stream and request all have a place for a frame."""
        state = self.requests.get(answer.request)
        row = {} if state is None else self.revision.client_request[state]
        return self._fits(answer) and (answer.what in SETTINGS | STREAM_SETTINGS or answer.what in row)

    def receive(self, *answers: Answer) -> dict[str, Any]:
        """Take frames that have a place.

        Returns:
            The step, all frames in it, with what must follow.
        """
        frames, actions = [], []
        for answer in answers:
            frame, expected = self._take(answer)
            frames.append(format_notation(frame, self.revision))
            actions += expected
        return {"receive": frames, "expect": actions}

    def set_encoding(self, request: int, stream: int, encoding: str) -> dict[str, Any]:
        """Begin a stream with the encoding that its encoded frames will have."""
        payload = encode_value(encoding.encode(), self.revision.cbor)
        return self._encoding_step(Answer(request, _F.STREAM_SETTINGS_LAST, stream), payload, encoding)

    def _take(self, answer: Answer) -> tuple[Frame, list[dict[str, Any]]]:
        payload = self.payload(answer)
        frame = self.frame(answer, self._encode(answer, payload), answer.nibble)
        self._move(answer)
        if answer.what in SETTINGS | STREAM_SETTINGS:
            return frame, []
        state = self.requests[answer.request]
        self.requests[answer.request] = self.revision.client_request[state][answer.what]
        is_heard = state is not ClientRequestState.ABANDONED
        return frame, [self._expected(answer, frame.flags, payload)] if is_heard else []

    # Payloads, and what they become.

    def payload(self, answer: Answer) -> bytes:
        """Make the next payload of a frame of this kind."""
        what, dialect = answer.what, self.revision.cbor
        if what in _RESPONSES:
            return self._piece(answer.request)
        if what in SETTINGS | STREAM_SETTINGS:
            return self._settings_payload(answer)
        if what is _F.TEXT_OUTPUT:
            text = self._word(answer)
            if Feature.BINARY_TEXT_OUTPUT in self.revision.features:
                # Lengths of the string, of no labels and of no arguments (TEXT-002).
                return len(text).to_bytes(2, "little") + b"\0\0" + text
            return encode_value([{b"msg": text}], dialect)
        if what is _F.PROGRESS:
            return encode_value({b"topic": self._word(answer), b"pos": 1, b"total": 9}, dialect)
        if Feature.CBOR_ERRORS in self.revision.features:
            return encode_value({b"type": b"server", b"message": [{b"msg": self._word(answer)}]}, dialect)
        return self._word(answer)

    def _word(self, answer: Answer) -> bytes:
        return b"%s %d" % (answer.what.name.lower().partition("_")[0].encode(), answer.request)

    def _piece(self, request: int) -> bytes:
        """One frame of a response: the status map first where there is one, then what no other frame holds."""
        self._pieces[request] += 1
        count = self._pieces[request]
        if Feature.STATUS_MAP not in self.revision.features:
            return b"%d.%d" % (request, count)
        value = {b"status": b"ok"} if count == 1 else b"%d.%d" % (request, count)
        return encode_value(value, self.revision.cbor)

    def _expected(self, answer: Answer, flags: int, payload: bytes) -> dict[str, Any]:
        what, request = answer.what, answer.request
        if what in _RESPONSES:
            return self._action(
                "response-data", request, data=octets_form(payload), eos=what is _F.RESPONSE_LAST
            )
        atoms = [{"msg": self._word(answer).decode()}]
        if what is _F.TEXT_OUTPUT:
            return self._action("text-output", request, atoms=atoms)
        if what is _F.PROGRESS:
            topic = self._word(answer).decode()
            return self._action("progress", request, topic=topic, pos=1, total=9, label=None, item=None)
        kind = "server"
        if Feature.CBOR_ERRORS not in self.revision.features:
            kind = "protocol" if flags & _PROTOCOL else "application"
        return self._action("error-response", request, type=kind, atoms=atoms)

    def _action(self, name: str, request: int, **fields: Any) -> dict[str, Any]:
        return {name: ({"request": request} if self._has_ids else {}) | fields}

    def _request(self, request: int) -> str:
        """The frame of a call: the whole of it fits one."""
        kinds = self.revision.type_ids
        header = self.revision.header
        is_cbor = FrameType.COMMAND_REQUEST in kinds
        what = _F.NEW if is_cbor else _F.NAME
        payload = encode_value({b"name": _COMMAND}, self.revision.cbor) if is_cbor else _COMMAND
        code = self._codes[what]
        fields = (request if header.has_request else 0, 1 if header.has_stream else 0, 0)
        return format_notation(Frame(*fields, code >> 4, code & 0x0F, payload), self.revision)
