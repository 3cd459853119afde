"""The reference's harness speaks the protocol as any other does."""

from __future__ import annotations

from typing import Any

import pytest

from hgframing import REVISIONS
from hgframing_conformance import reference
from hgframing_conformance._cases import Layer
from hgframing_conformance._messages import read_hello, read_result


#: `1 1 stream-begin command-request new cbor:{b'name': b'a'}`, the worked octets of sheet r4.
REQUEST = "0800000100010111a1446e616d654161"


def run(layer: str, steps: list[dict[str, Any]], **message: Any) -> list[list[dict[str, Any]]]:
    """Run a case on the reference and return its actions, checked against the protocol."""
    case = {
        "op": "case",
        "seq": 1,
        "revision": "0006",
        "layer": layer,
        "setup": {},
        "steps": steps,
        **message,
    }
    return read_result(reference().exchange(case), seq=1, steps=len(steps))


def kinds(actions: list[dict[str, Any]]) -> list[str]:
    """Return the kinds of actions."""
    return [next(iter(action)) for action in actions]


def test_hello_offers_every_revision_and_layer() -> None:
    """The reference has all revisions and all layers."""
    hello = read_hello(reference().exchange({"op": "hello", "protocol": 1, "suite": "0"}))

    assert hello.revisions == list(REVISIONS)
    assert [layer.value for layer in hello.layers] == [layer.value for layer in Layer]


def test_unknown_op_is_answered_as_unknown() -> None:
    """The honesty probe gets an honest answer."""
    assert reference().exchange({"op": "no-such-op"}) == {"op": "unknown"}


def test_codec_decodes_the_worked_octets_cut_anywhere() -> None:
    """The worked request of sheet r4 comes out as its numbers, octet by octet."""
    octets = [REQUEST[index : index + 2] for index in range(0, len(REQUEST), 2)]
    (actions,) = run("codec", [{"receive": octets}])

    assert actions == [
        {
            "frame": {
                "request": 1,
                "stream": 1,
                "stream-flags": 1,
                "type": 1,
                "flags": 1,
                "payload": {"hex": "a1446e616d654161"},
            }
        }
    ]


def test_codec_tells_a_cut_off_frame_at_the_end_of_input() -> None:
    """What ends inside a frame is an error, and not before the end."""
    first, second = run("codec", [{"receive": [REQUEST[:-2]]}, {"end-input": None}])

    assert first == []
    assert second[0]["error"]["code"] == "truncated-frame"


def test_codec_refuses_to_encode_what_does_not_fit() -> None:
    """A number that its field cannot say is the caller's mistake."""
    numbers = {"request": 1, "stream": 1, "stream-flags": 0, "type": 1, "flags": 16, "payload": {"hex": ""}}

    assert kinds(run("codec", [{"encode": numbers}])[0]) == ["refused"]


def test_server_answers_and_frees_the_id() -> None:
    """A response counts as sent, so that its ID can be used again at once."""
    steps: list[dict[str, Any]] = [
        {"receive": [REQUEST]},
        {"respond": {"request": 1, "objects": []}},
        {"receive": [REQUEST]},
    ]

    assert [kinds(actions) for actions in run("server", steps)] == [
        ["run-command"],
        ["send-frames"],
        ["run-command"],
    ]


def test_server_keeps_the_id_of_an_answer_that_has_not_left() -> None:
    """Under `unsent`, and while output is deferred, an ID stays busy."""
    again: dict[str, Any] = {"receive": [REQUEST]}
    unsent: list[dict[str, Any]] = [
        {"receive": [REQUEST]},
        {"respond": {"request": 1, "objects": [], "unsent": True}},
        again,
    ]
    deferred: list[dict[str, Any]] = [
        {"receive": [REQUEST]},
        {"respond": {"request": 1, "objects": []}},
        again,
    ]

    assert run("server", unsent)[-1][0]["error"]["code"] == "bad-request-state"
    assert (
        run("server", deferred, setup={"defer-output": True})[-1][0]["error"]["code"] == "bad-request-state"
    )


def test_server_stops_reading_at_a_fault() -> None:
    """What comes behind a fault in one step adds nothing."""
    (actions,) = run("server", [{"receive": ["0000000000000000" + REQUEST]}])

    assert kinds(actions) == ["error", "send-frames"]


def test_server_honours_limits() -> None:
    """A limit of the setup reaches the codec."""
    (actions,) = run("server", [{"receive": [REQUEST]}], setup={"limits": {"max-payload": 7}})

    assert actions[0]["error"]["code"] == "payload-too-large"


def test_client_calls_and_reads_an_answer() -> None:
    """A call leaves as one frame, and its answer completes it."""
    answer = "0b00000100020132a146737461747573426f6b"
    steps: list[dict[str, Any]] = [
        {"call": {"command": {"hex": "61"}, "args": {"map": []}, "data": None, "redirect": None}},
        {"flush": None},
        {"request-state": {"request": 1}},
        {"receive": [answer]},
        {"request-state": {"request": 1}},
    ]
    called, sent, waiting, received, done = run("client", steps)

    assert kinds(called) == ["noop"]
    # Sheet r4's worked request; its last frame closes the stream (STREAM-005).
    assert sent == [{"send-frames": ["0800000100010311a1446e616d654161"]}]
    assert waiting == [{"request-state": {"request": 1, "state": "sent"}}]
    assert received == [
        {"response-data": {"request": 1, "data": {"hex": "a146737461747573426f6b"}, "eos": True}}
    ]
    assert done == [{"request-state": {"request": 1, "state": "received"}}]


@pytest.mark.parametrize("revision", REVISIONS)
def test_case_starts_with_a_fresh_reactor(revision: str) -> None:
    """Nothing of one case is left in the next."""
    harness = reference()
    case = {
        "op": "case",
        "seq": 1,
        "revision": revision,
        "layer": "codec",
        "setup": {},
        "steps": [{"receive": ["00"]}, {"end-input": None}],
    }

    assert harness.exchange(case) == harness.exchange(case)


def test_fail_after_objects_sends_what_the_command_gave_first() -> None:
    """ERR-007: once response octets have left, a command's error takes an error frame (type 5), not a status map."""
    large = {"hex": "61" * 40000}
    fail = {"request": 1, "kind": "command", "message": {"hex": "6d"}, "args": [], "after": [large]}
    _, actions = run("server", [{"receive": [REQUEST]}, {"fail": fail}])

    frames = [frame for action in actions for frame in action.get("send-frames", [])]
    assert [frame[14] for frame in frames] == ["3", "5"]
