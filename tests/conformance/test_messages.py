"""The envelopes of the harness protocol (docs/harness-protocol.md)."""

from __future__ import annotations

from typing import Any

import pytest

from hgframing_conformance._cases import Layer, Verb
from hgframing_conformance._messages import (
    MessageError,
    case_message,
    hello_message,
    read_hello,
    read_line,
    read_result,
    read_unknown,
)


HELLO: dict[str, Any] = {
    "op": "hello",
    "protocol": 1,
    "name": "n",
    "version": "1",
    "language": "l",
    "revisions": ["0006"],
    "layers": ["server"],
}


def test_read_hello_defaults_are_the_documents() -> None:
    """Capabilities that are left out have the values of the table."""
    capabilities = read_hello(HELLO).capabilities
    assert capabilities.encodings == ["identity"]
    assert capabilities.chunking
    assert not capabilities.error_codes
    assert not capabilities.request_states
    assert capabilities.setup == []
    assert capabilities.steps is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"protocol": 2}, "harness protocol 2, this suite speaks 1"),
        ({"protocol": True}, "harness protocol True"),
        ({"protocol": "1"}, "harness protocol '1'"),
        ({"op": "result"}, "op"),
        ({"name": 7}, "$.name"),
        ({"name": ""}, "$.name"),
        ({"layers": ["server", "sever"]}, "$.layers[1]"),
        ({"revisions": "0006"}, "$.revisions"),
        ({"capabilities": {"error-code": True}}, "error-code"),
        ({"capabilities": {"chunking": "yes"}}, "$.capabilities.chunking"),
        ({"extra": 1}, "extra"),
    ],
)
def test_read_hello_names_the_wrong_field(change: dict[str, Any], said: str) -> None:
    """What is wrong with a hello is named, whatever it is."""
    with pytest.raises(MessageError) as caught:
        read_hello(HELLO | change)
    assert said in str(caught.value)


@pytest.mark.parametrize("field", ["protocol", "name", "version", "language", "revisions", "layers"])
def test_read_hello_missing_field_is_named(field: str) -> None:
    """Every field but the capabilities is required."""
    with pytest.raises(MessageError, match=field):
        read_hello({key: value for key, value in HELLO.items() if key != field})


def test_read_hello_unknown_revision_is_refused() -> None:
    """A revision that does not exist would make every case unsupported without a word."""
    with pytest.raises(MessageError, match="'0007'"):
        read_hello(HELLO | {"revisions": ["0006", "0007"]})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"", "not JSON"),
        (b"hello", "not JSON"),
        (b'{"op":', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"NaN", "not JSON"),
        (b"[]", "JSON array"),
        (b"null", "JSON null"),
        (b"true", "JSON boolean"),
        (b"3", "JSON number"),
        (b'"x"', "JSON string"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_read_line_says_what_a_line_is_instead(line: bytes, said: str) -> None:
    """A line that is no object is refused by what it is; nothing else is ever raised."""
    with pytest.raises(MessageError, match=said):
        read_line(line)


def test_read_result_returns_the_actions() -> None:
    """The actions of every step are returned as they were sent."""
    steps: list[list[dict[str, Any]]] = [[{"noop": {}}], []]
    assert read_result({"op": "result", "seq": 7, "steps": steps}, seq=7, steps=2) == steps


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"op": "result", "seq": 8, "steps": [[]]}, "seq 7, got one to seq 8"),
        ({"op": "result", "seq": 7, "steps": []}, "Expected 1 lists of actions, one per step, got 0"),
        ({"op": "result", "seq": 7, "steps": [[{}]]}, "$.steps[0][0]"),
        ({"op": "result", "seq": 7, "steps": [[{"noop": {}, "error": {}}]]}, "$.steps[0][0]"),
        ({"op": "result", "seq": 7, "steps": [["noop"]]}, "$.steps[0][0]"),
        ({"op": "result", "seq": 7, "steps": [{}]}, "$.steps[0]"),
        ({"op": "result", "seq": "7", "steps": [[]]}, "$.seq"),
        ({"op": "result", "seq": 7}, "steps"),
        ({"op": "result", "seq": 7, "steps": [[]], "note": 1}, "note"),
        ({"op": "skipped", "seq": 7}, "op"),
        ({}, "seq"),
        ([], "object"),
    ],
)
def test_read_result_names_the_wrong_field(message: object, said: str) -> None:
    """What is wrong with an answer is named."""
    with pytest.raises(MessageError) as caught:
        read_result(message, seq=7, steps=1)
    assert said in str(caught.value)


def test_read_unknown_takes_nothing_else() -> None:
    """The probe has one right answer."""
    read_unknown({"op": "unknown"})
    for other in ({"op": "result", "seq": 0, "steps": []}, {"op": "unknown", "really": True}, None):
        with pytest.raises(MessageError):
            read_unknown(other)


def test_case_message_is_plain_data() -> None:
    """An implementation in Python gets what JSON would give it: no enumerations, no copies of ours."""
    setup: dict[str, Any] = {"defer-output": True}
    message = case_message(
        revision="0006", layer=Layer.SERVER, setup=setup, steps=[{Verb.END_INPUT.value: None}]
    )
    assert message == {
        "op": "case",
        "seq": 0,
        "revision": "0006",
        "layer": "server",
        "setup": {"defer-output": True},
        "steps": [{"end-input": None}],
    }
    assert type(message["layer"]) is str
    assert message["setup"] is not setup


@pytest.mark.parametrize("steps", [[{}], [{"flush": None, "end-input": None}]])
def test_case_message_refuses_what_is_no_step(steps: list[dict[str, Any]]) -> None:
    """A mistake of the runner does not reach a harness."""
    with pytest.raises(MessageError):
        case_message(revision="0006", layer=Layer.SERVER, setup={}, steps=steps)


def test_hello_message_is_the_documents() -> None:
    """The first message is the one that the protocol shows."""
    assert hello_message("0.1.0") == {"op": "hello", "protocol": 1, "suite": "0.1.0"}
