"""What a reflection endpoint prints, read back into actions.

The text (sheets r1, r2 and r5, "HTTP binding") has for each frame `received: <type> <flags> <request> <payload>` and a
line of JSON for each action, `[name, details]`; then `received: <no frame>`, and what the end of input does, with the
action's name under `action`. A payload is printed as it came and may hold line ends, so lines cannot be told apart
by looking: whoever sent the frames knows what must stand there.

JSON has no bytestrings. A string is the octets of its UTF-8, lone surrogates being single octets; what was text, and
what had other types, nobody can tell any more.
"""

from __future__ import annotations

import json

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from hgframing import Frame, NotationError, Revision, parse_notation
from hgframing_conformance._quoting import quote


__all__ = ["VALUES", "ReflectionError", "read_reflection"]

#: The types of values that survive.
VALUES: Final = ("bool", "bytes", "int", "list", "map", "null")
_RECEIVED: Final = b"received: "
_NO_FRAME: Final = b"received: <no frame>"
#: The reference's word for octets that it does not take for a frame (docs/http.md).
_BAD_FRAME: Final = b"received: <bad frame>"
_MAX_EXACT: Final = 1 << 53

_Actions = list[dict[str, Any]]


class ReflectionError(ValueError):
    """The text is not what a reflection endpoint prints for the frames that were sent."""


def read_reflection(
    text: bytes, frames: Sequence[Frame], revision: Revision
) -> tuple[list[_Actions], _Actions]:
    """Read the answer to a body.

    Args:
        text: the body of the response.
        frames: what was sent.
        revision: what it was sent in.

    Returns:
        The actions of each frame, and those of the end of input, as a harness reports them. An endpoint may stop at a
        fault: the frames behind it have no actions then.

    Raises:
        ReflectionError: it is something else.
    """
    reader = _Reader(text, revision)
    by_frame: list[_Actions] = [[] for _ in frames]
    for index, frame in enumerate(frames):
        if reader.skip(_NO_FRAME, look=True):
            break
        if not reader.skip(_line(frame, revision)) and not reader.skip(_BAD_FRAME):
            raise ReflectionError(
                f"frame {index + 1} is not told as it was sent: {quote(reader.rest(), limit=120)!r}"
            )
        by_frame[index] = reader.actions()
    if not reader.skip(_NO_FRAME):
        raise ReflectionError(f"where the input ends there is {quote(reader.rest(), limit=120)!r}")
    at_end = reader.actions()
    if reader.rest():
        raise ReflectionError(f"behind the end of input there is {quote(reader.rest(), limit=120)!r}")
    return by_frame, at_end


def _line(frame: Frame, revision: Revision) -> bytes:
    numbers = [frame.type_id, frame.flags, *([frame.request_id] if revision.header.has_request else [])]
    return _RECEIVED + " ".join(map(str, numbers)).encode() + b" " + frame.payload


class _Reader:
    def __init__(self, text: bytes, revision: Revision) -> None:
        self._text = text
        self._position = 0
        self._revision = revision

    def rest(self) -> bytes:
        return self._text[self._position :]

    def skip(self, line: bytes, *, look: bool = False) -> bool:
        """Read a line that is known, unless it is only looked for; tell whether it stands here."""
        end = self._position + len(line)
        if not self._text.startswith(line, self._position) or self._text[end : end + 1] not in (b"", b"\n"):
            return False
        if not look:
            self._position = end + 1
        return True

    def actions(self) -> _Actions:
        """Read lines of JSON up to the next frame."""
        actions: _Actions = []
        while self._position < len(self._text) and not self._text.startswith(_RECEIVED, self._position):
            line, _, _ = self.rest().partition(b"\n")
            self._position += len(line) + 1
            actions.append(_action(line, self._revision))
        return actions


def _action(line: bytes, revision: Revision) -> dict[str, Any]:
    try:
        found = json.loads(line)
        if isinstance(found, dict):
            return _known(found["action"], found, revision)
        if isinstance(found, list) and len(found) == 2 and isinstance(found[1], dict):
            return _known(found[0], found[1], revision)
    except (ValueError, KeyError, TypeError, RecursionError):
        # No JSON, or an action without what it must have.
        pass
    raise ReflectionError(f"this is no action: {quote(line, limit=120)!r}")


def _known(name: object, details: Mapping[str, Any], revision: Revision) -> dict[str, Any]:
    match name:
        case "runcommand":
            fields = {key: _form(details.get(key)) for key in ("command", "args", "data", "redirect")}
            request = details["requestid"] if revision.header.has_request else 0
            return {"run-command": {"request": request, **fields}}
        case "wantframe":
            return {"want-frame": {}}
        case "noop":
            return {"noop": {}}
        case "error":
            message = details.get("message")
            return {"error": {"message": message} if isinstance(message, str) else {}}
        case "sendframes":
            return {"send-frames": _frames(details["frames"], revision)}
        case _:
            raise KeyError(name)


def _frames(lines: Iterable[Any], revision: Revision) -> list[str]:
    try:
        return [revision.header.encode(parse_notation(line, revision)).hex() for line in lines]
    except (NotationError, AttributeError) as error:
        raise ValueError(str(error)) from None


def _form(value: Any) -> Any:
    """Write a value of JSON as the harness protocol writes values."""
    match value:
        case None | bool():
            return value
        case str():
            return {"hex": value.encode("utf-8", "surrogateescape").hex()}
        case int():
            return value if abs(value) <= _MAX_EXACT else {"int": str(value)}
        case float():
            return {"float": repr(value)}
        case list():
            return [_form(item) for item in value]
        case _:
            return {"map": [[_form(key), _form(item)] for key, item in value.items()]}
