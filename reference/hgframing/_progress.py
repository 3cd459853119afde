"""Progress operations: the payload of progress frames. Both directions."""

from __future__ import annotations

from collections.abc import Mapping

from hgframing._cbor import Value, encode_value
from hgframing._errors import FaultCode, FaultRaised, LocalProtocolError
from hgframing._maps import parse_map
from hgframing._revisions import Revision


__all__ = ["build_progress", "parse_progress"]


def build_progress(fields: Mapping[bytes, Value], revision: Revision) -> bytes:
    """Make the payload of a progress frame; its strings become valid UTF-8 (PROG-001, PROG-006).

    Raises:
        LocalProtocolError: a field has the wrong type.
    """
    normalised = {
        key: value.decode("utf-8", "replace").encode() if isinstance(value, bytes) else value
        for key, value in fields.items()
    }
    try:
        _check_progress(normalised)
    except FaultRaised as error:
        raise LocalProtocolError(str(error)) from error
    return encode_value(normalised, revision.cbor)


def parse_progress(octets: bytes, revision: Revision, max_depth: int) -> Mapping[bytes, Value]:
    """Read the payload of a progress frame (PROG-001, PROG-007).

    Raises:
        FaultRaised: `bad-cbor` or `bad-payload`.
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
    strings = [value.get(b"topic"), value.get(b"label", b""), value.get(b"item", b"")]
    for string in strings:
        if type(string) is not bytes:
            raise FaultRaised(FaultCode.BAD_PAYLOAD, "progress topic, label and item must be bytestrings")
        try:
            string.decode()
        except UnicodeDecodeError as error:
            raise FaultRaised(FaultCode.BAD_PAYLOAD, "progress strings must be UTF-8") from error
