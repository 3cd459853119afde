"""What a CBOR payload is, for the classifier of differences: read without the reference and without Mercurial.

Both sides have a CBOR decoder, and the question is which of them is to blame. So this one is a third: it follows RFC
8949 and takes everything that is well-formed, whatever the protocol thinks of it, and says what is in it.
"""

from __future__ import annotations

import dataclasses
import struct

from collections.abc import Iterable
from typing import Any, Final


__all__ = ["Kind", "Survey", "survey"]

_FLOATS: Final = {25: ">e", 26: ">f", 27: ">d"}
_BREAK: Final = 0xFF
_MAX_DEPTH: Final = 400
_SET_TAG: Final = 258
_NUMBERS: Final = frozenset({"int", "bool", "float"})
_CONTAINERS: Final = frozenset({"array", "map", "set", "tag"})

Kind = str
#: A value: what it is, and what it holds.
Node = tuple[Kind, Any]


class _Pieces(tuple[Kind, Any]):
    """A bytestring that came in pieces."""

    __slots__ = ()


class _MalformedError(Exception):
    pass


class _TruncatedError(Exception):
    pass


@dataclasses.dataclass(slots=True)
class Survey:
    """What is in a payload.

    Attributes:
        first: `empty`, `truncated` or `malformed`, or the kind of the first value.
        value: the first value, if there is one.
        rest: what follows it: nothing (``""``), `values`, `truncated` or `malformed`.
        depth: containers that the deepest value of the first lies in; a tag counts as one.
        repeated: whether a map has a key twice, 1 and true being the same key.
        foreign: whether it has a value that the 0006 subset lacks: text, floats, tags, indefinite lengths, and keys and
            members that are containers.
        container_key: whether a key, or a member of a set, is a container.
        indefinite_key: whether one is a string of indefinite length.
        text_key: whether a key is text.
        odd_chunk: whether a string of indefinite length has a piece that is no definite string of its kind.
        unusual: whether it has a tag or a simple value, which even the general dialect of the reference refuses.
    """

    first: Kind = "empty"
    value: Node | None = None
    rest: str = ""
    depth: int = 0
    repeated: bool = False
    foreign: bool = False
    container_key: bool = False
    indefinite_key: bool = False
    text_key: bool = False
    odd_chunk: bool = False
    unusual: bool = False

    def field(self, name: bytes) -> Node | None:
        """The value under a key of the first value, the last if there are several; nothing if it has no such key."""
        if self.value is None or self.first != "map":
            return None
        found = [item for key, item in self.value[1] if key == ("bytes", name)]
        return found[-1] if found else None


class _Scanner:
    def __init__(self, octets: bytes, facts: Survey) -> None:
        self._octets = octets
        self._facts = facts

    def read(self, start: int, depth: int) -> tuple[Node, int]:
        if depth > _MAX_DEPTH:
            raise _MalformedError
        self._facts.depth = max(self._facts.depth, depth)
        major, info = divmod(self._take(start, 1)[0], 32)
        if major == 7:
            return self._read_simple(info, start + 1)
        if info == 31:
            return self._read_indefinite(major, start + 1, depth)
        number, position = self._read_number(info, start + 1)
        match major:
            case 0:
                return ("int", number), position
            case 1:
                return ("int", -1 - number), position
            case 2:
                return ("bytes", self._take(position, number)), position + number
            case 3:
                self._facts.foreign = True
                return self._text(self._take(position, number)), position + number
            case 4:
                items, position = self._read_items(number, position, depth)
                return ("array", items), position
            case 5:
                items, position = self._read_items(2 * number, position, depth)
                return self._map(items), position
            case _:
                return self._read_tag(number, position, depth)

    @staticmethod
    def _text(octets: bytes) -> Node:
        try:
            return "text", octets.decode()
        except UnicodeDecodeError:
            raise _MalformedError from None

    def _map(self, items: list[Node]) -> Node:
        keys = items[::2]
        self._note_scalars(keys)
        self._facts.text_key |= any(key[0] == "text" for key in keys)
        # Python holds 1, true and 1.0 to be one key. A container is none, so it cannot be there twice.
        plain = [
            ("number", key[1]) if key[0] in _NUMBERS else (*key,) for key in keys if key[0] not in _CONTAINERS
        ]
        self._facts.repeated |= len(set(plain)) < len(plain)
        return "map", list(zip(keys, items[1::2], strict=True))

    def _note_scalars(self, nodes: Iterable[Node]) -> None:
        """What is a key or a member of a set must not be a container."""
        if any(node[0] in _CONTAINERS for node in nodes):
            self._facts.foreign = self._facts.container_key = True
        self._facts.indefinite_key |= any(type(node) is _Pieces for node in nodes)

    def _read_tag(self, number: int, start: int, depth: int) -> tuple[Node, int]:
        node, position = self.read(start, depth + 1)
        if number == _SET_TAG and node[0] == "array":
            self._note_scalars(node[1])
            return ("set", node[1]), position
        self._facts.foreign = self._facts.unusual = True
        return ("tag", (number, node)), position

    def _read_simple(self, info: int, position: int) -> tuple[Node, int]:
        if info in _FLOATS:
            size = 1 << info - 24
            self._facts.foreign = True
            return ("float", struct.unpack(_FLOATS[info], self._take(position, size))[0]), position + size
        if info == 31:
            raise _MalformedError
        number, position = self._read_number(info, position)
        if number in (20, 21):
            return ("bool", number == 21), position
        if number == 22:
            return ("null", None), position
        self._facts.foreign = self._facts.unusual = True
        return ("simple", number), position

    def _read_number(self, info: int, position: int) -> tuple[int, int]:
        if info < 24:
            return info, position
        if info > 27:
            raise _MalformedError
        size = 1 << info - 24
        return int.from_bytes(self._take(position, size)), position + size

    def _read_items(self, count: int, position: int, depth: int) -> tuple[list[Node], int]:
        items = []
        for _ in range(count):
            item, position = self.read(position, depth + 1)
            items.append(item)
        return items, position

    def _read_indefinite(self, major: int, position: int, depth: int) -> tuple[Node, int]:
        self._facts.foreign |= depth > 0 or major != 2
        if major not in (2, 3, 4, 5):
            raise _MalformedError
        items = []
        while self._take(position, 1)[0] != _BREAK:
            if major in (2, 3) and (
                self._octets[position] >> 5 != major or self._octets[position] & 31 == 31
            ):
                self._facts.odd_chunk = True
                raise _MalformedError
            item, position = self.read(position, depth + 1)
            items.append(item)
        match major:
            case 2:
                return _Pieces(("bytes", b"".join(item[1] for item in items))), position + 1
            case 3:
                return ("text", "".join(item[1] for item in items)), position + 1
            case 4:
                return ("array", items), position + 1
            case _ if len(items) % 2:
                raise _MalformedError
            case _:
                return self._map(items), position + 1

    def _take(self, position: int, count: int) -> bytes:
        taken = self._octets[position : position + count]
        if len(taken) < count:
            raise _TruncatedError
        return taken


def survey(octets: bytes) -> Survey:
    """Say what is in a payload.

    Args:
        octets: anything.
    """
    facts = Survey()
    if not octets:
        return facts
    scanner = _Scanner(octets, facts)
    try:
        facts.value, position = scanner.read(0, 0)
    except _TruncatedError:
        facts.first = "truncated"
        return facts
    except _MalformedError:
        facts.first = "malformed"
        return facts
    facts.first = facts.value[0]
    rest = Survey()
    scanner = _Scanner(octets, rest)
    while position < len(octets):
        facts.rest = "values"
        try:
            _, position = scanner.read(position, 0)
        except _TruncatedError:
            facts.rest = "truncated"
            break
        except _MalformedError:
            facts.rest = "malformed"
            break
    facts.foreign |= rest.foreign
    facts.repeated |= rest.repeated
    facts.odd_chunk |= rest.odd_chunk
    facts.depth = max(facts.depth, rest.depth)
    return facts
