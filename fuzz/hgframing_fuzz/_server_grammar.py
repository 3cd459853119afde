"""What a server sends, as a generator: responses, errors, text output, progress and stream settings.

The counterpart of `ClientGrammar`, with the same bias: mostly right, and wrong in the ways that decoders and reactors
get wrong. The requests that it answers are those that the driver issues (`first_request_ids`): a response to a request
that nobody made is refused before anything interesting is read.
"""

from __future__ import annotations

import struct

from random import Random
from typing import Final

from hgframing import Feature, Frame, FrameType, Revision
from hgframing_fuzz._cbor import anything, array, bytestring, damage, mapping, pick, strange_string
from hgframing_fuzz._driver_options import draw_options
from hgframing_fuzz._encoded import encode_stream
from hgframing_fuzz._grammar import ClientGrammar, upset, with_numbers
from hgframing_fuzz._input import REVISION_CODES, FuzzInput, Options
from hgframing_fuzz._numbers import STREAM_IDS


__all__ = ["ServerGrammar", "binary_text", "error_map", "text_map"]

_TYPE: Final = bytestring(b"type")
_MESSAGE: Final = bytestring(b"message")
#: What is no error, and what an unwary reader takes for one.
_NO_ERROR: Final = (b"", b"\xf6", b"\x80", b"\xa0", b"\x40", _TYPE, array([_TYPE, _MESSAGE]))
_KINDS: Final = tuple(bytestring(name) for name in (b"server", b"command", b"protocol", b"application", b""))
_MSG: Final = bytestring(b"msg")
_ARGS: Final = bytestring(b"args")
_LABELS: Final = bytestring(b"labels")
_STATUS: Final = mapping([(bytestring(b"status"), bytestring(b"ok"))])
_OBJECTS: Final = (_STATUS, _STATUS + b"\x41a", b"", b"\xa0", b"x" * 3000)
#: Requests that the driver issues, and one that it does not.
_REQUESTS: Final = (1, 1, 1, 3, 3, 5, 7, 9)
_FAULTY: Final = 0.06
#: How often a server sends settings, as it may.
_SETTINGS: Final = 0.06


def text_map(rng: Random) -> bytes:
    """One atom of a message: text, arguments, labels."""
    pairs = [(_MSG, bytestring(pick(rng, (b"m", b"%s", b"%s and %s", b""))))]
    if rng.random() < 0.5:
        pairs.append((_ARGS, array([bytestring(b"a") for _ in range(int(rng.random() * 3))])))
    if rng.random() < 0.3:
        pairs.append((_LABELS, array([bytestring(b"l")])))
    return _break(rng, pairs)


def error_map(rng: Random) -> bytes:
    """The CBOR of an error response, sometimes broken."""
    choice = rng.random()
    if choice < 0.03:
        return strange_string(rng)
    if choice < 0.12:
        return pick(rng, (*_NO_ERROR, anything(rng)))
    atoms = array([text_map(rng) for _ in range(int(rng.random() * 3))])
    return _break(rng, [(_TYPE, pick(rng, _KINDS)), (_MESSAGE, atoms)])


def _break(rng: Random, pairs: list[tuple[bytes, bytes]]) -> bytes:
    """Swap the type of a field, drop or double one, or break the octets; or leave all as it is."""
    choice = rng.random()
    index = int(rng.random() * len(pairs))
    if choice < 0.12:
        pairs[index] = (pairs[index][0], anything(rng, 2))
    elif choice < 0.2:
        del pairs[index]
    elif choice < 0.23:
        pairs.append(pairs[index])
    elif choice < 0.33:
        return damage(rng, mapping(pairs))
    return mapping(pairs)


def binary_text(rng: Random) -> bytes:
    """One atom as the revisions before CBOR errors write it: lengths, then strings; sometimes they disagree."""
    labels = [b"l"] * int(rng.random() * 2)
    args = [b"arg"] * int(rng.random() * 3)
    sizes = [len(b"%s"), len(labels), len(args)]
    if rng.random() < 0.1:
        sizes[int(rng.random() * 3)] = pick(rng, (0, 1, 5, 255))
    octets = struct.pack("<HBB", *sizes) + b"\1" * len(labels) + b"\3\0" * len(args)
    octets += b"".join((b"%s", *labels, *args))
    return octets if rng.random() < 0.95 else octets[: int(rng.random() * len(octets))]


def _progress(rng: Random) -> bytes:
    pairs = [
        (bytestring(b"topic"), bytestring(b"t")),
        (bytestring(b"pos"), pick(rng, (b"\x00", b"\x05", b"\x20"))),
        (bytestring(b"total"), pick(rng, (b"\x00", b"\x0a", b"\x1b" + b"\xff" * 8))),
    ]
    if rng.random() < 0.3:
        pairs.append((bytestring(b"label"), bytestring(b"l")))
    return _break(rng, pairs)


class ServerGrammar(ClientGrammar):
    """Generates what a server sends to a client."""

    def sequence(self, rng: Random) -> FuzzInput:
        """Generate an input."""
        options = draw_options(rng, self.codes)
        revision = self._revision(options)
        frames: list[Frame] = []
        if Feature.SENDER_SETTINGS in revision.features and rng.random() < _SETTINGS:
            frames += _even(self.settings(rng, revision))
        for _ in range(1 + int(rng.random() ** 2 * 5)):
            part = self.request(rng, revision)
            if Feature.STREAM_SETTINGS in revision.features and rng.random() < 0.2:
                part = _even(encode_stream(rng, revision, part))
            frames += part
        if rng.random() < 0.97:
            frames[0] = with_numbers(frames[0], stream_flags=frames[0].stream_flags | 1)
        return FuzzInput(options, tuple(frames), self._tail(rng))

    def frames(self, rng: Random, options: Options) -> list[Frame]:
        """Generate a few frames to put into an input that exists, at any position."""
        revision = self._revision(options)
        choice = rng.random()
        if choice < 0.3:
            return [self._noise(rng, revision)]
        if choice > 1 - _SETTINGS and Feature.SENDER_SETTINGS in revision.features:
            return _even(self.settings(rng, revision))
        part = self.request(rng, revision)
        if choice < 0.5 and Feature.STREAM_SETTINGS in revision.features:
            return _even(encode_stream(rng, revision, part))
        return part

    def payload(self, rng: Random, frame: Frame, options: Options) -> bytes:
        """Generate a payload that suits a frame's type."""
        revision = self._revision(options)
        spec = revision.frames.get(frame.type_id)
        return anything(rng, 2) if spec is None else _payload(rng, spec.type, revision)

    def request(self, rng: Random, revision: Revision) -> list[Frame]:
        """Generate what answers one request: some frames beside it, and a response or an error."""
        request_id = pick(rng, _REQUESTS)
        frames = []
        for kind, often in ((FrameType.TEXT_OUTPUT, 0.15), (FrameType.PROGRESS, 0.1)):
            type_id = revision.type_ids.get(kind)
            if type_id is not None and rng.random() < often:
                frames.append(Frame(request_id, 2, 0, type_id, 0, _payload(rng, kind, revision)))
        error_type = revision.type_ids[FrameType.ERROR_RESPONSE]
        if rng.random() < 0.3:
            flags = 1 + int(rng.random() * 2) if Feature.ERROR_FLAGS in revision.features else 0
            payload = _payload(rng, FrameType.ERROR_RESPONSE, revision)
            frames.append(Frame(request_id, 2, 0, error_type, flags, payload))
        else:
            type_id = revision.type_ids[FrameType.RESPONSE]
            count = 1 + int(rng.random() ** 2 * 3)
            ends = [1] * (count - 1) + [2 if rng.random() < 0.9 else 1]
            frames += [Frame(request_id, 2, 0, type_id, flag, pick(rng, _OBJECTS)) for flag in ends]
        if rng.random() < _FAULTY:
            index = int(rng.random() * len(frames))
            frames[index] = upset(rng, frames[index])
        return frames

    def _noise(self, rng: Random, revision: Revision) -> Frame:
        """One frame of any type, known or not."""
        frame = Frame(
            pick(rng, _REQUESTS),
            2 if rng.random() < 0.9 else pick(rng, STREAM_IDS),
            0 if rng.random() < 0.8 else int(rng.random() * 8),
            pick(rng, tuple(revision.frames)) if rng.random() < 0.8 else int(rng.random() * 16),
            int(rng.random() * 16),
        )
        options = Options(REVISION_CODES.index(revision.key))
        return with_numbers(frame, payload=self.payload(rng, frame, options))


def _payload(rng: Random, kind: FrameType, revision: Revision) -> bytes:
    match kind:
        case FrameType.ERROR_RESPONSE:
            return error_map(rng)
        case FrameType.TEXT_OUTPUT if Feature.BINARY_TEXT_OUTPUT in revision.features:
            return b"".join([binary_text(rng) for _ in range(int(rng.random() * 3))])
        case FrameType.TEXT_OUTPUT:
            return array([text_map(rng) for _ in range(int(rng.random() * 3))])
        case FrameType.PROGRESS:
            return _progress(rng)
        case FrameType.RESPONSE:
            return pick(rng, _OBJECTS)
        case _:
            return anything(rng, 2)


def _even(frames: list[Frame]) -> list[Frame]:
    """Put frames onto a stream that a server may open."""
    return [with_numbers(frame, stream_id=(frame.stream_id + 1 & 0xFE) or 2) for frame in frames]
