"""One call of the code under test, with everything that watches it: what escapes, what it takes.

The usual case (nothing is wrong) does only what must be done each time: an alarm is set and cleared, and where a call
took long enough, the high-water mark of memory is read. What costs more (confirming a bound, formatting a traceback)
happens only when something was found.

A bound that seems to be broken is confirmed before it is a finding: a garbage collection or a busy machine is
not one.
"""

from __future__ import annotations

import time

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from hgframing_fuzz._blame import CodeUnderTest, blame
from hgframing_fuzz._guards import QUICK, BudgetAlarm, Guards, confine, memory_allowance, trim
from hgframing_fuzz._outcome import Finding
from hgframing_fuzz._told import tell


__all__ = ["MEMORY_BOUND", "ObjectionError", "Watch"]

#: The kind of a finding that takes more memory than its length allows, or asks for it in vain.
MEMORY_BOUND: Final = "memory-bound"

#: Octets by which the mark may rise before it is brought down again: half of the least budget. It costs milliseconds.
_NOTABLE: Final = 16 * 1024 * 1024

_T = TypeVar("_T")


class ObjectionError(Exception):
    """An oracle objects where it cannot return: deep in what is watched.

    Args:
        finding: what it has found.
    """

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


class Watch:
    """Calls code under test, and turns into findings what it lets escape and what it takes.

    Args:
        guards: what watches time and memory; they must be entered while something is watched.
        code: which code exceptions are blamed on; None where it runs elsewhere.
    """

    def __init__(self, guards: Guards, code: CodeUnderTest | None) -> None:
        self._guards = guards
        self._alarm = guards.alarm
        self._code = code

    def run(
        self,
        play: Callable[[list[_T]], object],
        notes: list[_T],
        octets: Sequence[bytes],
        name: Callable[[list[_T]], str] = lambda _: "call",
    ) -> Finding | None:
        """Call within the budgets that so many octets have.

        Args:
            play: the code under test. It notes what it sees; it may be called again with a list of its own.
            notes: what it saw, up to an exception.
            octets: the input: its length says what it may cost.
            name: names the place of a lack of memory that was caught, from the notes.

        Returns:
            What was found, if anything.
        """
        if self._guards.is_high:
            self._guards.reset_memory()
        started = time.perf_counter()
        finding = self._call(play, notes, octets)
        if time.perf_counter() - started > QUICK:
            size = sum(map(len, octets))
            grown = self._guards.grown()
            if grown > memory_allowance(size):
                # What takes memory takes time as well: the memory is the cause.
                finding = self._confirm_memory(play, octets, size, name) or finding
            # Or what comes next would hide below the mark of this one. Not now: the notes hold what was delivered.
            self._guards.is_high = grown > _NOTABLE
            if finding is not None and finding.kind == "time-bound":
                finding = self._call(play, [], octets)
        return finding

    def _call(
        self, play: Callable[[list[_T]], object], notes: list[_T], octets: Sequence[bytes]
    ) -> Finding | None:
        """Call once; what escapes is a finding."""
        alarm = self._alarm
        try:
            try:
                alarm.arm(octets)
                play(notes)
            finally:
                alarm.disarm()
        except BudgetAlarm as error:
            finding = self._blamed("time-bound", error, str(error))
            if finding.where == "none":
                # It struck in the driver, after a long call into C.
                return Finding("time-bound", "call", "unknown", finding.message, finding.explain)
            return finding
        except ObjectionError as error:
            return error.finding
        except MemoryError as error:
            # What asks for more than there is breaks the same bound as what gets it.
            return self._blamed(MEMORY_BOUND, error, f"MemoryError: {_one_line(error)}")
        except Exception as error:  # noqa: BLE001 -- whatever it raises is what is looked for
            return self._blamed(type(error).__name__, error, f"{type(error).__name__}: {_one_line(error)}")
        if alarm.struck:
            message = "the alarm was swallowed"
            return Finding("time-bound", "swallowed", "none", message, lambda: message)
        return None

    def _confirm_memory(
        self,
        play: Callable[[list[_T]], object],
        octets: Sequence[bytes],
        size: int,
        name: Callable[[list[_T]], str],
    ) -> Finding | None:
        """Call again with no more address space than the budget: the allocation itself fails, and says where.

        An implementation may catch that and answer as if the peer were wrong; then it is measured once more.
        """
        allowed = memory_allowance(size)
        guards = self._guards
        confined: list[_T] = []
        trim()
        with confine(allowed):
            finding = self._call(play, confined, octets)
        if finding is not None and finding.kind == MEMORY_BOUND:
            message = f"more than {allowed >> 20} MiB for {size} octets"
            return Finding(MEMORY_BOUND, finding.where, finding.line, message, finding.explain)
        guards.reset_memory()
        self._call(play, [], octets)
        grown = guards.grown()
        if grown <= allowed:
            return None
        message = f"{grown >> 20} MiB for {size} octets"
        return Finding(MEMORY_BOUND, "caught", name(confined), message, lambda: message)

    def _blamed(self, kind: str, error: BaseException, message: str) -> Finding:
        if self._code is None:
            return Finding(kind, "none", "none", message, lambda: message)
        by_function = isinstance(error, RecursionError | BudgetAlarm)
        where, line = blame(error.__traceback__, self._code, by_function=by_function)
        return Finding(kind, where, line, message, tell(error).text)


def _one_line(error: BaseException) -> str:
    """The message of an exception, which may itself be broken."""
    try:
        text = str(error)
    except Exception as broken:  # noqa: BLE001 -- foreign exceptions have foreign __str__ methods
        text = f"(its message raises {type(broken).__name__})"
    return " ".join(text.split())[:200]
