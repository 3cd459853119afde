"""The target `encode-round-trip`: whether what is written is read back as the same, for everything that has a writer.

As a script it is a libFuzzer target: with atheris, `python encode_round_trip_fuzzer.py CORPUS
-max_total_time=60` fuzzes and stops at the first finding, as engines such as OSS-Fuzz expect; files as
arguments are replayed, with atheris or without. For campaigns, which go on after a finding, use
`hgframing-fuzz run`.

    frame       a frame's octets are that frame again, in every revision
    notation    and so is its line of notation
    value       a value that a payload holds is encoded, and decoded as the same; and so it is through the forms in
                which harnesses and vectors write it
    request     a request of that value is written by a client, and read by a server as the same
"""

from __future__ import annotations

import sys

from random import Random
from typing import Any, Final

import msgspec

from hgframing import (
    CborError,
    ClientReactor,
    Feature,
    Frame,
    FrameBuffer,
    LocalProtocolError,
    Revision,
    RunCommand,
    SendFrames,
    ServerReactor,
    decode_one,
    encode_value,
    format_notation,
    parse_notation,
)
from hgframing_conformance._reference_forms import read_form, write_form
from hgframing_conformance._values import equal, parse_value, to_wire
from hgframing_fuzz._code_target import CodeTarget, object_to
from hgframing_fuzz._drive import choose_revision
from hgframing_fuzz._grammar import ClientGrammar
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import REVISION_CODES, FuzzInput, InputMaker
from hgframing_fuzz._mutate import Mutator
from hgframing_fuzz._outcome import Feature as Reached
from hgframing_fuzz._outcome import Target
from hgframing_fuzz._plain_cbor import exact
from hgframing_fuzz._plain_frames import narrow
from hgframing_fuzz._script import main
from hgframing_fuzz._spec import TargetSpec
from hgframing_fuzz._subjects import Attached, OwnCode


__all__ = ["SPEC", "check_round_trips"]

#: Frames of one input that are looked at.
_LOOKED_AT: Final = 8
_DEPTH: Final = 16
#: Octets of a payload that is written as text: it takes thirty times the time of its octets.
_LONGEST: Final = 8192


def check_round_trips(value: FuzzInput, notes: list[Reached]) -> None:
    """Write and read whatever the frames of an input hold."""
    revision = choose_revision(value.options, REVISION_CODES)
    for frame in value.frames[:_LOOKED_AT]:
        narrowed = narrow(frame, revision.key)
        if len(narrowed.payload) <= _LONGEST:
            _check_frame(narrowed, revision)
        _check_value(narrowed, revision, notes)


def _check_frame(frame: Frame, revision: Revision) -> None:
    buffer = FrameBuffer(revision)
    buffer.feed(revision.header.encode(frame))
    if tuple(buffer) != (frame,) or buffer.end() is not None:
        object_to("frame", "octets", "read", "a frame's octets are read as something else")
    text = format_notation(frame, revision)
    if parse_notation(text, revision) != frame:
        object_to("notation", "line", "read", f"{text!r:.100} is read back as something else")


def _check_value(frame: Frame, revision: Revision, notes: list[Reached]) -> None:
    try:
        value = decode_one(frame.payload, revision.cbor, max_depth=_DEPTH)
    except CborError:
        notes.append(("octets", revision.key, frame.type_id))
        return
    notes.append(("value", revision.key, type(value).__name__))
    octets = encode_value(value, revision.cbor)
    if exact(decode_one(octets, revision.cbor, max_depth=_DEPTH)) != exact(value):
        object_to("value", "cbor", "read", f"{value!r:.80} is decoded as something else")
    line = msgspec.json.encode(write_form(value))
    form = msgspec.json.decode(line)
    if exact(read_form(form)) != exact(value):
        object_to("value", "form", "read", f"{value!r:.80} becomes {line!r:.80}, and then something else")
    parsed = parse_value(form)
    if not equal(parsed, parse_value(msgspec.json.decode(msgspec.json.encode(to_wire(parsed))))):
        object_to("value", "wire", "read", f"{value!r:.80} changes on its way to a harness and back")
    if Feature.CBOR_REQUESTS in revision.features:
        _check_request(value, frame, revision, notes)


def _check_request(value: Any, frame: Frame, revision: Revision, notes: list[Reached]) -> None:
    args = value if isinstance(value, dict) else {b"value": value}
    data = frame.payload if frame.flags & 1 else None
    client = ClientReactor(
        revision, buffer_sends=False, multiple_sends=True, max_frame=max(frame.request_id, 16)
    )
    try:
        call = client.call(b"command", args, data)
    except LocalProtocolError:
        # A name that is no bytestring: it cannot be asked for.
        notes.append(("no-request", revision.key))
        return
    server = ServerReactor(revision)
    heard = [
        action
        for sent in call.actions
        if isinstance(sent, SendFrames)
        for one in sent.frames
        for action in server.receive(one)
        if isinstance(action, RunCommand)
    ]
    if len(heard) != 1 or exact(dict(heard[0].args)) != exact(args) or heard[0].data != data:
        object_to("request", "command", "heard", f"{args!r:.80} is heard as {heard!r:.120}")
    notes.append(("request", revision.key, min(len(args), 3), data is None))


def _open(_locator: str, guards: Guards) -> tuple[Attached, Target]:
    own = OwnCode(
        "hgframing._frames",
        "hgframing._notation",
        "hgframing._cbor",
        "hgframing._commands",
        "hgframing_conformance._values",
        "hgframing_conformance._reference_forms",
    )
    return own, CodeTarget("encode-round-trip", check_round_trips, own.code, guards)


def _make_mutator(codes: tuple[int, ...], rng: Random) -> InputMaker:
    return Mutator(ClientGrammar(codes), rng)


SPEC: Final = TargetSpec(
    name="encode-round-trip",
    summary="everything that has a writer: frames, notation, values and requests are read back as the same",
    open=_open,
    make_mutator=_make_mutator,
    takes_implementation=False,
)


if __name__ == "__main__":
    sys.exit(main(SPEC, sys.argv))
