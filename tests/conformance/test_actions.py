"""Actions of authors and of harnesses become one normal form."""

from __future__ import annotations

from typing import Any

import pytest

from hgframing import REVISIONS, Frame
from hgframing_conformance._actions import (
    FIELDS,
    LAYERS,
    action_to_wire,
    display_action,
    parse_compiled,
    parse_expected,
    parse_observed,
)
from hgframing_conformance._cases import Action, ActionKind, Layer
from hgframing_conformance._forms import FormError
from hgframing_conformance._values import MapValue, Text, equal


SERVER, CLIENT, CODEC = Layer.SERVER, Layer.CLIENT, Layer.CODEC
#: One frame of sheet r3's header: length 3, request 1, stream 2, begin, type 3, flags 2.
FRAME = Frame(1, 2, 1, 3, 2, b"abc")
FRAME_NOTATION = "1 2 stream-begin command-response eos abc"
FRAME_HEX = "0300000100020132616263"

#: An action as an author writes it, as a harness reports it, and where.
PAIRS: list[tuple[Layer, dict[str, Any], dict[str, Any]]] = [
    (
        SERVER,
        {"run-command": {"request": 1, "command": "c"}},
        {
            "run-command": {
                "request": 1,
                "command": {"hex": "63"},
                "args": {"map": []},
                "data": None,
                "redirect": None,
                "data-follows": False,
            }
        },
    ),
    (
        SERVER,
        {"command-data": {"request": 1, "data": "d", "eos": False}},
        {"command-data": {"request": 1, "data": {"hex": "64"}, "eos": False}},
    ),
    (
        SERVER,
        {"run-command": {"request": 1, "command": "c", "args": {"a": [1, "b"]}, "data": {"hex": "00"}}},
        {
            "run-command": {
                "request": 1,
                "command": "c",
                "args": {"map": [[{"hex": "61"}, [1, {"hex": "62"}]]]},
                "data": {"hex": "00"},
            }
        },
    ),
    (SERVER, {"send-frames": [FRAME_NOTATION]}, {"send-frames": [FRAME_HEX]}),
    (
        CLIENT,
        {"response-data": {"request": 1, "data": "abc", "eos": True}},
        {"response-data": {"request": 1, "data": {"hex": "616263"}, "eos": True}},
    ),
    (
        CLIENT,
        {"error-response": {"request": 1, "type": "server", "atoms": [{"msg": "m"}]}},
        {
            "error-response": {
                "request": 1,
                "type": "server",
                "atoms": [{"msg": {"hex": "6d"}, "args": [], "labels": []}],
            }
        },
    ),
    (
        CLIENT,
        {"text-output": {"request": 1, "atoms": [{"msg": "m", "args": ["a"]}]}},
        {
            "text-output": {
                "request": 1,
                "atoms": [{"msg": {"hex": "6d"}, "args": [{"hex": "61"}], "labels": []}],
            }
        },
    ),
    (
        CLIENT,
        {"progress": {"request": 1, "topic": "t", "pos": 1, "total": 2, "label": None, "item": "i"}},
        {"progress": {"request": 1, "topic": {"hex": "74"}, "pos": 1, "total": 2, "item": {"hex": "69"}}},
    ),
    (
        CLIENT,
        {"request-state": {"request": 1, "state": "sent"}},
        {"request-state": {"request": 1, "state": "sent"}},
    ),
    (
        CODEC,
        {"frame": FRAME_NOTATION},
        {
            "frame": {
                "request": 1,
                "stream": 2,
                "stream-flags": 1,
                "type": 3,
                "flags": 2,
                "payload": {"hex": "616263"},
            }
        },
    ),
    (CODEC, {"octets": {"hex": "6162"}}, {"octets": {"hex": "6162"}}),
    (
        SERVER,
        {"error": {"code": "bad-flags", "message": "m", "request": 1}},
        {"error": {"code": "bad-flags", "message": "m", "request": 1}},
    ),
    (SERVER, {"error": {"message": "m"}}, {"error": {"code": None, "message": "m", "request": None}}),
    (SERVER, {"refused": {"message": "m"}}, {"refused": {"message": "m"}}),
    (SERVER, {"raised": {"type": "T", "message": "m"}}, {"raised": {"type": "T", "message": "m"}}),
    (SERVER, {"want-frame": {}}, {"want-frame": {}}),
    (SERVER, {"noop": None}, {"noop": {}}),
]


def same(left: Action, right: Action) -> bool:
    """Compare strictly: the field names and, type by type, the values."""
    return (
        left.kind is right.kind
        and left.fields.keys() == right.fields.keys()
        and all(equal(left.fields[name], right.fields[name]) for name in left.fields)
    )


@pytest.mark.parametrize(("layer", "expected", "observed"), PAIRS)
def test_expected_and_observed_have_one_normal_form(
    layer: Layer, expected: dict[str, Any], observed: dict[str, Any]
) -> None:
    """What an author writes for people and what a program reports for us are the same action."""
    assert same(parse_expected(expected, layer, "0006"), parse_observed(observed, layer, "0006"))


def test_pairs_cover_every_kind_of_action() -> None:
    """A kind without a pair above would go untested; a response is demanded in other words than it is reported in."""
    assert {kind for _, expected, _ in PAIRS for kind in expected} == set(ActionKind) - {ActionKind.RESPONSE}
    assert LAYERS.keys() == set(ActionKind)
    assert FIELDS.keys() == set(ActionKind) - {
        ActionKind.FRAME,
        ActionKind.OCTETS,
        ActionKind.SEND_FRAMES,
        ActionKind.RESPONSE,
    }


@pytest.mark.parametrize(("layer", "expected", "observed"), PAIRS)
def test_action_to_wire_is_read_back_as_the_same_action(
    layer: Layer, expected: dict[str, Any], observed: dict[str, Any]
) -> None:
    """The compiled form loses nothing, and adds nothing to compare."""
    for action in (parse_expected(expected, layer, "0006"), parse_observed(observed, layer, "0006")):
        assert same(parse_compiled(action_to_wire(action, "0006"), layer, "0006"), action)


def test_parse_expected_run_command_is_filled_in_whole() -> None:
    """docs/vector-format.md, "Actions": run-command is always compared whole."""
    fields = parse_expected({"run-command": {"request": 1, "command": "c"}}, SERVER, "0006").fields
    filled = {"args": MapValue(()), "data": None, "redirect": None, "data-follows": False}
    assert fields == {"request": 1, "command": b"c"} | filled


def test_parse_expected_leaves_out_what_is_not_compared() -> None:
    """A field that an expectation leaves out stays absent, also where a report would have a default."""
    assert parse_expected({"progress": {"pos": 1}}, CLIENT, "0006").fields == {"pos": 1}
    assert parse_expected({"frame": {"type": 1}}, CODEC, "0006").fields == {"type": 1}
    assert parse_expected({"error": {}}, CODEC, "0006").fields == {}
    assert parse_expected({"response-data": None}, CLIENT, "0006").fields == {}


def test_parse_expected_error_may_name_other_codes_and_a_report_may_not() -> None:
    """`also` is an author's leniency; an implementation has one code."""
    form = {"error": {"code": "bad-flags", "also": ["unexpected-frame", "bad-cbor"]}}
    action = parse_expected(form, SERVER, "0006")
    assert action.fields["also"] == ("unexpected-frame", "bad-cbor")
    assert same(parse_compiled(action_to_wire(action, "0006"), SERVER, "0006"), action)
    with pytest.raises(FormError, match="unknown field 'also'"):
        parse_observed(form, SERVER, "0006")


def test_parse_observed_keeps_text_apart_from_bytes() -> None:
    """An implementation that decodes a bytestring as text has decoded the wrong thing."""
    form = {"run-command": {"request": 1, "command": "c", "args": {"map": [["a", {"text": "x"}]]}}}
    fields = parse_observed(form, SERVER, "0006").fields
    assert equal(fields["args"], MapValue(((b"a", Text("x")),)))


@pytest.mark.parametrize("request_field", [{}, {"request": 0}, {"request": None}])
def test_run_command_of_0001_has_request_zero_however_it_is_written(request_field: dict[str, Any]) -> None:
    """Sheet r1 has no request IDs."""
    form = {"run-command": {"command": "c", **request_field}}
    assert parse_observed(form, SERVER, "0001").fields["request"] == 0
    assert same(parse_expected(form, SERVER, "0001"), parse_observed(form, SERVER, "0001"))


def test_run_command_of_0001_with_a_request_is_refused() -> None:
    """An author who writes one has another revision in mind."""
    with pytest.raises(FormError, match="no request IDs") as caught:
        parse_expected({"run-command": {"request": 1, "command": "c"}}, SERVER, "0001")
    assert caught.value.path == ("run-command", "request")
    with pytest.raises(FormError, match="a mapping of fields is needed"):
        parse_expected({"run-command": "c"}, SERVER, "0001")


def test_frame_of_0001_has_three_fields() -> None:
    """Sheet r1; an implementation with one frame type for all revisions reports the others as 0."""
    assert parse_expected({"frame": "command-name eos c"}, CODEC, "0001").fields == {
        "type": 1,
        "flags": 1,
        "payload": b"c",
    }
    observed = {"request": 0, "stream": None, "type": 1, "flags": 1, "payload": "c"}
    assert parse_observed({"frame": observed}, CODEC, "0001").fields == {
        "type": 1,
        "flags": 1,
        "payload": b"c",
    }
    with pytest.raises(FormError, match="unknown field 'request'"):
        parse_observed({"frame": {**observed, "request": 1}}, CODEC, "0001")
    with pytest.raises(FormError, match="unknown field 'stream'"):
        parse_expected({"frame": {"stream": 0}}, CODEC, "0001")


@pytest.mark.parametrize(
    ("form", "layer", "path", "part"),
    [
        ([], SERVER, (), "a list is no action"),
        ("noop", SERVER, (), "the string 'noop' is no action"),
        ({}, SERVER, (), "no action"),
        ({"noop": {}, "error": {}}, SERVER, (), "no action"),
        ({"run-comand": {}}, SERVER, (), "did you mean 'run-command'?"),
        ({5: {}}, SERVER, (), "unknown action '5'"),
        ({"run-command": {}}, CLIENT, (), "does not occur in the layer client (only in server)"),
        ({"response-data": {}}, SERVER, (), "does not occur in the layer server"),
        ({"frame": {}}, SERVER, (), "does not occur in the layer server"),
        ({"run-command": {"request": 1}}, SERVER, ("run-command",), "'command' is missing"),
        ({"run-command": {"command": "c"}}, SERVER, ("run-command",), "'request' is missing"),
        (
            {"run-command": {"request": 1, "command": "c", "arg": {}}},
            SERVER,
            ("run-command", "arg"),
            "did you mean",
        ),
        (
            {"run-command": {"request": "1", "command": "c"}},
            SERVER,
            ("run-command", "request"),
            "integer is needed",
        ),
        ({"run-command": {"request": 1, "command": 5}}, SERVER, ("run-command", "command"), "no bytestring"),
        ({"run-command": "c"}, SERVER, ("run-command",), "a mapping of fields is needed"),
        ({"error": {"code": "bad-flag"}}, SERVER, ("error", "code"), "did you mean 'bad-flags'?"),
        (
            {"error": {"code": "bad-flags", "message": {"hex": "00"}}},
            SERVER,
            ("error", "message"),
            "string is needed",
        ),
        ({"error": {"also": ["x"]}}, SERVER, ("error", "also", 0), "unknown error code"),
        ({"want-frame": {"state": "idle"}}, SERVER, ("want-frame", "state"), "none is allowed here"),
        ({"response-data": {"eos": 1}}, CLIENT, ("response-data", "eos"), "true or false is needed"),
        ({"request-state": {"state": "idle"}}, CLIENT, ("request-state", "state"), "unknown request state"),
        ({"send-frames": FRAME_NOTATION}, SERVER, ("send-frames",), "a list is needed"),
        ({"send-frames": ["1 2"]}, SERVER, ("send-frames", 0), "too few fields"),
        ({"frame": {"type": 16}}, CODEC, ("frame", "type"), "outside 0–15"),
        ({"frame": "1"}, CODEC, ("frame",), "too few fields"),
        ({"octets": 5}, CODEC, ("octets",), "no bytestring"),
    ],
)
def test_parse_expected_with_a_mistake_says_what_and_where(
    form: Any, layer: Layer, path: tuple[Any, ...], part: str
) -> None:
    """Unknown kind, wrong layer, unknown field, wrong type: each names its place."""
    with pytest.raises(FormError) as caught:
        parse_expected(form, layer, "0006", ("expect", 0))
    assert caught.value.path == ("expect", 0, *path)
    assert part in str(caught.value)


def test_parse_expected_frame_that_no_header_can_say_is_refused() -> None:
    """An expectation that nothing can fulfil is a mistake of its author."""
    form = {"send-frames": [{"frame": FRAME_NOTATION, "repeat": {"hex": "00", "times": 1 << 24}}]}
    with pytest.raises(FormError, match="24-bit"):
        parse_expected(form, SERVER, "0006")


@pytest.mark.parametrize(
    ("form", "layer", "path", "part"),
    [
        ({"response-data": {"request": 1, "data": "x"}}, CLIENT, ("response-data",), "'eos' is missing"),
        ({"response-data": None}, CLIENT, ("response-data",), "'request' is missing"),
        ({"frame": {"type": 1}}, CODEC, ("frame",), "'request' is missing"),
        ({"frame": FRAME_NOTATION}, CODEC, ("frame",), "a mapping of numbers is needed"),
        ({"frame": 5}, CODEC, ("frame",), "a mapping of fields is needed"),
        ({"send-frames": [FRAME_NOTATION]}, SERVER, ("send-frames", 0), "no hex string"),
        (
            {"send-frames": [FRAME_HEX + "00"]},
            SERVER,
            ("send-frames", 0),
            "declares 3 octets of payload, 4 follow",
        ),
        ({"send-frames": [5]}, SERVER, ("send-frames", 0), "no bytestring"),
        ({"error": {"code": "oops"}}, SERVER, ("error", "code"), "unknown error code"),
        ({"error": "oops"}, SERVER, ("error",), "a mapping of fields is needed"),
        ({"explode": {}}, SERVER, (), "unknown action"),
    ],
)
def test_parse_observed_with_a_mistake_says_what_and_where(
    form: Any, layer: Layer, path: tuple[Any, ...], part: str
) -> None:
    """A harness leaves nothing out, and what it says wrongly is quoted back to its author."""
    with pytest.raises(FormError) as caught:
        parse_observed(form, layer, "0006", ("steps", 1, 0))
    assert caught.value.path == ("steps", 1, 0, *path)
    assert part in str(caught.value)


@pytest.mark.parametrize("revision", list(REVISIONS))
def test_kinds_without_fields_are_read_in_every_revision_and_layer(revision: str) -> None:
    """`want-frame`, `noop` and errors occur wherever frames are taken; an HTTP client sees responses."""
    for layer in Layer:
        reactor = () if layer is Layer.HTTP else ("want-frame", "noop", "error")
        for name in (*reactor, "refused", "raised"):
            assert parse_observed({name: {}}, layer, revision) == Action(ActionKind(name), {})


def test_display_action_writes_one_line() -> None:
    """For reports; frames need a revision to be written, so they are counted."""
    assert display_action(parse_expected({"noop": {}}, SERVER, "0006")) == "noop"
    assert (
        display_action(parse_expected({"send-frames": [FRAME_NOTATION]}, SERVER, "0006")) == "send-frames (1)"
    )
    assert display_action(parse_expected({"octets": "ab"}, CODEC, "0006")) == "octets b'ab'"
    data = parse_expected({"response-data": {"request": 1, "eos": True}}, CLIENT, "0006")
    assert display_action(data) == "response-data {request: 1, eos: True}"


@pytest.mark.parametrize(
    ("form", "field", "value"),
    [
        ({"run-command": {"request": 1, "command": 5}}, "command", 5),
        ({"run-command": {"request": 1, "command": "c", "args": [1]}}, "args", (1,)),
        ({"error-response": {"request": 1, "type": 1, "atoms": []}}, "type", 1),
        ({"error-response": {"request": 1, "type": "server", "atoms": 5}}, "atoms", 5),
    ],
)
def test_parse_observed_takes_what_was_handed_over_unseen(form: Any, field: str, value: Any) -> None:
    """docs/harness-protocol.md, "Actions on the wire": the reply is right, what the implementation did is not."""
    layer = Layer.SERVER if "run-command" in form else Layer.CLIENT
    assert parse_observed(form, layer, "0006").fields[field] == value
    with pytest.raises(FormError):
        parse_expected(form, layer, "0006")
