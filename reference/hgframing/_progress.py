"""Progress operations: the payload of progress frames, both directions (sheet r3, "Payloads"; PROG-001 to PROG-008).

Builders raise `LocalProtocolError` for what may not be sent; parsers raise `FaultRaised` for what may not be received.
Mercurial has neither (D85), so every message is our own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hgframing._cbor import Value, encode_value
from hgframing._errors import FaultCode, FaultRaised, LocalProtocolError
from hgframing._limits import DEFAULT_MAX_FRAME
from hgframing._maps import parse_map
from hgframing._revisions import Revision


__all__ = ["build_progress", "parse_progress"]


_FIELDS: Final = frozenset({b"topic", b"pos", b"total", b"label", b"item"})


def build_progress(fields: Mapping[bytes, Value], revision: Revision) -> bytes:
    """Make the payload of a progress frame; one operation, one frame (PROG-001).

    Args:
        fields: `topic`, `pos` (-1 ends the topic) and `total` (0 or more), optional `label` and `item`. Their strings
            become valid UTF-8 (PROG-006).
        revision: says how CBOR is written.

    Returns:
        A CBOR map.

    Raises:
        LocalProtocolError: a field is unknown, missing or of the wrong type, or they do not fit one frame.
    """
    if unknown := fields.keys() - _FIELDS:
        raise LocalProtocolError(f"progress has no field {min(unknown, key=repr)!r}")
    normalised = {
        key: value.decode("utf-8", "replace").encode() if isinstance(value, bytes) else value
        for key, value in fields.items()
    }
    try:
        _check_progress(normalised)
    except FaultRaised as error:
        raise LocalProtocolError(str(error)) from error
    payload = encode_value(normalised, revision.cbor)
    if len(payload) > DEFAULT_MAX_FRAME:
        raise LocalProtocolError(f"progress of {len(payload)} octets does not fit one frame")
    return payload


def parse_progress(octets: bytes, revision: Revision, max_depth: int) -> Mapping[bytes, Value]:
    """Read the payload of a progress frame (PROG-001, PROG-007).

    Args:
        octets: the payload, decoded.
        revision: says which CBOR is allowed.
        max_depth: nested containers allowed, 1 or more.

    Returns:
        The map, checked: `topic`, `pos` and `total` are there, `label` and `item` may be. Unknown keys are kept.

    Raises:
        FaultRaised: `bad-cbor` where the octets are not one CBOR value, `bad-payload` where it is no such map or a
            string is not UTF-8.
    """
    value = parse_map(octets, revision, max_depth, "progress")
    _check_progress(value)
    return value


def _check_progress(value: Mapping[Value, Value]) -> None:
    """Say whether a map is a progress operation.

    Raises:
        FaultRaised: `bad-payload`.
    """
    numbers = type(value.get(b"pos")) is int and type(value.get(b"total")) is int
    if not numbers or value[b"pos"] < -1 or value[b"total"] < 0:
        raise FaultRaised(FaultCode.BAD_PAYLOAD, "progress needs an integer pos and an unsigned total")
    strings = [value.get(b"topic"), *(value[name] for name in (b"label", b"item") if name in value)]
    for string in strings:
        if type(string) is not bytes:
            raise FaultRaised(FaultCode.BAD_PAYLOAD, "progress topic, label and item must be bytestrings")
        try:
            string.decode()
        except UnicodeDecodeError as error:
            raise FaultRaised(FaultCode.BAD_PAYLOAD, "progress strings must be UTF-8") from error
