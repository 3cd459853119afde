"""CBOR that is almost right: heads that lie, keys that come twice or not at all, forms that the subset excludes.

The payloads are made of right ones by changing octets; whether one is still a single value is asked of the judge's own
reader, which shares no code with the reference's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from hgframing import CborDialect, encode_value
from hgframing_conformance._payloads import NotCborError, read_sequence


__all__ = ["CborFault", "cbor_faults"]

_LENGTHS: Final = (2, 4, 5)
_MAP: Final = 5
#: The longest count that a head can say: eight octets.
_HUGE: Final = b"\xff" * 8
_INLINE: Final = 24


class CborFault(NamedTuple):
    """A payload that its receiver must not act on.

    Attributes:
        label: for the id of a case.
        what: in words.
        payload: the octets.
        violated: the requirement that its sender breaks; empty: no text speaks of it.
    """

    label: str
    what: str
    payload: bytes
    violated: str = ""


def cbor_faults(value: Any, required: Sequence[bytes], dialect: CborDialect) -> Iterator[CborFault]:
    """Yield what can be wrong with a value.

    Args:
        value: a right one; its encoding has no head longer than an octet.
        required: keys that it must have, if it is a map.
        dialect: how it is encoded.
    """
    whole = encode_value(value, dialect)
    yield from _lies(whole)
    if not isinstance(value, dict):
        return
    for key in value:
        pair = encode_value(key, dialect) + encode_value(value[key], dialect)
        doubled = bytes([whole[0] + 1]) + whole[1:] + pair
        yield CborFault(f"{key.decode()}-twice", f"that has {key.decode()} twice", doubled)
    for key in required:
        rest = {other: item for other, item in value.items() if other != key}
        yield CborFault(f"without-{key.decode()}", f"without {key.decode()}", encode_value(rest, dialect))
    if dialect is CborDialect.SUBSET:
        yield from _excluded(whole)


def _lies(whole: bytes) -> Iterator[CborFault]:
    """Change the count or length of every head; what is still one value is no fault."""
    for place in _heads(whole):
        major, count = whole[place] >> 5, whole[place] & 31
        kind = {2: "bytestring", 4: "array", 5: "map"}[major]
        for label, head in (
            ("more", bytes([whole[place] + 1]) if count + 1 < _INLINE else b""),
            ("less", bytes([whole[place] - 1]) if count else b""),
            ("huge", bytes([major << 5 | 27]) + _HUGE),
        ):
            payload = whole[:place] + head + whole[place + 1 :]
            if head and not _is_one_value(payload):
                words = {"more": "says one more than it has", "less": "says one less than it has"}
                what = f"in which the {kind} at octet {place} {words.get(label, 'says all that a head can')}"
                yield CborFault(f"octet-{place}-{label}", what, payload)


def _excluded(whole: bytes) -> Iterator[CborFault]:
    """Write the same map in forms that the subset has not."""
    yield CborFault("indefinite", "of indefinite length", b"\xbf" + whole[1:] + b"\xff", "CBOR-003")
    yield CborFault(
        "text-key", "whose first key is text", whole[:1] + bytes([whole[1] + 32]) + whole[2:], "CBOR-002"
    )
    yield CborFault("tagged", "that is tagged", b"\xc6" + whole, "CBOR-005")


def _heads(whole: bytes) -> Iterator[int]:
    """Find the heads that have a count or a length; all of them are one octet."""
    place = 0
    while place < len(whole):
        major, count = whole[place] >> 5, whole[place] & 31
        if major in _LENGTHS:
            yield place
        place += 1 + (count if major in (2, 3) else 0)


def _is_one_value(payload: bytes) -> bool:
    try:
        return len(read_sequence(payload)) == 1
    except NotCborError:
        return False
