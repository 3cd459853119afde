"""Octets in, frames out, whatever the chunking.

A buffer stands before a reactor, so that bytes never enter one. It checks what can be checked before a frame is whole:
that the declared length is allowed, as soon as the header is there, so that a 15-octet frame never costs a gibibyte.
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
        revision: says what a header looks like.
        limits: `max_payload` is asked (FRAME-003).
    """

    def __init__(self, revision: Revision, limits: Limits | None = None) -> None:
        self._packer = revision.header.packer
        self._size = revision.header.size
        self._has_request = revision.header.has_request
        self._has_stream = revision.header.has_stream
        self._max_payload = (limits or Limits()).max_payload
        self._octets = b""
        self._position = 0
        self._chunks: list[bytes] = []
        self._missing = self._size
        self._fault: Fault | None = None

    def feed(self, octets: bytes) -> None:
        """Add octets that arrived; any number of them, cut anywhere."""
        if self._fault is None and octets:
            self._chunks.append(octets)
            self._missing -= len(octets)

    def __iter__(self) -> Iterator[Frame | Fault]:
        """Take every frame that is whole, and at last a fault if there is one."""
        while (item := self.next_frame()) is not None:
            yield item
            if type(item) is Fault:
                return

    def next_frame(self) -> Frame | Fault | None:
        """Take the next frame.

        Returns:
            The frame, a `payload-too-large` fault (again and again, once it has happened), or nothing yet.
        """
        if self._missing > 0:
            return self._fault
        if self._chunks:
            self._join()
        octets = self._octets
        start = self._position + self._size
        if start > len(octets):
            self._wait(start - len(octets))
            return None
        if self._has_stream:
            low, high, request_id, stream_id, stream_flags, nibbles = self._packer.unpack_from(
                octets, self._position
            )
        elif self._has_request:
            low, high, request_id, nibbles = self._packer.unpack_from(octets, self._position)
            stream_id = stream_flags = 0
        else:
            low, high, nibbles = self._packer.unpack_from(octets, self._position)
            request_id = stream_id = stream_flags = 0
        length = low | high << 16
        if length > self._max_payload:
            return self._refuse(length)
        end = start + length
        if end > len(octets):
            self._wait(end - len(octets))
            return None
        self._position = end
        return Frame(request_id, stream_id, stream_flags, nibbles >> 4, nibbles & 15, octets[start:end])

    def end(self) -> Fault | None:
        """Say that no more octets will come.

        Take the frames that are whole first. A clean end is silent.

        Returns:
            A `truncated-frame` fault if the input ends inside a frame, or the fault that happened before.
        """
        if self._fault is not None:
            return self._fault
        self._join()
        got = len(self._octets) - self._position
        if got == 0:
            return None
        if got < self._size:
            header = self._octets[self._position :]
            message = f"received incomplete frame: got {got} bytes: {header!r}"
        else:
            low, high = self._packer.unpack_from(self._octets, self._position)[:2]
            message = f"frame length error: expected {low | high << 16}; got {got - self._size}"
        self._drop()
        self._fault = Fault(FaultCode.TRUNCATED_FRAME, message)
        return self._fault

    def _join(self) -> None:
        # One copy of what is held, only when a frame's missing octets have come: feeding octet by octet stays linear.
        rest = self._octets[self._position :] if self._position else self._octets
        self._octets = b"".join((rest, *self._chunks)) if rest or len(self._chunks) != 1 else self._chunks[0]
        self._chunks.clear()
        self._position = 0

    def _wait(self, missing: int) -> None:
        # Give back what is already consumed, or a long-lived connection holds its largest chunk for ever.
        self._octets = self._octets[self._position :]
        self._position = 0
        self._missing = missing

    def _refuse(self, length: int) -> Fault:
        message = f"frame payload of {length} octets exceeds the limit of {self._max_payload}"
        self._fault = Fault(FaultCode.PAYLOAD_TOO_LARGE, message)
        self._drop()
        return self._fault

    def _drop(self) -> None:
        self._octets = b""
        self._position = 0
        self._chunks.clear()
        self._missing = 1
