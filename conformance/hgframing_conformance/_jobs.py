"""`--jobs N`: several connections to one implementation, used side by side.

Each connection has a thread and works on blocks of neighbouring cases; the observations come out in the order of the
cases, whoever made them. The threads wait for processes, so they cost each other nothing while a harness works. Only
few blocks are under way at a time: memory stays bounded, and an interrupt ends the run soon.
"""

from __future__ import annotations

import itertools
import queue
import threading

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any, Final

from hgframing_conformance._adapters import Adapter, Observation
from hgframing_conformance._messages import Hello


__all__ = ["Pool", "connect_all"]

#: Cases in a block: many enough that handing it over costs nothing beside them, few enough that no worker idles long.
_BLOCK: Final = 64
#: Blocks under way for each worker: one that it works on and one that waits.
_AHEAD: Final = 2

_Messages = list[dict[str, Any]]
_Job = tuple[_Messages, Future[list[Observation]]]


class Pool:
    """An adapter over several adapters.

    Args:
        adapters: connections to the same implementation, at least one; they are closed with the pool.
    """

    def __init__(self, adapters: Sequence[Adapter]) -> None:
        self._adapters = adapters
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(adapter,), daemon=True) for adapter in adapters
        ]
        for thread in self._threads:
            thread.start()

    @property
    def hello(self) -> Hello:
        """What the implementation says of itself."""
        return self._adapters[0].hello

    def run(self, messages: Iterable[dict[str, Any]]) -> Iterator[Observation]:
        """Yield one observation per message, in order; see `Adapter.run`."""
        source = iter(messages)
        under_way: deque[Future[list[Observation]]] = deque()
        while True:
            while len(under_way) < _AHEAD * len(self._adapters):
                block = list(itertools.islice(source, _BLOCK))
                if not block:
                    break
                future: Future[list[Observation]] = Future()
                under_way.append(future)
                self._jobs.put((block, future))
            if not under_way:
                return
            yield from under_way.popleft().result()

    def close(self) -> tuple[str, ...]:
        """Let the workers end what they have begun, and close every connection."""
        self._stopping.set()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
        return tuple(dict.fromkeys(note for adapter in self._adapters for note in adapter.close()))

    def _work(self, adapter: Adapter) -> None:
        while (job := self._jobs.get()) is not None:
            block, future = job
            try:
                future.set_result(list(adapter.run(self._until_stopped(block))))
            except BaseException as error:  # noqa: BLE001  (it belongs to whoever waits for the result)
                future.set_exception(error)

    def _until_stopped(self, block: _Messages) -> Iterator[dict[str, Any]]:
        return itertools.takewhile(lambda _message: not self._stopping.is_set(), block)


def connect_all(connect: Callable[[], Adapter], jobs: int) -> Adapter:
    """Connect as often as there are jobs; what was connected is closed if one fails.

    Args:
        connect: makes one connection.
        jobs: how many, at least 1; 1 needs no threads.

    Raises:
        SetupError: as `connect` does.
    """
    first = connect()
    if jobs == 1:
        return first
    adapters = [first]
    try:
        adapters += (connect() for _ in range(jobs - 1))
    except BaseException:
        for adapter in adapters:
            adapter.close()
        raise
    return Pool(adapters)
