"""What keeps a bomb from taking the machine, and turns it into a finding.

Exceptions alone miss the worst faults: fifteen octets that make a decoder allocate a gibibyte raise nothing.
So every input has a budget of time and memory, *a line in its length*: a constant, because even an empty
input costs something, and so much for each octet, because a long input may cost more. What costs more than
its budget is quadratic, or a bomb.

Both measurements are cheap enough for every input:

* **Time** is CPU time of the process (a busy machine is not a finding), and an alarm rather than a clock: it
  ends an endless loop, and its traceback says where. It cannot interrupt one long call into C; such a call
  ends by itself or by the memory limit, and the alarm strikes right after it.
* **Memory** is the kernel's own high-water mark of the resident set, which Linux resets on request. Where it
  cannot be reset it only grows, and a bomb hides smaller ones. Memory that is asked for and never touched does
  not count, until it is more than the address space that the whole run may have.

Both are noisy by nature, so a candidate is *confirmed* by running the input again (`_oracles`), with the
address space limited to exactly its budget: then the allocation itself fails, and its traceback says where.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import gc
import resource
import signal
import sys

from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from pathlib import Path
from types import FrameType
from typing import Final, Self


__all__ = [
    "CPU_BUDGET",
    "HEADROOM",
    "MEMORY_BUDGET",
    "QUICK",
    "Alarm",
    "Budget",
    "BudgetAlarm",
    "Guards",
    "PeakMemory",
    "address_space",
    "confine",
    "demanding",
    "memory_allowance",
    "resident",
    "trim",
]


@dataclasses.dataclass(frozen=True, slots=True)
class Budget:
    """A line in the length of an input.

    Attributes:
        constant: what an empty input may cost.
        per_octet: what each octet may add.
    """

    constant: float
    per_octet: float

    def allows(self, size: int) -> float:
        """What an input of `size` octets may cost."""
        return self.constant + self.per_octet * size


#: Seconds of CPU. The constant is a few thousand times a usual input, because the kernel's timer counts in
#: ticks of 4 ms and a garbage collection of a large corpus may fall into any input. Mercurial's CBOR decoder,
#: the slowest code measured, needs 0.3 µs an octet; thirty times that is no implementation's speed, it is
#: another complexity.
CPU_BUDGET: Final = Budget(0.25, 10e-6)

#: Octets. The constant covers what the allocator and lazily built tables take on any input. A decoded CBOR
#: item of one octet is an object of about 60 octets in a list; several copies of it (buffer, request, decoded
#: value) are honest.
MEMORY_BUDGET: Final = Budget(32 * 1024 * 1024, 512)

#: How far above its memory budget an input must be, 1 or more.
_DEMAND: Final = ContextVar("memory demand", default=1.0)


def memory_allowance(size: int) -> int:
    """Octets that an input of `size` octets may take now."""
    return int(MEMORY_BUDGET.allows(size) * _DEMAND.get())


@contextlib.contextmanager
def demanding(factor: float) -> Iterator[None]:
    """Let memory count as taken only if it is so many times the budget.

    For whoever makes inputs small: what is left would otherwise lie so near to its budget that it is a finding one time
    and none the next.

    Args:
        factor: 1 or more.
    """
    token = _DEMAND.set(factor)
    try:
        yield
    finally:
        _DEMAND.reset(token)


#: Seconds below which an input cannot have broken its memory budget: touching so much fresh memory takes several
#: milliseconds on any machine. Asking the kernel after every input would cost a tenth of a fast one.
QUICK: Final = 0.0005

#: Octets of address space that a whole run may take beyond what it starts with. A bomb above it fails at
#: once, whatever the machine; a bomb below it is found by its growth. It must hold the corpus, the buckets
#: and one bomb, and be so large that code which catches a lack of memory is seen to have grown before.
HEADROOM: Final = 1024 * 1024 * 1024


#: Seconds of CPU between two looks at the running input.
_TICK: Final = 0.05


class BudgetAlarm(BaseException):
    """The CPU budget of an input is spent.

    It is no `Exception`, so that code under test which catches those does not catch this.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"more than {seconds:.2f} s of CPU")


class Alarm:
    """Ends the running input when its CPU budget is spent. Use as a context manager around a whole run.

    The kernel ticks all the time, and a tick asks how long the same input has been running: setting a timer for every
    input would cost more than judging it. So an input gets up to two ticks more than its budget.

    Not ITIMER_REAL, which libFuzzer owns, and which counts what other processes do.

    Args:
        slowdown: how much slower than usual the code under test is.

    Attributes:
        struck: whether it struck since it was last armed. Code under test may swallow even a BaseException, so ask.
    """

    def __init__(self, slowdown: float = 1.0) -> None:
        self.struck = False
        self._slowdown = slowdown
        self._chunks: Sequence[bytes] | None = None
        self._ticks = 0
        self._previous: signal.Handlers | object = signal.SIG_DFL

    def __enter__(self) -> Self:
        self._previous = signal.signal(signal.SIGPROF, self._tick)
        # Calls into the system that a tick interrupts go on: libFuzzer's own do not expect to be interrupted.
        signal.siginterrupt(signal.SIGPROF, False)
        signal.setitimer(signal.ITIMER_PROF, _TICK, _TICK)
        return self

    def __exit__(self, *_: object) -> None:
        self.disarm()
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, self._previous)  # type: ignore[arg-type]  # what it gave, it takes

    def arm(self, chunks: Sequence[bytes]) -> None:
        """Start the budget of an input.

        Args:
            chunks: what the input consists of; its length says what it may cost, CPU time of the whole process.
        """
        self.struck = False
        self._ticks = 0
        self._chunks = chunks

    def disarm(self) -> None:
        """End it. A signal that is already on its way does nothing any more."""
        self._chunks = None

    def _tick(self, _number: int, _frame: FrameType | None) -> None:
        chunks = self._chunks
        if chunks is None:
            return
        self._ticks += 1
        budget = CPU_BUDGET.allows(sum(map(len, chunks))) * self._slowdown
        if self._ticks * _TICK > budget + _TICK:
            self._chunks = None
            self.struck = True
            raise BudgetAlarm(budget)


#: Linux counts in KiB, macOS in octets.
_MAXRSS_UNIT: Final = 1 if sys.platform == "darwin" else 1024

_STATUS: Final = Path("/proc/self/status")

#: Only glibc has it: malloc_trim(3).
_malloc_trim: Final = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None


def _give_back() -> None:
    """Let the allocator keep nothing for later."""
    if _malloc_trim is not None:
        _malloc_trim(0)


class PeakMemory:
    """The high-water mark of the resident set, in octets."""

    def __init__(self) -> None:
        self._clear = Path("/proc/self/clear_refs")
        self._mark = self.read()

    @staticmethod
    def read() -> int:
        """The mark since the process started or since it was last reset.

        Not what getrusage(2) says, where there is something else: that survives exec, so a process that a large one
        started would never see its own bombs.
        """
        try:
            # VmHWM, in KiB: proc(5), "/proc/pid/status".
            return int(_STATUS.read_bytes().partition(b"VmHWM:")[2].split(None, 1)[0]) * 1024
        except (OSError, IndexError):
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT

    def growth(self) -> int:
        """How much the mark has risen since the last call, or since `reset`."""
        now = self.read()
        grown = now - self._mark
        self._mark = now
        return grown

    def reset(self) -> None:
        """Bring the mark down to what is in use now, where the kernel can do that.

        What the allocator keeps for later is given back: it is resident, and would hide a bomb that fits into it.
        """
        _give_back()
        # 5 resets the peak: proc(5), "/proc/pid/clear_refs". Elsewhere the mark stays, and hides smaller
        # bombs.
        with contextlib.suppress(OSError):
            self._clear.write_text("5", encoding="ascii")
        self._mark = self.read()


def address_space() -> int:
    """Octets of address space that the process has now; 0 where /proc does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def resident() -> int:
    """Octets of memory that the process has now; 0 where /proc does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def trim() -> None:
    """Give back to the system what nobody uses any more.

    Use it before `confine`: garbage, and room that the allocator keeps for later, hold what must not fit.
    """
    gc.collect()
    _give_back()


@contextlib.contextmanager
def confine(octets: int) -> Iterator[None]:
    """Let the process have so much more address space than it has now, and no more.

    An allocation beyond it is a MemoryError at once, instead of a machine that swaps.

    Args:
        octets: above what is taken already. A lower limit that is already in force stays in force.
    """
    taken = address_space()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if not taken:
        yield
        return
    wanted = taken + octets
    for limit in (soft, hard):
        if limit != resource.RLIM_INFINITY:
            wanted = min(wanted, limit)
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


class Guards:
    """Everything that watches a run. Use as a context manager around it.

    Args:
        headroom: octets of address space that the process may take beyond what it has.
        slowdown: how much slower than usual the code under test is; instrumented code is about ten times
            slower.

    Attributes:
        is_high: whether the mark of memory is far above what is in use, and has to be reset before the next input.
    """

    def __init__(self, *, headroom: int = HEADROOM, slowdown: float = 1.0) -> None:
        self.alarm = Alarm(slowdown)
        self._headroom = headroom
        self._memory = PeakMemory()
        self.is_high = False
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self.alarm)
        self._stack.enter_context(confine(self._headroom))
        self._memory.reset()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def grown(self) -> int:
        """Octets by which the high-water mark has risen since the last call."""
        return self._memory.growth()

    def reset_memory(self) -> None:
        """Forget the mark, so that a second bomb is seen as well as the first."""
        self._memory.reset()
        self.is_high = False
