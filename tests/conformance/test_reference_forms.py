"""Values and actions of the reference in messages."""

from __future__ import annotations

from typing import Any

import pytest

from hgframing import (
    REVISIONS,
    Atom,
    CommandData,
    Error,
    ErrorResponse,
    Fault,
    FaultCode,
    Frame,
    LocalProtocolError,
    Noop,
    Progress,
    ResponseData,
    RunCommand,
    SendFrames,
    TextOutput,
    WantFrame,
)
from hgframing_conformance._reference_forms import (
    read_form,
    read_redirect,
    write_client_action,
    write_frame,
    write_server_action,
)


REVISION = REVISIONS["0006"]


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ({"hex": "00ff"}, b"\x00\xff"),
        ({"text": "a"}, "a"),
        ({"int": "18446744073709551615"}, 2**64 - 1),
        ([1, True, None], [1, True, None]),
        ({"map": [[{"hex": "61"}, [{"hex": "62"}]]]}, {b"a": [b"b"]}),
        ({"set": [1, 2]}, {1, 2}),
        ({"map": [[[1], 2]]}, {(1,): 2}),
    ],
)
def test_read_form_gives_python_values(form: Any, value: Any) -> None:
    """Each form is the value that docs/vector-format.md says."""
    assert read_form(form) == value


def test_read_form_of_a_tag_is_refused() -> None:
    """The reference has no tag but that of sets."""
    with pytest.raises(LocalProtocolError):
        read_form({"tag": [1, 2]})


def test_read_redirect_gives_what_was_written() -> None:
    """Hashes are pairs of name and hash; what must be there and is not is nothing."""
    redirect = read_redirect(
        {"url": {"hex": "61"}, "mediatype": {"hex": "62"}, "fullhashes": [[{"hex": "63"}, {"hex": "64"}]]}
    )

    assert (redirect.url, redirect.mediatype) == (b"a", b"b")
    assert [list(pair) for pair in redirect.fullhashes or ()] == [[b"c", b"d"]]
    assert read_redirect({}).url is None


@pytest.mark.parametrize(
    ("revision", "fields"),
    [
        ("0001", {"type", "flags", "payload"}),
        ("0002", {"request", "type", "flags", "payload"}),
        ("0006", {"request", "stream", "stream-flags", "type", "flags", "payload"}),
    ],
)
def test_write_frame_has_the_fields_of_its_header(revision: str, fields: set[str]) -> None:
    """A field that the header lacks is not there."""
    written = write_frame(Frame(0, 0, 0, 1, 1, b""), REVISIONS[revision])

    assert set(written["frame"]) == fields


@pytest.mark.parametrize(
    ("action", "written"),
    [
        (WantFrame(), {"want-frame": {}}),
        (Noop(), {"noop": {}}),
        (
            RunCommand(1, b"a", {b"k": [1, {2}]}, b"d", {b"targets": [b"t"]}),
            {
                "run-command": {
                    "request": 1,
                    "command": {"hex": "61"},
                    "args": {"map": [[{"hex": "6b"}, [1, {"set": [2]}]]]},
                    "data": {"hex": "64"},
                    "redirect": {"map": [[{"hex": "74617267657473"}, [{"hex": "74"}]]]},
                    "data-follows": False,
                }
            },
        ),
        (
            CommandData(1, b"a", False),
            {"command-data": {"request": 1, "data": {"hex": "61"}, "eos": False}},
        ),
        (SendFrames((Frame(1, 2, 1, 3, 2, b"x"),)), {"send-frames": ["010000010002013278"]}),
        (
            Error(Fault(FaultCode.BAD_FLAGS, "m", 3)),
            {"error": {"code": "bad-flags", "message": "m", "request": 3}},
        ),
        (Error(Fault(FaultCode.BAD_FLAGS, "m")), {"error": {"code": "bad-flags", "message": "m"}}),
    ],
)
def test_write_server_action_is_canonical(action: Any, written: dict[str, Any]) -> None:
    """Each action has the form of docs/harness-protocol.md."""
    assert write_server_action(action, REVISION) == written


@pytest.mark.parametrize(
    ("action", "kind", "fields"),
    [
        (ResponseData(1, b"a", True), "response-data", {"request": 1, "data": {"hex": "61"}, "eos": True}),
        (
            ErrorResponse(1, "server", (Atom(b"m", (b"a",), (b"l",)),)),
            "error-response",
            {
                "request": 1,
                "type": "server",
                "atoms": [{"msg": {"hex": "6d"}, "args": [{"hex": "61"}], "labels": [{"hex": "6c"}]}],
            },
        ),
        (
            TextOutput(1, (Atom(b"m"),)),
            "text-output",
            {"request": 1, "atoms": [{"msg": {"hex": "6d"}, "args": [], "labels": []}]},
        ),
        (
            Progress(1, b"t", -1, 2),
            "progress",
            {"request": 1, "topic": {"hex": "74"}, "pos": -1, "total": 2, "label": None, "item": None},
        ),
        (Noop(), "noop", {}),
    ],
)
def test_write_client_action_is_canonical(action: Any, kind: str, fields: dict[str, Any]) -> None:
    """Each action has the form of docs/harness-protocol.md."""
    assert write_client_action(action, REVISION) == {kind: fields}
