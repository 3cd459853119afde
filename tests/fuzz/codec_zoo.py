"""Codecs in this process with one planted fault each, as a factory of `direct:` makes them."""

from __future__ import annotations

import sys

from collections.abc import Callable, Sequence

from hgframing import Frame, FrameBuffer, Limits, LocalProtocolError, Revision
from hgframing_fuzz import CodeUnderTest
from hgframing_fuzz._codecs import MAX_PAYLOAD
from hgframing_fuzz._grammar import with_numbers


class Honest:
    """The reference's codec under another name."""

    #: Octets of a payload that it takes.
    limit = 0xFFFFFF

    def read(self, revision: Revision, chunks: Sequence[bytes], *, ends: bool) -> tuple[list[Frame], bool]:
        """Cut octets into frames."""
        buffer = FrameBuffer(revision, Limits(max_payload=self.limit))
        for chunk in chunks:
            buffer.feed(chunk)
        frames = [item for item in buffer if isinstance(item, Frame)]
        return frames, (buffer.end() if ends else buffer.next_frame()) is not None

    def write(self, revision: Revision, frame: Frame) -> bytes | None:
        """Write a frame."""
        try:
            return revision.header.encode(frame)
        except LocalProtocolError:
            return None


class Cautious(Honest):
    """Takes no more than every receiver must."""

    limit = MAX_PAYLOAD


class Timid(Honest):
    """Takes less."""

    limit = 100


class ForgetsHighLength(Honest):
    """Believes that no payload has more than 65535 octets, as lengths go."""

    def read(self, revision: Revision, chunks: Sequence[bytes], *, ends: bool) -> tuple[list[Frame], bool]:
        """Lose what is above."""
        frames, wrong = super().read(revision, chunks, ends=ends)
        return [with_numbers(one, payload=one.payload[: len(one.payload) & 0xFFFF]) for one in frames], wrong


class SwapsFlags(Honest):
    """Takes one nibble for the other."""

    def read(self, revision: Revision, chunks: Sequence[bytes], *, ends: bool) -> tuple[list[Frame], bool]:
        """Exchange type and flags."""
        frames, wrong = super().read(revision, chunks, ends=ends)
        return [with_numbers(one, type_id=one.flags, flags=one.type_id) for one in frames], wrong


class LosesTheLast(Honest):
    """Forgets a frame that ends with the octets."""

    def read(self, revision: Revision, chunks: Sequence[bytes], *, ends: bool) -> tuple[list[Frame], bool]:
        """Leave one out."""
        frames, wrong = super().read(revision, chunks, ends=ends)
        return frames[:1], wrong


class NeedsWholeFrames(Honest):
    """Reads each chunk as if it began with a header."""

    def read(self, revision: Revision, chunks: Sequence[bytes], *, ends: bool) -> tuple[list[Frame], bool]:
        """Forget what was left over."""
        read = [super(NeedsWholeFrames, self).read(revision, [chunk], ends=ends) for chunk in chunks]
        return [frame for frames, _ in read for frame in frames], any(wrong for _, wrong in read)


class NeverRefuses(Honest):
    """Does not mind half a frame."""

    def read(self, revision: Revision, chunks: Sequence[bytes], *, ends: bool) -> tuple[list[Frame], bool]:
        """Say that all is well."""
        return super().read(revision, chunks, ends=ends)[0], False


class Leaks(Honest):
    """Lets a number run over into the next field."""

    def write(self, revision: Revision, frame: Frame) -> bytes | None:
        """Cut everything off."""
        return super().write(
            revision,
            Frame(
                frame.request_id & 0xFFFF,
                frame.stream_id & 0xFF,
                frame.stream_flags & 0xFF,
                frame.type_id & 15,
                frame.flags & 15,
                frame.payload[:0xFFFFFF],
            ),
        )


class WritesNothing(Honest):
    """Refuses everything."""

    def write(self, revision: Revision, frame: Frame) -> bytes | None:  # noqa: ARG002 -- whatever it is
        """Refuse."""
        return None


class BigEndian(Honest):
    """Writes lengths the wrong way round."""

    def write(self, revision: Revision, frame: Frame) -> bytes | None:
        """Turn the length round."""
        octets = super().write(revision, frame)
        return octets and octets[2::-1] + octets[3:]


class Maker:
    """What a factory returns."""

    revisions = ("0006", "0002", "0001")
    instrument = (__name__,)

    def __init__(self, kind: Callable[[], Honest], *, cuts: bool = True) -> None:
        self.name = getattr(kind, "__name__", "codec")
        self.cuts = cuts
        self.open_codec = kind

    @property
    def code(self) -> CodeUnderTest:
        """This file."""
        file = str(sys.modules[__name__].__file__)
        return CodeUnderTest(roots=(file,), reactors=frozenset({file}))


def honest() -> Maker:
    """A codec without faults."""
    return Maker(Honest)


def cautious() -> Maker:
    """A codec that refuses long payloads, as it may."""
    return Maker(Cautious)


def whole_frames() -> Maker:
    """A codec that declares that it takes whole frames only."""
    return Maker(NeedsWholeFrames, cuts=False)
