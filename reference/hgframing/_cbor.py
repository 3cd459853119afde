"""CBOR as the protocol uses it, strictly.

The octets come from a peer, so a decoder of general use is not enough: cbor2 would ignore what follows a value, build
regular expressions, decimals and cycles from tags, and accept every type there is. This module is the only one that
imports it, and adds

* one value and nothing behind it, or a whole sequence of values;
* the types of the protocol only: since `0006` integers, bytestrings, arrays, maps, sets (tag 258), booleans and null
  (sheet r5, "CBOR subset"; CBOR-001 to CBOR-008); before it, text, floats and indefinite lengths too;
* no duplicate keys, and a bounded depth in both directions.

Integers reach from -2^64 to 2^64-1, what CBOR can say without tags. A repeated member of a set is no error.

Known limit: Python holds 1 and true to be one key, so a map with both is refused as a duplicate.
"""

from __future__ import annotations

import enum
import io

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

import cbor2

from hgframing._errors import HgFramingError, LocalProtocolError


__all__ = [
    "CborDialect",
    "CborError",
    "CborErrorKind",
    "Value",
    "decode_one",
    "decode_sequence",
    "encode_value",
]

#: A CBOR value as Python has it: int, bytes, str, float, bool, None, list, dict, set. Its keys are scalars.
Value: TypeAlias = Any

#: Nested containers that the encoder accepts. Beyond a few thousand cbor2's encoder would exhaust the C stack.
_MAX_ENCODED_DEPTH: Final = 64

_SET_TAG: Final = 258
#: Integers reach from -2^64 to 2^64-1.
_INTEGER_LIMIT: Final = 1 << 64
#: The first octet of a bytestring of indefinite length.
_INDEFINITE_BYTES: Final = 0x5F


class CborDialect(enum.Enum):
    """Which CBOR a revision speaks. Receivers accept the keys of a map in any order."""

    # The identity hash of object is an order of magnitude cheaper than enum's own, and this is the hot path.
    __hash__ = object.__hash__

    #: Both `0005`: text, floats and indefinite lengths too. Written with the shorter keys first, then bytewise, which
    #: RFC 7049 calls canonical.
    GENERAL = enum.auto()
    #: `0006`: the protocol's own subset. Written with the keys in the order of their octets, whatever their length.
    SUBSET = enum.auto()


class CborErrorKind(enum.Enum):
    """Why octets are not what was expected."""

    #: There are none.
    EMPTY = enum.auto()
    #: They end inside a value.
    TRUNCATED = enum.auto()
    #: They go on after a value where one is wanted.
    TRAILING = enum.auto()
    #: They are no CBOR, or none that the dialect has.
    INVALID = enum.auto()


class CborError(HgFramingError):
    """The octets of a peer are not the CBOR that was expected.

    Raised by `decode_one` and `decode_sequence` alone; in a reactor it becomes a fault and never leaves.

    Attributes:
        kind: in which way they are not.
    """

    def __init__(self, kind: CborErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


# Looking a member up on its class costs more than comparing with it.
_GENERAL: Final = CborDialect.GENERAL
_SUBSET_SCALARS: Final[frozenset[type]] = frozenset({bytes, int, bool, type(None)})
#: What is no container, and may be a key.
_SCALARS: Final[Mapping[CborDialect, frozenset[type]]] = {
    CborDialect.GENERAL: _SUBSET_SCALARS | {str, float},
    CborDialect.SUBSET: _SUBSET_SCALARS,
}


class _Tags(dict[int, Callable[..., Any]]):
    """What cbor2 asks for the meaning of a tag: it is a set or refused, those too that a later cbor2 would know.

    Args:
        scalars: what may be in a set.
    """

    def __init__(self, scalars: frozenset[type]) -> None:
        super().__init__({_SET_TAG: self._make_set})
        self._scalars = scalars

    def __missing__(self, _tag: int) -> Callable[..., Any]:
        raise ValueError("semantic tag not allowed")

    def _make_set(self, members: Value, is_key: bool) -> Value:  # noqa: FBT001 -- as cbor2 calls it
        """Make a set in which nothing hides: to Python 1, 1.0 and the simple value 1 are one member."""
        if not isinstance(members, (list, tuple)):
            raise ValueError(f"{type(members).__name__} cannot be a set")  # noqa: TRY004 -- the octets are wrong
        for member in members:
            if type(member) not in self._scalars:
                raise ValueError(f"{type(member).__name__} not allowed in a set")
        return frozenset(members) if is_key else set(members)


#: Octets that an idle decoder may keep alive: those that it decoded last.
_KEPT_OCTETS: Final = 4096
#: Decoders that nobody uses at the moment, by what they allow: to make one costs as much as to decode a small request.
#: Taking from a list and adding to it is atomic, so that reactors in several threads never share one.
_IDLE_DECODERS: Final[dict[tuple[CborDialect, bool, int], list[cbor2.CBORDecoder]]] = {}


def _check_types(value: Value, scalars: frozenset[type]) -> None:
    """Refuse a decoded value that holds a type the dialect does not have.

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
        elif kind is list:
            pending.extend([member for member in node if type(member) not in scalars])
        elif kind is not set:
            raise CborError(CborErrorKind.INVALID, f"{kind.__name__} not allowed")


def _make_decoder(dialect: CborDialect, *, allow_indefinite: bool, max_depth: int) -> cbor2.CBORDecoder:
    return cbor2.CBORDecoder(
        io.BytesIO(),
        semantic_decoders=_Tags(_SCALARS[dialect]),
        max_depth=max_depth,
        allow_indefinite=allow_indefinite,
        allow_duplicate_keys=False,
    )


def _decode_next(source: io.BytesIO, octets: bytes, dialect: CborDialect, max_depth: int) -> Value:
    """Decode the value at which `source` stands, a reader of `octets`."""
    size = len(octets)
    first = octets[source.tell()]
    # Of indefinite lengths the subset has only bytestrings that are in no container (CBOR-004).
    allow_indefinite = first == _INDEFINITE_BYTES or dialect is _GENERAL
    idle = _IDLE_DECODERS.setdefault((dialect, allow_indefinite, max_depth), [])
    try:
        decoder = idle.pop()
    except IndexError:
        decoder = _make_decoder(dialect, allow_indefinite=allow_indefinite, max_depth=max_depth)
    try:
        decoder.fp = source
        value = decoder.decode()
    except cbor2.CBORDecodeEOF as error:
        raise CborError(CborErrorKind.TRUNCATED, "input data not complete") from error
    except (cbor2.CBORDecodeError, ValueError, TypeError, OverflowError) as error:
        raise CborError(CborErrorKind.INVALID, str(error)) from error
    # A decoder that failed is not used again: what it remembers is its own. Nor is one that would keep much alive.
    if size <= _KEPT_OCTETS:
        idle.append(decoder)
    _check_types(value, _SCALARS[dialect])
    return value


def decode_one(octets: bytes, dialect: CborDialect, *, max_depth: int) -> Value:
    """Decode octets that must be one CBOR value and nothing else.

    Use this for everything that a peer sends and the text calls one value (REQ-001, SET-001, TEXT-004, PROG-001).

    Args:
        octets: what the peer sent, already joined.
        dialect: which CBOR is allowed.
        max_depth: containers that a value may lie in, 1 or more; a set counts twice, for its tag.

    Returns:
        The value: int, bytes, bool, None, list, dict, set; in the general dialect also str and float.

    Raises:
        CborError: they are not; its `kind` says in which way.
    """
    if not octets:
        raise CborError(CborErrorKind.EMPTY, "no CBOR data")
    source = io.BytesIO(octets)
    value = _decode_next(source, octets, dialect, max_depth)
    if source.tell() != len(octets):
        raise CborError(CborErrorKind.TRAILING, "octets after the CBOR value")
    return value


def decode_sequence(octets: bytes, dialect: CborDialect, *, max_depth: int) -> tuple[Value, ...]:
    """Decode octets that must be whole CBOR values one after the other.

    Use this for stream settings (ENC-003) and for the joined data of a response (RSP-005).

    Args:
        octets: what the peer sent, already joined.
        dialect: which CBOR is allowed.
        max_depth: containers that a value may lie in, 1 or more; a set counts twice, for its tag.

    Returns:
        The values; none for no octets.

    Raises:
        CborError: `INVALID` if something else is among them, `TRUNCATED` if one of them is not whole.
    """
    source = io.BytesIO(octets)
    values: list[Value] = []
    while source.tell() != len(octets):
        values.append(_decode_next(source, octets, dialect, max_depth))
    return tuple(values)


def _bytewise(key: Value) -> tuple[str, Any]:
    # Two keys of one type are never both null, so null is compared with nothing.
    return type(key).__name__, key


def _length_first(key: Value) -> tuple[int, bytes]:
    encoded = cbor2.dumps(key)
    return len(encoded), encoded


def _prepare_scalar(value: Value) -> Value:
    if type(value) is int and not -_INTEGER_LIMIT <= value < _INTEGER_LIMIT:
        raise LocalProtocolError("big integers not supported")
    return value


def _prepare_scalars(members: Iterable[Value], dialect: CborDialect) -> list[Value]:
    """Sort keys of a map or members of a set into the order in which they are written."""
    items = list(members)
    for item in items:
        if type(item) not in _SCALARS[dialect]:
            raise LocalProtocolError(f"{type(item).__name__} cannot be a key or a member of a set")
        _prepare_scalar(item)
    return sorted(items, key=_bytewise if dialect is CborDialect.SUBSET else _length_first)


def _prepare(value: Value, dialect: CborDialect, depth: int) -> Value:
    """Copy a value with its maps and sets in the order in which they are written.

    Args:
        value: what is to be sent.
        dialect: which types there are, and the order.
        depth: the containers around the value.
    """
    if type(value) in _SCALARS[dialect]:
        return _prepare_scalar(value)
    if depth == _MAX_ENCODED_DEPTH:
        raise LocalProtocolError(f"value is nested more than {_MAX_ENCODED_DEPTH} deep")
    inside = depth + 1
    match value:
        case Mapping():
            keys = _prepare_scalars(value, dialect)
            return {key: _prepare(value[key], dialect, inside) for key in keys}
        case set() | frozenset():
            return cbor2.CBORTag(_SET_TAG, _prepare_scalars(value, dialect))
        case list() | tuple():
            return [_prepare(item, dialect, inside) for item in value]
        case _:
            raise LocalProtocolError(f"{type(value).__name__} cannot be sent as CBOR")


def encode_value(value: Value, dialect: CborDialect) -> bytes:
    """Encode one value.

    Use this for every CBOR value that is sent; the sender's rules are CBOR-001 to CBOR-008.

    Args:
        value: of the types that the dialect has; any mapping is a map, lists and tuples are arrays. Types are exact:
            a subclass of int is none of them.
        dialect: decides on the types and on the order of keys.

    Returns:
        Octets: every length definite, every integer as short as it can be.

    Raises:
        LocalProtocolError: a type that the dialect has not, an integer beyond 64 bits, text that UTF-8 cannot say, or
            more than 64 nested containers.
    """
    try:
        encoded: bytes = cbor2.dumps(_prepare(value, dialect, 0))
    except UnicodeEncodeError as error:
        raise LocalProtocolError("text with surrogates cannot be sent as CBOR") from error
    return encoded
