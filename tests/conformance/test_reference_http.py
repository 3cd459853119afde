"""The binding is asked without a socket, as a server would ask it."""

from __future__ import annotations

from typing import Any

from hgframing import REVISIONS
from hgframing_conformance._http_forms import parse_request
from hgframing_conformance._payloads import read_sequence
from hgframing_conformance._reference_http import COMMANDS, exchange
from hgframing_conformance._responses import body_frames
from hgframing_conformance._values import MapValue


LAST = REVISIONS["0006"]


def ask(form: dict[str, Any], revision: str = "0006") -> dict[str, Any]:
    """Send what an author writes; return the fields of the response."""
    value, _ = parse_request(form, revision)
    response: dict[str, Any] = exchange(value, REVISIONS[revision])["response"]
    return response


def test_response_has_status_headers_and_octets() -> None:
    """As a harness reports it: small letters, pairs, hex."""
    response = ask({"path": "ro/branchmap", "commands": [{"command": "branchmap"}]})

    assert response["status"] == 200
    assert ["content-type", LAST.media_type] in response["headers"]
    assert body_frames(bytes.fromhex(response["body"]["hex"]), LAST)


def test_headers_of_one_name_are_joined() -> None:
    """RFC 9110, 5.3; the second names the type, so the list does."""
    value, _ = parse_request({"path": "ro/branchmap"}, "0006")
    value["headers"] = [
        ["accept", "text/html"],
        ["accept", LAST.media_type],
        ["content-type", LAST.media_type],
    ]

    assert exchange(value, LAST)["response"]["status"] == 200


def test_paths_are_below_the_root_of_the_api() -> None:
    """The empty path is the root itself; a query is none of it."""
    assert bytes.fromhex(ask({"path": ""})["body"]["hex"]) == b"HTTP version 2 API handler"
    assert ask({"path": "ro/nope?x=1"})["status"] == 404


def test_commands_are_those_that_the_server_describes() -> None:
    """What is declared in hello is what the capabilities say."""
    response = ask({"path": "ro/capabilities", "commands": [{"command": "capabilities"}]})
    frames = body_frames(bytes.fromhex(response["body"]["hex"]), LAST)
    assert frames is not None
    values = read_sequence(b"".join(frame.payload for frame in frames if frame.type_id == 3))
    assert isinstance(values[1], MapValue)
    commands = dict(values[1].pairs)[b"commands"]

    assert isinstance(commands, MapValue)
    assert sorted(name for name, _ in commands.pairs if isinstance(name, bytes)) == [
        name.encode() for name in COMMANDS
    ]
