"""What the process of a worker is told, as one argument of its command line."""

from __future__ import annotations

import msgspec

from hgframing_fuzz._records import Stint


__all__ = ["Order"]


class Order(msgspec.Struct, frozen=True):
    """What a worker is to do.

    Attributes:
        target: the target's name.
        locator: the implementation.
        directory: of the campaign.
        begun: when it was started, by the machine's monotonic clock, which all processes share.
        until: when to end, by the same clock.
        plateau: seconds without anything new after which it ends.
        resident: octets of memory above which it ends.
        last: the session ends with it.
        stint: who it is: engine, seed, times.
        parent: the process that started it; without it the worker ends.
    """

    target: str
    locator: str
    directory: str
    begun: float
    until: float
    plateau: float
    resident: int
    last: bool
    stint: Stint
    parent: int
