"""`--isolate`: a connection of its own for every item, so that no case can see what another one left behind.

It costs a start of the harness per item. Deaths are counted over all of them, as they are in one connection: a
harness that dies on everything ends the run soon.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from hgframing_conformance._adapters import (
    Adapter,
    AdapterOptions,
    Crashed,
    NotRun,
    Observation,
    TimedOut,
)
from hgframing_conformance._messages import Hello
from hgframing_conformance.errors import SetupError


__all__ = ["IsolatingAdapter"]


class IsolatingAdapter:
    """An adapter that connects anew for every message.

    Args:
        connect: makes a connection; it is asked once at the beginning, for `hello`, and then for every message.
        options: the number of deaths that a run survives.

    Raises:
        SetupError: as `connect` does.
    """

    def __init__(self, connect: Callable[[], Adapter], options: AdapterOptions) -> None:
        self._connect = connect
        self._options = options
        self._deaths = 0
        self._notes: dict[str, None] = {}
        self._ready: Adapter | None = connect()
        self._gave_up = ""
        self.hello: Hello = self._ready.hello

    def run(self, messages: Iterable[dict[str, Any]]) -> Iterator[Observation]:
        """Yield one observation per message; see `Adapter.run`."""
        for message in messages:
            yield self._one(message)

    def close(self) -> tuple[str, ...]:
        """Close what is open, and say what went wrong with any of the connections."""
        self._end(self._ready)
        self._ready = None
        return tuple(self._notes)

    def _one(self, message: dict[str, Any]) -> Observation:
        if self._gave_up:
            return NotRun(reason=self._gave_up)
        adapter, self._ready = self._ready, None
        try:
            adapter = adapter or self._connect()
        except SetupError as error:
            self._gave_up = f"the harness did not start again: {error}"
            return NotRun(reason=self._gave_up)
        try:
            if adapter.hello != self.hello:
                self._notes["says something else in hello from one start to the next"] = None
            (observation,) = adapter.run([message])
        finally:
            self._end(adapter)
        if isinstance(observation, Crashed | TimedOut):
            self._deaths += 1
            if self._deaths > self._options.max_restarts:
                self._gave_up = f"it died or timed out {self._deaths} times, which is too often"
        return observation

    def _end(self, adapter: Adapter | None) -> None:
        if adapter is not None:
            self._notes.update(dict.fromkeys(adapter.close()))
