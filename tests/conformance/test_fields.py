"""Mappings of fields are read strictly, whoever wrote them."""

from __future__ import annotations

from typing import Any

import pytest

from hgframing_conformance._fields import (
    ARGUMENTS,
    ATOMS,
    BOOLEAN,
    BYTES,
    CODE,
    CODES,
    COUNT,
    REDIRECT,
    REQUEST,
    STRING,
    Field,
    FieldType,
    closest,
    parse_fields,
)
from hgframing_conformance._forms import FormError
from hgframing_conformance._values import MapValue, Text, equal


FIELDS = (
    Field(name="request", type=REQUEST),
    Field(name="data", type=BYTES, default=b"none"),
    Field(name="message", type=STRING, optional=True),
)


def test_parse_fields_fills_defaults_and_leaves_optional_fields_out() -> None:
    """What is absent means its default, or stays absent."""
    assert parse_fields({"request": 1}, FIELDS, ()) == {"request": 1, "data": b"none"}
    assert parse_fields({"request": 1, "message": None}, FIELDS, ()) == {"request": 1, "data": b"none"}
    assert parse_fields({"message": "m", "request": 1, "data": "d"}, FIELDS, ()) == {
        "request": 1,
        "data": b"d",
        "message": "m",
    }


def test_parse_fields_that_are_partial_may_miss_required_ones() -> None:
    """An expectation names what matters to it."""
    assert parse_fields({}, (Field(name="request", type=REQUEST),), (), partial=True) == {}


@pytest.mark.parametrize(
    ("form", "path", "part"),
    [
        ({}, (), "the field 'request' is missing"),
        ({"request": 1, "dta": "x"}, ("dta",), "did you mean 'data'?"),
        ({"request": 1, 7: "x"}, ("7",), "unknown field '7'"),
        ({"request": 65536}, ("request",), "outside 0–65535"),
        ({"request": None}, ("request",), "null where an integer is needed"),
        ({"request": 1, "data": None}, ("data",), "null is no bytestring"),
        ([], (), "a list where a mapping of fields is needed"),
    ],
)
def test_parse_fields_with_a_mistake_names_the_field(form: Any, path: tuple[str, ...], part: str) -> None:
    """Which field and why is all that a person needs."""
    with pytest.raises(FormError) as caught:
        parse_fields(form, FIELDS, ("fail",))
    assert caught.value.path == ("fail", *path)
    assert part in str(caught.value)


@pytest.mark.parametrize(
    "form",
    [
        {"a": 1, "b": {"text": "x"}},
        {"map": [["a", 1], ["b", {"text": "x"}]]},
        {"map": [[{"hex": "62"}, {"text": "x"}], [{"hex": "61"}, 1]]},
    ],
)
def test_arguments_are_read_from_a_plain_mapping_and_from_a_map(form: Any) -> None:
    """docs/vector-format.md, "Values", last sentence: two ways, one meaning."""
    assert equal(ARGUMENTS.parse(form, ()), MapValue(((b"a", 1), (b"b", Text("x")))))


def test_argument_named_map_is_told_from_the_map_form() -> None:
    """Only a list of pairs makes the map form."""
    assert equal(ARGUMENTS.parse({"map": 5}, ()), MapValue(((b"map", 5),)))
    assert equal(ARGUMENTS.parse({"map": [], "a": 1}, ()), MapValue(((b"map", ()), (b"a", 1))))
    assert equal(ARGUMENTS.parse({"map": []}, ()), MapValue(()))


@pytest.mark.parametrize(("form", "part"), [([], "arguments are needed"), ({"é": 1}, "not ASCII")])
def test_arguments_of_another_form_are_refused(form: Any, part: str) -> None:
    """Names of arguments are ASCII in the plain mapping."""
    with pytest.raises(FormError, match=part):
        ARGUMENTS.parse(form, ("args",))


def test_atoms_with_and_without_empty_lists_are_equal() -> None:
    """Sheet r4, "6 text-output": args and labels are optional; a harness may report either."""
    full = ATOMS.parse([{"msg": "hi", "args": [], "labels": []}], ())
    short = ATOMS.parse([{"msg": {"hex": "6869"}}], ())
    decoded = ATOMS.parse([{"map": [[{"hex": "6d7367"}, {"hex": "6869"}]]}], ())
    assert equal(full, short)
    assert equal(full, decoded)
    assert not equal(full, ATOMS.parse([{"msg": "hi", "labels": ["l"]}], ()))
    assert ATOMS.write(short) == [{"msg": {"hex": "6869"}, "args": [], "labels": []}]


@pytest.mark.parametrize(
    ("form", "path"),
    [
        ([{"args": []}], (0,)),
        ([{"msg": "x"}, {"msg": 5}], (1, "msg")),
        ([{"msg": "x", "args": "y"}], (0, "args")),
        ({"msg": "x"}, ()),
        ([{"map": [[5, 1]]}], (0, "5")),
    ],
)
def test_atoms_with_a_mistake_name_the_atom(form: Any, path: tuple[Any, ...]) -> None:
    """Of several atoms the wrong one is named."""
    with pytest.raises(FormError) as caught:
        ATOMS.parse(form, ("atoms",))
    assert caught.value.path == ("atoms", *path)


def test_redirect_keeps_only_what_was_written() -> None:
    """Sheet r5, "3 command-response"; what is missing is for the implementation to miss."""
    form = {"url": "http://x", "mediatype": "a/b", "size": 5, "fullhashes": [["sha1", {"hex": "00"}]]}
    written = REDIRECT.write(REDIRECT.parse(form, ()))
    assert written == {
        "url": {"hex": b"http://x".hex()},
        "mediatype": {"hex": b"a/b".hex()},
        "size": 5,
        "fullhashes": [[{"hex": b"sha1".hex()}, {"hex": "00"}]],
    }
    assert REDIRECT.write(REDIRECT.parse({"size": -1}, ())) == {"size": -1}


@pytest.mark.parametrize(
    ("field_type", "form"),
    [
        (BOOLEAN, 1),
        (BOOLEAN, None),
        (CODE, "no-such-code"),
        (CODES, ["bad-flags", "bad-flag"]),
        (CODES, "bad-flags"),
        (COUNT, -1),
        (CODE, 5),
    ],
)
def test_closed_sets_and_ranges_refuse_what_is_outside(field_type: FieldType, form: Any) -> None:
    """An error code that nobody knows would match nothing for ever."""
    with pytest.raises(FormError):
        field_type.parse(form, ())


def test_closest_offers_a_similar_name_or_all() -> None:
    """A typing mistake gets the word that was meant, a wild guess the whole list."""
    assert closest("bad-flag", ["bad-flags", "bad-cbor"]) == "did you mean 'bad-flags'?"
    assert closest("zzz", ["b", "a"]) == "known are a, b"
    assert closest("zzz", []) == "none is allowed here"
