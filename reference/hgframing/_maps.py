"""Payloads that are one CBOR map."""

from __future__ import annotations

from collections.abc import Mapping

from hgframing._cbor import CborError, Value, decode_one
from hgframing._errors import FaultCode, FaultRaised
from hgframing._revisions import Revision


__all__ = ["parse_map"]


def parse_map(octets: bytes, revision: Revision, max_depth: int, what: str) -> Mapping[Value, Value]:
    """Decode octets that must be one CBOR map.

    Use this for requests (REQ-001), CBOR errors (ERR-004) and progress (PROG-001); which keys a map must have is for
    the caller to say.

    Args:
        octets: the joined payload.
        revision: says which CBOR is allowed.
        max_depth: nested containers allowed, 1 or more.
        what: names the payload in messages.

    Returns:
        The map, its keys and values as they came.

    Raises:
        FaultRaised: `bad-cbor` where the octets are not one CBOR value, `bad-payload` where it is no map.
    """
    try:
        value = decode_one(octets, revision.cbor, max_depth=max_depth)
    except CborError as error:
        raise FaultRaised(FaultCode.BAD_CBOR, f"error decoding CBOR from {what}: {error}") from error
    if type(value) is not dict:
        raise FaultRaised(FaultCode.BAD_PAYLOAD, f"{what} is not a map")
    return value
