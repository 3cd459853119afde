"""One frame and its header: octets in, numbers out, and back.

A frame is syntax. It holds raw numbers, because vectors, fuzzers and a reactor's own diagnostics must be able to carry
what the protocol forbids; whether a frame is *legal* is asked of a revision. The payload length is derived, never
stored.

Three header layouts existed (sheets r1, r2 and r3, "Header"). All of them start with the payload length as an unsigned
24-bit little-endian integer, which does not count the header, and end with one octet `type << 4 | flags`.
"""

from __future__ import annotations

import dataclasses
import enum
import struct

from typing import Final

import msgspec

from hgframing._errors import LocalProtocolError


__all__ = [
    "HEADER_4",
    "HEADER_6",
    "HEADER_8",
    "MAX_LENGTH",
    "Frame",
    "FrameHeader",
    "FrameType",
    "HeaderLayout",
    "StreamFlag",
    "unplaced",
]

#: The largest length that 24 bits can say.
MAX_LENGTH: Final = 0xFFFFFF


class FrameType(enum.IntEnum):
    """What a frame is, whatever number a revision gives it.

    The members are the types of all revisions; their values are ours. `Revision.frames` maps the type nibble of
    one revision to them.
    """

    COMMAND_NAME = enum.auto()
    COMMAND_ARGUMENT = enum.auto()
    COMMAND_REQUEST = enum.auto()
    COMMAND_DATA = enum.auto()
    RESPONSE = enum.auto()
    ERROR_RESPONSE = enum.auto()
    TEXT_OUTPUT = enum.auto()
    PROGRESS = enum.auto()
    SENDER_SETTINGS = enum.auto()
    STREAM_SETTINGS = enum.auto()


class StreamFlag(enum.IntFlag):
    """The stream flags of an 8-octet header (sheet r3, "Header")."""

    BEGIN = 0x01
    END = 0x02
    ENCODED = 0x04


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One frame, as sent or received.

    Attributes:
        request_id: 0–65535; 0 where the revision's header has no request ID.
        stream_id: 0–255; 0 where the revision's header has no stream ID.
        stream_flags: 0–255, raw bits.
        type_id: 0–15, the raw nibble: undefined types are representable.
        flags: 0–15, the raw nibble.
        payload: the octets after the header, 0–16777215 of them.
    """

    request_id: int
    stream_id: int
    stream_flags: int
    type_id: int
    flags: int
    payload: bytes = b""


def unplaced(request_id: int, type_id: int, flags: int, payload: bytes) -> Frame:
    """Make a frame that is on no stream yet: the stream that it is put onto says the rest."""
    return Frame(request_id, 0, 0, type_id, flags, payload)


class FrameHeader(msgspec.Struct, frozen=True, gc=False):
    """The numbers of a header. `length` counts the payload's octets."""

    length: int
    request_id: int
    stream_id: int
    stream_flags: int
    type_id: int
    flags: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HeaderLayout:
    """Where the fields of a header lie.

    Attributes:
        size: octets of the header.
        has_request: whether octets 3–4 are the request ID.
        has_stream: whether the stream ID and the stream flags follow it.
        packer: reads and writes the whole header; the length is split into its low 16 and high 8 bits.
    """

    size: int
    has_request: bool
    has_stream: bool
    packer: struct.Struct

    def decode(self, octets: bytes) -> FrameHeader:
        """Read a header from the first `size` octets.

        Use this for a header alone; `FrameBuffer` cuts whole streams. Fields that the layout lacks are 0.

        Args:
            octets: at least `size` octets; more are ignored.

        Returns:
            The header's numbers, legal or not (FRAME-001, FRAME-002, FRAME-005 to FRAME-007).

        Raises:
            ValueError: fewer than `size` octets.
        """
        if len(octets) < self.size:
            raise ValueError(f"a header has {self.size} octets, got {len(octets)}")
        low, high, *ids, nibbles = self.packer.unpack_from(octets)
        request_id, stream_id, stream_flags = (*ids, 0, 0, 0)[:3]
        return FrameHeader(
            length=low | high << 16,
            request_id=request_id,
            stream_id=stream_id,
            stream_flags=stream_flags,
            type_id=nibbles >> 4,
            flags=nibbles & 0x0F,
        )

    def encode(self, frame: Frame) -> bytes:
        """Write a frame: header and payload.

        Use this for everything that is sent; it refuses what the layout cannot say instead of truncating it, which is
        what Mercurial does (D2, D4). It does not ask whether the frame is legal.

        Args:
            frame: its payload has 0–16777215 octets.

        Returns:
            The header's `size` octets and the payload's (FRAME-001, FRAME-002, FRAME-005 to FRAME-007).

        Raises:
            LocalProtocolError: a number does not fit its field, the payload does not fit 24 bits, or the frame has an
                ID that this layout has no field for.
        """
        length = len(frame.payload)
        if length > MAX_LENGTH:
            raise LocalProtocolError(f"payload of {length} octets does not fit the 24-bit length field")
        for name, value, limit in (
            ("request ID", frame.request_id, 0xFFFF if self.has_request else 0),
            ("stream ID", frame.stream_id, 0xFF if self.has_stream else 0),
            ("stream flags", frame.stream_flags, 0xFF if self.has_stream else 0),
            ("type", frame.type_id, 0x0F),
            ("flags", frame.flags, 0x0F),
        ):
            if not 0 <= value <= limit:
                raise LocalProtocolError(f"{name} {value} is outside 0–{limit}")
        ids: tuple[int, ...] = ()
        if self.has_request:
            ids = (frame.request_id,)
        if self.has_stream:
            ids = (frame.request_id, frame.stream_id, frame.stream_flags)
        nibbles = frame.type_id << 4 | frame.flags
        return self.packer.pack(length & 0xFFFF, length >> 16, *ids, nibbles) + frame.payload


#: Revision 0001 (sheet r1).
HEADER_4: Final = HeaderLayout(size=4, has_request=False, has_stream=False, packer=struct.Struct("<HBB"))
#: Revision 0002 before streams (sheet r2).
HEADER_6: Final = HeaderLayout(size=6, has_request=True, has_stream=False, packer=struct.Struct("<HBHB"))
#: Every revision with streams (sheets r3, r4, r4-released and r5).
HEADER_8: Final = HeaderLayout(size=8, has_request=True, has_stream=True, packer=struct.Struct("<HBHBBB"))
