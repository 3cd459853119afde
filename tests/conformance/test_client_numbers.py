"""Numbers that a server sends: what is in range comes through, what is not is a fault."""

from __future__ import annotations

from typing import Any

import pytest

from hgframing import REVISIONS, parse_notation
from hgframing_conformance._client_numbers import generate_client_numbers


CASES: dict[str, dict[str, Any]] = {
    case["id"]: case for _, suite in generate_client_numbers() for case in suite["cases"]
}


def answers(case_id: str) -> list[dict[str, Any]]:
    """Return the steps of a case in which something arrives."""
    return [step for step in CASES[case_id]["steps"] if "receive" in step]


@pytest.mark.parametrize("revision_key", [key for key in REVISIONS if key != "0001"])
def test_client_numbers_of_payloads(revision_key: str) -> None:
    """Both sides of one octet, and the end of what the text allows (FRAME-003)."""
    steps = answers(f"client-boundary-{revision_key}-payload-lengths")
    sizes = []
    for step in steps:
        form = step["receive"][0]
        parts = form["repeat"] if isinstance(form, dict) else []
        octets = b"".join(bytes.fromhex(part["hex"]) * part.get("times", 1) for part in parts)
        sizes.append(len(octets))
        if octets[:1] == b"\x59":
            # A bytestring says its own length in two octets.
            assert int.from_bytes(octets[1:3], "big") == len(octets) - 3

    assert sizes == [0, 1, 255, 256, 65534, 65535]


def test_client_numbers_of_request_ids() -> None:
    """Even ones are not the client's (RID-001); an odd one that was not used is nobody's."""
    levels = {
        request: CASES[f"client-boundary-0006-request-id-{request}"]["level"] for request in (0, 2, 3, 65535)
    }

    assert levels == {0: "should", 2: "should", 3: "unspecified", 65535: "unspecified"}


def test_client_numbers_of_stream_ids() -> None:
    """Even ones are the server's (STREAM-001)."""
    steps = answers("client-boundary-0006-stream-ids")

    assert [parse_notation(step["receive"][0], REVISIONS["0006"]).stream_id for step in steps] == [
        2,
        4,
        252,
        254,
    ]
    assert CASES["client-boundary-0006-stream-id-255"]["violates"] == ["STREAM-001"]


def test_client_numbers_of_progress() -> None:
    """A position may be -1, which ends a topic; a total is never negative (PROG-001)."""
    told = [step["expect"][0]["progress"] for step in answers("client-boundary-0006-progress-numbers")]

    assert {"int": str(2**64 - 1)} in [one["pos"] for one in told]
    assert {"int": str(2**64 - 1)} in [one["total"] for one in told]
    assert -1 in [one["pos"] for one in told]
    assert all(isinstance(one["total"], dict) or one["total"] >= 0 for one in told)


@pytest.mark.parametrize(
    ("label", "head"),
    [
        ("msg", b"\x00\x01\x00\x00"),
        ("label-count", b"\x01\x00\xff\x00" + b"\x01" * 255),
        ("label", b"\x01\x00\x01\x00\xff"),
        ("arg-count", b"\x01\x00\x00\xff" + b"\x01\x00" * 255),
        ("arg", b"\x01\x00\x00\x01\x00\x01"),
    ],
)
def test_client_numbers_of_packed_text(label: str, head: bytes) -> None:
    """The last atom of each table, by hand: length of the string, counts, lengths of what is counted (TEXT-002)."""
    step = answers(f"client-boundary-0002-text-{label}")[-1]
    payload = parse_notation(step["receive"][0], REVISIONS["0002"]).payload
    (atom,) = step["expect"][0]["text-output"]["atoms"]

    assert payload.startswith(head)
    strings = [atom["msg"], *atom.get("labels", []), *atom.get("args", [])]
    assert payload == head + "".join(strings).encode()
