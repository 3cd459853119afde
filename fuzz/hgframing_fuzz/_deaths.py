"""The death of a worker as a finding: whatever ended the process, its last input is what a person needs.

The place is read from the traceback that the interpreter prints when it crashes (`faulthandler`), or that the worker
prints when something that is no `Exception` escapes, so that two crashes are two findings, and one crash that two
engines met is one.
"""

from __future__ import annotations

import re
import signal

from pathlib import PurePath
from typing import Final

from hgframing_fuzz._blame import CodeUnderTest
from hgframing_fuzz._buckets import DIED
from hgframing_fuzz._outcome import Finding


__all__ = ["ESCAPED", "death_finding"]

#: Lines at the end of a log that are told.
_TAIL: Final = 30

#: The exit status of a worker through which something escaped that is no `Exception`, such as SystemExit.
ESCAPED: Final = 79

#: An entry of a traceback.
_ENTRY: Final = re.compile(r'^\s*File "([^"]*)", line (\d+)', re.MULTILINE)
#: The head of a traceback whose innermost entry is the first one.
_FATAL: Final = "(most recent call first):"


def death_finding(
    status: int, printed: str, *, engine: str, hung: bool, code: CodeUnderTest | None
) -> Finding:
    """Make a finding of how a worker ended.

    Args:
        status: its exit status, negative for a signal.
        printed: what it printed.
        engine: what made its inputs.
        hung: it was ended because it did not answer any more; the signal is ours.
        code: which code is blamed.
    """
    where = "hung" if hung else _name(status)
    message = f"a worker ({engine}) did not come back" if hung else f"a worker ({engine}) ended: {where}"
    tail = "\n".join(printed.splitlines()[-_TAIL:])
    return Finding(
        DIED, where, _line(printed, code), message, lambda: f"{message}; it printed:\n{tail or 'nothing'}\n"
    )


def _line(printed: str, code: CodeUnderTest | None) -> str:
    """The innermost place in the code under test."""
    _, fatal, text = printed.rpartition(_FATAL)
    entries = _ENTRY.findall(text)
    if not fatal:
        entries.reverse()
    roots = code.roots if code is not None else ("",)
    found = next((entry for entry in entries if entry[0].startswith(roots)), None)
    return f"{PurePath(found[0]).stem}-{found[1]}" if found else "none"


def _name(status: int) -> str:
    """A status in words that can be searched for."""
    if status == ESCAPED:
        return "escaped"
    try:
        return signal.Signals(-status).name if status < 0 else f"status-{status}"
    except ValueError:
        return f"signal-{-status}"
