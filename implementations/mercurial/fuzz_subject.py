"""Mercurial's reactors, driven in the fuzzer's own process.

    PYTHONPATH=implementations/mercurial hgframing-fuzz run --target server-reactor \
        --implementation direct:fuzz_subject:server --directory findings
    PYTHONPATH=implementations/mercurial hgframing-fuzz run --target client-reactor \
        --implementation direct:fuzz_subject:client --directory findings
    PYTHONPATH=implementations/mercurial hgframing-fuzz run --target differential \
        --implementation direct:fuzz_subject:both --directory findings
    PYTHONPATH=implementations/mercurial hgframing-fuzz run --target header \
        --implementation direct:fuzz_subject:codec --directory findings

The harness beside this file speaks the harness protocol: one message for a whole case, and an exception
arrives as the name of its type. That suits a conformance suite. A fuzzer wants a hundred times the speed, and
the traceback, so that findings can be sorted by the place where they strike.

The octets go through Mercurial's own frame reader, one call for each chunk, as its HTTP server calls it.
`Abort` is how that reader says that a frame is cut off; it is the only exception that counts as an answer.
Every other one is let through. Mercurial is imported and called, and nothing of it is copied.
"""

from __future__ import annotations

import io
import struct

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from hgframing import REVISIONS, Frame, Revision
from hgframing_fuzz import Answer, CodeUnderTest, Kind, Observed
from mercurial import error, util, wireprotoframing
from mercurial import ui as uimod


# Its modules are imported on first use: what is imported later would be neither instrumented nor blamed.
from mercurial.utils import cborutil, stringutil  # noqa: F401  # isort: skip


_STATES: Final = {
    name.encode(): name
    for name in ("initial", "protocol-settings-receiving", "idle", "command-receiving", "errored")
}

_PLAIN: Final = {b"wantframe": Observed(Kind.WANT_FRAME), b"noop": Observed(Kind.NOOP)}

#: The same, as all that one call led to: most frames lead to nothing else.
_ALONE: Final = {name: (one,) for name, one in _PLAIN.items()}

# Attributes of an enum's class are looked up by a descriptor, once for each frame.
_ERROR: Final = Kind.ERROR
_RUN_COMMAND: Final = Kind.RUN_COMMAND
_SEND_FRAMES: Final = Kind.SEND_FRAMES
_RESPONSE_DATA: Final = Kind.RESPONSE_DATA

#: What a command answers, chosen by the input's seed.
_RESPONSES: Final[tuple[list[Any], ...]] = (
    [b"ok"],
    [{b"key": b"value"}, [1, 2, 3]],
    [],
    [b"x" * 40000],
)


class _ServerSession:
    """One `serverreactor`."""

    def __init__(self, ui: Any, *, defer_output: bool) -> None:
        self._reactor = wireprotoframing.serverreactor(ui, deferoutput=defer_output)
        self._stream: Any = None
        self._aborted: tuple[Observed, ...] = ()

    @property
    def state(self) -> str:
        return _STATES[self._reactor._state]  # noqa: SLF001 -- nothing public tells it

    def receive(self, octets: bytes) -> tuple[Observed, ...]:
        if self._aborted:
            # Nobody reads on after the reader has given up.
            return self._aborted
        source = io.BytesIO(octets)
        earlier: tuple[Observed, ...] = ()
        size = len(octets)
        while True:
            try:
                frame = wireprotoframing.readframe(source)
            except error.Abort as abort:
                self._aborted = (Observed(_ERROR, None, ("", bytes(abort.message))),)
                return earlier + self._aborted
            name, meta = self._reactor.onframerecv(frame)
            observed = _ALONE.get(name) or (_observe(name, meta),)
            # After an error the rest of the chunk is not read, as no caller would: Mercurial mistakes the size of a
            # frame above 64 KiB, and takes its payload for thousands of frames.
            if source.tell() == size or name == b"error":
                return earlier + observed if earlier else observed
            earlier += observed

    def end_input(self) -> tuple[Observed, ...]:
        name, meta = self._reactor.oninputeof()
        return _ALONE.get(name) or (_observe(name, meta),)

    def answer(self, answer: Answer) -> tuple[Observed, ...]:
        # One stream for all responses, made when the first one is due, as the HTTP server does.
        if self._stream is None:
            self._stream = self._reactor.makeoutputstream()
        if not answer.fail:
            objects = iter(_RESPONSES[answer.seed % len(_RESPONSES)])
            action = self._reactor.oncommandresponsereadyobjects(self._stream, answer.request, objects)
        elif answer.seed % 2:
            action = self._reactor.oncommanderror(self._stream, answer.request, b"failed")
        else:
            action = self._reactor.onservererror(self._stream, answer.request, b"failed")
        return (_observe(*action),)


def _observe(name: bytes, meta: dict[bytes, Any]) -> Observed:
    """Put an action into the common form. Generators of frames are exhausted, which is what sends them."""
    if name == b"runcommand":
        value = (meta[b"command"], meta[b"args"], meta[b"data"], meta[b"redirect"])
        return Observed(_RUN_COMMAND, meta[b"requestid"], value)
    if name == b"sendframes":
        return Observed(_SEND_FRAMES, None, tuple(_frame(octets) for octets in meta[b"framegen"]))
    if name == b"error":
        return Observed(_ERROR, None, ("", bytes(meta[b"message"])))
    return _PLAIN[name]


_UNPACK: Final = REVISIONS["0006"].header.packer.unpack_from


def _frame(octets: bytes) -> Frame:
    _, _, request_id, stream_id, stream_flags, nibbles = _UNPACK(octets)
    payload = bytes(memoryview(octets)[8:])  # one copy, where a slice would be the second
    return Frame(request_id, stream_id, stream_flags, nibbles >> 4, nibbles & 15, payload)


class _ClientSession:
    """One `clientreactor` that has issued its requests."""

    def __init__(self, ui: Any, calls: int) -> None:
        offered = [b"zstd-8mb", b"zlib", b"identity"]
        self._reactor = wireprotoframing.clientreactor(
            ui, hasmultiplesend=True, buffersends=False, clientcontentencoders=offered
        )
        self._aborted: tuple[Observed, ...] = ()
        for _ in range(calls):
            _, _, meta = self._reactor.callcommand(b"c", {})
            for _ in meta[b"framegen"]:
                pass

    @property
    def state(self) -> tuple[int, ...]:
        return tuple(self._reactor._activerequests)  # noqa: SLF001 -- nothing public tells it

    def receive(self, octets: bytes) -> tuple[Observed, ...]:
        if self._aborted:
            return self._aborted
        source = io.BytesIO(octets)
        earlier: tuple[Observed, ...] = ()
        size = len(octets)
        while True:
            try:
                frame = wireprotoframing.readframe(source)
            except error.Abort as abort:
                self._aborted = (Observed(_ERROR, None, ("", bytes(abort.message))),)
                return earlier + self._aborted
            one = _observe_client(*self._reactor.onframerecv(frame))
            if source.tell() == size or one.kind is _ERROR:
                return (*earlier, one) if earlier else (one,)
            earlier += (one,)

    def end_input(self) -> tuple[Observed, ...]:
        return _ALONE[b"noop"]  # the reactor cannot be told

    def answer(self, answer: Answer) -> tuple[Observed, ...]:
        raise AssertionError(f"a client is asked to answer {answer.request}")


def _observe_client(name: bytes, meta: dict[bytes, Any]) -> Observed:
    if name == b"responsedata":
        value = (bytes(meta[b"data"]), bool(meta[b"eos"]))
        return Observed(_RESPONSE_DATA, meta[b"request"].requestid, value)
    if name == b"error" and b"request" in meta:
        value = (meta[b"type"], meta[b"message"])
        return Observed(Kind.ERROR_RESPONSE, meta[b"request"].requestid, value)
    return _observe(name, meta)


class ServerSubject:
    """The server reactor of the Mercurial that is installed; what a locator names."""

    name = f"mercurial {util.version().decode('ascii', 'replace')}"
    revisions = ("0006",)
    cuts = False
    instrument = ("mercurial.wireprotoframing", "mercurial.utils.cborutil")

    def __init__(self) -> None:
        self.code = CodeUnderTest.of_modules(["mercurial"], ["mercurial.wireprotoframing"])
        self._ui = uimod.ui.load()

    def open_server(self, revision: Revision, *, defer_output: bool) -> _ServerSession:  # noqa: ARG002
        """Make a reactor. There is one revision only."""
        return _ServerSession(self._ui, defer_output=defer_output)


def server() -> ServerSubject:
    """Make the subject: `direct:fuzz_subject:server`."""
    return ServerSubject()


class ClientSubject:
    """The client reactor of the Mercurial that is installed."""

    name = ServerSubject.name
    revisions = ServerSubject.revisions
    cuts = False
    instrument = ServerSubject.instrument

    def __init__(self) -> None:
        self.code = CodeUnderTest.of_modules(["mercurial"], ["mercurial.wireprotoframing"])
        self._ui = uimod.ui.load()

    def open_client(self, revision: Revision, *, calls: int) -> _ClientSession:  # noqa: ARG002
        """Make a reactor with requests under way. There is one revision only."""
        return _ClientSession(self._ui, calls)


def client() -> ClientSubject:
    """Make the subject: `direct:fuzz_subject:client`."""
    return ClientSubject()


class _Codec:
    """Mercurial's frame reader and frame builder."""

    @staticmethod
    def read(revision: Revision, chunks: Sequence[bytes], *, ends: bool) -> tuple[list[Frame], bool]:  # noqa: ARG004
        """Read until there is nothing left. A reader of files knows no end but that of the file."""
        source = io.BytesIO(b"".join(chunks))
        frames: list[Frame] = []
        try:
            while (frame := wireprotoframing.readframe(source)) is not None:
                frames.append(
                    Frame(
                        frame.requestid,
                        frame.streamid,
                        frame.streamflags,
                        frame.typeid,
                        frame.flags,
                        bytes(frame.payload),
                    )
                )
        except error.Abort:
            return frames, ends
        return frames, False

    @staticmethod
    def write(revision: Revision, frame: Frame) -> bytes | None:  # noqa: ARG004
        """Build a frame. A number that `struct` does not take is refused, whoever refuses it."""
        try:
            return bytes(
                wireprotoframing.makeframe(
                    frame.request_id,
                    frame.stream_id,
                    frame.stream_flags,
                    frame.type_id,
                    frame.flags,
                    frame.payload,
                )
            )
        except (struct.error, ValueError, AssertionError, error.ProgrammingError):
            return None


class CodecSubject:
    """The codec of the Mercurial that is installed."""

    name = ServerSubject.name
    revisions = ServerSubject.revisions
    cuts = False
    instrument = ("mercurial.wireprotoframing",)

    def __init__(self) -> None:
        self.code = CodeUnderTest.of_modules(["mercurial"], ["mercurial.wireprotoframing"])

    def open_codec(self) -> _Codec:
        """Make a codec."""
        return _Codec()


def codec() -> CodecSubject:
    """Make the subject: `direct:fuzz_subject:codec`."""
    return CodecSubject()


class BothSubject(ServerSubject, ClientSubject, CodecSubject):
    """Both reactors and the codec, for comparisons."""

    #: Its client cannot be told that the input has ended.
    client_ends = False

    @property
    def known_differences(self) -> Path | None:
        """What is known to differ from the reference, where somebody has looked at this release."""
        file = Path(__file__).with_name(f"{util.version().decode('ascii', 'replace')}-differences.yaml")
        return file if file.is_file() else None


def both() -> BothSubject:
    """Make the subject: `direct:fuzz_subject:both`."""
    return BothSubject()
