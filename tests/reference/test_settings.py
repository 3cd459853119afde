"""Tests of `hgframing._settings`: what a peer says of itself before anything else."""

from __future__ import annotations

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from hgframing import REVISIONS, FaultCode, Limits, encode_value
from hgframing._errors import FaultRaised
from hgframing._settings import SettingsReader, build_settings, choose_encoding
from tests.reference.strategies import cuts


R5 = REVISIONS["0006"]
NO_CBOR = "sender protocol settings frame did not contain CBOR data"
SEVERAL = "sender protocol settings frame contained multiple CBOR values"
BAD = "error decoding CBOR from sender protocol settings frame: "
NO_MAP = "sender protocol settings frame is not a map"
NO_ARRAY = "sender protocol settings frame: contentencodings is not an array of bytestrings"


def offered(octets: bytes, limits: Limits | None = None) -> tuple[bytes, ...]:
    """Read settings that come in one frame."""
    return SettingsReader(R5, limits or Limits()).receive(octets, is_last=True)


def fault_of(octets: bytes, limits: Limits | None = None) -> tuple[FaultCode, str]:
    """Read settings that break the protocol, and say how."""
    with pytest.raises(FaultRaised) as caught:
        offered(octets, limits)
    return caught.value.code, caught.value.message


def test_reader_gives_the_encodings_in_the_peers_order() -> None:
    """Most preferred first (SET-002), known or not; upstream's `testprotocolsettingscontentencodings`."""
    assert offered(b"\xa1Pcontentencodings\x82Aa\x41b") == (b"a", b"b")
    assert offered(b"\xa1Pcontentencodings\x80") == ()


@pytest.mark.parametrize("octets", [b"\xa0", b"\xa1Aa\x01", b"\xa1\x00\x00"])
def test_reader_takes_identity_for_granted_where_nothing_is_offered(octets: bytes) -> None:
    """An absent key means `[identity]` (SET-003), whatever other keys there are."""
    assert offered(octets) == ()


@given(st.lists(st.binary(max_size=20), max_size=6), st.data())
@settings(deadline=None)
def test_reader_joins_settings_that_are_split_over_frames(names: list[bytes], data: st.DataObject) -> None:
    """The frames are joined before they are read (SET-006); until then identity alone is offered (SET-003)."""
    reader = SettingsReader(R5, Limits())
    *parts, last = data.draw(cuts(encode_value({b"contentencodings": names}, R5.cbor)))

    assert [reader.receive(part, is_last=False) for part in parts] == [()] * len(parts)
    assert reader.receive(last, is_last=True) == tuple(names)


@pytest.mark.parametrize(
    ("octets", "code", "message"),
    [
        pytest.param(b"", FaultCode.BAD_CBOR, NO_CBOR, id="no octets"),
        pytest.param(b"\xa1", FaultCode.BAD_CBOR, NO_CBOR, id="no complete value"),
        pytest.param(b"\xa0\xa0", FaultCode.BAD_CBOR, SEVERAL, id="two values"),
        pytest.param(b"\xa0\xa1", FaultCode.BAD_CBOR, SEVERAL, id="a value and half of one (D60)"),
        pytest.param(b"\xff", FaultCode.BAD_CBOR, BAD + "break code", id="garbage"),
        pytest.param(b"\xa1aa\x01", FaultCode.BAD_CBOR, BAD + "str not allowed", id="text key (CBOR-002)"),
        pytest.param(b"\x05", FaultCode.BAD_PAYLOAD, NO_MAP, id="number (D58)"),
        pytest.param(b"\x81Pcontentencodings", FaultCode.BAD_PAYLOAD, NO_MAP, id="array with the key (D58)"),
        pytest.param(
            b"Pcontentencodings", FaultCode.BAD_PAYLOAD, NO_MAP, id="bytestring that is the key (D58)"
        ),
        pytest.param(
            b"\xa1Pcontentencodings\x05", FaultCode.BAD_PAYLOAD, NO_ARRAY, id="number for names (D59)"
        ),
        pytest.param(
            b"\xa1PcontentencodingsHxxzlibxx",
            FaultCode.BAD_PAYLOAD,
            NO_ARRAY,
            id="bytestring for names (D59)",
        ),
        pytest.param(b"\xa1Pcontentencodings\xf6", FaultCode.BAD_PAYLOAD, NO_ARRAY, id="null for names"),
        pytest.param(
            b"\xa1Pcontentencodings\x82Aa\x01", FaultCode.BAD_PAYLOAD, NO_ARRAY, id="number for a name"
        ),
        pytest.param(
            b"\xa1Pcontentencodings\xd9\x01\x02\x80", FaultCode.BAD_PAYLOAD, NO_ARRAY, id="set for names"
        ),
    ],
)
def test_reader_refuses_what_are_no_settings(octets: bytes, code: FaultCode, message: str) -> None:
    """SET-001 and SET-002; where Mercurial has a message it is this one (sheet r5 §7.3)."""
    found, text = fault_of(octets)

    assert found is code
    assert text.startswith(message)
    assert text == message or message.startswith(BAD)


@given(st.binary(max_size=60))
@settings(deadline=None, max_examples=200)
def test_reader_raises_nothing_but_faults(octets: bytes) -> None:
    """Whatever a peer sends is a list of names or a fault."""
    try:
        names = offered(octets)
    except FaultRaised:
        return
    assert all(type(name) is bytes for name in names)


@pytest.mark.parametrize("parts", [1, 4])
def test_settings_at_the_limit_are_taken_and_beyond_it_refused(parts: int) -> None:
    """`max_settings_octets` counts all frames, as soon as they come."""
    reader = SettingsReader(R5, Limits(max_settings_octets=4 * parts))
    for _ in range(parts):
        reader.receive(b"1234", is_last=False)
    with pytest.raises(FaultRaised) as caught:
        reader.receive(b"5", is_last=False)

    assert caught.value.code is FaultCode.LIMIT_EXCEEDED
    assert caught.value.message == f"sender protocol settings exceed the limit of {4 * parts} octets"
    whole = encode_value({b"contentencodings": []}, R5.cbor)
    assert offered(whole, Limits(max_settings_octets=len(whole))) == ()
    assert fault_of(whole, Limits(max_settings_octets=len(whole) - 1))[0] is FaultCode.LIMIT_EXCEEDED


def test_settings_are_no_deeper_than_the_limit() -> None:
    """`max_cbor_depth` holds for every key, known or not."""
    octets = b"\xa1Aa\x81\x81\x00"

    assert offered(octets, Limits(max_cbor_depth=3)) == ()
    assert fault_of(octets, Limits(max_cbor_depth=2))[0] is FaultCode.BAD_CBOR


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        ([b"identity", b"zlib", b"zstd-8mb"], "zstd-8mb"),
        ([b"identity", b"zlib"], "zlib"),
        ([b"zlib"], "zlib"),
        ([b"identity"], "identity"),
        ([b"lzma", b"zstd-8mb"], "zstd-8mb"),
        ([b"lzma"], "identity"),
        ([b"xxzlibxx"], "identity"),
        ([b"ZLIB"], "identity"),
        ([], "identity"),
    ],
)
def test_choice_follows_the_servers_order(names: list[bytes], chosen: str) -> None:
    """The server's order wins over the client's (sheet r5); where nothing fits, identity always does (ENC-008, D61)."""
    assert choose_encoding(R5, names) == chosen
    assert choose_encoding(R5, frozenset(names)) == chosen


@pytest.mark.parametrize("key", [key for key in REVISIONS if key != "0006"])
def test_choice_before_encodings_existed_is_to_do_nothing(key: str) -> None:
    """No profile is defined there (sheet r3, "Stream rules")."""
    assert choose_encoding(REVISIONS[key], [b"zstd-8mb", b"zlib"]) == "identity"


def test_build_gives_one_map_with_the_names_in_order() -> None:
    """A CBOR map with an array of bytestrings, most preferred first (SET-001, SET-002)."""
    assert build_settings(["zstd-8mb", "zlib"], R5) == b"\xa1Pcontentencodings\x82Hzstd-8mbDzlib"
    assert build_settings([], R5) == b"\xa1Pcontentencodings\x80"
    assert offered(build_settings(["zlib", "identity"], R5)) == (b"zlib", b"identity")
