"""The reflection service: what a server's reactor makes of a request, as text.

One line for each frame, `received: <type> <flags> <request> <payload>` in decimal (without the request before request
IDs), the payload as it came; and a line of JSON for each action, `[name, details]`. At the end `received: <no frame>`,
and what the end of input does, with the action's name under `action` (sheets r1, r2 and r5, "HTTP binding").

Names and details are Mercurial's. It has no action for what a reactor sends beside an error and none for octets that
are no frame; they are `sendframes`, with the frames in notation, and `received: <bad frame>`.
"""

from __future__ import annotations

import json

from collections.abc import Iterator, Mapping
from typing import Any, Final, assert_never

from hgframing._actions import CommandData, Error, Noop, RunCommand, SendFrames, ServerAction, WantFrame
from hgframing._buffer import FrameBuffer
from hgframing._cbor import Value
from hgframing._errors import Fault
from hgframing._frames import Frame, FrameType
from hgframing._limits import Limits
from hgframing._notation import format_notation
from hgframing._revisions import Feature, Revision
from hgframing._server import ServerReactor
from hgframing._states import ConnectionState


__all__ = ["reflect"]

_Details = dict[str, Any]
_NO_FRAME: Final = b"received: <no frame>"
_BAD_FRAME: Final = b"received: <bad frame>"


def reflect(octets: bytes, revision: Revision, limits: Limits | None = None) -> Iterator[bytes]:
    """Run a request body through a reactor and tell what happens; no command is run.

    Args:
        octets: the body.
        revision: what its frames are of.
        limits: what the body may make the reactor hold.

    Yields:
        Lines, without their ends. A payload is printed as it came and may hold line ends of its own.
    """
    buffer = FrameBuffer(revision, limits)
    reactor = ServerReactor(revision, limits=limits)
    buffer.feed(octets)
    buffer.end()
    for item in buffer:
        yield _BAD_FRAME if isinstance(item, Fault) else _received(item, revision)
        for action in reactor.receive(item):
            name, details = _action(action, revision, _state(item, reactor, revision))
            yield _json([name, details])
    yield _NO_FRAME
    for action in reactor.end_input():
        name, details = _action(action, revision, reactor.state.value)
        yield _json(details | {"action": name})


def _received(frame: Frame, revision: Revision) -> bytes:
    numbers = [frame.type_id, frame.flags]
    if Feature.REQUEST_IDS in revision.features:
        numbers.append(frame.request_id)
    return b"received: %s %s" % (" ".join(map(str, numbers)).encode(), frame.payload)


def _state(item: Frame | Fault, reactor: ServerReactor, revision: Revision) -> str:
    """Name the state after a frame that wants another one, in Mercurial's words."""
    if not reactor.receiving or isinstance(item, Fault):
        return "idle" if reactor.state is ConnectionState.OPEN else reactor.state.value
    if Feature.SEVERAL_REQUESTS in revision.features:
        return "command-receiving"
    # Sheet r1, section 8: what the frame was tells what is waited for.
    spec = revision.frames[item.type_id]
    awaits_data = (
        spec.type is FrameType.COMMAND_DATA
        or (spec.type is FrameType.COMMAND_NAME and not item.flags & spec.flags["have-args"])
        or (spec.type is FrameType.COMMAND_ARGUMENT and bool(item.flags & spec.flags["eoa"]))
    )
    return "command-receiving-data" if awaits_data else "command-receiving-args"


def _action(action: ServerAction, revision: Revision, state: str) -> tuple[str, _Details]:
    match action:
        case RunCommand():
            details: _Details = {"command": action.command, "args": action.args, "data": action.data}
            if Feature.REQUEST_IDS in revision.features:
                details["requestid"] = action.request_id
            if Feature.REDIRECTS in revision.features:
                details["redirect"] = action.redirect
            return "runcommand", details
        case WantFrame():
            return "wantframe", {"state": state}
        case SendFrames():
            return "sendframes", {"frames": [format_notation(frame, revision) for frame in action.frames]}
        case Error():
            return "error", {"message": action.fault.message}
        case Noop():
            return "noop", {}
        case CommandData():
            return "commanddata", {"requestid": action.request_id, "data": action.data, "eos": action.eos}
        case _ as unreachable:
            assert_never(unreachable)


def _json(value: Value) -> bytes:
    return json.dumps(_plain(value), sort_keys=True, separators=(", ", ": ")).encode()


def _plain(value: Value) -> Value:
    """Turn a value of CBOR into one of JSON; octets that are no text keep their values as lone surrogates."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, Mapping):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(map(_plain, value), key=lambda item: json.dumps(item, ensure_ascii=False))
    if isinstance(value, float) or not isinstance(value, (str, int, bool, type(None))):
        # JSON has no infinities, and what else general CBOR has is only looked at here.
        return str(value)
    return value


def _key(key: Value) -> str:
    plain = _plain(key)
    return plain if isinstance(plain, str) else json.dumps(plain)
