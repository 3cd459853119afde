"""The generator of header fields at their limits."""

from __future__ import annotations

from typing import Any

import pytest

from hgframing import REVISIONS
from hgframing_conformance._boundaries import generate_boundaries


SUITES = {suite["revisions"][0]: suite for _, suite in generate_boundaries()}


def steps(revision_key: str, label: str) -> list[dict[str, Any]]:
    """Return the steps of one case."""
    cases = {case["id"]: case for case in SUITES[revision_key]["cases"]}
    found: list[dict[str, Any]] = cases[f"codec-boundary-{revision_key}-{label}"]["steps"]
    return found


@pytest.mark.parametrize(
    ("revision_key", "octets"),
    [("0001", "030000f1616263"), ("0002", "0300000100f1616263"), ("0006", "03000001000101f1616263")],
)
def test_boundaries_write_every_layout(revision_key: str, octets: str) -> None:
    """Type 15 in the three headers (sheets r1, r2 and r3): length, request, stream, stream flags, type and flags."""
    assert steps(revision_key, "encode-type")[-1]["expect"] == [{"octets": {"hex": octets}}]


def test_boundaries_write_the_request_id_low_octet_first() -> None:
    """65534 is fe ff (FRAME-006)."""
    assert steps("0006", "encode-request")[2]["expect"] == [{"octets": {"hex": "030000feff010111616263"}}]


def test_boundaries_refuse_one_more_than_the_largest() -> None:
    """What does not fit is never cut."""
    [step] = steps("0006", "encode-stream-flags-beyond")

    assert step["encode"] == {
        "request": 1,
        "stream": 1,
        "stream-flags": 256,
        "type": 1,
        "flags": 1,
        "payload": "abc",
    }
    assert step["expect"] == [{"refused": {}}]


@pytest.mark.parametrize("revision_key", REVISIONS)
def test_boundaries_try_the_fields_that_a_header_has(revision_key: str) -> None:
    """A header without request IDs or streams has fewer cases."""
    header = REVISIONS[revision_key].header
    fields = 2 + header.has_request + 2 * header.has_stream

    about_fields = [
        case
        for case in SUITES[revision_key]["cases"]
        if "length" not in case["id"] and "max-payload" not in case["id"]
    ]
    assert len(about_fields) == 3 * fields


@pytest.mark.parametrize("revision_key", REVISIONS)
def test_boundaries_write_lengths_low_octet_first(revision_key: str) -> None:
    """FRAME-002, up to the end of FRAME-003; the payload is as long as its length says."""
    sizes = []
    for step in steps(revision_key, "encode-length"):
        (action,) = step["expect"]
        octets = action["octets"]
        parts = octets.get("repeat", [octets])
        whole = b"".join(bytes.fromhex(part["hex"]) * part.get("times", 1) for part in parts)
        header = REVISIONS[revision_key].header.size
        sizes.append(len(whole) - header)
        assert int.from_bytes(whole[:3], "little") == len(whole) - header

    assert sizes == [0, 1, 255, 256, 257, 65534, 65535]


@pytest.mark.parametrize(("label", "size"), [("below", 19), ("at", 20), ("above", 21)])
def test_boundaries_try_the_limit_of_a_payload(label: str, size: int) -> None:
    """One below, as long as it is, and one above."""
    [step] = steps("0006", f"max-payload-{label}")
    (text,) = step["receive-hex"]
    (action,) = step["expect"]

    assert len(bytes.fromhex(text)) == 8 + size
    assert ("error" in action) == (label == "above")
