"""The judge's own reader of CBOR (RFC 8949)."""

from __future__ import annotations

import contextlib
import math

import cbor2
import pytest

from hypothesis import given
from hypothesis import strategies as st

from hgframing import REVISIONS, FrameType
from hgframing_conformance._payloads import NotCborError, meaning, read_sequence
from hgframing_conformance._values import MapValue, SetValue, TagValue, Text, Value, equal


def read(octets: str) -> Value:
    """Read one value from hex."""
    (value,) = read_sequence(bytes.fromhex(octets))
    return value


@pytest.mark.parametrize(
    ("octets", "value"),
    [  # RFC 8949, appendix A
        ("00", 0),
        ("1818", 24),
        ("1bffffffffffffffff", 18446744073709551615),
        ("3903e7", -1000),
        ("3bffffffffffffffff", -18446744073709551616),
        ("f4", False),
        ("f5", True),
        ("f6", None),
        ("4401020304", b"\x01\x02\x03\x04"),
        ("62c3bc", Text("ü")),
        ("83010203", (1, 2, 3)),
        ("a201020304", MapValue(((1, 2), (3, 4)))),
        ("f93e00", 1.5),
        ("fa47c35000", 100000.0),
        ("fb3ff199999999999a", 1.1),
        ("c11a514b67b0", TagValue(1, 1363896240)),
        ("d9010283010203", SetValue((1, 2, 3))),
        ("5f42010243030405ff", b"\x01\x02\x03\x04\x05"),
    ],
)
def test_read_sequence_examples_of_the_rfc(octets: str, value: Value) -> None:
    """The RFC's own examples are read as it says."""
    assert equal(read(octets), value)


@pytest.mark.parametrize(
    "octets",
    [
        "18",
        "4401",
        "62c3",
        "61ff",
        "8201",
        "a101",
        "9f01ff",
        "bf6161f6ff",
        "7f6161ff",
        "815f4101ff",
        "5f4101",
        "5f01ff",
        "5f5f4101ffff",
        "f7",
        "f818",
        "ff",
        "1c",
        "9bffffffffffffffff",
        "c1",
        "81" * 200 + "00",
    ],
)
def test_read_sequence_refuses_what_is_no_value_of_the_protocol(octets: str) -> None:
    """Truncated octets, indefinite containers, reserved numbers, bad UTF-8 and endless nesting are not read."""
    with pytest.raises(NotCborError):
        read_sequence(bytes.fromhex(octets))


def test_read_sequence_keeps_duplicate_keys() -> None:
    """A second value under one key is significant: cbor2 would drop it."""
    assert not equal(read("a2616101616101"), read("a1616101"))


_LEAVES = st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.binary() | st.text() | st.floats()
_CBOR = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.binary() | st.integers(0, 99), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(_CBOR)
def test_read_sequence_reads_what_cbor2_writes(value: object) -> None:
    """Another codec's octets are read as the value that it wrote."""
    assert equal(read_sequence(cbor2.dumps(value) * 2), (_as_value(value), _as_value(value)))


def _as_value(value: object) -> Value:
    match value:
        case None | bool() | int() | bytes():
            return value
        case float():
            return math.nan if math.isnan(value) else value
        case str():
            return Text(value)
        case list():
            return tuple(_as_value(item) for item in value)
        case dict():
            return MapValue(tuple((_as_value(key), _as_value(item)) for key, item in value.items()))
        case _:
            raise AssertionError(value)


@given(st.binary(max_size=64))
def test_read_sequence_any_octets_raise_nothing_else(octets: bytes) -> None:
    """Whatever an implementation sends, it is read or it is not CBOR."""
    with contextlib.suppress(NotCborError):
        read_sequence(octets)


@pytest.mark.parametrize(
    ("revision", "frame_type", "is_cbor"),
    [
        ("0001", FrameType.RESPONSE, False),
        ("0006", FrameType.RESPONSE, True),
        ("0005", FrameType.ERROR_RESPONSE, True),
        ("0005-draft", FrameType.ERROR_RESPONSE, False),
        ("0002", FrameType.TEXT_OUTPUT, False),
        ("0006", FrameType.TEXT_OUTPUT, True),
        ("0002-streams", FrameType.PROGRESS, True),
        ("0002-streams", FrameType.STREAM_SETTINGS, False),
        ("0006", FrameType.STREAM_SETTINGS, True),
        ("0006", FrameType.SENDER_SETTINGS, True),
        ("0006", FrameType.COMMAND_DATA, False),
    ],
)
def test_meaning_follows_the_revision(revision: str, frame_type: FrameType, *, is_cbor: bool) -> None:
    """Only payloads that the revision defines as CBOR are compared as values (sheets r1 to r5, "Payloads")."""
    values, octets = meaning(b"\x01", frame_type, REVISIONS[revision])
    assert (values, octets) == (((1,), b"") if is_cbor else ((), b"\x01"))


def test_meaning_status_map_before_raw_octets() -> None:
    """In 0005 raw octets may follow the status map (sheet r4-released, "Worked frames")."""
    status = cbor2.dumps({b"status": b"ok"})
    values, octets = meaning(status + b"\xff\xff", FrameType.RESPONSE, REVISIONS["0005"])
    assert equal(values, (MapValue(((b"status", b"ok"),)),))
    assert octets == b"\xff\xff"


def test_meaning_of_what_is_no_cbor_is_its_octets() -> None:
    """A payload that should be CBOR and is not is compared as octets."""
    assert meaning(b"\x18", FrameType.PROGRESS, REVISIONS["0006"]) == ((), b"\x18")


@pytest.mark.parametrize("frame_type", [FrameType.TEXT_OUTPUT, FrameType.ERROR_RESPONSE, FrameType.RESPONSE])
def test_meaning_of_atoms_whose_lists_are_empty_is_that_of_atoms_without(frame_type: FrameType) -> None:
    """TEXT-004 makes `args` and `labels` optional; an empty list says no more than its absence."""
    bare: list[object] = [{b"msg": b"m"}]
    full: list[object] = [{b"msg": b"m", b"args": [], b"labels": []}]

    def payload(atoms: list[object]) -> bytes:
        wrapped = {
            FrameType.TEXT_OUTPUT: atoms,
            FrameType.ERROR_RESPONSE: {b"type": b"server", b"message": atoms},
            FrameType.RESPONSE: {b"status": b"error", b"error": {b"message": atoms}},
        }
        return cbor2.dumps(wrapped[frame_type])

    revision = REVISIONS["0006"]
    wanted, got = (meaning(payload(atoms), frame_type, revision) for atoms in (bare, full))
    assert equal(wanted[0], got[0])
    other = meaning(payload([{b"msg": b"m", b"args": [b""]}]), frame_type, revision)
    assert not equal(wanted[0], other[0])


def test_meaning_of_an_object_that_looks_like_an_atom_keeps_its_empty_lists() -> None:
    """What a command answers is its own business: only the status map has atoms."""
    revision = REVISIONS["0006"]
    status = cbor2.dumps({b"status": b"ok"})
    bare, full = ([{b"msg": b"m"}], [{b"msg": b"m", b"args": []}])
    wanted, got = (
        meaning(status + cbor2.dumps(atoms), FrameType.RESPONSE, revision) for atoms in (bare, full)
    )
    assert not equal(wanted[0], got[0])
