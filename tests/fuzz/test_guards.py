"""Tests of `hgframing_fuzz._guards`: budgets, the alarm, the mark of memory, the address space."""

from __future__ import annotations

import itertools
import resource
import signal
import subprocess
import sys
import time

import pytest

from hgframing_fuzz._guards import (
    CPU_BUDGET,
    MEMORY_BUDGET,
    Alarm,
    Budget,
    BudgetAlarm,
    Guards,
    PeakMemory,
    address_space,
    confine,
    demanding,
    memory_allowance,
    trim,
)
from tests.fuzz.miniatures import make_the_allocator_keep_room


MEBI = 1 << 20


def spin(seconds: float) -> None:
    """Use CPU time."""
    end = time.process_time() + seconds
    for _ in itertools.takewhile(lambda _: time.process_time() < end, itertools.count()):
        pass


def test_budget_is_a_line() -> None:
    """A constant, and so much for each octet."""
    budget = Budget(2.0, 0.5)

    assert [budget.allows(size) for size in (0, 1, 4)] == [2.0, 2.5, 4.0]


def test_budgets_allow_what_the_slowest_known_decoder_needs() -> None:
    """Mercurial's CBOR decoder takes 0.3 µs an octet: an honest megabyte is no finding."""
    assert CPU_BUDGET.allows(MEBI) > 10 * 0.3e-6 * MEBI
    assert MEMORY_BUDGET.allows(MEBI) > 100 * MEBI


def test_alarm_endless_input_is_ended() -> None:
    """An input that takes longer than its budget is interrupted soon after."""
    with Alarm() as alarm:
        started = time.process_time()
        alarm.arm([b""])

        with pytest.raises(BudgetAlarm, match=r"more than 0\.25 s of CPU"):
            spin(60.0)

        assert alarm.struck
        assert 0.9 * CPU_BUDGET.constant < time.process_time() - started < CPU_BUDGET.constant + 1.0


def test_alarm_long_input_has_longer() -> None:
    """The budget is a line in the length of what is run."""
    with Alarm() as alarm:
        alarm.arm([bytes(50_000)])
        spin(CPU_BUDGET.constant + 0.15)
        alarm.disarm()

    assert not alarm.struck


def test_alarm_slow_code_has_longer() -> None:
    """Instrumented code is slower, and gets what it needs."""
    with Alarm(slowdown=4.0) as alarm:
        alarm.arm([b""])
        spin(CPU_BUDGET.constant * 2)
        alarm.disarm()

    assert not alarm.struck


def test_alarm_quick_inputs_never_strike_together() -> None:
    """Each input has a budget of its own."""
    with Alarm() as alarm:
        for _ in range(12):
            alarm.arm([b""])
            spin(0.05)
            alarm.disarm()

    assert not alarm.struck


def test_alarm_disarmed_does_not_strike() -> None:
    """What runs between inputs takes as long as it takes."""
    with Alarm() as alarm:
        alarm.arm([b""])
        alarm.disarm()
        spin(CPU_BUDGET.constant + 0.3)

    assert not alarm.struck


def test_alarm_left_restores_the_handler() -> None:
    """Nothing ticks afterwards, and the signal is whoever's it was."""
    before = signal.getsignal(signal.SIGPROF)

    with Alarm():
        assert signal.getsignal(signal.SIGPROF) is not before

    assert signal.getsignal(signal.SIGPROF) is before
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_peak_memory_sees_what_is_gone_again() -> None:
    """The mark says how much there was at most, not how much there is."""
    memory = PeakMemory()
    memory.reset()

    block = bytearray(64 * MEBI)
    del block

    assert memory.growth() > 50 * MEBI
    assert memory.growth() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux resets the mark")
def test_peak_memory_reset_sees_a_second_bomb_of_the_same_size() -> None:
    """Without a reset the first bomb would hide the second."""
    memory = PeakMemory()
    for _ in range(2):
        memory.reset()
        block = bytearray(64 * MEBI)
        del block
        assert memory.growth() > 50 * MEBI


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux resets the mark")
def test_peak_memory_reset_sees_a_bomb_where_there_is_room_for_it() -> None:
    """A process that was large keeps memory for later; a bomb in there takes it from others all the same."""
    make_the_allocator_keep_room()
    memory = PeakMemory()
    memory.reset()
    block = bytearray(40 * MEBI)
    del block

    assert memory.growth() > 35 * MEBI


def test_demanding_raises_the_allowance_for_a_while() -> None:
    """The budget is the same afterwards."""
    usual = memory_allowance(100)
    with demanding(1.5):
        assert memory_allowance(100) == usual * 3 // 2

    assert memory_allowance(100) == usual == MEMORY_BUDGET.allows(100)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a mark that ends at exec")
def test_peak_memory_started_by_a_large_process_sees_its_own() -> None:
    """What the parent once had is not the child's mark."""
    block = bytearray(256 * MEBI)
    code = (
        "from hgframing_fuzz._guards import PeakMemory\n"
        "memory = PeakMemory()\n"
        "memory.reset()\n"
        "block = bytearray(64 << 20)\n"
        "print(memory.growth() >> 20)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert len(block) == 256 * MEBI
    assert 50 < int(done.stdout) < 100


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how much there is")
def test_confine_refuses_what_is_beyond_it() -> None:
    """An allocation above the limit fails at once; one below it does not."""
    with confine(64 * MEBI):
        assert len(bytearray(16 * MEBI)) == 16 * MEBI
        with pytest.raises(MemoryError):
            bytearray(256 * MEBI)

    assert len(bytearray(256 * MEBI)) == 256 * MEBI


def test_confine_nested_keeps_the_lower_limit() -> None:
    """An inner limit cannot lift an outer one, and leaving restores it."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    with confine(64 * MEBI):
        outer = resource.getrlimit(resource.RLIMIT_AS)
        with confine(1024 * MEBI):
            assert resource.getrlimit(resource.RLIMIT_AS) == outer

    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_address_space_grows_with_a_large_block() -> None:
    """What is mapped counts, touched or not."""
    before = address_space()
    block = bytearray(64 * MEBI)

    assert address_space() - before >= 60 * MEBI or before == 0
    assert len(block) == 64 * MEBI


def test_guards_watch_while_they_are_entered() -> None:
    """Alarm and limit are on inside, and gone afterwards."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    # What others left behind would be collected in between, and make room.
    trim()

    # An allocation in vain makes glibc try another arena, which takes 64 MiB of address space.
    with Guards(headroom=256 * MEBI) as guards:
        assert signal.getitimer(signal.ITIMER_PROF)[1] > 0
        with pytest.raises(MemoryError):
            bytearray(1024 * MEBI)
        block = bytearray(64 * MEBI)
        del block
        assert guards.grown() > 50 * MEBI

    assert resource.getrlimit(resource.RLIMIT_AS) == before
    assert signal.getitimer(signal.ITIMER_PROF)[1] == 0
