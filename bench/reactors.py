"""How fast the reference is, as ratios taken side by side in one run.

    python bench/reactors.py

Splitting is compared with a bare loop over `struct`; reactors with Mercurial's, on the same octets, if Mercurial can be
imported. The figures to reach are those of docs/performance.md. Every row is the best of several rounds, in which the
two sides take turns, of time spent on the processor: a busy machine hurts both, and a little only.
"""

from __future__ import annotations

import gc
import io
import struct
import time

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from hgframing import (
    REVISIONS,
    ClientReactor,
    Frame,
    FrameBuffer,
    Limits,
    RunCommand,
    ServerReactor,
    encode_value,
)


ROUNDS = 15
REVISION = REVISIONS["0006"]

#: A changeset request as Mercurial's own client makes it: two known nodes, a set of fields.
COMMAND = {
    b"name": b"changesetdata",
    b"args": {
        b"revisions": [
            {
                b"type": b"changesetdagrange",
                b"roots": [b"\x11" * 20, b"\x22" * 20],
                b"heads": [b"\x33" * 20],
            }
        ],
        b"fields": {b"parents", b"revision", b"bookmarks"},
    },
}
REQUEST = encode_value(COMMAND, REVISION.cbor)
LIST_KEYS = encode_value({b"name": b"listkeys", b"args": {b"namespace": b"bookmarks"}}, REVISION.cbor)


def encode(frames: Iterable[Frame]) -> bytes:
    """Join the octets of frames, all on stream 1, which the first of them begins."""
    octets = bytearray()
    for index, frame in enumerate(frames):
        octets += REVISION.header.encode(
            Frame(frame.request_id, 1, 0 if index else 1, frame.type_id, frame.flags, frame.payload)
        )
    return bytes(octets)


def one_frame_requests(payload: bytes) -> bytes:
    """Two thousand requests of one frame."""
    return encode(Frame(request_id, 1, 0, 1, 0x01, payload) for request_id in range(1, 4000, 2))


def many_frame_requests() -> bytes:
    """Three hundred requests of eight frames."""
    size = -(-len(REQUEST) // 8)
    pieces = [REQUEST[start : start + size] for start in range(0, len(REQUEST), size)]

    def frames() -> Iterator[Frame]:
        for request_id in range(1, 600, 2):
            for index, piece in enumerate(pieces):
                more = 0x04 if index < len(pieces) - 1 else 0
                yield Frame(request_id, 1, 0, 1, (0x02 if index else 0x01) | more, piece)

    return encode(frames())


def command_data() -> bytes:
    """One request with three hundred data frames of 32 KiB."""
    data = [Frame(1, 1, 0, 2, 0x01, b"x" * 32768)] * 300
    return encode([Frame(1, 1, 0, 1, 0x09, LIST_KEYS), *data, Frame(1, 1, 0, 2, 0x02, b"")])


def responses() -> bytes:
    """Four thousand response frames of 200 octets."""
    frames = [Frame(1, 2, 0, 3, 0x01, b"y" * 200)] * 4000
    first = Frame(1, 2, 1, 3, 0x01, b"y" * 200)
    return b"".join(map(REVISION.header.encode, [first, *frames]))


def split_bare(octets: bytes) -> None:
    """Cut frames with nothing but struct."""
    unpack = struct.Struct("<HBHBBB").unpack_from
    position, end = 0, len(octets)
    while position < end:
        low, high, _request, _stream, _stream_flags, _nibbles = unpack(octets, position)
        start = position + 8
        position = start + (low | high << 16)
        octets[start:position]


def split_ours(octets: bytes) -> None:
    """Cut frames with a FrameBuffer."""
    buffer = FrameBuffer(REVISION)
    buffer.feed(octets)
    for _ in buffer:
        pass


def serve_ours(octets: bytes) -> int:
    """Take requests; none is answered, as on Mercurial's side."""
    buffer = FrameBuffer(REVISION)
    buffer.feed(octets)
    reactor = ServerReactor(REVISION, limits=Limits(max_requests=65536))
    commands = 0
    for item in buffer:
        for action in reactor.receive(item):
            commands += type(action) is RunCommand
    return commands


def read_ours(octets: bytes) -> None:
    """Take the responses to one request."""
    buffer = FrameBuffer(REVISION)
    buffer.feed(octets)
    reactor = ClientReactor(REVISION, buffer_sends=False)
    reactor.call(b"x")
    for item in buffer:
        reactor.receive(item)


def mercurial_peers() -> dict[str, Callable[[bytes], Any]]:
    """Return the same jobs done by Mercurial; empty where it cannot be imported."""
    try:
        from mercurial import ui, wireprotoframing  # noqa: PLC0415  # it may be absent
    except ImportError:
        return {}
    terminal = ui.ui()

    def frames(octets: bytes) -> Iterator[Any]:
        source = io.BytesIO(octets)
        while (frame := wireprotoframing.readframe(source)) is not None:
            yield frame

    def serve(octets: bytes) -> int:
        reactor = wireprotoframing.serverreactor(terminal)
        return sum(reactor.onframerecv(frame)[0] == b"runcommand" for frame in frames(octets))

    def read(octets: bytes) -> None:
        reactor = wireprotoframing.clientreactor(terminal, buffersends=False)
        _, _, sent = reactor.callcommand(b"x", {})
        list(sent[b"framegen"])
        for frame in frames(octets):
            reactor.onframerecv(frame)

    return {"serve": serve, "read": read}


def ratio(theirs: Callable[[bytes], Any], ours: Callable[[bytes], Any], octets: bytes) -> float:
    """Say how many times as fast ours is."""
    best = [float("inf"), float("inf")]
    gc.disable()
    for _ in range(ROUNDS):
        for index, job in enumerate((theirs, ours)):
            start = time.process_time()
            job(octets)
            best[index] = min(best[index], time.process_time() - start)
    gc.enable()
    return best[0] / best[1]


def main() -> None:
    """Print the table."""
    print("| what | compared with | times as fast | figure |")
    print("|---|---|---|---|")
    row = "| {} | {} | {:.2f} | ≥ {} |"
    octets = one_frame_requests(REQUEST)
    print(row.format("frame splitting", "a bare struct loop", ratio(split_bare, split_ours, octets), 0.5))
    peers = mercurial_peers()
    if not peers:
        print("\nMercurial cannot be imported: the reactors are not compared.")
        return
    jobs = (
        ("one-frame requests, changesetdata", peers["serve"], serve_ours, octets, 3),
        ("one-frame requests, listkeys", peers["serve"], serve_ours, one_frame_requests(LIST_KEYS), 3),
        ("requests of 8 frames", peers["serve"], serve_ours, many_frame_requests(), 1),
        ("command data, 32 KiB frames", peers["serve"], serve_ours, command_data(), 1),
        ("responses, 200 octets", peers["read"], read_ours, responses(), 1),
    )
    for name, theirs, ours, job_octets, figure in jobs:
        print(row.format(name, "Mercurial", ratio(theirs, ours, job_octets), figure))


if __name__ == "__main__":
    main()
