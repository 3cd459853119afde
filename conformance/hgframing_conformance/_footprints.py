"""Which lines of some files run: the footprint of a case, of an import, of anything.

A fault in a line that a case never runs cannot change what the case sees, because everything up to that line happens as
before. So only the cases that run a line need to be asked about a fault in it, and a line that no case runs is out of
their reach.

The interpreter's tracing hook tells; it is on only while something is watched. A function all of whose lines are known
already is not traced again.
"""

from __future__ import annotations

import json
import os
import sys

from types import CodeType, FrameType
from typing import Protocol


__all__ = ["Line", "Watch", "lines_of_import"]

#: A file and a number of a line in it.
Line = tuple[str, int]


class _Trace(Protocol):
    """What `sys.settrace` takes."""

    def __call__(self, frame: FrameType, event: str, argument: object, /) -> _Trace | None: ...


class Watch:
    """Records which lines of some files run while it is entered, in this thread.

    Args:
        files: names of files, as code objects have them.
    """

    def __init__(self, files: frozenset[str]) -> None:
        self._files = files
        self._found: dict[CodeType, set[int]] = {}
        self._sizes: dict[CodeType, int] = {}

    def __enter__(self) -> None:
        sys.settrace(self._enter)

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _enter(self, frame: FrameType, _event: str, _argument: object) -> _Trace | None:
        code = frame.f_code
        found = self._found.get(code)
        if found is None:
            if code.co_filename not in self._files:
                return None
            found = self._found[code] = set()
            if code not in self._sizes:
                self._sizes[code] = len({line for _, _, line in code.co_lines() if line is not None})
        if len(found) == self._sizes[code]:
            return None

        def trace(frame: FrameType, event: str, _argument: object) -> _Trace:
            if event == "line":
                found.add(frame.f_lineno)
            return trace

        return trace

    def take(self) -> set[Line]:
        """Return what ran since the last time."""
        lines = {(code.co_filename, line) for code, found in self._found.items() for line in found}
        self._found.clear()
        return lines


def lines_of_import(files: frozenset[str]) -> set[Line]:
    """Find the lines that run while modules are imported that are loaded already, in a process that then ends.

    Args:
        files: the files of the modules.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        watch = Watch(files)
        names = [name for name, module in sys.modules.items() if getattr(module, "__file__", None) in files]
        for name in names:
            del sys.modules[name]
        try:
            with watch:
                for name in names:
                    __import__(name)
        finally:
            with os.fdopen(writing, "w") as stream:
                json.dump(sorted(watch.take()), stream)
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        text = stream.read()
    os.waitpid(child, 0)
    return {(file, line) for file, line in json.loads(text or "[]")}
