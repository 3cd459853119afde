"""The target `harness-replies`: what the readers of a harness's lines do with any octets.

As a script it is a libFuzzer target: with atheris, `python harness_replies_fuzzer.py CORPUS
-max_total_time=60` fuzzes and stops at the first finding, as engines such as OSS-Fuzz expect; files as
arguments are replayed, with atheris or without. For campaigns, which go on after a finding, use
`hgframing-fuzz run`.

    refused      a line is an answer or a `BadReply`; a `hello` or a `MessageError`; an action or a `FormError`
    round-trip   a value is written, and read back as the same
"""

from __future__ import annotations

import sys

from random import Random
from typing import Any, Final

from hgframing import Revision
from hgframing_conformance._actions import display_action, parse_observed
from hgframing_conformance._adapters import BadReply
from hgframing_conformance._cases import Layer
from hgframing_conformance._forms import FormError
from hgframing_conformance._messages import MessageError, read_hello, read_line, read_unknown
from hgframing_conformance._replies import ReplyReader
from hgframing_conformance._values import MapValue, SetValue, TagValue, Text, equal, parse_value, to_wire
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
from hgframing_fuzz._problems_oracle import kind_of
from hgframing_fuzz._script import main
from hgframing_fuzz._spec import TargetSpec
from hgframing_fuzz._subjects import Attached, OwnCode


__all__ = ["SPEC", "check_lines"]

_EXAMPLES: Final = (
    (
        b'{"op":"hello","protocol":1,"name":"my-hg","version":"0.2","language":"rust","revisions":["0006"],'
        b'"layers":["codec","server"],"capabilities":{"encodings":["identity","zlib"],"error-codes":true,'
        b'"steps":["receive","respond"],"setup":["defer-output"],"chunking":false,"request-states":true}}\n'
        b'{"op":"unknown"}'
    ),
    (
        b'{"op":"result","seq":0,"steps":[[{"want-frame":{}}],[{"noop":{}}]]}\n'
        b'{"op":"result","seq":1,"steps":[[{"run-command":{"request":1,"command":{"hex":"63"},"args":{"map":[[{"hex":"61"},1]]},'
        b'"data":null,"redirect":null}}],[{"error":{"code":"bad-flags","message":"no"}}]]}'
    ),
    (
        b'{"op":"result","seq":0,"steps":[[{"send-frames":["0100000100020132a0"]}],[{"frame":{"request":1,"stream":1,"stream-flags":0,"type":1,"flags":1,'
        b'"payload":{"ascii":"x"}}},{"octets":{"hex":"00"}},{"raised":{"type":"E","message":"m"}},{"refused":{"message":"n"}}]]}'
    ),
    (
        b'{"op":"result","seq":0,"steps":[[{"response-data":{"request":1,"data":{"hex":"61"},"eos":true}}],'
        b'[{"text-output":{"request":1,"atoms":[{"msg":{"hex":"25"},"args":[],"labels":[]}]}},'
        b'{"progress":{"request":1,"topic":{"hex":"74"},"pos":1,"total":{"int":"9007199254740993"}}},'
        b'{"error-response":{"request":1,"type":{"text":"command"},"atoms":[]}},{"request-state":{"request":1,"state":"sent"}}]]}'
    ),
)
_WORDS: Final = (
    b'{"hex":"00"}',
    b'{"int":"-1"}',
    b'{"map":[]}',
    b'{"set":[1,1]}',
    b'{"tag":258,"value":[]}',
    b'{"float":"nan"}',
    b'{"text":"\\ud800"}',
    b'{"ascii":"\\u00e9"}',
    b'{"repeat":["00",5]}',
    b'{"bytes":""}',
    b"null",
    b"true",
    b"[]",
    b"{}",
    b"-1",
    b"1.5",
    b"1e999",
    b'"op"',
    b'"result"',
    b'"hello"',
    b'"seq"',
    b'"steps"',
    b'"want-frame":{}',
    b'"request"',
    b"NaN",
    b'"',
    b",",
    b":",
    b"\n",
    b" ",
    b'"protocol":2',
    b'"0005"',
    b'"client"',
    b'"codec"',
    b'"\\u0000"',
)
_CHANGES: Final = TextChanges(
    _EXAMPLES, _WORDS, [(b"[", b"]"), (b'{"a":', b"}"), (b'{"map":[[1,', b"]]}"), (b"[", b"")]
)
_STEPS: Final = 2


def check_lines(value: FuzzInput, notes: list[Feature]) -> None:
    """Read lines as those of a harness: each as the first, as the answer to a probe, and as the answer to a case."""
    revision = choose_revision(value.options, REVISION_CODES)
    layer = tuple(Layer)[value.options.answers % len(Layer)]
    reader = ReplyReader()
    for seq, line in enumerate(body_of(value).split(b"\n")[:8]):
        _check_first(line, notes)
        answer = reader.read(line, {"seq": seq, "steps": [{}] * _STEPS})
        if answer is None or isinstance(answer, BadReply):
            notes.append(("no-answer", *(("late",) if answer is None else kind_of(answer.problem))))
            continue
        for step in answer.steps:
            for form in step:
                _check_action(form, layer, revision, notes)


def _check_first(line: bytes, notes: list[Feature]) -> None:
    """Read a line as what a harness says before any case."""
    try:
        message = read_line(line)
    except MessageError:
        return
    for name, read in (("hello", read_hello), ("unknown", read_unknown)):
        try:
            read(message)
            notes.append((name,))
        except MessageError as error:
            if "\n" in str(error):
                object_to("refused", name, "lines", f"the message has several lines: {error!s:.80}")


def _check_action(form: Any, layer: Layer, revision: Revision, notes: list[Feature]) -> None:
    """Read one action, and its values again from what is written."""
    try:
        action = parse_observed(form, layer, revision.key)
    except FormError as error:
        notes.append(("no-action", *kind_of(str(error))))
        return
    notes.append(("action", action.kind.value))
    display_action(action)
    for field in action.fields.values():
        if isinstance(field, bytes | MapValue | SetValue | TagValue | Text) and not equal(
            field, parse_value(to_wire(field))
        ):
            object_to(
                "round-trip", "value", action.kind.value, f"{field!r:.80} is read back as something else"
            )


def _open(_locator: str, guards: Guards) -> tuple[Attached, Target]:
    names = ("_actions", "_fields", "_forms", "_frame_forms", "_messages", "_replies", "_values")
    own = OwnCode(*(f"hgframing_conformance.{name}" for name in names))
    return own, CodeTarget("harness-replies", check_lines, own.code, guards)


def _make_mutator(codes: tuple[int, ...], rng: Random) -> InputMaker:
    return OctetMaker(codes, rng, _CHANGES.make, _CHANGES.change)


def _seeds() -> tuple[bytes, ...]:
    return tuple(
        encode_input(with_body(Options(answers=answers), text))
        for text in _EXAMPLES
        for answers in range(len(Layer))
    )


SPEC: Final = TargetSpec(
    name="harness-replies",
    summary="the readers of what a harness says, driven by any lines",
    open=_open,
    make_mutator=_make_mutator,
    takes_implementation=False,
    form=Form.OCTETS,
    seeds=_seeds,
    dictionary=_WORDS,
)


if __name__ == "__main__":
    sys.exit(main(SPEC, sys.argv))
