"""CBOR that is almost right: cbor2 and the definition say what is wrong with it."""

from __future__ import annotations

import io

import cbor2

from hgframing import CborDialect, encode_value
from hgframing_conformance._cbor_faults import cbor_faults


VALUE = {b"name": b"abc", b"args": {b"k": [b"v"]}}
FAULTS = {fault.label: fault for fault in cbor_faults(VALUE, (b"name",), CborDialect.SUBSET)}


def test_cbor_faults_lie_about_every_head() -> None:
    """Two maps, one array, and six bytestrings have a count or a length; most can lie in three ways."""
    places = {label.split("-")[1] for label in FAULTS if label.startswith("octet")}
    kinds = {label.rpartition("-")[2] for label in FAULTS if label.startswith("octet")}

    # A map of two, then args, a map of one, k, an array of one, v, name, abc: heads at these octets.
    assert encode_value(VALUE, CborDialect.SUBSET).hex() == "a24461726773a1416b814176446e616d6543616263"
    assert places == {"0", "1", "6", "7", "9", "10", "12", "17"}
    assert kinds == {"more", "less", "huge"}


def test_cbor_faults_that_lie_are_not_one_value() -> None:
    """Another reader of CBOR cannot read them, or leaves octets over."""
    for label, fault in FAULTS.items():
        if not label.startswith("octet"):
            continue
        stream = io.BytesIO(fault.payload)
        try:
            cbor2.load(stream)
        except (cbor2.CBORDecodeError, MemoryError, OverflowError, ValueError, TypeError):
            continue
        assert stream.read(), label


def test_cbor_faults_have_every_key_twice() -> None:
    """The head counts one more pair, and the pair stands behind the others."""
    assert (
        FAULTS["name-twice"].payload
        == b"\xa3" + encode_value(VALUE, CborDialect.SUBSET)[1:] + b"\x44name\x43abc"
    )
    assert "args-twice" in FAULTS


def test_cbor_faults_leave_out_what_must_be_there() -> None:
    """And nothing else."""
    assert cbor2.loads(FAULTS["without-name"].payload) == {b"args": {b"k": [b"v"]}}
    assert "without-args" not in FAULTS


def test_cbor_faults_name_what_the_subset_excludes() -> None:
    """Maps of indefinite length (CBOR-003), text (CBOR-002) and tags (CBOR-005)."""
    assert cbor2.loads(FAULTS["indefinite"].payload) == VALUE
    assert list(cbor2.loads(FAULTS["text-key"].payload)) == ["args", b"name"]
    assert FAULTS["tagged"].payload[0] >> 5 == 6
    assert {fault.violated for fault in FAULTS.values()} == {"", "CBOR-002", "CBOR-003", "CBOR-005"}


def test_cbor_faults_of_other_dialects_exclude_nothing() -> None:
    """Before 0006 any CBOR was CBOR."""
    faults = cbor_faults(VALUE, (), CborDialect.GENERAL)

    assert not [fault for fault in faults if fault.violated]


def test_cbor_faults_of_an_array_are_lies_alone() -> None:
    """It has no keys."""
    assert {fault.label.split("-")[0] for fault in cbor_faults([b"a"], (), CborDialect.SUBSET)} == {"octet"}
