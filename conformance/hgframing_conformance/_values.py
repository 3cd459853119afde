"""The value language of vectors and harness messages: JSON in, immutable Python values out, and back.

JSON has no bytestrings, no maps with other keys than strings and no integers that every reader keeps exact, so what it
cannot say is written as an object with one key (docs/vector-format.md, "Values"). Here such a form becomes one of

    None  bool  int  float  bytes  Text  tuple  MapValue  SetValue  TagValue

and every value has exactly one canonical form on the wire (`to_wire`), whatever way its author chose to write it.

Equality is strict, because an implementation that answers `true` for 1 or a bytestring for a text string has decoded
the wrong thing. Python's `==` would let both `True == 1` and `1 == 1.0` pass: compare with `equal`. The order of a map
and of a set does not matter, their duplicates do: a decoder that drops one of two equal keys must not look like one
that keeps both.
"""

from __future__ import annotations

import re

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import msgspec

from hgframing_conformance._forms import (
    FormError,
    Path,
    names,
    parse_bytes,
    parse_list,
    parse_string,
    short,
)


__all__ = [
    "MAX_DEPTH",
    "VALUE_TYPES",
    "FormError",
    "MapValue",
    "SetValue",
    "TagValue",
    "Text",
    "Value",
    "display",
    "equal",
    "parse_value",
    "to_wire",
    "value_types",
]

#: Levels of nesting. No payload of the protocol needs more than eight; Python's own stack ends near a thousand.
MAX_DEPTH: Final = 100
#: Integers up to here survive readers that hold numbers in doubles (RFC 8259, section 6).
_MAX_EXACT: Final = 1 << 53
#: The CBOR tag of sets, the only one that the protocol's own codec has (sheet r5, "CBOR subset").
_SET_TAG: Final = 258
#: Digits of a number; the largest integer of CBOR's 64 bits has 20, the bignums of tests stay far below this.
_MAX_DIGITS: Final = 1000

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"(?:-?(?:[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|inf)|nan)\Z")


class Text(msgspec.Struct, frozen=True):
    """A text string. Plain strings of the format are bytestrings, so text needs its own type."""

    text: str


class MapValue(msgspec.Struct, frozen=True, eq=False):
    """A map, as pairs: keys may be of any type and may occur twice."""

    pairs: tuple[tuple[Value, Value], ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MapValue) and _key(self) == _key(other)

    def __hash__(self) -> int:
        return hash(_key(self))


class SetValue(msgspec.Struct, frozen=True, eq=False):
    """A set (tag 258); `items` keeps what was sent, duplicates too."""

    items: tuple[Value, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SetValue) and _key(self) == _key(other)

    def __hash__(self) -> int:
        return hash(_key(self))


class TagValue(msgspec.Struct, frozen=True, eq=False):
    """A value under any other tag."""

    tag: int
    value: Value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TagValue) and _key(self) == _key(other)

    def __hash__(self) -> int:
        return hash(_key(self))


Value: TypeAlias = (
    "bool | int | float | bytes | Text | tuple[Value, ...] | MapValue | SetValue | TagValue | None"
)


def parse_value(form: Any, path: Path = ()) -> Value:
    """Read a value in any of the ways that docs/vector-format.md, "Values", allows.

    Args:
        form: what a JSON or YAML reader returned.
        path: where `form` lies, for the error.

    Returns:
        an immutable value; compare it with `equal`.

    Raises:
        FormError: the form is none of the format's, or too deep, or too large.
    """
    if isinstance(form, dict | list) and _too_deep(form):
        raise FormError(f"a value is nested deeper than {MAX_DEPTH} levels", path=path)
    return _parse(form, path)


def _too_deep(form: Any) -> bool:
    """Whether containers nest deeper than is allowed; walks level by level, so that depth costs no stack."""
    level = [form]
    for _ in range(MAX_DEPTH):
        level = [
            item
            for container in level
            for item in (container.values() if isinstance(container, dict) else container)
            if isinstance(item, list | dict)
        ]
        if not level:
            return False
    return True


def _parse(form: Any, path: Path) -> Value:
    match form:
        case None | bool() | int():
            return form
        case str():
            return parse_bytes(form, path)
        case list():
            return tuple(_parse(item, (*path, index)) for index, item in enumerate(form))
        case dict():
            return _parse_typed(form, path)
        case float():
            raise FormError(f"a bare float {form!r}", path=path, remedy=f'write {{float: "{form!r}"}}')
        case _:
            raise FormError(f"{type(form).__name__} is no value of the format", path=path)


def _parse_typed(form: Mapping[Any, Any], path: Path) -> Value:
    if len(form) != 1:
        remedy = "write a map as {map: [[key, value], …]}"
        found = f"{len(form)}: {names(form)}" if form else "none"
        raise FormError(f"a typed value has exactly one key, this has {found}", path=path, remedy=remedy)
    ((kind, content),) = form.items()
    if kind in {"hex", "ascii", "repeat"}:
        return parse_bytes(form, path)
    reader = _READERS.get(kind)
    if reader is None:
        known = ", ".join(["hex", "ascii", "repeat", *_READERS])
        raise FormError(f"unknown kind of value {short(str(kind))}", path=path, remedy=f"known are {known}")
    return reader(content, (*path, kind))


def _text(content: Any, path: Path) -> Text:
    return Text(parse_string(content, path))


def _integer(content: Any, path: Path) -> int:
    text = parse_string(content, path)
    if len(text) > _MAX_DIGITS or not _INTEGER.match(text):
        raise FormError(f"{short(text)} is no decimal integer", path=path)
    return int(text)


def _float(content: Any, path: Path) -> float:
    text = parse_string(content, path)
    if len(text) > _MAX_DIGITS or not _FLOAT.match(text):
        raise FormError(f"{short(text)} is no float", path=path, remedy="digits, inf, -inf or nan")
    return float(text)


def _map(content: Any, path: Path) -> MapValue:
    pairs = []
    for index, pair in enumerate(parse_list(content, path)):
        where = (*path, index)
        if not isinstance(pair, list) or len(pair) != 2:
            raise FormError("a map is a list of [key, value] pairs", path=where)
        pairs.append((_parse(pair[0], (*where, 0)), _parse(pair[1], (*where, 1))))
    return MapValue(tuple(pairs))


def _set(content: Any, path: Path) -> SetValue:
    return SetValue(
        tuple(_parse(item, (*path, index)) for index, item in enumerate(parse_list(content, path)))
    )


def _tag(content: Any, path: Path) -> Value:
    pair = parse_list(content, path)
    if len(pair) != 2:
        raise FormError("a tag is [number, value]", path=path)
    number = _parse(pair[0], (*path, 0))
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 1 << 64:
        raise FormError(f"{display(number)} is no tag number", path=(*path, 0))
    value = _parse(pair[1], (*path, 1))
    # One normal form: a decoder that knows no sets reports the same octets as a generic tag.
    if number == _SET_TAG and isinstance(value, tuple):
        return SetValue(value)
    return TagValue(number, value)


_READERS: Final[Mapping[str, Callable[[Any, Path], Value]]] = MappingProxyType(
    {"text": _text, "int": _integer, "float": _float, "map": _map, "set": _set, "tag": _tag}
)


def to_wire(value: Value) -> Any:
    """Write a value in the one canonical form of the harness protocol.

    Bytestrings become `{"hex": …}`, integers beyond ±2^53 `{"int": …}`; pairs keep their order, because the order in
    which a caller hands over arguments may be what a case is about.

    Returns:
        something that every JSON writer can write.

    Raises:
        TypeError: `value` is no value of the format.
    """
    match value:
        case None | bool():
            return value
        case int():
            return value if -_MAX_EXACT <= value <= _MAX_EXACT else {"int": str(value)}
        case bytes():
            return {"hex": value.hex()}
        case float():
            return {"float": repr(value)}
        case Text():
            return {"text": value.text}
        case tuple():
            return [to_wire(item) for item in value]
        case MapValue():
            return {"map": [[to_wire(key), to_wire(item)] for key, item in value.pairs]}
        case SetValue():
            return {"set": [to_wire(item) for item in value.items]}
        case TagValue():
            return {"tag": [to_wire(value.tag), to_wire(value.value)]}
        case _:
            raise TypeError(f"{type(value).__name__} is no value of the format")


#: What values can be; `keys` are those of a map that are no bytestrings.
VALUE_TYPES: Final = frozenset(
    {"bool", "bytes", "float", "int", "keys", "list", "map", "null", "set", "tag", "text"}
)


def value_types(value: Value) -> frozenset[str]:
    """Name the types of a value and of all values in it; each is one of `VALUE_TYPES`."""
    match value:
        case None:
            return frozenset({"null"})
        case Text():
            return frozenset({"text"})
        case tuple():
            return frozenset({"list"}).union(*map(value_types, value))
        case MapValue():
            others = [key for key, _ in value.pairs if not isinstance(key, bytes)]
            parts = [*others, *(item for _, item in value.pairs)]
            return frozenset({"map"} | ({"keys"} if others else set())).union(*map(value_types, parts))
        case SetValue():
            return frozenset({"set"}).union(*map(value_types, value.items))
        case TagValue():
            return value_types(value.value) | {"tag"}
        case _:
            return frozenset({type(value).__name__})


def equal(left: Any, right: Any) -> bool:
    """Whether two values are the same value of the protocol.

    Types count (`True` is not 1, 1 is not 1.0, a bytestring is no text string), the order of maps and sets does not.
    NaN is equal to NaN: the question is what was decoded, not what arithmetic says. Anything that is no value of the
    format (a frame, a string) is compared by type and `==`.
    """
    if type(left) is not type(right):
        return False
    if isinstance(left, tuple):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, float):
        return repr(left) == repr(right)
    return bool(left == right)


def _key(value: Value) -> str:
    """A string that is equal for equal values only: maps and sets are sorted by it."""
    match value:
        case None:
            return "n"
        case bool():
            return "t" if value else "f"
        case int():
            return f"i{value}"
        case float():
            return f"d{value!r}"
        case bytes():
            return f"b{value.hex()}"
        case Text():
            return f"s{value.text.encode('utf-8', 'surrogatepass').hex()}"
        case tuple():
            return f"[{','.join(map(_key, value))}]"
        case MapValue():
            return f"{{{','.join(sorted(f'{_key(key)}:{_key(item)}' for key, item in value.pairs))}}}"
        case SetValue():
            return f"<{','.join(sorted(map(_key, value.items)))}>"
        case TagValue():
            return f"g{value.tag}({_key(value.value)})"


def display(value: Any, limit: int = 64) -> str:
    """Write a value for people, in the literals of the frame notation: `b'name'`, `'text'`, `{k: v}`.

    Args:
        value: a value, or a plain string of an action's `message`.
        limit: octets of a bytestring that are shown before it is cut, with its length said.
    """
    match value:
        case bytes() if len(value) > limit:
            return f"{value[:limit]!r}… ({len(value)} octets)"
        case Text():
            return repr(value.text)
        case tuple():
            return f"[{', '.join(display(item, limit) for item in value)}]"
        case MapValue():
            pairs = (f"{display(key, limit)}: {display(item, limit)}" for key, item in value.pairs)
            return f"{{{', '.join(pairs)}}}"
        case SetValue():
            return f"set({', '.join(display(item, limit) for item in value.items)})"
        case TagValue():
            return f"tag({value.tag}, {display(value.value, limit)})"
        case _:
            return repr(value)
