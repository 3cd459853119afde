"""Streams: which are open, what their encoding is, and what begins and ends them (sheet r3, "Stream rules").

A stream runs in one direction; the IDs of the two directions are independent (STREAM-008). What is here is blind to
roles: a reactor says which peer it listens to.
"""

from __future__ import annotations

import dataclasses

from collections.abc import Collection, Iterable, Iterator
from typing import Final

import msgspec

from hgframing._cbor import CborError, CborErrorKind, decode_sequence, encode_value
from hgframing._encodings import DECODERS, ENCODERS, Decoder, Encoder, EncodingError, EncodingLimitError
from hgframing._errors import FaultCode, FaultRaised
from hgframing._faults import refuse_flags
from hgframing._frames import Frame, FrameType, StreamFlag, unplaced
from hgframing._limits import Limits
from hgframing._revisions import Feature, Revision
from hgframing._states import FrameInput, StreamInput, StreamState


__all__ = ["FROM_CLIENT", "FROM_SERVER", "InputStreams", "OutputStream", "Peer"]

# Plain numbers: an operation on an IntFlag costs as much as everything else that a frame's stream costs.
_DEFINED_FLAGS: Final = int(StreamFlag.BEGIN | StreamFlag.END | StreamFlag.ENCODED)
_INPUTS: Final = tuple(StreamInput(value) for value in range(4))
_BEGIN: Final = int(StreamFlag.BEGIN)
_END: Final = int(StreamFlag.END)
_ENCODED: Final = int(StreamFlag.ENCODED)
#: Encoding data that does not get smaller makes it larger: zlib by 5 octets in 16 KiB, zstd by 3 in 128 KiB and its
#: header. Raw payloads above this are not encoded, or FRAME-003, which counts encoded octets (FRAME-004), could break.
_MAX_ENCODABLE: Final = 65535 - 512
_IDENTITY: Final = b"identity"
_NO_SETTINGS: Final = "stream encoding settings frame did not contain CBOR data"
_ENCODED_TYPES: Final = frozenset({FrameType.COMMAND_REQUEST, FrameType.COMMAND_DATA, FrameType.RESPONSE})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Whom a reactor listens to, and how Mercurial words the two stream faults on that side.

    Attributes:
        parity: of the IDs of the peer's streams: 1 where it is the client, 0 where it is the server (STREAM-001).
        wrong_parity: the message for a stream of the other side; `%d` is its ID.
        not_open: the message for a frame on a closed stream that does not begin it.
    """

    parity: int
    wrong_parity: str
    not_open: str


FROM_CLIENT: Final = Peer(
    parity=1,
    wrong_parity="received frame with even numbered stream ID: %d",
    not_open="received frame on unknown inactive stream without beginning of stream flag set",
)
FROM_SERVER: Final = Peer(
    parity=0,
    wrong_parity="received frame with odd numbered stream ID: %d",
    not_open="received frame on unknown stream without beginning of stream flag set",
)


class _InputStream:
    """An open stream of the peer."""

    __slots__ = ("decoder", "settings")

    def __init__(self) -> None:
        self.decoder: Decoder | None = None
        self.settings: bytearray | None = None


class InputStreams:
    """The peer's streams.

    Use one per connection, before anything else looks at a frame.

    Args:
        revision: a revision with streams.
        peer: whose streams they are.
        accepted: names of the content encodings that the peer may use (SET-004).
        limits: `max_decoded`, `max_encoded_streams`, `max_settings_octets` and `max_cbor_depth` are asked.
    """

    def __init__(self, revision: Revision, peer: Peer, accepted: Collection[bytes], limits: Limits) -> None:
        self._revision = revision
        self._table = revision.stream
        self._peer = peer
        self._accepted = accepted
        self._limits = limits
        self._open: dict[int, _InputStream] = {}
        self._settings_type = revision.type_ids[FrameType.STREAM_SETTINGS]

    def receive(self, frame: Frame) -> Frame:
        """Open and close streams as the frame says, and decode its payload.

        The rules are STREAM-001 to STREAM-007 and ENC-001 to ENC-007.

        Args:
            frame: as it was received.

        Returns:
            The frame, its payload decoded.

        Raises:
            FaultRaised: `bad-stream-parity`, `stream-not-open`, `bad-flags` for undefined or contradictory ones,
                `unexpected-frame` where settings may not begin or are interrupted, `bad-cbor`, `bad-payload` or
                `unsupported-encoding` for settings that are none, `bad-encoding`, or `limit-exceeded`.
        """
        stream_id = frame.stream_id
        flags = frame.stream_flags
        if stream_id & 1 != self._peer.parity:
            raise FaultRaised(FaultCode.BAD_STREAM_PARITY, self._peer.wrong_parity % stream_id)
        if flags & ~_DEFINED_FLAGS:
            raise FaultRaised(FaultCode.BAD_FLAGS, f"received undefined stream flags: {flags}")
        stream = self._open.get(stream_id)
        if (
            stream is not None
            and not flags
            and stream.settings is None
            and frame.type_id != self._settings_type
        ):
            # Most frames: nothing begins, ends, or is encoded.
            return frame
        state = StreamState.CLOSED if stream is None else StreamState.OPEN
        following = self._table[state].get(_INPUTS[flags & 3])
        if following is None:
            raise FaultRaised(FaultCode.STREAM_NOT_OPEN, self._peer.not_open)
        if stream is None:
            stream = self._open[stream_id] = _InputStream()
        if flags & _ENCODED and stream.decoder is not None:
            frame = msgspec.structs.replace(frame, payload=self._decode(stream.decoder, frame.payload))
        if frame.type_id == self._settings_type:
            self._receive_settings(stream, frame)
        elif stream.settings is not None:
            message = f"expected stream settings frame; got {frame.type_id}"
            raise FaultRaised(FaultCode.UNEXPECTED_FRAME, message)
        if following is StreamState.CLOSED:
            # With it go its decoder and settings that were never completed (STREAM-006).
            del self._open[stream_id]
        return frame

    def _decode(self, decoder: Decoder, payload: bytes) -> bytes:
        try:
            return decoder.decode(payload, self._limits.max_decoded)
        except EncodingLimitError as error:
            message = f"encoded payload exceeds the limit of {self._limits.max_decoded} octets"
            raise FaultRaised(FaultCode.LIMIT_EXCEEDED, message) from error
        except EncodingError as error:
            message = f"error decoding frame payload: {error}"
            raise FaultRaised(FaultCode.BAD_ENCODING, message) from error

    def _receive_settings(self, stream: _InputStream, frame: Frame) -> None:
        frame_input = self._revision.inputs.get(frame.type_id << 4 | frame.flags)
        if frame_input is None:
            raise refuse_flags(frame, self._revision.frames[frame.type_id])
        if stream.settings is None:
            # Only the first frame of settings can carry the begin flag that ENC-001 asks for.
            if not frame.stream_flags & _BEGIN:
                message = "received stream settings on a frame without beginning of stream flag set"
                raise FaultRaised(FaultCode.UNEXPECTED_FRAME, message)
            stream.settings = bytearray()
        stream.settings += frame.payload
        if len(stream.settings) > self._limits.max_settings_octets:
            message = f"stream settings exceed the limit of {self._limits.max_settings_octets} octets"
            raise FaultRaised(FaultCode.LIMIT_EXCEEDED, message)
        if frame_input is FrameInput.STREAM_SETTINGS_LAST:
            octets = bytes(stream.settings)
            stream.settings = None
            name, has_extra = self._read_settings(octets)
            self._set_decoder(stream, name, has_extra=has_extra)

    def _set_decoder(self, stream: _InputStream, name: bytes, *, has_extra: bool) -> None:
        known = name.decode("latin-1")
        if known not in self._revision.encodings:
            message = f"error setting stream decoder: unknown stream decoder: {known}"
            raise FaultRaised(FaultCode.UNSUPPORTED_ENCODING, message)
        if name not in self._accepted:
            message = f"stream encoding was not offered: {known}"
            raise FaultRaised(FaultCode.UNSUPPORTED_ENCODING, message)
        if has_extra:
            title = known.replace("zstd-8mb", "zstd8mb")
            message = f"error setting stream decoder: {title} decoder received unexpected additional values"
            raise FaultRaised(FaultCode.BAD_PAYLOAD, message)
        stream.decoder = None if name == _IDENTITY else DECODERS[name]()
        encoded = sum(other.decoder is not None for other in self._open.values())
        if encoded > self._limits.max_encoded_streams:
            message = f"more than {self._limits.max_encoded_streams} encoded streams are open"
            raise FaultRaised(FaultCode.LIMIT_EXCEEDED, message)

    def _read_settings(self, octets: bytes) -> tuple[bytes, bool]:
        """Read the name of an encoding, and whether anything follows it."""
        if Feature.CONTENT_ENCODINGS in self._revision.features:
            return self._read_cbor_settings(octets)
        return self._read_binary_settings(octets)

    def _read_cbor_settings(self, octets: bytes) -> tuple[bytes, bool]:
        try:
            values = decode_sequence(octets, self._revision.cbor, max_depth=self._limits.max_cbor_depth)
        except CborError as error:
            message = f"error decoding CBOR from stream encoding settings frame: {error}"
            if error.kind is CborErrorKind.TRUNCATED:
                message = _NO_SETTINGS
            raise FaultRaised(FaultCode.BAD_CBOR, message) from error
        if not values:
            raise FaultRaised(FaultCode.BAD_CBOR, _NO_SETTINGS)
        if type(values[0]) is not bytes:
            message = "stream encoding profile is not a bytestring"
            raise FaultRaised(FaultCode.BAD_PAYLOAD, message)
        return values[0], len(values) > 1

    def _read_binary_settings(self, octets: bytes) -> tuple[bytes, bool]:
        head, rest = octets[:1], octets[1:]
        if not head or len(rest) < head[0]:
            message = "malformed stream settings frame: partial profile name"
            raise FaultRaised(FaultCode.BAD_PAYLOAD, message)
        return rest[: head[0]], len(rest) > head[0]


class OutputStream:
    """A stream of our own: flags its first and last frame, announces its encoding, and encodes.

    Args:
        stream_id: 1–255, of our parity (STREAM-001).
        revision: a revision with streams, or without: then no frame carries a stream.
        encoding: name of the content encoding, one of the revision's or `identity`.
    """

    def __init__(self, stream_id: int, revision: Revision, encoding: str = "identity") -> None:
        self._revision = revision
        self._has_stream = Feature.STREAMS in revision.features
        self.stream_id = stream_id if self._has_stream else 0
        self._encoding = encoding.encode()
        self._encoder: Encoder | None = None
        self._begun = False

    def frames(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Put frames onto the stream.

        The payloads of requests and responses are encoded; everything else stays raw, which the text allows to be mixed
        (STREAM-010), and so does what encoding could make too long. Settings come before the first frame, because only
        a frame that begins the stream may carry them (ENC-001); for identity there are none, which is what their
        absence means (ENC-005).

        Args:
            frames: with whatever stream; their payloads raw.

        Yields:
            The same frames on this stream, made one at a time: each has to be sent before the next is made.
        """
        for frame in frames:
            if not self._begun and self._encoding != _IDENTITY:
                yield self._begin(self._make_settings(frame.request_id))
                self._encoder = ENCODERS[self._encoding]()
            placed = self._begin(frame)
            if self._encoder is not None and self._is_encodable(frame):
                placed = msgspec.structs.replace(
                    placed,
                    stream_flags=placed.stream_flags | _ENCODED,
                    payload=self._encoder.encode(frame.payload),
                )
            yield placed

    def alone(self, frame: Frame) -> Iterator[Frame]:
        """Put a frame onto the stream that must come before everything else, even the stream's own settings.

        Where the stream will be encoded, the frame gets it to itself: only the first frame of a stream can announce an
        encoding (ENC-001), and sender settings precede every other frame (SET-005).

        Args:
            frame: with whatever stream; it stays raw.

        Yields:
            The frame on this stream.
        """
        placed = self._begin(frame)
        yield placed if self._encoding == _IDENTITY else self.end(placed)

    def end(self, frame: Frame) -> Frame:
        """Mark a frame as the stream's last (STREAM-005). What comes after begins the stream anew.

        Args:
            frame: the last that this stream has given, and that has not left.

        Returns:
            The frame with the end flag; as it is where the revision has no streams.
        """
        self._begun = False
        if not self._has_stream:
            return frame
        return msgspec.structs.replace(frame, stream_flags=frame.stream_flags | _END)

    def _begin(self, frame: Frame) -> Frame:
        flags = 0 if self._begun or not self._has_stream else _BEGIN
        self._begun = True
        return Frame(frame.request_id, self.stream_id, flags, frame.type_id, frame.flags, frame.payload)

    def _is_encodable(self, frame: Frame) -> bool:
        frame_type = self._revision.frames[frame.type_id].type
        return frame_type in _ENCODED_TYPES and len(frame.payload) <= _MAX_ENCODABLE

    def _make_settings(self, request_id: int) -> Frame:
        type_id = self._revision.type_ids[FrameType.STREAM_SETTINGS]
        payload = encode_value(self._encoding, self._revision.cbor)
        return unplaced(request_id, type_id, self._revision.frames[type_id].flags["eos"], payload)
