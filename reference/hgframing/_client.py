"""The client reactor: calls in, frames out; frames in, responses out.

A client issues requests under IDs of its own choice, all on stream 1, and takes what the server sends in whatever
order (RID-007). Two switches say what the transport can do: whether frames are collected until `flush`, and whether
more may be sent after the first time. A fault of the server is an answer (`Error`), after which the reactor is
terminal. A mistake of the caller is a `LocalProtocolError`, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from hgframing._actions import (
    ClientAction,
    Error,
    ErrorResponse,
    Noop,
    Progress,
    ResponseData,
    SendFrames,
    TextOutput,
)
from hgframing._cbor import Value
from hgframing._commands import Command, build_command
from hgframing._errors import Fault, FaultCode, FaultRaised, LocalProtocolError
from hgframing._faults import refuse_in_client
from hgframing._frames import Frame, FrameType, unplaced
from hgframing._limits import DEFAULT_MAX_FRAME, Limits
from hgframing._progress import parse_progress
from hgframing._responses import parse_error
from hgframing._revisions import Feature, Revision
from hgframing._settings import SettingsReader, build_settings
from hgframing._states import ClientRequestState, ConnectionState, FrameInput, LocalInput
from hgframing._streams import FROM_SERVER, InputStreams, OutputStream
from hgframing._text import Atom, parse_text_output


__all__ = ["Call", "ClientReactor"]

_F: Final = FrameInput
_R: Final = ClientRequestState
_ERRORED: Final = ConnectionState.ERRORED
_FINAL_STATES: Final = frozenset({_R.RECEIVED, _R.ERRORED})
_SETTINGS_INPUTS: Final = frozenset({_F.SETTINGS_MORE, _F.SETTINGS_LAST})
_CONNECTION_INPUTS: Final = _SETTINGS_INPUTS | {_F.STREAM_SETTINGS_MORE, _F.STREAM_SETTINGS_LAST}
_RESPONSE_INPUTS: Final = frozenset({_F.RESPONSE_MORE, _F.RESPONSE_LAST})
# Looking a member up on its class costs more than comparing with it.
_RESPONSE_LAST: Final = _F.RESPONSE_LAST
_ABANDONED: Final = _R.ABANDONED
_PROTOCOL_FLAG: Final = 0x01
_OUTPUT_STREAM: Final = 1
#: RID-001, RID-002: odd, two further each time, and from the beginning again.
_IDS: Final[Sequence[int]] = range(1, 0x10000, 2)
#: The one that stands in for it where a header has none.
_NO_ID: Final[Sequence[int]] = (0,)
#: FRAME-003: octets of a payload.
_MAX_PAYLOAD: Final = 65535
_NOOP: Final = (Noop(),)
_ALREADY_ERRORED: Final = (Error(Fault(FaultCode.ALREADY_ERRORED, "client already errored")),)

_Actions = tuple[ClientAction, ...]


class Call(NamedTuple):
    """What `ClientReactor.call` gives: the request's ID, and what to do now."""

    request_id: int
    actions: _Actions


class ClientReactor:
    """Issues requests to one server over one connection.

    Args:
        revision: the protocol's revision.
        buffer_sends: collect requests until `flush`, for transports that send once.
        multiple_sends: whether more may be sent after the first time, for transports that work in both directions.
        content_encodings: names to offer in a settings frame before everything else (SET-002), most preferred first;
            `None` sends no settings, which offers `identity` alone.
        encoding: content encoding of the client's own stream. The server must have said that it accepts it.
        limits: what the server may make the reactor hold.
        max_frame: octets of a request's payload before encoding, 1–65535.

    Raises:
        LocalProtocolError: the revision has no such settings or encoding, or `max_frame` is outside its range.
    """

    def __init__(  # every one of them is a separate wish of a caller
        self,
        revision: Revision,
        *,
        buffer_sends: bool = True,
        multiple_sends: bool = False,
        content_encodings: Collection[str] | None = None,
        encoding: str = "identity",
        limits: Limits | None = None,
        max_frame: int = DEFAULT_MAX_FRAME,
    ) -> None:
        if content_encodings is not None and Feature.SENDER_SETTINGS not in revision.features:
            raise LocalProtocolError(f"revision {revision.key} has no sender settings")
        for name in (encoding, *(content_encodings or ())):
            if name != "identity" and name not in revision.encodings:
                raise LocalProtocolError(f"revision {revision.key} has no content encoding {name}")
        if not 1 <= max_frame <= _MAX_PAYLOAD:
            raise LocalProtocolError(f"max_frame {max_frame} is outside 1–{_MAX_PAYLOAD}")
        self.revision = revision
        self._limits = limits or Limits()
        self._buffer_sends = buffer_sends
        self._multiple_sends = multiple_sends
        self._offered = content_encodings
        self._max_frame = max_frame
        self._state = revision.initial
        self._inputs = revision.inputs
        self._connection = revision.connection
        self._table = revision.client_request
        self._streams: InputStreams | None = None
        if Feature.STREAMS in revision.features:
            accepted = frozenset(name.encode() for name in content_encodings or ()) | {b"identity"}
            self._streams = InputStreams(revision, FROM_SERVER, accepted, self._limits)
        self._settings = SettingsReader(revision, self._limits)
        self._output = OutputStream(_OUTPUT_STREAM, revision, encoding)
        self._can_send = True
        self._ids = _IDS if Feature.REQUEST_IDS in revision.features else _NO_ID
        self._following_ids = _repeat(self._ids)
        self._next_id = next(self._following_ids)
        self._states: dict[int, ClientRequestState] = {}
        self._pending: dict[int, list[Frame]] = {}

    @property
    def state(self) -> ConnectionState:
        """Where the connection stands."""
        return self._state

    def request_state(self, request_id: int) -> ClientRequestState:
        """Say where a request stands; known until its ID is used again.

        Raises:
            LocalProtocolError: no request of that ID was ever called.
        """
        if request_id not in self._states:
            raise LocalProtocolError(f"request {request_id} was never called")
        return self._states[request_id]

    # What the caller wishes.

    def call(
        self,
        command: bytes,
        args: Mapping[bytes, Value] | None = None,
        data: bytes | None = None,
        redirect: Mapping[bytes, Value] | None = None,
    ) -> Call:
        """Issue a request.

        Args:
            command: the command's name.
            args: its arguments; before CBOR requests ASCII names and values of octets.
            data: sent beside the arguments; `None` announces none.
            redirect: targets and hashes that the client can follow (REQ-012).

        Returns:
            The request's ID, and `SendFrames`, or `Noop` where sends are buffered.

        Raises:
            LocalProtocolError: nothing may be sent any more, every ID is in use, or the request cannot be said.
        """
        if self._state is _ERRORED or not self._can_send:
            raise LocalProtocolError("cannot issue new commands")
        request_id = self._find_free_id()
        wanted = Command(command, {} if args is None else args, redirect)
        # Made now also where they wait, so that a request that cannot be said is refused here and not with others.
        frames = list(build_command(request_id, wanted, data, self.revision, self._max_frame))
        self._next_id = next(self._following_ids)
        if self._buffer_sends:
            self._pending[request_id] = frames
            self._states[request_id] = _R.PENDING
            return Call(request_id, _NOOP)
        self._states[request_id] = self._table[_R.PENDING][LocalInput.SEND]
        return Call(request_id, self._send(frames))

    def flush(self) -> _Actions:
        """Send every request that was buffered.

        Returns:
            `SendFrames`, or `Noop` if nothing waits.

        Raises:
            LocalProtocolError: requests wait, and nothing may be sent any more.
        """
        if not self._pending:
            return _NOOP
        if self._state is _ERRORED:
            raise LocalProtocolError("sends cannot be performed on this instance")
        frames: list[Frame] = []
        for request_id, own in self._pending.items():
            frames += own
            self._states[request_id] = self._table[_R.PENDING][LocalInput.SEND]
        self._pending.clear()
        return self._send(frames)

    def sent(self, request_id: int) -> _Actions:
        """Note that the last frame of a request has left. A request that is already answered stays so.

        Raises:
            LocalProtocolError: nothing of it was handed over, or it has left before.
        """
        state = self.request_state(request_id)
        if state not in _FINAL_STATES:
            following = self._table[state].get(LocalInput.SENT)
            if following is None:
                raise LocalProtocolError(f"request {request_id} has no frames that could have left")
            self._states[request_id] = following
        return _NOOP

    def abandon(self, request_id: int) -> _Actions:
        """Give a request up: what still comes for it is swallowed, and its ID stays in use until it has come.

        Raises:
            LocalProtocolError: the request is not under way.
        """
        following = self._table[self.request_state(request_id)].get(LocalInput.ABANDON)
        if following is None:
            raise LocalProtocolError(f"request {request_id} is not under way")
        self._states[request_id] = following
        return _NOOP

    # What the peer does.

    def receive(self, item: Frame | Fault) -> _Actions:
        """Take the next frame, or the fault that a `FrameBuffer` found instead.

        Never raises, whatever the frame holds.

        Returns:
            `ResponseData`, `ErrorResponse`, `TextOutput`, `Progress`, `Noop` for what concerns the protocol alone, or
            `Error`.
        """
        if self._state is _ERRORED:
            return _ALREADY_ERRORED
        if isinstance(item, Fault):
            return self._become_errored(item)
        try:
            return self._receive_frame(item)
        except FaultRaised as raised:
            return self._become_errored(Fault(raised.code, raised.message, item.request_id))

    def end_input(self) -> _Actions:
        """Note that the server will send nothing more.

        Returns:
            `Error` if a request that was sent is not completely answered, `Noop` otherwise.
        """
        if self._state is _ERRORED:
            return _NOOP
        waiting = [
            request_id
            for request_id, state in self._states.items()
            if state not in _FINAL_STATES and state is not _R.PENDING
        ]
        if not waiting:
            return _NOOP
        message = f"input ended with responses not complete: {', '.join(map(str, waiting))}"
        return self._become_errored(Fault(FaultCode.INCOMPLETE_RESPONSE, message, waiting[0]))

    # How requests leave.

    def _in_use(self, request_id: int) -> bool:
        return request_id in self._states and self._states[request_id] not in _FINAL_STATES

    def _find_free_id(self) -> int:
        """Stop at the next ID that is free (RID-005). It stays the next until a call has succeeded."""
        for _ in self._ids:
            if not self._in_use(self._next_id):
                return self._next_id
            self._next_id = next(self._following_ids)
        raise LocalProtocolError(
            f"every request ID is in use: revision {self.revision.key} has {len(self._ids)}"
        )

    def _send(self, frames: list[Frame]) -> _Actions:
        placed: list[Frame] = []
        if self._offered is not None:
            placed += self._output.alone(self._make_settings(frames[0].request_id, self._offered))
            self._offered = None
        placed += self._output.frames(frames)
        if not self._multiple_sends:
            self._can_send = False
            # Nothing can follow: the stream ends here (STREAM-005).
            placed[-1] = self._output.end(placed[-1])
        return (SendFrames(tuple(placed)),)

    def _make_settings(self, request_id: int, offered: Collection[str]) -> Frame:
        type_id = self.revision.type_ids[FrameType.SENDER_SETTINGS]
        flags = self.revision.frames[type_id].flags["eos"]
        return unplaced(request_id, type_id, flags, build_settings(offered, self.revision))

    # How frames are received.

    def _receive_frame(self, frame: Frame) -> _Actions:
        if self._streams is not None:
            frame = self._streams.receive(frame)
        frame_input = self._inputs.get(frame.type_id << 4 | frame.flags)
        following = None if frame_input is None else self._connection[self._state].get(frame_input)
        if frame_input is None or following is None:
            raise self._refuse(frame)
        if frame_input in _SETTINGS_INPUTS:
            self._settings.receive(frame.payload, is_last=following is ConnectionState.OPEN)
        self._state = following
        if frame_input in _CONNECTION_INPUTS:
            return _NOOP
        return self._receive_response(frame, frame_input)

    def _receive_response(self, frame: Frame, frame_input: FrameInput) -> _Actions:
        request_id = frame.request_id
        state = self._states.get(request_id)
        following = None if state is None else self._table[state].get(frame_input)
        if following is None:
            return self._receive_unrelated(frame, frame_input)
        action = self._read(frame, frame_input)
        self._states[request_id] = following
        return _NOOP if state is _ABANDONED else (action,)

    def _receive_unrelated(self, frame: Frame, frame_input: FrameInput) -> _Actions:
        """A server that gives up on the connection may name a request that is none (ERR-005)."""
        if frame_input is _F.ERROR_RESPONSE:
            action = self._read_error(frame)
            if action.kind == "protocol":
                return (action,)
        raise self._refuse(frame)

    def _read(self, frame: Frame, frame_input: FrameInput) -> ClientAction:
        if frame_input in _RESPONSE_INPUTS:
            return ResponseData(frame.request_id, frame.payload, frame_input is _RESPONSE_LAST)
        if len(frame.payload) > self._limits.max_cbor_octets:
            message = f"payload exceeds the limit of {self._limits.max_cbor_octets} octets of CBOR"
            raise FaultRaised(FaultCode.LIMIT_EXCEEDED, message)
        if frame_input is _F.TEXT_OUTPUT:
            depth = self._limits.max_cbor_depth
            return TextOutput(frame.request_id, parse_text_output(frame.payload, self.revision, depth))
        if frame_input is _F.PROGRESS:
            return self._read_progress(frame)
        return self._read_error(frame)

    def _read_progress(self, frame: Frame) -> Progress:
        fields = parse_progress(frame.payload, self.revision, self._limits.max_cbor_depth)
        return Progress(
            frame.request_id,
            fields[b"topic"],
            fields[b"pos"],
            fields[b"total"],
            fields.get(b"label"),
            fields.get(b"item"),
        )

    def _read_error(self, frame: Frame) -> ErrorResponse:
        if Feature.CBOR_ERRORS in self.revision.features:
            kind, atoms = parse_error(frame.payload, self.revision, self._limits.max_cbor_depth)
            return ErrorResponse(frame.request_id, kind, atoms)
        kind = "protocol" if frame.flags & _PROTOCOL_FLAG else "application"
        return ErrorResponse(frame.request_id, kind, (Atom(frame.payload.replace(b"%", b"%%")),))

    def _refuse(self, frame: Frame) -> FaultRaised:
        state = self._states.get(frame.request_id)
        is_active = state is not None and state not in _FINAL_STATES and state is not _R.PENDING
        return refuse_in_client(frame, self.revision, self._state, is_active=is_active)

    def _become_errored(self, fault: Fault) -> _Actions:
        self._state = _ERRORED
        return (Error(fault),)


def _repeat(ids: Sequence[int]) -> Iterator[int]:
    while True:
        yield from ids
