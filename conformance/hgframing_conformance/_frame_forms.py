"""Frames as authors and harnesses write them: notation, notation with a repeated payload, raw numbers, octets.

A frame of a vector means something else in every revision (other type numbers, other fields), so nothing here can be
read without naming the revision (docs/vector-format.md, "Frames").
"""

from __future__ import annotations

import functools

from typing import Any, Final

from hgframing import REVISIONS, Frame, LocalProtocolError, NotationError, Revision, parse_notation
from hgframing_conformance._fields import BYTES, COUNT, FLAGS, OCTET, REQUEST, Field, parse_fields
from hgframing_conformance._forms import FormError, Path, describe, parse_bytes, parse_hex, parse_parts, short


__all__ = [
    "encode_frame",
    "frame_fields",
    "frame_numbers",
    "notation_of",
    "parse_encode",
    "parse_frame",
    "parse_whole_frame",
]

#: The notation repeats itself in suites; a suite's frames fit, and the octets of huge ones are not kept alive for long.
_CACHED_NOTATIONS: Final = 4096
#: Longest notation that is worth keeping.
_CACHED_LENGTH: Final = 1000


def frame_fields(revision: Revision) -> tuple[Field, ...]:
    """List the raw fields that a frame of the revision has, in the order of its header."""
    fields = [
        Field(name="type", type=FLAGS),
        Field(name="flags", type=FLAGS),
        Field(name="payload", type=BYTES),
    ]
    if revision.header.has_stream:
        fields[:0] = [Field(name="stream", type=OCTET), Field(name="stream-flags", type=OCTET)]
    if revision.header.has_request:
        fields.insert(0, Field(name="request", type=REQUEST))
    return tuple(fields)


def frame_numbers(frame: Frame, revision: Revision) -> dict[str, Any]:
    """Take a frame apart into the fields of `frame_fields`."""
    numbers = {
        "request": frame.request_id,
        "stream": frame.stream_id,
        "stream-flags": frame.stream_flags,
        "type": frame.type_id,
        "flags": frame.flags,
        "payload": frame.payload,
    }
    return {field.name: numbers[field.name] for field in frame_fields(revision)}


def parse_encode(form: Any, revision: Revision, path: Path = ()) -> dict[str, Any]:
    """Read what an implementation is to encode: a frame, or raw numbers that need not fit their fields.

    Raises:
        FormError: the form is neither.
    """
    if isinstance(form, dict) and "frame" not in form:
        wide = (
            Field(name=field.name, type=BYTES if field.type is BYTES else COUNT)
            for field in frame_fields(revision)
        )
        return parse_fields(form, wide, path)
    return frame_numbers(parse_frame(form, revision, path), revision)


def parse_frame(form: Any, revision: Revision, path: Path = ()) -> Frame:
    """Read a frame of a suite: a string in notation, or `{frame: notation, repeat: parts}`.

    The parts follow whatever payload the notation has.

    Raises:
        FormError: the form is something else, or the notation does not fit the revision.
    """
    match form:
        case str():
            return _parse_text(form, revision, path)
        case {"frame": text, "repeat": parts} if len(form) == 2:
            head = _parse_text(text, revision, (*path, "frame"))
            payload = head.payload + parse_parts(parts, (*path, "repeat"))
            return Frame(
                request_id=head.request_id,
                stream_id=head.stream_id,
                stream_flags=head.stream_flags,
                type_id=head.type_id,
                flags=head.flags,
                payload=payload,
            )
        case _:
            raise FormError(
                f"{describe(form)} is no frame",
                path=path,
                remedy='write "<fields> <payload>", or {frame: "<fields>", repeat: {hex: "…", times: n}}',
            )


def _parse_text(text: Any, revision: Revision, path: Path) -> Frame:
    if not isinstance(text, str):
        raise FormError(f"{describe(text)} is no frame in notation", path=path)
    try:
        return (
            _parse_cached(text, revision.key)
            if len(text) <= _CACHED_LENGTH
            else parse_notation(text, revision)
        )
    except NotationError as error:
        raise FormError(f"frame {short(text)}: {error}", path=path) from None


@functools.lru_cache(maxsize=_CACHED_NOTATIONS)
def _parse_cached(text: str, key: str) -> Frame:
    return parse_notation(text, REVISIONS[key])


def notation_of(form: Any) -> str:
    """Write a frame of a suite for people, as its author wrote it; `form` has been read by `parse_frame`."""
    if isinstance(form, str):
        return form
    parts = form["repeat"] if isinstance(form["repeat"], list) else [form["repeat"]]
    return " ".join(
        [form["frame"], *(f"⟨hex:{short(part['hex'], quote='')} × {part.get('times', 1)}⟩" for part in parts)]
    )


def encode_frame(frame: Frame, revision: Revision, path: Path = ()) -> bytes:
    """Write the octets of a frame as the revision's header lays them out.

    Raises:
        FormError: a number or the payload does not fit the header.
    """
    try:
        return revision.header.encode(frame)
    except LocalProtocolError as error:
        raise FormError(f"the frame cannot be written: {error}", path=path) from None


def parse_whole_frame(form: Any, revision: Revision, path: Path = ()) -> Frame:
    """Read the octets of exactly one frame, as a harness reports those that its implementation sends.

    Raises:
        FormError: the octets are no hex, too few for a header, or not as many as the header declares.
    """
    octets = parse_hex(form, path) if isinstance(form, str) else parse_bytes(form, path)
    size = revision.header.size
    if len(octets) < size:
        raise FormError(
            f"{len(octets)} octets are no frame: the header alone has {size}",
            path=path,
            remedy="send-frames lists whole frames, one hex string each",
        )
    header = revision.header.decode(octets)
    payload = octets[size:]
    if len(payload) != header.length:
        raise FormError(
            f"the header declares {header.length} octets of payload, {len(payload)} follow",
            path=path,
            remedy="send-frames lists whole frames, one hex string each",
        )
    return Frame(
        request_id=header.request_id,
        stream_id=header.stream_id,
        stream_flags=header.stream_flags,
        type_id=header.type_id,
        flags=header.flags,
        payload=payload,
    )
