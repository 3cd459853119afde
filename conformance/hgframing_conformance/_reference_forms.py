"""Values and actions of the reference in the JSON of harness messages, both ways (docs/harness-protocol.md)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any, assert_never

from hgframing import (
    Atom,
    ClientAction,
    CommandData,
    Error,
    ErrorResponse,
    Fault,
    Frame,
    LocalProtocolError,
    Noop,
    Progress,
    Redirect,
    ResponseData,
    Revision,
    RunCommand,
    SendFrames,
    ServerAction,
    TextOutput,
    WantFrame,
)
from hgframing_conformance._values import MapValue, SetValue, TagValue, Text, parse_value, to_wire


__all__ = [
    "read_form",
    "read_redirect",
    "write_client_action",
    "write_error",
    "write_form",
    "write_frame",
    "write_server_action",
]


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


def read_form(form: Any) -> Any:
    """Read a value of a message.

    Raises:
        LocalProtocolError: the reference has no such value.
    """
    return _native(parse_value(form))


def write_form(value: Any) -> Any:
    """Write a Python value in the canonical JSON of messages."""
    match value:
        case dict():
            return {"map": [[write_form(key), write_form(item)] for key, item in value.items()]}
        case list() | tuple():
            return [write_form(item) for item in value]
        case set() | frozenset():
            return {"set": [write_form(item) for item in value]}
        case str():
            return {"text": value}
        case _:
            return to_wire(value)


def write_error(fault: Fault) -> dict[str, Any]:
    """Write a fault as an `error` action."""
    error: dict[str, Any] = {"code": str(fault.code), "message": fault.message}
    if fault.request_id is not None:
        error["request"] = fault.request_id
    return {"error": error}


def write_frame(frame: Frame, revision: Revision) -> dict[str, Any]:
    """Write a decoded frame as a `frame` action, with the fields that the revision's header has."""
    numbers: dict[str, Any] = {}
    if revision.header.has_request:
        numbers["request"] = frame.request_id
    if revision.header.has_stream:
        numbers["stream"] = frame.stream_id
        numbers["stream-flags"] = frame.stream_flags
    numbers |= {"type": frame.type_id, "flags": frame.flags, "payload": {"hex": frame.payload.hex()}}
    return {"frame": numbers}


def write_server_action(action: ServerAction, revision: Revision) -> dict[str, Any]:
    """Write an action of the server reactor."""
    match action:
        case RunCommand():
            return {
                "run-command": {
                    "request": action.request_id,
                    "command": {"hex": action.command.hex()},
                    "args": write_form(dict(action.args)),
                    "data": None if action.data is None else {"hex": action.data.hex()},
                    "redirect": write_form(action.redirect),
                    "data-follows": action.streaming,
                }
            }
        case SendFrames():
            return {"send-frames": [revision.header.encode(frame).hex() for frame in action.frames]}
        case Error():
            return write_error(action.fault)
        case WantFrame():
            return {"want-frame": {}}
        case Noop():
            return {"noop": {}}
        case CommandData():
            return {"command-data": _write_piece(action)}
        case _:
            assert_never(action)


def _write_piece(action: CommandData | ResponseData) -> dict[str, Any]:
    return {"request": action.request_id, "data": {"hex": action.data.hex()}, "eos": action.eos}


def _write_atoms(atoms: Iterable[Atom]) -> list[dict[str, Any]]:
    return [
        {
            "msg": write_form(atom.msg),
            "args": [write_form(arg) for arg in atom.args],
            "labels": [write_form(label) for label in atom.labels],
        }
        for atom in atoms
    ]


def _write_progress(action: Progress) -> dict[str, Any]:
    return {
        "request": action.request_id,
        "topic": write_form(action.topic),
        "pos": action.pos,
        "total": action.total,
        "label": write_form(action.label),
        "item": write_form(action.item),
    }


def write_client_action(action: ClientAction, revision: Revision) -> dict[str, Any]:
    """Write an action of the client reactor."""
    match action:
        case ResponseData():
            return {"response-data": _write_piece(action)}
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
            return write_error(action.fault)
        case WantFrame():
            return {"want-frame": {}}
        case Noop():
            return {"noop": {}}
        case _:
            assert_never(action)


def read_redirect(form: Mapping[str, Any]) -> Redirect:
    """Read the redirect of a `respond` step."""
    fields = {name: read_form(item) for name, item in form.items()}
    # What must be there is missed by the reference, not by its harness.
    return Redirect(**{"url": None, "mediatype": None, **fields})
