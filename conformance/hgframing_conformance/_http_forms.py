"""Requests and responses of the layer `http`, as authors and harnesses write them.

A request is a method, a path below the API's root, headers and a body; a response is a status, headers and a body. What
goes with a revision (its media type, what a client's frames for a command look like) is filled in here, so that one
case says the same in all of them; what a harness is sent and what the compiled form has is spelt out.
docs/vector-format.md, "Requests and responses", is the format.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from hgframing import REVISIONS, Feature, Frame, Revision
from hgframing_conformance._fields import BYTES, parse_fields
from hgframing_conformance._forms import FormError, Path, describe, parse_list
from hgframing_conformance._frame_forms import encode_frame, notation_of, parse_frame, parse_whole_frame
from hgframing_conformance._http_fields import (
    AUTHORED_REQUEST,
    COMMAND_FIELDS,
    OBSERVED_RESPONSE,
    RESPONSE_FIELDS,
    Headers,
)
from hgframing_conformance._values import Value, display, to_wire


__all__ = ["display_request", "display_response", "parse_request", "parse_response", "write_response"]

#: Stands for the media type of the case's revision in the value of a header.
_MEDIA_TYPE: Final = "{media-type}"
#: What a request names as long as its case says nothing else (HTTP-007, HTTP-008).
_NAMED: Final = ("accept", "content-type")
#: What the transport writes by itself.
_OF_TRANSPORT: Final = frozenset({"connection", "content-length", "host", "transfer-encoding"})
#: What a body can be written as: one of them, or none.
_BODIES: Final = ("frames", "commands", "body")


def parse_request(form: Any, revision: str, path: Path = ()) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Read the value of the verb `request`.

    Args:
        form: as it stands in the suite.
        revision: a key of `hgframing.REVISIONS`; its media type and the form of its requests are filled in.
        path: where `form` lies, for the error.

    Returns:
        the request in the canonical form of the harness protocol, and the frames of its body in notation for people.

    Raises:
        FormError: unknown or missing field, wrong type, or a body that is written in two ways.
    """
    if not isinstance(form, dict):
        raise FormError(f"{describe(form)} where a request is needed", path=path)
    bodies = [name for name in _BODIES if name in form]
    if len(bodies) > 1:
        raise FormError(f"a body is written in one way, this has {' and '.join(bodies)}", path=path)
    head = {name: value for name, value in form.items() if name not in _BODIES}
    values = parse_fields(head, AUTHORED_REQUEST, path)
    spec = REVISIONS[revision]
    octets, notation = _body(form, bodies[0], spec, path) if bodies else (b"", ())
    canonical = {
        "method": values["method"],
        "path": values["path"],
        "headers": _request_headers(values["headers"], spec, (*path, "headers")),
        "body": to_wire(octets),
    }
    return canonical, notation


def _request_headers(written: Headers, revision: Revision, path: Path) -> list[list[str]]:
    for name, _ in written:
        if name in _OF_TRANSPORT:
            raise FormError(f"the header {name} is the transport's", path=(*path, name))
    named = dict.fromkeys(_NAMED, revision.media_type)
    headers: dict[str, str | None] = {**named, **dict(_filled(written, revision))}
    return [[name, value] for name, value in headers.items() if value is not None]


def _filled(headers: Headers, revision: Revision) -> Headers:
    return tuple(
        (name, None if value is None else value.replace(_MEDIA_TYPE, revision.media_type))
        for name, value in headers
    )


def _body(
    form: Mapping[str, Any], name: str, revision: Revision, path: Path
) -> tuple[bytes, tuple[str, ...]]:
    place = (*path, name)
    if name == "body":
        return BYTES.parse(form[name], place), ()
    forms: list[Any] = parse_list(form[name], place)
    if name == "commands":
        forms = list(_command_frames(forms, revision, place))
    octets = b"".join(
        encode_frame(parse_frame(item, revision, (*place, index)), revision, (*place, index))
        for index, item in enumerate(forms)
    )
    return octets, tuple(notation_of(item) for item in forms)


def _command_frames(forms: list[Any], revision: Revision, path: Path) -> Iterable[str]:
    """Write what a client of the revision sends for commands, one after the other, on stream 1."""
    stream_flags = "stream-begin"
    for index, form in enumerate(forms):
        command = parse_fields(form, COMMAND_FIELDS, (*path, index))
        request = command.get("request", 2 * index + 1)
        for rest in _one_command(command, revision, (*path, index)):
            head = f"{request} " if revision.header.has_request else ""
            if revision.header.has_stream:
                head += f"1 {stream_flags} "
            stream_flags = "0"
            yield head + rest


def _one_command(command: Mapping[str, Any], revision: Revision, path: Path) -> Iterable[str]:
    name, pairs, data = command["command"], command["args"].pairs, command["data"]
    flags = [] if data is None else ["have-data"]
    if Feature.CBOR_REQUESTS in revision.features:
        request = f"b'name': {name!r}"
        if pairs:
            request += (
                f", b'args': {{{', '.join(f'{key!r}: {_literal(value, path)}' for key, value in pairs)}}}"
            )
        yield f"command-request {'|'.join(['new', *flags])} cbor:{{{request}}}"
    else:
        if pairs:
            flags.insert(0, "have-args")
        yield f"command-name {'|'.join(flags) or 'eos'} {_payload(name)}"
        for number, (key, value) in enumerate(pairs, start=1):
            octets = value if isinstance(value, bytes) else _literal(value, path).encode()
            lengths = len(key).to_bytes(2, "little") + len(octets).to_bytes(2, "little")
            yield f"command-argument {'eoa' if number == len(pairs) else '0'} hex:{(lengths + key + octets).hex()}"
    if data is not None:
        yield f"command-data eos {_payload(data)}"


def _payload(octets: bytes) -> str:
    """Write octets as the notation has them: text where it is plain."""
    text = octets.decode("latin-1")
    plain = text.isascii() and text.isprintable() and "\\" not in text and ":" not in text
    return text if plain else f"hex:{octets.hex()}"


def _literal(value: Value, path: Path) -> str:
    if isinstance(value, bytes) or type(value) is int:
        return repr(value)
    raise FormError(
        "arguments of commands are bytestrings and integers here", path=(*path, "args"), remedy="use frames"
    )


def parse_response(
    content: Any, revision: Revision, path: Path, *, authored: bool = False, observed: bool = False
) -> dict[str, Any]:
    """Read the fields of a `response`, expected or observed.

    Args:
        content: the mapping of fields.
        revision: the case's.
        path: where `content` lies, for the error.
        authored: frames are in notation and headers may name `{media-type}`; otherwise frames are octets.
        observed: a harness reports it.

    Raises:
        FormError: unknown field, wrong type, or `frames`, `answers` and `body` exclude each other.
    """
    if observed:
        return parse_fields(content, OBSERVED_RESPONSE, path)
    if not isinstance(content, dict):
        raise FormError(f"{describe(content)} where the fields of a response are needed", path=path)
    rest = {name: value for name, value in content.items() if name != "frames"}
    fields = parse_fields(rest, RESPONSE_FIELDS, path)
    if "answers" in fields and not revision.header.has_request:
        fields["answers"] = _without_requests(fields["answers"], (*path, "answers"))
    if "headers" in fields and authored:
        fields["headers"] = _filled(fields["headers"], revision)
    if "frames" in content:
        place = (*path, "frames")
        forms = enumerate(parse_list(content["frames"], place))
        read = parse_frame if authored else parse_whole_frame
        frames: tuple[Frame, ...] = tuple(read(item, revision, (*place, index)) for index, item in forms)
        for index, frame in enumerate(frames):
            encode_frame(frame, revision, (*place, index))
        fields["frames"] = frames
    if len(given := [name for name in ("frames", "answers", "body") if name in fields]) > 1:
        raise FormError(f"a body is demanded in one way, this has {' and '.join(given)}", path=path)
    return fields


def _without_requests(
    answers: tuple[tuple[int | None, str], ...], path: Path
) -> tuple[tuple[int | None, str], ...]:
    """Turn the one request of a body into 0, which is what stands for it where there are no request IDs."""
    if sum(request is not None for request, _ in answers) > 1:
        raise FormError("this revision has no request IDs, so a body has one answer", path=path)
    return tuple((None if request is None else 0, kind) for request, kind in answers)


def write_response(fields: Mapping[str, Any], revision: Revision) -> dict[str, Any]:
    """Write an expected response in the compiled form; `parse_response` reads it back."""
    written = {
        field.name: field.type.write(fields[field.name]) for field in RESPONSE_FIELDS if field.name in fields
    }
    if "frames" in fields:
        written["frames"] = [encode_frame(frame, revision).hex() for frame in fields["frames"]]
    return written


def display_response(fields: Mapping[str, Any]) -> str:
    """Write a response, expected or observed, on one line for people."""
    status = fields.get("status", "of any status")
    words = [" or ".join(map(str, status)) if isinstance(status, tuple) else str(status)]
    words += [f"{name}: {'absent' if value is None else value}" for name, value in fields.get("headers", ())]
    if "answers" in fields:
        words += [
            f"{kind} for {'every other request' if request is None else f'request {request}'}"
            for request, kind in fields["answers"]
        ]
    if "frames" in fields:
        words.append(f"{len(fields['frames'])} frames")
    if "body" in fields:
        words.append(f"body {display(fields['body'])}" if fields["body"] else "no body")
    return ", ".join(words)


def display_request(value: Mapping[str, Any]) -> list[str]:
    """Write a request in canonical form for people: what is asked, then the headers; its body is left to the caller."""
    headers = [f"{name}: {text}" for name, text in value["headers"]]
    return [f"{value['method']} <API>/{value['path']}", *headers]
