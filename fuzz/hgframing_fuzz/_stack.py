"""Room on the interpreter's stack, so that an engine's speed does not hang on how deep it was called.

CPython keeps frames in chunks of 16 KiB and gives a chunk back to the system as soon as its last frame is
left. Code that is called millions of times just where a chunk ends therefore maps and unmaps memory on every
call; a fuzzer was seen to spend half of its time on it, in one run and not in the next. A frame that needs a
large stack begins a chunk of its own, and what is called from it has room.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar


__all__ = ["call_with_room"]

_T = TypeVar("_T")

#: Slots of eight octets. The chunk is the next power of two that holds them and a thousand more, 128 KiB: the
#: half that is left holds a few hundred frames.
_SLOTS: Final = 8192


def _call(function: Callable[[], _T]) -> _T:
    return function()


# The interpreter reserves what the code says that it needs.
_call.__code__ = _call.__code__.replace(co_stacksize=_SLOTS)


def call_with_room(function: Callable[[], _T]) -> _T:
    """Call a function from a frame that has a large chunk of the stack for itself.

    Args:
        function: runs for long, and calls much.

    Returns:
        What it returns; what it raises is passed on.
    """
    return _call(function)
