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
import warnings

from collections.abc import Mapping
from typing import Final

from hgframing._cbor import CborError, Value, decode_one, encode_value
from hgframing._errors import LocalProtocolError, NotationError
from hgframing._frames import Frame
from hgframing._revisions import Feature, Revision


__all__ = ["format_notation", "parse_notation"]

_ESCAPES: Final[Mapping[bytes, bytes]] = {
    b"0": b"\0",
    b"t": b"\t",
    b"n": b"\n",
    b"r": b"\r",
    b"\\": b"\\",
}
_ESCAPE: Final = re.compile(rb"\\(x[0-9a-fA-F]{2}|[0tnr\\]|)")
#: What may follow `cbor:`.
_WRITABLE: Final = "None, True, False, numbers, b'..', '..', lists, maps and sets, nested a few dozen deep"
#: Octets that stand for themselves when a payload is printed.
_PLAIN: Final = {octet: chr(octet) for octet in range(0x20, 0x7F)} | {ord("\\"): "\\\\"}
#: Major types of CBOR that are printed as a literal: array and map. A set's tag would be read by nobody.
_CONTAINERS: Final = (4, 5)
#: A CBOR payload is printed as a literal up to this depth; deeper ones as text.
_PRINTED_DEPTH: Final = 8


def _parse_number(text: str, field: str, limit: int) -> int:
    if not (text.isascii() and text.isdigit()):
        raise NotationError(f"{field}: expected a decimal number, got {text!r}")
    # Python refuses to read numbers of thousands of digits; ten are more than any field has.
    value = int(text.lstrip("0")[:10] or "0")
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


def _parse_literal(text: str) -> Value:
    """Read a literal of Python without evaluating it; one that says less than it seems to is refused."""
    try:
        with warnings.catch_warnings():
            # Python warns of unknown escapes and keeps their backslash; which of the two depends on its options.
            warnings.simplefilter("error")
            tree = ast.parse(text, mode="eval")
        value = ast.literal_eval(tree)
        maps = [node for node in ast.walk(tree) if isinstance(node, ast.Dict)]
        repeats = any(len(ast.literal_eval(node)) < len(node.keys) for node in maps)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else _WRITABLE
        raise NotationError(f"payload: not a literal after cbor: ({reason})") from error
    if repeats:
        raise NotationError("payload: a map after cbor: has a key twice")
    return value


def _read_escape(match: re.Match[bytes]) -> bytes:
    escape = match[1]
    if not escape:
        wrong = match.string[match.start() : match.start() + 2].decode(errors="replace")
        raise NotationError(f"payload: unknown escape {wrong!r}")
    return bytes.fromhex(escape[1:].decode()) if escape[:1] == b"x" else _ESCAPES[escape]


def _parse_payload(text: str, revision: Revision) -> bytes:
    if text.startswith("cbor:"):
        value = _parse_literal(text[5:].strip())
        try:
            return encode_value(value, revision.cbor)
        except LocalProtocolError as error:
            raise NotationError(f"payload: {error}") from error
    try:
        octets = bytes.fromhex(text[4:]) if text.startswith("hex:") else text.encode()
    except ValueError as error:
        raise NotationError(f"payload: {error}") from error
    return octets if text.startswith("hex:") else _ESCAPE.sub(_read_escape, octets)


def parse_notation(text: str, revision: Revision) -> Frame:
    """Read a frame from the notation.

    Use this for vectors, command lines and tests: what the text allows and what it forbids can both be written. In
    full: docs/vector-format.md, "Frames".

    Args:
        text: one frame; a frame without payload may end after its flags.
        revision: says how many fields there are, what the names mean, and how `cbor:` is encoded.

    Returns:
        The frame, legal or not.

    Raises:
        NotationError: a field is missing, a name is unknown, a number does not fit its field, or the payload cannot be
            read; says which field.
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


def _format_literal(payload: bytes, revision: Revision) -> str | None:
    """Write a payload as `cbor:` and a literal, if it is the one that this literal stands for."""
    if not payload or payload[0] >> 5 not in _CONTAINERS or Feature.CBOR_REQUESTS not in revision.features:
        return None
    try:
        text = f"cbor:{decode_one(payload, revision.cbor, max_depth=_PRINTED_DEPTH)!a}"
        # Keys out of order and floats without a literal are read as something else, or not at all.
        return text if _parse_payload(text, revision) == payload else None
    except (CborError, NotationError):
        return None


def _format_text(payload: bytes) -> str:
    text = "".join(_PLAIN.get(octet, f"\\x{octet:02x}") for octet in payload)
    # A payload that happens to begin with one of the two prefixes must not be read back as one.
    return f"\\x{payload[0]:02x}{text[1:]}" if text.startswith(("cbor:", "hex:")) else text


def format_notation(frame: Frame, revision: Revision) -> str:
    """Write a frame in the notation; `parse_notation` reads the same frame back.

    Use this for people: reports, transcripts, messages of tests. Any frame that the revision's header can carry can be
    written, legal or not; fields that the header lacks are left out.

    Args:
        frame: what to write.
        revision: decides on the fields and the names. What it does not define is a number.

    Returns:
        One line of ASCII. A payload that is exactly one CBOR array or map, encoded as the revision's senders do, is
        written as a literal, every other as text with escapes.
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
        _format_literal(frame.payload, revision) or _format_text(frame.payload),
    ]
    return " ".join(fields)
