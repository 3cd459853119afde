"""Tests of `hgframing_fuzz._told`: what an exception says is kept, and the exception is not."""

from __future__ import annotations

import gc
import traceback
import weakref

from collections.abc import Callable

import pytest

from hgframing_fuzz._told import tell


def plain() -> None:
    """Raise."""
    raise KeyError("here")


def caused() -> None:
    """Raise what comes from another."""
    try:
        plain()
    except KeyError as error:
        raise ValueError("because of it") from error


def during() -> None:
    """Raise while another is handled."""
    try:
        plain()
    except KeyError:
        _ = [].pop()


def hidden() -> None:
    """Raise and hide the other."""
    try:
        plain()
    except KeyError:
        raise ValueError from None


def raised(call: Callable[[], None]) -> Exception:
    """The exception of a call."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 -- any of them
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize("call", [plain, caused, during, hidden])
def test_text_is_what_python_prints(call: Callable[[], None]) -> None:
    """Lines, marks below them, and what came before."""
    error = raised(call)

    assert tell(error).text() == "".join(traceback.format_exception(error))


def test_text_of_a_recursion_is_cut_in_the_middle() -> None:
    """The driver's lines and the innermost ones say all."""

    def ping(depth: int) -> None:
        pong(depth)

    def pong(depth: int) -> None:
        if depth:
            ping(depth - 1)
        plain()

    lines = tell(raised(lambda: ping(200))).text().splitlines()

    assert len(lines) == 31
    assert "lines ..." in lines[15]
    assert lines[-1] == "KeyError: 'here'"


class BrokenError(Exception):
    """Has a message that raises."""

    def __str__(self) -> str:
        """Raise."""
        raise RuntimeError


def test_exception_whose_message_raises_is_told() -> None:
    """Python copes with that, and so do we."""

    def broken() -> None:
        raise BrokenError

    assert tell(raised(broken)).text().endswith(".BrokenError: <exception str() failed>\n")


def test_told_holds_nothing_that_the_code_had_in_its_hands() -> None:
    """It is gone without the garbage collector."""

    class Thing:
        pass

    seen: list[weakref.ref[Thing]] = []

    def with_thing() -> None:
        thing = Thing()
        seen.append(weakref.ref(thing))
        plain()

    gc.disable()
    try:
        told = tell(raised(with_thing))
        assert seen[0]() is None
    finally:
        gc.enable()
    assert "with_thing" in told.text()
