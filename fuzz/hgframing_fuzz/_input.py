"""The one input format: what every engine, corpus file, finding and regression of every target is made of.

    input   = options frame* tail
    options = revision driver answers seed                    four octets
    frame   = an 8-octet header and the payload it declares   the layout of every revision with streams
    tail    = what is left: fewer octets than a header, or a header that declares more than follows

Three properties make one corpus serve all engines:

* **Decoding never fails.** Any octets are an input, because a coverage-guided engine tries all of them.
* **Nothing is lost.** `encode(decode(octets)) == octets` for at least four octets; fewer are padded with
  zeroes. So a file that libFuzzer wrote is replayed octet for octet, and a capture of real traffic becomes a
  seed by putting four octets before it.
* **Frames stay frames.** They hold raw numbers, so whatever the protocol forbids can be said, and a mutator
  works on a sequence at any position instead of on a string of octets.

A target that takes octets and no frames, because it reads a text or one value, takes everything behind the
options (`body_of`), whatever it looks like as frames.

Frames are written in the 8-octet layout even where the fuzzed revision has a shorter header; `wire_chunks`
drops the fields that the revision has no room for. A meaning of an option octet is never changed, because
every corpus would change with it.
"""

from __future__ import annotations

import enum

from collections.abc import Sequence
from random import Random
from typing import Final, Protocol

import msgspec

from hgframing import REVISIONS, Frame, HeaderLayout


__all__ = [
    "MAX_CHUNKS",
    "MAX_FRAMES",
    "OPTIONS_SIZE",
    "REVISION_CODES",
    "Answers",
    "Delivery",
    "DriverBit",
    "Form",
    "FuzzInput",
    "InputMaker",
    "Options",
    "body_of",
    "decode_input",
    "encode_input",
    "encoded_size",
    "wire_chunks",
    "wire_frames",
    "with_body",
]

#: Octets of the options.
OPTIONS_SIZE: Final = 4

#: Frames of one input that are driven; the rest is ignored. A longer input says nothing that this many frames
#: cannot, and an engine that grows its inputs would otherwise spend its time on them. Request IDs in flight
#: are the deepest need.
MAX_FRAMES: Final = 512

#: Pieces that `Delivery.OCTET` makes. Above it the pieces get longer, so that a call for each octet of a long
#: payload does not eat the time of thousands of inputs: the first headers of such an input are cut just the
#: same.
MAX_CHUNKS: Final = 1024

#: What the revision octet says. Append only. Other values, and revisions that an implementation does not
#: speak, mean the newest one that it speaks.
REVISION_CODES: Final = ("0006", "0005", "0005-draft", "0002-streams", "0002", "0001")

#: The layout that inputs are written in.
_LAYOUT: Final = REVISIONS["0006"].header
_HEADER: Final = _LAYOUT.packer


class Delivery(enum.IntEnum):
    """How the octets of an input are cut before they are handed over (bits 0–1 of the driver octet)."""

    FRAME = 0
    WHOLE = 1
    OCTET = 2
    CUT = 3  # anywhere, chosen by the seed


class DriverBit(enum.IntFlag):
    """What else the driver does (the other bits of the driver octet); undefined bits are ignored."""

    #: Output is deferred to the end of the input.
    DEFER_OUTPUT = 0x04
    #: The input does not end: nothing is told after the last octet.
    NO_END = 0x08
    #: The input runs again, the same way and cut differently, and all runs must agree. It costs several runs,
    #: so the input asks for it instead of paying for it every time; being in the input, it is replayed.
    COMPARE = 0x10
    #: Which layer a target with several drives, as a number: server, client, codec.
    LAYER = 0x60


class Form(enum.Enum):
    """What the octets of an input mean to a target."""

    #: Frames, then octets that are no whole frame.
    FRAMES = "frames"
    #: Octets, all of one kind: a text, or one value.
    OCTETS = "octets"


class Answers(enum.IntEnum):
    """What the driver does when a command is to be run (bits 0–1 of the answers octet)."""

    NONE = 0
    RESPOND = 1
    FAIL = 2
    MIXED = 3  # respond, fail or leave it, chosen by the seed for each command


class Options(msgspec.Struct, frozen=True, gc=False):
    """The first four octets, raw.

    Attributes:
        revision: an index into `REVISION_CODES`, 0–255.
        driver: `Delivery` in bits 0–1, then `DriverBit`, 0–255.
        answers: `Answers` in bits 0–1, 0–255.
        seed: what the driver's own choices start from, 0–255.
    """

    revision: int = 0
    driver: int = 0
    answers: int = 0
    seed: int = 0

    @property
    def delivery(self) -> Delivery:
        """How the octets are cut."""
        return _DELIVERIES[self.driver & 0x03]

    @property
    def answer_plan(self) -> Answers:
        """What happens to commands that are to be run."""
        return _ANSWERS[self.answers & 0x03]

    @property
    def defer_output(self) -> bool:
        """Whether output waits for the end of the input."""
        return bool(self.driver & _DEFER_OUTPUT)

    @property
    def ends(self) -> bool:
        """Whether the end of the input is told."""
        return not self.driver & _NO_END

    @property
    def layer_code(self) -> int:
        """Which layer is driven, 0–3, where a target has several."""
        return self.driver >> _LAYER_SHIFT & 3

    @property
    def compares(self) -> bool:
        """Whether the input is run again and compared."""
        return bool(self.driver & _COMPARE)


# Calling an enum by value, and its operators, cost more than reading a frame does.
_DEFER_OUTPUT: Final = int(DriverBit.DEFER_OUTPUT)
_NO_END: Final = int(DriverBit.NO_END)
_COMPARE: Final = int(DriverBit.COMPARE)
_LAYER_SHIFT: Final = 5
_DELIVERIES: Final = tuple(Delivery)
_ANSWERS: Final = tuple(Answers)


class FuzzInput(msgspec.Struct, frozen=True, gc=False):
    """A decoded input.

    Attributes:
        options: what the driver does with the frames.
        frames: whole frames, raw numbers.
        tail: the octets after them; an input that decoding gave never has a whole frame in it.
    """

    options: Options
    frames: tuple[Frame, ...]
    tail: bytes = b""


def decode_input(octets: bytes) -> FuzzInput:
    """Read any octets as an input.

    Args:
        octets: anything, of any length.

    Returns:
        The input that `encode_input` turns back into the same octets (padded to `OPTIONS_SIZE`).
    """
    size = len(octets)
    options = Options(*octets[:OPTIONS_SIZE])
    frames: list[Frame] = []
    start = OPTIONS_SIZE
    unpack = _HEADER.unpack_from
    while start + 8 <= size:
        low, high, request_id, stream_id, stream_flags, nibbles = unpack(octets, start)
        end = start + 8 + (low | high << 16)
        if end > size:
            break
        frames.append(
            Frame(request_id, stream_id, stream_flags, nibbles >> 4, nibbles & 0x0F, octets[start + 8 : end])
        )
        start = end
    return FuzzInput(options, tuple(frames), octets[start:])


def encode_input(value: FuzzInput) -> bytes:
    """Write an input.

    Args:
        value: numbers within the fields of the 8-octet header; payloads of at most 16777215 octets.

    Raises:
        struct.error: a number does not fit; the maker of the input is wrong.
    """
    options = value.options
    head = bytes((options.revision, options.driver, options.answers, options.seed))
    return head + b"".join(wire_frames(value.frames, _LAYOUT)) + value.tail


def encoded_size(value: FuzzInput) -> int:
    """How many octets `encode_input` gives, without making them."""
    size = OPTIONS_SIZE + len(value.tail)
    for frame in value.frames:
        size += _HEADER.size + len(frame.payload)
    return size


def body_of(value: FuzzInput) -> bytes:
    """The octets behind the options, as one string: what a target of `Form.OCTETS` takes."""
    return b"".join(wire_frames(value.frames, _LAYOUT)) + value.tail if value.frames else value.tail


def with_body(options: Options, body: bytes) -> FuzzInput:
    """The input that consists of options and these octets; `body_of` gives them back."""
    head = bytes((options.revision, options.driver, options.answers, options.seed))
    return decode_input(head + body)


class InputMaker(Protocol):
    """What makes inputs for an engine: from nothing, from one, from two."""

    def fresh(self) -> FuzzInput:
        """Make a new input."""

    def mutate(self, value: FuzzInput) -> FuzzInput:
        """Change an input in a few places."""

    def cross(self, left: FuzzInput, right: FuzzInput) -> FuzzInput:
        """Put parts of two inputs together."""


def wire_frames(frames: Sequence[Frame], layout: HeaderLayout) -> list[bytes]:
    """Write each frame as a revision's header layout has it, without the fields that the layout lacks.

    The layout's own `encode` refuses such frames, because a sender must not lose an ID. A fuzzer wants one
    corpus for all revisions.
    """
    pack = layout.packer.pack
    if layout.has_stream:
        return [
            pack(
                len(frame.payload) & 0xFFFF,
                len(frame.payload) >> 16,
                frame.request_id,
                frame.stream_id,
                frame.stream_flags,
                frame.type_id << 4 | frame.flags,
            )
            + frame.payload
            for frame in frames
        ]
    wire: list[bytes] = []
    for frame in frames:
        length = len(frame.payload)
        ids = (frame.request_id,) if layout.has_request else ()
        wire.append(
            pack(length & 0xFFFF, length >> 16, *ids, frame.type_id << 4 | frame.flags) + frame.payload
        )
    return wire


def wire_chunks(value: FuzzInput, layout: HeaderLayout, delivery: Delivery) -> list[bytes]:
    """The octets of an input as they arrive.

    Args:
        value: the input; frames beyond `MAX_FRAMES` are left out.
        layout: the header layout of the revision that is driven.
        delivery: how to cut; the caller passes the input's own or, to compare, another.

    Returns:
        Chunks without empty ones. For `Delivery.FRAME`, one for each frame and one for the tail.
    """
    chunks = wire_frames(value.frames[:MAX_FRAMES], layout)
    if value.tail:
        chunks.append(value.tail)
    if delivery is Delivery.FRAME:
        return chunks
    whole = b"".join(chunks)
    if delivery is Delivery.OCTET:
        step = 1 + len(whole) // MAX_CHUNKS
        return [whole[index : index + step] for index in range(0, len(whole), step)]
    if delivery is Delivery.WHOLE:
        return [whole] if whole else []
    return _cut(whole, Random(value.options.seed))  # noqa: S311 -- a seed, not a secret


def _cut(whole: bytes, rng: Random) -> list[bytes]:
    """Cut octets into pieces, mostly of a few octets, so that cuts fall into headers as well as payloads."""
    pieces: list[bytes] = []
    start = 0
    while start < len(whole):
        size = 1 + int(rng.random() ** 4 * 64)
        pieces.append(whole[start : start + size])
        start += size
    return pieces
