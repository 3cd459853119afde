"""Drive `implementations/mercurial/harness.py` over real pipes, as the runner does.

They run where a Mercurial is: in the interpreter of these tests, or in the one that HGFRAMING_MERCURIAL_PYTHON names.
What is expected stands in the protocol's sheets (r4-released for 4.6 and 4.7, r5 for 4.8 and later) and in the list of
deviations.
"""

from __future__ import annotations

import importlib.util
import json
import os
import struct
import subprocess
import sys
import zlib

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


HARNESS = Path(__file__).parents[2] / "implementations" / "mercurial" / "harness.py"
#: CBOR of {name: c}, the smallest command request.
COMMAND = b"\xa1\x44name\x41c"
#: CBOR of {status: ok}.
STATUS_OK = b"\xa1\x46status\x42ok"
#: Stream flag: the first frame of its stream.
BEGIN = 1
#: Frame types (sheet r5, section 3).
REQUEST, DATA, RESPONSE, ERROR, TEXT = 1, 2, 3, 5, 6
#: Flags of a command request and of a response.
NEW, CONTINUATION, EOS = 1, 1, 2


def frame(
    request: int, stream: int, stream_flags: int, type_id: int, flags: int, payload: bytes = b""
) -> str:
    """Encode a frame by the header of sheet r3: 24 bits length, request, stream, stream flags, type and flags."""
    length = struct.pack("<I", len(payload))[:3]
    header = struct.pack("<HBBB", request, stream, stream_flags, type_id << 4 | flags)
    return (length + header + payload).hex()


def octets(payload: bytes) -> dict[str, str]:
    """Write a bytestring as the harness protocol does."""
    return {"hex": payload.hex()}


class Harness:
    """A running harness and its two pipes."""

    def __init__(self, python: str) -> None:
        self.process = subprocess.Popen(
            [python, str(HARNESS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.hello = self.ask({"op": "hello", "protocol": 1, "suite": "0"})
        self.revision: str = self.hello["revisions"][0]
        self.capabilities: dict[str, Any] = self.hello["capabilities"]
        self.seq = 0

    def ask(self, message: dict[str, Any]) -> Any:
        """Send one line and read one."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def run(self, layer: str, *steps: dict[str, Any], **setup: Any) -> list[list[dict[str, Any]]]:
        """Run a case and return the actions of each step."""
        self.seq += 1
        names = {name.replace("_", "-"): value for name, value in setup.items()}
        message = {"op": "case", "seq": self.seq, "revision": self.revision, "layer": layer, "setup": names}
        result = self.ask(message | {"steps": list(steps)})
        assert result.keys() == {"op", "seq", "steps"}
        assert (result["op"], result["seq"], len(result["steps"])) == ("result", self.seq, len(steps))
        answers: list[list[dict[str, Any]]] = result["steps"]
        return answers

    def close(self) -> int:
        """End the harness's input and return its exit status."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        status = self.process.wait(timeout=10)
        self.process.stdout.close()
        return status


@pytest.fixture(scope="module")
def python() -> str:
    """An interpreter that has Mercurial; without one there is nothing to test."""
    named = os.environ.get("HGFRAMING_MERCURIAL_PYTHON")
    if named:
        return named
    if importlib.util.find_spec("mercurial") is None:
        pytest.skip("no Mercurial in this interpreter, and HGFRAMING_MERCURIAL_PYTHON names none")
    return sys.executable


@pytest.fixture(scope="module")
def harness(python: str) -> Iterator[Harness]:
    """One harness for all tests, as a run has one for all cases."""
    running = Harness(python)
    yield running
    assert running.close() == 0


def run_command(answers: list[list[dict[str, Any]]]) -> dict[str, Any]:
    """The fields of the only action, which must be `run-command`."""
    ((action,),) = answers
    fields = action["run-command"]
    assert isinstance(fields, dict)
    return fields


def test_hello_of_a_release_names_its_one_revision(harness: Harness) -> None:
    """A release speaks the revision whose media type it has: 0005 in 4.6 and 4.7, 0006 from 4.8 on."""
    major, minor = (int(part) for part in harness.hello["version"].split(".")[:2])
    assert harness.revision == ("0005" if (major, minor) < (4, 8) else "0006")
    assert harness.hello["revisions"] == [harness.revision]


def test_hello_declares_that_only_whole_frames_are_taken(harness: Harness) -> None:
    """Mercurial reads from a file and buffers nothing itself."""
    assert harness.capabilities["chunking"] is False


def test_unknown_op_is_answered_unknown(harness: Harness) -> None:
    """The harness admits that it does not know an op."""
    assert harness.ask({"op": "no-such-op"}) == {"op": "unknown"}


def test_bye_ends_the_harness_with_status_zero(python: str) -> None:
    """After `bye` the harness exits by itself, before its input ends."""
    harness = Harness(python)
    assert harness.process.stdin is not None
    harness.process.stdin.write('{"op":"bye"}\n')
    harness.process.stdin.flush()
    assert harness.process.wait(timeout=10) == 0
    harness.close()


def test_server_one_frame_command_runs(harness: Harness) -> None:
    """A request in one frame is dispatched at once (sheet r4, 8.2)."""
    answers = harness.run("server", {"receive": [frame(1, 1, BEGIN, REQUEST, NEW, COMMAND)]})
    assert run_command(answers) == {
        "request": 1,
        "command": octets(b"c"),
        "args": {"map": []},
        "data": None,
        "redirect": None,
    }


def test_cases_are_fresh(harness: Harness) -> None:
    """A request that stays active in one case does not exist in the next."""
    for _ in range(2):
        run_command(harness.run("server", {"receive": [frame(1, 1, BEGIN, REQUEST, NEW, COMMAND)]}))


def test_server_fault_is_error_with_the_message_of_mercurial(harness: Harness) -> None:
    """What Mercurial returns as error is `error` (sheet r3, 8.1)."""
    answers = harness.run("server", {"receive": [frame(1, 2, BEGIN, REQUEST, NEW, COMMAND)]})
    assert answers == [[{"error": {"message": "received frame with even numbered stream ID: 2"}}]]


def test_server_exception_on_octets_is_raised(harness: Harness) -> None:
    """D38: an encoded frame makes the server's reactor raise; that is no `error` and no crash."""
    encoded = 4
    answers = harness.run("server", {"receive": [frame(1, 1, BEGIN | encoded, REQUEST, NEW, COMMAND)]})
    message = "support for decoding stream payloads not yet implemented"
    assert answers == [[{"raised": {"type": "error.ProgrammingError", "message": message}}]]


def test_frames_after_a_fault_still_reach_the_reactor(harness: Harness) -> None:
    """Every frame of a step is handed over, so that a sticky error can be seen."""
    frames = [frame(1, 1, BEGIN, DATA, EOS), frame(1, 1, 0, REQUEST, NEW, COMMAND)]
    ((first, second),) = harness.run("server", {"receive": frames})
    assert first.keys() == {"error"}
    assert second == {"error": {"message": "server already errored"}}


def test_server_command_of_any_type_is_reported(harness: Harness) -> None:
    """D34: Mercurial passes a command that is no bytestring; integers beyond 2^53 are typed."""
    number = struct.pack(">Q", 2**64 - 1)
    answers = harness.run(
        "server", {"receive": [frame(1, 1, BEGIN, REQUEST, NEW, b"\xa1\x44name\x1b" + number)]}
    )
    assert run_command(answers)["command"] == {"int": str(2**64 - 1)}


def test_server_value_too_deep_to_print_is_said_to_be(harness: Harness) -> None:
    """Values that no reader of JSON would take are cut, visibly, and nobody dies of them."""
    args = b"\x44args\xa1\x41k" + b"\x81" * 200 + b"\x00"
    answers = harness.run(
        "server", {"receive": [frame(1, 1, BEGIN, REQUEST, NEW, b"\xa2\x44name\x41c" + args)]}
    )
    assert "deeper" in json.dumps(run_command(answers)["args"])


def test_request_of_any_declared_length_kills_nothing(harness: Harness) -> None:
    """On Python 3 an integer as a piece of a bytestring asks Mercurial for 2 GiB: it fails and the harness lives."""
    bomb = b"\x5f\x1a\x7f\xff\xff\xff\xff"
    ((action,),) = harness.run("server", {"receive": [frame(1, 1, BEGIN, REQUEST, NEW, bomb)]})
    assert action.keys() <= {"raised", "error"}
    run_command(harness.run("server", {"receive": [frame(1, 1, BEGIN, REQUEST, NEW, COMMAND)]}))


def test_respond_objects_sends_the_frames_of_the_sheets(harness: Harness) -> None:
    """One object: the sequence of sheet r5, 7.5, or of r4-released, "Worked frames" with D96."""
    steps: list[dict[str, Any]] = [
        {"receive": [frame(1, 1, BEGIN, REQUEST, NEW, COMMAND)]},
        {"respond": {"request": 1, "objects": [octets(b"abc")]}},
    ]
    _, (action,) = harness.run("server", *steps)
    encoded, settings = 4, 9
    if harness.revision == "0006":
        expected = [
            frame(1, 2, BEGIN, settings, EOS, b"\x48identity"),
            frame(1, 2, encoded, RESPONSE, CONTINUATION, STATUS_OK),
            frame(1, 2, encoded, RESPONSE, CONTINUATION, b"\x43abc"),
            frame(1, 2, 0, RESPONSE, EOS),
        ]
    else:
        expected = [
            frame(1, 2, BEGIN, RESPONSE, CONTINUATION, STATUS_OK),
            frame(1, 2, 0, RESPONSE, 0, b"\x43abc"),
            frame(1, 2, 0, RESPONSE, EOS),
        ]
    assert action == {"send-frames": expected}


def test_unsent_response_keeps_its_request_active_until_sent(harness: Harness) -> None:
    """D29: all frames are handed over, and the ID is free when their generator has been resumed past the last."""
    again = {"receive": [frame(1, 1, 0, REQUEST, NEW, COMMAND)]}
    first = {"receive": [frame(1, 1, BEGIN, REQUEST, NEW, COMMAND)]}
    respond = {"respond": {"request": 1, "objects": [1], "unsent": True}}
    _, (handed_over,), (error,) = harness.run("server", first, respond, again)
    assert handed_over["send-frames"][-1] == frame(1, 2, 0, RESPONSE, EOS)
    assert error == {"error": {"message": "request with ID 1 is already active"}}
    answers = harness.run("server", first, respond, {"sent": {"request": 1}}, again)
    assert answers[2] == []
    assert answers[3][0].keys() == {"run-command"}


def test_deferred_response_leaves_at_the_end_of_input(harness: Harness) -> None:
    """With deferred output a response is `noop`, its frames follow at the end of input (sheet r5, 7.6)."""
    steps: list[dict[str, Any]] = [
        {"receive": [frame(1, 1, BEGIN, REQUEST, NEW, COMMAND)]},
        {"respond": {"request": 1, "objects": [1]}},
        {"end-input": None},
    ]
    _, respond, end = harness.run("server", *steps, defer_output=True)
    assert respond == [{"noop": {}}]
    assert end[0]["send-frames"][-1] == frame(1, 2, 0, RESPONSE, EOS)


def test_second_answer_is_sent_and_raises(harness: Harness) -> None:
    """D30: the frames of an answer to an inactive request are out before the exception."""
    respond = {"respond": {"request": 1, "objects": [1]}}
    answers = harness.run(
        "server", {"receive": [frame(1, 1, BEGIN, REQUEST, NEW, COMMAND)]}, respond, respond
    )
    assert [list(action) for action in answers[2]] == [["send-frames"], ["raised"]]
    assert answers[2][1]["raised"]["type"] == "KeyError"


def test_fail_of_a_command_sends_the_error_map(harness: Harness) -> None:
    """A command error is one `eos` frame with message and arguments (D65)."""
    steps: list[dict[str, Any]] = [
        {"receive": [frame(1, 1, BEGIN, REQUEST, NEW, COMMAND)]},
        {"fail": {"request": 1, "kind": "command", "message": octets(b"msg %s"), "args": [octets(b"x")]}},
    ]
    _, (action,) = harness.run("server", *steps)
    error = b"\x45error\xa2\x44args\x81\x41x\x47message\x46msg %s"
    payload = b"\xa2" + error + b"\x46status\x45error"
    assert action == {"send-frames": [frame(1, 2, BEGIN, RESPONSE, EOS, payload)]}


def test_fail_of_the_server_finishes_the_message(harness: Harness) -> None:
    """The event for a server error takes no arguments: they stand in the message, as Mercurial's callers do it."""
    steps: list[dict[str, Any]] = [
        {"receive": [frame(1, 1, BEGIN, REQUEST, NEW, COMMAND)]},
        {"fail": {"request": 1, "kind": "server", "message": octets(b"no %s"), "args": [octets(b"luck")]}},
    ]
    _, (action,) = harness.run("server", *steps)
    message = b"\x47message\x81\xa1\x43msg\x47no luck"
    kind = b"\x44type\x46server"
    payload = b"\xa2" + (message + kind if harness.revision == "0006" else kind + message)
    assert action == {"send-frames": [frame(1, 2, BEGIN, ERROR, 0, payload)]}


def test_fail_without_an_event_is_refused(harness: Harness) -> None:
    """D70: no reactor has an event for a protocol error."""
    steps: list[dict[str, Any]] = [
        {"receive": [frame(1, 1, BEGIN, REQUEST, NEW, COMMAND)]},
        {"fail": {"request": 1, "kind": "protocol", "message": octets(b"no"), "args": []}},
    ]
    _, (action,) = harness.run("server", *steps)
    assert action.keys() == {"refused"}


def test_answer_on_an_odd_stream_is_refused(harness: Harness) -> None:
    """D44: the server's events decline a stream of the other side."""
    steps: list[dict[str, Any]] = [
        {"receive": [frame(1, 1, BEGIN, REQUEST, NEW, COMMAND)]},
        {"respond": {"request": 1, "objects": [1], "stream": 3}},
    ]
    _, (action,) = harness.run("server", *steps)
    message = "server should only write to even numbered streams; 3 is not even"
    assert action == {"refused": {"message": message}}


def test_frames_come_through_the_parser_of_mercurial(harness: Harness) -> None:
    """D1: 65536 octets are read as 16384, and the rest is read as a header."""
    answers = harness.run("codec", {"receive": [frame(1, 1, BEGIN, DATA, EOS, b"a" * 65536)]})
    assert len(answers[0][0]["frame"]["payload"]["hex"]) == 2 * 16384


@pytest.mark.parametrize("cut", [1, 4, 8, 10])
def test_end_of_input_inside_a_frame_is_error(harness: Harness, cut: int) -> None:
    """The reader's complaint about half a frame blames the peer, in every layer."""
    piece = frame(1, 1, BEGIN, REQUEST, NEW, COMMAND)[: 2 * cut]
    for layer in ("codec", "server"):
        received, ended = harness.run(layer, {"receive": [piece]}, {"end-input": None})
        assert received == []
        assert [list(action) for action in ended] == [["error"]]


def test_encode_writes_the_header_of_the_sheet(harness: Harness) -> None:
    """The frame builder alone (sheet r4, "Worked bytes")."""
    fields = {"request": 1, "stream": 1, "stream-flags": 1, "type": 1, "flags": 1, "payload": octets(COMMAND)}
    answers = harness.run("codec", {"encode": fields})
    assert answers == [[{"octets": {"hex": frame(1, 1, BEGIN, REQUEST, NEW, COMMAND)}}]]


def test_client_sends_what_was_called_when_it_is_flushed(harness: Harness) -> None:
    """A buffering client queues calls, sends them on `flush` and takes no more (sheet r4, 9)."""
    call = {"call": {"command": octets(b"c"), "args": {"map": []}, "data": octets(b"d"), "redirect": None}}
    state = {"request-state": {"request": 1}}
    answers = harness.run("client", call, state, {"flush": None}, state, call)
    have_data = 8
    frames = [frame(1, 1, BEGIN, REQUEST, NEW | have_data, COMMAND), frame(1, 1, 0, DATA, EOS, b"d")]
    assert answers == [
        [{"noop": {}}],
        [{"request-state": {"request": 1, "state": "pending"}}],
        [{"send-frames": frames}],
        [{"request-state": {"request": 1, "state": "sent"}}],
        [{"refused": {"message": "cannot issue new commands"}}],
    ]


def test_client_response_and_unhandled_type(harness: Harness) -> None:
    """Response data is told piece by piece; D75: text output raises."""
    call = {"call": {"command": octets(b"c"), "args": {"map": []}, "data": None, "redirect": None}}
    receive = {
        "receive": [
            frame(1, 2, BEGIN, RESPONSE, CONTINUATION, b"x"),
            frame(1, 2, 0, TEXT, 0, b"x"),
            frame(1, 2, 0, RESPONSE, EOS, b"y"),
        ]
    }
    answers = harness.run("client", call, receive, buffer_sends=False)
    assert answers[1] == [
        {"response-data": {"request": 1, "data": octets(b"x"), "eos": False}},
        {"raised": {"type": "error.ProgrammingError", "message": "unhandled frame type: 6"}},
        {"response-data": {"request": 1, "data": octets(b"y"), "eos": True}},
    ]


def test_client_error_frame_is_an_answer(harness: Harness) -> None:
    """An error frame for an active request answers it (sheet r5, 8.1, row 9); it blames nobody for the protocol."""
    call = {"call": {"command": octets(b"c"), "args": {"map": []}, "data": None, "redirect": None}}
    payload = b"\xa2\x44type\x46server\x47message\x81\xa1\x43msg\x44boom"
    answers = harness.run(
        "client", call, {"receive": [frame(1, 2, BEGIN, ERROR, 0, payload)]}, buffer_sends=False
    )
    atom = {"map": [[octets(b"msg"), octets(b"boom")]]}
    assert answers[1] == [{"error-response": {"request": 1, "type": "server", "atoms": [atom]}}]


def test_client_offers_its_encodings(harness: Harness) -> None:
    """The first frames of a client with content encodings are its settings (sheet r5, 8)."""
    if "content-encodings" not in harness.capabilities["setup"]:
        pytest.skip(f"{harness.revision} has no content encodings")
    call = {"call": {"command": octets(b"c"), "args": {"map": []}, "data": None, "redirect": None}}
    answers = harness.run("client", call, buffer_sends=False, content_encodings=["identity"])
    payload = b"\xa1\x50contentencodings\x81\x48identity"
    assert answers[0][0]["send-frames"][0] == frame(1, 1, BEGIN, 8, EOS, payload)


def test_client_told_too_much_data_is_raised(harness: Harness) -> None:
    """D56: a frame that expands beyond what a harness carries is reported, not printed."""
    if "zlib" not in harness.capabilities["encodings"]:
        pytest.skip(f"{harness.revision} has no content encodings")
    call = {"call": {"command": octets(b"c"), "args": {"map": []}, "data": None, "redirect": None}}
    bomb = zlib.compress(bytes(1 << 25))
    receive = {
        "receive": [
            frame(1, 2, BEGIN, 9, EOS, b"\x44zlib"),
            frame(1, 2, 4, RESPONSE, CONTINUATION, bomb),
        ]
    }
    answers = harness.run("client", call, receive, buffer_sends=False)
    assert answers[1][-1] == {
        "raised": {"type": "MemoryError", "message": f"one frame became {1 << 25} octets"}
    }


def test_complaint_after_a_frame_is_no_refusal(harness: Harness) -> None:
    """D61: without a common encoding the status frame is out before the reactor complains."""
    if "zlib" not in harness.capabilities["encodings"]:
        pytest.skip(f"{harness.revision} has no content encodings")
    settings = b"\xa1\x50contentencodings\x80"
    steps: list[dict[str, Any]] = [
        {"receive": [frame(1, 1, BEGIN, 8, EOS, settings), frame(1, 1, 0, REQUEST, NEW, COMMAND)]},
        {"respond": {"request": 1, "objects": [1]}},
    ]
    _, (sent, raised) = harness.run("server", *steps)
    assert sent == {"send-frames": [frame(1, 2, BEGIN, RESPONSE, CONTINUATION, STATUS_OK)]}
    message = "attempting to send encoded frame without sending stream settings"
    assert raised == {"raised": {"type": "error.ProgrammingError", "message": message}}


def test_fail_after_output_is_an_iterator_that_raises(harness: Harness) -> None:
    """D64: the error of a command that has answered is a second status map; in 4.6 and 4.7 the exception escapes."""
    steps: list[dict[str, Any]] = [
        {"receive": [frame(1, 1, BEGIN, REQUEST, NEW, COMMAND)]},
        {"fail": {"request": 1, "kind": "command", "message": octets(b"no"), "args": [], "after": [1]}},
    ]
    _, actions = harness.run("server", *steps)
    sent = actions[0]["send-frames"]
    if harness.revision == "0006":
        payload = b"\xa2\x45error\xa1\x47message\x42no\x46status\x45error"
        assert sent[-1] == frame(1, 2, 0, RESPONSE, EOS, payload)
        assert len(actions) == 1
    else:
        assert sent == [frame(1, 2, BEGIN, RESPONSE, CONTINUATION, STATUS_OK)]
        assert actions[1]["raised"]["message"] == "no"


def test_harness_answers_in_process_as_over_pipes(python: str, harness: Harness) -> None:
    """`direct:harness:InProcess` is what `hgframing strength` plants faults under."""
    message = {"op": "hello", "protocol": 1, "suite": "0"}
    program = f"import harness, json; print(json.dumps(harness.InProcess().exchange({message!r})))"
    places = [str(HARNESS.parent), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [python, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(done.stdout) == harness.hello
