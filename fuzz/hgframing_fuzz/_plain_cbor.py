"""A decoder of the protocol's CBOR that shares no line with the one under test: it is the oracle that judges it.

It reads octets one item after the other, without recursion and without a library. What is CBOR at all is in RFC 8949,
section 3; what else is refused is what sheet r5, "CBOR subset", and the requirements CBOR-001 to CBOR-008 leave out:
other types, indefinite lengths inside of containers, duplicate keys, octets behind the value. The general dialect of
the revisions before has text, floats and indefinite lengths too.

Slow on purpose wherever that keeps it plain.
"""

from __future__ import annotations

import struct

from collections.abc import Callable
from typing import Any, Final

from hgframing import CborDialect


__all__ = ["PlainCborError", "decode_plain", "exact"]

_SET_TAG: Final = 258
_FLOATS: Final = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE: Final = {20: False, 21: True, 22: None}
_BREAK: Final = 0xFF


class PlainCborError(Exception):
    """The octets are not one value of the dialect."""


class _Open:
    """A container that is being read: what it wants, and what it becomes."""

    def __init__(self, close: Callable[[list[Any]], Any], left: int | None) -> None:
        self.close = close
        self.left = left
        self.items: list[Any] = []


class _Reader:
    def __init__(self, octets: bytes, dialect: CborDialect, max_depth: int) -> None:
        self._octets = octets
        self._at = 0
        self._general = dialect is CborDialect.GENERAL
        self._max_depth = max_depth
        self._opened: list[_Open] = []

    def read(self) -> Any:
        """Read one value and nothing behind it."""
        while True:
            value = self._item()
            while value is not _OPENED:
                if not self._opened:
                    if self._at != len(self._octets):
                        raise PlainCborError("octets behind the value")
                    return value
                above = self._opened[-1]
                if value is not _CLOSED:
                    above.items.append(value)
                    above.left = None if above.left is None else above.left - 1
                if value is _CLOSED or above.left == 0:
                    value = self._opened.pop().close(above.items)
                else:
                    break

    def _take(self, size: int) -> bytes:
        piece = self._octets[self._at : self._at + size]
        if len(piece) < size:
            raise PlainCborError("cut off")
        self._at += size
        return piece

    def _head(self) -> tuple[int, int, int | None]:
        """Major type, subtype and number; None is the number of an indefinite length."""
        first = self._take(1)[0]
        major, subtype = first >> 5, first & 0x1F
        if subtype < 24:
            return major, subtype, subtype
        if subtype < 28:
            return major, subtype, int.from_bytes(self._take(1 << subtype - 24), "big")
        if subtype == 31 and major in (2, 3, 4, 5, 7):
            return major, subtype, None
        raise PlainCborError("reserved subtype")

    def _item(self) -> Any:
        """Read the next item; a container that has items still to come is opened."""
        major, subtype, number = self._head()
        if len(self._opened) > self._max_depth:
            # The break of an empty container counts as what lies in it; where nothing has to be read, nothing lies.
            raise PlainCborError("too many levels")
        if major == 7:
            return self._simple(subtype, number)
        if major in (2, 3):
            return self._string(major, number)
        if number is None and not self._general:
            raise PlainCborError("a container of indefinite length")
        if major < 2:
            return number if major == 0 else -1 - (number or 0)
        if major == 6 and number != _SET_TAG:
            raise PlainCborError("a tag that is no set")
        closers: dict[int, Callable[[list[Any]], Any]] = {4: list, 5: self._map, 6: self._set}
        wanted = 1 if major == 6 else number if major == 4 or number is None else 2 * number
        if wanted == 0:
            return closers[major]([])
        self._opened.append(_Open(closers[major], wanted))
        return _OPENED

    def _simple(self, subtype: int, number: int | None) -> Any:
        if number is None:
            if not self._opened or self._opened[-1].left is not None:
                raise PlainCborError("a break where nothing can end")
            return _CLOSED
        if subtype in _SIMPLE:
            return _SIMPLE[subtype]
        if subtype in _FLOATS and self._general:
            size = 1 << subtype - 24
            return struct.unpack(_FLOATS[subtype], number.to_bytes(size, "big"))[0]
        raise PlainCborError("a simple value that is none of the protocol")

    def _string(self, major: int, number: int | None) -> bytes | str:
        if number is not None:
            return self._text(major, self._take(number))
        if not self._general and (major == 3 or self._opened):
            raise PlainCborError("a string of indefinite length inside of a container")
        pieces: list[Any] = []
        while self._octets[self._at : self._at + 1] != bytes((_BREAK,)):
            kind, _, size = self._head()
            if kind != major or size is None:
                raise PlainCborError("a chunk of another type")
            pieces.append(self._text(major, self._take(size)))
        self._at += 1
        return "".join(pieces) if major == 3 else b"".join(pieces)

    def _text(self, major: int, octets: bytes) -> bytes | str:
        if major == 2:
            return octets
        if not self._general:
            raise PlainCborError("text")
        try:
            return octets.decode("utf-8")
        except UnicodeDecodeError as error:
            raise PlainCborError("text that is no UTF-8") from error

    def _map(self, items: list[Any]) -> dict[Any, Any]:
        if len(items) % 2:
            raise PlainCborError("a key without a value")
        value: dict[Any, Any] = {}
        for key, member in zip(items[::2], items[1::2], strict=True):
            if isinstance(key, list | dict | set):
                raise PlainCborError("a key that is a container")
            if key in value:
                raise PlainCborError("a key twice")
            value[key] = member
        return value

    @staticmethod
    def _set(items: list[Any]) -> set[Any]:
        members = items[0]
        if not isinstance(members, list):
            raise PlainCborError("a set that is no array")
        if any(isinstance(member, list | dict | set) for member in members):
            raise PlainCborError("a container in a set")
        return set(members)


#: What stands for a container that was opened, and for a break.
_OPENED: Final = object()
_CLOSED: Final = object()


def decode_plain(octets: bytes, dialect: CborDialect, *, max_depth: int) -> Any:
    """Decode octets that must be one value.

    Args:
        octets: anything.
        dialect: which types there are.
        max_depth: containers that a value may lie in; a set counts twice, for its tag.

    Returns:
        The value.

    Raises:
        PlainCborError: they are not.
    """
    return _Reader(octets, dialect, max_depth).read()


def exact(value: Any) -> str:
    """A text that is the same for the same value only: it tells 1 from true and 1.0, whatever the order of keys.

    Args:
        value: a decoded value; tuples are taken for lists.
    """
    if isinstance(value, dict):
        return "{{{}}}".format(
            ",".join(sorted(f"{exact(key)}:{exact(member)}" for key, member in value.items()))
        )
    if isinstance(value, set):
        return "<{}>".format(",".join(sorted(map(exact, value))))
    if isinstance(value, list | tuple):
        return "[{}]".format(",".join(map(exact, value)))
    return repr(value)
