"""The reference as just another implementation: its harness, in this process.

It speaks harness protocol 1 (docs/harness-protocol.md) as any third party's does, and gets nothing that they do not.
"""

from __future__ import annotations

import dataclasses

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Final, assert_never

import hgframing

from hgframing import (
    REVISIONS,
    Atom,
    ClientAction,
    ClientReactor,
    Error,
    ErrorResponse,
    Fault,
    Frame,
    FrameBuffer,
    Limits,
    LocalProtocolError,
    Noop,
    Progress,
    Redirect,
    ResponseData,
    Revision,
    RunCommand,
    SendFrames,
    ServerAction,
    ServerReactor,
    TextOutput,
    WantFrame,
)
from hgframing_conformance._values import MapValue, SetValue, TagValue, Text, parse_value, to_wire


__all__ = ["ReferenceHarness"]

_Message = Mapping[str, Any]
_Actions = list[dict[str, Any]]

_ENCODINGS: Final = ["identity", "zlib", "zstd-8mb"]
_CODEC_STEPS: Final = ("receive", "end-input", "encode")
_SERVER_STEPS: Final = ("receive", "end-input", "respond", "fail", "text-output", "progress", "sent")
_CLIENT_STEPS: Final = ("receive", "end-input", "call", "flush", "request-state")


# Values: the canonical JSON of messages to what the reference takes, and back.


def _native(value: Any) -> Any:
    """Turn a parsed value of a message into the Python value that the reference encodes."""
    match value:
        case MapValue():
            return {_hashable(key): _native(item) for key, item in value.pairs}
        case SetValue():
            return {_hashable(item) for item in value.items}
        case Text():
            return value.text
        case TagValue():
            raise LocalProtocolError("the protocol has no such tag")
        case tuple():
            return [_native(item) for item in value]
        case _:
            return value


def _hashable(value: Any) -> Any:
    """Python's keys cannot be lists or maps; that the protocol's cannot either is for the reference to say."""
    native = _native(value)
    return native if isinstance(native, Hashable) else tuple(native)


def _read(form: Any) -> Any:
    return _native(parse_value(form))


def _wire(value: Any) -> Any:
    """Write a Python value in the canonical JSON of messages."""
    match value:
        case dict():
            return {"map": [[_wire(key), _wire(item)] for key, item in value.items()]}
        case list() | tuple():
            return [_wire(item) for item in value]
        case set() | frozenset():
            return {"set": [_wire(item) for item in value]}
        case str():
            return {"text": value}
        case _:
            return to_wire(value)


def _write_error(fault: Fault) -> dict[str, Any]:
    error: dict[str, Any] = {"code": str(fault.code), "message": fault.message}
    if fault.request_id is not None:
        error["request"] = fault.request_id
    return {"error": error}


def _write_frame(frame: Frame, revision: Revision) -> dict[str, Any]:
    numbers: dict[str, Any] = {}
    if revision.header.has_request:
        numbers["request"] = frame.request_id
    if revision.header.has_stream:
        numbers["stream"] = frame.stream_id
        numbers["stream-flags"] = frame.stream_flags
    numbers |= {"type": frame.type_id, "flags": frame.flags, "payload": {"hex": frame.payload.hex()}}
    return {"frame": numbers}


def _write_server_action(action: ServerAction, revision: Revision) -> dict[str, Any]:
    match action:
        case RunCommand():
            return {
                "run-command": {
                    "request": action.request_id,
                    "command": {"hex": action.command.hex()},
                    "args": _wire(dict(action.args)),
                    "data": None if action.data is None else {"hex": action.data.hex()},
                    "redirect": _wire(action.redirect),
                }
            }
        case SendFrames():
            return {"send-frames": [revision.header.encode(frame).hex() for frame in action.frames]}
        case Error():
            return _write_error(action.fault)
        case WantFrame():
            return {"want-frame": {}}
        case Noop():
            return {"noop": {}}
        case hgframing.CommandData():
            raise AssertionError("data is handed over only where it was asked for")
        case _:
            assert_never(action)


def _write_atoms(atoms: Iterable[Atom]) -> list[dict[str, Any]]:
    return [
        {
            "msg": _wire(atom.msg),
            "args": [_wire(arg) for arg in atom.args],
            "labels": [_wire(label) for label in atom.labels],
        }
        for atom in atoms
    ]


def _write_progress(action: Progress) -> dict[str, Any]:
    return {
        "request": action.request_id,
        "topic": _wire(action.topic),
        "pos": action.pos,
        "total": action.total,
        "label": _wire(action.label),
        "item": _wire(action.item),
    }


def _write_client_action(action: ClientAction, revision: Revision) -> dict[str, Any]:
    match action:
        case ResponseData():
            return {
                "response-data": {
                    "request": action.request_id,
                    "data": {"hex": action.data.hex()},
                    "eos": action.eos,
                }
            }
        case ErrorResponse():
            answer = {"request": action.request_id, "type": action.kind, "atoms": _write_atoms(action.atoms)}
            return {"error-response": answer}
        case TextOutput():
            return {"text-output": {"request": action.request_id, "atoms": _write_atoms(action.atoms)}}
        case Progress():
            return {"progress": _write_progress(action)}
        case SendFrames():
            return {"send-frames": [revision.header.encode(frame).hex() for frame in action.frames]}
        case Error():
            return _write_error(action.fault)
        case WantFrame():
            return {"want-frame": {}}
        case Noop():
            return {"noop": {}}
        case _:
            assert_never(action)


# Layers.


class _Codec:
    """Steps of the codec layer."""

    def __init__(self, revision: Revision, _setup: _Message, limits: Limits) -> None:
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
            for item in self._buffer:
                if isinstance(item, Fault):
                    return [*actions, _write_error(item)]
                actions.append(_write_frame(item, self._revision))
        return actions

    def _end_input(self, _: None) -> _Actions:
        fault = self._buffer.end()
        return [] if fault is None else [_write_error(fault)]

    def _encode(self, numbers: _Message) -> _Actions:
        frame = Frame(
            numbers.get("request", 0),
            numbers.get("stream", 0),
            numbers.get("stream-flags", 0),
            numbers["type"],
            numbers["flags"],
            _read(numbers["payload"]),
        )
        return [{"octets": {"hex": self._revision.header.encode(frame).hex()}}]


class _Server:
    """Steps of the server layer."""

    def __init__(self, revision: Revision, setup: _Message, limits: Limits) -> None:
        self._revision = revision
        self._buffer = FrameBuffer(revision, limits)
        self._reactor = ServerReactor(
            revision,
            defer_output=setup.get("defer-output", False),
            accept_encodings=setup.get("accept-encodings", ("identity",)),
            limits=limits,
        )
        self.verbs: dict[str, Callable[[Any], _Actions]] = {
            "receive": self._receive,
            "end-input": self._end_input,
            "respond": self._respond,
            "fail": self._fail,
            "text-output": self._text_output,
            "progress": self._progress,
            "sent": lambda value: self._write(self._reactor.sent(value.get("request", 0))),
        }

    def _write(self, actions: Iterable[ServerAction]) -> _Actions:
        return [_write_server_action(action, self._revision) for action in actions]

    def _receive(self, chunks: Iterable[str]) -> _Actions:
        actions: _Actions = []
        for chunk in chunks:
            self._buffer.feed(bytes.fromhex(chunk))
            for item in self._buffer:
                answer = self._reactor.receive(item)
                actions += self._write(answer)
                # After a fault a caller stops reading; the rest of the step's octets is not looked at.
                if isinstance(answer[0], Error):
                    return actions
        return actions

    def _end_input(self, _: None) -> _Actions:
        fault = self._buffer.end()
        actions = [] if fault is None else self._write(self._reactor.receive(fault))
        return actions + self._write(self._reactor.end_input())

    def _answered(self, value: _Message, actions: Iterable[ServerAction]) -> _Actions:
        # What is deferred has not left.
        if not value.get("unsent", False) and any(isinstance(action, SendFrames) for action in actions):
            self._reactor.sent(value.get("request", 0))
        return self._write(actions)

    def _respond(self, value: _Message) -> _Actions:
        request_id = value.get("request", 0)
        stream_id, last = value.get("stream", 2), value.get("last", False)
        if "data" in value:
            actions = self._reactor.respond_data(
                request_id, _read(value["data"]), stream_id=stream_id, last=last
            )
        elif "redirect" in value:
            redirect = _read_redirect(value["redirect"])
            actions = self._reactor.respond_redirect(request_id, redirect, stream_id=stream_id, last=last)
        else:
            objects = [_read(form) for form in value["objects"]]
            actions = self._reactor.respond(request_id, objects, stream_id=stream_id, last=last)
        return self._answered(value, actions)

    def _fail(self, value: _Message) -> _Actions:
        actions = self._reactor.fail(
            value.get("request", 0),
            value["kind"],
            _read(value["message"]),
            [_read(arg) for arg in value.get("args", [])],
            stream_id=value.get("stream", 2),
            last=value.get("last", False),
        )
        return self._answered(value, actions)

    def _text_output(self, value: _Message) -> _Actions:
        atoms = [
            Atom(
                _read(atom["msg"]),
                tuple(_read(arg) for arg in atom.get("args", [])),
                tuple(_read(label) for label in atom.get("labels", [])),
            )
            for atom in value["atoms"]
        ]
        return self._write(self._reactor.text_output(value.get("request", 0), atoms))

    def _progress(self, value: _Message) -> _Actions:
        fields = {
            name.encode(): _read(value[name])
            for name in ("topic", "pos", "total", "label", "item")
            if value.get(name) is not None
        }
        return self._write(self._reactor.progress(value.get("request", 0), fields))


class _Client:
    """Steps of the client layer."""

    def __init__(self, revision: Revision, setup: _Message, limits: Limits) -> None:
        self._revision = revision
        self._buffer = FrameBuffer(revision, limits)
        self._reactor = ClientReactor(
            revision,
            buffer_sends=setup.get("buffer-sends", True),
            multiple_sends=setup.get("multiple-sends", False),
            content_encodings=setup.get("content-encodings"),
            limits=limits,
        )
        self._pending: list[int] = []
        self.verbs: dict[str, Callable[[Any], _Actions]] = {
            "receive": self._receive,
            "end-input": self._end_input,
            "call": self._call,
            "flush": self._flush,
            "request-state": self._request_state,
        }

    def _write(self, actions: Iterable[ClientAction]) -> _Actions:
        return [_write_client_action(action, self._revision) for action in actions]

    def _receive(self, chunks: Iterable[str]) -> _Actions:
        actions: _Actions = []
        for chunk in chunks:
            self._buffer.feed(bytes.fromhex(chunk))
            for item in self._buffer:
                answer = self._reactor.receive(item)
                actions += self._write(answer)
                if isinstance(answer[0], Error):
                    return actions
        return actions

    def _end_input(self, _: None) -> _Actions:
        fault = self._buffer.end()
        actions = [] if fault is None else self._write(self._reactor.receive(fault))
        return actions + self._write(self._reactor.end_input())

    def _sent(self, actions: Iterable[ClientAction]) -> _Actions:
        written = self._write(actions)
        if any("send-frames" in action for action in written):
            for request_id in self._pending:
                self._reactor.sent(request_id)
            self._pending.clear()
        return written

    def _call(self, value: _Message) -> _Actions:
        args, data, redirect = (
            None if value.get(name) is None else _read(value[name]) for name in ("args", "data", "redirect")
        )
        call = self._reactor.call(_read(value["command"]), args, data, redirect)
        self._pending.append(call.request_id)
        return self._sent(call.actions)

    def _flush(self, _: None) -> _Actions:
        return self._sent(self._reactor.flush())

    def _request_state(self, value: _Message) -> _Actions:
        request_id = value.get("request", 0)
        state = self._reactor.request_state(request_id)
        return [{"request-state": {"request": request_id, "state": state.value}}]


def _read_redirect(form: _Message) -> Redirect:
    fields = {name: _read(item) for name, item in form.items()}
    for name in ("fullhashes", "serverdercerts", "servercadercerts"):
        if fields.get(name) is not None:
            fields[name] = tuple(tuple(item) if isinstance(item, list) else item for item in fields[name])
    return Redirect(**fields)


_LAYERS: Final[Mapping[str, type[_Codec | _Server | _Client]]] = {
    "codec": _Codec,
    "server": _Server,
    "client": _Client,
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
                "steps": sorted({*_CODEC_STEPS, *_SERVER_STEPS, *_CLIENT_STEPS}),
                "setup": [
                    "accept-encodings",
                    "buffer-sends",
                    "content-encodings",
                    "defer-output",
                    "limits",
                    "multiple-sends",
                ],
            },
        }

    def _run(self, message: _Message) -> list[_Actions]:
        setup = message.get("setup", {})
        limits = dataclasses.replace(
            Limits(), **{name.replace("-", "_"): value for name, value in setup.get("limits", {}).items()}
        )
        layer = _LAYERS[message["layer"]](REVISIONS[message["revision"]], setup, limits)
        return [self._step(layer, step) for step in message["steps"]]

    def _step(self, layer: _Codec | _Server | _Client, step: _Message) -> _Actions:
        ((verb, value),) = step.items()
        try:
            return layer.verbs[verb](value)
        except LocalProtocolError as error:
            return [{"refused": {"message": str(error)}}]
