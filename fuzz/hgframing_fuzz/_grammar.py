"""What a client sends, as a generator: mostly right, and wrong in the ways that matter.

An input of random octets dies at the first header. One that follows the protocol exactly finds nothing
either. So this generator knows what a conversation looks like (settings, requests in several frames, data,
several requests interleaved) and breaks one thing here and there: a field's type, a flag, an ID. The mutator
(`_mutate`) then works on what came out.

It is written by hand and not with a strategy library, because it makes a hundred thousand sequences a second
that way and some hundreds the other, and because the choices are biased by what decoders and reactors have
been seen to get wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final

from hgframing import REVISIONS, Feature, Frame, FrameType, Revision
from hgframing_fuzz._cbor import anything, array, bytestring, damage, mapping, pick, strange_string
from hgframing_fuzz._driver_options import draw_options
from hgframing_fuzz._encoded import encode_stream
from hgframing_fuzz._input import REVISION_CODES, FuzzInput, Options
from hgframing_fuzz._numbers import REQUEST_IDS, STREAM_IDS


__all__ = [
    "ClientGrammar",
    "request_map",
    "settings_map",
    "upset",
    "with_numbers",
]

_COMMANDS: Final = tuple(bytestring(name) for name in (b"heads", b"capabilities", b"c", b"", b"n\xff"))
_NAME: Final = bytestring(b"name")
_ARGS: Final = bytestring(b"args")
_REDIRECT: Final = bytestring(b"redirect")
_ENCODINGS_KEY: Final = bytestring(b"contentencodings")
_ENCODINGS: Final = tuple(
    bytestring(name) for name in (b"identity", b"zlib", b"zstd-8mb", b"gzip", b"", b"zlib\x00")
)
_VALUES: Final = (
    b"\x01",
    b"\xf5",
    b"\xf6",
    b"\x43abc",
    b"\x80",
    b"\xa0",
    b"\x82\x01\x41a",
    b"\xa1\x41k\x41v",
)

#: Values that are no map, but which an unwary "is the key in it?" takes for one.
_LIKE_A_MAP: Final = (
    _NAME,
    bytestring(b"some name here, and args"),
    array([_NAME, b"\x00", _ARGS]),
    array([_NAME]),
    b"\xd9\x01\x02" + array([_NAME, _ARGS]),
    _ENCODINGS_KEY,
    array([_ENCODINGS_KEY]),
    b"\x64name",
)

#: Payloads of data frames.
_DATA: Final = (b"", b"d", b"data", b"x" * 100, b"y" * 5000)

#: How often a request comes on a stream that has an encoding.
_ENCODED: Final = 0.08

#: How often a frame has something wrong with it. Most inputs then have a fault, and most of their frames come
#: before it.
_FAULTY: Final = 0.06


def request_map(rng: Random) -> bytes:
    """The CBOR of a request, sometimes broken."""
    choice = rng.random()
    if choice < 0.04:
        return pick(rng, _LIKE_A_MAP)
    if choice < 0.07:
        return anything(rng)
    pairs = [(_NAME, pick(rng, _COMMANDS))]
    if rng.random() < 0.6:
        pairs.append((_ARGS, _arguments(rng)))
    if rng.random() < 0.15:
        targets = array([pick(rng, _ENCODINGS) for _ in range(int(rng.random() * 3))])
        hashes = array([bytestring(b"sha256"), bytestring(b"sha1")])
        pairs.append(
            (_REDIRECT, mapping([(bytestring(b"targets"), targets), (bytestring(b"hashes"), hashes)]))
        )
    return _finish(rng, pairs)


def settings_map(rng: Random) -> bytes:
    """The CBOR of sender-protocol-settings, sometimes broken."""
    choice = rng.random()
    if choice < 0.06:
        return pick(rng, _LIKE_A_MAP)
    if choice < 0.1:
        return anything(rng)
    encodings = array([pick(rng, _ENCODINGS) for _ in range(int(rng.random() * 4))])
    pairs = [(_ENCODINGS_KEY, encodings)] if rng.random() < 0.9 else []
    return _finish(rng, pairs)


def _arguments(rng: Random) -> bytes:
    return mapping(
        [
            (
                bytestring(pick(rng, (b"a", b"bb", b"nodes"))),
                pick(rng, _VALUES) if rng.random() < 0.8 else anything(rng, 2),
            )
            for _ in range(int(rng.random() * 4))
        ]
    )


def _finish(rng: Random, pairs: list[tuple[bytes, bytes]]) -> bytes:
    """Swap the type of a field, drop, double or add one, or break the octets; or leave all as it is."""
    choice = rng.random()
    if choice < 0.16 and pairs:
        index = int(rng.random() * len(pairs))
        value = strange_string(rng) if rng.random() < 0.25 else anything(rng, 2)
        pairs[index] = (pairs[index][0], value)
    elif choice < 0.2 and pairs:
        del pairs[int(rng.random() * len(pairs))]
    elif choice < 0.23 and pairs:
        pairs.append(pick(rng, pairs))
    elif choice < 0.27:
        pairs.append((anything(rng, 1), anything(rng, 1)))
    elif choice < 0.4:
        return damage(rng, mapping(pairs))
    return mapping(pairs)


class ClientGrammar:
    """Generates what a client sends to a server.

    Args:
        codes: the revision octets that inputs may have (indexes into `REVISION_CODES`), not empty.
    """

    def __init__(self, codes: Sequence[int]) -> None:
        self.codes = tuple(codes)
        self._revisions = [REVISIONS[key] for key in REVISION_CODES]

    def sequence(self, rng: Random) -> FuzzInput:
        """Generate an input."""
        options = draw_options(rng, self.codes)
        revision = self._revision(options)
        frames: list[Frame] = []
        if Feature.SENDER_SETTINGS in revision.features and rng.random() < 0.35:
            frames += self.settings(rng, revision)
        requests = [self.request(rng, revision) for _ in range(1 + int(rng.random() ** 2 * 5))]
        if Feature.STREAM_SETTINGS in revision.features and rng.random() < _ENCODED:
            requests[-1] = encode_stream(rng, revision, requests[-1])
        frames += (
            _interleave(rng, requests)
            if rng.random() < 0.5
            else [frame for part in requests for frame in part]
        )
        if frames:
            # The first frame opens the stream, unless opening is what is forgotten.
            first = frames[0]
            if rng.random() < 0.97:
                frames[0] = with_numbers(first, stream_flags=first.stream_flags | 1)
        return FuzzInput(options, tuple(frames), self._tail(rng))

    def frames(self, rng: Random, options: Options) -> list[Frame]:
        """Generate a few frames to put into an input that exists, at any position."""
        revision = self._revision(options)
        choice = rng.random()
        if choice < 0.15 and Feature.SENDER_SETTINGS in revision.features:
            return self.settings(rng, revision)
        if choice < 0.4:
            return [self._noise(rng, revision)]
        if choice < 0.4 + _ENCODED and Feature.STREAM_SETTINGS in revision.features:
            return encode_stream(rng, revision, self.request(rng, revision))
        return self.request(rng, revision)

    def payload(self, rng: Random, frame: Frame, options: Options) -> bytes:
        """Generate a payload that suits a frame's type."""
        spec = self._revision(options).frames.get(frame.type_id)
        if spec is None:
            return anything(rng, 2)
        match spec.type:
            case FrameType.COMMAND_REQUEST:
                return request_map(rng)
            case FrameType.SENDER_SETTINGS:
                return settings_map(rng)
            case FrameType.COMMAND_ARGUMENT:
                return _argument(rng)
            case FrameType.COMMAND_DATA | FrameType.COMMAND_NAME | FrameType.RESPONSE:
                return pick(rng, _DATA)
            case (
                FrameType.ERROR_RESPONSE
                | FrameType.TEXT_OUTPUT
                | FrameType.PROGRESS
                | FrameType.STREAM_SETTINGS
            ):
                return anything(rng, 2)

    def request(self, rng: Random, revision: Revision) -> list[Frame]:
        """Generate the frames of one request."""
        if Feature.CBOR_REQUESTS in revision.features:
            frames = _cbor_request(rng, revision)
        else:
            frames = _named_request(rng, revision)
        if rng.random() < _FAULTY:
            index = int(rng.random() * len(frames))
            frames[index] = upset(rng, frames[index])
        return frames

    def settings(self, rng: Random, revision: Revision) -> list[Frame]:
        """Generate the frames of sender-protocol-settings."""
        type_id = revision.type_ids[FrameType.SENDER_SETTINGS]
        stream_id = 1 if rng.random() < 0.95 else pick(rng, STREAM_IDS)
        parts = _split(rng, settings_map(rng))
        flags = [1] * (len(parts) - 1) + [2]
        frames = [
            Frame(1, stream_id, 0, type_id, flag, part) for flag, part in zip(flags, parts, strict=True)
        ]
        frames[0] = with_numbers(frames[0], stream_flags=1)
        if rng.random() < _FAULTY:
            index = int(rng.random() * len(frames))
            frames[index] = upset(rng, frames[index])
        return frames

    def _revision(self, options: Options) -> Revision:
        code = options.revision
        return self._revisions[code if code < len(self._revisions) else 0]

    def _noise(self, rng: Random, revision: Revision) -> Frame:
        """One frame of any type, known or not."""
        frame = Frame(
            pick(rng, REQUEST_IDS),
            1 if rng.random() < 0.9 else pick(rng, STREAM_IDS),
            0 if rng.random() < 0.8 else int(rng.random() * 8),
            pick(rng, tuple(revision.frames)) if rng.random() < 0.8 else int(rng.random() * 16),
            int(rng.random() * 16),
        )
        return with_numbers(
            frame, payload=self.payload(rng, frame, Options(REVISION_CODES.index(revision.key)))
        )

    @staticmethod
    def _tail(rng: Random) -> bytes:
        """Octets after the last whole frame: usually none, else a frame that is cut off."""
        if rng.random() < 0.95:
            return b""
        length = pick(rng, (1, 5, 0x8000, 0xFFFF, 0x10000, 0xFFFFFF))
        cut = length.to_bytes(3, "little") + b"\x01\x00\x01\x00\x11"
        return cut[: 1 + int(rng.random() * 12)]


def _cbor_request(rng: Random, revision: Revision) -> list[Frame]:
    """A request of CBOR in one or more frames, with or without data."""
    request_type = revision.type_ids[FrameType.COMMAND_REQUEST]
    request_id = pick(rng, REQUEST_IDS[:4]) if rng.random() < 0.95 else pick(rng, REQUEST_IDS)
    stream_id = 1 if rng.random() < 0.95 else pick(rng, STREAM_IDS)
    payload = request_map(rng)
    parts = _split(rng, payload) if rng.random() < 0.3 else [payload]
    have_data = 8 if rng.random() < 0.3 else 0
    frames = []
    for index, part in enumerate(parts):
        flags = (2 if index else 1) | (4 if index + 1 < len(parts) else 0) | have_data
        frames.append(Frame(request_id, stream_id, 0, request_type, flags, part))
    if have_data:
        frames += _data(rng, revision, request_id, stream_id)
    if stream_id != 1:
        frames[0] = with_numbers(frames[0], stream_flags=1)
    return frames


def _named_request(rng: Random, revision: Revision) -> list[Frame]:
    """A request of the revisions before CBOR: a name, arguments, data."""
    request_id = pick(rng, REQUEST_IDS[:4])
    stream_id = 1 if rng.random() < 0.95 else pick(rng, STREAM_IDS)
    count = int(rng.random() * 3)
    have_data = rng.random() < 0.3
    flags = (2 if count else 0) | (4 if have_data else 0) or 1
    name_type = revision.type_ids[FrameType.COMMAND_NAME]
    argument_type = revision.type_ids[FrameType.COMMAND_ARGUMENT]
    frames = [Frame(request_id, stream_id, 0, name_type, flags, pick(rng, (b"heads", b"c", b"", b"\xff")))]
    for index in range(count):
        payload = _argument(rng)
        last = 2 if index + 1 == count else 0
        if rng.random() < 0.2 and len(payload) > 6:
            cut = 4 + int(rng.random() * (len(payload) - 4))
            frames.append(Frame(request_id, stream_id, 0, argument_type, 1, payload[:cut]))
            payload = payload[cut:]
        frames.append(Frame(request_id, stream_id, 0, argument_type, last, payload))
    if have_data:
        frames += _data(rng, revision, request_id, stream_id)
    return frames


def _argument(rng: Random) -> bytes:
    """The payload of a command-argument frame: two lengths, a name, a value (sheet r1, "Payloads")."""
    name, value = pick(rng, (b"a", b"key", b"")), pick(rng, _DATA[:4])
    sizes = [len(name), len(value)]
    if rng.random() < 0.1:
        sizes[int(rng.random() * 2)] = pick(rng, (0, 1, 255, 65535))
    octets = sizes[0].to_bytes(2, "little") + sizes[1].to_bytes(2, "little") + name + value
    return octets if rng.random() < 0.93 else octets[: int(rng.random() * len(octets))]


def _data(rng: Random, revision: Revision, request_id: int, stream_id: int) -> list[Frame]:
    """The data frames of a request."""
    data_type = revision.type_ids[FrameType.COMMAND_DATA]
    count = 1 + int(rng.random() ** 2 * 3)
    return [
        Frame(request_id, stream_id, 0, data_type, 2 if index + 1 == count else 1, pick(rng, _DATA))
        for index in range(count)
    ]


def _split(rng: Random, payload: bytes) -> list[bytes]:
    """Cut a payload into one to three parts, empty ones too."""
    if rng.random() < 0.5:
        return [payload]
    first = int(rng.random() * (len(payload) + 1))
    if rng.random() < 0.5:
        return [payload[:first], payload[first:]]
    second = first + int(rng.random() * (len(payload) - first + 1))
    return [payload[:first], payload[first:second], payload[second:]]


def _interleave(rng: Random, parts: list[list[Frame]]) -> list[Frame]:
    """Merge the frames of several requests; each keeps its own order."""
    queues = [list(reversed(part)) for part in parts if part]
    merged: list[Frame] = []
    while queues:
        queue = pick(rng, queues)
        merged.append(queue.pop())
        if not queue:
            queues.remove(queue)
    return merged


def upset(rng: Random, frame: Frame) -> Frame:
    """Get one number of a frame wrong."""
    choice = rng.random()
    if choice < 0.4:
        return with_numbers(frame, flags=frame.flags ^ 1 << int(rng.random() * 4))
    if choice < 0.6:
        return with_numbers(frame, stream_flags=frame.stream_flags ^ 1 << int(rng.random() ** 2 * 8))
    if choice < 0.75:
        return with_numbers(frame, request_id=pick(rng, REQUEST_IDS))
    if choice < 0.9:
        return with_numbers(frame, type_id=int(rng.random() * 16))
    return with_numbers(frame, stream_id=pick(rng, STREAM_IDS))


def with_numbers(
    frame: Frame,
    *,
    request_id: int | None = None,
    stream_id: int | None = None,
    stream_flags: int | None = None,
    type_id: int | None = None,
    flags: int | None = None,
    payload: bytes | None = None,
) -> Frame:
    """A frame with other numbers; `msgspec.structs.replace` takes three times as long."""
    return Frame(
        frame.request_id if request_id is None else request_id,
        frame.stream_id if stream_id is None else stream_id,
        frame.stream_flags if stream_flags is None else stream_flags,
        frame.type_id if type_id is None else type_id,
        frame.flags if flags is None else flags,
        frame.payload if payload is None else payload,
    )
