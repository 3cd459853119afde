"""What the machine has."""

from __future__ import annotations

import os


__all__ = ["cores"]


def cores() -> int:
    """How many cores this process may use, at least 1."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        # macOS does not say which.
        return os.cpu_count() or 1
