"""Payloads that are one CBOR map."""

from __future__ import annotations

from collections.abc import Mapping

from hgframing._cbor import CborError, Value, decode_one
from hgframing._errors import FaultCode, FaultRaised
from hgframing._revisions import Revision


__all__ = ["parse_map"]


def parse_map(octets: bytes, revision: Revision, max_depth: int, what: str) -> Mapping[Value, Value]:
    """Decode octets that must be one CBOR map.

    Args:
        octets: the joined payload.
        revision: says which CBOR is allowed.
        max_depth: nested containers allowed.
        what: names the payload in messages.

    Raises:
        FaultRaised: `bad-cbor` or `bad-payload`.
    """
    try:
        value = decode_one(octets, revision.cbor, max_depth=max_depth)
    except CborError as error:
        raise FaultRaised(FaultCode.BAD_CBOR, f"error decoding CBOR from {what}: {error}") from error
    if type(value) is not dict:
        raise FaultRaised(FaultCode.BAD_PAYLOAD, f"{what} is not a map")
    return value
