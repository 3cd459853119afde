"""A client and a server of the reference, joined by octets, and somebody at each end who wants things.

The frames of an input are *wishes*: a frame's type says which, its request ID which request it is about, its flags how,
its payload with which values. So any input is a conversation, and one that both callers were allowed to have: what a
reactor refuses with `LocalProtocolError` is not said. Nobody breaks the protocol here. Whatever is an error, or is
heard otherwise than it was said, is a fault of one of the two reactors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from hgframing import (
    ClientAction,
    ClientReactor,
    ClientRequestState,
    CommandData,
    Error,
    ErrorResponse,
    Feature,
    Frame,
    FrameBuffer,
    Limits,
    LocalProtocolError,
    Noop,
    Progress,
    ResponseData,
    Revision,
    RunCommand,
    SendFrames,
    ServerAction,
    ServerReactor,
    TextOutput,
    WantFrame,
)
from hgframing_fuzz._code_target import object_to
from hgframing_fuzz._input import Options
from hgframing_fuzz._ledger import Entry
from hgframing_fuzz._outcome import Feature as Reached
from hgframing_fuzz._plain_frames import split_plain
from hgframing_fuzz._server_caller import TEXT, ServerCaller, value_of


__all__ = ["MAX_WISHES", "PAIR_MODULES", "Pair"]

#: Wishes of one input.
MAX_WISHES: Final = 64
#: The code that a conversation of the two runs through.
PAIR_MODULES: Final = (
    "hgframing._server",
    "hgframing._client",
    "hgframing._requests",
    "hgframing._answers",
    "hgframing._streams",
    "hgframing._settings",
    "hgframing._commands",
    "hgframing._responses",
    "hgframing._text",
    "hgframing._progress",
    "hgframing._encodings",
    "hgframing._cbor",
    "hgframing._buffer",
    "hgframing._frames",
)

#: Large enough that no wish crosses one, so that an error is never a limit's.
_LIMITS: Final = Limits(max_encoded_streams=8)
_MAX_FRAMES: Final = (32768, 1, 7, 100)
#: Calls of one conversation, and octets of one payload that a wish takes.
_MAX_CALLS: Final = 12
_MAX_VALUE: Final = 20_000
#: Frames that one value is cut into at most.
_MAX_PIECES: Final = 40
_ENCODINGS: Final = (None, ("zlib", "identity"), ("zstd-8mb",), ("identity",))
_OFFER: Final[Mapping[bytes, Any]] = {b"targets": [b"t"], b"hashes": [b"sha256"]}
_FINAL: Final = frozenset({ClientRequestState.RECEIVED, ClientRequestState.ERRORED})


class Pair:
    """One conversation.

    Args:
        revision: both speak it.
        options: of the input: whether output is deferred, how frames are cut, what is offered.
        notes: receives what was reached.
    """

    def __init__(self, revision: Revision, options: Options, notes: list[Reached]) -> None:
        self._revision = revision
        self._notes = notes
        features = revision.features
        seed = options.seed
        pieces = min(_MAX_FRAMES[seed >> 6], max(_MAX_FRAMES[seed >> 4 & 3], 16))
        self._most = min(_MAX_VALUE, _MAX_PIECES * pieces)
        offered = _ENCODINGS[seed & 3] if Feature.SENDER_SETTINGS in features else None
        self._buffers_sends = bool(seed & 4)
        self._client = ClientReactor(
            revision,
            buffer_sends=self._buffers_sends,
            multiple_sends=not (self._buffers_sends and seed & 8),
            content_encodings=offered,
            limits=_LIMITS,
            max_frame=max(_MAX_FRAMES[seed >> 4 & 3], 16),
        )
        self._server = ServerReactor(
            revision, defer_output=options.defer_output, limits=_LIMITS, max_frame=_MAX_FRAMES[seed >> 6]
        )
        self._to_server = bytearray()
        self._to_client = bytearray()
        self._server_buffer = FrameBuffer(revision, _LIMITS)
        self._client_buffer = FrameBuffer(revision, _LIMITS)
        self._entries: list[tuple[int, Entry]] = []
        caller = self._caller = ServerCaller(self._server, revision, self._most, self._take_server)
        self._ended = False
        self._wishes: tuple[Callable[[Frame], object], ...] = (
            self._call,
            self._call,
            self._deliver_to_server,
            self._deliver_to_client,
            caller.respond,
            caller.start,
            caller.send_piece,
            caller.finish,
            caller.fail,
            caller.text,
            caller.progress,
            caller.redirect,
            caller.sent,
            self._client_sent,
            self._abandon,
            self._flush,
        )

    def wish(self, frame: Frame) -> None:
        """Do what a frame stands for; what is refused is not said, and changes nothing."""
        before = self._state()
        try:
            self._wishes[frame.type_id](frame)
        except LocalProtocolError:
            self._notes.append(("refused", frame.type_id))
            if self._state() != before:
                object_to(
                    "refusal-changes-nothing", "wish", str(frame.type_id), f"{before} became {self._state()}"
                )
            return
        begun = sum(self._caller.entries[request_id].begun for request_id in self._caller.running)
        self._notes.append(
            (self._revision.key, frame.type_id, *self._state(), min(begun, 2), frame.flags & 3)
        )

    def settle(self) -> None:
        """Bring everything to its end, and compare what was said with what was heard."""
        self._flush(_NOTHING)
        for request_id, _ in self._entries:
            if self._client.request_state(request_id) is ClientRequestState.SENDING:
                self._client.sent(request_id)
        self._receive_in_server(bytes(self._to_server))
        self._to_server.clear()
        self._end_input()
        self._caller.settle()
        self._receive_in_client(bytes(self._to_client))
        self._to_client.clear()
        for end in (self._client_buffer.end(), *self._client.end_input()):
            if end is not None and not isinstance(end, Noop):
                object_to("honest", "client", "end", f"at the end the client objects: {end}"[:200])
        for _, entry in self._entries:
            entry.settle()
        self._check_accounts()

    def _check_accounts(self) -> None:
        if self._server.unanswered or self._server.receiving:
            message = f"{self._server.unanswered} unanswered, receiving {self._server.receiving}"
            object_to("accounts", "server", "left-over", message)
        for request_id, entry in self._entries:
            state = self._client.request_state(request_id)
            if state not in _FINAL and not entry.abandoned:
                object_to("accounts", "client", state.value, f"request {request_id} ends as {state.value}")

    def _state(self) -> tuple[Any, ...]:
        receiving = min(len(self._server.receiving), 2)
        return self._client.state.value, self._server.state.value, receiving, min(self._server.unanswered, 3)

    # What the client's caller wishes.

    def _call(self, frame: Frame) -> None:
        if self._ended or len(self._entries) >= _MAX_CALLS:
            return
        args: dict[bytes, Any] = {}
        if frame.flags & 1:
            args[b"a"] = (
                value_of(frame, self._revision, self._most)
                if Feature.CBOR_REQUESTS in self._revision.features
                else frame.payload[:999]
            )
        data = frame.payload[: self._most] if frame.flags & 2 else None
        command = frame.payload[: frame.flags & 12].translate(TEXT) or b"c"
        redirects = Feature.REDIRECTS in self._revision.features and frame.stream_flags & 1
        call = self._client.call(command, args, data, _OFFER if redirects else None)
        entry = Entry(
            command,
            args,
            data,
            has_status=Feature.STATUS_MAP in self._revision.features,
            dialect=self._revision.cbor,
        )
        self._entries = [one for one in self._entries if one[0] != call.request_id]
        self._entries.append((call.request_id, entry))
        self._caller.entries[call.request_id] = entry
        self._take_client(call.actions)

    def _flush(self, _frame: Frame) -> None:
        if not self._ended:
            self._take_client(self._client.flush())

    def _client_sent(self, frame: Frame) -> None:
        if self._entries:
            self._client.sent(self._entries[frame.request_id % len(self._entries)][0])

    def _abandon(self, frame: Frame) -> None:
        if self._entries:
            request_id, entry = self._entries[frame.request_id % len(self._entries)]
            self._client.abandon(request_id)
            entry.abandoned = True

    # What travels.

    def _deliver_to_server(self, frame: Frame) -> None:
        size = _amount(frame, self._to_server)
        octets = bytes(self._to_server[:size])
        del self._to_server[:size]
        self._receive_in_server(octets)

    def _deliver_to_client(self, frame: Frame) -> None:
        size = _amount(frame, self._to_client)
        octets = bytes(self._to_client[:size])
        del self._to_client[:size]
        self._receive_in_client(octets)

    def _receive_in_server(self, octets: bytes) -> None:
        self._server_buffer.feed(octets)
        for item in self._server_buffer:
            self._take_server(self._server.receive(item))

    def _receive_in_client(self, octets: bytes) -> None:
        self._client_buffer.feed(octets)
        for item in self._client_buffer:
            self._take_client(self._client.receive(item))

    def _end_input(self) -> None:
        self._ended = True
        if self._server_buffer.end() is not None:
            object_to("honest", "server", "truncated", "the client's octets end inside of a frame")
        self._take_server(self._server.end_input())

    def _write(self, frames: tuple[Frame, ...]) -> bytes:
        """Put frames into octets; a reader that shares nothing with the codec reads the same frames."""
        header = self._revision.header
        octets = b"".join(header.encode(frame) for frame in frames)
        split = split_plain(octets, self._revision.key, 0xFFFF)
        if split.frames != frames or split.rest:
            object_to("legal-output", "frames", "re-read", "frames that are sent are read as others")
        for frame in frames:
            if frame.type_id << 4 | frame.flags not in self._revision.inputs:
                object_to(
                    "legal-output",
                    "frames",
                    "undefined",
                    f"type {frame.type_id} with flags {frame.flags} is sent",
                )
        return octets

    def _take_server(self, actions: Iterable[ServerAction]) -> None:
        for action in actions:
            match action:
                case RunCommand():
                    self._run(action)
                case SendFrames():
                    self._to_client += self._write(action.frames)
                case Error():
                    object_to(
                        "honest",
                        "server",
                        action.fault.code.value,
                        f"the server objects: {action.fault.message}",
                    )
                case CommandData() | WantFrame() | Noop():
                    pass

    def _run(self, action: RunCommand) -> None:
        entry = self._caller.entries.get(action.request_id)
        if entry is None:
            object_to("agreement", "request", "unknown", f"request {action.request_id} was never called")
        entry.run(action.command, action.args, action.data)
        self._caller.running.append(action.request_id)

    def _take_client(self, actions: Iterable[ClientAction]) -> None:
        for action in actions:
            match action:
                case SendFrames():
                    self._to_server += self._write(action.frames)
                case ResponseData():
                    self._caller.entries[action.request_id].hear_data(action.data, eos=action.eos)
                case ErrorResponse():
                    self._caller.entries[action.request_id].hear_error(action)
                case TextOutput():
                    self._caller.entries[action.request_id].hear_beside(("text", repr(list(action.atoms))))
                case Progress():
                    self._caller.entries[action.request_id].hear_beside(("progress", _heard_fields(action)))
                case Error():
                    object_to(
                        "honest",
                        "client",
                        action.fault.code.value,
                        f"the client objects: {action.fault.message}",
                    )
                case WantFrame() | Noop():
                    pass


_NOTHING: Final = Frame(0, 0, 0, 0, 0)


def _amount(frame: Frame, pipe: bytearray) -> int:
    """How much of what is on its way arrives: some octets, or all of them."""
    return len(pipe) if frame.flags & 1 else min(len(pipe), frame.request_id)


def _heard_fields(action: Progress) -> tuple[Any, ...]:
    return action.topic, action.pos, action.total, action.label, action.item
