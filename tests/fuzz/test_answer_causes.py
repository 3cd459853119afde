"""Differences over what a server says are explained by what is in its frames, or in the wish that it was asked."""

from __future__ import annotations

from typing import Any

import pytest

from hgframing import REVISIONS, parse_notation
from hgframing_fuzz._answer_causes import answers, client_frame, end_of_input
from hgframing_fuzz._record import Moment, Record, Told


REVISION = REVISIONS["0006"]
SENT = Told("send-frames")
REQUEST = "1 1 stream-begin command-request new cbor:{b'name': b'c'}"


def moment_of(step: dict[str, Any], ours: Told, theirs: Told, *before: str) -> Moment:
    """A wish after frames of a client, the last of which runs its command."""
    record = Record(REVISION, "server")
    for index, text in enumerate(before, start=1):
        told = Told("run-command") if index == len(before) else Told()
        record.take(parse_notation(text, REVISION), told)
    return Moment(record, step, None, {}, ours, theirs)


def client_moment(text: str, ours: Told, theirs: Told) -> Moment:
    """One frame of a server, to a client."""
    frame = parse_notation(text, REVISION)
    return Moment(Record(REVISION, "client"), {"receive": [""]}, frame, {}, ours, theirs)


@pytest.mark.parametrize(
    ("step", "ours", "numbers"),
    [
        ({"respond": {"request": 1, "objects": []}}, SENT, ["D63"]),
        ({"respond": {"request": 1, "objects": [1]}}, SENT, []),
        ({"respond": {"request": 3, "objects": [1]}}, Told("refused"), ["D30"]),
        ({"fail": {"request": 1, "kind": "command", "after": []}}, SENT, ["D65"]),
        ({"fail": {"request": 1, "kind": "command", "after": [1]}}, SENT, ["D64"]),
        ({"fail": {"request": 1, "kind": "server", "after": []}}, SENT, []),
        ({"end-input": None}, SENT, []),
    ],
)
def test_answers_names_what_was_asked(step: dict[str, Any], ours: Told, numbers: list[str]) -> None:
    """A response without objects is D63, an answer to nobody D30, an error of a command D64 or D65."""
    assert list(answers(moment_of(step, ours, SENT, REQUEST))) == numbers


def test_answers_names_an_offer_without_a_common_encoding() -> None:
    """Mercurial raises where no encoding is common (D61); a common one explains nothing."""
    step = {"respond": {"request": 1, "objects": [1]}}
    for names, numbers in (("b'gzip'", ["D61"]), ("b'gzip', b'zlib'", [])):
        offer = f"0 1 stream-begin sender-protocol-settings eos cbor:{{b'contentencodings': [{names}]}}"
        request = REQUEST.replace("stream-begin", "0")

        found = list(answers(moment_of(step, SENT, Told("raised"), offer, request)))

        assert found == numbers


def test_end_of_input_names_half_requests_and_what_was_deferred() -> None:
    """A request that is not whole is D6; a deferred answer has the causes of an answer."""
    moment = moment_of({"end-input": None}, Told("error", "incomplete-request"), Told())
    moment.record.take(
        parse_notation("1 1 stream-begin command-request new|more x", REVISION), Told("want-frame")
    )
    assert list(end_of_input(moment)) == ["D6"]

    deferred = moment_of({"end-input": None}, SENT, SENT, REQUEST)
    deferred.record.wish({"respond": {"request": 1, "objects": []}}, deferred=True)
    assert list(end_of_input(deferred)) == ["D63"]


@pytest.mark.parametrize(
    ("text", "ours", "theirs", "numbers"),
    [
        ("1 2 stream-begin command-response 0 x", Told("error", "bad-flags"), Told("response-data"), ["D12"]),
        ("1 2 stream-begin command-response eos x", Told("response-data"), Told(), []),
        ("1 2 stream-begin error-response 0 \\xff", Told("error", "bad-cbor"), Told("raised"), ["D77"]),
        (
            "1 2 stream-begin 10 0 x",
            Told("error", "unknown-frame-type"),
            Told("raised", message="unhandled frame type: 10"),
            ["D78"],
        ),
    ],
)
def test_client_frame_names_what_is_in_the_frame(
    text: str, ours: Told, theirs: Told, numbers: list[str]
) -> None:
    """Each number where its cause is, and none at a conforming frame."""
    assert list(client_frame(client_moment(text, ours, theirs))) == numbers
