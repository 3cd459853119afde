"""`reflect:http://host:port/…`: the reactor behind a live server, judged by the vectors of the layer `server`.

The endpoint `debugreflect` feeds a body to a reactor and prints what it did. A case is one request whose body is all
that the case receives; what is printed for each frame is dealt out to the steps. The endpoint takes whole frames, and
shows no responses, no settings and no types that JSON has not: that a case needs these follows from `hello`, and makes
it unsupported.

A reactor that throws spoils the whole answer. Then the steps are sent one more each time, and the first that is not
answered with 200 is the one that threw: `raised`.
"""

from __future__ import annotations

import dataclasses
import time

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from hgframing import REVISIONS, Frame, Revision
from hgframing_conformance._adapters import (
    AdapterOptions,
    Answered,
    BadReply,
    Crashed,
    NotRun,
    Observation,
    TimedOut,
    prefixes,
)
from hgframing_conformance._cases import Layer, Verb
from hgframing_conformance._exchange import ExchangeError, Response
from hgframing_conformance._http_adapter import not_answered
from hgframing_conformance._http_forms import parse_request
from hgframing_conformance._messages import Capabilities, Hello
from hgframing_conformance._quoting import quote
from hgframing_conformance._reflection_lines import VALUES, ReflectionError, read_reflection
from hgframing_conformance._responses import body_frames
from hgframing_conformance._service import find_service, send
from hgframing_conformance.errors import HelloError


__all__ = ["ReflectAdapter"]

_PATH: Final = "ro/debugreflect"
_Steps = Sequence[Mapping[str, Any]]


@dataclasses.dataclass(frozen=True, slots=True)
class _Raised:
    """The reactor threw; what the server said of it."""

    action: dict[str, Any]


class ReflectAdapter:
    """Asks the reflection endpoint of a server.

    Args:
        url: what follows `reflect:` in the locator.
        options: the deadline of a case, and the number of deaths that a run survives.

    Raises:
        LocatorError: the URL is none that this can reach.
        ConnectError: nothing listens there.
        HelloError: it has none of the protocol's APIs, or does not reflect.
    """

    def __init__(self, url: str, options: AdapterOptions) -> None:
        self._options = options
        self._service = find_service(f"reflect:{url}", url, options.timeout)
        self.hello: Hello = Hello(
            protocol=1,
            name=self._service.name,
            version=self._service.version,
            language="HTTP",
            revisions=sorted(self._service.roots),
            layers=[Layer.SERVER],
            capabilities=Capabilities(
                chunking=False,
                steps=[Verb.RECEIVE, Verb.END_INPUT],
                values=list(VALUES),
                after_end=False,
            ),
        )
        for revision in self.hello.revisions:
            self._probe(f"reflect:{url}", revision)

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

    def _probe(self, locator: str, revision: str) -> None:
        """Ask for nothing, which every endpoint reflects."""
        observation = self._one({"revision": revision, "steps": [{"end-input": None}]})
        if (
            not isinstance(observation, Answered)
            or observation.steps[0] == []
            or "raised" in observation.steps[0][0]
        ):
            raise HelloError(
                locator, f"{_PATH} does not reflect in {revision}: {_told(observation)}; is it switched on?"
            )

    def _one(self, message: dict[str, Any]) -> Observation:
        steps: _Steps = message["steps"]
        if any("end-input" in step for step in steps[:-1]):
            return NotRun(reason="the endpoint cannot show what follows the end of input")
        revision = REVISIONS[message["revision"]]
        deadline = time.monotonic() + self._options.timeout
        try:
            found = self._reflect(steps, revision, deadline)
            if isinstance(found, list):
                return Answered(steps=found)
            return self._located(message, revision, deadline)
        except ExchangeError as error:
            return not_answered(error, 0, self._options.timeout)
        except ReflectionError as error:
            return BadReply(problem=str(error), quoted="")

    def _located(self, message: dict[str, Any], revision: Revision, deadline: float) -> Observation:
        """Find the step that throws; what came before it is what the reactor did, what follows nobody knows."""
        before: list[list[dict[str, Any]]] = []
        for prefix in prefixes(message):
            found = self._reflect(prefix["steps"], revision, deadline)
            if isinstance(found, _Raised):
                missing = len(message["steps"]) - len(before) - 1
                return Answered(steps=[*before, [found.action], *([] for _ in range(missing))])
            before = found
        return BadReply(problem="the reactor threw, and did not when it was asked again", quoted="")

    def _reflect(
        self, steps: _Steps, revision: Revision, deadline: float
    ) -> list[list[dict[str, Any]]] | _Raised:
        by_step = [_frames_of(step, revision) for step in steps]
        octets = b"".join(revision.header.encode(frame) for frames in by_step for frame in frames)
        request, _ = parse_request({"path": _PATH, "body": {"hex": octets.hex()}}, revision.key)
        response = send(self._service.server, self._service.roots[revision.key], request, deadline)
        if response.status == 500:
            return _Raised({"raised": {"type": "status 500", "message": quote(response.body, limit=120)}})
        if response.status != 200:
            raise ReflectionError(_status(response))
        by_frame, at_end = read_reflection(
            response.body, [frame for frames in by_step for frame in frames], revision
        )
        told = iter(by_frame)
        answered = [[action for _ in frames for action in next(told)] for frames in by_step]
        if steps and "end-input" in steps[-1]:
            answered[-1] = at_end
        return answered


def _frames_of(step: Mapping[str, Any], revision: Revision) -> tuple[Frame, ...]:
    octets = bytes.fromhex("".join(step.get("receive") or ()))
    frames = body_frames(octets, revision)
    assert frames is not None  # noqa: S101 - who declares no chunking is sent whole frames
    return frames


def _status(response: Response) -> str:
    return f"status {response.status}: {quote(response.body, limit=120)!r}"


def _told(observation: Observation) -> str:
    match observation:
        case BadReply(problem=problem):
            return problem
        case Crashed(how=how):
            return how
        case TimedOut(seconds=seconds):
            return f"no answer in {seconds:g} s"
        case _:
            return "status 500"
