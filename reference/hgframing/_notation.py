r"""Frames as one line of text, both ways.

The notation is the one that Mercurial's own tests use (sheets r1 to r5, "Human-readable frame string"):

    <request> <stream> <stream-flags> <type> <flags> <payload>      revisions with streams
    <request> <type> <flags> <payload>                              0002
    <type> <flags> <payload>                                        0001

Fields are separated by one space and the payload is the rest of the line, so that it may hold spaces. Numbers are
decimal. Type, flags and stream flags are names or numbers, flags joined by `|`. The payload is text with the escapes
`\xNN`, `\0`, `\t`, `\n`, `\r`, `\\`, or `hex:` and digits, or `cbor:` and a literal.

Unlike Mercurial's, this notation can write undefined types (D89), refuses numbers that do not fit their field (D4) and
evaluates nothing.
"""

from __future__ import annotations

import ast
import re

from collections.abc import Mapping
from typing import Final

from hgframing._cbor import CborError, decode_one, encode_value
from hgframing._errors import LocalProtocolError, NotationError
from hgframing._frames import Frame
from hgframing._revisions import Feature, Revision


__all__ = ["format_notation", "parse_notation"]

_ESCAPES: Final[Mapping[str, bytes]] = {
    "0": b"\0",
    "t": b"\t",
    "n": b"\n",
    "r": b"\r",
    "\\": b"\\",
}
_ESCAPE: Final = re.compile(r"\\(x[0-9a-fA-F]{2}|[0tnr\\]|)")
#: Octets that stand for themselves when a payload is printed.
_PLAIN: Final = {octet: chr(octet) for octet in range(0x20, 0x7F)} | {ord("\\"): "\\\\"}
#: A CBOR payload is printed as a literal up to this depth; deeper ones as text.
_PRINTED_DEPTH: Final = 8


def _parse_number(text: str, field: str, limit: int) -> int:
    if not (text.isascii() and text.isdigit()):
        raise NotationError(f"{field}: expected a decimal number, got {text!r}")
    value = int(text[:10])
    if value > limit:
        raise NotationError(f"{field}: {text} is more than {limit}")
    return value


def _parse_flags(text: str, field: str, names: Mapping[str, int], limit: int) -> int:
    value = 0
    for part in text.split("|"):
        if part in names:
            value |= names[part]
        elif part.isascii() and part.isdigit():
            value |= _parse_number(part, field, limit)
        else:
            known = ", ".join(names) or "none are defined"
            raise NotationError(f"{field}: unknown name {part!r} (known: {known})")
    return value


def _parse_type(text: str, revision: Revision) -> int:
    for type_id, spec in revision.frames.items():
        if spec.name == text:
            return type_id
    if text.isascii() and text.isdigit():
        return _parse_number(text, "type", 0x0F)
    known = ", ".join(spec.name for spec in revision.frames.values())
    raise NotationError(f"type: unknown name {text!r} in revision {revision.key} (known: {known})")


def _parse_payload(text: str, revision: Revision) -> bytes:
    if text.startswith("cbor:"):
        try:
            value = ast.literal_eval(text[5:].strip())
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError) as error:
            raise NotationError(f"payload: not a literal after cbor: ({error})") from error
        try:
            return encode_value(value, revision.cbor)
        except LocalProtocolError as error:
            raise NotationError(f"payload: {error}") from error
    if text.startswith("hex:"):
        try:
            return bytes.fromhex(text[4:])
        except ValueError as error:
            raise NotationError(f"payload: {error}") from error
    octets = bytearray()
    end = 0
    for match in _ESCAPE.finditer(text):
        octets += text[end : match.start()].encode()
        end = match.end()
        escape = match[1]
        if not escape:
            raise NotationError(f"payload: unknown escape {text[match.start() : match.start() + 2]!r}")
        octets += bytes.fromhex(escape[1:]) if escape[0] == "x" else _ESCAPES[escape]
    octets += text[end:].encode()
    return bytes(octets)


def parse_notation(text: str, revision: Revision) -> Frame:
    r"""Read a frame from the notation.

    Args:
        text: one frame; a frame without payload may end after its flags.
        revision: says how many fields there are and what the names mean.

    Raises:
        NotationError: a field is missing, a name is unknown or a number too large; says which field.
    """
    names = ["type", "flags"]
    if revision.header.has_stream:
        names = ["request", "stream", "stream-flags", *names]
    elif revision.header.has_request:
        names = ["request", *names]
    fields = text.split(" ", len(names))
    if len(fields) < len(names):
        wanted = " ".join(f"<{name}>" for name in (*names, "payload"))
        raise NotationError(f"too few fields: revision {revision.key} writes {wanted}, got {text!r}")
    by_name = dict(zip(names, fields, strict=False))
    type_id = _parse_type(by_name["type"], revision)
    spec = revision.frames.get(type_id)
    return Frame(
        request_id=_parse_number(by_name.get("request", "0"), "request", 0xFFFF),
        stream_id=_parse_number(by_name.get("stream", "0"), "stream", 0xFF),
        stream_flags=_parse_flags(
            by_name.get("stream-flags", "0"), "stream-flags", revision.stream_flags, 0xFF
        ),
        type_id=type_id,
        flags=_parse_flags(by_name["flags"], "flags", spec.flags if spec else {}, 0x0F),
        payload=_parse_payload(fields[-1], revision) if len(fields) > len(names) else b"",
    )


def _format_flags(value: int, names: Mapping[str, int]) -> str:
    parts = [name for name, bit in names.items() if value & bit]
    rest = value & ~sum(names.values())
    if rest or not parts:
        parts.append(str(rest))
    return "|".join(parts)


def _format_payload(payload: bytes, revision: Revision) -> str:
    if payload and payload[0] >> 5 in (4, 5) and Feature.CBOR_REQUESTS in revision.features:
        try:
            value = decode_one(payload, revision.cbor, max_depth=_PRINTED_DEPTH)
            if encode_value(value, revision.cbor) == payload:
                return f"cbor:{value!r}"
        except (CborError, LocalProtocolError):
            pass  # Whatever it is, it is printable as text.
    text = "".join(_PLAIN.get(octet, f"\\x{octet:02x}") for octet in payload)
    # A payload that happens to begin with one of the two prefixes must not be read back as one.
    if text.startswith(("cbor:", "hex:")):
        text = f"\\x{payload[0]:02x}{text[1:]}"
    return text


def format_notation(frame: Frame, revision: Revision) -> str:
    """Write a frame in the notation; `parse_notation` reads the same frame back.

    A payload that is exactly one CBOR array or map in the revision's own order is written as a literal. Any frame can
    be written, legal or not.
    """
    spec = revision.frames.get(frame.type_id)
    fields = []
    if revision.header.has_request:
        fields.append(str(frame.request_id))
    if revision.header.has_stream:
        fields += [str(frame.stream_id), _format_flags(frame.stream_flags, revision.stream_flags)]
    fields += [
        spec.name if spec else str(frame.type_id),
        _format_flags(frame.flags, spec.flags if spec else {}),
        _format_payload(frame.payload, revision),
    ]
    return " ".join(fields)
