"""The reference's client reactor, as a subject in this process, and what a client that is driven must have asked.

A client that called nothing refuses every response. So the driver's client issues its calls first, as many as the
answers octet of the input says, without output being buffered; then the input arrives.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

import hgframing

from hgframing import (
    REVISIONS,
    ClientAction,
    ClientReactor,
    Error,
    ErrorResponse,
    Feature,
    FrameBuffer,
    Limits,
    Noop,
    Progress,
    ResponseData,
    Revision,
    SendFrames,
    TextOutput,
    WantFrame,
)
from hgframing_fuzz._blame import CodeUnderTest
from hgframing_fuzz._drive import Answer
from hgframing_fuzz._input import REVISION_CODES, Options
from hgframing_fuzz._outcome import Kind, Observed
from hgframing_fuzz._reference import LIMITS


__all__ = ["ReferenceClient", "ReferenceClientSession", "calls_of"]

_NOOP: Final = Observed(Kind.NOOP)
_REACTOR_MODULES: Final = ("_client", "_streams", "_settings")


def calls_of(options: Options, revision: Revision) -> int:
    """How many calls the driver makes before the input arrives: 1–4; 1 where there are no request IDs."""
    return 1 + (options.answers & 0x03) if Feature.REQUEST_IDS in revision.features else 1


class ReferenceClientSession:
    """One client reactor of the reference behind a frame buffer.

    Args:
        revision: which rules apply.
        calls: how many requests are under way.
        reactor: the class to make; another one is for tests that plant a fault.
        limits: what a peer may make it hold.
    """

    def __init__(
        self,
        revision: Revision,
        *,
        calls: int,
        reactor: type[ClientReactor] = ClientReactor,
        limits: Limits = LIMITS,
    ) -> None:
        self._buffer = FrameBuffer(revision, limits)
        offered = None
        if Feature.SENDER_SETTINGS in revision.features:
            offered = revision.encodings
        self._reactor = reactor(
            revision, buffer_sends=False, multiple_sends=True, content_encodings=offered, limits=limits
        )
        for _ in range(calls):
            self._reactor.sent(self._reactor.call(b"c").request_id)

    @property
    def state(self) -> Hashable:
        """The connection's state."""
        return self._reactor.state

    def receive(self, octets: bytes) -> tuple[Observed, ...]:
        """Feed the buffer and hand its frames over."""
        self._buffer.feed(octets)
        return tuple(_observe(action) for item in self._buffer for action in self._reactor.receive(item))

    def end_input(self) -> tuple[Observed, ...]:
        """End the buffer, then the reactor."""
        fault = self._buffer.end()
        actions = () if fault is None else self._reactor.receive(fault)
        return tuple(_observe(action) for action in (*actions, *self._reactor.end_input()))

    def answer(self, answer: Answer) -> tuple[Observed, ...]:
        """Refuse: a client runs no commands."""
        raise AssertionError(f"a client is asked to answer {answer.request}")


def _observe(action: ClientAction) -> Observed:
    match action:
        case Noop() | WantFrame():
            return _NOOP
        case ResponseData():
            return Observed(Kind.RESPONSE_DATA, action.request_id, (action.data, action.eos))
        case ErrorResponse():
            return Observed(Kind.ERROR_RESPONSE, action.request_id, (action.kind, action.atoms))
        case TextOutput():
            return Observed(Kind.TEXT_OUTPUT, action.request_id, action)
        case Progress():
            return Observed(Kind.PROGRESS, action.request_id, action)
        case SendFrames():
            return Observed(Kind.SEND_FRAMES, None, action.frames)
        case Error():
            fault = action.fault
            return Observed(Kind.ERROR, fault.request_id, (fault.code.value, fault.message))


class ReferenceClient:
    """Makes sessions of the reference's client.

    Args:
        reactor: the class to drive.
        limits: of its reactors.
    """

    name = f"hgframing {hgframing.__version__}"
    revisions = tuple(key for key in REVISION_CODES if key in REVISIONS)
    cuts = True
    instrument = (
        *(f"hgframing.{name}" for name in _REACTOR_MODULES),
        "hgframing._buffer",
        "hgframing._cbor",
        "hgframing._encodings",
        "hgframing._responses",
        "hgframing._text",
        "hgframing._progress",
    )

    def __init__(self, reactor: type[ClientReactor] = ClientReactor, limits: Limits = LIMITS) -> None:
        self._reactor = reactor
        self._limits = limits
        self.code = CodeUnderTest.of_modules(
            ["hgframing"], [f"hgframing.{name}" for name in _REACTOR_MODULES]
        )

    def open_client(self, revision: Revision, *, calls: int) -> ReferenceClientSession:
        """Make a fresh reactor that has issued its calls, behind a fresh buffer."""
        return ReferenceClientSession(revision, calls=calls, reactor=self._reactor, limits=self._limits)
