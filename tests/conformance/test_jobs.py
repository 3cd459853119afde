"""Several connections side by side."""

from __future__ import annotations

import threading

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from hgframing_conformance._adapters import Adapter, AdapterOptions, Answered, Crashed, Observation
from hgframing_conformance._harness import HarnessAdapter
from hgframing_conformance._jobs import Pool, connect_all
from hgframing_conformance._messages import Hello
from hgframing_conformance._select import item_message, items
from hgframing_conformance.errors import HelloError

from .test_select import hello
from .zoo.cases import animal, case, frame_step


class Echo:
    """Answers each message with its number; the slow one waits for the fast one."""

    def __init__(self, wait: threading.Event | None = None, tell: threading.Event | None = None) -> None:
        self._wait = wait
        self._tell = tell
        self.closed = 0

    @property
    def hello(self) -> Hello:
        """Declare the codec."""
        return hello()

    def run(self, messages: Iterable[dict[str, Any]]) -> Iterator[Observation]:
        """Answer."""
        for message in messages:
            if self._wait is not None:
                assert self._wait.wait(5)
            yield Answered(steps=[[{"octets": message["seq"]}]])
        if self._tell is not None:
            self._tell.set()

    def close(self) -> tuple[str, ...]:
        """Count."""
        self.closed += 1
        return ("the same note",)


def numbers(pool: Adapter, count: int) -> list[int]:
    """Send numbered messages and return the numbers of the answers."""
    found = pool.run({"seq": number} for number in range(count))
    return [one.steps[0][0]["octets"] for one in found if isinstance(one, Answered)]


def test_pool_keeps_the_order_whoever_is_faster() -> None:
    """Observations come in the order of the messages, also where a later block is answered first."""
    fast_is_done = threading.Event()
    pool = Pool([Echo(wait=fast_is_done), Echo(tell=fast_is_done)])
    assert numbers(pool, 1000) == list(range(1000))
    pool.close()


def test_pool_takes_messages_as_it_needs_them() -> None:
    """An endless source is no problem: only some blocks are under way."""
    pool = Pool([Echo(), Echo()])
    stream = pool.run({"seq": number} for number in iter(int, 1))
    assert isinstance(next(stream), Answered)
    pool.close()


def test_pool_close_says_each_note_once() -> None:
    """Every connection is closed, and what all of them note is noted once."""
    members = [Echo(), Echo()]
    assert Pool(members).close() == ("the same note",)
    assert [member.closed for member in members] == [1, 1]


def test_pool_failure_of_a_worker_reaches_the_caller() -> None:
    """A mistake inside of an adapter is not lost in its thread."""

    class Broken(Echo):
        def run(self, messages: Iterable[dict[str, Any]]) -> Iterator[Observation]:
            raise RuntimeError(f"broken before {next(iter(messages))}")

    pool = Pool([Broken()])
    with pytest.raises(RuntimeError, match="broken"):
        numbers(pool, 1)
    pool.close()


def test_connect_all_failure_closes_what_was_connected() -> None:
    """Where the second connection fails, the first is not left behind."""
    first = Echo()
    made = [first]

    def connect() -> Echo:
        if not made:
            raise HelloError("harness", "never answered")
        return made.pop()

    with pytest.raises(HelloError):
        connect_all(connect, 2)
    assert first.closed == 1


def test_pool_of_processes_loses_one_case_for_each_death() -> None:
    """With several processes a death costs its own case and no other."""
    pool = connect_all(lambda: HarnessAdapter(animal("crash"), AdapterOptions()), 2)
    chosen = [
        item
        for number in range(200)
        for item in items(case(f"c-{number}", frame_step("bite" if number in {3, 150} else "x")))
    ]
    found = list(pool.run(item_message(item.case, item.chunking) for item in chosen))
    assert pool.close() == ()
    assert [index for index, one in enumerate(found) if isinstance(one, Crashed)] == [3, 150]
    assert len(found) == 200
