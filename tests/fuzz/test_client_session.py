"""Tests of `hgframing_fuzz._client_session`: the reference's client behind the fuzzer's face."""

from __future__ import annotations

import pytest

from hgframing import REVISIONS
from hgframing_fuzz import Answer, Kind, Observed, Options
from hgframing_fuzz._client_session import ReferenceClient, ReferenceClientSession, calls_of
from hgframing_fuzz._input import wire_frames
from tests.fuzz.miniatures import R5, an_input


def session(calls: int = 2) -> ReferenceClientSession:
    """A client with requests under way."""
    return ReferenceClient().open_client(R5, calls=calls)


def wire(*texts: str) -> bytes:
    """Frames in notation as octets."""
    return b"".join(wire_frames(an_input(*texts).frames, R5.header))


def test_calls_are_said_by_the_input() -> None:
    """One to four; one where a connection has one request."""
    assert [calls_of(Options(answers=number), R5) for number in (0, 1, 2, 3, 4)] == [1, 2, 3, 4, 1]
    assert calls_of(Options(answers=3), REVISIONS["0001"]) == 1


@pytest.mark.parametrize("key", list(REVISIONS))
def test_session_of_every_revision_waits_for_its_responses(key: str) -> None:
    """A connection that ends without them has a fault."""
    [observed] = ReferenceClient().open_client(REVISIONS[key], calls=1).end_input()

    assert (observed.kind, observed.value) == (
        Kind.ERROR,
        ("incomplete-response", f"input ended with responses not complete: {int(key != '0001')}"),
    )


def test_session_response_is_delivered_to_what_was_called() -> None:
    """Requests 1 and 3 are under way; 5 is not."""
    one = session(2)

    assert one.receive(wire("3 2 stream-begin command-response eos x")) == (
        Observed(Kind.RESPONSE_DATA, 3, (b"x", True)),
    )
    [fault] = one.receive(wire("5 2 0 command-response eos x"))
    assert fault.kind is Kind.ERROR


def test_session_everything_that_a_server_sends_is_told() -> None:
    """Text, progress, an error; octets may be cut anywhere."""
    octets = wire(
        "1 2 stream-begin text-output 0 cbor:[{b'msg': b'm'}]",
        "1 2 0 progress 0 cbor:{b'pos': 1, b'topic': b't', b'total': 2}",
        "1 2 0 error-response 0 cbor:{b'type': b'server', b'message': [{b'msg': b'm'}]}",
    )
    one = session(1)

    observed = [found for octet in octets for found in one.receive(bytes((octet,)))]

    assert [(found.kind, found.request) for found in observed] == [
        (Kind.TEXT_OUTPUT, 1),
        (Kind.PROGRESS, 1),
        (Kind.ERROR_RESPONSE, 1),
    ]
    assert [found.kind for found in one.end_input()] == [Kind.NOOP]


def test_session_frame_that_is_cut_off_is_a_fault() -> None:
    """The end is told to the buffer first."""
    one = session(1)
    one.receive(wire("1 2 stream-begin command-response eos x")[:-1])

    assert one.end_input()[0].kind is Kind.ERROR
    assert one.state == one.state


def test_session_runs_no_commands() -> None:
    """To be asked for an answer is the driver's mistake."""
    with pytest.raises(AssertionError):
        session().answer(Answer(1, fail=False, seed=0))
