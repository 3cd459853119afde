"""Bounds on everything that a peer can make grow.

The specification text asks for no limit but that of the payload (FRAME-003) and allows one for arguments (EXEC-002). A
receiver without limits can be made to hold gibibytes by a peer that sends kibibytes, so every quantity has one here.
Crossing one is a fault, never an exception, and the fault says which.
"""

from __future__ import annotations

import dataclasses

from typing import Final


__all__ = [
    "DEFAULT_MAX_FRAME",
    "Limits",
]

#: What senders cut payloads to. Mercurial's own figure; half of what FRAME-003 allows without negotiation.
DEFAULT_MAX_FRAME: Final = 32768


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
        max_cbor_depth: nested containers of a CBOR value. Known commands nest five deep.
        max_decoded: octets that one encoded payload may decode to. 16 MiB: what an unencoded frame could carry at most.
    """

    max_payload: int = 65535
    max_requests: int = 1024
    max_request_octets: int = 16 * 1024 * 1024
    max_buffered_octets: int = 64 * 1024 * 1024
    max_settings_octets: int = 64 * 1024
    max_cbor_depth: int = 32
    max_decoded: int = 16 * 1024 * 1024
