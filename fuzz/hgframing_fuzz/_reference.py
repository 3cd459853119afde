"""The reference's server reactor, as a subject in this process.

It accepts every content encoding that its revision has, which a careful user would not let it do: the decoders
are then within a peer's reach, and that is what is fuzzed. Its limits are low: an input of a few kilooctets must
be able to cross each of them, and what they let a peer take must lie below what the memory oracle calls a bomb.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Final

import hgframing

from hgframing import (
    REVISIONS,
    CommandData,
    Error,
    Fault,
    Feature,
    FrameBuffer,
    Limits,
    LocalProtocolError,
    Noop,
    Revision,
    RunCommand,
    SendFrames,
    ServerAction,
    ServerReactor,
    WantFrame,
)
from hgframing_fuzz._blame import CodeUnderTest
from hgframing_fuzz._drive import Answer
from hgframing_fuzz._input import REVISION_CODES
from hgframing_fuzz._outcome import Kind, Observed


__all__ = ["LIMITS", "ReferenceServer", "ReferenceSession"]

#: What commands answer, chosen by the input's seed.
_OBJECTS: Final[tuple[list[Any], ...]] = ([b"ok"], [{b"key": b"value"}, [1, 2, 3]], [], [b"x" * 40000])
_DATA: Final = (b"ok", b"\xa0", b"", b"x" * 40000)

#: Below what an input can do, and together below the constant of the memory budget: the one encoded stream may
#: cost 16 MiB.
LIMITS: Final = Limits(
    max_requests=8,
    max_request_octets=256 * 1024,
    max_buffered_octets=512 * 1024,
    max_settings_octets=1024,
    max_encoded_streams=1,
    max_decoded=1024 * 1024,
)

#: Actions that say no more than their kind. Most actions are these.
_PLAIN: Final[Mapping[type, Observed]] = {
    WantFrame: Observed(Kind.WANT_FRAME),
    Noop: Observed(Kind.NOOP),
}
#: From here on requests are not counted any more.
_MANY: Final = 3

#: What the reactors consist of; the rest of the package is below them.
_REACTOR_MODULES: Final = ("_server", "_answers", "_streams", "_settings")


class ReferenceSession:
    """One reactor of the reference behind a frame buffer.

    Args:
        revision: which rules apply.
        defer_output: whether output waits for the end of input.
        reactor: the class to make; another one is for tests that plant a fault.
        limits: what a peer may make it hold.
    """

    def __init__(
        self,
        revision: Revision,
        *,
        defer_output: bool,
        reactor: type[ServerReactor] = ServerReactor,
        limits: Limits = LIMITS,
    ) -> None:
        self._buffer = FrameBuffer(revision, limits)
        accepted = revision.encodings or ("identity",)
        self._reactor = reactor(revision, defer_output=defer_output, accept_encodings=accepted, limits=limits)
        self._defer = defer_output
        self._unsent: list[int] = []
        features = revision.features
        self._sends_objects = Feature.OBJECT_RESPONSES in features
        self._failures = ("application", "protocol")
        if Feature.ERROR_FLAGS not in features:
            self._failures = ("server", "command")

    @property
    def state(self) -> Hashable:
        """The connection's state, and roughly how many requests are where."""
        reactor = self._reactor
        receiving, unanswered = len(reactor.receiving), reactor.unanswered
        return reactor.state, min(receiving, _MANY), min(unanswered, _MANY)

    def receive(self, octets: bytes) -> tuple[Observed, ...]:
        """Feed the buffer and hand its frames over."""
        self._buffer.feed(octets)
        observed: list[Observed] = []
        for item in self._buffer:
            self._note(self._reactor.receive(item), observed)
        return tuple(observed)

    def end_input(self) -> tuple[Observed, ...]:
        """End the buffer, then the reactor; what was deferred leaves now."""
        observed: list[Observed] = []
        fault = self._buffer.end()
        if fault is not None:
            self._note(self._reactor.receive(fault), observed)
        self._note(self._reactor.end_input(), observed)
        for request_id in self._unsent:
            self._note(self._reactor.sent(request_id), observed)
        return tuple(observed)

    def answer(self, answer: Answer) -> tuple[Observed, ...]:
        """Answer a command; a refusal is observed, for the driver is entitled to its answer."""
        observed: list[Observed] = []
        try:
            self._note(self._answer(answer), observed)
            if self._defer:
                self._unsent.append(answer.request)
            else:
                self._note(self._reactor.sent(answer.request), observed)
        except LocalProtocolError as error:
            observed.append(Observed(Kind.REFUSED, answer.request, str(error)))
        return tuple(observed)

    def _answer(self, answer: Answer) -> tuple[ServerAction, ...]:
        if answer.fail:
            kind = self._failures[answer.seed % len(self._failures)]
            return self._reactor.fail(answer.request, kind, b"failed")
        if self._sends_objects:
            return self._reactor.respond(answer.request, _OBJECTS[answer.seed % len(_OBJECTS)])
        return self._reactor.respond_data(answer.request, _DATA[answer.seed % len(_DATA)])

    @staticmethod
    def _note(actions: tuple[ServerAction, ...], observed: list[Observed]) -> None:
        for action in actions:
            plain = _PLAIN.get(type(action))
            if plain is not None:
                observed.append(plain)
                continue
            match action:
                case RunCommand():
                    value = (action.command, action.args, action.data, action.redirect)
                    observed.append(Observed(Kind.RUN_COMMAND, action.request_id, value))
                case SendFrames():
                    observed.append(Observed(Kind.SEND_FRAMES, None, action.frames))
                case Error():
                    observed.append(_error(action.fault))
                case CommandData():
                    raise AssertionError("data comes with its command unless streaming was asked for")
                case WantFrame() | Noop():
                    raise AssertionError("these are plain")


def _error(fault: Fault) -> Observed:
    return Observed(Kind.ERROR, fault.request_id, (fault.code.value, fault.message))


class ReferenceServer:
    """Makes sessions of the reference.

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
        "hgframing._commands",
        "hgframing._cbor",
        "hgframing._encodings",
        "hgframing._responses",
    )

    def __init__(self, reactor: type[ServerReactor] = ServerReactor, limits: Limits = LIMITS) -> None:
        self._reactor = reactor
        self._limits = limits
        self.code = CodeUnderTest.of_modules(
            ["hgframing"], [f"hgframing.{name}" for name in _REACTOR_MODULES]
        )

    def open_server(self, revision: Revision, *, defer_output: bool) -> ReferenceSession:
        """Make a fresh reactor behind a fresh buffer."""
        return ReferenceSession(
            revision, defer_output=defer_output, reactor=self._reactor, limits=self._limits
        )
