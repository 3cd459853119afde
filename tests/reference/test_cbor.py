"""Tests of `hgframing._cbor`: CBOR as the protocol uses it, strictly."""

from __future__ import annotations

import enum
import math
import re
import sys
import threading
import tracemalloc

from collections import OrderedDict
from types import MappingProxyType
from typing import Any

import pytest

from hypothesis import example, given, settings
from hypothesis import strategies as st

from hgframing._cbor import (
    CborDialect,
    CborError,
    CborErrorKind,
    Value,
    decode_one,
    decode_sequence,
    encode_value,
)
from hgframing._errors import HgFramingError, LocalProtocolError
from tests.reference.strategies import cbor_values


GENERAL = CborDialect.GENERAL
SUBSET = CborDialect.SUBSET
DEPTH = 32


def both_dialects() -> pytest.MarkDecorator:
    """Run a test for both dialects."""
    return pytest.mark.parametrize("dialect", [GENERAL, SUBSET], ids=["general", "subset"])


def decode(octets: str, dialect: CborDialect, max_depth: int = DEPTH) -> Value:
    """Decode one value from hex."""
    return decode_one(bytes.fromhex(octets), dialect, max_depth=max_depth)


def kind_of_error(octets: bytes, dialect: CborDialect, max_depth: int = DEPTH) -> CborErrorKind | None:
    """Say in which way octets are not one value."""
    try:
        decode_one(octets, dialect, max_depth=max_depth)
    except CborError as error:
        return error.kind
    return None


def exactly(value: Value) -> Any:
    """Make a value comparable with its types: Python holds 1, 1.0 and true to be equal."""
    match value:
        case dict():
            return {key: exactly(item) for key, item in value.items()}
        case list():
            return [exactly(item) for item in value]
        case _:
            return type(value), value


SCALARS: set[type] = {int, bytes, bool, type(None)}
ALLOWED: dict[CborDialect, set[type]] = {
    SUBSET: SCALARS | {list, dict, set},
    GENERAL: SCALARS | {list, dict, set, str, float},
}


def types_in(value: Value) -> set[type]:
    """List the types of a value and of everything in it."""
    found = {type(value)}
    match value:
        case dict():
            members = [*value, *value.values()]
        case list() | set():
            members = list(value)
        case _:
            members = []
    return found.union(*map(types_in, members))


#: What upstream's tests encode, and the octets of RFC 7049 for it (upstream tests, `testcborint` to `testcbordicts`).
UPSTREAM = [
    (15, "0f"),
    (42, "182a"),
    (1048576, "1a00100000"),
    (0, "00"),
    (-1, "20"),
    (-342542, "3a00053a0d"),
    (b"string", "46737472696e67"),
    ([None, True, False, 42, b"foo"], "85f6f5f4182a43666f6f"),
    ({b"foo": b"val1", b"bar": b"val2"}, "a2436261724476616c3243666f6f4476616c31"),
]

#: Worked payloads of sheet r4.
WORKED = [({b"name": b"a"}, "a1446e616d654161"), ({b"status": b"ok"}, "a146737461747573426f6b")]


@both_dialects()
@pytest.mark.parametrize(("value", "octets"), [*UPSTREAM, *WORKED])
def test_encode_of_upstreams_values_gives_the_known_octets(
    value: Value, octets: str, dialect: CborDialect
) -> None:
    """What both dialects have is the same in both but for the order of keys."""
    assert encode_value(value, dialect) == bytes.fromhex(octets)


@both_dialects()
@pytest.mark.parametrize(("value", "octets"), [*UPSTREAM, *WORKED])
def test_decode_of_known_octets_gives_upstreams_values(
    value: Value, octets: str, dialect: CborDialect
) -> None:
    """And the same way back."""
    assert exactly(decode(octets, dialect)) == exactly(value)


def test_encode_of_text_gives_the_known_octets_where_there_is_text() -> None:
    """The text-string case of upstream's `testcborstrings`, which is gone in r5."""
    assert encode_value("string", GENERAL) == bytes.fromhex("66737472696e67")


def test_encode_in_the_general_dialect_writes_the_shorter_keys_first() -> None:
    """`msg` < `args` < `labels`, `type` < `message` (sheet r4, "Payloads"); of one length, bytewise."""
    atom = encode_value({b"labels": 1, b"args": 2, b"msg": 3}, GENERAL)
    error = encode_value({b"message": 1, b"type": 2}, GENERAL)

    assert list(decode_one(atom, GENERAL, max_depth=1)) == [b"msg", b"args", b"labels"]
    assert list(decode_one(error, GENERAL, max_depth=1)) == [b"type", b"message"]
    assert encode_value({b"b": 0, b"a": 0, 300: 0}, GENERAL) == bytes.fromhex("a341610041620019012c00")


def test_encode_in_the_subset_writes_keys_in_the_order_of_their_octets() -> None:
    """r5 sorts bytewise, so the same object has different octets than in r4 (sheet r4, "Payloads")."""
    atom = encode_value({b"msg": 3, b"labels": 1, b"args": 2}, SUBSET)

    assert list(decode_one(atom, SUBSET, max_depth=1)) == [b"args", b"labels", b"msg"]


def test_encode_in_the_subset_sorts_keys_of_several_types_by_type_then_value() -> None:
    """Sheet r5, "CBOR subset": by type name, then value."""
    octets = encode_value({10: 0, None: 0, b"b": 0, False: 0, -1: 0, b"a": 0}, SUBSET)

    assert list(decode_one(octets, SUBSET, max_depth=1)) == [None, False, b"a", b"b", -1, 10]


@both_dialects()
def test_encode_orders_maps_at_every_depth(dialect: CborDialect) -> None:
    """The order does not hang on how the caller built the value."""
    one = {b"a": [{b"y": 1, b"x": 2}], b"b": 1}
    other = OrderedDict([(b"b", 1), (b"a", ({b"x": 2, b"y": 1},))])

    assert encode_value(one, dialect) == encode_value(other, dialect)
    assert encode_value(MappingProxyType(one), dialect) == encode_value(one, dialect)


@both_dialects()
def test_set_is_an_array_with_tag_258(dialect: CborDialect) -> None:
    """The only tag that the text has (CBOR-005); its members are in the order of keys."""
    assert encode_value({b"b", b"a"}, dialect) == bytes.fromhex("d901028241614162")
    assert encode_value(frozenset({b"a"}), dialect) == bytes.fromhex("d90102814161")
    assert decode("d901028241614162", dialect) == {b"a", b"b"}
    assert decode("a101d9010280", dialect) == {1: set()}


@given(st.sampled_from(CborDialect), st.data())
@settings(deadline=None)
def test_decode_of_what_was_encoded_gives_the_same_value(dialect: CborDialect, data: st.DataObject) -> None:
    """Every value of the protocol's types survives, types included, and its octets are the only ones for it."""
    value = data.draw(cbor_values(dialect))

    octets = encode_value(value, dialect)
    decoded = decode_one(octets, dialect, max_depth=64)

    assert exactly(decoded) == exactly(value)
    assert encode_value(decoded, dialect) == octets


@given(st.data())
@settings(deadline=None)
def test_decode_of_a_prefix_says_that_it_is_cut_off(data: st.DataObject) -> None:
    """A value that is not whole is never taken for another one, and nothing behind it is overlooked."""
    octets = encode_value(data.draw(cbor_values(SUBSET)), SUBSET)
    end = data.draw(st.integers(1, len(octets)))

    expected = CborErrorKind.TRUNCATED if end < len(octets) else None
    assert kind_of_error(octets[:end], SUBSET, 64) is expected
    assert kind_of_error(octets + octets[:end], SUBSET, 64) is CborErrorKind.TRAILING


@given(st.binary(max_size=64), st.sampled_from(CborDialect), st.integers(1, 8))
@settings(deadline=None, max_examples=300)
@example(b"\xd9\x01\x02\xa1\x80\x80", SUBSET, 8)
@example(b"\xa1\xd9\x01\x02\x80\x80", GENERAL, 8)
@example(b"\xa1\xa0\x00", GENERAL, 8)
def test_decode_of_arbitrary_octets_raises_nothing_but_its_error(
    octets: bytes, dialect: CborDialect, depth: int
) -> None:
    """Whatever a peer sends is a value of the dialect's types, or a `CborError`."""
    try:
        value = decode_one(octets, dialect, max_depth=depth)
    except CborError:
        return
    assert types_in(value) <= ALLOWED[dialect]


@given(st.binary(max_size=64), st.sampled_from(CborDialect))
@settings(deadline=None, max_examples=200)
def test_sequence_of_arbitrary_octets_raises_nothing_but_its_error(
    octets: bytes, dialect: CborDialect
) -> None:
    """A sequence is as strict as one value."""
    try:
        values = decode_sequence(octets, dialect, max_depth=4)
    except CborError:
        return
    assert set().union(*map(types_in, values)) <= ALLOWED[dialect]


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        pytest.param("616d", "str not allowed", id="text (CBOR-002)"),
        pytest.param("81616d", "str not allowed", id="text in an array (CBOR-002)"),
        pytest.param("a1616d00", "str not allowed as map key", id="text key (CBOR-007)"),
        pytest.param("f93c00", "float not allowed", id="float"),
        pytest.param("81fb3ff8000000000000", "float not allowed", id="float in an array"),
        pytest.param("a10081616d", "str not allowed", id="text in an array in a map (CBOR-002)"),
        pytest.param("81a100f93c00", "float not allowed", id="float in a map in an array"),
        pytest.param("9fff", "indefinite", id="indefinite array (CBOR-003)"),
        pytest.param("bfff", "indefinite", id="indefinite map (CBOR-003)"),
        pytest.param("815f4161ff", "indefinite", id="indefinite bytestring in an array (CBOR-004)"),
        pytest.param("a15f4161ff00", "indefinite", id="indefinite bytestring as a key (CBOR-004)"),
        pytest.param("a1005f4161ff", "indefinite", id="indefinite bytestring in a map (CBOR-004)"),
        pytest.param("d901025f4161ff", "indefinite", id="indefinite bytestring in a tag (CBOR-004)"),
        pytest.param("7f616dff", "indefinite", id="indefinite text"),
    ],
)
def test_subset_refuses_what_only_the_general_dialect_has(octets: str, reason: str) -> None:
    """CBOR-002 to CBOR-004 and CBOR-007; r4 accepted text, floats and indefinite lengths."""
    with pytest.raises(CborError, match=reason) as caught:
        decode(octets, SUBSET)

    assert caught.value.kind is CborErrorKind.INVALID


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        ("616d", "m"),
        ("a1616d00", {"m": 0}),
        ("f93c00", 1.0),
        ("f97c00", math.inf),
        ("9f01ff", [1]),
        ("bf4161f6ff", {b"a": None}),
        ("815f41614162ff", [b"ab"]),
        ("7f616dff", "m"),
        ("d901029f01ff", {1}),
    ],
)
def test_general_dialect_takes_text_floats_and_indefinite_lengths(octets: str, value: Value) -> None:
    """What the decoder of r4 accepts (sheet r4, "CBOR details")."""
    assert exactly(decode(octets, GENERAL)) == exactly(value)


@both_dialects()
def test_bytestring_of_indefinite_length_is_taken_where_no_container_is(dialect: CborDialect) -> None:
    """They are allowed at the top level (CBOR-004), before and after other values."""
    assert decode("5f41614162ff", dialect) == b"ab"
    assert decode("5fff", dialect) == b""
    octets = bytes.fromhex("5f41614162ff015fff")
    assert decode_sequence(octets, dialect, max_depth=1) == (b"ab", 1, b"")


@both_dialects()
@pytest.mark.parametrize(
    "octets",
    [
        pytest.param("5f01ff", id="number in an indefinite bytestring"),
        pytest.param("5f6161ff", id="text in an indefinite bytestring"),
        pytest.param("5f5f4161ffff", id="indefinite bytestring in another"),
        pytest.param("ff", id="break alone"),
        pytest.param("81ff", id="break as a member"),
        pytest.param("a1ff", id="break as a key"),
        pytest.param("a100ff", id="break as a value"),
        pytest.param("1c", id="reserved length of a number"),
        pytest.param("1f", id="number of indefinite length"),
        pytest.param("5d", id="reserved length of a bytestring"),
        pytest.param("df00ff", id="tag of indefinite length"),
        pytest.param("fc", id="reserved simple value"),
        pytest.param("f818", id="simple value in two octets that needs one"),
        pytest.param("61ff", id="text that is not UTF-8"),
        pytest.param("f7", id="undefined (CBOR-006)"),
        pytest.param("e0", id="simple value 0 (CBOR-006)"),
        pytest.param("f3", id="simple value 19 (CBOR-006)"),
        pytest.param("f820", id="simple value 32 (CBOR-006)"),
        pytest.param("f8ff", id="simple value 255 (CBOR-006)"),
        pytest.param("a180f6", id="array as a key (CBOR-007)"),
        pytest.param("a1a0f6", id="map as a key (CBOR-007)"),
        pytest.param("a1d9010280f6", id="set as a key (CBOR-007)"),
        pytest.param("d901028180", id="array in a set (CBOR-008)"),
        pytest.param("d9010281a0", id="map in a set (CBOR-008)"),
        pytest.param("d9010281d9010280", id="set in a set (CBOR-008)"),
        pytest.param("d9010281f7", id="undefined in a set"),
        pytest.param("d9010200", id="set that is a number"),
        pytest.param("d901024161", id="set that is a bytestring"),
        pytest.param("d90102a0", id="set that is a map"),
        pytest.param("a200000000", id="duplicate key"),
        pytest.param("a20000180000", id="duplicate key, encoded in another way"),
        pytest.param("81a2416100416100", id="duplicate key inside an array"),
    ],
)
def test_decode_refuses_what_no_dialect_has(octets: str, dialect: CborDialect) -> None:
    """Neither well-formed nonsense nor nonsense becomes a value."""
    assert kind_of_error(bytes.fromhex(octets), dialect) is CborErrorKind.INVALID


def tag_head(number: int) -> bytes:
    """Write the number of a tag as short as it can be (RFC 7049 §2.4)."""
    if number < 24:
        return bytes([0xC0 | number])
    return bytes([0xD8, number]) if number < 256 else b"\xd9" + number.to_bytes(2, "big")


#: What a decoder of general use makes something of, by its tag: dates, numbers, references, regular expressions,
#: messages, addresses, complex numbers, and values that it takes for themselves.
TAGGED = {
    0: "74323031332d30332d32315432303a30343a30305a",
    1: "00",
    2: "4101",
    3: "4101",
    4: "820001",
    5: "820001",
    25: "00",
    28: "80",
    29: "00",
    30: "820102",
    35: "6161",
    36: "67613a20620a0a63",
    37: "5000000000000000000000000000000000",
    52: "4401020304",
    54: "5000000000000000000000000000000000",
    100: "00",
    256: "80",
    260: "4401020304",
    261: "a14401020300" + "1818",
    1004: "6a323031332d30332d3231",
    43000: "820102",
    55799: "00",
}


@both_dialects()
@pytest.mark.parametrize(("number", "content"), TAGGED.items())
def test_decode_refuses_tags_that_general_decoders_understand(
    number: int, content: str, dialect: CborDialect
) -> None:
    """They are refused as tags (CBOR-005), before anything is made of what they hold."""
    octets = tag_head(number) + bytes.fromhex(content)

    for value in (octets, b"\x81" + octets, b"\xa1\x00" + octets):
        with pytest.raises(CborError, match=r"semantic tag$") as caught:
            decode_one(value, dialect, max_depth=8)
        decoding = caught.value.__cause__
        assert decoding is not None
        assert str(decoding.__cause__) == "semantic tag not allowed"


@both_dialects()
def test_decode_refuses_every_tag_but_that_of_sets(dialect: CborDialect) -> None:
    """CBOR-005, however the number is written, and whatever is behind it."""
    numbers = [*range(1100), 43000, 55799, 55800, 65535, 65536, 2**32 - 1, 2**32, 2**64 - 1]
    for number in numbers:
        head = b"\xdb" + number.to_bytes(8, "big")
        for content in (b"\x80", b"\x00", b"\x41a", b"\x82\x01\x02"):
            expected = None if number == 258 and content[0] >= 0x80 else CborErrorKind.INVALID
            assert kind_of_error(head + content, dialect) is expected, number


@both_dialects()
@pytest.mark.parametrize("octets", ["f4", "f5", "f6"])
def test_decode_takes_false_true_and_null(octets: str, dialect: CborDialect) -> None:
    """20, 21 and 22 are the simple values of the text (CBOR-006)."""
    assert decode(octets, dialect) is {"f4": False, "f5": True, "f6": None}[octets]


@both_dialects()
def test_decode_takes_keys_of_every_scalar_type(dialect: CborDialect) -> None:
    """Integers, definite bytestrings, booleans and null (CBOR-007)."""
    keys = list(decode("a505f620f64161f6f4f6f6f6", dialect))

    assert [(type(key), key) for key in keys] == [
        (int, 5),
        (int, -1),
        (bytes, b"a"),
        (bool, False),
        (type(None), None),
    ]


@both_dialects()
def test_integers_of_64_bits_are_taken_and_sent(dialect: CborDialect) -> None:
    """Unsigned and negative integers are supported fully (CBOR-001), without tags."""
    for value, octets in [(2**64 - 1, "1bffffffffffffffff"), (-(2**64), "3bffffffffffffffff")]:
        assert encode_value(value, dialect) == bytes.fromhex(octets)
        assert decode(octets, dialect) == value


@both_dialects()
@pytest.mark.parametrize("value", [2**64, -(2**64) - 1])
def test_integers_of_more_than_64_bits_are_not_sent(value: int, dialect: CborDialect) -> None:
    """Mercurial's message (sheet r5, "CBOR subset"); a tag would be needed, wherever the integer stands."""
    for holder in (value, [value], {b"a": value}, {value: b"a"}, {value}):
        with pytest.raises(LocalProtocolError, match=r"^big integers not supported$"):
            encode_value(holder, dialect)


@both_dialects()
def test_decode_takes_integers_in_any_length(dialect: CborDialect) -> None:
    """The text asks no sender for the shortest form."""
    assert [decode(octets, dialect) for octets in ("07", "1807", "190007", "1a00000007")] == [7] * 4


@both_dialects()
def test_one_value_of_no_octets_is_an_error(dialect: CborDialect) -> None:
    """Nothing is not a value; a sequence of nothing is empty."""
    assert kind_of_error(b"", dialect) is CborErrorKind.EMPTY
    with pytest.raises(CborError, match=r"^no CBOR data$"):
        decode("", dialect)
    assert decode_sequence(b"", dialect, max_depth=1) == ()


@both_dialects()
def test_one_value_with_something_behind_it_is_an_error(dialect: CborDialect) -> None:
    """A second value, garbage and the beginning of a value are all refused, where Mercurial ignores them (D35)."""
    for behind in (b"\xa0", b"\xff", b"\xa1", b"\x00"):
        assert kind_of_error(b"\xa0" + behind, dialect) is CborErrorKind.TRAILING


@both_dialects()
def test_sequence_says_what_is_wrong_with_it(dialect: CborDialect) -> None:
    """A value that is not whole is another fault than octets that are none, wherever it stands."""
    kinds = {}
    for octets in (b"\x48identit", b"\x48identity\xa1", b"\x48identity\xff", b"\xff"):
        with pytest.raises(CborError) as caught:
            decode_sequence(octets, dialect, max_depth=1)
        kinds[octets] = caught.value.kind

    assert list(kinds.values()) == [
        CborErrorKind.TRUNCATED,
        CborErrorKind.TRUNCATED,
        CborErrorKind.INVALID,
        CborErrorKind.INVALID,
    ]


@both_dialects()
@pytest.mark.parametrize("limit", [1, 2, 32])
def test_depth_at_the_limit_is_taken_and_beyond_it_refused(limit: int, dialect: CborDialect) -> None:
    """Arrays and maps count alike, and so does the tag of a set: each is one more container around a value."""
    for head, containers in ((b"\x81", 1), (b"\xa1\x00", 1), (b"\xd9\x01\x02\x81", 2)):
        around = b"\x81" * (limit - containers)
        if limit >= containers:
            assert kind_of_error(around + head + b"\x00", dialect, limit) is None
        assert kind_of_error(b"\x81" + around + head + b"\x00", dialect, limit) is CborErrorKind.INVALID


@both_dialects()
def test_great_depth_is_refused_without_harm(dialect: CborDialect) -> None:
    """A payload of brackets exhausts no stack, even where the caller sets no sensible limit."""
    octets = b"\x81" * 65535

    assert kind_of_error(octets, dialect) is CborErrorKind.INVALID
    assert kind_of_error(octets, dialect, 10**6) is CborErrorKind.TRUNCATED
    assert kind_of_error(octets + b"\x80", dialect, 10**6) is None


@both_dialects()
@pytest.mark.parametrize("head", ["5b", "9b", "bb", "7b", "d901029b"])
@pytest.mark.parametrize("length", [2**20, 2**31, 2**63, 2**64 - 1])
def test_declared_length_alone_costs_nothing(head: str, length: int, dialect: CborDialect) -> None:
    """Nine octets that declare more than there is are cut off, and allocate nothing."""
    octets = bytes.fromhex(head) + length.to_bytes(8, "big")

    tracemalloc.start()
    try:
        kind = kind_of_error(octets, dialect)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert kind is CborErrorKind.TRUNCATED
    # The decoder reads in pieces of 64 KiB.
    assert peak < 2**17


@given(st.lists(st.tuples(st.binary(max_size=12), st.sampled_from(CborDialect)), max_size=6), st.data())
@settings(deadline=None)
def test_decode_leaves_nothing_for_the_next_value(
    before: list[tuple[bytes, CborDialect]], data: st.DataObject
) -> None:
    """Whatever was decoded before, well or badly, a value is what its own octets say."""
    value = data.draw(cbor_values(SUBSET))
    octets = encode_value(value, SUBSET)

    for earlier, dialect in before:
        kind_of_error(earlier, dialect)
        kind_of_error(b"\x82" + octets + earlier, dialect)

    assert exactly(decode_one(octets, SUBSET, max_depth=DEPTH)) == exactly(value)
    assert decode_sequence(octets * 2, SUBSET, max_depth=DEPTH) == (value, value)


def test_decode_in_several_threads_gives_each_its_own() -> None:
    """Connections may be served by threads, which share nothing but this module."""
    wrong: list[object] = []
    start = threading.Barrier(4)

    def work(number: int) -> None:
        octets = encode_value([number] * 8, SUBSET)
        start.wait()
        try:
            for _ in range(2000):
                assert decode_one(octets, SUBSET, max_depth=DEPTH) == [number] * 8
        except BaseException as error:  # noqa: BLE001  (what ends a thread would be lost otherwise)
            wrong.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)

    assert wrong == []


def test_decode_keeps_nothing_large_alive() -> None:
    """What is kept to decode the next value faster does not hold the last one."""
    large = encode_value(b"x" * 100_000, SUBSET)
    before = sys.getrefcount(large)

    decode_one(large, SUBSET, max_depth=DEPTH)
    kept = sys.getrefcount(large)

    assert kept == before


@pytest.mark.parametrize("value", ["text", 1.5, ["text"], {b"a": 1.5}, {"text": 1}, {1.5: 1}, {"text"}])
def test_subset_sends_no_text_and_no_floats(value: Value) -> None:
    """CBOR-002 binds senders too; the general dialect sends them."""
    with pytest.raises(LocalProtocolError, match=r"^(str|float) cannot be "):
        encode_value(value, SUBSET)

    assert exactly(decode_one(encode_value(value, GENERAL), GENERAL, max_depth=2)) == exactly(value)


class Number(enum.IntEnum):
    """An integer that is something else too."""

    ONE = 1


@both_dialects()
@pytest.mark.parametrize(
    "value",
    [
        object(),
        1j,
        ...,
        range(3),
        bytearray(b"a"),
        memoryview(b"a"),
        Number.ONE,
        [object()],
        {b"a": object()},
        {(1, 2): 1},
        {frozenset(): 1},
        {Number.ONE: 1},
        {(1, 2)},
        {frozenset()},
    ],
    # An address in an id would differ from process to process, and nothing could share the work out.
    ids=lambda value: re.sub(r" at 0x\w+", "", repr(value)),
)
def test_encode_refuses_other_types(value: Value, dialect: CborDialect) -> None:
    """What the protocol has no type for is the caller's mistake, as a value, a key or a member of a set."""
    with pytest.raises(
        LocalProtocolError, match=r"^\w+ cannot be (sent as CBOR|a key or a member of a set)$"
    ):
        encode_value(value, dialect)


@pytest.mark.parametrize("value", ["\ud800", ["\ud800"], {"\ud800": 1}, {"\ud800"}], ids=ascii)
def test_encode_refuses_text_that_utf_8_cannot_say(value: Value) -> None:
    """Half of a surrogate pair is no character."""
    with pytest.raises(LocalProtocolError, match=r"^text with surrogates cannot be sent as CBOR$"):
        encode_value(value, GENERAL)


def nest(depth: int, container: type) -> Value:
    """Nest empty containers."""
    value: Value = container()
    for _ in range(depth - 1):
        value = [value] if container is list else {b"": value}
    return value


@both_dialects()
@pytest.mark.parametrize("container", [list, dict])
def test_encode_takes_64_nested_containers_and_no_more(container: type, dialect: CborDialect) -> None:
    """The encoder beneath would exhaust the stack somewhere; the limit is the same whatever is innermost."""
    deepest = nest(64, container)

    assert exactly(decode_one(encode_value(deepest, dialect), dialect, max_depth=64)) == exactly(deepest)
    assert encode_value([nest(63, container), 0], dialect)
    for value in (nest(65, container), [deepest], {0: deepest}, nest(100_000, container)):
        with pytest.raises(LocalProtocolError, match=r"^value is nested more than 64 deep$"):
            encode_value(value, dialect)


@both_dialects()
def test_encode_leaves_the_value_as_it_is(dialect: CborDialect) -> None:
    """Ordering is done on a copy."""
    value = {b"b": [3, 1], b"a": {b"d": 1, b"c": 2}}

    encode_value(value, dialect)

    assert list(value) == [b"b", b"a"]
    assert list(value[b"a"]) == [b"d", b"c"]


def test_cbor_error_is_an_error_of_this_package_and_not_of_the_caller() -> None:
    """Its octets are a peer's: who catches what callers do wrong does not catch it."""
    assert issubclass(CborError, HgFramingError)
    assert not issubclass(CborError, LocalProtocolError | ValueError)


@pytest.mark.parametrize(
    ("octets", "dialects"),
    [
        # 255 and the simple value 255; 1 and 1.0.
        ("d901028218fff8ff", []),
        ("d9010282f8ff18ff", []),
        ("d901028201f93c00", [CborDialect.GENERAL]),
        ("d901028201f5", list(CborDialect)),
    ],
)
def test_set_hides_no_member_that_its_dialect_has_not(octets: str, dialects: list[CborDialect]) -> None:
    """Python takes them for one, and would drop the second; the text has no such type (CBOR-001)."""
    for dialect in CborDialect:
        if dialect in dialects:
            assert decode_one(bytes.fromhex(octets), dialect, max_depth=16) == {1}
        else:
            with pytest.raises(CborError) as caught:
                decode_one(bytes.fromhex(octets), dialect, max_depth=16)
            assert caught.value.kind is CborErrorKind.INVALID
