"""Tests of `hgframing_fuzz._stack`: a hot loop is as fast wherever it was called from."""

from __future__ import annotations

import time

from collections.abc import Callable

import pytest

from hgframing_fuzz._stack import call_with_room


def hot() -> float:
    """Time a loop that calls a function."""

    def leaf() -> None:
        pass

    started = time.perf_counter()
    for _ in range(300):
        leaf()
    return time.perf_counter() - started


def at_depth(depth: int, call: Callable[[], float]) -> float:
    """Call from so many frames further down."""
    return call() if depth == 0 else at_depth(depth - 1, call)


def slowest(call: Callable[[], float]) -> float:
    """The slowest of many depths; each has three tries, because other processes are no finding."""
    return max(min(at_depth(depth, call) for _ in range(3)) for depth in range(400))


def test_call_with_room_is_as_fast_at_every_depth() -> None:
    """Where a chunk of the interpreter's stack ends, every call maps and unmaps memory; not with room."""
    usual = sorted(hot() for _ in range(50))[25]

    if slowest(hot) < 10 * usual:
        pytest.skip("this interpreter keeps the chunks of its stack")

    assert slowest(lambda: call_with_room(hot)) < 10 * usual


def test_call_with_room_passes_on_what_comes() -> None:
    """It returns what the function returns, and raises what it raises."""

    def refuse() -> int:
        raise ValueError("no")

    assert call_with_room(lambda: 5) == 5
    with pytest.raises(ValueError, match="no"):
        call_with_room(refuse)
