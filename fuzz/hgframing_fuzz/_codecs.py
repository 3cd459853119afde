"""The codec of an implementation: octets become frames, and a frame octets. Below every reactor, and fuzzed alone.

As with reactors there are two ways to reach one: in this process, where the reference's is, and that of a factory whose
product has `open_codec`; or by messages, for every harness that declares the layer `codec`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec

import hgframing

from hgframing import Fault, Frame, FrameBuffer, Limits, LocalProtocolError, Revision
from hgframing_conformance._actions import parse_observed
from hgframing_conformance._adapters import Adapter
from hgframing_conformance._cases import Action, ActionKind, Layer, Verb
from hgframing_conformance._forms import FormError
from hgframing_conformance._frame_forms import frame_numbers
from hgframing_conformance._locators import REFERENCE
from hgframing_conformance._messages import case_message
from hgframing_conformance.errors import ConnectError
from hgframing_fuzz._blame import CodeUnderTest
from hgframing_fuzz._input import REVISION_CODES
from hgframing_fuzz._message_subject import UnansweredError, ask
from hgframing_fuzz._oracles import check_raised, objection
from hgframing_fuzz._outcome import Kind, Observed
from hgframing_fuzz._subjects import Attached, make_maker, open_adapter
from hgframing_fuzz._watch import ObjectionError


__all__ = ["MAX_PAYLOAD", "Codec", "CodecMaker", "Cut", "MessageCodec", "ReferenceCodec", "load_codec"]

#: Octets of a payload that every receiver takes (FRAME-003); above it may refuse.
MAX_PAYLOAD: Final = 0xFFFF


class Cut(msgspec.Struct, frozen=True):
    """What octets became.

    Attributes:
        frames: the whole frames, in order.
        refused: the rest was called wrong: too large, or cut off at the end.
    """

    frames: tuple[Frame, ...]
    refused: bool


class Codec(Attached, Protocol):
    """Something that cuts and writes frames."""

    @property
    def cuts(self) -> bool:
        """Whether octets may arrive cut anywhere; else one whole frame at a time."""

    def read(self, revision: Revision, chunks: Sequence[bytes], *, ends: bool, limit: int) -> Cut:
        """Cut octets into frames.

        Args:
            revision: whose header they have.
            chunks: the octets as they arrive.
            ends: whether the end of the input is told.
            limit: octets of a payload that are to be taken at most, for codecs that can be told.

        Raises:
            Exception: whatever the implementation lets through.
        """

    def write(self, revision: Revision, frame: Frame) -> bytes | None:
        """Write a frame, whose numbers need not fit; None: it is refused.

        Raises:
            Exception: whatever the implementation lets through.
        """

    def limit_for(self, wish: int) -> int:
        """The limit that is in force where this one is wished for: below it nothing may be refused."""


class CodecMaker(Protocol):
    """What a factory returns that gives a codec in this process."""

    name: str
    revisions: tuple[str, ...]
    cuts: bool
    code: CodeUnderTest
    instrument: tuple[str, ...]

    def open_codec(self) -> Any:
        """Make what has `read(revision, chunks, ends)` and `write(revision, frame)`, as `Codec` has."""


class ReferenceCodec:
    """The reference's: a frame buffer and the header's own writer."""

    name = f"hgframing {hgframing.__version__}"
    revisions = REVISION_CODES
    cuts = True
    instrument = ("hgframing._buffer", "hgframing._frames")

    def __init__(self) -> None:
        self.code = CodeUnderTest.of_modules(["hgframing"], self.instrument)

    def read(self, revision: Revision, chunks: Sequence[bytes], *, ends: bool, limit: int) -> Cut:
        """Feed a buffer; see `Codec.read`. What is fed is written over afterwards, as a caller may do."""
        buffer = FrameBuffer(revision, Limits(max_payload=limit))
        frames: list[Frame] = []
        for number, chunk in enumerate(chunks):
            writable = bytearray(chunk)
            buffer.feed(memoryview(writable))  # type: ignore[arg-type]  # any buffer of octets will do
            writable[:] = bytes(len(writable))
            # Frames may be taken one by one, all at once, or after more has come.
            if number % 3 == 2:
                continue
            if number % 3:
                frames += [item for item in buffer if isinstance(item, Frame)]
            elif isinstance(item := buffer.next_frame(), Frame):
                frames.append(item)
        frames += [item for item in buffer if isinstance(item, Frame)]
        if ends:
            return Cut(tuple(frames), buffer.end() is not None)
        return Cut(tuple(frames), isinstance(buffer.next_frame(), Fault))

    def write(self, revision: Revision, frame: Frame) -> bytes | None:
        """Encode; see `Codec.write`."""
        try:
            return revision.header.encode(frame)
        except LocalProtocolError:
            return None

    def limit_for(self, wish: int) -> int:
        """Any limit can be had."""
        return wish

    def close(self) -> None:
        """Do nothing: there is nothing to end."""


class _DirectCodec:
    """A codec in this process that is not ours."""

    def __init__(self, maker: CodecMaker) -> None:
        self.name = maker.name
        self.revisions = maker.revisions
        self.cuts = maker.cuts
        self.code = maker.code
        self.instrument = maker.instrument
        self._codec = maker.open_codec()

    def read(self, revision: Revision, chunks: Sequence[bytes], *, ends: bool, limit: int) -> Cut:  # noqa: ARG002
        frames, refused = self._codec.read(revision, chunks, ends=ends)
        return Cut(tuple(frames), bool(refused))

    def write(self, revision: Revision, frame: Frame) -> bytes | None:
        octets = self._codec.write(revision, frame)
        return None if octets is None else bytes(octets)

    def limit_for(self, _wish: int) -> int:
        return MAX_PAYLOAD

    def close(self) -> None:
        pass


class MessageCodec:
    """A codec behind an adapter of the conformance suite.

    Args:
        adapter: connected, past `hello`; it is closed with this.
    """

    #: Nothing of it runs where it could be seen.
    code = None
    instrument: tuple[str, ...] = ()

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        hello = adapter.hello
        self.name = f"{hello.name} {hello.version}"
        self.revisions = tuple(key for key in REVISION_CODES if key in hello.revisions)
        self.cuts = hello.capabilities.chunking
        verbs = hello.capabilities.steps
        self._verbs = frozenset(Verb) if verbs is None else frozenset(verbs)

    def read(self, revision: Revision, chunks: Sequence[bytes], *, ends: bool, limit: int) -> Cut:  # noqa: ARG002
        """Send the octets; see `Codec.read`."""
        steps: list[dict[str, Any]] = [{"receive": [chunk.hex() for chunk in chunks]}]
        if ends and Verb.END_INPUT in self._verbs:
            steps.append({"end-input": None})
        frames: list[Frame] = []
        refused = False
        for action in self._exchange(revision, steps):
            if action.kind is ActionKind.FRAME:
                frames.append(_frame(action.fields))
            refused = refused or action.kind is ActionKind.ERROR
        return Cut(tuple(frames), refused)

    def write(self, revision: Revision, frame: Frame) -> bytes | None:
        """Send the numbers; see `Codec.write`."""
        if Verb.ENCODE not in self._verbs:
            return None
        numbers = frame_numbers(frame, revision)
        numbers["payload"] = {"hex": frame.payload.hex()}
        for action in self._exchange(revision, [{"encode": numbers}]):
            if action.kind is ActionKind.OCTETS:
                return bytes(action.fields["octets"])
        return None

    def limit_for(self, _wish: int) -> int:
        """Whatever is wished, what the text allows is taken."""
        return MAX_PAYLOAD

    def close(self) -> None:
        """End the connection."""
        self._adapter.close()

    def _exchange(self, revision: Revision, steps: list[dict[str, Any]]) -> list[Action]:
        """Send one case, and take its actions; a `raised` among them is a finding."""
        message = case_message(revision=revision.key, layer=Layer.CODEC, setup={}, steps=steps)
        try:
            replies = ask(self._adapter, message)
            actions = [parse_observed(form, Layer.CODEC, revision.key) for reply in replies for form in reply]
        except UnansweredError as error:
            raise ObjectionError(
                objection(error.kind, "codec", "answer", f"{error.kind}: {error}")
            ) from error
        except FormError as error:
            raise ObjectionError(objection("bad-reply", "codec", "form", f"bad-reply: {error}")) from error
        for action in actions:
            if action.kind is ActionKind.RAISED:
                raised = (str(action.fields.get("type", "unknown")), str(action.fields.get("message", "")))
                raise ObjectionError(check_raised(Observed(Kind.RAISED, None, raised)))
        return actions


def _frame(fields: Mapping[str, Any]) -> Frame:
    request, stream, flags = (fields.get(name, 0) for name in ("request", "stream", "stream-flags"))
    return Frame(request, stream, flags, fields["type"], fields["flags"], fields["payload"])


def load_codec(locator: str) -> Codec:
    """Attach the codec of what a locator names.

    Args:
        locator: `reference`, `direct:package.module:factory` or `exec:command arguments`.

    Raises:
        LocatorError: it is no locator.
        SetupError: there is nothing to attach, or it has no codec of its own.
    """
    if locator in {"reference", REFERENCE}:
        return ReferenceCodec()
    if locator.startswith("direct:"):
        maker = make_maker(locator)
        if hasattr(maker, "open_codec"):
            return _DirectCodec(maker)
        if hasattr(maker, "open_server") or hasattr(maker, "open_client"):
            raise ConnectError(locator, "has no open_codec")
    adapter = open_adapter(locator)
    if Layer.CODEC not in adapter.hello.layers:
        adapter.close()
        raise ConnectError(locator, "does not declare the layer codec")
    return MessageCodec(adapter)
