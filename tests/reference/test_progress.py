"""Tests of `hgframing._progress`: progress operations, both directions."""

from __future__ import annotations

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from hgframing import REVISIONS, FaultCode, Feature, LocalProtocolError, Revision, Value, encode_value
from hgframing._errors import FaultRaised
from hgframing._progress import build_progress, parse_progress


R5 = REVISIONS["0006"]
WITH_PROGRESS = [revision for revision in REVISIONS.values() if Feature.PROGRESS in revision.features]

SMALLEST: dict[bytes, Value] = {b"topic": b"t", b"pos": 0, b"total": 0}

#: What is no progress operation, as fields that differ from the smallest one.
WRONG = [
    pytest.param({b"topic": None}, "bytestrings", id="topic that is null"),
    pytest.param({b"topic": 5}, "bytestrings", id="topic that is a number"),
    pytest.param({b"label": [b"l"]}, "bytestrings", id="label that is an array"),
    pytest.param({b"label": None}, "bytestrings", id="label that is null"),
    pytest.param({b"item": True}, "bytestrings", id="item that is a boolean"),
    pytest.param({b"pos": b"1"}, "integer pos and an unsigned total", id="pos that is a bytestring"),
    pytest.param({b"pos": None}, "integer pos and an unsigned total", id="pos that is null"),
    pytest.param({b"pos": True}, "integer pos and an unsigned total", id="pos that is a boolean"),
    pytest.param({b"pos": -2}, "integer pos and an unsigned total", id="pos before the end of the topic"),
    pytest.param({b"total": -1}, "integer pos and an unsigned total", id="total below zero"),
    pytest.param({b"total": False}, "integer pos and an unsigned total", id="total that is a boolean"),
]


def parse(fields: Value, revision: Revision = R5) -> Value:
    """Read what another sender would make of these fields."""
    return parse_progress(encode_value(fields, revision.cbor), revision, 32)


@pytest.mark.parametrize("revision", WITH_PROGRESS, ids=lambda revision: revision.key)
def test_build_gives_one_map(revision: Revision) -> None:
    """One CBOR map with bytestring keys (PROG-001; sheet r3, "Payloads"), in the revision's order of keys."""
    fields = {b"topic": b"t", b"pos": 1, b"total": 2}
    full = fields | {b"label": b"l", b"item": b"i"}

    octets = build_progress(fields, revision)

    # Both orders of keys are the same here: `pos` is the shortest and the first.
    assert octets == b"\xa3Cpos\x01EtopicAtEtotal\x02"
    assert parse_progress(octets, revision, 1) == fields
    assert parse_progress(build_progress(full, revision), revision, 1) == full


@pytest.mark.parametrize("revision", WITH_PROGRESS, ids=lambda revision: revision.key)
@pytest.mark.parametrize("pos", [-1, 0, 2**64 - 1])
def test_position_reaches_from_the_end_of_a_topic_to_what_cbor_can_say(revision: Revision, pos: int) -> None:
    """-1 ends the topic (PROG-002); it may be beyond the total, of which the text says nothing."""
    fields = SMALLEST | {b"pos": pos}

    assert parse_progress(build_progress(fields, revision), revision, 1) == fields


@pytest.mark.parametrize(("change", "reason"), WRONG)
def test_parse_of_another_shape_is_bad_payload(change: dict[bytes, Value], reason: str) -> None:
    """PROG-001 says what each field is."""
    with pytest.raises(FaultRaised, match=f"^progress .*{reason}$") as caught:
        parse(SMALLEST | change)

    assert caught.value.code is FaultCode.BAD_PAYLOAD


@pytest.mark.parametrize(("change", "reason"), WRONG)
def test_build_of_another_shape_is_refused(change: dict[bytes, Value], reason: str) -> None:
    """What a receiver would refuse is not sent."""
    with pytest.raises(LocalProtocolError, match=f"^progress .*{reason}$"):
        build_progress(SMALLEST | change, R5)


@pytest.mark.parametrize("name", [b"topic", b"pos", b"total"])
def test_field_that_is_missing_is_refused_in_both_directions(name: bytes) -> None:
    """Three fields are not optional (PROG-001)."""
    fields = {key: value for key, value in SMALLEST.items() if key != name}

    with pytest.raises(FaultRaised) as caught:
        parse(fields)
    with pytest.raises(LocalProtocolError):
        build_progress(fields, R5)
    assert caught.value.code is FaultCode.BAD_PAYLOAD


@pytest.mark.parametrize("name", [b"topic", b"label", b"item"])
def test_strings_are_utf_8(name: bytes) -> None:
    """Senders normalise them (PROG-006), with U+FFFD as in text output; receivers check them (PROG-007)."""
    fields = SMALLEST | {name: b"a\xff"}

    sent = parse_progress(build_progress(fields, R5), R5, 1)
    with pytest.raises(FaultRaised, match=r"^progress strings must be UTF-8$") as caught:
        parse(fields)

    assert sent[name] == "a\ufffd".encode()
    assert caught.value.code is FaultCode.BAD_PAYLOAD
    assert parse(SMALLEST | {name: "é".encode()})[name] == "é".encode()


def test_unknown_field_is_kept_by_receivers_and_refused_by_senders() -> None:
    """The text defines five fields, and says nothing of what a receiver does with more."""
    fields = SMALLEST | {b"unit": b"files"}

    assert parse(fields) == fields
    with pytest.raises(LocalProtocolError, match=r"^progress has no field b'unit'$"):
        build_progress(fields, R5)


def test_text_in_place_of_octets_is_refused_by_senders() -> None:
    """A caller in untyped code hands over text easily."""
    with pytest.raises(LocalProtocolError, match=r"^progress has no field 'topic'$"):
        build_progress({"topic": b"t", b"pos": 0, b"total": 0}, R5)  # type: ignore[dict-item]
    with pytest.raises(LocalProtocolError, match=r"^progress topic, label and item must be bytestrings$"):
        build_progress(SMALLEST | {b"topic": "t"}, R5)


def test_number_that_cbor_cannot_say_is_refused_by_senders() -> None:
    """There are no integers beyond 64 bits (CBOR-001)."""
    with pytest.raises(LocalProtocolError, match=r"^big integers not supported$"):
        build_progress(SMALLEST | {b"total": 2**64}, R5)


def test_operation_at_the_size_of_a_frame_is_sent_and_beyond_it_refused() -> None:
    """An operation is one frame (PROG-001), and senders make frames of 32768 octets at most."""
    room = 32768 - len(build_progress(SMALLEST | {b"item": bytes(256)}, R5)) + 256

    assert len(build_progress(SMALLEST | {b"item": b"x" * room}, R5)) == 32768
    with pytest.raises(LocalProtocolError, match=r"^progress of 32769 octets does not fit one frame$"):
        build_progress(SMALLEST | {b"item": b"x" * (room + 1)}, R5)


def test_parse_of_octets_that_are_no_map_says_so() -> None:
    """One CBOR map (PROG-001), no deeper than is allowed."""
    for octets, code in [
        (b"", FaultCode.BAD_CBOR),
        (b"\xa0\xa0", FaultCode.BAD_CBOR),
        (b"\x80", FaultCode.BAD_PAYLOAD),
    ]:
        with pytest.raises(FaultRaised) as caught:
            parse_progress(octets, R5, 1)
        assert caught.value.code is code
        assert caught.value.message.startswith(
            ("error decoding CBOR from progress: ", "progress is not a map")
        )
    deep = encode_value(SMALLEST | {b"x": [0]}, R5.cbor)
    with pytest.raises(FaultRaised, match="depth"):
        parse_progress(deep, R5, 1)
    assert parse_progress(deep, R5, 2)[b"x"] == [0]


@given(st.binary(max_size=60), st.sampled_from(WITH_PROGRESS))
@settings(deadline=None)
def test_parse_raises_nothing_but_faults(octets: bytes, revision: Revision) -> None:
    """Whatever a peer sends is an operation or a fault."""
    for payload in (octets, b"\xa3" + octets):
        try:
            assert parse_progress(payload, revision, 8).keys() >= {b"topic", b"pos", b"total"}
        except FaultRaised:
            continue


@given(
    st.sampled_from(WITH_PROGRESS), st.binary(max_size=40), st.integers(-1, 2**64 - 1), st.binary(max_size=40)
)
@settings(deadline=None)
def test_parse_takes_whatever_build_makes(revision: Revision, topic: bytes, pos: int, item: bytes) -> None:
    """Both directions agree on what progress is, whatever octets a caller has."""
    fields = {b"topic": topic, b"pos": pos, b"total": 7, b"item": item}

    parsed = parse_progress(build_progress(fields, revision), revision, 1)

    assert parsed[b"topic"] == topic.decode("utf-8", "replace").encode()
    assert (parsed[b"pos"], parsed[b"total"]) == (pos, 7)
