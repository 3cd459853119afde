"""Numbers that a client sends: what is in range comes through, what is not is a fault."""

from __future__ import annotations

from typing import Any

import pytest

from hgframing import REVISIONS, decode_one, parse_notation
from hgframing_conformance._server_numbers import CBOR_NUMBERS, generate_server_numbers, number_form


CASES: dict[str, dict[str, Any]] = {
    case["id"]: case for _, suite in generate_server_numbers() for case in suite["cases"]
}


def arguments(label: str, revision_key: str = "0006") -> list[tuple[bytes, Any, Any]]:
    """Return payload, argument and expected argument of every step of a table."""
    rows = []
    for step in CASES[f"server-boundary-{revision_key}-{label}"]["steps"]:
        payload = parse_notation(step["receive"][0], REVISIONS[revision_key]).payload
        value = decode_one(payload, REVISIONS[revision_key].cbor, max_depth=9)
        assert isinstance(value, dict)
        rows.append((payload, value[b"args"][b"k"], step["expect"][0]["run-command"]["args"]["k"]))
    return rows


def test_server_numbers_have_every_head_of_an_integer() -> None:
    """Of both signs, with the number in the head and in one, two, four and eight octets (RFC 8949 §3)."""
    sizes = {(number < 0, len(payload)) for payload, number, _ in arguments("cbor-integers")}

    assert len(sizes) == 2 * 5
    assert {number for _, number, _ in arguments("cbor-integers")} == set(CBOR_NUMBERS)
    assert {2**64 - 1, -(2**64), 0, -1, 23, 24} <= set(CBOR_NUMBERS)


def test_server_numbers_expect_what_was_sent() -> None:
    """Beyond what readers of JSON keep, as text."""
    for _, number, form in arguments("cbor-integers"):
        assert form == number or form == {"int": str(number)}
        assert isinstance(form, dict) == (abs(number) >= 2**53)
    assert number_form(2**53) == {"int": "9007199254740992"}


@pytest.mark.parametrize("label", ["cbor-bytestrings", "cbor-arrays", "cbor-maps"])
def test_server_numbers_have_every_head_of_a_length(label: str) -> None:
    """Both sides of each border."""
    assert [len(value) for _, value, _ in arguments(label)] == [0, 1, 23, 24, 255, 256]


@pytest.mark.parametrize("revision_key", [key for key in REVISIONS if key != "0001"])
def test_server_numbers_of_request_ids(revision_key: str) -> None:
    """Odd ones are the client's (RID-001)."""
    revision = REVISIONS[revision_key]
    steps = CASES[f"server-boundary-{revision_key}-request-ids"]["steps"]

    assert [parse_notation(step["receive"][0], revision).request_id for step in steps] == [1, 3, 65533, 65535]
    for request in (0, 2, 65534):
        case = CASES[f"server-boundary-{revision_key}-request-id-{request}"]
        assert parse_notation(case["steps"][0]["receive"][0], revision).request_id == request
        assert (case["level"], case["violates"]) == ("should", ["RID-001"])


def test_server_numbers_of_stream_ids() -> None:
    """Odd ones are the client's (STREAM-001)."""
    steps = CASES["server-boundary-0006-stream-ids"]["steps"]

    assert [parse_notation(step["receive"][0], REVISIONS["0006"]).stream_id for step in steps] == [
        1,
        3,
        253,
        255,
    ]
    for stream in (0, 2, 254):
        case = CASES[f"server-boundary-0006-stream-id-{stream}"]
        assert parse_notation(case["steps"][0]["receive"][0], REVISIONS["0006"]).stream_id == stream
        assert case["violates"] == ["STREAM-001"]


@pytest.mark.parametrize(
    ("label", "said", "there"),
    [("value-short", (3, 3), 5), ("value-long", (3, 3), 7), ("name-short", (3, 0), 2)],
)
def test_server_numbers_of_arguments_that_lie(label: str, said: tuple[int, int], there: int) -> None:
    """Two lengths, low octet first, and not as many octets behind them (ARG-002)."""
    step = CASES[f"server-boundary-0002-argument-{label}"]["steps"][-1]
    payload = parse_notation(step["receive"][0], REVISIONS["0002"]).payload

    assert payload[:4] == bytes([said[0], 0, said[1], 0])
    assert len(payload[4:]) == there
    assert step["never"] == ["run-command"]


def test_server_numbers_of_windows() -> None:
    """7.5, 8 and 9 MiB: exponent and mantissa of the sixth octet (RFC 8878 §3.1.1.1.2)."""
    sizes = []
    for label in ("below", "at", "above"):
        step = CASES[f"server-boundary-0006-zstd-window-{label}"]["steps"][-1]
        octet = parse_notation(step["receive"][0], REVISIONS["0006"]).payload[5]
        base = 1 << (10 + (octet >> 3))
        sizes.append(base + base // 8 * (octet & 7))

    assert sizes == [15 << 19, 8 << 20, 9 << 20]
