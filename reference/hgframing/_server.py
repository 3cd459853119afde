"""The server reactor: frames in, actions out.

A reactor does no I/O and keeps no clock. `receive` takes what a `FrameBuffer` gives; every other method is the caller's
wish. A fault of the peer is an answer (`Error`, and an error frame where the revision has one), after which the reactor
is terminal. A mistake of the caller is a `LocalProtocolError`, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from hgframing._actions import Error, Noop, RunCommand, SendFrames, ServerAction, WantFrame
from hgframing._answers import FIRST_OUTPUT_STREAM, Answers
from hgframing._cbor import Value
from hgframing._errors import Fault, FaultCode, FaultRaised
from hgframing._faults import refuse_in_server
from hgframing._frames import Frame
from hgframing._limits import DEFAULT_MAX_FRAME, Limits
from hgframing._requests import Requests
from hgframing._responses import Redirect
from hgframing._revisions import Feature, Revision
from hgframing._settings import SettingsReader, choose_encoding
from hgframing._states import ConnectionState, FrameInput
from hgframing._streams import FROM_CLIENT, InputStreams
from hgframing._text import Atom


__all__ = ["ServerReactor"]

_F: Final = FrameInput
_ERRORED: Final = ConnectionState.ERRORED
_SETTINGS_INPUTS: Final = frozenset({_F.SETTINGS_MORE, _F.SETTINGS_LAST})
_CONNECTION_INPUTS: Final = _SETTINGS_INPUTS | {_F.STREAM_SETTINGS_MORE, _F.STREAM_SETTINGS_LAST}
_WANT_FRAME: Final = (WantFrame(),)
_NOOP: Final = (Noop(),)
_ALREADY_ERRORED: Final = (Error(Fault(FaultCode.ALREADY_ERRORED, "server already errored")),)

_Actions = tuple[ServerAction, ...]


class ServerReactor:
    """Answers the requests of one client over one connection.

    Args:
        revision: the protocol's revision.
        defer_output: hold every frame back until the end of input, for transports that work in one direction at a
            time, such as HTTP.
        stream_data: run a command as soon as its arguments are whole, and hand over its data as it arrives in
            `CommandData` (EXEC-003), instead of buffering it. Such a command may be answered before its data has come;
            the rest is handed over all the same, and its ID stays in use until then.
        accept_encodings: content encodings that the client may use on its own streams. Without settings from the server
            a client may rely on `identity` alone (SET-003).
        limits: what the client may make the reactor hold.
        max_frame: octets of a response payload before encoding, 1–65535. The status map is never cut.

    Raises:
        LocalProtocolError: `max_frame` is outside its range.
    """

    def __init__(  # every one of them is a separate wish of a caller
        self,
        revision: Revision,
        *,
        defer_output: bool = False,
        stream_data: bool = False,
        accept_encodings: Collection[str] = ("identity",),
        limits: Limits | None = None,
        max_frame: int = DEFAULT_MAX_FRAME,
    ) -> None:
        self.revision = revision
        self._limits = limits or Limits()
        self._state = revision.initial
        self._inputs = revision.inputs
        self._connection = revision.connection
        self._streams: InputStreams | None = None
        if Feature.STREAMS in revision.features:
            accepted = frozenset(name.encode() for name in accept_encodings)
            self._streams = InputStreams(revision, FROM_CLIENT, accepted, self._limits)
        self._settings = SettingsReader(revision, self._limits)
        self._answers = Answers(revision, max_frame, defer=defer_output)
        self._requests = Requests(revision, self._limits, self._answers.state, stream_data=stream_data)

    @property
    def state(self) -> ConnectionState:
        """Where the connection stands."""
        return self._state

    @property
    def receiving(self) -> tuple[int, ...]:
        """IDs of the requests that are not whole yet, the oldest first."""
        return self._requests.ids

    @property
    def unanswered(self) -> int:
        """How many requests wait for an answer, or for `sent`."""
        return len(self._answers)

    # What the peer does.

    def receive(self, item: Frame | Fault) -> _Actions:
        """Take the next frame, or the fault that a `FrameBuffer` found instead.

        Never raises, whatever the frame holds.

        Returns:
            `RunCommand` for a request that is whole (`CommandData` for data taken as it arrives), `WantFrame` where
            more must come, `Noop`, or `Error`, with `SendFrames` where the client can be told.
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
        """Note that the client will send nothing more.

        Returns:
            `SendFrames` with what was deferred, and an `Error` where requests are half received; `Noop` otherwise.
        """
        actions: list[ServerAction] = []
        if frames := self._answers.release():
            actions.append(SendFrames(frames))
        # A fault has forgotten them: nobody hears of them twice.
        if ids := self._requests.ids:
            message = f"input ended with requests half received: {', '.join(map(str, ids))}"
            actions += self._become_errored(Fault(FaultCode.INCOMPLETE_REQUEST, message, ids[0]))
        return tuple(actions) or _NOOP

    # What the caller wishes.

    def respond(
        self,
        request_id: int,
        objects: Iterable[Value],
        *,
        stream_id: int = FIRST_OUTPUT_STREAM,
        last: bool = False,
    ) -> _Actions:
        """Answer a request with CBOR values, at once: all of them, or none where one cannot be sent.

        Args:
            request_id: the request; 0 where the revision has no IDs.
            objects: any number of values; one that is an iterator of bytes is sent as an indefinite-length bytestring.
            stream_id: even, 2–254.
            last: nothing follows on that stream; its last frame closes it.

        Raises:
            LocalProtocolError: the request does not wait for an answer, or something cannot be sent.
        """
        return self._hand_over(self._answers.respond(request_id, objects, stream_id, last=last))

    def respond_data(
        self, request_id: int, data: bytes, *, stream_id: int = FIRST_OUTPUT_STREAM, last: bool = False
    ) -> _Actions:
        """Answer a request with raw octets, at once; since the status map exists they must be CBOR values (RSP-005).

        Raises:
            LocalProtocolError: the request does not wait for an answer, or the revision sends objects only.
        """
        return self._hand_over(self._answers.respond_data(request_id, data, stream_id, last=last))

    def start_response(self, request_id: int, *, stream_id: int = FIRST_OUTPUT_STREAM) -> _Actions:
        """Begin a response that is made piece by piece, in bounded memory.

        Raises:
            LocalProtocolError: the request does not wait for an answer, or has begun.
        """
        self._answers.start(request_id, stream_id)
        return _NOOP

    def send_object(self, request_id: int, value: Value) -> _Actions:
        """Add a CBOR value to a response that has begun; full frames leave.

        Raises:
            LocalProtocolError: no response has begun, or the value cannot be sent.
        """
        return self._hand_over(self._answers.add_object(request_id, value))

    def send_data(self, request_id: int, data: bytes) -> _Actions:
        """Add raw octets to a response that has begun; full frames leave.

        Use this in any revision for a value that is too long to be made at once. Since the status map exists, the
        octets of a response must together be CBOR values (RSP-005).

        Raises:
            LocalProtocolError: no response has begun, or the data is not bytes.
        """
        return self._hand_over(self._answers.add_data(request_id, data))

    def finish_response(self, request_id: int, *, last: bool = False) -> _Actions:
        """End a response that has begun.

        Raises:
            LocalProtocolError: no response has begun.
        """
        return self._hand_over(self._answers.finish(request_id, last=last))

    def respond_redirect(
        self, request_id: int, redirect: Redirect, *, stream_id: int = FIRST_OUTPUT_STREAM, last: bool = False
    ) -> _Actions:
        """Answer with a place where the response is to be had.

        Raises:
            LocalProtocolError: the client offered no target (RDIR-001), or the request does not wait for an answer.
        """
        return self._hand_over(self._answers.redirect(request_id, redirect, stream_id, last=last))

    def fail(  # the fields of an error
        self,
        request_id: int,
        kind: str,
        message: bytes,
        args: Sequence[bytes] = (),
        *,
        stream_id: int = FIRST_OUTPUT_STREAM,
        last: bool = False,
    ) -> _Actions:
        """Answer a request with an error.

        Args:
            request_id: the request.
            kind: `command` (the command failed; before any response data it becomes a status map, ERR-007), `server`,
                `protocol`, or, where error frames have flags, `application` or `protocol`.
            message: a formatting string, ASCII.
            args: what replaces each `%s`.
            stream_id: even, 2–254.
            last: nothing follows on that stream.

        Raises:
            LocalProtocolError: the request does not wait for an answer, the revision has no such error, or the message
                does not fit a frame.
        """
        atom = Atom(message, tuple(args))
        return self._hand_over(self._answers.fail(request_id, kind, atom, stream_id, last=last))

    def text_output(
        self, request_id: int, atoms: Sequence[Atom], *, stream_id: int = FIRST_OUTPUT_STREAM
    ) -> _Actions:
        """Send text for the user beside a response that is not complete.

        Raises:
            LocalProtocolError: the text cannot be sent, or the request does not wait for an answer.
        """
        return self._hand_over(self._answers.text_output(request_id, atoms, stream_id))

    def progress(
        self, request_id: int, fields: Mapping[bytes, Value], *, stream_id: int = FIRST_OUTPUT_STREAM
    ) -> _Actions:
        """Send progress beside a response that is not complete: `topic`, `pos`, `total`, optional `label` and `item`.

        Raises:
            LocalProtocolError: a field cannot be sent, or the request does not wait for an answer.
        """
        return self._hand_over(self._answers.progress(request_id, dict(fields), stream_id))

    def sent(self, request_id: int) -> _Actions:
        """Note that the last frame of an answer has left: only now may the client use its ID again (RID-005).

        Raises:
            LocalProtocolError: the request is not answered.
        """
        self._answers.sent(request_id)
        return _NOOP

    # How frames are received.

    def _receive_frame(self, frame: Frame) -> _Actions:
        if self._streams is not None:
            frame = self._streams.receive(frame)
        frame_input = self._inputs.get(frame.type_id << 4 | frame.flags)
        following = None if frame_input is None else self._connection[self._state].get(frame_input)
        if frame_input is None or following is None:
            raise self._refuse(frame)
        if frame_input in _CONNECTION_INPUTS:
            return self._receive_settings(frame, frame_input, following)
        action = self._requests.receive(frame, frame_input, len(self._answers))
        if action is None:
            raise self._refuse(frame)
        self._state = following
        if type(action) is RunCommand:
            self._expect(action)
        return (action,)

    def _receive_settings(
        self, frame: Frame, frame_input: FrameInput, following: ConnectionState
    ) -> _Actions:
        if frame_input not in _SETTINGS_INPUTS:
            # Those of a stream have been read with it.
            self._state = following
            return _NOOP
        is_last = following is ConnectionState.OPEN
        offered = self._settings.receive(frame.payload, is_last=is_last)
        if is_last:
            self._answers.encoding = choose_encoding(self.revision, offered)
        self._state = following
        return _WANT_FRAME

    def _expect(self, command: RunCommand) -> None:
        redirect = command.redirect
        offers_redirect = redirect is not None and bool(redirect.get(b"targets"))
        self._answers.expect(command.request_id, offers_redirect=offers_redirect)

    # How it ends badly, and how frames leave.

    def _refuse(self, frame: Frame) -> FaultRaised:
        return refuse_in_server(
            frame,
            self.revision,
            self._state,
            self._requests.state(frame.request_id),
            receiving=bool(self._requests),
        )

    def _become_errored(self, fault: Fault) -> _Actions:
        self._state = _ERRORED
        self._requests.clear()
        frames = self._answers.report(fault.request_id or 0, fault.message)
        return (Error(fault), SendFrames(frames)) if frames else (Error(fault),)

    def _hand_over(self, frames: tuple[Frame, ...]) -> _Actions:
        return (SendFrames(frames),) if frames else _NOOP
