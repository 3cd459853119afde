"""Sender protocol settings: what a peer says of itself before anything else (SET-001 to SET-008)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from hgframing._cbor import CborError, CborErrorKind, decode_one, encode_value
from hgframing._errors import FaultCode, FaultRaised
from hgframing._limits import Limits
from hgframing._revisions import Revision


__all__ = ["SettingsReader", "build_settings", "choose_encoding"]

_WHERE: Final = "sender protocol settings frame"
#: What Mercurial says where the octets are CBOR, but not one value (sheet r5, "protocol-settings-receiving").
_WORDS: Final = {
    CborErrorKind.EMPTY: f"{_WHERE} did not contain CBOR data",
    CborErrorKind.TRUNCATED: f"{_WHERE} did not contain CBOR data",
    CborErrorKind.TRAILING: f"{_WHERE} contained multiple CBOR values",
}


class SettingsReader:
    """Joins the peer's settings frames and reads them.

    Use one per connection: settings come once, before everything else (SET-005). That they do is the table's business.

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

        Args:
            payload: as it was received.
            is_last: whether the settings are complete with it (SET-006).

        Returns:
            The content encodings that the peer offers, most preferred first (SET-002), known to us or not; none where
            it names none, which offers `identity` alone (SET-003), and as long as more frames follow.

        Raises:
            FaultRaised: `limit-exceeded` where the settings are too long, `bad-cbor` where they are not one CBOR value,
                `bad-payload` where they are no map (SET-001) or the encodings no array of bytestrings (SET-002).
        """
        self._octets += payload
        if len(self._octets) > self._limits.max_settings_octets:
            message = (
                f"sender protocol settings exceed the limit of {self._limits.max_settings_octets} octets"
            )
            raise FaultRaised(FaultCode.LIMIT_EXCEEDED, message)
        return self._read(bytes(self._octets)) if is_last else ()

    def _read(self, octets: bytes) -> tuple[bytes, ...]:
        try:
            value = decode_one(octets, self._revision.cbor, max_depth=self._limits.max_cbor_depth)
        except CborError as error:
            message = _WORDS.get(error.kind, f"error decoding CBOR from {_WHERE}: {error}")
            raise FaultRaised(FaultCode.BAD_CBOR, message) from error
        if type(value) is not dict:
            raise FaultRaised(FaultCode.BAD_PAYLOAD, f"{_WHERE} is not a map")
        names = value.get(b"contentencodings", [])
        if type(names) is not list or not all(type(name) is bytes for name in names):
            message = f"{_WHERE}: contentencodings is not an array of bytestrings"
            raise FaultRaised(FaultCode.BAD_PAYLOAD, message)
        return tuple(names)


def choose_encoding(revision: Revision, offered: Collection[bytes]) -> str:
    """Choose the encoding of our own streams.

    The server's order wins over the client's (sheet r5, "Content encoding profiles"), and nothing is chosen that was
    not offered (SET-004).

    Args:
        revision: its encodings, the most preferred first.
        offered: names that the peer listed, in any order.

    Returns:
        The name; `identity` where nothing fits, because every peer must support it (ENC-008).
    """
    return next((name for name in revision.encodings if name.encode() in offered), "identity")


def build_settings(encodings: Collection[str], revision: Revision) -> bytes:
    """Make the payload of a settings frame that offers content encodings (SET-001, SET-002).

    Args:
        encodings: names, ASCII, the most preferred first.
        revision: a revision with sender settings; says how CBOR is written.

    Returns:
        A CBOR map.
    """
    value = {b"contentencodings": [name.encode() for name in encodings]}
    return encode_value(value, revision.cbor)
