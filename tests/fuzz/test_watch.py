"""Tests of `hgframing_fuzz._watch`: what escapes from a call and what it takes, confirmed before it is a finding."""

from __future__ import annotations

import itertools
import sys

import pytest

from hgframing_fuzz import CodeUnderTest, Finding
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._oracles import objection
from hgframing_fuzz._watch import ObjectionError, Watch
from tests.fuzz.miniatures import make_the_allocator_keep_room


FILE = str(sys.modules[__name__].__file__)
CODE = CodeUnderTest(roots=(FILE,), reactors=frozenset({FILE}))


@pytest.fixture
def watch(guards: Guards) -> Watch:
    """A watch that blames this file."""
    return Watch(guards, CODE)


def test_run_gives_nothing_for_what_is_right_and_keeps_the_notes(watch: Watch) -> None:
    """The notes are the caller's."""
    notes: list[int] = []

    assert watch.run(lambda seen: seen.append(1), notes, (b"",)) is None
    assert notes == [1]


def test_run_exception_has_its_place_and_a_traceback(watch: Watch) -> None:
    """Blamed on the code under test."""

    def fails(_notes: list[int]) -> None:
        raise ValueError("no such octet")

    found = watch.run(fails, [], (b"",))

    assert isinstance(found, Finding)
    assert (found.kind, found.where, found.message) == ("ValueError", "fails", "ValueError: no such octet")
    assert "no such octet" in found.explain()


def test_run_exception_elsewhere_has_no_place(guards: Guards) -> None:
    """Nothing of what runs elsewhere can be seen."""

    def fails(_notes: list[int]) -> None:
        raise ValueError("no")

    found = Watch(guards, None).run(fails, [], (b"",))

    assert isinstance(found, Finding)
    assert (found.where, found.line) == ("none", "none")


def test_run_exception_whose_message_raises_is_a_finding(watch: Watch) -> None:
    """Foreign exceptions have foreign `__str__` methods."""

    class BrokenError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    def fails(_notes: list[int]) -> None:
        raise BrokenError

    found = watch.run(fails, [], (b"",))

    assert isinstance(found, Finding)
    assert found.message == "BrokenError: (its message raises RuntimeError)"


def test_run_long_traceback_loses_its_middle(watch: Watch) -> None:
    """A recursion repeats itself."""

    def walk(_notes: list[int]) -> None:
        walk(_notes)

    found = watch.run(walk, [], (b"",))

    assert isinstance(found, Finding)
    assert found.kind == "RecursionError"
    assert len(found.explain().splitlines()) < 40


def test_run_objection_is_the_finding_that_it_carries(watch: Watch) -> None:
    """An oracle deep in what is watched."""
    meant = objection("k", "w", "l", "m")

    def objects(_notes: list[int]) -> None:
        raise ObjectionError(meant)

    assert watch.run(objects, [], (b"",)) is meant


def test_run_endless_loop_is_ended(watch: Watch) -> None:
    """The time is bounded by the length of the octets."""

    def loops(_notes: list[int]) -> None:
        for number in itertools.count():
            str(number)

    found = watch.run(loops, [], (b"",))

    assert isinstance(found, Finding)
    assert (found.kind, found.where) == ("time-bound", "loops")


def test_run_memory_that_there_is_not_breaks_the_same_bound(watch: Watch) -> None:
    """Whether a bomb gets what it asks for depends on the machine; what it is does not."""
    found = watch.run(lambda _: b"x" * (1 << 50), [], (b"",))

    assert isinstance(found, Finding)
    assert (found.kind, found.message) == ("memory-bound", "MemoryError: ")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux resets the mark")
@pytest.mark.parametrize("first", [20, 64])
def test_run_bomb_does_not_hide_the_next_one(watch: Watch, first: int) -> None:
    """Nor does what is allowed, nor what was delivered and is gone by then."""

    def takes(mebi: int) -> Finding | None:
        notes: list[bytes] = []
        return watch.run(lambda seen: seen.append(b"x" * (mebi << 20)), notes, (b"",))

    assert [takes(mebi) is not None for mebi in (first, 40, 64, 40)] == [first > 32, True, True, True]


@pytest.mark.skipif(sys.platform != "linux", reason="needs the limits of Linux")
def test_run_memory_that_is_caught_is_named_by_the_notes(watch: Watch) -> None:
    """Code that answers a lack of memory as an error has taken it all the same.

    A process that has been large keeps room for most of it: that is given back before anything is confirmed.
    """
    make_the_allocator_keep_room()

    def swallows(notes: list[str]) -> None:
        try:
            _ = b"x" * (64 << 20)
        except MemoryError:
            notes.append("refused")

    found = watch.run(swallows, [], (b"",), lambda notes: notes[0])

    assert isinstance(found, Finding)
    assert (found.kind, found.where, found.line) == ("memory-bound", "caught", "refused")
