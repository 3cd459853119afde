"""What both ends of a connection keep of it: where the connection stands, and the streams of the peer.

A server and a client have tables of requests of their own (`_server_conversation`, `_client_conversation`); how a frame
begins, moves and ends a stream, and how settings are cut, is the same for both. The reactor is never asked.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

from hgframing import (
    Feature,
    Frame,
    FrameInput,
    Revision,
    StreamInput,
    StreamState,
    encode_value,
    format_notation,
)
from hgframing_conformance._stored_blocks import StoredBlocks


__all__ = ["SETTINGS", "STREAM_SETTINGS", "Conversation", "Said"]

_F: Final = FrameInput
#: Frames that belong to no request, whatever ID they have.
SETTINGS: Final = frozenset({_F.SETTINGS_MORE, _F.SETTINGS_LAST})
STREAM_SETTINGS: Final = frozenset({_F.STREAM_SETTINGS_MORE, _F.STREAM_SETTINGS_LAST})

_BEGIN_AND_END: Final = 0x03
_ENCODED: Final = 0x04


class Said(Protocol):
    """A frame of the peer, by what it is to the tables."""

    @property
    def request(self) -> int:
        """The request ID; 0 where there are none."""

    @property
    def what(self) -> FrameInput:
        """Its input."""

    @property
    def stream(self) -> int:
        """The stream ID."""

    @property
    def stream_flags(self) -> int | None:
        """All of them; `None` begins the stream if it is closed."""

    @property
    def encoded(self) -> bool:
        """Whether it goes through the encoding of its stream."""

    @property
    def ends(self) -> bool:
        """Whether it ends its stream, beside what `stream_flags` says."""


class Conversation:
    """One connection, as far as both ends see it alike.

    Args:
        revision: whose tables.

    Attributes:
        revision: whose tables.
        connection: where the connection stands.
    """

    def __init__(self, revision: Revision) -> None:
        self.revision = revision
        self.connection = revision.initial
        self._open: set[int] = set()
        self._encoders: dict[int, StoredBlocks] = {}
        self._settings: dict[int | None, bytes] = {}
        self._has_ids = Feature.REQUEST_IDS in revision.features
        self._has_streams = Feature.STREAMS in revision.features
        # Of several flag nibbles the one with names for its bits.
        self._codes: dict[FrameInput, int] = {what: code for code, what in revision.inputs.items()}

    def is_open(self, stream: int) -> bool:
        """Say whether a stream of the peer is open; always, where there are none."""
        return stream in self._open or not self._has_streams

    def frame(self, said: Said, payload: bytes, nibble: int | None = None) -> Frame:
        """Make a frame, whether it has a place or not.

        Args:
            said: what it is.
            payload: all of it, encoded if it is to be.
            nibble: which of the flag nibbles of the input; `None` takes the last.
        """
        header, code = self.revision.header, self._codes[said.what]
        return Frame(
            said.request if header.has_request else 0,
            said.stream if header.has_stream else 0,
            self._flags(said) if header.has_stream else 0,
            code >> 4,
            code & 0x0F if nibble is None else nibble,
            payload,
        )

    def _encoding_step(self, said: Said, payload: bytes, encoding: str) -> dict[str, Any]:
        """Begin a stream with the encoding that its encoded frames will have."""
        frame = self.frame(said, payload)
        self._move(said)
        self._encoders[said.stream] = StoredBlocks(encoding)
        return {"receive": [format_notation(frame, self.revision)], "expect": []}

    def _fits(self, said: Said) -> bool:
        """Say whether the tables of connection and stream have a place for a frame."""
        return (
            said.what in self.revision.connection[self.connection]
            and self._stream_input(said) in self.revision.stream[self._stream_state(said)]
        )

    def _encode(self, said: Said, payload: bytes) -> bytes:
        return self._encoders[said.stream].encode(payload) if said.encoded else payload

    def _move(self, said: Said) -> None:
        """Move the connection and the stream of a frame that has a place."""
        self.connection = self.revision.connection[self.connection][said.what]
        if self._has_streams:
            row = self.revision.stream[self._stream_state(said)]
            self._open.discard(said.stream)
            if row[self._stream_input(said)] is StreamState.OPEN:
                self._open.add(said.stream)

    def _stream_state(self, said: Said) -> StreamState:
        return StreamState.OPEN if self.is_open(said.stream) else StreamState.CLOSED

    def _flags(self, said: Said) -> int:
        more = (_ENCODED if said.encoded else 0) | (StreamInput.END.value if said.ends else 0)
        if said.stream_flags is not None:
            return said.stream_flags | more
        flag: int = StreamInput.PLAIN.value if said.stream in self._open else StreamInput.BEGIN.value
        return more | flag

    def _stream_input(self, said: Said) -> StreamInput:
        return StreamInput(self._flags(said) & _BEGIN_AND_END) if self._has_streams else StreamInput.PLAIN

    def _settings_payload(self, said: Said) -> bytes:
        """Make the next payload of a frame of settings: those that change nothing."""
        dialect = self.revision.cbor
        if said.what in SETTINGS:
            whole = encode_value({b"contentencodings": [b"identity"]}, dialect)
            return self._part(None, whole, is_last=said.what is _F.SETTINGS_LAST)
        is_cbor = Feature.CONTENT_ENCODINGS in self.revision.features
        whole = encode_value(b"identity", dialect) if is_cbor else b"\x08identity"
        return self._part(said.stream, whole, is_last=said.what is _F.STREAM_SETTINGS_LAST)

    def _part(self, key: int | None, whole: bytes, *, is_last: bool) -> bytes:
        """Cut settings: an octet into each frame, the rest into the last."""
        rest = self._settings.pop(key, whole)
        if is_last:
            return rest
        self._settings[key] = rest[1:]
        return rest[:1]
