"""Tests of responses as values: the status, values and chunks, as they arrive and within limits."""

from __future__ import annotations

import time
import tracemalloc

from typing import Any

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from hgframing import (
    REVISIONS,
    Atom,
    Fault,
    FaultCode,
    Limits,
    LocalProtocolError,
    Redirect,
    ResponseChunk,
    ResponseItem,
    ResponseReader,
    ResponseValue,
    Revision,
    StatusError,
    StatusOk,
    StatusRedirect,
    encode_value,
)
from tests.reference.strategies import cbor_values, cut


WITH_STATUS = ("0005-draft", "0005", "0006")

OK = b"\xa1\x46status\x42ok"
ERROR = b"\xa2\x45error\xa1\x47message\x81\xa1\x43msg\x42no\x46status\x45error"
REDIRECT = b"\xa2\x48location\xa2\x49mediatype\x41m\x43url\x41u\x46status\x48redirect"


def read(
    key: str, *pieces: bytes, eos: bool = True, limits: Limits | None = None
) -> list[ResponseItem | Fault]:
    """Read a response that comes in these pieces, taking what there is after each."""
    reader = ResponseReader(REVISIONS[key], request_id=7, limits=limits)
    items: list[ResponseItem | Fault] = []
    for number, piece in enumerate(pieces, start=1):
        reader.feed(piece, eos=eos and number == len(pieces))
        items += reader
        if items and isinstance(items[-1], Fault):
            break
    return items


def octets_of(octets: bytes) -> list[bytes]:
    """Cut octets into single ones."""
    return [bytes([octet]) for octet in octets]


def fault(code: FaultCode, message: str) -> Fault:
    """Make the fault of the request that `read` reads."""
    return Fault(code, message, 7)


# What there is to read.


@pytest.mark.parametrize("key", WITH_STATUS)
@pytest.mark.parametrize("bytewise", [False, True])
def test_response_of_values_is_status_and_values(key: str, *, bytewise: bool) -> None:
    """In their order, whatever the pieces (RSP-005 to RSP-007)."""
    octets = OK + b"\x41a\xa1\x41k\x82\x01\xf6\x20\xd9\x01\x02\x81\x05"

    items = read(key, *(octets_of(octets) if bytewise else [octets]))

    values = [b"a", {b"k": [1, None]}, -1, {5}]
    assert items == [StatusOk(), *(ResponseValue(value) for value in values)]


@pytest.mark.parametrize("key", WITH_STATUS)
def test_response_of_nothing_is_its_status(key: str) -> None:
    """A command may give no value."""
    assert read(key, OK) == [StatusOk()]
    assert read(key, OK, b"") == [StatusOk()]


@pytest.mark.parametrize("key", WITH_STATUS)
@pytest.mark.parametrize("bytewise", [False, True])
def test_response_of_an_error_is_its_message(key: str, *, bytewise: bool) -> None:
    """As atoms (RSP-008)."""
    assert read(key, *(octets_of(ERROR) if bytewise else [ERROR])) == [StatusError((Atom(b"no"),))]


def test_response_of_a_redirect_is_its_location() -> None:
    """RSP-009."""
    assert read("0006", REDIRECT) == [StatusRedirect(Redirect(b"u", b"m"))]


@pytest.mark.parametrize("key", WITH_STATUS)
@pytest.mark.parametrize("bytewise", [False, True])
def test_bytestring_of_indefinite_length_is_chunks(key: str, *, bytewise: bool) -> None:
    """As the server cut it, at the top level; then the values go on (CBOR-004, CBOR-009)."""
    octets = OK + b"\x5f\x42ab\x40\x58\x01c\xff" + b"\x01" + b"\x5f\xff"

    assert read(key, *(octets_of(octets) if bytewise else [octets])) == [
        StatusOk(),
        ResponseChunk(b"ab", last=False),
        ResponseChunk(b"", last=False),
        ResponseChunk(b"c", last=False),
        ResponseChunk(b"", last=True),
        ResponseValue(1),
        ResponseChunk(b"", last=True),
    ]


@pytest.mark.parametrize("key", ["0005-draft", "0005"])
def test_response_in_the_general_dialect_has_more_types(key: str) -> None:
    """Text, floats and containers of indefinite length (sheet r4, "CBOR details")."""
    octets = (
        OK
        + b"\x61t\x7f\x61a\x61b\xff\xfb\x3f\xf8\x00\x00\x00\x00\x00\x00\x9f\x01\xbf\x41a\x5f\x41b\xff\xff\xff"
    )

    items = read(key, *octets_of(octets))

    assert items == [StatusOk(), *(ResponseValue(value) for value in ("t", "ab", 1.5, [1, {b"a": b"b"}]))]


@pytest.mark.parametrize("argument", ["01", "1801", "190001", "1a00000001", "1b0000000000000001"])
def test_response_of_arguments_of_any_length_is_read(argument: str) -> None:
    """Heads have one to nine octets, wherever they are cut."""
    numbers = bytes.fromhex(argument)
    strings = bytes([numbers[0] | 0x40]) + numbers[1:] + b"x"
    arrays = bytes([numbers[0] | 0x80]) + numbers[1:] + b"\x02"
    maps = bytes([numbers[0] | 0xA0]) + numbers[1:] + b"\x03\x04"

    items = read("0006", *octets_of(OK + numbers + strings + arrays + maps))

    assert items == [StatusOk(), *(ResponseValue(value) for value in (1, b"x", [2], {3: 4}))]


def test_items_can_be_taken_one_by_one() -> None:
    """Nothing yet is `None`, and so is nothing more."""
    reader = ResponseReader(REVISIONS["0006"])

    assert reader.next_item() is None
    reader.feed(OK + b"\x01\x42a", eos=False)
    assert [reader.next_item() for _ in range(3)] == [StatusOk(), ResponseValue(1), None]
    reader.feed(b"b", eos=True)
    assert [reader.next_item() for _ in range(2)] == [ResponseValue(b"ab"), None]


@pytest.mark.parametrize(
    ("item", "field"),
    [
        (ResponseValue(1), "value"),
        (ResponseChunk(b"", last=True), "last"),
        (StatusError(()), "atoms"),
        (StatusRedirect(Redirect(b"u", b"m")), "redirect"),
        (Redirect(b"u", b"m"), "url"),
    ],
)
def test_item_field_assigned_is_refused(item: object, field: str) -> None:
    """What was read cannot be changed afterwards."""
    with pytest.raises(AttributeError):
        setattr(item, field, None)


# What is no response.


@pytest.mark.parametrize("key", WITH_STATUS)
@pytest.mark.parametrize(
    ("octets", "code", "message"),
    [
        (b"", FaultCode.BAD_CBOR, "error decoding CBOR from response: no CBOR data"),
        (OK[:5], FaultCode.BAD_CBOR, "error decoding CBOR from response: input data not complete"),
        (b"\x05", FaultCode.BAD_PAYLOAD, "response status is not a map"),
        (b"\x5f\x41a\xff", FaultCode.BAD_PAYLOAD, "response status is not a map"),
        (b"\x81" + OK, FaultCode.BAD_PAYLOAD, "response status is not a map"),
        (b"\xa0", FaultCode.BAD_PAYLOAD, "response has no known status"),
        (b"\xa1\x46status\x43zzz", FaultCode.BAD_PAYLOAD, "response has no known status"),
        (b"\xa1\x46status\x45error", FaultCode.BAD_PAYLOAD, "response status error has no error map"),
        (b"\xff", FaultCode.BAD_CBOR, "error decoding CBOR from response: unexpected break"),
        (b"\x1c", FaultCode.BAD_CBOR, "error decoding CBOR from response: unknown additional information 28"),
        (b"\x1f", FaultCode.BAD_CBOR, "error decoding CBOR from response: unknown additional information 31"),
        (b"\xdf", FaultCode.BAD_CBOR, "error decoding CBOR from response: unknown additional information 31"),
        (b"\x81\xff", FaultCode.BAD_CBOR, "error decoding CBOR from response: unexpected break"),
    ],
    ids=[
        "nothing", "cut-off", "integer", "bytestring", "array", "empty-map", "unknown", "no-error", "break",
        "reserved", "integer-indefinite", "tag-indefinite", "break-inside",
    ],
)  # fmt: skip
def test_response_without_its_status_is_a_fault(
    key: str, octets: bytes, code: FaultCode, message: str
) -> None:
    """The first value is a map whose `status` the text knows (RSP-006, RSP-007; D63, D80)."""
    assert read(key, octets) == [fault(code, message)]


@pytest.mark.parametrize("key", ["0005-draft", "0005"])
def test_redirect_where_there_are_none_is_a_fault(key: str) -> None:
    """It came with 0006."""
    assert read(key, REDIRECT) == [fault(FaultCode.BAD_PAYLOAD, "response has no known status")]


@pytest.mark.parametrize(
    ("status", "item", "message"),
    [
        (ERROR, StatusError((Atom(b"no"),)), "received unexpected response data after an error"),
        (
            REDIRECT,
            StatusRedirect(Redirect(b"u", b"m")),
            "received unexpected response data after content redirect; the remote is buggy",
        ),
    ],
)
def test_values_after_a_status_that_has_none_are_a_fault(
    status: bytes, item: ResponseItem, message: str
) -> None:
    """After a redirect it is Mercurial's message (sheet r5, 9)."""
    assert read("0006", status + b"\x01") == [item, fault(FaultCode.BAD_PAYLOAD, message)]
    assert read("0006", status, b"", b"\x01", eos=False) == [item, fault(FaultCode.BAD_PAYLOAD, message)]


@pytest.mark.parametrize(
    "octets",
    [
        b"\x42a",
        b"\x19\x01",
        b"\x82\x01",
        b"\xa1\x41a",
        b"\xd9\x01\x02",
        b"\x5f",
        b"\x5f\x41a",
        b"\x5f\x42a",
        b"\x5f\x58",
    ],
)
def test_response_that_ends_inside_a_value_is_a_fault(octets: bytes) -> None:
    """What had come before was handed over."""
    *before, last = read("0006", OK, b"\x01", octets)

    assert before[:2] == [StatusOk(), ResponseValue(1)]
    assert last == fault(FaultCode.BAD_CBOR, "error decoding CBOR from response: input data not complete")


@pytest.mark.parametrize(
    "octets",
    [
        b"\x61t",
        b"\xf9\x00\x00",
        b"\x9f\xff",
        b"\x81\x5f\xff",
        b"\xc0\x40",
        b"\xf7",
        b"\xa2\x01\x01\x01\x02",
        b"\xa1\x80\x01",
    ],
    ids=["text", "float", "indefinite", "indefinite-inside", "tag", "undefined", "key-twice", "key-array"],
)
def test_response_outside_the_subset_is_a_fault(octets: bytes) -> None:
    """0006 has its own CBOR, both ways (CBOR-001 to CBOR-008)."""
    status, last = read("0006", OK + octets)

    assert status == StatusOk()
    assert isinstance(last, Fault)
    assert last.code is FaultCode.BAD_CBOR
    assert last.message.startswith("error decoding CBOR from response: ")


@pytest.mark.parametrize("chunk", [b"\x01", b"\x61t", b"\x5f\xff", b"\x81\x40", b"\xf6"])
def test_chunk_that_is_no_bytestring_is_a_fault(chunk: bytes) -> None:
    """Of definite length, as CBOR has it."""
    message = (
        "error decoding CBOR from response: a chunk of a bytestring is not a bytestring of definite length"
    )

    assert read("0006", OK + b"\x5f\x41a" + chunk) == [
        StatusOk(),
        ResponseChunk(b"a", last=False),
        fault(FaultCode.BAD_CBOR, message),
    ]


def test_fault_is_terminal() -> None:
    """It is told again and again, and what is fed later is dropped."""
    reader = ResponseReader(REVISIONS["0006"])
    reader.feed(b"\xff", eos=False)
    broken = Fault(FaultCode.BAD_CBOR, "error decoding CBOR from response: unexpected break")

    assert [reader.next_item(), reader.next_item()] == [broken, broken]
    reader.feed(OK, eos=False)
    assert list(reader) == [broken]
    assert list(reader) == [broken]


def test_complete_response_cannot_be_fed() -> None:
    """That is a mistake of the caller."""
    reader = ResponseReader(REVISIONS["0006"])
    reader.feed(OK, eos=True)

    with pytest.raises(LocalProtocolError, match="the response is already complete"):
        reader.feed(b"", eos=True)


@pytest.mark.parametrize("key", ["0001", "0002", "0002-streams"])
def test_reader_where_responses_have_no_status_is_refused(key: str) -> None:
    """They are the caller's octets there (RSP-001)."""
    with pytest.raises(LocalProtocolError, match=f"responses have no status map in revision {key}"):
        ResponseReader(REVISIONS[key])


# Limits.


@pytest.mark.parametrize(
    ("octets", "size"),
    [
        (b"\x58\x32" + bytes(50), 52),
        (b"\x85" + b"\x49123456789" * 5, 51),
        (b"\xa1\x41a\x58\x30" + bytes(48), 53),
        (b"\xd9\x01\x02\x98\x30" + bytes(48), 53),
        (b"\x98\x32" + bytes(50), 52),
    ],
    ids=["bytestring", "array", "map", "set", "integers"],
)
@pytest.mark.parametrize("bytewise", [False, True])
def test_value_at_its_octets_is_read_and_beyond_them_is_a_fault(
    octets: bytes, size: int, *, bytewise: bool
) -> None:
    """Head and all; each value has the limit to itself."""
    octets = OK + octets
    pieces = octets_of(octets) if bytewise else [octets]

    assert len(octets) - len(OK) == size
    [status, value] = read("0006", *pieces, limits=Limits(max_request_octets=size))
    assert (status, type(value)) == (StatusOk(), ResponseValue)
    message = f"response value exceeds the limit of {size - 1} octets"
    assert read("0006", *pieces, limits=Limits(max_request_octets=size - 1)) == [
        StatusOk(),
        fault(FaultCode.LIMIT_EXCEEDED, message),
    ]


@pytest.mark.parametrize(
    "head",
    [
        "5a7fffffff",
        "9a7fffffff",
        "ba7fffffff",
        "5f5a7fffffff",
        "5bffffffffffffffff",
        "bbffffffffffffffff",
        "8281" + "9a7fffffff",
    ],
)
def test_value_that_can_never_fit_is_a_fault_when_it_is_declared(head: str) -> None:
    """Nine octets are enough to know."""
    *_, last = read("0006", OK + bytes.fromhex(head), eos=False)

    assert last == fault(FaultCode.LIMIT_EXCEEDED, "response value exceeds the limit of 16777216 octets")


def test_value_without_an_end_is_a_fault_at_the_limit() -> None:
    """A container of indefinite length may go on for ever."""
    reader = ResponseReader(REVISIONS["0005"], limits=Limits(max_request_octets=1000))
    reader.feed(OK + b"\x9f", eos=False)
    items = list(reader)
    for _ in range(1001):
        reader.feed(b"\x01", eos=False)
        items += reader
        if len(items) > 1:
            break

    assert items[1] == Fault(FaultCode.LIMIT_EXCEEDED, "response value exceeds the limit of 1000 octets")


def test_bytestring_of_indefinite_length_has_no_limit_but_its_chunks_have() -> None:
    """A limit on what is held is none on what passes."""
    limits = Limits(max_request_octets=11)

    items = read("0006", OK + b"\x5f", *[b"\x4a0123456789"] * 50, b"\xff", limits=limits)
    assert items == [
        StatusOk(),
        *[ResponseChunk(b"0123456789", last=False)] * 50,
        ResponseChunk(b"", last=True),
    ]
    assert read("0006", OK + b"\x5f\x4b", eos=False, limits=limits)[-1] == fault(
        FaultCode.LIMIT_EXCEEDED, "response value exceeds the limit of 11 octets"
    )


@pytest.mark.parametrize("key", WITH_STATUS)
def test_value_at_its_depth_is_read_and_beyond_it_is_a_fault(key: str) -> None:
    """The deeper one is refused as soon as it gets there, however much is declared to follow."""
    limits = Limits(max_cbor_depth=3)

    assert read(key, OK + b"\x81\xa1\x01\x81\x02", limits=limits) == [StatusOk(), ResponseValue([{1: [2]}])]
    assert read(key, OK + b"\x81\xa1\x01\x81\x81", limits=limits, eos=False) == [
        StatusOk(),
        fault(FaultCode.BAD_CBOR, "error decoding CBOR from response: nested more than 3 deep"),
    ]


# How it comes is no matter.


@settings(deadline=None)
@given(data=st.data())
def test_response_in_any_pieces_is_read_as_it_was_written(data: st.DataObject) -> None:
    """Values and bytestrings in chunks, in both dialects."""
    revision = data.draw(st.sampled_from([REVISIONS[key] for key in WITH_STATUS]))
    octets, expected = OK, [StatusOk()]  # type: tuple[bytes, list[Any]]
    parts = st.one_of(cbor_values(revision.cbor), st.lists(st.binary(max_size=5), max_size=3).map(tuple))
    for part in data.draw(st.lists(parts, max_size=4)):
        if isinstance(part, tuple):
            octets += b"\x5f" + b"".join(encode_value(chunk, revision.cbor) for chunk in part) + b"\xff"
            expected += [*(ResponseChunk(chunk, last=False) for chunk in part), ResponseChunk(b"", last=True)]
        else:
            octets += encode_value(part, revision.cbor)
            expected.append(ResponseValue(part))
    pieces = cut(octets, data.draw(st.lists(st.integers(0, len(octets)), max_size=8)))

    assert read(revision.key, *pieces) == expected


def summary(items: list[ResponseItem | Fault]) -> list[Any]:
    """Values as they are compared: 1 and true are not the same."""
    return [repr(item) for item in items]


@settings(deadline=None)
@given(
    revision=st.sampled_from([REVISIONS[key] for key in WITH_STATUS]),
    octets=st.one_of(
        st.binary(max_size=40),
        st.lists(
            st.sampled_from([*range(256), *[0x5F, 0xFF, 0x9F, 0xBF, 0x81, 0xA1, 0x41] * 20]), max_size=20
        ).map(lambda tail: OK + bytes(tail)),
    ),
    data=st.data(),
)
def test_anything_is_read_without_raising_and_alike_in_any_pieces(
    revision: Revision, octets: bytes, data: st.DataObject
) -> None:
    """The same items and the same fault, whole or octet by octet."""
    limits = Limits(max_request_octets=30, max_cbor_depth=4)

    whole = read(revision.key, octets, limits=limits)

    assert summary(read(revision.key, *octets_of(octets), b"", limits=limits)) == summary(whole)
    pieces = cut(octets, data.draw(st.lists(st.integers(0, len(octets)), max_size=4)))
    assert summary(read(revision.key, *pieces, limits=limits)) == summary(whole)
    faults = [item for item in whole if isinstance(item, Fault)]
    assert len(faults) <= 1
    assert not faults or whole[-1] is faults[0]


# What it costs.


def test_reading_holds_one_value_at_a_time() -> None:
    """Ten thousand values, or chunks, leave nothing."""
    reader = ResponseReader(REVISIONS["0006"])
    reader.feed(OK, eos=False)
    list(reader)
    value = b"\x58\xc8" + bytes(200)

    def pass_by(count: int) -> int:
        for _ in range(count):
            reader.feed(value[:100], eos=False)
            assert reader.next_item() is None
            reader.feed(value[100:], eos=False)
            assert reader.next_item() is not None
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        assert -4096 < pass_by(100) - pass_by(10_000) < 4096
        reader.feed(b"\x5f", eos=False)
        assert -4096 < pass_by(100) - pass_by(10_000) < 4096
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("head", "piece"),
    [(b"\x5a\x00\xf0\x00\x00", bytes(16)), (b"\x9a\x00\xf0\x00\x00", b"\x01" * 16), (b"\x81" * 30, b"")],
    ids=["bytestring", "array", "empty-pieces"],
)
def test_reading_in_small_pieces_takes_linear_time(head: bytes, piece: bytes) -> None:
    """Eight times the pieces cost eight times the time, and not sixty-four times."""

    def cost(pieces: int) -> float:
        reader = ResponseReader(REVISIONS["0006"])
        reader.feed(OK + head, eos=False)
        list(reader)
        start = time.perf_counter()
        for _ in range(pieces):
            reader.feed(piece, eos=False)
            assert reader.next_item() is None
        return time.perf_counter() - start

    small = min(cost(1000) for _ in range(3))
    large = min(cost(8000) for _ in range(3))
    assert large < 8 * small * 3
