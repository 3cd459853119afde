"""The target `notation`: what the frame notation does with any text.

As a script it is a libFuzzer target: with atheris, `python notation_fuzzer.py CORPUS
-max_total_time=60` fuzzes and stops at the first finding, as engines such as OSS-Fuzz expect; files as
arguments are replayed, with atheris or without. For campaigns, which go on after a finding, use
`hgframing-fuzz run`.

    refused          a text is a frame or a `NotationError` whose message is one line
    round-trip       what was read is written, and read back as the same frame, in the same revision
    one-form         what is written is one line of printable ASCII, and writing it again gives the same
"""

from __future__ import annotations

import sys

from random import Random
from typing import Final

from hgframing import NotationError, format_notation, parse_notation
from hgframing_fuzz._code_target import CodeTarget, object_to
from hgframing_fuzz._drive import choose_revision
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import (
    REVISION_CODES,
    Form,
    FuzzInput,
    InputMaker,
    Options,
    body_of,
    encode_input,
    with_body,
)
from hgframing_fuzz._octets import OctetMaker, TextChanges
from hgframing_fuzz._outcome import Feature, Target
from hgframing_fuzz._script import main
from hgframing_fuzz._spec import TargetSpec
from hgframing_fuzz._subjects import Attached, OwnCode


__all__ = ["SPEC", "check_text"]

#: One text for each thing that the notation can say, and the revision that says it.
_EXAMPLES: Final = (
    (
        0,
        b"1 1 stream-begin command-request new cbor:{b'name': b'heads', b'args': {b'n': [1, -2, None, True]}}",
    ),
    (0, b"1 1 0 command-request new|have-data hex: a1446e616d654163"),
    (0, b"3 1 encoded|4 command-data continuation some\\x20data\\0\\t\\\\"),
    (0, b"65535 255 255 15 15 "),
    (0, b"1 2 0 command-response eos cbor:{b'status': b'ok'}"),
    (0, b"0 0 0 error-response 0 cbor:[{1, 2}, b'\\xff', {b'z': 1, b'aa': 2}]"),
    (1, b"1 1 stream-begin command-request new cbor:{'text': 1.5, 'n': [None, 'x']}"),
    (4, b"1 command-name have-args|have-data heads"),
    (4, b"1 command-argument eoa \\x01\\0\\x02\\0nvv"),
    (5, b"command-name eos heads"),
)
_WORDS: Final = (
    b"cbor:",
    b"hex:",
    b"b''",
    b"b'\\xff'",
    b"''",
    b"{}",
    b"[]",
    b"set()",
    b"None",
    b"True",
    b"1e999",
    b"-0.0",
    b"1j",
    b"command-request",
    b"command-data",
    b"stream-settings",
    b"sender-protocol-settings",
    b"eos",
    b"new",
    b"|",
    b" ",
    b"  ",
    b"\\x",
    b"\\",
    b"...",
    b"f''",
    b"()",
    b"1 if 1 else 2",
    b"lambda: 0",
    b"#",
    b"\n",
)
_CHANGES: Final = TextChanges(
    [text for _, text in _EXAMPLES],
    _WORDS,
    [(b"[", b"]"), (b"{1:", b"}"), (b"(", b")"), (b"-", b""), (b"[", b"")],
)


def check_text(value: FuzzInput, notes: list[Feature]) -> None:
    """Read a text as a frame of the input's revision."""
    revision = choose_revision(value.options, REVISION_CODES)
    text = body_of(value).decode("utf-8", "surrogateescape")
    try:
        frame = parse_notation(text, revision)
    except NotationError as error:
        message = str(error)
        notes.append(("refused", message.partition(":")[0][:20]))
        if "\n" in message:
            object_to("refused", "message", "lines", f"the message has several lines: {message!r:.80}")
        return
    notes.append(("read", revision.key, frame.type_id, text.count("cbor:"), min(len(frame.payload), 9)))
    written = format_notation(frame, revision)
    if not (written.isascii() and written.isprintable()):
        object_to("one-form", "written", "printable", f"{written!r:.80} is not printable ASCII")
    again = parse_notation(written, revision)
    if again != frame:
        object_to("round-trip", "written", "frame", f"{written!r:.80} is read back as something else")
    if format_notation(again, revision) != written:
        object_to("one-form", "written", "again", f"{written!r:.80} is written in two ways")


def _open(_locator: str, guards: Guards) -> tuple[Attached, Target]:
    own = OwnCode("hgframing._notation", "hgframing._cbor")
    return own, CodeTarget("notation", check_text, own.code, guards)


def _make_mutator(codes: tuple[int, ...], rng: Random) -> InputMaker:
    return OctetMaker(codes, rng, _CHANGES.make, _CHANGES.change)


def _seeds() -> tuple[bytes, ...]:
    return tuple(encode_input(with_body(Options(code), text)) for code, text in _EXAMPLES)


SPEC: Final = TargetSpec(
    name="notation",
    summary="the reader and writer of frames in notation, driven by any text",
    open=_open,
    make_mutator=_make_mutator,
    takes_implementation=False,
    form=Form.OCTETS,
    seeds=_seeds,
    dictionary=_WORDS,
)


if __name__ == "__main__":
    sys.exit(main(SPEC, sys.argv))
