"""Conversations that both sides are put through: what a client or a server sends, and what the local side wishes.

What a client sends comes from the fuzzer's grammar, which knows a conversation and breaks a thing here and there. What
a server sends is made here in the same way. The local wishes (answers, calls) depend on what has happened, so a
conversation is written down while the reference plays it: `converse` gives the steps and what the reference did.
"""

from __future__ import annotations

import dataclasses
import zlib

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Final

import zstandard

from differential_sides import Action, Reference, Step

from hgframing import REVISIONS, Feature, Frame, FrameType, Revision
from hgframing_fuzz._cbor import anything, array, bytestring, damage, mapping, pick
from hgframing_fuzz._grammar import ClientGrammar, upset, with_numbers
from hgframing_fuzz._input import REVISION_CODES, wire_frames


__all__ = ["Conversation", "converse", "frame_of"]

_ENCODINGS: Final = ("identity", "zlib", "zstd-8mb")
_OBJECTS: Final[tuple[Any, ...]] = (
    {"hex": "61"},
    1,
    -7,
    None,
    True,
    [{"hex": "61"}, 2],
    {"map": [[{"hex": "6b6b"}, 1], [{"hex": "7a"}, {"hex": ""}]]},
    {"hex": "79" * 300},
)
_LARGE: Final = {"hex": "7a" * 70000}
_ATOM: Final = {"msg": {"hex": b"hello %s\n".hex()}, "args": [{"hex": b"you".hex()}], "labels": []}
_MESSAGE: Final = {"hex": b"boom".hex()}


@dataclasses.dataclass(slots=True)
class Conversation:
    """Steps, and what the reference did in each."""

    revision: str
    layer: str
    setup: dict[str, Any]
    steps: list[Step] = dataclasses.field(default_factory=list)
    ours: list[list[Action]] = dataclasses.field(default_factory=list)


def frame_of(step: Step, revision: Revision) -> Frame | None:
    """Read the frame of a step back; nothing for other steps and for octets that are no whole frame."""
    pieces = step.get("receive")
    if not pieces:
        return None
    octets = bytes.fromhex(pieces[0])
    size = revision.header.size
    if len(octets) < size:
        return None
    request, stream, stream_flags = octets[3] | octets[4] << 8, octets[5], octets[6]
    return Frame(request, stream, stream_flags, octets[7] >> 4, octets[7] & 15, octets[size:])


def converse(rng: Random, revision: Revision, layer: str) -> Conversation:
    """Make one conversation.

    Args:
        rng: decides everything.
        revision: a revision with CBOR requests.
        layer: `server` or `client`: which reactor is driven.
    """
    return _serve(rng, revision) if layer == "server" else _call(rng, revision)


class _Player:
    """Plays steps on the reference and writes them down."""

    def __init__(self, revision: Revision, layer: str, setup: Mapping[str, Any]) -> None:
        self._reference = Reference(revision.key, layer, setup)
        self.made = Conversation(revision.key, layer, dict(setup))

    def play(self, verb: str, value: Any) -> list[Action]:
        step = {verb: value}
        actions = self._reference.step(step)
        self.made.steps.append(step)
        self.made.ours.append(actions)
        return actions


# What a client sends to a server, and what the server's user answers.


def _serve(rng: Random, revision: Revision) -> Conversation:
    value = ClientGrammar((REVISION_CODES.index(revision.key),)).sequence(rng)
    deferred = value.options.defer_output
    player = _Player(revision, "server", {"defer-output": deferred} if deferred else {})
    waiting: list[tuple[int, bool]] = []
    unsent: list[int] = []
    for octets in wire_frames(value.frames[:40], revision.header):
        for action in player.play("receive", [octets.hex()]):
            if "run-command" in action:
                command = action["run-command"]
                waiting.append((command["request"], bool(command["redirect"])))
        if waiting and rng.random() < 0.5:
            _answer(rng, revision, player, waiting.pop(), unsent, deferred=deferred)
        if unsent and rng.random() < 0.5:
            player.play("sent", {"request": unsent.pop()})
    if value.tail:
        player.play("receive", [value.tail.hex()])
    if value.options.ends:
        player.play("end-input", None)
    return player.made


def _answer(
    rng: Random,
    revision: Revision,
    player: _Player,
    command: tuple[int, bool],
    unsent: list[int],
    *,
    deferred: bool,
) -> None:
    """Answer a command in one of the ways there are, mostly as one should."""
    request, follows_redirects = command
    has_redirects = Feature.REDIRECTS in revision.features
    choice = rng.random()
    if choice < 0.05 and not deferred:
        player.play("text-output", {"request": request, "atoms": [_ATOM]})
    common: dict[str, Any] = {"request": request, "last": False, "unsent": False}
    if not deferred and rng.random() < 0.15:
        common["unsent"] = True
        unsent.append(request)
    verb = "respond"
    if choice < 0.02:
        verb, common["request"] = "respond", request + 2
        common["objects"] = [1]
    elif choice < 0.1:
        verb = "fail"
        common |= {"kind": "server", "message": _MESSAGE, "args": [], "after": []}
    elif choice < 0.13:
        verb = "fail"
        common |= {"kind": "command", "message": _MESSAGE, "args": [], "after": []}
        if rng.random() < 0.5 and has_redirects:
            common["after"] = [1]
    elif choice < (0.3 if follows_redirects else 0.11) and has_redirects:
        common["redirect"] = {"url": {"hex": b"http://x/".hex()}, "mediatype": {"hex": b"a/b".hex()}}
    elif choice < 0.4 and Feature.RAW_RESPONSES in revision.features:
        common["data"] = {"hex": "6161" * int(1 + rng.random() ** 8 * 40000)}
    else:
        common["objects"] = _objects(rng)
    if verb == "fail":
        common["unsent"] = False
        if unsent and unsent[-1] == request:
            unsent.pop()
    player.play(verb, common)


def _objects(rng: Random) -> list[Any]:
    choice = rng.random()
    if choice < 0.03:
        return []
    if choice < 0.04:
        return [1, {"float": "1.5"}]
    if choice < 0.06:
        return [_LARGE, 1]
    return [pick(rng, _OBJECTS) for _ in range(1 + int(rng.random() * 3))]


# What a client's user calls, and what a server sends.


def _call(rng: Random, revision: Revision) -> Conversation:
    setup: dict[str, Any] = {}
    if rng.random() < 0.3:
        setup["buffer-sends"] = False
    if rng.random() < 0.5:
        setup["multiple-sends"] = True
    offered: list[str] = []
    if Feature.SENDER_SETTINGS in revision.features and rng.random() < 0.6:
        offered = rng.sample(_ENCODINGS, 1 + int(rng.random() * 3))
        setup["content-encodings"] = offered
    player = _Player(revision, "client", setup)
    count = 1 + int(rng.random() ** 2 * 4)
    for _ in range(count):
        player.play("call", _wish(rng, revision))
    if setup.get("buffer-sends", True) and rng.random() < 0.97:
        player.play("flush", None)
    for frame in _server_frames(rng, revision, count, offered):
        [octets] = wire_frames([frame], revision.header)
        player.play("receive", [octets.hex()])
        if rng.random() < 0.01:
            player.play("request-state", {"request": 1})
    return player.made


def _wish(rng: Random, revision: Revision) -> dict[str, Any]:
    pairs = [
        [{"hex": key.encode().hex()}, pick(rng, _OBJECTS)] for key in rng.sample("abc", int(rng.random() * 3))
    ]
    wish: dict[str, Any] = {
        "command": {"hex": "636f6d"},
        "args": {"map": pairs},
        "data": None,
        "redirect": None,
    }
    if rng.random() < 0.2:
        wish["data"] = {"hex": "64" * pick(rng, (0, 5, 32768, 40000))}
    if Feature.REDIRECTS in revision.features and rng.random() < 0.1:
        wish["redirect"] = {"map": [[{"hex": b"targets".hex()}, [{"hex": "61"}]]]}
    return wish


def _server_frames(rng: Random, revision: Revision, count: int, offered: Sequence[str]) -> list[Frame]:
    """What a server sends in answer to so many requests; a thing here and there is wrong."""
    requests = [1 + 2 * index for index in range(count)]
    if rng.random() < 0.1:
        requests.append(pick(rng, (9, 0, 2, 65535)))
    streams: list[list[Frame]] = []
    queues = [_response(rng, revision, request) for request in requests]
    for stream_id in (2, 4, 0)[: 1 + int(rng.random() ** 3 * 3)]:
        taken, queues = (queues, []) if rng.random() < 0.8 else (queues[:1], queues[1:])
        frames = _interleave(rng, taken)
        if frames:
            streams.append(_on_stream(rng, revision, stream_id, frames, offered))
    made = _interleave(rng, streams)
    for index, frame in enumerate(made):
        if rng.random() < 0.02:
            made[index] = upset(rng, frame)
    if rng.random() < 0.08:
        noise = Frame(
            pick(rng, (1, 3, 0)), 2, 0, int(rng.random() * 16), int(rng.random() * 16), anything(rng, 2)
        )
        made.insert(int(rng.random() * (len(made) + 1)), noise)
    return made


def _response(rng: Random, revision: Revision, request: int) -> list[Frame]:
    types = revision.type_ids
    frames: list[Frame] = []
    if rng.random() < 0.04:
        frames.append(Frame(request, 0, 0, types[FrameType.TEXT_OUTPUT], 0, _atoms(rng)))
    if rng.random() < 0.04:
        frames.append(Frame(request, 0, 0, types[FrameType.PROGRESS], 0, _progress(rng)))
    if rng.random() < 0.15:
        frames.append(Frame(request, 0, 0, types[FrameType.ERROR_RESPONSE], 0, _error(rng)))
        return frames
    pieces = [
        b"\xa1Fstatus\x42ok",
        *(pick(rng, (b"", b"abc", b"r" * 500)) for _ in range(int(rng.random() * 3))),
    ]
    frames += [
        Frame(request, 0, 0, types[FrameType.RESPONSE], 2 if piece is pieces[-1] else 1, piece)
        for piece in pieces
    ]
    frames[-1] = with_numbers(frames[-1], flags=2)
    if rng.random() < 0.03:
        frames.append(with_numbers(frames[-1], payload=b"more"))
    return frames


def _atoms(rng: Random) -> bytes:
    made = array([mapping([(bytestring(b"msg"), bytestring(b"hi"))])])
    return made if rng.random() < 0.7 else damage(rng, made)


def _progress(rng: Random) -> bytes:
    pairs = [
        (bytestring(b"topic"), bytestring(b"t")),
        (bytestring(b"pos"), b"\x01"),
        (bytestring(b"total"), b"\x02"),
    ]
    return mapping(pairs) if rng.random() < 0.7 else damage(rng, mapping(pairs))


def _error(rng: Random) -> bytes:
    kinds = (b"server", b"protocol", b"command", b"zzz")
    atoms = array(
        [mapping([(bytestring(b"msg"), bytestring(b"no %s")), (bytestring(b"args"), array([b"\x41x"]))])]
    )
    message = atoms if rng.random() < 0.8 else anything(rng, 1)
    made = mapping([(bytestring(b"type"), bytestring(pick(rng, kinds))), (bytestring(b"message"), message)])
    choice = rng.random()
    return damage(rng, made) if choice < 0.15 else anything(rng, 2) if choice < 0.25 else made


def _interleave(rng: Random, parts: Sequence[list[Frame]]) -> list[Frame]:
    queues = [list(reversed(part)) for part in parts if part]
    merged: list[Frame] = []
    while queues:
        queue = pick(rng, queues)
        merged.append(queue.pop())
        if not queue:
            queues.remove(queue)
    return merged


def _on_stream(
    rng: Random, revision: Revision, stream_id: int, frames: list[Frame], offered: Sequence[str]
) -> list[Frame]:
    """Put frames onto a stream: settings first if it is encoded, begin, perhaps end."""
    placed = [with_numbers(frame, stream_id=stream_id) for frame in frames]
    if Feature.STREAM_SETTINGS in revision.features and rng.random() < (0.6 if offered else 0.05):
        name = pick(rng, offered) if offered and rng.random() < 0.9 else pick(rng, (*_ENCODINGS, "gzip"))
        encode = _encoder(rng, name)
        for index, frame in enumerate(placed):
            if rng.random() < 0.9:
                placed[index] = with_numbers(frame, stream_flags=4, payload=encode(frame.payload))
        placed[:0] = _settings(rng, revision, placed[0], name)
    if rng.random() < 0.98:
        placed[0] = with_numbers(placed[0], stream_flags=placed[0].stream_flags | 1)
    if rng.random() < 0.3:
        placed[-1] = with_numbers(placed[-1], stream_flags=placed[-1].stream_flags | 2)
    return placed


def _settings(rng: Random, revision: Revision, frame: Frame, name: str) -> list[Frame]:
    type_id = revision.type_ids[FrameType.STREAM_SETTINGS]
    payload = bytestring(name.encode())
    if Feature.CONTENT_ENCODINGS not in revision.features:
        payload = bytes((len(name),)) + name.encode()
        return [Frame(frame.request_id, frame.stream_id, 0, type_id, 0, payload)]
    if rng.random() < 0.06:
        payload += anything(rng, 1)
    elif rng.random() < 0.06:
        payload = anything(rng, 2) if rng.random() < 0.5 else damage(rng, payload)
    cut = int(rng.random() * len(payload))
    parts = [payload[:cut], payload[cut:]] if rng.random() < 0.15 else [payload]
    made = [Frame(frame.request_id, frame.stream_id, 0, type_id, 1, part) for part in parts]
    made[-1] = with_numbers(made[-1], flags=2)
    choice = rng.random()
    if choice < 0.04:
        made[-1] = with_numbers(made[-1], stream_flags=2)
    elif choice < 0.1 and len(made) == 2:
        # The stream ends inside its settings, and begins anew.
        made[0], made[1] = with_numbers(made[0], stream_flags=2), with_numbers(made[1], stream_flags=1)
    return made


def _encoder(rng: Random, name: str) -> Callable[[bytes], bytes]:
    if name == "zlib":
        packer = zlib.compressobj()
        bomb = zlib.compress(bytes(17 << 20), 9) if rng.random() < 0.001 else b""

        def deflate(octets: bytes) -> bytes:
            choice = rng.random()
            if bomb:
                return bomb
            if choice < 0.01:
                return b"garbage"
            if choice < 0.02:
                return zlib.compress(octets) + b"tail"
            return packer.compress(octets) + packer.flush(zlib.Z_SYNC_FLUSH)

        return deflate
    if name == "zstd-8mb":
        state = zstandard.ZstdCompressor(level=3).compressobj()

        def squeeze(octets: bytes) -> bytes:
            choice = rng.random()
            if choice < 0.01:
                return b"garbage"
            if choice < 0.02:
                return zstandard.ZstdCompressor().compress(octets) + b"tail"
            return state.compress(octets) + state.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)

        return squeeze
    return bytes


#: Revisions that there is a Mercurial for.
REVISION_KEYS: Final = tuple(key for key in REVISIONS if key in ("0005", "0006"))
