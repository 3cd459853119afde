"""The judge of HTTP responses: status, headers, and what the frames of a body say (docs/vector-format.md).

Every response is its own conversation: its streams begin and end with its body. Frames are compared as those of
`send-frames` are; `answers` looks at no content, and asks only that each request has one whole answer of the kind that
is demanded and that nothing else is answered, so that a case fits every server that has the command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hgframing import Feature, Frame, FrameType, Revision
from hgframing_conformance._payloads import Meaning
from hgframing_conformance._sent import OutputStreams, Part, difference, parts
from hgframing_conformance._values import MapValue, display


__all__ = ["body_frames", "response_difference"]

#: Frames that may come beside an answer.
_BESIDE: Final = frozenset({FrameType.TEXT_OUTPUT, FrameType.PROGRESS})


def body_frames(body: bytes, revision: Revision) -> tuple[Frame, ...] | None:
    """Cut a body into frames; None: it is something else than whole frames."""
    header = revision.header
    frames = []
    position = 0
    while position < len(body):
        if len(body) - position < header.size:
            return None
        read = header.decode(body[position : position + header.size])
        end = position + header.size + read.length
        if end > len(body):
            return None
        frames.append(
            Frame(
                request_id=read.request_id,
                stream_id=read.stream_id,
                stream_flags=read.stream_flags,
                type_id=read.type_id,
                flags=read.flags,
                payload=body[position + header.size : end],
            )
        )
        position = end
    return tuple(frames)


def response_difference(wanted: Mapping[str, Any], got: Mapping[str, Any], revision: Revision) -> str:
    """Say in one clause why a response is not the one that is demanded; empty: it is.

    Args:
        wanted: the fields of an expected `response`.
        got: the fields of an observed one.
        revision: the case's.
    """
    status: int = got["status"]
    allowed: Sequence[int | str] = wanted.get("status", (status,))
    if status not in allowed and f"{status // 100}xx" not in allowed:
        return f"expected status {' or '.join(map(str, allowed))}, got {status}"
    for name, value in wanted.get("headers", ()):
        sent = [text for key, text in got["headers"] if key == name]
        if value is None and sent:
            return f"expected no header {name}, got {display(sent[0].encode())}"
        if value is not None and [text.strip().lower() for text in sent] != [value.lower()]:
            return f"expected header {name}: {value}, got {', '.join(sent) or 'none'}"
    body: bytes = got["body"]
    if "body" in wanted:
        if body != wanted["body"]:
            return f"expected body {display(wanted['body'])}, got {display(body)}"
        return ""
    if "frames" not in wanted and "answers" not in wanted:
        return ""
    frames = body_frames(body, revision)
    if frames is None:
        return f"the body is no sequence of whole frames: {display(body)}"
    said = parts(OutputStreams(revision).decode(frames), revision)
    if "frames" in wanted:
        return difference(parts(wanted["frames"], revision), said, revision)
    return _answers_difference(dict(wanted["answers"]), said, revision)


def _answers_difference(
    wanted: Mapping[int | None, str], said: Mapping[int, tuple[Part, ...]], revision: Revision
) -> str:
    for request in said:
        if request not in wanted and None not in wanted:
            return f"request {request} is answered"
    named = [request for request in wanted if request is not None]
    others = [request for request in said if request not in wanted]
    if None in wanted and not others:
        return f"no other request is answered with {_with_article(wanted[None])}"
    for request in (*named, *others):
        kind = wanted.get(request, wanted.get(None))
        found = [part for part in said.get(request, ()) if _type(part, revision) not in _BESIDE]
        if not found:
            return f"request {request} is not answered"
        if len(found) > 1:
            return f"request {request} is answered by {len(found)} things"
        answer = _answer(found[0], revision)
        if answer != kind:
            return f"request {request}: expected {_with_article(str(kind))}, got {_with_article(answer)}"
    return ""


def _with_article(kind: str) -> str:
    return f"{'an' if kind.startswith(('a', 'e', 'i', 'o', 'u')) else 'a'} {kind}"


def _type(part: Part, revision: Revision) -> FrameType | None:
    spec = revision.frames.get(part.type_id)
    return None if spec is None else spec.type


def _answer(part: Part, revision: Revision) -> str:
    """Name what answers a request."""
    match _type(part, revision):
        case FrameType.ERROR_RESPONSE:
            return "error"
        case FrameType.RESPONSE:
            if "eos" not in part.flags:
                return "response without end"
            if Feature.STATUS_MAP not in revision.features:
                return "response"
            return _by_status(part.meaning)
        case _:
            return f"frame of type {part.type_id}"


def _by_status(said: Meaning) -> str:
    status = next(iter(said[0]), None)
    words = dict(status.pairs) if isinstance(status, MapValue) else {}
    match words.get(b"status"):
        case b"ok":
            return "response"
        case b"error":
            return "error"
        case _:
            return "response without status"
