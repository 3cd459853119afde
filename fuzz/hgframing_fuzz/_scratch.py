"""The input that a worker is running, where it can be read after the worker's death.

A process that the kernel ends (out of memory, a crash of the interpreter, `kill -9`) cannot say what it was doing. So
it writes each input down *before* it runs it, into a file that is mapped into its memory: that costs a copy and no
call into the system, and what is in the map outlives the process, though not the machine.
"""

from __future__ import annotations

import mmap
import struct

from pathlib import Path
from typing import Final, Self


__all__ = ["Scratch", "read_scratch"]

#: What stands in front: how many inputs there were, and how many octets follow. The latter is written last.
_HEAD: Final = struct.Struct("<QI")
#: Octets of an input that are kept. No engine makes longer ones; of a longer one the beginning is kept.
_ROOM: Final = 1024 * 1024


class Scratch:
    """Holds the current input of one worker. Use as a context manager.

    Args:
        path: the file; it is made or emptied. It is sparse: pages that no input reaches take no disk.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._count = 0
        with path.open("w+b") as file:
            file.truncate(_HEAD.size + _ROOM)
            self._map = mmap.mmap(file.fileno(), _HEAD.size + _ROOM)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._map.close()

    def note(self, octets: bytes) -> None:
        """Write down what is run next."""
        self._count += 1
        size = len(octets)
        if size > _ROOM:
            size = _ROOM
            octets = octets[:_ROOM]
        shared = self._map
        _HEAD.pack_into(shared, 0, self._count, 0)
        shared[_HEAD.size : _HEAD.size + size] = octets
        _HEAD.pack_into(shared, 0, self._count, size)

    def done(self) -> None:
        """The input is through; whatever comes now is not its doing."""
        _HEAD.pack_into(self._map, 0, self._count, 0)


def read_scratch(path: Path) -> tuple[int, bytes]:
    """Read what a worker was running.

    Args:
        path: the file of its `Scratch`.

    Returns:
        How many inputs it began, and the octets of the last one; empty if that was through. Where it began none, or
        the file is not there, 0.
    """
    try:
        with path.open("rb") as file:
            count, size = _HEAD.unpack(file.read(_HEAD.size))
            octets = file.read(min(size, _ROOM))
    except (OSError, struct.error):
        return 0, b""
    return count, octets if len(octets) == size else b""
