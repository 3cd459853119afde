"""The generator of CBOR payloads of the wrong form."""

from __future__ import annotations

from typing import Any

from hgframing import REVISIONS, decode_one, parse_notation
from hgframing_conformance._payload_faults import generate_payload_faults


CASES: dict[str, dict[str, Any]] = {
    case["id"]: case for _, suite in generate_payload_faults() for case in suite["cases"]
}


def payload(case_id: str, revision_key: str) -> bytes:
    """Return the payload of a case's last frame."""
    return parse_notation(CASES[case_id]["steps"][-1]["receive"][0], REVISIONS[revision_key]).payload


def test_payload_faults_cut_at_every_octet() -> None:
    """Every strict prefix of a request comes once, the empty one first."""
    whole = payload("server-payload-0006-request-trailing", "0006")[:-1]
    prefix = "server-payload-0006-request-cut-"
    cut = [payload(case_id, "0006") for case_id in CASES if case_id.startswith(prefix)]

    assert cut == [whole[:size] for size in range(len(whole))]
    assert decode_one(whole, REVISIONS["0006"].cbor, max_depth=9) == {
        b"name": b"mycommand",
        b"args": {b"k": b"v"},
    }


def test_payload_faults_have_one_wrong_type_each() -> None:
    """The other keys stay right, and the right type is not tried."""
    value = decode_one(
        payload("server-payload-0006-request-name-integer", "0006"), REVISIONS["0006"].cbor, max_depth=9
    )

    assert value == {b"name": 1, b"args": {b"k": b"v"}}
    assert "server-payload-0006-request-name-bytes" not in CASES
    assert "client-payload-0006-progress-pos-integer" not in CASES
    assert "client-payload-0006-error-message-array" not in CASES


def test_payload_faults_come_where_a_revision_has_the_frame() -> None:
    """Settings are of 0006, CBOR errors of 0005 and later, CBOR requests of 0005-draft and later."""
    assert "server-payload-0006-settings-cut-1" in CASES
    assert "server-payload-0005-settings-cut-1" not in CASES
    assert "client-payload-0005-error-cut-1" in CASES
    assert "client-payload-0005-draft-error-cut-1" not in CASES
    assert "server-payload-0002-request-cut-1" not in CASES


def test_payload_faults_never_let_the_payload_act() -> None:
    """An error and no action; a requirement is named where the subset of 0006 excludes the form."""
    for case_id, case in CASES.items():
        is_excluded = case_id.rpartition("-")[2] in ("indefinite", "tagged") or case_id.endswith("-text-key")
        assert case["level"] == ("should" if is_excluded else "unspecified"), case_id
        assert case["steps"][-1]["expect"][0]["error"]["code"] == "bad-cbor"
        assert case["steps"][-1]["never"]


def test_payload_faults_reach_into_atoms() -> None:
    """The formatting string of an error, and that of text."""
    for shape in ("error", "text"):
        value = decode_one(
            payload(f"client-payload-0006-{shape}-a-msg-that-is-a-number", "0006"),
            REVISIONS["0006"].cbor,
            max_depth=9,
        )
        atoms = value[b"message"] if isinstance(value, dict) else value
        assert atoms == [{b"msg": 1}]
