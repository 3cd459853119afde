"""What a response begins with, and what stands in its place: status maps and errors. Both directions.

Builders raise `LocalProtocolError` for what may not be sent; parsers raise `FaultRaised` for what may not be received.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from hgframing._cbor import encode_value
from hgframing._errors import FaultCode, FaultRaised, LocalProtocolError
from hgframing._limits import DEFAULT_MAX_FRAME
from hgframing._maps import parse_map
from hgframing._revisions import Feature, Revision
from hgframing._text import Atom, atom_map, check_text, render_atom, take_atoms


__all__ = [
    "Redirect",
    "build_error",
    "build_status_error",
    "build_status_ok",
    "build_status_redirect",
    "parse_error",
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


def build_status_ok(revision: Revision) -> bytes:
    """Begin a response that succeeds (RSP-006)."""
    return encode_value({b"status": b"ok"}, revision.cbor)


def build_status_error(atoms: Sequence[Atom], revision: Revision) -> bytes:
    """Answer with a command's error before any response data (RSP-008, ERR-007)."""
    error = {b"message": [atom_map(atom) for atom in atoms]}
    return encode_value({b"status": b"error", b"error": error}, revision.cbor)


def build_status_redirect(redirect: Redirect, revision: Revision) -> bytes:
    """Answer with a place where the response is to be had (RSP-009)."""
    location = {
        name.encode(): value for name, value in msgspec.structs.asdict(redirect).items() if value is not None
    }
    return encode_value({b"status": b"redirect", b"location": location}, revision.cbor)


def build_error(kind: str, atoms: Sequence[Atom], revision: Revision) -> bytes:
    """Make the payload of an error frame.

    Args:
        kind: where errors are CBOR, `protocol`, `server` or `command` (ERR-005); elsewhere the frame's flags say it.
        atoms: the message. Without CBOR it is plain text, the atoms one after the other.
        revision: says which form.

    Raises:
        LocalProtocolError: the message does not fit one frame.
    """
    if Feature.CBOR_ERRORS in revision.features:
        message = [atom_map(check_text(atom, revision)) for atom in atoms]
        payload = encode_value({b"type": kind.encode(), b"message": message}, revision.cbor)
    else:
        payload = b"".join(map(render_atom, atoms))
    if len(payload) > DEFAULT_MAX_FRAME:
        raise LocalProtocolError(f"error message of {len(payload)} octets does not fit one frame")
    return payload


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
