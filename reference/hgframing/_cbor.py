"""CBOR as the protocol uses it, strictly.

The octets come from a peer, so a decoder of general use is not enough: cbor2 would ignore what follows a value, build
regular expressions, decimals and cycles from tags, and accept every type there is. This module is the only one that
imports it, and adds

* one value and nothing behind it, or a whole sequence of values;
* the types of the protocol only: since `0006` integers, bytestrings, arrays, maps, sets (tag 258), booleans and null
  (sheet r5, "CBOR subset"; CBOR-001 to CBOR-008); before it, text, floats and indefinite lengths too;
* no duplicate keys, and a bounded depth in both directions.

Known limit: Python holds 1 and true to be one key, so a map with both is refused as a duplicate.
"""

from __future__ import annotations

import enum
import io

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import cbor2

from hgframing._errors import LocalProtocolError


__all__ = [
    "CborError",
    "CborErrorKind",
    "KeyOrder",
    "Value",
    "decode_one",
    "decode_sequence",
    "encode_value",
]

#: A CBOR value as Python has it: int, bytes, str, float, bool, None, list, dict, set. Its keys are scalars.
Value: TypeAlias = Any

#: Depth that the encoder accepts. Beyond a few thousand cbor2's encoder would exhaust the C stack.
_MAX_ENCODED_DEPTH: Final = 64

_SET_TAG: Final = 258


class KeyOrder(enum.Enum):
    """In which order a sender writes the keys of a map; receivers accept any."""

    #: Shorter encodings first, then bytewise: RFC 7049 "canonical" (both `0005` revisions).
    LENGTH_FIRST = enum.auto()
    #: By the key's octets, whatever its length (`0006`).
    BYTEWISE = enum.auto()


class CborErrorKind(enum.Enum):
    """Why octets are not what was expected."""

    EMPTY = enum.auto()
    TRUNCATED = enum.auto()
    TRAILING = enum.auto()
    INVALID = enum.auto()


class CborError(Exception):
    """The octets of a peer are not the CBOR that was expected. Becomes a fault; never leaves a reactor."""

    def __init__(self, kind: CborErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def _refuse_tag(*_: object) -> Any:
    raise ValueError("semantic tag not allowed")


#: Every tag that cbor2 would turn into something, except the set.
_REFUSED_TAGS: Final = dict.fromkeys(
    (0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 260, 261, 1004, 43000, 55799),
    _refuse_tag,
)

_SUBSET_SCALARS: Final[frozenset[type]] = frozenset({bytes, int, bool, type(None)})
_GENERAL_SCALARS: Final[frozenset[type]] = _SUBSET_SCALARS | {str, float}


def _check_types(value: Value, scalars: frozenset[type]) -> None:
    """Refuse a decoded value that holds a type the revision does not have.

    This is a third of what a small request costs: containers wait in a list that grows while it is walked.
    """
    if type(value) in scalars:
        return
    pending = [value]
    for node in pending:
        kind = type(node)
        if kind is dict:
            for key, member in node.items():
                if type(key) not in scalars:
                    raise CborError(CborErrorKind.INVALID, f"{type(key).__name__} not allowed as map key")
                if type(member) not in scalars:
                    pending.append(member)
        elif kind is list or kind is tuple:
            pending.extend([member for member in node if type(member) not in scalars])
        elif kind is set or kind is frozenset:
            for member in node:
                if type(member) not in scalars:
                    raise CborError(CborErrorKind.INVALID, f"{type(member).__name__} not allowed in a set")
        else:
            raise CborError(CborErrorKind.INVALID, f"{kind.__name__} not allowed")


def _decode_next(source: io.BytesIO, *, subset: bool, max_depth: int) -> Value:
    try:
        value = cbor2.CBORDecoder(
            source,
            tag_hook=_refuse_tag,
            semantic_decoders=_REFUSED_TAGS,
            max_depth=max_depth,
            allow_indefinite=not subset,
            allow_duplicate_keys=False,
        ).decode()
    except cbor2.CBORDecodeEOF as error:
        raise CborError(CborErrorKind.TRUNCATED, "input data not complete") from error
    except (cbor2.CBORDecodeError, ValueError, TypeError, OverflowError) as error:
        raise CborError(CborErrorKind.INVALID, str(error.__cause__ or error)) from error
    _check_types(value, _SUBSET_SCALARS if subset else _GENERAL_SCALARS)
    return value


def decode_one(octets: bytes, *, subset: bool, max_depth: int) -> Value:
    """Decode octets that must be one CBOR value and nothing else.

    Args:
        octets: what the peer sent, already joined.
        subset: whether only the types of `0006` are allowed.
        max_depth: nested containers allowed, 1 or more.

    Raises:
        CborError: they are not.
    """
    if not octets:
        raise CborError(CborErrorKind.EMPTY, "no CBOR data")
    source = io.BytesIO(octets)
    value = _decode_next(source, subset=subset, max_depth=max_depth)
    if source.tell() != len(octets):
        raise CborError(CborErrorKind.TRAILING, "octets after the CBOR value")
    return value


def decode_sequence(octets: bytes, *, subset: bool, max_depth: int) -> tuple[Value, ...]:
    """Decode octets that must be whole CBOR values one after the other; none for no octets.

    Raises:
        CborError: something else is among them, or the last value is cut off.
    """
    source = io.BytesIO(octets)
    values = []
    while source.tell() != len(octets):
        values.append(_decode_next(source, subset=subset, max_depth=max_depth))
    return tuple(values)


def _bytewise(key: Value) -> tuple[str, Any]:
    return type(key).__name__, 0 if key is None else key


def _length_first(key: Value) -> tuple[int, bytes]:
    encoded = cbor2.dumps(key)
    return len(encoded), encoded


def _ordered(value: Value, order: KeyOrder, depth: int) -> Value:
    """Copy a value with its maps and sets in the order in which they are written."""
    if depth > _MAX_ENCODED_DEPTH:
        raise LocalProtocolError(f"value is nested more than {_MAX_ENCODED_DEPTH} deep")
    rank = _bytewise if order is KeyOrder.BYTEWISE else _length_first
    match value:
        case bool() | int() | bytes() | str() | float() | None:
            return value
        case Mapping():
            return {key: _ordered(value[key], order, depth + 1) for key in sorted(value, key=rank)}
        case set() | frozenset():
            return cbor2.CBORTag(
                _SET_TAG, [_ordered(item, order, depth + 1) for item in sorted(value, key=rank)]
            )
        case Sequence():
            return [_ordered(item, order, depth + 1) for item in value]
        case _:
            raise LocalProtocolError(f"{type(value).__name__} cannot be sent as CBOR")


def encode_value(value: Value, order: KeyOrder) -> bytes:
    """Encode one value, its maps in the order of the revision.

    Raises:
        LocalProtocolError: a type that CBOR has not here, an integer beyond 64 bits, or too deep.
    """
    ordered = _ordered(value, order, 0)
    try:
        encoded: bytes = cbor2.dumps(ordered)
    except (cbor2.CBOREncodeError, ValueError, TypeError, OverflowError) as error:
        raise LocalProtocolError(f"cannot be sent as CBOR: {error}") from error
    return encoded
