"""Bounds on everything that a peer can make grow.

The specification text asks for no limit but that of the payload (FRAME-003) and allows one for arguments (EXEC-002). A
receiver without limits can be made to hold gibibytes by a peer that sends kibibytes, so every quantity has one here.
Crossing one is a fault, never an exception, and the fault says which.

Two bounds are the protocol's own and not for a caller to choose: a stream ID has eight bits, so a peer has at most 128
streams; and the window of `zstd-8mb` is eight mebibytes (ENC-009).
"""

from __future__ import annotations

import dataclasses
import math

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hgframing._errors import LocalProtocolError


__all__ = [
    "DEFAULT_MAX_FRAME",
    "Limits",
]

#: Octets that senders cut payloads to. Mercurial's own figure; half of what FRAME-003 allows without negotiation.
DEFAULT_MAX_FRAME: Final = 32768

#: What a limit may be at least and at most, where that is not any number: no work at all would be possible below, and
#: the protocol cannot say more above.
_RANGES: Final[Mapping[str, tuple[int, float]]] = MappingProxyType(
    {
        "max_payload": (0, 0xFFFFFF),
        "max_requests": (1, 0x10000),
        "max_cbor_depth": (1, math.inf),
        "max_encoded_streams": (0, 128),
    }
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a peer may make a receiver hold.

    Attributes:
        max_payload: octets of one frame's payload, 0–16777215. The text forbids more than 65535 without negotiation,
            and no negotiation exists (FRAME-003).
        max_requests: requests that are being received or are not yet answered, 1–65536. A client uses odd IDs, so a
            revision allows 32768; a thousand is far beyond what pipelining gains.
        max_request_octets: octets of one request before it is whole: its CBOR or arguments, and its buffered data.
            16 MiB, a frame's largest payload.
        max_buffered_octets: the same over all requests of a connection. Four requests of the largest size.
        max_settings_octets: octets of a settings value that is split over frames. Settings are lists of names.
        max_cbor_octets: octets of CBOR that is decoded at once: a request without its data; text, progress and errors.
            2 MiB, which is ninety thousand node IDs. Of tiny values each octet becomes up to 72 of Python's objects.
        max_cbor_depth: containers that a CBOR value may lie in, 1 or more; a set counts twice, for its tag. Known
            commands nest five deep.
        max_encoded_streams: open streams of the peer whose content encoding keeps state, 0–128. A stream of zstd-8mb
            costs 16 MiB once its peer has sent 300 octets, so all that IDs allow would be 2 GiB. Known peers use one.
        max_decoded: octets that one encoded payload may decode to. 16 MiB: what an unencoded frame could carry at most.

    Raises:
        LocalProtocolError: a limit is not a whole number, or outside its range.
    """

    max_payload: int = 65535
    max_requests: int = 1024
    max_request_octets: int = 16_777_216
    max_buffered_octets: int = 67_108_864
    max_settings_octets: int = 65_536
    max_cbor_octets: int = 2 * 1024 * 1024
    max_cbor_depth: int = 32
    max_encoded_streams: int = 8
    max_decoded: int = 16_777_216

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            name, value = field.name, getattr(self, field.name)
            smallest, largest = _RANGES.get(name, (0, math.inf))
            if type(value) is not int or not smallest <= value <= largest:
                message = f"{name} must be a whole number from {smallest} to {largest}, not {value!r}"
                raise LocalProtocolError(message)
