"""Requests and responses are spelt out for each revision, and what is wrong with one is said where it stands."""

from __future__ import annotations

from typing import Any

import pytest

from hgframing import REVISIONS
from hgframing_conformance._forms import FormError
from hgframing_conformance._http_forms import (
    display_request,
    display_response,
    parse_request,
    parse_response,
    write_response,
)


TYPE = "application/mercurial-exp-framing-0006"
LAST = REVISIONS["0006"]
REQUEST = (
    r"1 1 stream-begin command-request new|have-data cbor:{b'name': b'c', b'args': {b'a': 12, b'b': b'\xff'}}"
)


def test_request_names_the_media_type_unless_it_says_otherwise() -> None:
    """HTTP-007 and HTTP-008 are what a client does; leaving a header out takes a null."""
    plain, _ = parse_request({"path": "ro/a"}, "0006")
    other, _ = parse_request(
        {
            "path": "",
            "method": "GET",
            "headers": {"Accept": "{media-type}, */*", "content-type": None, "x-more": "1"},
        },
        "0006",
    )

    assert plain == {
        "method": "POST",
        "path": "ro/a",
        "headers": [["accept", TYPE], ["content-type", TYPE]],
        "body": {"hex": ""},
    }
    assert other["headers"] == [["accept", f"{TYPE}, */*"], ["x-more", "1"]]
    assert (other["method"], other["path"]) == ("GET", "")


@pytest.mark.parametrize(
    ("revision", "frames"),
    [
        # Sheets r1, r2, r3 and r5: the frames of a command with two arguments and data.
        (
            "0001",
            [
                "command-name have-args|have-data c",
                "command-argument 0 hex:01000200613132",
                "command-argument eoa hex:0100010062ff",
                "command-data eos hex:003a",
            ],
        ),
        (
            "0002",
            [
                "1 command-name have-args|have-data c",
                "1 command-argument 0 hex:01000200613132",
                "1 command-argument eoa hex:0100010062ff",
                "1 command-data eos hex:003a",
            ],
        ),
        (
            "0002-streams",
            [
                "1 1 stream-begin command-name have-args|have-data c",
                "1 1 0 command-argument 0 hex:01000200613132",
                "1 1 0 command-argument eoa hex:0100010062ff",
                "1 1 0 command-data eos hex:003a",
            ],
        ),
        (
            "0006",
            [
                REQUEST,
                "1 1 0 command-data eos hex:003a",
            ],
        ),
    ],
)
def test_commands_are_the_frames_of_a_client(revision: str, frames: list[str]) -> None:
    """An author writes a command once; numbers are digits where arguments are octets."""
    command = {"command": "c", "args": {"a": 12, "b": {"hex": "ff"}}, "data": {"hex": "003a"}}

    value, notation = parse_request({"path": "ro/c", "commands": [command]}, revision)

    assert list(notation) == frames
    assert value == parse_request({"path": "ro/c", "frames": frames}, revision)[0]


def test_commands_are_numbered_and_share_a_stream() -> None:
    """Odd IDs in order, unless a command has its own."""
    commands = [{"command": "a"}, {"command": "b", "request": 9}, {"command": "c"}]

    _, notation = parse_request({"path": "ro/multirequest", "commands": commands}, "0006")

    assert [line.split()[:3] for line in notation] == [
        ["1", "1", "stream-begin"],
        ["9", "1", "0"],
        ["5", "1", "0"],
    ]


@pytest.mark.parametrize(
    ("form", "path", "part"),
    [
        ("ro/a", (), "where a request is needed"),
        ({}, (), "the field 'path' is missing"),
        ({"path": "/ro"}, ("path",), "no path below the API's root"),
        ({"path": "a b"}, ("path",), "no path below"),
        ({"path": "a#b"}, ("path",), "no path below"),
        ({"path": "", "method": "PO ST"}, ("method",), "no method"),
        ({"path": "", "body": "a", "frames": []}, (), "body is written in one way, this has frames and body"),
        ({"path": "", "headers": {"a b": "c"}}, ("headers", "a b"), "no name of a header"),
        ({"path": "", "headers": {"a": "b\nc: d"}}, ("headers", "a"), "no value of a header"),
        ({"path": "", "headers": [["a"]]}, ("headers", 0), "where a name and a value are needed"),
        ({"path": "", "headers": {"Host": "x"}}, ("headers", "host"), "the header host is the transport's"),
        ({"path": "", "frames": ["nonsense"]}, ("frames", 0), "nonsense"),
        ({"path": "", "frames": "1 1 0 1 1"}, ("frames",), "where a list is needed"),
        ({"path": "", "commands": [{"command": 1}]}, ("commands", 0, "command"), "no bytestring"),
        (
            {"path": "", "commands": [{"command": "a", "args": {"b": [1]}}]},
            ("commands", 0, "args"),
            "bytestrings and integers",
        ),
        ({"path": "", "comands": []}, ("comands",), "unknown field"),
    ],
)
def test_request_with_a_mistake_says_what_and_where(form: Any, path: tuple[Any, ...], part: str) -> None:
    """A header that ends a line would be another request."""
    with pytest.raises(FormError, match=part) as caught:
        parse_request(form, "0006")
    assert caught.value.path == path


def test_response_of_an_author_survives_the_compiled_form() -> None:
    """What is demanded is the same after it was written with octets."""
    for form in (
        {"status": [200, "4xx"], "headers": {"Content-Type": "{media-type}", "allow": None}, "body": "ab"},
        {"answers": {"1": "response", "*": "error"}},
        {"frames": ["1 2 stream-begin command-response eos abc"]},
        {},
    ):
        read = parse_response(form, LAST, (), authored=True)
        assert parse_response(write_response(read, LAST), LAST, ()) == read
    assert parse_response({"headers": {"A": "{media-type}"}}, LAST, (), authored=True) == {
        "headers": (("a", TYPE),)
    }


def test_answers_without_request_ids_are_those_of_request_0() -> None:
    """One case serves all revisions."""
    first = REVISIONS["0001"]

    assert parse_response({"answers": {"1": "error"}}, first, (), authored=True) == {
        "answers": ((0, "error"),)
    }
    with pytest.raises(FormError, match="no request IDs"):
        parse_response({"answers": {"1": "error", "3": "error"}}, first, (), authored=True)


@pytest.mark.parametrize(
    ("form", "part"),
    [
        ([], "where the fields of a response are needed"),
        ({"status": 99}, "99 is no status"),
        ({"status": "6xx"}, "no class of statuses"),
        ({"status": []}, "allows no status"),
        ({"status": [200, True]}, "status.1: true where an integer"),
        ({"answers": []}, "where a mapping of requests is needed"),
        ({"answers": {"x": "error"}}, "no request ID"),
        ({"answers": {1: "error"}}, "no request ID"),
        ({"answers": {"1": "nothing"}}, "unknown answer 'nothing'"),
        ({"answers": {}, "body": ""}, "demanded in one way, this has answers and body"),
        ({"frames": ["1 1"]}, "frames.0"),
    ],
)
def test_expected_response_with_a_mistake_is_refused(form: Any, part: str) -> None:
    """Each mistake of an author is named."""
    with pytest.raises(FormError, match=part):
        parse_response(form, LAST, (), authored=True)


def test_observed_response_has_everything() -> None:
    """Names of headers are compared in small letters, and a server may send what no author could write."""
    form = {"status": 200, "headers": [["A", "b "], ["a", ""]], "body": {"hex": "00"}}

    assert parse_response(form, LAST, (), observed=True) == {
        "status": 200,
        "headers": (("a", "b "), ("a", "")),
        "body": b"\0",
    }
    for wrong in ({"status": 200}, form | {"headers": [["a", 1]]}, form | {"status": 1000}):
        with pytest.raises(FormError):
            parse_response(wrong, LAST, (), observed=True)


def test_display_is_for_people() -> None:
    """One line for a response, one for each line of a request's head."""
    request, _ = parse_request({"path": "ro/a"}, "0006")
    demanded = parse_response(
        {"status": [200, "4xx"], "headers": {"a": None, "b": "c"}, "answers": {"1": "error"}},
        LAST,
        (),
        authored=True,
    )

    assert display_request(request)[:2] == ["POST <API>/ro/a", f"accept: {TYPE}"]
    assert display_response(demanded) == "200 or 4xx, a: absent, b: c, error for request 1"
    assert display_response({"answers": ((None, "error"),)}) == "of any status, error for every other request"
    assert display_response({"status": 204, "headers": (), "body": b""}) == "204, no body"
    assert display_response({"body": b"a"}) == "of any status, body b'a'"
    assert display_response({"status": (200,), "frames": ()}) == "200, 0 frames"
