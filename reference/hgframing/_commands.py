"""Command requests: a peer's payloads into a command, and a caller's command into frames.

Until `0002-streams` a command is a name frame, argument frames and data frames (CMD-007); since `0005-draft` its name
and arguments are one CBOR map over one or more request frames (REQ-013).
"""

from __future__ import annotations

import struct

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from hgframing._cbor import Value, encode_value
from hgframing._errors import FaultCode, FaultRaised, LocalProtocolError
from hgframing._frames import Frame, FrameType, unplaced
from hgframing._maps import parse_map
from hgframing._revisions import Feature, Revision


__all__ = ["ArgumentValue", "Command", "build_command", "parse_argument", "parse_command"]

_ARGUMENT_HEADER: Final = struct.Struct("<HH")
_MAX_STRING: Final = 0xFFFF

_NAME_FLAGS: Final = {"eos": 0x01, "have-args": 0x02, "have-data": 0x04}
_EOA: Final = 0x02
_CONTINUATION: Final = 0x01
_EOS: Final = 0x02
_REQUEST_NEW: Final = 0x01
_REQUEST_CONTINUATION: Final = 0x02
_REQUEST_MORE: Final = 0x04
_REQUEST_HAVE_DATA: Final = 0x08


class Command(msgspec.Struct, frozen=True):
    """What a request asks for, without its data."""

    name: bytes
    args: Mapping[bytes, Value]
    redirect: Mapping[bytes, Value] | None = None


class ArgumentValue(msgspec.Struct, frozen=True):
    """The first frame of an argument: its name, how long its value is, and what the frame holds of it."""

    name: bytes
    length: int
    value: bytes


def _wrong(message: str) -> FaultRaised:
    return FaultRaised(FaultCode.BAD_PAYLOAD, message)


def _check_args(args: Value, kind: type[Any], wrong: Callable[[str], Exception]) -> None:
    """REQ-002: a map with bytestring keys. What is wrong is said to whom it concerns."""
    # What was decoded is a dict, and to ask for that costs a fraction of asking for any mapping.
    if not isinstance(args, kind):
        raise wrong('command request field "args" is not a map')
    for key in args:
        if type(key) is not bytes:
            raise wrong("command request has an argument whose name is not a bytestring")


def _check_redirect(redirect: Value, wrong: Callable[[str], Exception]) -> None:
    """REQ-012: `targets` and `hashes`, arrays of bytestrings. What is wrong is said to whom it concerns."""
    if not isinstance(redirect, Mapping):
        raise wrong('command request field "redirect" is not a map')
    for field in (b"targets", b"hashes"):
        names = redirect.get(field, [])
        if not isinstance(names, (list, tuple)) or any(type(name) is not bytes for name in names):
            message = (
                f'command request field "redirect" has {field.decode()} that are not an array of bytestrings'
            )
            raise wrong(message)


def parse_command(octets: bytes, revision: Revision, max_depth: int) -> Command:
    """Read the joined payload of a request's CBOR frames (REQ-001, REQ-002, REQ-012). Unknown keys are ignored.

    Raises:
        FaultRaised: `bad-cbor` or `bad-payload`.
    """
    value = parse_map(octets, revision, max_depth, "command request")
    name = value.get(b"name")
    if type(name) is not bytes:
        if b"name" not in value:
            raise _wrong('command request missing "name" field')
        raise _wrong('command request field "name" is not a bytestring')
    args = value.get(b"args", {})
    _check_args(args, dict, _wrong)
    redirect = None
    if b"redirect" in value and Feature.REDIRECTS in revision.features:
        redirect = value[b"redirect"]
        _check_redirect(redirect, _wrong)
    return Command(name, args, redirect)


def parse_argument(payload: bytes) -> ArgumentValue:
    """Read the first frame of an argument (ARG-002, ARG-003).

    Raises:
        FaultRaised: `malformed-argument`: the name is cut off or not ASCII, or the value is longer than declared.
    """
    if len(payload) < _ARGUMENT_HEADER.size:
        raise FaultRaised(FaultCode.MALFORMED_ARGUMENT, "malformed argument frame: partial argument header")
    name_length, length = _ARGUMENT_HEADER.unpack_from(payload)
    name = payload[4 : 4 + name_length]
    if len(name) < name_length:
        raise FaultRaised(FaultCode.MALFORMED_ARGUMENT, "malformed argument frame: partial argument name")
    if not name.isascii():
        raise FaultRaised(
            FaultCode.MALFORMED_ARGUMENT, "malformed argument frame: argument name is not ASCII"
        )
    return ArgumentValue(name, length, payload[4 + name_length :])


def build_command(
    request_id: int, command: Command, data: bytes | None, revision: Revision, max_frame: int
) -> Iterator[Frame]:
    """Make the frames of a request, its data included; the stream is filled in later.

    Args:
        request_id: odd, 1–65535; 0 where the revision has none.
        command: what to ask for. Before CBOR requests the arguments' values are octets.
        data: sent after the arguments; `None` announces none, empty data is one empty frame.
        revision: says how.
        max_frame: octets of a payload at most.

    Raises:
        LocalProtocolError: something cannot be said in this revision.
    """
    _check_sendable(command, data, revision)
    if Feature.CBOR_REQUESTS in revision.features:
        yield from _build_request(request_id, command, revision, max_frame, has_data=data is not None)
    else:
        yield from _build_named(request_id, command, revision, max_frame, has_data=data is not None)
    if data is not None:
        type_id = revision.type_ids[FrameType.COMMAND_DATA]
        pieces = _cut(data, max_frame)
        for piece, is_last in pieces:
            yield unplaced(request_id, type_id, _EOS if is_last else _CONTINUATION, piece)


def _check_sendable(command: Command, data: bytes | None, revision: Revision) -> None:
    # A caller in untyped code hands over text easily, and two of the dialects would send it.
    if not isinstance(command.name, bytes):
        raise LocalProtocolError("command name is not a bytestring")
    if not isinstance(data, bytes | None):
        raise LocalProtocolError("command data is not a bytestring")
    if command.redirect is not None and Feature.REDIRECTS not in revision.features:
        raise LocalProtocolError(f"revision {revision.key} has no redirects")
    _check_args(command.args, Mapping, LocalProtocolError)
    if command.redirect is not None:
        _check_redirect(command.redirect, LocalProtocolError)


def _cut(octets: bytes, size: int) -> Iterator[tuple[bytes, bool]]:
    """Cut octets into pieces of `size` and say which is the last; no octets are one empty piece."""
    for start in range(0, len(octets) or 1, size):
        end = start + size
        yield octets[start:end], end >= len(octets)


def _build_request(
    request_id: int, command: Command, revision: Revision, max_frame: int, *, has_data: bool
) -> Iterator[Frame]:
    value: dict[bytes, Value] = {b"name": command.name}
    if command.args:
        value[b"args"] = command.args
    if command.redirect is not None:
        value[b"redirect"] = command.redirect
    type_id = revision.type_ids[FrameType.COMMAND_REQUEST]
    role = _REQUEST_NEW
    for piece, is_last in _cut(encode_value(value, revision.cbor), max_frame):
        flags = role | (0 if is_last else _REQUEST_MORE) | (_REQUEST_HAVE_DATA if has_data else 0)
        yield unplaced(request_id, type_id, flags, piece)
        role = _REQUEST_CONTINUATION


def _build_named(
    request_id: int, command: Command, revision: Revision, max_frame: int, *, has_data: bool
) -> Iterator[Frame]:
    flags = (_NAME_FLAGS["have-args"] if command.args else 0) | (_NAME_FLAGS["have-data"] if has_data else 0)
    if len(command.name) > max_frame:
        raise LocalProtocolError(f"command name of {len(command.name)} octets does not fit one frame")
    type_id = revision.type_ids[FrameType.COMMAND_NAME]
    yield unplaced(request_id, type_id, flags or _NAME_FLAGS["eos"], command.name)
    type_id = revision.type_ids[FrameType.COMMAND_ARGUMENT]
    names = sorted(command.args)
    for name in names:
        value = command.args[name]
        if not isinstance(value, bytes) or not name.isascii():
            raise LocalProtocolError("arguments are ASCII names and values of octets in this revision")
        if len(value) > _MAX_STRING or len(name) > max_frame - _ARGUMENT_HEADER.size:
            raise LocalProtocolError("argument does not fit its length fields")
        # The name has to be in the first frame, the value may continue (ARG-003, ARG-004).
        octets = _ARGUMENT_HEADER.pack(len(name), len(value)) + name + value
        for piece, is_last in _cut(octets, max_frame):
            flags = (_EOA if name == names[-1] else 0) if is_last else _CONTINUATION
            yield unplaced(request_id, type_id, flags, piece)
