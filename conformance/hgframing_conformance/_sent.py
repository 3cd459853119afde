"""Sent frames, reduced to what they say (docs/vector-format.md, "Actions").

The text leaves a sender free to cut, encode and interleave. What it may choose is taken away here, in three moves that
keep their order: the payloads of a stream are decoded with the encoding that the stream announced, fragments of one
request and one type are joined up to the frame that ends them, and what belongs to different requests is sorted apart.

Decoding has state over frames and over steps (a zlib stream is one context), so an `OutputStreams` lives as long as
a case. Only observations are decoded: an expectation writes payloads down plainly, whatever flags its frames carry.
"""

from __future__ import annotations

import dataclasses
import zlib

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

import zstandard

from hgframing import Feature, Frame, FrameType, Revision, StreamFlag
from hgframing_conformance._payloads import Meaning, NotCborError, fill_message, meaning, read_sequence
from hgframing_conformance._values import display, equal


__all__ = ["OutputStreams", "Part", "difference", "exact_difference", "is_error_frame", "parts"]

#: Flags that only say how a sender cut.
_CUTS: Final = frozenset({"continuation", "more", "new"})
#: Flags of the last fragment alone.
_ENDS: Final = frozenset({"eos", "eoa"})
#: Octets that all frames of a case may become: far above what a case sends, far below what a machine has. Half a
#: megabyte of an answer can say gibibytes.
_MAX_DECODED: Final = 64 * 1024 * 1024
_ZSTD_WINDOW: Final = 8 * 1024 * 1024


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that is said about one request, however it was cut.

    Attributes:
        request: the request ID.
        type_id: the frame type's number in the revision.
        flags: the flags that mean something: those that only say how a sender cut are left out.
        meaning: the payload, as it is compared.
    """

    request: int
    type_id: int
    flags: frozenset[str | int]
    meaning: Meaning


class _DecodingError(Exception):
    """Octets are not what the encoding says, or say too much."""


class _Decoder(Protocol):
    def decode(self, payload: bytes, room: int) -> bytes:
        """Decode the next encoded payload of the stream to `room` octets at most; raise `_DecodingError`."""


class _Identity:
    def decode(self, payload: bytes, room: int) -> bytes:  # noqa: ARG002  (nothing grows)
        return payload


class _Zlib:
    def __init__(self) -> None:
        self._context = zlib.decompressobj()

    def decode(self, payload: bytes, room: int) -> bytes:
        try:
            octets = self._context.decompress(payload, room + 1)
        except zlib.error as error:
            raise _DecodingError from error
        if len(octets) > room:
            raise _DecodingError
        return octets


class _Sink:
    """Takes what is decoded, a block at a time, and stops where there is no room."""

    def __init__(self) -> None:
        self.room = 0
        self.octets = bytearray()

    def write(self, octets: bytes) -> int:
        if len(self.octets) + len(octets) > self.room:
            raise _DecodingError
        self.octets += octets
        return len(octets)


class _Zstd:
    def __init__(self) -> None:
        self._sink = _Sink()
        # Every other interface of the library decodes a whole payload before anybody can stop it.
        decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        self._writer = decompressor.stream_writer(self._sink)  # type: ignore[arg-type]

    def decode(self, payload: bytes, room: int) -> bytes:
        self._sink.room = room
        self._sink.octets.clear()
        try:
            # A write may keep the end of what its last octets say; the last octet alone brings all of it.
            self._writer.write(payload[:-1])
            self._writer.write(payload[-1:])
        except zstandard.ZstdError as error:
            raise _DecodingError from error
        return bytes(self._sink.octets)


def _decoder(name: object) -> _Decoder:
    match name:
        case b"zlib":
            return _Zlib()
        case b"zstd-8mb":
            return _Zstd()
        case _:
            # An unknown encoding leaves the octets as they are: they will not match, and the report shows them.
            return _Identity()


class OutputStreams:
    """Decodes the frames that one implementation sends in one case."""

    def __init__(self, revision: Revision) -> None:
        self._has_encodings = Feature.CONTENT_ENCODINGS in revision.features
        self._settings_type = revision.type_ids.get(FrameType.STREAM_SETTINGS)
        self._settings: dict[int, bytes] = {}
        self._decoders: dict[int, _Decoder] = {}
        self._room = _MAX_DECODED

    def decode(self, frames: Iterable[Frame]) -> tuple[Frame, ...]:
        """Replace encoded payloads by what they decode to; call it once for every frame, in the order of sending.

        A payload that its stream's encoding cannot decode, or that says more than a case ever sends, is left as it is.
        """
        if not self._has_encodings:
            return tuple(frames)
        return tuple(self._decode(frame) for frame in frames)

    def _decode(self, frame: Frame) -> Frame:
        stream = frame.stream_id
        if frame.stream_flags & StreamFlag.BEGIN:
            self._decoders.pop(stream, None)
            self._settings.pop(stream, None)
        if frame.type_id == self._settings_type:
            self._read_settings(frame)
            return frame
        if not frame.stream_flags & StreamFlag.ENCODED:
            return frame
        try:
            payload = self._decoders.get(stream, _Identity()).decode(frame.payload, self._room)
        except _DecodingError:
            return frame
        self._room -= len(payload)
        return Frame(
            request_id=frame.request_id,
            stream_id=stream,
            stream_flags=frame.stream_flags,
            type_id=frame.type_id,
            flags=frame.flags,
            payload=payload,
        )

    def _read_settings(self, frame: Frame) -> None:
        octets = self._settings.get(frame.stream_id, b"") + frame.payload
        self._settings[frame.stream_id] = octets
        try:
            values = read_sequence(octets)
        except NotCborError:
            return
        if values:
            self._decoders[frame.stream_id] = _decoder(values[0])


def is_error_frame(frame: Frame, revision: Revision) -> bool:
    """Tell whether a frame reports an error to the peer."""
    return frame.type_id == revision.type_ids.get(FrameType.ERROR_RESPONSE)


@dataclasses.dataclass(slots=True)
class _Open:
    request: int
    type_id: int
    flags: set[str | int]
    payloads: list[bytes]


def parts(frames: Iterable[Frame], revision: Revision) -> dict[int, tuple[Part, ...]]:
    """Join decoded frames and sort them by request.

    Returns:
        Request ID -> what is said about it, in the order in which it begins.
    """
    by_request: dict[int, list[_Open]] = {}
    joining: dict[tuple[int, int], _Open] = {}
    settings = revision.type_ids.get(FrameType.STREAM_SETTINGS)
    for frame in frames:
        if frame.type_id == settings:
            continue
        key = (frame.request_id, frame.type_id)
        part = joining.get(key)
        if part is None:
            part = joining[key] = _Open(frame.request_id, frame.type_id, set(), [])
            by_request.setdefault(frame.request_id, []).append(part)
        names = _flag_names(frame, revision)
        part.payloads.append(frame.payload)
        part.flags |= names - _CUTS
        if names & _ENDS:
            del joining[key]
    return {
        request: tuple(_close(part, revision) for part in opened) for request, opened in by_request.items()
    }


def _close(part: _Open, revision: Revision) -> Part:
    spec = revision.frames.get(part.type_id)
    payload = b"".join(part.payloads)
    return Part(
        request=part.request,
        type_id=part.type_id,
        flags=frozenset(part.flags),
        meaning=((), payload) if spec is None else meaning(payload, spec.type, revision),
    )


def _flag_names(frame: Frame, revision: Revision) -> frozenset[str | int]:
    """Name the flags that are set; a bit without a name stands for itself."""
    spec = revision.frames.get(frame.type_id)
    named = dict(spec.flags) if spec is not None else {}
    names: set[str | int] = {name for name, bit in named.items() if frame.flags & bit}
    known = sum(named.values())
    return frozenset(names | {bit for bit in (1, 2, 4, 8) if frame.flags & bit and not known & bit})


def difference(
    expected: Mapping[int, tuple[Part, ...]], observed: Mapping[int, tuple[Part, ...]], revision: Revision
) -> str:
    """Say in one clause where two results of `parts` differ; empty: nowhere."""
    for request in (*expected, *(request for request in observed if request not in expected)):
        left, right = expected.get(request, ()), observed.get(request, ())
        for asked, got in zip(left, right, strict=False):
            wanted = _completed(asked, got, revision)
            if wanted != got or not equal(wanted.meaning[0], got.meaning[0]):
                return f"sent frames of request {request}: {_part_difference(wanted, got, revision)}"
        if len(left) != len(right):
            longer, word = (left, "missing") if len(left) > len(right) else (right, "unexpected")
            name = _type_name(longer[min(len(left), len(right))].type_id, revision)
            return f"sent frames of request {request}: {word} {name}"
    return ""


def _completed(wanted: Part, got: Part, revision: Revision) -> Part:
    spec = revision.frames.get(wanted.type_id)
    if spec is None or wanted.type_id != got.type_id:
        return wanted
    return dataclasses.replace(wanted, meaning=fill_message(wanted.meaning, got.meaning, spec.type))


def _part_difference(wanted: Part, got: Part, revision: Revision) -> str:
    name = _type_name(wanted.type_id, revision)
    if wanted.type_id != got.type_id:
        return f"expected {name}, got {_type_name(got.type_id, revision)}"
    if wanted.flags != got.flags:
        return f"expected {name} with flags {_show_flags(wanted.flags)}, got {_show_flags(got.flags)}"
    return f"expected {name} with {_show_meaning(wanted.meaning)}, got {_show_meaning(got.meaning)}"


def exact_difference(expected: Sequence[Frame], observed: Sequence[Frame]) -> str:
    """Say in one clause where two sequences of frames differ; empty: nowhere."""
    for position, (wanted, got) in enumerate(zip(expected, observed, strict=False), start=1):
        for name in ("request_id", "stream_id", "stream_flags", "type_id", "flags"):
            left, right = getattr(wanted, name), getattr(got, name)
            if left != right:
                return f"sent frame {position}: expected {name.replace('_', ' ')} {left}, got {right}"
        if wanted.payload != got.payload:
            left, right = display(wanted.payload), display(got.payload)
            return f"sent frame {position}: expected payload {left}, got {right}"
    if len(expected) != len(observed):
        return f"expected {len(expected)} sent frames, got {len(observed)}"
    return ""


def _type_name(type_id: int, revision: Revision) -> str:
    spec = revision.frames.get(type_id)
    return spec.name if spec is not None else f"type {type_id}"


def _show_flags(flags: frozenset[str | int]) -> str:
    return "|".join(sorted(map(str, flags))) or "0"


def _show_meaning(meant: Meaning) -> str:
    values, octets = meant
    return " ".join([*map(display, values), *([display(octets)] if octets or not values else [])])
