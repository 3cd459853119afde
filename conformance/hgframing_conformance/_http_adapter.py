"""`http://host:port/…`: a live server, in the layer `http`.

There is no harness: a step is a request, and what the server answers is its action. Each request has a connection of
its own, so a server that breaks one breaks no other. Nothing is retried.

A connection that is refused, broken or closed before a response is a crash of that case; a response that does not come
in time a time-out; octets that are no response, or not a whole one, a bad reply. The server goes on, and so does the
run, until more cases died than the options allow.
"""

from __future__ import annotations

import time

from collections.abc import Iterable, Iterator
from typing import Any

from hgframing_conformance._adapters import (
    AdapterOptions,
    Answered,
    BadReply,
    Crashed,
    NotRun,
    Observation,
    TimedOut,
)
from hgframing_conformance._cases import Layer, Verb
from hgframing_conformance._exchange import Breakdown, ExchangeError, Response
from hgframing_conformance._messages import Capabilities, Hello
from hgframing_conformance._service import find_service, send


__all__ = ["HttpAdapter", "not_answered", "write_response"]


class HttpAdapter:
    """Asks a server.

    Args:
        url: what follows `http:` in the locator.
        options: the deadline of a case, and the number of deaths that a run survives.

    Raises:
        LocatorError: the URL is none that this can reach.
        ConnectError: nothing listens there.
        HelloError: it has none of the protocol's APIs.
    """

    def __init__(self, url: str, options: AdapterOptions) -> None:
        self._options = options
        self._service = find_service(f"http:{url}", f"http:{url}", options.timeout)
        self.hello: Hello = Hello(
            protocol=1,
            name=self._service.name,
            version=self._service.version,
            language="HTTP",
            revisions=sorted(self._service.roots),
            layers=[Layer.HTTP],
            capabilities=Capabilities(commands=list(self._service.commands), steps=[Verb.REQUEST]),
        )

    def run(self, messages: Iterable[dict[str, Any]]) -> Iterator[Observation]:
        """Yield one observation per message; see `Adapter.run`."""
        deaths = 0
        for message in messages:
            if deaths > self._options.max_restarts:
                yield NotRun(reason=f"the server failed {deaths} times")
                continue
            observation = self._one(message)
            deaths += isinstance(observation, Crashed | TimedOut)
            yield observation

    def close(self) -> tuple[str, ...]:
        """Do nothing: no connection is open."""
        return ()

    def _one(self, message: dict[str, Any]) -> Observation:
        root = self._service.roots[message["revision"]]
        deadline = time.monotonic() + self._options.timeout
        steps = []
        for index, step in enumerate(message["steps"]):
            try:
                response = send(self._service.server, root, step["request"], deadline)
            except ExchangeError as error:
                return not_answered(error, index, self._options.timeout)
            steps.append([write_response(response)])
        return Answered(steps=steps)


def write_response(response: Response) -> dict[str, Any]:
    """Write a response as a harness reports it."""
    headers = [list(pair) for pair in response.headers]
    return {"response": {"status": response.status, "headers": headers, "body": {"hex": response.body.hex()}}}


def not_answered(error: ExchangeError, step: int, timeout: float) -> Observation:
    """Say what it means for a case that a request was not answered.

    Args:
        error: how the exchange ended.
        step: the step that asked.
        timeout: seconds that the case had.
    """
    match error.breakdown:
        case Breakdown.LATE:
            return TimedOut(seconds=timeout, step=step)
        case Breakdown.GARBLED:
            return BadReply(problem=f"step {step + 1}: {error.problem}", quoted="")
        case Breakdown.UNREACHABLE | Breakdown.CLOSED:
            return Crashed(how=error.problem, step=step)
