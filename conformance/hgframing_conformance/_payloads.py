"""What a payload says, so that two ways of writing the same CBOR compare equal.

The judge has its own small reader of CBOR (RFC 8949). The reference's may not be used, because the judge shares no code
with the judged, and cbor2 drops the second of two equal keys and takes `1` and `true` for the same key: both are
faults that a comparison exists to see. The reader keeps what is significant (duplicates, types) and forgets what is
not: the order of keys, the length of the encoding of a number, and whether a bytestring at the top level has definite
length.

Octets that it cannot read are compared as octets. It decides nothing: a payload that no reader understands is still
equal to itself, and to nothing else.
"""

from __future__ import annotations

import struct

from collections.abc import Callable
from typing import Final

from hgframing import Feature, FrameType, Revision
from hgframing_conformance._values import MapValue, SetValue, TagValue, Text, Value, equal


__all__ = ["Meaning", "NotCborError", "fill_message", "meaning", "read_sequence"]

#: What a payload is compared as: the values that it is a sequence of, then the octets after them.
Meaning = tuple[tuple[Value, ...], bytes]

#: Levels of nesting; deeper payloads are compared as octets.
_MAX_DEPTH: Final = 64
_BREAK: Final = 0xFF
#: What an atom may leave out, or have empty.
_ATOM_LISTS: Final = (b"args", b"labels")
_FLOATS: Final = {25: ">e", 26: ">f", 27: ">d"}


class NotCborError(ValueError):
    """The octets are not a sequence of CBOR values."""


def meaning(payload: bytes, frame_type: FrameType, revision: Revision) -> Meaning:
    """Say what a joined and decoded payload is compared as.

    Args:
        payload: the octets of all fragments.
        frame_type: what the frame is.
        revision: decides which types carry CBOR (docs/vector-format.md, "Actions").
    """
    if not payload or not _is_cbor(frame_type, revision):
        return (), payload
    try:
        return _normal(read_sequence(payload), frame_type), b""
    except NotCborError:
        pass
    if frame_type is FrameType.RESPONSE:
        # Before 0006 a status map may be followed by raw octets (sheet r4-released, "Worked frames").
        try:
            status, end = _Reader(payload).read(0, 0)
        except NotCborError:
            return (), payload
        return _normal((status,), frame_type), payload[end:]
    return (), payload


def fill_message(wanted: Meaning, got: Meaning, frame_type: FrameType) -> Meaning:
    """Take the message of an error from what was sent, where an expectation leaves it open by writing null.

    Args:
        wanted: what the expectation says.
        got: what was sent.
        frame_type: what both frames are.

    Returns:
        `wanted`, completed if what was sent has an array of text atoms there (RSP-008, ERR-006), otherwise as it was.
    """
    (values, rest), sent = wanted, got[0]
    if not values or not sent:
        return wanted
    match frame_type:
        case FrameType.ERROR_RESPONSE:
            first = _filled(values[0], sent[0])
        case FrameType.RESPONSE:
            theirs = _item(sent[0], b"error")
            first = _replace(values[0], b"error", lambda error: _filled(error, theirs))
        case _:
            return wanted
    return (first, *values[1:]), rest


def _filled(wanted: Value, got: Value) -> Value:
    message = _item(got, b"message")
    if not (isinstance(message, tuple) and message and all(_is_atom(atom) for atom in message)):
        return wanted
    return _replace(wanted, b"message", lambda open_or_not: message if open_or_not is None else open_or_not)


def _is_atom(value: Value) -> bool:
    return isinstance(_item(value, b"msg"), bytes)


def _item(value: Value, key: bytes) -> Value:
    pairs = value.pairs if isinstance(value, MapValue) else ()
    return next((item for name, item in pairs if name == key), None)


def _normal(values: tuple[Value, ...], frame_type: FrameType) -> tuple[Value, ...]:
    """Take out of atoms what means the same as its absence: empty lists of arguments and labels (TEXT-004).

    Nothing else of a payload is touched, so that a command's own maps are compared as they are.
    """
    if not values:
        return values
    first = values[0]
    match frame_type:
        case FrameType.TEXT_OUTPUT:
            first = _normal_atoms(first)
        case FrameType.ERROR_RESPONSE:
            first = _replace(first, b"message", _normal_atoms)
        case FrameType.RESPONSE:
            first = _replace(first, b"error", lambda error: _replace(error, b"message", _normal_atoms))
        case _:
            return values
    return (first, *values[1:])


def _replace(value: Value, key: bytes, change: Callable[[Value], Value]) -> Value:
    if not isinstance(value, MapValue):
        return value
    return MapValue(tuple((name, change(item) if name == key else item) for name, item in value.pairs))


def _normal_atoms(value: Value) -> Value:
    if not isinstance(value, tuple):
        return value
    return tuple(_normal_atom(atom) for atom in value)


def _normal_atom(atom: Value) -> Value:
    if not isinstance(atom, MapValue):
        return atom
    return MapValue(tuple(pair for pair in atom.pairs if not (pair[0] in _ATOM_LISTS and equal(pair[1], ()))))


def _is_cbor(frame_type: FrameType, revision: Revision) -> bool:
    features = revision.features
    match frame_type:
        case FrameType.COMMAND_REQUEST | FrameType.PROGRESS | FrameType.SENDER_SETTINGS:
            return True
        case FrameType.RESPONSE:
            return Feature.STATUS_MAP in features
        case FrameType.ERROR_RESPONSE:
            return Feature.CBOR_ERRORS in features
        case FrameType.TEXT_OUTPUT:
            return Feature.BINARY_TEXT_OUTPUT not in features
        case FrameType.STREAM_SETTINGS:
            return Feature.CONTENT_ENCODINGS in features
        case _:
            return False


def read_sequence(octets: bytes) -> tuple[Value, ...]:
    """Read octets as CBOR values, one after the other.

    Raises:
        NotCborError: they are something else.
    """
    reader = _Reader(octets)
    values = []
    position = 0
    while position < len(octets):
        value, position = reader.read(position, 0)
        values.append(value)
    return tuple(values)


class _Reader:
    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def read(self, position: int, depth: int) -> tuple[Value, int]:
        """Read the value at a position; return it and where it ends."""
        if depth > _MAX_DEPTH:
            raise NotCborError("nested too deeply")
        major, info = divmod(self._take(position, 1)[0], 32)
        if info == 31:
            return self._read_indefinite(major, position + 1, depth)
        if major == 7 and info in _FLOATS:
            size = 1 << info - 24
            return struct.unpack(_FLOATS[info], self._take(position + 1, size))[0], position + 1 + size
        number, position = self._read_number(info, position + 1)
        match major:
            case 0:
                return number, position
            case 1:
                return -1 - number, position
            case 2:
                return self._take(position, number), position + number
            case 3:
                return self._text(self._take(position, number)), position + number
            case 4:
                return self._read_items(number, position, depth)
            case 5:
                items, position = self._read_items(number * 2, position, depth)
                return MapValue(tuple(zip(items[::2], items[1::2], strict=True))), position
            case 6:
                value, position = self.read(position, depth + 1)
                if number == 258 and isinstance(value, tuple):
                    return SetValue(value), position
                return TagValue(number, value), position
            case _:
                return self._simple(number), position

    def _read_number(self, info: int, position: int) -> tuple[int, int]:
        if info < 24:
            return info, position
        if info > 27:
            raise NotCborError(f"reserved additional information {info}")
        size = 1 << info - 24
        return int.from_bytes(self._take(position, size)), position + size

    def _read_items(self, count: int, position: int, depth: int) -> tuple[tuple[Value, ...], int]:
        if count > len(self._octets) - position:
            raise NotCborError("more elements announced than octets are left")
        items = []
        for _ in range(count):
            item, position = self.read(position, depth + 1)
            items.append(item)
        return tuple(items), position

    def _read_indefinite(self, major: int, position: int, depth: int) -> tuple[Value, int]:
        """Read what a break ends. Only a bytestring at the top level may be so (sheet r5, "CBOR subset")."""
        if major != 2 or depth:
            raise NotCborError("indefinite length")
        parts = []
        while self._take(position, 1)[0] != _BREAK:
            if self._take(position, 1)[0] >> 5 != 2 or self._take(position, 1)[0] & 31 == 31:
                raise NotCborError("a chunk is no bytestring")
            part, position = self.read(position, depth + 1)
            parts.append(part)
        return b"".join(part for part in parts if isinstance(part, bytes)), position + 1

    def _take(self, position: int, count: int) -> bytes:
        taken = self._octets[position : position + count]
        if len(taken) != count:
            raise NotCborError("truncated")
        return taken

    @staticmethod
    def _text(octets: bytes) -> Text:
        try:
            return Text(octets.decode())
        except UnicodeDecodeError:
            raise NotCborError("a text string is no UTF-8") from None

    @staticmethod
    def _simple(number: int) -> Value:
        match number:
            case 20:
                return False
            case 21:
                return True
            case 22:
                return None
            case _:
                raise NotCborError(f"simple value {number}")
