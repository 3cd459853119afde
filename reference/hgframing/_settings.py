"""Sender protocol settings: what a peer says of itself before anything else (SET-001 to SET-008)."""

from __future__ import annotations

from collections.abc import Collection

from hgframing._cbor import CborDialect, CborError, CborErrorKind, decode_one, encode_value
from hgframing._errors import FaultCode, FaultRaised
from hgframing._limits import Limits
from hgframing._revisions import Revision


__all__ = ["SettingsReader", "build_settings", "choose_encoding"]

_WHERE = "sender protocol settings frame"


class SettingsReader:
    """Joins the peer's settings frames and reads them.

    Args:
        revision: says which CBOR is allowed.
        limits: `max_settings_octets` and `max_cbor_depth` are asked.
    """

    def __init__(self, revision: Revision, limits: Limits) -> None:
        self._revision = revision
        self._limits = limits
        self._octets = bytearray()

    def receive(self, payload: bytes, *, is_last: bool) -> tuple[bytes, ...]:
        """Take the payload of one settings frame.

        Returns:
            The content encodings that the peer offers, most preferred first; `identity` where it names none (SET-003)
            and as long as more frames follow.

        Raises:
            FaultRaised: the settings are too long, not CBOR, or not of the right shape.
        """
        self._octets += payload
        if len(self._octets) > self._limits.max_settings_octets:
            message = (
                f"sender protocol settings exceed the limit of {self._limits.max_settings_octets} octets"
            )
            raise FaultRaised(FaultCode.LIMIT_EXCEEDED, message)
        if not is_last:
            return (b"identity",)
        octets = bytes(self._octets)
        self._octets.clear()
        return self._read(octets)

    def _read(self, octets: bytes) -> tuple[bytes, ...]:
        try:
            value = decode_one(octets, CborDialect.SUBSET, max_depth=self._limits.max_cbor_depth)
        except CborError as error:
            match error.kind:
                case CborErrorKind.EMPTY | CborErrorKind.TRUNCATED:
                    message = f"{_WHERE} did not contain CBOR data"
                case CborErrorKind.TRAILING:
                    message = f"{_WHERE} contained multiple CBOR values"
                case CborErrorKind.INVALID:
                    message = f"error decoding CBOR from {_WHERE}: {error}"
            raise FaultRaised(FaultCode.BAD_CBOR, message) from error
        if type(value) is not dict:
            raise FaultRaised(FaultCode.BAD_PAYLOAD, f"{_WHERE} is not a map")
        names = value.get(b"contentencodings", [b"identity"])
        if type(names) is not list or not all(type(name) is bytes for name in names):
            message = f"{_WHERE}: contentencodings is not an array of bytestrings"
            raise FaultRaised(FaultCode.BAD_PAYLOAD, message)
        return tuple(names)


def choose_encoding(revision: Revision, offered: Collection[bytes]) -> str:
    """Choose the encoding of our own streams: the revision's first that the peer offers (SET-004).

    `identity` where nothing fits: every peer must support it (ENC-008).
    """
    return next((name for name in revision.encodings if name.encode() in offered), "identity")


def build_settings(encodings: Collection[str], revision: Revision) -> bytes:
    """Make the payload that offers content encodings, most preferred first (SET-002)."""
    value = {b"contentencodings": [name.encode() for name in encodings]}
    return encode_value(value, revision.cbor)
