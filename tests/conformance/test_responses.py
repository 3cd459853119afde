"""A response is judged by what it says, not by how it was cut."""

from __future__ import annotations

import zlib

from typing import Any

import pytest

from hgframing import REVISIONS, Revision, parse_notation
from hgframing_conformance._http_forms import parse_response
from hgframing_conformance._responses import body_frames, response_difference


LAST, FIRST = REVISIONS["0006"], REVISIONS["0001"]
OK = "cbor:{b'status': b'ok'}"
FAILED = "cbor:{b'status': b'error', b'error': {b'message': [{b'msg': b'm'}]}}"
ANSWER = f"1 2 stream-begin command-response eos {OK}"
ERROR = "1 2 stream-begin error-response 0 cbor:{b'type': b'server', b'message': [{b'msg': b'm'}]}"


def octets(*lines: str, revision: Revision = LAST) -> bytes:
    """Encode frames in notation."""
    return b"".join(revision.header.encode(parse_notation(line, revision)) for line in lines)


def judge(
    wanted: dict[str, Any],
    body: bytes = b"",
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (),
    revision: Revision = LAST,
) -> str:
    """Compare what an author demands with a response."""
    demanded = parse_response(wanted, revision, (), authored=True)
    return response_difference(demanded, {"status": status, "headers": headers, "body": body}, revision)


@pytest.mark.parametrize(
    ("wanted", "status", "reason"),
    [
        (200, 200, ""),
        (200, 500, "expected status 200, got 500"),
        ([403, 404], 404, ""),
        ([403, "2xx"], 204, ""),
        ([403, "2xx"], 302, "expected status 403 or 2xx, got 302"),
    ],
)
def test_status_is_one_of_those_allowed(wanted: Any, status: int, reason: str) -> None:
    """A number, a class, or a list of these."""
    assert judge({"status": wanted}, status=status) == reason


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ((("a", " B "),), ""),
        ((("a", "c"),), "expected header a: b, got c"),
        ((("a", "b"), ("a", "b")), "expected header a: b, got b, b"),
        ((), "expected header a: b, got none"),
        ((("a", "b"), ("x", "y")), "expected no header x, got b'y'"),
    ],
)
def test_headers_that_are_named_are_compared(headers: tuple[tuple[str, str], ...], reason: str) -> None:
    """Whole values, once; null forbids one; others are nobody's business."""
    assert judge({"headers": {"a": "b", "x": None}}, headers=(*headers, ("other", "z"))) == reason


def test_what_is_not_demanded_is_not_compared() -> None:
    """An empty expectation takes any response."""
    assert judge({}, body=b"garbage", status=500) == ""
    assert judge({"body": {"hex": "00"}}, body=b"\0") == ""
    assert judge({"body": {"hex": "00"}}, body=b"\1").startswith("expected body")


def test_frames_are_compared_as_sent_frames_are() -> None:
    """Fragments are joined; the stream and the order of keys say nothing."""
    wanted = {"frames": [ANSWER]}
    cut = octets(
        "1 4 stream-begin command-response continuation hex:a1467374",
        "1 4 0 command-response eos hex:61747573426f6b",
    )

    assert judge(wanted, octets(ANSWER)) == ""
    assert judge(wanted, cut) == ""
    assert "command-response" in judge(wanted, octets(ERROR))
    assert judge({"frames": []}, b"") == ""
    assert "unexpected" in judge({"frames": []}, octets(ANSWER))


def test_encoded_streams_are_decoded_in_each_response_anew() -> None:
    """A stream ends with its body, so a second response may announce its encoding again."""
    compressor = zlib.compressobj()
    payload = compressor.compress(bytes.fromhex("a146737461747573426f6b")) + compressor.flush(
        zlib.Z_SYNC_FLUSH
    )
    body = octets(
        "1 2 stream-begin stream-settings eos cbor:b'zlib'",
        f"1 2 encoded command-response eos hex:{payload.hex()}",
    )

    assert judge({"frames": [ANSWER]}, body) == judge({"frames": [ANSWER]}, body) == ""


@pytest.mark.parametrize("body", [b"x", octets(ANSWER)[:-1], octets(ANSWER) + b"Internal Server Error"])
def test_body_that_is_not_whole_frames_answers_nothing(body: bytes) -> None:
    """The third is what Mercurial sends where a response breaks off (sheet r5, "HTTP binding")."""
    assert body_frames(body, LAST) is None
    assert judge({"answers": {"1": "response"}}, body).startswith("the body is no sequence of whole frames")


@pytest.mark.parametrize(
    ("wanted", "lines", "reason"),
    [
        ({"1": "response"}, [ANSWER], ""),
        ({"1": "error"}, [ANSWER], "request 1: expected an error, got a response"),
        ({"1": "error"}, [ERROR], ""),
        ({"1": "error"}, [f"1 2 stream-begin command-response eos {FAILED}"], ""),
        ({"1": "response"}, [ERROR], "request 1: expected a response, got an error"),
        ({"1": "response"}, [], "request 1 is not answered"),
        ({"1": "response"}, [ANSWER, ANSWER], "request 1 is answered by 2 things"),
        ({"1": "response"}, [ANSWER, ANSWER.replace("1", "3", 1)], "request 3 is answered"),
        (
            {"1": "response"},
            [f"1 2 stream-begin command-response continuation {OK}"],
            "request 1: expected a response, got a response without end",
        ),
        (
            {"1": "response"},
            ["1 2 stream-begin command-response eos cbor:[1]"],
            "request 1: expected a response, got a response without status",
        ),
        (
            {"1": "response"},
            ["1 2 stream-begin command-request new x"],
            "request 1: expected a response, got a frame of type 1",
        ),
        (
            {"1": "response"},
            ["1 2 stream-begin text-output 0 cbor:[]", ANSWER.replace("stream-begin", "0")],
            "",
        ),
        ({"3": "response", "1": "response"}, [ANSWER, ANSWER.replace("1", "3", 1)], ""),
        ({}, [], ""),
        ({"*": "error"}, [], "no other request is answered with an error"),
        ({"1": "response", "*": "error"}, [ANSWER], "no other request is answered with an error"),
        ({"*": "error"}, [ERROR, ERROR.replace("1", "0", 1)], ""),
        ({"*": "error"}, [ANSWER], "request 1: expected an error, got a response"),
        ({"1": "response", "*": "error"}, [ANSWER, ERROR.replace("1", "3", 1)], ""),
        ({"1": "response", "*": "error"}, [ERROR.replace("1", "3", 1)], "request 1 is not answered"),
        ({}, [ANSWER], "request 1 is answered"),
    ],
)
def test_answers_ask_how_each_request_was_answered(wanted: Any, lines: list[str], reason: str) -> None:
    """Each request once, whole, and of the kind that is demanded; content is not looked at."""
    assert judge({"answers": wanted}, octets(*lines)) == reason


def test_answers_before_status_maps_are_whole_responses_or_error_frames() -> None:
    """Sheet r1: a response is octets, an error a frame of its own."""
    response, error = (
        octets(line, revision=FIRST)
        for line in ("bytes-response eos anything", "error-response application m")
    )

    assert judge({"answers": {"1": "response"}}, response, revision=FIRST) == ""
    assert judge({"answers": {"1": "error"}}, error, revision=FIRST) == ""
    assert judge({"answers": {"1": "error"}}, response, revision=FIRST) != ""
