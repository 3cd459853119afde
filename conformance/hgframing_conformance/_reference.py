"""The reference as just another implementation: its harness, in this process.

It speaks harness protocol 1 (docs/harness-protocol.md) as any third party's does, and gets nothing that they do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

import hgframing

from hgframing import (
    REVISIONS,
    Atom,
    ClientAction,
    ClientReactor,
    Error,
    Fault,
    Frame,
    FrameBuffer,
    Limits,
    LocalProtocolError,
    Revision,
    SendFrames,
    ServerAction,
    ServerReactor,
)
from hgframing_conformance import _reference_http
from hgframing_conformance._reference_forms import (
    read_form,
    read_redirect,
    write_client_action,
    write_error,
    write_frame,
    write_server_action,
)


__all__ = ["ReferenceHarness"]

_Message = Mapping[str, Any]
_Actions = list[dict[str, Any]]

_ENCODINGS: Final = ["identity", "zlib", "zstd-8mb"]
_CODEC_STEPS: Final = ("receive", "end-input", "encode")
_SERVER_STEPS: Final = (
    "receive",
    "end-input",
    "respond",
    "start-response",
    "send-response",
    "finish-response",
    "fail",
    "text-output",
    "progress",
    "sent",
)
_CLIENT_STEPS: Final = ("receive", "end-input", "call", "flush", "abandon", "request-state")


def _wishes(setup: _Message, *names: str) -> dict[str, Any]:
    """Hand on what a case wishes, so that the reference's defaults decide the rest."""
    return {name.replace("-", "_"): setup[name] for name in names if name in setup}


def _placement(value: _Message, *names: str) -> dict[str, Any]:
    """Say how an answer leaves, where a step says more than the defaults."""
    given = {"stream": "stream_id", "last": "last"}
    return {given[name]: value[name] for name in names or given if value.get(name, False) is not False}


_A = TypeVar("_A")
_Receive = Callable[[Frame | Fault], tuple[_A, ...]]


def _received(buffer: FrameBuffer, chunks: Iterable[str], receive: _Receive[_A]) -> Iterator[_A]:
    """Hand what arrives to a reactor, up to a fault: after it a caller stops reading."""
    for chunk in chunks:
        buffer.feed(bytes.fromhex(chunk))
        for item in buffer:
            answer = receive(item)
            yield from answer
            if isinstance(answer[0], Error):
                return


def _ended(buffer: FrameBuffer, receive: _Receive[_A], end: Callable[[], tuple[_A, ...]]) -> Iterator[_A]:
    """Tell a reactor that nothing more arrives, the end of a frame least of all."""
    fault = buffer.end()
    if fault is not None:
        yield from receive(fault)
    yield from end()


class _Codec:
    """Steps of the codec layer."""

    def __init__(self, revision: Revision, _setup: _Message, limits: Limits | None) -> None:
        self._revision = revision
        self._buffer = FrameBuffer(revision, limits)
        self.verbs: dict[str, Callable[[Any], _Actions]] = {
            "receive": self._receive,
            "end-input": self._end_input,
            "encode": self._encode,
        }

    def _receive(self, chunks: Iterable[str]) -> _Actions:
        actions: _Actions = []
        for chunk in chunks:
            self._buffer.feed(bytes.fromhex(chunk))
            actions += [
                write_error(item) if isinstance(item, Fault) else write_frame(item, self._revision)
                for item in self._buffer
            ]
        return actions

    def _end_input(self, _: None) -> _Actions:
        fault = self._buffer.end()
        return [] if fault is None else [write_error(fault)]

    def _encode(self, numbers: _Message) -> _Actions:
        frame = Frame(
            numbers.get("request", 0),
            numbers.get("stream", 0),
            numbers.get("stream-flags", 0),
            numbers["type"],
            numbers["flags"],
            read_form(numbers["payload"]),
        )
        return [{"octets": {"hex": self._revision.header.encode(frame).hex()}}]


class _Server:
    """Steps of the server layer."""

    def __init__(self, revision: Revision, setup: _Message, limits: Limits | None) -> None:
        self._revision = revision
        self._buffer = FrameBuffer(revision, limits)
        self._reactor = ServerReactor(
            revision,
            limits=limits,
            **_wishes(setup, "defer-output", "stream-data", "accept-encodings", "max-frame"),
        )
        self.verbs: dict[str, Callable[[Any], _Actions]] = {
            "receive": self._receive,
            "end-input": self._end_input,
            "respond": self._respond,
            "start-response": self._start_response,
            "send-response": self._send_response,
            "finish-response": self._finish_response,
            "fail": self._fail,
            "text-output": self._text_output,
            "progress": self._progress,
            "sent": lambda value: self._write(self._reactor.sent(value.get("request", 0))),
        }

    def _write(self, actions: Iterable[ServerAction]) -> _Actions:
        return [write_server_action(action, self._revision) for action in actions]

    def _receive(self, chunks: Iterable[str]) -> _Actions:
        return self._write(_received(self._buffer, chunks, self._reactor.receive))

    def _end_input(self, _: None) -> _Actions:
        return self._write(_ended(self._buffer, self._reactor.receive, self._reactor.end_input))

    def _answered(self, value: _Message, actions: Iterable[ServerAction]) -> _Actions:
        # What is deferred has not left.
        if not value.get("unsent", False) and any(isinstance(action, SendFrames) for action in actions):
            self._reactor.sent(value.get("request", 0))
        return self._write(actions)

    def _respond(self, value: _Message) -> _Actions:
        request_id = value.get("request", 0)
        how = _placement(value)
        if "data" in value:
            actions = self._reactor.respond_data(request_id, read_form(value["data"]), **how)
        elif "redirect" in value:
            actions = self._reactor.respond_redirect(request_id, read_redirect(value["redirect"]), **how)
        else:
            actions = self._reactor.respond(request_id, [read_form(form) for form in value["objects"]], **how)
        return self._answered(value, actions)

    def _start_response(self, value: _Message) -> _Actions:
        return self._write(self._reactor.start_response(value.get("request", 0), **_placement(value)))

    def _send_response(self, value: _Message) -> _Actions:
        request_id = value.get("request", 0)
        if "data" in value:
            return self._write(self._reactor.send_data(request_id, read_form(value["data"])))
        if "chunks" in value:
            return self._write(self._reactor.send_object(request_id, map(read_form, value["chunks"])))
        return self._write(self._send_objects(request_id, value["objects"]))

    def _finish_response(self, value: _Message) -> _Actions:
        actions = self._reactor.finish_response(value.get("request", 0), **_placement(value))
        return self._answered(value, actions)

    def _fail(self, value: _Message) -> _Actions:
        how = _placement(value)
        begun: list[ServerAction] = []
        if value.get("after"):
            # What the command gave before it failed.
            begun += self._reactor.start_response(value.get("request", 0), **_placement(value, "stream"))
            begun += self._send_objects(value.get("request", 0), value["after"])
        arguments = [read_form(arg) for arg in value.get("args", [])]
        failed = self._reactor.fail(
            value.get("request", 0), value["kind"], read_form(value["message"]), arguments, **how
        )
        return self._answered(value, [*begun, *failed])

    def _send_objects(self, request_id: int, forms: Iterable[Any]) -> list[ServerAction]:
        return [action for form in forms for action in self._reactor.send_object(request_id, read_form(form))]

    def _text_output(self, value: _Message) -> _Actions:
        atoms = [
            Atom(
                read_form(atom["msg"]),
                tuple(read_form(arg) for arg in atom.get("args", [])),
                tuple(read_form(label) for label in atom.get("labels", [])),
            )
            for atom in value["atoms"]
        ]
        return self._write(self._reactor.text_output(value.get("request", 0), atoms))

    def _progress(self, value: _Message) -> _Actions:
        fields = {
            name.encode(): read_form(value[name])
            for name in ("topic", "pos", "total", "label", "item")
            if value.get(name) is not None
        }
        return self._write(self._reactor.progress(value.get("request", 0), fields))


class _Client:
    """Steps of the client layer."""

    def __init__(self, revision: Revision, setup: _Message, limits: Limits | None) -> None:
        self._revision = revision
        self._buffer = FrameBuffer(revision, limits)
        self._reactor = ClientReactor(
            revision,
            limits=limits,
            **_wishes(setup, "buffer-sends", "multiple-sends", "content-encodings", "encoding", "max-frame"),
        )
        self._pending: list[int] = []
        self.verbs: dict[str, Callable[[Any], _Actions]] = {
            "receive": self._receive,
            "end-input": self._end_input,
            "call": self._call,
            "flush": self._flush,
            "abandon": lambda value: self._write(self._reactor.abandon(value.get("request", 0))),
            "request-state": self._request_state,
        }

    def _write(self, actions: Iterable[ClientAction]) -> _Actions:
        return [write_client_action(action, self._revision) for action in actions]

    def _receive(self, chunks: Iterable[str]) -> _Actions:
        return self._write(_received(self._buffer, chunks, self._reactor.receive))

    def _end_input(self, _: None) -> _Actions:
        return self._write(_ended(self._buffer, self._reactor.receive, self._reactor.end_input))

    def _sent(self, actions: Iterable[ClientAction]) -> _Actions:
        written = self._write(actions)
        if any("send-frames" in action for action in written):
            for request_id in self._pending:
                self._reactor.sent(request_id)
            self._pending.clear()
        return written

    def _call(self, value: _Message) -> _Actions:
        args, data, redirect = (
            None if value.get(name) is None else read_form(value[name])
            for name in ("args", "data", "redirect")
        )
        call = self._reactor.call(read_form(value["command"]), args, data, redirect)
        self._pending.append(call.request_id)
        return self._sent(call.actions)

    def _flush(self, _: None) -> _Actions:
        return self._sent(self._reactor.flush())

    def _request_state(self, value: _Message) -> _Actions:
        request_id = value.get("request", 0)
        state = self._reactor.request_state(request_id)
        return [{"request-state": {"request": request_id, "state": state.value}}]


class _Http:
    """Steps of the HTTP layer."""

    def __init__(self, revision: Revision, _setup: _Message, _limits: Limits) -> None:
        self.verbs: dict[str, Callable[[Any], _Actions]] = {
            "request": lambda value: [_reference_http.exchange(value, revision)]
        }


_Layer = _Codec | _Server | _Client | _Http
_LAYERS: Final[Mapping[str, type[_Layer]]] = {
    "codec": _Codec,
    "server": _Server,
    "client": _Client,
    "http": _Http,
}


class ReferenceHarness:
    """Answers the messages of harness protocol 1 with the reference implementation."""

    def exchange(self, message: dict[str, Any]) -> dict[str, Any]:
        """Answer one message."""
        match message["op"]:
            case "hello":
                return self._hello()
            case "case":
                return {"op": "result", "seq": message["seq"], "steps": self._run(message)}
            case _:
                return {"op": "unknown"}

    def _hello(self) -> dict[str, Any]:
        return {
            "op": "hello",
            "protocol": 1,
            "name": "hgframing",
            "version": hgframing.__version__,
            "language": "python",
            "revisions": list(REVISIONS),
            "layers": list(_LAYERS),
            "capabilities": {
                "encodings": _ENCODINGS,
                "error-codes": True,
                "request-states": True,
                "commands": list(_reference_http.COMMANDS),
                "steps": sorted({*_CODEC_STEPS, *_SERVER_STEPS, *_CLIENT_STEPS, "request"}),
                "setup": [
                    "accept-encodings",
                    "buffer-sends",
                    "content-encodings",
                    "defer-output",
                    "encoding",
                    "limits",
                    "max-frame",
                    "multiple-sends",
                    "stream-data",
                ],
            },
        }

    def _run(self, message: _Message) -> list[_Actions]:
        setup = message.get("setup", {})
        limits = setup.get("limits")
        try:
            layer = _LAYERS[message["layer"]](
                REVISIONS[message["revision"]], setup, limits and Limits(**_wishes(limits, *limits))
            )
        except LocalProtocolError as error:
            return [[{"refused": {"message": str(error)}}] for _ in message["steps"]]
        return [self._step(layer, step) for step in message["steps"]]

    def _step(self, layer: _Layer, step: _Message) -> _Actions:
        ((verb, value),) = step.items()
        try:
            return layer.verbs[verb](value)
        except LocalProtocolError as error:
            return [{"refused": {"message": str(error)}}]
