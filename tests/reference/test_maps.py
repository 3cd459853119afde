"""Tests of `hgframing._maps`: payloads that are one CBOR map."""

from __future__ import annotations

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from hgframing import REVISIONS, FaultCode, Revision, encode_value
from hgframing._errors import FaultRaised
from hgframing._maps import parse_map


R4 = REVISIONS["0005"]
R5 = REVISIONS["0006"]


def test_parse_gives_the_map() -> None:
    """Worked payload of sheet r4: the request `{name: a}`."""
    assert parse_map(b"\xa1DnameAa", R4, 1, "command request") == {b"name": b"a"}
    assert parse_map(b"\xa1DnameAa", R5, 1, "command request") == {b"name": b"a"}


def test_parse_asks_the_revision_which_cbor_is_allowed() -> None:
    """Text is allowed before r5 and not since (CBOR-002)."""
    octets = b"\xa1dnameAa"

    assert parse_map(octets, R4, 1, "command request") == {"name": b"a"}
    with pytest.raises(FaultRaised, match=r"^error decoding CBOR from command request: str not allowed"):
        parse_map(octets, R5, 1, "command request")


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"", id="empty payload (D32)"),
        pytest.param(b"\xff", id="garbage (D32)"),
        pytest.param(b"\xa1Dname", id="cut off"),
        pytest.param(b"\xa0\xa0", id="a second map (D35)"),
        pytest.param(b"\xa0\xff", id="garbage behind the map (D35)"),
        pytest.param(b"\xa2\x00\x00\x00\x00", id="duplicate key"),
        pytest.param(b"\xa1\x00\x81\x81\x00", id="too deep"),
    ],
)
def test_parse_of_what_is_not_one_value_is_bad_cbor(octets: bytes) -> None:
    """Where Mercurial's decoder raises, or ignores what follows."""
    with pytest.raises(FaultRaised, match=r"^error decoding CBOR from error response: .") as caught:
        parse_map(octets, R5, 2, "error response")

    assert caught.value.code is FaultCode.BAD_CBOR


@pytest.mark.parametrize("octets", [b"\x05", b"\xf6", b"\x81Dname", b"Dname", b"\xd9\x01\x02\x81Dname"])
def test_parse_of_another_value_is_bad_payload(octets: bytes) -> None:
    """An integer, null, an array, a bytestring and a set that holds the key are no map (D33)."""
    with pytest.raises(FaultRaised, match=r"^progress is not a map$") as caught:
        parse_map(octets, R5, 2, "progress")

    assert caught.value.code is FaultCode.BAD_PAYLOAD


@given(st.binary(max_size=40), st.sampled_from([R4, R5]))
@settings(deadline=None)
def test_parse_raises_nothing_but_faults(octets: bytes, revision: Revision) -> None:
    """Whatever a peer sends is a map or a fault; so is whatever follows the beginning of a map."""
    for payload in (octets, b"\xa2" + octets, encode_value({b"name": octets}, R5.cbor)):
        try:
            value = parse_map(payload, revision, 8, "command request")
        except FaultRaised:
            continue
        assert type(value) is dict
