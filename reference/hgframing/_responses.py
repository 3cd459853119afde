"""What a response begins with, and what stands in its place: status maps and errors. Both directions.

Builders raise `LocalProtocolError` for what may not be sent; parsers raise `FaultRaised` for what may not be received.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

import msgspec

from hgframing._cbor import Value, encode_value
from hgframing._errors import FaultCode, FaultRaised, LocalProtocolError
from hgframing._limits import DEFAULT_MAX_FRAME
from hgframing._maps import parse_map
from hgframing._revisions import Feature, Revision
from hgframing._text import Atom, atom_map, check_text, render_atom, take_atoms


__all__ = [
    "Redirect",
    "Status",
    "StatusError",
    "StatusOk",
    "StatusRedirect",
    "build_error",
    "build_status_error",
    "build_status_ok",
    "build_status_redirect",
    "parse_error",
    "parse_status",
]

_ERROR_KINDS: Final = frozenset({b"protocol", b"server", b"command"})


class Redirect(msgspec.Struct, frozen=True):
    """Where a response is to be had instead (RSP-009, RDIR-003). `size` counts octets."""

    url: bytes
    mediatype: bytes
    size: int | None = None
    fullhashes: tuple[tuple[bytes, bytes], ...] | None = None
    fullhashseed: bytes | None = None
    serverdercerts: tuple[bytes, ...] | None = None
    servercadercerts: tuple[bytes, ...] | None = None


class StatusOk(msgspec.Struct, frozen=True):
    """The command succeeded: its values follow."""


class StatusError(msgspec.Struct, frozen=True):
    """The command failed before it gave any value; none follow. `atoms` is the message."""

    atoms: tuple[Atom, ...]


class StatusRedirect(msgspec.Struct, frozen=True):
    """The values are to be had elsewhere; none follow."""

    redirect: Redirect


Status: TypeAlias = StatusOk | StatusError | StatusRedirect


def _is_bytes(value: Value) -> bool:
    return type(value) is bytes


def _is_unsigned(value: Value) -> bool:
    return type(value) is int and value >= 0


def _are_bytes(value: Value) -> bool:
    return isinstance(value, (list, tuple)) and all(type(item) is bytes for item in value)


def _are_hashes(value: Value) -> bool:
    return isinstance(value, (list, tuple)) and all(_are_bytes(pair) and len(pair) == 2 for pair in value)


#: RSP-009: the fields of a location, and what each has to be.
_LOCATION: Final[Mapping[str, tuple[Callable[[Value], bool], str]]] = MappingProxyType(
    {
        "url": (_is_bytes, "a bytestring"),
        "mediatype": (_is_bytes, "a bytestring"),
        "size": (_is_unsigned, "an unsigned integer"),
        "fullhashes": (_are_hashes, "an array of names and hashes"),
        "fullhashseed": (_is_bytes, "a bytestring"),
        "serverdercerts": (_are_bytes, "an array of bytestrings"),
        "servercadercerts": (_are_bytes, "an array of bytestrings"),
    }
)
_REQUIRED: Final = frozenset({"url", "mediatype"})


def _check_location(fields: Mapping[str, Value]) -> None:
    """Say whether these are the fields of a location.

    Raises:
        FaultRaised: `bad-payload`.
    """
    for name, (is_right, what) in _LOCATION.items():
        if name not in fields:
            if name in _REQUIRED:
                raise FaultRaised(FaultCode.BAD_PAYLOAD, f"redirect location has no {name}")
        elif not is_right(fields[name]):
            raise FaultRaised(FaultCode.BAD_PAYLOAD, f'redirect location field "{name}" is not {what}')


def _one_frame(payload: bytes, what: str) -> bytes:
    if len(payload) > DEFAULT_MAX_FRAME:
        raise LocalProtocolError(f"{what} of {len(payload)} octets does not fit one frame")
    return payload


def build_status_ok(revision: Revision) -> bytes:
    """Begin a response that succeeds (RSP-006)."""
    return encode_value({b"status": b"ok"}, revision.cbor)


def build_status_error(atom: Atom, revision: Revision) -> bytes:
    """Answer with a command's error before any response data (RSP-008, ERR-007).

    Raises:
        LocalProtocolError: the message is no text, or the map does not fit one frame.
    """
    error = {b"message": [atom_map(check_text(atom, revision))]}
    return _one_frame(encode_value({b"status": b"error", b"error": error}, revision.cbor), "error message")


def build_status_redirect(redirect: Redirect, revision: Revision) -> bytes:
    """Answer with a place where the response is to be had (RSP-009).

    Raises:
        LocalProtocolError: a field has the wrong type, or the map does not fit one frame.
    """
    fields = {name: value for name, value in msgspec.structs.asdict(redirect).items() if value is not None}
    try:
        _check_location(fields)
    except FaultRaised as error:
        raise LocalProtocolError(str(error)) from error
    location = {name.encode(): value for name, value in fields.items()}
    value = {b"status": b"redirect", b"location": location}
    return _one_frame(encode_value(value, revision.cbor), "redirect location")


def build_error(kind: str, atom: Atom, revision: Revision) -> bytes:
    """Make the payload of an error frame.

    Args:
        kind: where errors are CBOR, `protocol`, `server` or `command` (ERR-005); elsewhere the frame's flags say it.
        atom: the message. Without CBOR it is plain text.
        revision: says which form.

    Raises:
        LocalProtocolError: the message is no text, or does not fit one frame.
    """
    checked = check_text(atom, revision)
    if Feature.CBOR_ERRORS in revision.features:
        value = {b"type": kind.encode(), b"message": [atom_map(checked)]}
        payload = encode_value(value, revision.cbor)
    else:
        payload = render_atom(checked)
    return _one_frame(payload, "error message")


def parse_status(value: Value, revision: Revision) -> Status:
    """Read the first value of a response (RSP-006 to RSP-009; D80).

    Unknown keys are ignored; a redirect is a status only where the revision has redirects.

    Raises:
        FaultRaised: `bad-payload`.
    """
    if type(value) is not dict:
        raise FaultRaised(FaultCode.BAD_PAYLOAD, "response status is not a map")
    match value.get(b"status"):
        case b"ok":
            return StatusOk()
        case b"error":
            error = value.get(b"error")
            if type(error) is not dict:
                raise FaultRaised(FaultCode.BAD_PAYLOAD, "response status error has no error map")
            return StatusError(take_atoms(error.get(b"message"), "response status error"))
        case b"redirect" if Feature.REDIRECTS in revision.features:
            return StatusRedirect(_parse_location(value.get(b"location")))
        case _:
            raise FaultRaised(FaultCode.BAD_PAYLOAD, "response has no known status")


def _parse_location(value: Value) -> Redirect:
    if type(value) is not dict:
        raise FaultRaised(FaultCode.BAD_PAYLOAD, "response status redirect has no location map")
    fields = {name: value[name.encode()] for name in _LOCATION if name.encode() in value}
    _check_location(fields)
    if "fullhashes" in fields:
        fields["fullhashes"] = tuple(map(tuple, fields["fullhashes"]))
    for name in ("serverdercerts", "servercadercerts"):
        if name in fields:
            fields[name] = tuple(fields[name])
    return Redirect(**fields)


def parse_error(octets: bytes, revision: Revision, max_depth: int) -> tuple[str, tuple[Atom, ...]]:
    """Read the payload of a CBOR error frame: its type and its message (ERR-004 to ERR-006).

    Raises:
        FaultRaised: `bad-cbor` or `bad-payload`.
    """
    value = parse_map(octets, revision, max_depth, "error response")
    kind = value.get(b"type")
    if type(kind) is not bytes or kind not in _ERROR_KINDS:
        raise FaultRaised(FaultCode.BAD_PAYLOAD, "error response has no known type")
    return kind.decode(), take_atoms(value.get(b"message"), "error response")
