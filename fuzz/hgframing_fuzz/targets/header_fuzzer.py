"""The target `header`: how an implementation reads and writes one frame, in every revision it speaks.

As a script it is a libFuzzer target: with atheris, `python header_fuzzer.py CORPUS
-max_total_time=60` fuzzes and stops at the first finding, as engines such as OSS-Fuzz expect; files as
arguments are replayed, with atheris or without. For campaigns, which go on after a finding, use
`hgframing-fuzz run`.

    header-read        the octets of a frame are that frame; a payload of up to 65535 octets is not refused (FRAME-003)
    header-write       a frame becomes those octets; it is not refused either
    header-overflow    a number that does not fit its field is refused, not cut off and not written into the next field

The environment variable HGFRAMING_FUZZ_IMPLEMENTATION names another implementation than the reference.
"""

from __future__ import annotations

import sys

from collections.abc import Sequence
from random import Random
from typing import Final

from hgframing import Frame, Revision
from hgframing_fuzz._code_target import CodeTarget, object_to
from hgframing_fuzz._codecs import MAX_PAYLOAD, Codec, load_codec
from hgframing_fuzz._drive import choose_revision
from hgframing_fuzz._frame_grammar import FrameGrammar
from hgframing_fuzz._grammar import with_numbers
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import FuzzInput, InputMaker, Options, encode_input
from hgframing_fuzz._mutate import Mutator
from hgframing_fuzz._outcome import Feature, Target
from hgframing_fuzz._plain_frames import header_size, narrow, write_plain
from hgframing_fuzz._script import main
from hgframing_fuzz._spec import TargetSpec
from hgframing_fuzz._subjects import Attached


__all__ = ["SPEC", "check_frames"]

#: Frames of one input that are looked at.
_LOOKED_AT: Final = 8
_LARGEST: Final = 0xFFFFFF
#: A payload that 24 bits cannot say. It is made once, and weighs what it is.
_TOO_LONG: Final = bytes(_LARGEST + 1)
#: The answers octet, shifted right by two, names a field that the first frame gets too large a number in; of the other
#: values most are none.
_WIDENED: Final = ("", "flags", "type", "stream-flags", "stream", "request", "payload")


def check_frames(codec: Codec, value: FuzzInput, notes: list[Feature]) -> None:
    """Read and write the frames of an input."""
    revision = choose_revision(value.options, codec.revisions)
    for frame in value.frames[:_LOOKED_AT]:
        narrowed = narrow(frame, revision.key)
        notes.append((revision.key, len(frame.payload).bit_length()))
        _check_read(codec, revision, narrowed)
        _check_write(codec, revision, narrowed)
    field = _widened(value.options)
    if field and value.frames:
        _check_overflow(codec, revision, narrow(value.frames[0], revision.key), field)
        notes.append(("overflow", revision.key, field))


def _check_read(codec: Codec, revision: Revision, frame: Frame) -> None:
    cut = codec.read(revision, [write_plain(frame, revision.key)], ends=True, limit=_LARGEST)
    size = len(frame.payload)
    if cut.frames == (frame,) and not cut.refused:
        return
    if cut.refused and not cut.frames:
        if size <= codec.limit_for(_LARGEST):
            object_to("header-read", "refused", _length_of(size), f"a frame of {size} octets is refused")
        return
    first = cut.frames[0] if cut.frames else None
    field = "nothing" if first is None else _difference(frame, first)
    got = "no frame" if first is None else f"one with {len(first.payload)} octets, {_numbers(first)}"
    object_to(
        "header-read",
        field,
        _length_of(size),
        f"a frame of {size} octets, {_numbers(frame)} is read as {got}",
    )


def _check_write(codec: Codec, revision: Revision, frame: Frame) -> None:
    octets = codec.write(revision, frame)
    size = len(frame.payload)
    if octets is None:
        if size <= MAX_PAYLOAD:
            object_to("header-write", "refused", _length_of(size), f"a frame of {size} octets is not written")
        return
    expected = write_plain(frame, revision.key)
    if octets != expected:
        end = header_size(revision.key)
        message = f"{_numbers(frame)} of {size} octets is written as {octets[:end].hex()}, not {expected[:end].hex()}"
        object_to("header-write", "octets", _length_of(size), message)


def _check_overflow(codec: Codec, revision: Revision, frame: Frame, field: str) -> None:
    octets = codec.write(revision, _widen(frame, field))
    if octets is not None:
        end = header_size(revision.key)
        object_to(
            "header-overflow", field, "written", f"{field} above its field is written as {octets[:end].hex()}"
        )


def _widened(options: Options) -> str:
    index = options.answers >> 2
    # Sixteen mebioctets take as long as thousands of other inputs.
    if index == len(_WIDENED) - 1 and options.seed % 16:
        return ""
    return _WIDENED[index] if index < len(_WIDENED) else ""


def _widen(frame: Frame, field: str) -> Frame:
    match field:
        case "flags":
            return with_numbers(frame, flags=frame.flags | 0x10)
        case "type":
            return with_numbers(frame, type_id=frame.type_id | 0x10)
        case "stream-flags":
            return with_numbers(frame, stream_flags=frame.stream_flags | 0x100)
        case "stream":
            return with_numbers(frame, stream_id=frame.stream_id | 0x100)
        case "request":
            return with_numbers(frame, request_id=frame.request_id | 0x10000)
        case _:
            return with_numbers(frame, payload=_TOO_LONG)


def _length_of(size: int) -> str:
    """Which octets of the length are in use: what is wrong above 64 KiB is another fault than what is wrong below."""
    return f"length-{(size.bit_length() + 7) // 8}"


def _difference(one: Frame, other: Frame) -> str:
    names = ("request_id", "stream_id", "stream_flags", "type_id", "flags")
    if len(one.payload) != len(other.payload):
        return "length"
    return next((name for name in names if getattr(one, name) != getattr(other, name)), "payload")


def _numbers(frame: Frame) -> str:
    return f"({frame.request_id} {frame.stream_id} {frame.stream_flags} {frame.type_id} {frame.flags})"


def _weigh(value: FuzzInput) -> Sequence[bytes]:
    """An input that is widened into sixteen mebioctets may cost what these cost."""
    octets = encode_input(value)
    return (octets, _TOO_LONG) if _widened(value.options) == "payload" else (octets,)


def _open(locator: str, guards: Guards) -> tuple[Attached, Target]:
    codec = load_codec(locator)

    def check(value: FuzzInput, notes: list[Feature]) -> None:
        check_frames(codec, value, notes)

    return codec, CodeTarget("header", check, codec.code, guards, _weigh)


def _make_mutator(codes: tuple[int, ...], rng: Random) -> InputMaker:
    return Mutator(FrameGrammar(codes), rng)


SPEC: Final = TargetSpec(
    name="header",
    summary="the reading and writing of one frame, of any implementation with a codec",
    open=_open,
    make_mutator=_make_mutator,
)


if __name__ == "__main__":
    sys.exit(main(SPEC, sys.argv))
