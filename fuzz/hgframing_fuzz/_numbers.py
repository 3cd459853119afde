"""Numbers that are likely to matter: the edges of fields and the sizes that allocators are asked for."""

from __future__ import annotations

from typing import Final


__all__ = ["HUGE", "REQUEST_IDS", "STREAM_IDS"]

#: Lengths and counts that a peer may declare without sending them. The small ones cross the limits that
#: decoders have, those of 2^30 can be allocated on most machines, and do harm; those above 2^40 fail at once,
#: in another place.
HUGE: Final = (
    0xFF,
    0x7FFF,
    0x10000,
    0x1000001,
    0x4000001,
    0x40000000,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    1 << 40,
    (1 << 62) + 1,
    (1 << 63) - 1,
    1 << 63,
    (1 << 64) - 1,
)

#: Request IDs: a client's are odd, 0 is nobody's, 65535 is the last.
REQUEST_IDS: Final = (1, 3, 5, 7, 2, 0, 65535, 65534)

#: Stream IDs: a client's are odd.
STREAM_IDS: Final = (1, 3, 5, 255, 2, 0, 254)
