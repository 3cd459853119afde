"""What a server sends: responses piece by piece, errors, text for people; and when it may leave.

This half of a server never sees what a peer sends. It knows which requests wait for an answer, puts frames onto
streams, and holds them back while output is deferred.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from hgframing._cbor import Value, encode_value
from hgframing._errors import LocalProtocolError
from hgframing._frames import Frame, FrameType, unplaced
from hgframing._progress import build_progress
from hgframing._responses import (
    Redirect,
    build_error,
    build_status_error,
    build_status_ok,
    build_status_redirect,
)
from hgframing._revisions import Feature, Revision
from hgframing._states import LocalInput, ServerRequestState
from hgframing._streams import OutputStream
from hgframing._text import Atom, build_text_output, plain_atom


__all__ = ["FIRST_OUTPUT_STREAM", "Answers"]

#: Mercurial's first output stream. The text demands an even number (STREAM-001) and says nothing of zero.
FIRST_OUTPUT_STREAM: Final = 2
_LAST_OUTPUT_STREAM: Final = 254

# Looking a member up on its class costs more than comparing with it.
_UNKNOWN: Final = ServerRequestState.UNKNOWN
_ACTIVE: Final = ServerRequestState.ACTIVE
_ANSWERED: Final = ServerRequestState.ANSWERED
_CONTINUATION: Final = 0x01
_EOS: Final = 0x02
#: CBOR-010: octets of one chunk of an indefinite-length bytestring.
_MAX_CHUNK: Final = 1 << 20
#: FRAME-003: octets of a payload.
_MAX_PAYLOAD: Final = 65535
#: Characters of a fault's message that its peer is told. It may quote what the peer sent, which may be long.
_MAX_REPORT: Final = 1024


class _Answer(msgspec.Struct, kw_only=True):
    """One request that waits for its answer, or whose answer has not left yet.

    Without request IDs several commands may be under way under the one number there is: some wait for their answers, in
    turn, and some answers have not left.
    """

    offers_redirect: bool
    state: ServerRequestState = _ACTIVE
    waiting: int = 1
    unsent: int = 0
    #: The stream of the response; 0 before it has begun.
    stream_id: int = 0
    buffer: bytearray = msgspec.field(default_factory=bytearray)
    frames_made: bool = False


class Answers:
    """The output half of a server.

    Args:
        revision: says what can be sent.
        defer: whether frames are held back until `release`.
        max_frame: octets of a response payload before encoding, 1–65535.

    Raises:
        LocalProtocolError: `max_frame` is outside its range.
    """

    def __init__(self, revision: Revision, max_frame: int, *, defer: bool) -> None:
        if not 1 <= max_frame <= _MAX_PAYLOAD:
            raise LocalProtocolError(f"max_frame {max_frame} is outside 1–{_MAX_PAYLOAD}")
        self._revision = revision
        self._table = revision.server_request
        self._has_streams = Feature.STREAMS in revision.features
        self._status = b""
        if Feature.STATUS_MAP in revision.features:
            self._status = build_status_ok(revision)
        self._max_frame = max_frame
        self._defer = defer
        self._queue: list[Frame] = []
        self._answers: dict[int, _Answer] = {}
        self._waiting = 0
        self._unsent = 0
        self._streams: dict[int, OutputStream] = {}
        self._ended = False
        self.encoding = "identity"

    def __len__(self) -> int:
        """Count what waits for an answer, and the answers that have not left."""
        return self._waiting + self._unsent

    def state(self, request_id: int) -> ServerRequestState:
        """Say where a request stands: active, answered, or unknown to this half."""
        answer = self._answers.get(request_id)
        return _UNKNOWN if answer is None else answer.state

    def expect(self, request_id: int, *, offers_redirect: bool) -> None:
        """Note that a command runs, and whether its client follows redirects (RDIR-001)."""
        self._waiting += 1
        answer = self._answers.get(request_id)
        if answer is None:
            self._answers[request_id] = _Answer(offers_redirect=offers_redirect)
        else:
            answer.waiting += 1
            answer.state = _ACTIVE

    def start(self, request_id: int, stream_id: int) -> None:
        """Begin a response; nothing leaves yet."""
        answer = self._unbegun(request_id, stream_id)
        answer.stream_id = stream_id
        answer.buffer += self._status

    def add_data(self, request_id: int, data: bytes) -> tuple[Frame, ...]:
        """Add raw octets to a response that has begun."""
        answer = self._begun(request_id)
        answer.buffer += _octets(data)
        frames = self._cut(request_id, answer)
        return self._send(frames, answer.stream_id, last=False)

    def add_object(self, request_id: int, value: Value) -> tuple[Frame, ...]:
        """Add a CBOR value to a response that has begun.

        An iterator of bytes becomes an indefinite-length bytestring (CBOR-004 allows it at the top level), cut into
        chunks that CBOR-010 allows.
        """
        return self.add_data(request_id, self._encode(value))

    def finish(self, request_id: int, *, last: bool) -> tuple[Frame, ...]:
        """End a response; `last` closes its stream."""
        answer = self._begun(request_id)
        pieces = self._cut(request_id, answer)
        pieces.append(self._response(request_id, _EOS, bytes(answer.buffer)))
        return self._complete(answer, pieces, last=last)

    def respond(
        self, request_id: int, objects: Iterable[Value], stream_id: int, *, last: bool
    ) -> tuple[Frame, ...]:
        """Answer with CBOR values, all or nothing: what cannot be sent is found before the response begins."""
        if isinstance(objects, (bytes, str, Mapping)):
            raise LocalProtocolError("a response is an iterable of values, not one value")
        octets = b"".join(map(self._encode, objects))
        self.start(request_id, stream_id)
        return self.add_data(request_id, octets) + self.finish(request_id, last=last)

    def respond_data(self, request_id: int, data: bytes, stream_id: int, *, last: bool) -> tuple[Frame, ...]:
        """Answer with raw octets."""
        if Feature.RAW_RESPONSES not in self._revision.features:
            raise LocalProtocolError(f"responses are CBOR values in revision {self._revision.key}")
        octets = _octets(data)
        self.start(request_id, stream_id)
        return self.add_data(request_id, octets) + self.finish(request_id, last=last)

    def redirect(
        self, request_id: int, redirect: Redirect, stream_id: int, *, last: bool
    ) -> tuple[Frame, ...]:
        """Answer with a redirect (RDIR-001 to RDIR-003)."""
        answer = self._unbegun(request_id, stream_id)
        if not answer.offers_redirect:
            raise LocalProtocolError(f"the client of request {request_id} offered no redirect target")
        payload = build_status_redirect(redirect, self._revision)
        answer.stream_id = stream_id
        return self._complete(answer, [self._response(request_id, _EOS, payload)], last=last)

    def fail(
        self, request_id: int, kind: str, atom: Atom, stream_id: int, *, last: bool
    ) -> tuple[Frame, ...]:
        """Answer with an error (ERR-001 to ERR-007)."""
        answer = self._open(request_id, stream_id)
        if kind == "command" and Feature.STATUS_MAP in self._revision.features and not answer.frames_made:
            frame = self._response(request_id, _EOS, build_status_error(atom, self._revision))
        else:
            frame = self._make_error(request_id, kind, atom)
        # What was buffered of the response would be lost on the receiver, and goes when the answer is complete (D66 is
        # the other way to be wrong).
        answer.stream_id = answer.stream_id or stream_id
        return self._complete(answer, [frame], last=last)

    def report(self, request_id: int, message: str) -> tuple[Frame, ...]:
        """Tell the client that it broke the protocol (ERR-002, ERR-005).

        The connection should be closed then, so the frame is its stream's last (STREAM-005).
        """
        frame = self._make_error(request_id, "protocol", plain_atom(message[:_MAX_REPORT]))
        return self._send([frame], FIRST_OUTPUT_STREAM, last=True)

    def text_output(self, request_id: int, atoms: Sequence[Atom], stream_id: int) -> tuple[Frame, ...]:
        """Send text for the user beside a response."""
        self._need(Feature.TEXT_OUTPUT)
        self._open(request_id, stream_id)
        return self._side(
            request_id, FrameType.TEXT_OUTPUT, build_text_output(atoms, self._revision), stream_id
        )

    def progress(self, request_id: int, fields: dict[bytes, Value], stream_id: int) -> tuple[Frame, ...]:
        """Send progress beside a response."""
        self._need(Feature.PROGRESS)
        self._open(request_id, stream_id)
        return self._side(request_id, FrameType.PROGRESS, build_progress(fields, self._revision), stream_id)

    def sent(self, request_id: int) -> None:
        """Note that an answer's last frame has left: its ID may be used again (RID-005)."""
        answer = self._answers.get(request_id)
        if answer is None or not answer.unsent:
            raise LocalProtocolError(f"request {request_id} has no complete answer that could have left")
        answer.unsent -= 1
        self._unsent -= 1
        if not answer.unsent and not answer.waiting:
            answer.state = self._table[answer.state][LocalInput.SENT]
            if answer.state is _UNKNOWN:
                del self._answers[request_id]

    def release(self) -> tuple[Frame, ...]:
        """Note the end of input and let go of what waited.

        The streams end here if nothing is left to be answered (STREAM-005).
        """
        self._ended = True
        released, self._queue = self._queue, []
        if not self._waiting:
            last_frames = {frame.stream_id: index for index, frame in enumerate(released)}
            for stream_id, index in last_frames.items():
                if stream_id in self._streams:
                    released[index] = self._streams.pop(stream_id).end(released[index])
        return tuple(released)

    # How frames are made.

    def _open(self, request_id: int, stream_id: int) -> _Answer:
        answer = self._answers.get(request_id)
        if answer is None or answer.state is not _ACTIVE:
            raise LocalProtocolError(f"request {request_id} does not wait for an answer")
        if stream_id & 1:
            raise LocalProtocolError(
                f"server should only write to even numbered streams; {stream_id} is not even"
            )
        if not FIRST_OUTPUT_STREAM <= stream_id <= _LAST_OUTPUT_STREAM:
            raise LocalProtocolError(f"stream ID {stream_id} is outside 2–254")
        if stream_id != FIRST_OUTPUT_STREAM and not self._has_streams:
            raise LocalProtocolError(f"revision {self._revision.key} has no streams")
        return answer

    def _unbegun(self, request_id: int, stream_id: int) -> _Answer:
        answer = self._open(request_id, stream_id)
        if answer.stream_id:
            raise LocalProtocolError(f"response to request {request_id} has already begun")
        return answer

    def _begun(self, request_id: int) -> _Answer:
        answer = self._answers.get(request_id)
        if answer is None or not answer.stream_id:
            raise LocalProtocolError(f"no response to request {request_id} has begun")
        return answer

    def _need(self, feature: Feature) -> None:
        if feature not in self._revision.features:
            raise LocalProtocolError(f"revision {self._revision.key} has no {feature} frames")

    def _encode(self, value: Value) -> bytes:
        if Feature.OBJECT_RESPONSES not in self._revision.features:
            raise LocalProtocolError(f"responses are raw octets in revision {self._revision.key}")
        if isinstance(value, Iterator):
            return self._encode_chunks(value)
        return encode_value(value, self._revision.cbor)

    def _encode_chunks(self, chunks: Iterator[bytes]) -> bytes:
        octets = bytearray(b"\x5f")
        for chunk in chunks:
            if not isinstance(chunk, bytes):
                raise LocalProtocolError("a chunk of a bytestring is not bytes")
            for start in range(0, len(chunk), _MAX_CHUNK):
                octets += encode_value(chunk[start : start + _MAX_CHUNK], self._revision.cbor)
        return bytes(octets + b"\xff")

    def _make_error(self, request_id: int, kind: str, atom: Atom) -> Frame:
        """Make an error frame; it is on no stream yet."""
        type_id = self._revision.type_ids[FrameType.ERROR_RESPONSE]
        flags = 0
        allowed: Iterable[str] = ("protocol", "server", "command")
        if Feature.ERROR_FLAGS in self._revision.features:
            allowed = self._revision.frames[type_id].flags
        if kind not in allowed:
            raise LocalProtocolError(f"revision {self._revision.key} has no {kind} error frames")
        if Feature.ERROR_FLAGS in self._revision.features:
            flags = self._revision.frames[type_id].flags[kind]
        return unplaced(request_id, type_id, flags, build_error(kind, atom, self._revision))

    def _response(self, request_id: int, flags: int, payload: bytes) -> Frame:
        return unplaced(request_id, self._revision.type_ids[FrameType.RESPONSE], flags, payload)

    def _cut(self, request_id: int, answer: _Answer) -> list[Frame]:
        """Take full frames off the buffer; what may be the last piece stays."""
        frames = []
        # The status map goes into the first frame whole, however small frames are (RSP-006).
        size = self._max_frame if answer.frames_made else max(self._max_frame, len(self._status))
        while len(answer.buffer) > size:
            frames.append(self._response(request_id, _CONTINUATION, bytes(answer.buffer[:size])))
            del answer.buffer[:size]
            size = self._max_frame
        answer.frames_made = answer.frames_made or bool(frames)
        return frames

    def _complete(self, answer: _Answer, frames: list[Frame], *, last: bool) -> tuple[Frame, ...]:
        stream_id, answer.stream_id = answer.stream_id, 0
        answer.buffer.clear()
        answer.waiting -= 1
        answer.unsent += 1
        self._waiting -= 1
        self._unsent += 1
        if not answer.waiting:
            answer.state = self._table[answer.state][LocalInput.ANSWER]
        return self._send(frames, stream_id, last=last or (self._ended and not self._waiting))

    def _side(
        self, request_id: int, frame_type: FrameType, payload: bytes, stream_id: int
    ) -> tuple[Frame, ...]:
        frame = unplaced(request_id, self._revision.type_ids[frame_type], 0, payload)
        return self._send([frame], stream_id, last=False)

    def _send(self, frames: Sequence[Frame], stream_id: int, *, last: bool) -> tuple[Frame, ...]:
        """Put frames onto a stream, which ends with the last; they leave now, or wait in the queue."""
        stream = self._streams.get(stream_id)
        if stream is None:
            stream = self._streams[stream_id] = OutputStream(stream_id, self._revision, self.encoding)
        placed = list(stream.frames(frames))
        if last:
            placed[-1] = self._streams.pop(stream_id).end(placed[-1])
        if self._defer and not self._ended:
            self._queue += placed
            return ()
        return tuple(placed)


def _octets(data: bytes) -> bytes:
    # A list of integers would be taken for octets.
    if not isinstance(data, bytes):
        raise LocalProtocolError("response data is not bytes")
    return data
