"""The reflection service, against the transcripts of sources 000 and 001 and the sheets' tables."""

from __future__ import annotations

import json

import pytest

from hypothesis import given
from hypothesis import strategies as st

from hgframing import REVISIONS, parse_notation
from hgframing._reflection import reflect


ARGUMENTS = [r"command-argument 0 \x03\x00\x04\x00fooval1", r"command-argument eoa \x04\x00\x03\x00bar1val"]


def reflected(key: str, *lines: str, tail: bytes = b"") -> list[bytes]:
    """Reflect frames in notation, and octets after them."""
    revision = REVISIONS[key]
    body = b"".join(revision.header.encode(parse_notation(line, revision)) for line in lines)
    return list(reflect(body + tail, revision))


@pytest.mark.parametrize(
    ("key", "prefixes", "request_id", "state"),
    [
        ("0001", ("", ""), "", "command-receiving-args"),
        ("0002", ("1 ", "1 "), "1 ", "command-receiving"),
        ("0002-streams", ("1 1 stream-begin ", "1 1 0 "), "1 ", "command-receiving"),
    ],
)
def test_reflect_prints_the_transcript_of_the_sources(
    key: str, prefixes: tuple[str, str], request_id: str, state: str
) -> None:
    """Source 000's transcript before and after its change, 001's with streams; states of sheets r1 and r2."""
    first, following = prefixes
    lines = reflected(
        key, f"{first}command-name have-args command1", *(f"{following}{argument}" for argument in ARGUMENTS)
    )

    tail = ', "requestid": 1' if request_id else ""
    run = f'"args": {{"bar1": "val", "foo": "val1"}}, "command": "command1", "data": null{tail}'
    assert lines == [
        f"received: 1 2 {request_id}command1".encode(),
        f'["wantframe", {{"state": "{state}"}}]'.encode(),
        f"received: 2 0 {request_id}".encode() + b"\x03\x00\x04\x00fooval1",
        f'["wantframe", {{"state": "{state}"}}]'.encode(),
        f"received: 2 2 {request_id}".encode() + b"\x04\x00\x03\x00bar1val",
        f'["runcommand", {{{run}}}]'.encode(),
        b"received: <no frame>",
        b'{"action": "noop"}',
    ]


@pytest.mark.parametrize(
    ("lines", "states"),
    [
        (["command-name have-data c", "command-data continuation x"], ["data", "data"]),
        (["command-name have-args|have-data c"], ["args"]),
        (
            ["command-name have-args|have-data c", r"command-argument eoa \x01\x00\x00\x00a"],
            ["args", "data"],
        ),
        (
            ["command-name have-args c", r"command-argument continuation \x01\x00\x02\x00ab"],
            ["args", "args"],
        ),
    ],
)
def test_reflect_names_the_states_of_the_first_revision(lines: list[str], states: list[str]) -> None:
    """Sheet r1, section 8.1: what the state is after a frame."""
    wanted = [json.loads(line) for line in reflected("0001", *lines) if line.startswith(b'["want')]

    assert wanted == [["wantframe", {"state": f"command-receiving-{state}"}] for state in states]


def test_reflect_names_the_states_of_settings() -> None:
    """Sheet r5: settings are received in a state of their own, and then the connection is idle."""
    lines = reflected(
        "0006",
        r"0 1 stream-begin sender-protocol-settings continuation \xa0",
        "0 1 0 sender-protocol-settings eos ",
    )

    wanted = [json.loads(line)[1]["state"] for line in lines if line.startswith(b'["want')]
    assert wanted == ["protocol-settings-receiving", "idle"]


def test_reflect_prints_a_fault_and_goes_on() -> None:
    """An error is an action like others; the reactor is terminal after it, and what it sends is told too."""
    lines = reflected(
        "0006", "2 1 stream-begin command-request new cbor:{b'name': b'c'}", "1 1 0 command-data 0 x"
    )

    assert json.loads(lines[1]) == ["error", {"message": "received request with even numbered ID: 2"}]
    [name, details] = json.loads(lines[2])
    assert name == "sendframes"
    assert [parse_notation(line, REVISIONS["0006"]).request_id for line in details["frames"]] == [2]
    assert lines[3] == b"received: 2 0 1 x"
    assert json.loads(lines[4]) == ["error", {"message": "server already errored"}]


def test_reflect_prints_octets_that_are_no_frame() -> None:
    """A truncated frame is the reactor's fault to answer, not an exception."""
    lines = reflected("0006", tail=b"\x05\x00\x00\x01")

    assert lines[0] == b"received: <bad frame>"
    assert json.loads(lines[1])[0] == "error"
    assert lines[-2:] == [b"received: <no frame>", b'{"action": "noop"}']


def test_reflect_tells_of_requests_half_received() -> None:
    """The end of input is an error then."""
    lines = reflected("0006", "1 1 stream-begin command-request new|more x")

    ends = [json.loads(line) for line in lines[lines.index(b"received: <no frame>") + 1 :]]
    assert [end["action"] for end in ends] == ["error", "sendframes"]
    assert ends[0]["message"] == "input ended with requests half received: 1"


def test_reflect_writes_every_value_as_json() -> None:
    """Octets that are no text, sets, and maps in maps have a form."""
    [_, line, *_] = reflected(
        "0006",
        r"1 1 stream-begin command-request new cbor:{b'name': b'c', b'args': {b'a': {b'\xff', b'b'}, b'm': {1: None}}}",
    )

    [_, details] = json.loads(line)
    assert details["args"] == {"a": ["b", "\udcff"], "m": {"1": None}}
    assert details["redirect"] is None


@given(key=st.sampled_from(list(REVISIONS)), octets=st.binary(max_size=300))
def test_reflect_makes_json_of_whatever_comes(key: str, octets: bytes) -> None:
    """Nothing raises, and there is always an end."""
    lines = list(reflect(octets, REVISIONS[key]))

    end = len(lines) - 1 - lines[::-1].index(b"received: <no frame>")
    assert all("action" in json.loads(line) for line in lines[end + 1 :])
    assert lines[end + 1 :]
