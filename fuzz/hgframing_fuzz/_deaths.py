"""The death of a worker as a finding: whatever ended the process, its last input is what a person needs.

Not every death is an input's doing: somebody killed the process, or memory ran out between two inputs. So the input is
run once more in a process of its own, and is blamed if that dies as well. A death that needs what came before is not
explained in this way, and is counted.

The place is read from the traceback that the interpreter prints when it crashes (`faulthandler`), or that the worker
prints when something that is no `Exception` escapes, so that two crashes are two findings, and one crash that two
engines met is one.
"""

from __future__ import annotations

import dataclasses
import re
import signal
import subprocess
import sys

from pathlib import PurePath
from typing import Final

import msgspec

from hgframing_fuzz._blame import CodeUnderTest
from hgframing_fuzz._buckets import DIED
from hgframing_fuzz._order import Order
from hgframing_fuzz._outcome import Finding


__all__ = ["ESCAPED", "Death", "confirm", "death_finding"]

#: Seconds that an input may take once more, and for the process to say where it is.
_PATIENCE: Final = 30.0
_LAST_WORD: Final = 2.0
#: Lines at the end of a log that are told.
_TAIL: Final = 30

#: The exit status of a worker through which something escaped that is no `Exception`, such as SystemExit.
ESCAPED: Final = 79

#: An entry of a traceback.
_ENTRY: Final = re.compile(r'^\s*File "([^"]*)", line (\d+)', re.MULTILINE)
#: The head of a traceback whose innermost entry is the first one.
_FATAL: Final = "(most recent call first):"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """How a process ended.

    Attributes:
        status: its exit status, negative for a signal.
        printed: what it printed.
        hung: it was ended because it did not come back; the signal is ours.
    """

    status: int
    printed: str
    hung: bool = False


def confirm(order: Order, octets: bytes) -> Death | None:
    """Run an input once more, in a process of its own.

    Args:
        order: of the worker that died.
        octets: the input.

    Returns:
        How that process ended; None if it survived.
    """
    text = msgspec.json.encode(order).decode()
    command = [sys.executable, "-m", "hgframing_fuzz._once", text]
    process = subprocess.Popen(  # noqa: S603 -- ours
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        try:
            _, printed = process.communicate(octets, timeout=_PATIENCE)
            hung = False
        except subprocess.TimeoutExpired:
            hung = True
            printed = _abort(process)
    if process.returncode == 0:
        return None
    return Death(status=process.returncode, printed=printed.decode("utf-8", "replace"), hung=hung)


def _abort(process: subprocess.Popen[bytes]) -> bytes:
    """End a process that does not come back; it prints where it is, even if that is a call into C."""
    process.send_signal(signal.SIGABRT)
    try:
        return process.communicate(timeout=_LAST_WORD)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[1]


def death_finding(death: Death, *, engine: str, code: CodeUnderTest | None) -> Finding:
    """Make a finding of how a process ended.

    Args:
        death: how it ended.
        engine: what made the input.
        code: which code is blamed.
    """
    printed = death.printed
    where = "hung" if death.hung else _name(death.status)
    message = (
        f"the process did not come back ({engine})"
        if death.hung
        else f"the process ended: {where} ({engine})"
    )
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
