"""The value language, both ways; equality is the protocol's, not Python's."""

from __future__ import annotations

import json
import math

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from hgframing_conformance._values import (
    MAX_DEPTH,
    VALUE_TYPES,
    FormError,
    MapValue,
    SetValue,
    TagValue,
    Text,
    Value,
    display,
    equal,
    parse_value,
    to_wire,
    value_types,
)


def values() -> st.SearchStrategy[Value]:
    """Return every value of the format, nested."""
    scalars = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(min_value=-(1 << 70), max_value=1 << 70),
        st.floats(),
        st.binary(max_size=8),
        st.builds(Text, st.text(max_size=8)),
    )

    def containers(inner: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
        lists = st.lists(inner, max_size=3).map(tuple)
        return st.one_of(
            lists,
            lists.map(SetValue),
            st.lists(st.tuples(inner, inner), max_size=3).map(lambda pairs: MapValue(tuple(pairs))),
            st.builds(TagValue, st.integers(0, 257), inner),
        )

    return st.recursive(scalars, containers, max_leaves=10)


@given(values())
def test_to_wire_then_parse_value_gives_the_same_value(value: Value) -> None:
    """Whatever can be said survives the way through JSON."""
    assert equal(parse_value(json.loads(json.dumps(to_wire(value)))), value)


@given(values(), values())
def test_equal_values_have_equal_canonical_forms_up_to_order(left: Value, right: Value) -> None:
    """Equality of two independent values agrees in both directions and with their hashes."""
    assert equal(left, right) == equal(right, left)
    if equal(left, right) and isinstance(left, MapValue | SetValue | TagValue):
        assert hash(left) == hash(right)


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (-(1 << 63), -(1 << 63)),
        ({"int": "18446744073709551615"}, 18446744073709551615),
        ({"int": "-18446744073709551616"}, -18446744073709551616),
        ("abc", b"abc"),
        ({"ascii": "abc"}, b"abc"),
        ({"hex": "00ff"}, b"\x00\xff"),
        ({"repeat": {"hex": "61", "times": 3}}, b"aaa"),
        ({"text": "é"}, Text("é")),
        ({"float": "1.5"}, 1.5),
        ({"float": "-inf"}, -math.inf),
        ([1, [2]], (1, (2,))),
        ({"map": [["k", 1], [2, {"text": "v"}]]}, MapValue(((b"k", 1), (2, Text("v"))))),
        ({"set": [1, 2]}, SetValue((1, 2))),
        ({"tag": [2, {"hex": "01"}]}, TagValue(2, b"\x01")),
        ({"tag": [258, [1]]}, SetValue((1,))),
        ({"tag": [258, 1]}, TagValue(258, 1)),
        ({"tag": [257, [1]]}, TagValue(257, (1,))),
        ({"int": "1" * 1000}, int("1" * 1000)),
    ],
)
def test_parse_value_reads_every_form(form: Any, value: Value) -> None:
    """The table of docs/vector-format.md, "Values", line by line."""
    assert equal(parse_value(form), value)


@pytest.mark.parametrize(
    ("form", "path", "part"),
    [
        (1.5, (), "bare float"),
        ("é", (), "not ASCII"),
        ({}, (), "this has none"),
        ({"hex": "00", "text": "a"}, (), "exactly one key"),
        ({"bytes": "00"}, (), "unknown kind of value 'bytes'"),
        ({"hex": "0"}, ("hex",), "no hex string"),
        ({"int": 5}, ("int",), "where a string is needed"),
        ({"int": "0x10"}, ("int",), "no decimal integer"),
        ({"int": "1_000"}, ("int",), "no decimal integer"),
        ({"int": "+1"}, ("int",), "no decimal integer"),
        ({"int": "1" * 1001}, ("int",), "no decimal integer"),
        ({"float": "1,5"}, ("float",), "no float"),
        ({"float": "infinity"}, ("float",), "no float"),
        ({"text": 5}, ("text",), "where a string is needed"),
        ({"map": {"a": 1}}, ("map",), "where a list is needed"),
        ({"map": [["k", 1], ["k"]]}, ("map", 1), "[key, value] pairs"),
        ({"map": [["k", {"hex": "zz"}]]}, ("map", 0, 1, "hex"), "no hex string"),
        ({"set": 1}, ("set",), "where a list is needed"),
        ({"tag": [1]}, ("tag",), "[number, value]"),
        ({"tag": [True, 1]}, ("tag", 0), "no tag number"),
        ({"tag": [-1, 1]}, ("tag", 0), "no tag number"),
        ([1, 2, 1.5], (2,), "bare float"),
    ],
)
def test_parse_value_with_a_wrong_form_says_what_and_where(
    form: Any, path: tuple[Any, ...], part: str
) -> None:
    """An author learns what is wrong, and at which place of a nested value."""
    with pytest.raises(FormError) as caught:
        parse_value(form, ("args", "a"))
    assert caught.value.path == ("args", "a", *path)
    assert part in caught.value.message


def test_parse_value_with_a_map_written_plainly_says_how_maps_are_written() -> None:
    """The usual mistake: a YAML mapping where a map value is meant."""
    with pytest.raises(FormError) as caught:
        parse_value({"a": 1, "b": 2})
    assert caught.value.remedy == "write a map as {map: [[key, value], …]}"


@pytest.mark.parametrize("wrap", [lambda form: [form], lambda form: {"set": [form]}])
def test_parse_value_beyond_the_depth_limit_is_an_error_not_a_stack_overflow(wrap: Any) -> None:
    """A stranger's harness may nest as deep as JSON goes."""
    form: Any = None
    for _ in range(MAX_DEPTH // 2 - 1):
        form = wrap(form)
    parse_value(form)
    for _ in range(5000):
        form = wrap(form)
    with pytest.raises(FormError, match="nested deeper"):
        parse_value(form)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (True, 1),
        (False, 0),
        (1, 1.0),
        (0.0, -0.0),
        (b"a", Text("a")),
        ((1,), (True,)),
        ((1, 2), (2, 1)),
        (MapValue(((1, b"a"),)), MapValue(((True, b"a"),))),
        (MapValue(((1, 2), (1, 2))), MapValue(((1, 2),))),
        (MapValue(()), SetValue(())),
        (SetValue((1, 1)), SetValue((1,))),
        (SetValue((1,)), (1,)),
        (TagValue(1, True), TagValue(1, 1)),
        (TagValue(1, b""), TagValue(2, b"")),
        ("a", Text("a")),
        (None, False),
    ],
)
def test_equal_with_different_values_is_false(left: Any, right: Any) -> None:
    """Types count, and so do duplicates; Python's own equality lets most of these pass."""
    assert not equal(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (math.nan, math.nan),
        (MapValue(((1, 2), (b"k", 4))), MapValue(((b"k", 4), (1, 2)))),
        (MapValue(((1, 2), (1, 3))), MapValue(((1, 3), (1, 2)))),
        (SetValue((1, (2, b"x"))), SetValue(((2, b"x"), 1))),
        (TagValue(5, MapValue(((1, 2), (3, 4)))), TagValue(5, MapValue(((3, 4), (1, 2))))),
        ((MapValue(((Text("\ud800"), None),)),), (MapValue(((Text("\ud800"), None),)),)),
    ],
)
def test_equal_ignores_the_order_of_maps_and_sets(left: Value, right: Value) -> None:
    """docs/vector-format.md, "Values": the order of a map does not matter, duplicate keys do."""
    assert equal(left, right)
    if isinstance(left, MapValue | SetValue | TagValue):
        assert left == right
        assert hash(left) == hash(right)


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (1 << 53, 9007199254740992),
        ((1 << 53) + 1, {"int": "9007199254740993"}),
        (-(1 << 53) - 1, {"int": "-9007199254740993"}),
        (b"ab", {"hex": "6162"}),
        (1.5, {"float": "1.5"}),
        (math.nan, {"float": "nan"}),
        (MapValue(((b"b", True), (b"a", None))), {"map": [[{"hex": "62"}, True], [{"hex": "61"}, None]]}),
        (SetValue((Text("x"),)), {"set": [{"text": "x"}]}),
        (TagValue(1 << 60, 0), {"tag": [{"int": str(1 << 60)}, 0]}),
    ],
)
def test_to_wire_writes_the_canonical_form(value: Value, form: Any) -> None:
    """docs/harness-protocol.md, "Steps on the wire"; pairs keep the order their author chose."""
    assert to_wire(value) == form


def test_to_wire_with_a_foreign_type_is_a_type_error() -> None:
    """A plain string is no value: it would be a bytestring to one reader and text to another."""
    with pytest.raises(TypeError):
        to_wire("a")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"name", "b'name'"),
        (b"a" * 64, "b'" + "a" * 64 + "'"),
        (b"a" * 65, "b'" + "a" * 64 + "'… (65 octets)"),
        (Text("name"), "'name'"),
        ((1, None, True), "[1, None, True]"),
        (MapValue(((b"k", (1,)),)), "{b'k': [1]}"),
        (SetValue((1, 2)), "set(1, 2)"),
        (TagValue(2, b""), "tag(2, b'')"),
        (1.5, "1.5"),
    ],
)
def test_display_writes_the_literals_of_the_notation(value: Value, text: str) -> None:
    """People compare what they read with the frames beside it."""
    assert display(value) == text


@pytest.mark.parametrize(
    ("form", "types"),
    [
        (None, {"null"}),
        (True, {"bool"}),
        (1, {"int"}),
        ("a", {"bytes"}),
        ({"float": "1.5"}, {"float"}),
        ([{"text": "a"}, 1], {"list", "text", "int"}),
        ({"map": [["a", 1]]}, {"map", "int"}),
        ({"map": [[1, None]]}, {"map", "keys", "int", "null"}),
        ({"set": ["a"]}, {"set", "bytes"}),
        ({"tag": [1, []]}, {"tag", "list"}),
    ],
)
def test_value_types_are_those_of_the_whole_value(form: Any, types: set[str]) -> None:
    """What cannot tell one of them apart cannot report the value."""
    assert value_types(parse_value(form)) == types
    assert types <= VALUE_TYPES
