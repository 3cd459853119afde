"""What a server sends: responses piece by piece, errors, text for people; and when it may leave.

This half of a server never sees what a peer sends. It knows which requests wait for an answer, puts frames onto
streams, and holds them back while output is deferred.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from hgframing._cbor import Value, encode_value
from hgframing._errors import LocalProtocolError
from hgframing._frames import Frame, FrameType
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
from hgframing._text import Atom, build_text_output


__all__ = ["FIRST_OUTPUT_STREAM", "Answers"]

#: Mercurial's first output stream. The text demands an even number (STREAM-001) and says nothing of zero.
FIRST_OUTPUT_STREAM: Final = 2
_LAST_OUTPUT_STREAM: Final = 254

_CONTINUATION: Final = 0x01
_EOS: Final = 0x02
#: CBOR-010: octets of one chunk of an indefinite-length bytestring.
_MAX_CHUNK: Final = 1 << 20


class _Answer:
    """One request that waits for its answer, or whose answer has not left yet."""

    __slots__ = ("buffer", "frames_made", "offers_redirect", "state", "stream_id", "waiting")

    def __init__(self, *, offers_redirect: bool) -> None:
        self.state = ServerRequestState.ACTIVE
        self.offers_redirect = offers_redirect
        # Without request IDs several commands may wait under the one number there is.
        self.waiting = 1
        self.stream_id: int | None = None
        self.buffer = bytearray()
        self.frames_made = False


class Answers:
    """The output half of a server.

    Args:
        revision: says what can be sent.
        defer: whether frames are held back until `release`.
        max_frame: octets of a response payload before encoding, 1–65535.
    """

    def __init__(self, revision: Revision, max_frame: int, *, defer: bool) -> None:
        self._revision = revision
        self._table = revision.server_request
        self._max_frame = max_frame
        self._defer = defer
        self._queue: list[Frame] = []
        self._answers: dict[int, _Answer] = {}
        self._streams: dict[int, OutputStream] = {}
        self._ended = False
        self.encoding = "identity"

    def __len__(self) -> int:
        return len(self._answers)

    def state(self, request_id: int) -> ServerRequestState:
        """Say where a request stands: active, answered, or unknown to this half."""
        answer = self._answers.get(request_id)
        return ServerRequestState.UNKNOWN if answer is None else answer.state

    def expect(self, request_id: int, *, offers_redirect: bool) -> None:
        """Note that a command runs, and whether its client follows redirects (RDIR-001)."""
        answer = self._answers.get(request_id)
        if answer is None:
            self._answers[request_id] = _Answer(offers_redirect=offers_redirect)
        else:
            answer.waiting += 1

    def start(self, request_id: int, stream_id: int = FIRST_OUTPUT_STREAM) -> tuple[Frame, ...]:
        """Begin a response; nothing leaves yet."""
        answer = self._open(request_id, stream_id)
        if answer.stream_id is not None:
            raise LocalProtocolError(f"response to request {request_id} has already begun")
        answer.stream_id = stream_id
        if Feature.STATUS_MAP in self._revision.features:
            answer.buffer += build_status_ok(self._revision)
        return ()

    def add_data(self, request_id: int, data: bytes) -> tuple[Frame, ...]:
        """Add raw octets to a response that has begun."""
        answer = self._begun(request_id)
        answer.buffer += data
        return self._drain(request_id, answer)

    def add_object(self, request_id: int, value: Value) -> tuple[Frame, ...]:
        """Add a CBOR value to a response that has begun.

        An iterator of bytes becomes an indefinite-length bytestring (CBOR-004 allows it at the top level), cut into
        chunks that CBOR-010 allows.
        """
        if Feature.OBJECT_RESPONSES not in self._revision.features:
            raise LocalProtocolError(f"responses are raw octets in revision {self._revision.key}")
        if not isinstance(value, (bytes, str, list, tuple, dict, set, frozenset)) and isinstance(
            value, Iterable
        ):
            return self._add_chunks(request_id, value)
        return self.add_data(request_id, encode_value(value, self._revision.cbor))

    def finish(self, request_id: int, *, last: bool = False) -> tuple[Frame, ...]:
        """End a response; `last` closes its stream."""
        answer = self._begun(request_id)
        pieces = self._cut(request_id, answer)
        pieces.append(self._response(request_id, _EOS, bytes(answer.buffer)))
        return self._complete(answer, pieces, last=last)

    def redirect(
        self, request_id: int, redirect: Redirect, stream_id: int, *, last: bool
    ) -> tuple[Frame, ...]:
        """Answer with a redirect (RDIR-001 to RDIR-003)."""
        if Feature.REDIRECTS not in self._revision.features:
            raise LocalProtocolError(f"revision {self._revision.key} has no redirects")
        answer = self._open(request_id, stream_id)
        if not answer.offers_redirect:
            raise LocalProtocolError(f"the client of request {request_id} offered no redirect target")
        if answer.stream_id is not None:
            raise LocalProtocolError(f"response to request {request_id} has already begun")
        answer.stream_id = stream_id
        payload = build_status_redirect(redirect, self._revision)
        return self._complete(answer, [self._response(request_id, _EOS, payload)], last=last)

    def fail(
        self, request_id: int, kind: str, atoms: Sequence[Atom], stream_id: int, *, last: bool
    ) -> tuple[Frame, ...]:
        """Answer with an error (ERR-001 to ERR-007)."""
        answer = self._open(request_id, stream_id)
        if kind == "command" and Feature.STATUS_MAP in self._revision.features and not answer.frames_made:
            frame = self._response(request_id, _EOS, build_status_error(atoms, self._revision))
        else:
            frame = self.make_error(request_id, kind, atoms)
        # What was buffered of the response would be lost on the receiver (D66 is the other way to be wrong).
        answer.buffer.clear()
        answer.stream_id = answer.stream_id or stream_id
        return self._complete(answer, [frame], last=last)

    def make_error(self, request_id: int, kind: str, atoms: Sequence[Atom]) -> Frame:
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
        return Frame(request_id, 0, 0, type_id, flags, build_error(kind, atoms, self._revision))

    def text_output(self, request_id: int, atoms: Sequence[Atom], stream_id: int) -> tuple[Frame, ...]:
        """Send text for the user beside a response."""
        self._need(FrameType.TEXT_OUTPUT)
        self._open(request_id, stream_id)
        return self._side(
            request_id, FrameType.TEXT_OUTPUT, build_text_output(atoms, self._revision), stream_id
        )

    def progress(self, request_id: int, fields: dict[bytes, Value], stream_id: int) -> tuple[Frame, ...]:
        """Send progress beside a response."""
        self._need(FrameType.PROGRESS)
        self._open(request_id, stream_id)
        return self._side(request_id, FrameType.PROGRESS, build_progress(fields, self._revision), stream_id)

    def sent(self, request_id: int) -> None:
        """Note that an answer's last frame has left: its ID may be used again (RID-005)."""
        answer = self._answers.get(request_id)
        following = None if answer is None else self._table[answer.state].get(LocalInput.SENT)
        if answer is None or following is None:
            raise LocalProtocolError(f"request {request_id} has no complete answer that could have left")
        answer.waiting -= 1
        if answer.waiting:
            answer.state = ServerRequestState.ACTIVE
        else:
            del self._answers[request_id]

    def send(self, frames: Iterable[Frame], stream_id: int = FIRST_OUTPUT_STREAM) -> tuple[Frame, ...]:
        """Put frames onto a stream; they leave now, or wait in the queue."""
        placed = tuple(self._stream(stream_id).frames(frames))
        if self._defer and not self._ended:
            self._queue += placed
            return ()
        return placed

    def release(self, *, more_input: bool) -> tuple[Frame, ...]:
        """Note the end of input and let go of what waited.

        The streams end here if nothing is left to be answered (STREAM-005).
        """
        self._ended = not more_input
        waiting, self._queue = self._queue, []
        if waiting and all(answer.state is ServerRequestState.ANSWERED for answer in self._answers.values()):
            last_frames = {frame.stream_id: index for index, frame in enumerate(waiting)}
            for stream_id, index in last_frames.items():
                waiting[index] = self._end(stream_id, waiting[index])
        return tuple(waiting)

    # How frames are made.

    def _open(self, request_id: int, stream_id: int) -> _Answer:
        answer = self._answers.get(request_id)
        if answer is None or answer.state is not ServerRequestState.ACTIVE:
            raise LocalProtocolError(f"request {request_id} does not wait for an answer")
        if stream_id & 1:
            raise LocalProtocolError(
                f"server should only write to even numbered streams; {stream_id} is not even"
            )
        if not FIRST_OUTPUT_STREAM <= stream_id <= _LAST_OUTPUT_STREAM:
            raise LocalProtocolError(f"stream ID {stream_id} is outside 2–254")
        return answer

    def _begun(self, request_id: int) -> _Answer:
        answer = self._answers.get(request_id)
        if answer is None or answer.state is not ServerRequestState.ACTIVE or answer.stream_id is None:
            raise LocalProtocolError(f"no response to request {request_id} has begun")
        return answer

    def _need(self, frame_type: FrameType) -> None:
        if frame_type not in self._revision.type_ids:
            name = frame_type.name.lower().replace("_", "-")
            raise LocalProtocolError(f"revision {self._revision.key} has no {name} frames")

    def _add_chunks(self, request_id: int, chunks: Iterable[bytes]) -> tuple[Frame, ...]:
        frames = list(self.add_data(request_id, b"\x5f"))
        for chunk in chunks:
            for start in range(0, len(chunk), _MAX_CHUNK):
                piece = encode_value(chunk[start : start + _MAX_CHUNK], self._revision.cbor)
                frames += self.add_data(request_id, piece)
        frames += self.add_data(request_id, b"\xff")
        return tuple(frames)

    def _response(self, request_id: int, flags: int, payload: bytes) -> Frame:
        return Frame(request_id, 0, 0, self._revision.type_ids[FrameType.RESPONSE], flags, payload)

    def _cut(self, request_id: int, answer: _Answer) -> list[Frame]:
        """Take full frames off the buffer; what may be the last piece stays."""
        frames = []
        # The status map goes into the first frame whole, however small frames are (RSP-006).
        size = self._max_frame
        if not answer.frames_made and Feature.STATUS_MAP in self._revision.features:
            size = max(size, len(build_status_ok(self._revision)))
        while len(answer.buffer) > size:
            frames.append(self._response(request_id, _CONTINUATION, bytes(answer.buffer[:size])))
            del answer.buffer[:size]
            size = self._max_frame
        answer.frames_made = answer.frames_made or bool(frames)
        return frames

    def _drain(self, request_id: int, answer: _Answer) -> tuple[Frame, ...]:
        frames = self._cut(request_id, answer)
        return self.send(frames, answer.stream_id or FIRST_OUTPUT_STREAM) if frames else ()

    def _complete(self, answer: _Answer, frames: list[Frame], *, last: bool) -> tuple[Frame, ...]:
        stream_id = answer.stream_id or FIRST_OUTPUT_STREAM
        answer.buffer.clear()
        answer.stream_id = None
        answer.frames_made = False
        answer.state = self._table[answer.state][LocalInput.ANSWER]
        placed = list(self._stream(stream_id).frames(frames))
        others_wait = any(other.state is ServerRequestState.ACTIVE for other in self._answers.values())
        if last or (self._ended and not others_wait):
            placed[-1] = self._end(stream_id, placed[-1])
        if self._defer and not self._ended:
            self._queue += placed
            return ()
        return tuple(placed)

    def _side(
        self, request_id: int, frame_type: FrameType, payload: bytes, stream_id: int
    ) -> tuple[Frame, ...]:
        return self.send(
            [Frame(request_id, 0, 0, self._revision.type_ids[frame_type], 0, payload)], stream_id
        )

    def _stream(self, stream_id: int) -> OutputStream:
        stream = self._streams.get(stream_id)
        if stream is None:
            stream = self._streams[stream_id] = OutputStream(stream_id, self._revision, self.encoding)
        return stream

    def _end(self, stream_id: int, frame: Frame) -> Frame:
        stream = self._streams.pop(stream_id or FIRST_OUTPUT_STREAM)
        return stream.end(frame)
