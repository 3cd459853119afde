"""Octets in, frames out, whatever the chunking.

A buffer stands before a reactor, so that bytes never enter one. It checks what can be checked before a frame is whole:
that the declared length is allowed, as soon as the header is there, so that fifteen octets never cost 16 MiB.

Octets are kept as they were fed until a frame's last one has come, and then joined once: any chunking costs time in
proportion to its octets.
"""

from __future__ import annotations

from collections.abc import Iterator

from hgframing._errors import Fault, FaultCode
from hgframing._frames import Frame
from hgframing._limits import Limits
from hgframing._revisions import Revision


__all__ = ["FrameBuffer"]


class FrameBuffer:
    """Cuts a stream of octets into frames.

    Use one per direction of a connection: `feed` it what arrived, then take frames until there is none. After a fault
    it is terminal: what is fed later is dropped, because the position in the stream is lost.

    Args:
        revision: says what a header looks like (FRAME-001, FRAME-002).
        limits: `max_payload` is asked (FRAME-003); `Limits()` where none are given.
    """

    def __init__(self, revision: Revision, limits: Limits | None = None) -> None:
        self._packer = revision.header.packer
        self._size = revision.header.size
        self._has_request = revision.header.has_request
        self._has_stream = revision.header.has_stream
        self._max_payload = (limits or Limits()).max_payload
        # What is joined, how much of it is taken, and what came after it was joined.
        self._octets = b""
        self._position = 0
        self._chunks: list[bytes] = []
        # Octets that must come before it is worth while to look again; not above zero: look.
        self._missing = self._size
        self._ended = False
        self._fault: Fault | None = None

    def feed(self, octets: bytes) -> None:
        """Add octets that arrived.

        Args:
            octets: any number of them, cut anywhere. A buffer that the caller writes to again is copied.
        """
        if self._fault is None and octets:
            self._missing -= len(octets)
            self._chunks.append(bytes(octets))

    def __iter__(self) -> Iterator[Frame | Fault]:
        """Take every frame that is whole, and at last a fault if there is one."""
        unpack = self._packer.unpack_from
        size = self._size
        while True:
            # What `next_frame` does, as long as it is simple: half of the cost of a frame would be the call. The caller
            # may feed octets or take frames in between, so nothing is remembered over a `yield`.
            while self._has_stream and self._position + size <= len(self._octets):
                octets = self._octets
                low, high, request_id, stream_id, stream_flags, nibbles = unpack(octets, self._position)
                length = low | high << 16
                start = self._position + size
                end = start + length
                if length > self._max_payload or end > len(octets):
                    break
                self._position = end
                yield Frame(
                    request_id, stream_id, stream_flags, nibbles >> 4, nibbles & 15, octets[start:end]
                )
            item = self.next_frame()
            if item is None:
                return
            yield item
            if type(item) is Fault:
                return

    def next_frame(self) -> Frame | Fault | None:
        """Take the next frame.

        Returns:
            The frame; a fault (`payload-too-large`, or `truncated-frame` after `end`; again and again, once it has
            happened); or nothing yet.
        """
        if self._missing > 0:
            return self._fault
        start = self._position + self._size
        if start > len(self._octets):
            if not self._join(self._size):
                return self._fault
            start = self._size
        octets = self._octets
        request_id = stream_id = stream_flags = 0
        if self._has_stream:
            low, high, request_id, stream_id, stream_flags, nibbles = self._packer.unpack_from(
                octets, start - self._size
            )
        elif self._has_request:
            low, high, request_id, nibbles = self._packer.unpack_from(octets, start - self._size)
        else:
            low, high, nibbles = self._packer.unpack_from(octets, start - self._size)
        length = low | high << 16
        if length > self._max_payload:
            return self._refuse(length)
        end = start + length
        if end > len(octets):
            if not self._join(self._size + length):
                return self._fault
            octets = self._octets
            start = self._size
            end = start + length
        self._position = end
        return Frame(request_id, stream_id, stream_flags, nibbles >> 4, nibbles & 15, octets[start:end])

    def end(self) -> Fault | None:
        """Say that no more octets will come.

        Take the frames that are whole before it. Those that are not taken can still be; what is behind the last of
        them is judged when it is reached.

        Returns:
            A `truncated-frame` fault if the input ends inside a frame, or the fault that happened before; nothing for
            a clean end.
        """
        self._ended = True
        if self._join(self._size):
            length = self._declared_length()
            if length > self._max_payload:
                return self._refuse(length)
            self._join(self._size + length)
        return self._fault

    def _join(self, needed: int) -> bool:
        """Join what came since, and drop what is taken; say whether so many octets are there now."""
        chunks = self._chunks
        if self._position < len(self._octets):
            # What is taken has to go at once, or a long-lived connection holds its largest chunk for ever.
            octets = b"".join((self._octets[self._position :], *chunks))
        else:
            octets = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        self._octets = octets
        self._position = 0
        chunks.clear()
        self._missing = missing = needed - len(octets)
        if missing <= 0:
            return True
        if self._ended and octets:
            self._become_terminal(FaultCode.TRUNCATED_FRAME, self._word_truncation())
        return False

    def _declared_length(self) -> int:
        low, high = self._packer.unpack_from(self._octets, self._position)[:2]
        return int(low | high << 16)

    def _word_truncation(self) -> str:
        got = len(self._octets)
        if got < self._size:
            return f"received incomplete frame: got {got} bytes: {self._octets!r}"
        return f"frame length error: expected {self._declared_length()}; got {got - self._size}"

    def _refuse(self, length: int) -> Fault:
        message = f"frame payload of {length} octets exceeds the limit of {self._max_payload}"
        return self._become_terminal(FaultCode.PAYLOAD_TOO_LARGE, message)

    def _become_terminal(self, code: FaultCode, message: str) -> Fault:
        self._fault = Fault(code, message)
        # Nothing is left to be looked at, and `feed` adds nothing any more.
        self._octets = b""
        self._chunks.clear()
        return self._fault
