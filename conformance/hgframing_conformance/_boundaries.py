"""The generator `boundaries`: every field of every header, at its limits, one below and one above.

The octets of a frame are put together here, from the widths that a revision's header has; the codec of the reference
is not asked. A number that does not fit its field must be refused and never be cut. That the codec writes and reads
what no frame type of the revision means is no demand of the text, so these cases are `unspecified`. The length is
another matter: what it says is FRAME-002, up to the 65535 octets of FRAME-003. What reactors do with numbers and limits
is in `_server_limits`, `_client_limits`, `_server_numbers` and `_client_numbers`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hgframing import REVISIONS, Revision


__all__ = ["GENERATOR", "generate_boundaries"]

GENERATOR: Final = "boundaries"

_COMMENT: Final = "The text does not say what a codec does with numbers that no frame type gives a meaning."
_REQUEST: Final = "request"
_STREAM: Final = "stream"
_STREAM_FLAGS: Final = "stream-flags"
_LARGEST: Final[Mapping[str, int]] = {
    _REQUEST: 0xFFFF,
    _STREAM: 0xFF,
    _STREAM_FLAGS: 0xFF,
    "type": 0x0F,
    "flags": 0x0F,
}
_ORDINARY: Final[Mapping[str, int]] = {_REQUEST: 1, _STREAM: 1, _STREAM_FLAGS: 1, "type": 1, "flags": 1}
_PAYLOAD: Final = b"abc"
#: FRAME-003 ends at the last of them.
_SIZES: Final = (0, 1, 255, 256, 257, 65534, 65535)
_LIMIT: Final = 20
#: The length takes three octets of the header.
_LENGTH_DIGITS: Final = 6


def generate_boundaries() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield one suite for each revision: its name, and its content in the form of a suite file."""
    for revision in REVISIONS.values():
        name = f"codec/generated-{GENERATOR}-{revision.key}"
        yield (
            name,
            {
                "format": 1,
                "suite": name,
                "title": f"The fields of a header at their limits in {revision.key}",
                "layer": "codec",
                "revisions": [revision.key],
                "cases": [*_cases(revision), *_length_cases(revision)],
            },
        )


def _fields(revision: Revision) -> tuple[str, ...]:
    absent = set()
    if not revision.header.has_request:
        absent.add(_REQUEST)
    if not revision.header.has_stream:
        absent |= {_STREAM, _STREAM_FLAGS}
    return tuple(field for field in _LARGEST if field not in absent)


def _cases(revision: Revision) -> Iterator[dict[str, Any]]:
    fields = _fields(revision)
    for field in fields:
        largest = _LARGEST[field]
        frames = [
            {name: _ORDINARY[name] for name in fields} | {field: value}
            for value in (0, 1, largest - 1, largest)
        ]
        beyond = {name: _ORDINARY[name] for name in fields} | {field: largest + 1}
        yield _case(
            revision,
            f"encode-{field}",
            f"The field {field} is written from 0 to {largest}",
            [
                {"encode": _form(frame), "expect": [{"octets": {"hex": _octets(revision, frame)}}]}
                for frame in frames
            ],
        )
        yield _case(
            revision,
            f"encode-{field}-beyond",
            f"The field {field} does not take {largest + 1}",
            [{"encode": _form(beyond), "expect": [{"refused": {}}]}],
        )
        yield _case(
            revision,
            f"receive-{field}",
            f"The field {field} is read from 0 to {largest}",
            [
                {
                    "receive-hex": [_octets(revision, frame) for frame in frames],
                    "expect": [{"frame": _form(frame)} for frame in frames],
                }
            ],
        )


def _length_cases(revision: Revision) -> Iterator[dict[str, Any]]:
    """Payloads of as many octets as a length may say, written and read; and the limit that a reader may have."""
    frame = {name: _ORDINARY[name] for name in _fields(revision)}
    rest = _octets(revision, frame, b"")[_LENGTH_DIGITS:]
    written = []
    read = []
    for size in _SIZES:
        payload: Any = {"repeat": {"hex": "61", "times": size}} if size else ""
        parts: list[dict[str, Any]] = [
            {"hex": size.to_bytes(3, "little").hex() + rest},
            {"hex": "61", "times": size},
        ]
        form = {**frame, "payload": payload}
        octets = {"repeat": parts} if size else {"hex": parts[0]["hex"]}
        written.append({"encode": form, "expect": [{"octets": octets}]})
        names = (
            "1 1 1 1 1" if revision.header.has_stream else "1 1 1" if revision.header.has_request else "1 1"
        )
        received: Any = {"frame": names, "repeat": parts[1:]} if size else names
        read.append({"receive": [received], "expect": [{"frame": form}]})
    for label, title, steps in (
        ("encode-length", "The length of a payload is written", written),
        ("receive-length", "The length of a payload is read", read),
    ):
        case = _case(revision, label, f"{title}, from 0 to {_SIZES[-1]}", steps)
        del case["comment"]
        yield (
            case
            | {"level": "must", "requirements": ["FRAME-001", "FRAME-002", "FRAME-003"]}
            | {"chunkings": ["frame", "whole"]}
        )
    for over, name, what in ((-1, "below", "below"), (0, "at", "at"), (1, "above", "above")):
        whole = b"a" * (_LIMIT + over)
        expect = (
            {"error": {"code": "payload-too-large"}}
            if over > 0
            else {"frame": {**frame, "payload": whole.decode()}}
        )
        step = {"receive-hex": [_octets(revision, frame, whole)], "expect": [expect]}
        yield _case(
            revision, f"max-payload-{name}", f"A payload {what} the limit of {_LIMIT} octets", [step]
        ) | {"setup": {"limits": {"max-payload": _LIMIT}}}


def _form(frame: Mapping[str, int]) -> dict[str, Any]:
    return {**frame, "payload": _PAYLOAD.decode()}


def _octets(revision: Revision, frame: Mapping[str, int], payload: bytes = _PAYLOAD) -> str:
    header = len(payload).to_bytes(3, "little")
    if revision.header.has_request:
        header += frame[_REQUEST].to_bytes(2, "little")
    if revision.header.has_stream:
        header += bytes([frame[_STREAM], frame[_STREAM_FLAGS]])
    return (header + bytes([frame["type"] << 4 | frame["flags"]]) + payload).hex()


def _case(revision: Revision, label: str, title: str, steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": f"codec-boundary-{revision.key}-{label}",
        "title": title,
        "level": "unspecified",
        "source": f"generated:{GENERATOR}",
        "comment": _COMMENT,
        "tier": "full",
        "steps": steps,
    }
