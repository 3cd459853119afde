"""The target `frame-splitting`: how an implementation cuts octets into frames, however they arrive.

As a script it is a libFuzzer target: with atheris, `python frame_splitting_fuzzer.py CORPUS
-max_total_time=60` fuzzes and stops at the first finding, as engines such as OSS-Fuzz expect; files as
arguments are replayed, with atheris or without. For campaigns, which go on after a finding, use
`hgframing-fuzz run`.

    split          the frames are those that a splitter finds which reads octet by octet (`_plain_frames`)
    refused        what is cut off at the end, or too large, is refused; nothing else is
    same-when-cut  one octet at a time, cut anywhere and whole give the same

The environment variable HGFRAMING_FUZZ_IMPLEMENTATION names another implementation than the reference.
"""

from __future__ import annotations

import sys

from random import Random
from typing import Final

from hgframing import Revision
from hgframing_fuzz._code_target import CodeTarget, object_to
from hgframing_fuzz._codecs import MAX_PAYLOAD, Codec, load_codec
from hgframing_fuzz._drive import choose_revision
from hgframing_fuzz._frame_grammar import FrameGrammar
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import Delivery, FuzzInput, InputMaker, wire_chunks
from hgframing_fuzz._mutate import Mutator
from hgframing_fuzz._outcome import Feature, Target
from hgframing_fuzz._plain_frames import PlainSplit, split_plain
from hgframing_fuzz._script import main
from hgframing_fuzz._spec import TargetSpec
from hgframing_fuzz._subjects import Attached


__all__ = ["SPEC", "check_splitting"]

#: Octets of a payload at most, chosen by the answers octet, for codecs that can be told.
_LIMITS: Final = (MAX_PAYLOAD, MAX_PAYLOAD, 0xFFFFFF, 256)


def check_splitting(codec: Codec, value: FuzzInput, notes: list[Feature]) -> None:
    """Cut the octets of an input into frames."""
    revision = choose_revision(value.options, codec.revisions)
    limit = codec.limit_for(_LIMITS[value.options.answers & 3])
    octets = b"".join(wire_chunks(value, revision.header, Delivery.WHOLE))
    expected = split_plain(octets, revision.key, limit)
    ends = value.options.ends
    notes.append((revision.key, len(expected.frames), expected.too_large, min(expected.rest, 9), ends))
    deliveries = tuple(Delivery) if value.options.compares else (value.options.delivery,)
    for delivery in deliveries if codec.cuts else (Delivery.FRAME,):
        _check_delivery(codec, value, revision, delivery, expected)


def _check_delivery(
    codec: Codec, value: FuzzInput, revision: Revision, delivery: Delivery, expected: PlainSplit
) -> None:
    ends, limit = value.options.ends, codec.limit_for(_LIMITS[value.options.answers & 3])
    cut = codec.read(revision, wire_chunks(value, revision.header, delivery), ends=ends, limit=limit)
    where = delivery.name.lower()
    if expected.too_large and codec.limit_for(0):
        # Whether it is refused is the implementation's own affair; what comes before it is not.
        if cut.frames[: len(expected.frames)] != expected.frames:
            object_to("split", where, "before", "the frames before one that is too large are others")
        return
    if cut.frames != expected.frames:
        pairs = zip(cut.frames, expected.frames, strict=False)
        first = next((index for index, (ours, theirs) in enumerate(pairs) if ours != theirs), None)
        what = "fewer" if len(cut.frames) < len(expected.frames) else "more"
        message = f"{len(cut.frames)} frames, expected {len(expected.frames)}; the first other one: {first}"
        object_to("split", where, what if first is None else "other", message)
    wrong = expected.too_large or (ends and expected.rest > 0)
    if cut.refused != wrong:
        kind = "accepted" if wrong else "refused"
        message = f"{kind}: {expected.rest} octets behind the last frame, too large: {expected.too_large}"
        object_to("refused", where, kind, message)


def _open(locator: str, guards: Guards) -> tuple[Attached, Target]:
    codec = load_codec(locator)

    def check(value: FuzzInput, notes: list[Feature]) -> None:
        check_splitting(codec, value, notes)

    return codec, CodeTarget("frame-splitting", check, codec.code, guards)


def _make_mutator(codes: tuple[int, ...], rng: Random) -> InputMaker:
    return Mutator(FrameGrammar(codes), rng)


SPEC: Final = TargetSpec(
    name="frame-splitting",
    summary="the cutting of octets into frames, of any implementation with a codec",
    open=_open,
    make_mutator=_make_mutator,
)


if __name__ == "__main__":
    sys.exit(main(SPEC, sys.argv))
