"""Steps are checked and sent in canonical form, with defaults filled in."""

from __future__ import annotations

from typing import Any

import pytest

from hgframing_conformance._cases import Verb
from hgframing_conformance._forms import FormError
from hgframing_conformance._steps import FIELDS, LAYERS, NULL_VERBS, parse_octets, parse_step_value


_BAD_PROGRESS = {
    "request": 1,
    "topic": {"text": "t"},
    "pos": -2,
    "total": True,
    "label": None,
    "item": None,
}


@pytest.mark.parametrize(
    ("verb", "form", "value"),
    [
        (Verb.END_INPUT, None, None),
        (Verb.FLUSH, None, None),
        (
            Verb.ENCODE,
            "1 2 stream-begin command-response eos abc",
            {
                "request": 1,
                "stream": 2,
                "stream-flags": 1,
                "type": 3,
                "flags": 2,
                "payload": {"hex": "616263"},
            },
        ),
        (
            Verb.RESPOND,
            {
                "request": 1,
                "objects": [1, "b", {"map": [["k", True]]}],
                "stream": 4,
                "last": True,
                "unsent": True,
            },
            {
                "request": 1,
                "objects": [1, {"hex": "62"}, {"map": [[{"hex": "6b"}, True]]}],
                "stream": 4,
                "last": True,
                "unsent": True,
            },
        ),
        (
            Verb.RESPOND,
            {"request": 1, "data": "abc"},
            {"request": 1, "data": {"hex": "616263"}, "last": False, "unsent": False},
        ),
        (
            Verb.RESPOND,
            {"request": 1, "redirect": {"url": "u", "mediatype": "m"}},
            {
                "request": 1,
                "redirect": {"url": {"hex": "75"}, "mediatype": {"hex": "6d"}},
                "last": False,
                "unsent": False,
            },
        ),
        (
            Verb.FAIL,
            {"request": 1, "kind": "server", "message": "m"},
            {
                "request": 1,
                "kind": "server",
                "message": {"hex": "6d"},
                "args": [],
                "after": [],
                "last": False,
                "unsent": False,
            },
        ),
        (
            Verb.FAIL,
            {"request": 1, "kind": "command", "message": "m", "after": ["o", 1]},
            {
                "request": 1,
                "kind": "command",
                "message": {"hex": "6d"},
                "args": [],
                "after": [{"hex": "6f"}, 1],
                "last": False,
                "unsent": False,
            },
        ),
        (
            Verb.ENCODE,
            {"request": 65536, "stream": 256, "stream-flags": 0, "type": 16, "flags": 17, "payload": "p"},
            {
                "request": 65536,
                "stream": 256,
                "stream-flags": 0,
                "type": 16,
                "flags": 17,
                "payload": {"hex": "70"},
            },
        ),
        (
            Verb.PROGRESS,
            {"request": 1, "topic": "t", "pos": -1, "total": 2},
            {"request": 1, "topic": {"hex": "74"}, "pos": -1, "total": 2, "label": None, "item": None},
        ),
        (
            Verb.TEXT_OUTPUT,
            {"request": 1, "atoms": [{"msg": "m"}]},
            {"request": 1, "atoms": [{"msg": {"hex": "6d"}, "args": [], "labels": []}]},
        ),
        (
            Verb.PROGRESS,
            {"request": 1, "topic": "t", "pos": 1, "total": 2},
            {"request": 1, "topic": {"hex": "74"}, "pos": 1, "total": 2, "label": None, "item": None},
        ),
        (Verb.PROGRESS, {"request": 1, "topic": {"text": "t"}, "pos": -2, "total": True}, _BAD_PROGRESS),
        (Verb.START_RESPONSE, {"request": 1, "stream": 256}, {"request": 1, "stream": 256}),
        (Verb.SEND_RESPONSE, {"request": 1, "chunks": ["a"]}, {"request": 1, "chunks": [{"hex": "61"}]}),
        (Verb.FINISH_RESPONSE, {"request": 1}, {"request": 1, "last": False, "unsent": False}),
        (Verb.SENT, {"request": 1}, {"request": 1}),
        (
            Verb.CALL,
            {"command": "c"},
            {"command": {"hex": "63"}, "args": {"map": []}, "data": None, "redirect": None},
        ),
        (
            Verb.CALL,
            {"command": "c", "args": {"b": 1, "a": 2}, "data": "", "redirect": {"map": [["targets", ["t"]]]}},
            {
                "command": {"hex": "63"},
                "args": {"map": [[{"hex": "62"}, 1], [{"hex": "61"}, 2]]},
                "data": {"hex": ""},
                "redirect": {"map": [[{"hex": "74617267657473"}, [{"hex": "74"}]]]},
            },
        ),
        (Verb.REQUEST_STATE, {"request": 1}, {"request": 1}),
    ],
)
def test_parse_step_value_writes_the_canonical_form(verb: Verb, form: Any, value: Any) -> None:
    """docs/vector-format.md, "Step", in; docs/harness-protocol.md, "Steps on the wire", out."""
    assert parse_step_value(verb, form, "0006") == value


def test_tables_know_every_verb() -> None:
    """A verb without layer or fields could never be used."""
    assert LAYERS.keys() == set(Verb)
    assert FIELDS.keys() | NULL_VERBS | {Verb.RECEIVE, Verb.ENCODE, Verb.REQUEST} == set(Verb)


@pytest.mark.parametrize(
    ("verb", "form", "path", "part"),
    [
        (Verb.END_INPUT, {}, (), "an empty mapping where null is needed"),
        (Verb.RESPOND, {"request": 1}, (), "exactly one of objects, data, redirect, this has none of them"),
        (Verb.RESPOND, {"request": 1, "objects": [], "data": ""}, (), "this has objects and data"),
        (Verb.RESPOND, {"objects": []}, (), "'request' is missing"),
        (Verb.RESPOND, {"request": 1, "objects": {}}, ("objects",), "a list is needed"),
        (Verb.RESPOND, {"request": 1, "objects": [1.5]}, ("objects", 0), "bare float"),
        (Verb.RESPOND, {"request": 1, "objects": [], "stream": -1}, ("stream",), "outside"),
        (Verb.SEND_RESPONSE, {"request": 1}, (), "send-response needs exactly one of objects, data, chunks"),
        (Verb.START_RESPONSE, {"request": 1, "last": True}, ("last",), "unknown field"),
        (Verb.RESPOND, {"request": 1, "objects": [], "last": 1}, ("last",), "true or false"),
        (Verb.FAIL, {"request": 1, "kind": "comand", "message": "m"}, ("kind",), "did you mean 'command'?"),
        (Verb.CALL, {"comand": "c"}, ("comand",), "did you mean 'command'?"),
        (Verb.CALL, {"command": "c", "data": 5}, ("data",), "no bytestring"),
        (Verb.SENT, {"request": -1}, ("request",), "outside"),
        (Verb.ENCODE, "1 2", (), "too few fields"),
        (Verb.ENCODE, None, (), "null is no frame"),
    ],
)
def test_parse_step_value_with_a_mistake_says_what_and_where(
    verb: Verb, form: Any, path: tuple[Any, ...], part: str
) -> None:
    """Each kind of mistake in a step names its field."""
    with pytest.raises(FormError) as caught:
        parse_step_value(verb, form, "0006", ("steps", 2))
    assert caught.value.path == ("steps", 2, *path)
    assert part in str(caught.value)


@pytest.mark.parametrize("request_field", [{}, {"request": 0}])
def test_parse_step_value_without_request_ids_sends_request_zero(request_field: dict[str, int]) -> None:
    """Sheet r1 has no request IDs; a harness finds the field all the same."""
    value = parse_step_value(Verb.RESPOND, {"data": "x", **request_field}, "0001")
    assert value == {"request": 0, "data": {"hex": "78"}, "last": False, "unsent": False}


def test_parse_step_value_with_a_request_that_the_revision_lacks_is_refused() -> None:
    """Sheet r1 has no request IDs. That there is no such stream is for the implementation to say."""
    with pytest.raises(FormError, match="no request IDs"):
        parse_step_value(Verb.RESPOND, {"request": 1, "data": "x"}, "0001")
    value = parse_step_value(Verb.RESPOND, {"request": 1, "data": "x", "stream": 4}, "0002")
    assert value["stream"] == 4


def test_parse_step_value_encode_has_only_the_fields_of_the_header() -> None:
    """docs/harness-protocol.md: only the fields that the revision's header has."""
    assert parse_step_value(Verb.ENCODE, "command-name eos c", "0001") == {
        "type": 1,
        "flags": 1,
        "payload": {"hex": "63"},
    }


def test_parse_octets_writes_frames_with_the_revisions_header() -> None:
    """Sheets r1, r2, r3: 4, 6 and 8 octets of header before the same payload."""
    octets, notation = parse_octets(["command-name eos c"], None, "0001")
    assert [one.hex() for one in octets] == ["0100001163"]
    assert notation == ("command-name eos c",)
    octets, _ = parse_octets(["1 command-name eos c"], None, "0002")
    assert [one.hex() for one in octets] == ["01000001001163"]
    octets, _ = parse_octets(["1 1 stream-begin command-name eos c"], None, "0002-streams")
    assert [one.hex() for one in octets] == ["010000010001011163"]


def test_parse_octets_with_raw_octets_takes_them_as_they_are() -> None:
    """`receive-hex` says what the notation cannot, half a header for instance."""
    assert parse_octets(None, ["0100", "", "00"], "0006") == ((b"\x01\x00", b"", b"\x00"), ())


def test_parse_octets_with_both_checks_one_against_the_other() -> None:
    """docs/vector-format.md, "Step": receive-hex beside receive states the octets of the same frames."""
    frames = ["1 1 stream-begin 1 1 c", "1 1 0 1 1"]
    hexes = ["010000010001011163", "0000000100010011"]
    octets, notation = parse_octets(frames, hexes, "0006")
    assert [one.hex() for one in octets] == hexes
    assert notation == tuple(frames)


@pytest.mark.parametrize(
    ("frames", "hexes", "path", "part"),
    [
        (["1 1 0 1 1 c"], ["010000010001001164"], ("receive-hex", 0), "which is 010000010001001163"),
        (["1 1 0 1 1 c"], [], ("receive-hex",), "receive has 1 frames, receive-hex has 0"),
        (["1 1 0 1 1 c", "1"], None, ("receive", 1), "too few fields"),
        ("1 1 0 1 1 c", None, ("receive",), "a list is needed"),
        (None, ["00", 12], ("receive-hex", 1), "a hex string is needed"),
        (None, "00", ("receive-hex",), "a list is needed"),
    ],
)
def test_parse_octets_with_a_mistake_says_what_and_where(
    frames: Any, hexes: Any, path: tuple[Any, ...], part: str
) -> None:
    """The frame or hex string that is wrong is named, and the right octets are shown."""
    with pytest.raises(FormError) as caught:
        parse_octets(frames, hexes, "0006", ("steps", 0))
    assert caught.value.path == ("steps", 0, *path)
    assert part in str(caught.value)
