"""Tests of `hgframing_fuzz._reference`: the reference behind the fuzzer's face does what it does without it."""

from __future__ import annotations

import pytest

from hgframing import REVISIONS, Frame, FrameBuffer, RunCommand, ServerReactor
from hgframing_fuzz import Answer, Kind, Observed
from hgframing_fuzz._input import wire_frames
from hgframing_fuzz._reference import ReferenceServer, ReferenceSession
from tests.fuzz.miniatures import R5, an_input


def wire(*texts: str) -> bytes:
    """Frames in notation as octets."""
    return b"".join(wire_frames(an_input(*texts).frames, R5.header))


def session(*, defer_output: bool = False, key: str = "0006") -> ReferenceSession:
    """A fresh session."""
    return ReferenceServer().open_server(REVISIONS[key], defer_output=defer_output)


REQUEST = wire("1 1 stream-begin command-request new cbor:{b'name': b'c', b'args': {b'a': 1}}")
SECOND = wire("3 1 0 command-request new cbor:{b'name': b'd'}")


def kinds(observed: tuple[Observed, ...]) -> list[Kind]:
    """Which actions."""
    return [one.kind for one in observed]


def test_session_command_has_all_its_fields() -> None:
    """Request, command, arguments, data, redirect."""
    assert session().receive(REQUEST) == (Observed(Kind.RUN_COMMAND, 1, (b"c", {b"a": 1}, None, None)),)


def test_session_octets_may_be_cut_anywhere() -> None:
    """The frame buffer stands before the reactor."""
    one = session()

    observed = [one.receive(REQUEST[index : index + 1]) for index in range(len(REQUEST))]

    assert observed[:-1] == [()] * (len(REQUEST) - 1)
    assert kinds(observed[-1]) == [Kind.RUN_COMMAND]


def test_session_fault_has_code_and_message() -> None:
    """The error is the fault, and comes again afterwards."""
    one = session()

    first, *_ = one.receive(wire("1 2 stream-begin command-request new x"))
    again = one.receive(SECOND)

    assert (first.kind, first.value) == (
        Kind.ERROR,
        ("bad-stream-parity", "received frame with even numbered stream ID: 2"),
    )
    assert [one.value for one in again] == [("already-errored", "server already errored")]


def test_session_end_inside_of_a_frame_is_a_fault() -> None:
    """The buffer's fault reaches the reactor."""
    one = session()
    one.receive(REQUEST[:5])

    assert one.end_input()[0].value == (
        "truncated-frame",
        "received incomplete frame: got 5 bytes: b'" + repr(REQUEST[:5])[2:],
    )


@pytest.mark.parametrize("fail", [False, True])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("key", REVISIONS)
def test_session_answer_is_accepted_in_every_revision(key: str, seed: int, *, fail: bool) -> None:
    """Objects or octets, errors of the kinds that the revision has; then the ID is free again."""
    revision = REVISIONS[key]
    one = session(key=key)
    type_id, flags = 1, 1
    payload = b"\xa1DnameAc" if "cbor-requests" in revision.features else b"c"
    octets = b"".join(wire_frames([Frame(1, 1, 1, type_id, flags, payload)], revision.header))
    [command] = one.receive(octets)

    observed = one.answer(Answer(command.request or 0, fail=fail, seed=seed))

    assert kinds(observed) == [Kind.SEND_FRAMES, Kind.NOOP]
    again = b"".join(wire_frames([Frame(1, 1, 0, type_id, flags, payload)], revision.header))
    assert kinds(one.receive(again)) == [Kind.RUN_COMMAND]


def test_session_deferred_answers_leave_at_the_end() -> None:
    """Until then their IDs are not free."""
    one = session(defer_output=True)
    one.receive(REQUEST + SECOND)

    assert kinds(one.answer(Answer(1, fail=False, seed=0))) == [Kind.NOOP]
    assert kinds(one.answer(Answer(3, fail=True, seed=0))) == [Kind.NOOP]
    assert kinds(one.end_input()) == [Kind.SEND_FRAMES, Kind.NOOP, Kind.NOOP]


def test_session_answer_to_nobody_is_refused() -> None:
    """A local error of the reference is an observation, not an exception."""
    [refused] = session().answer(Answer(1, fail=False, seed=0))

    assert refused == Observed(Kind.REFUSED, 1, "request 1 does not wait for an answer")


def test_session_states_differ_where_the_reactor_does() -> None:
    """Nothing, one request being received, one being run, an error."""
    one = session()
    states = [one.state]
    for octets in (
        wire("1 1 stream-begin command-request new|more x"),
        wire("3 1 0 command-request new cbor:{b'name': b'd'}"),
        wire("3 2 0 command-request new x"),
    ):
        one.receive(octets)
        states.append(one.state)

    assert len(set(states)) == 4


def test_session_agrees_with_the_reactor_itself() -> None:
    """The face hides nothing: as many commands as without it."""
    buffer, reactor = FrameBuffer(R5), ServerReactor(R5)
    buffer.feed(REQUEST + SECOND)
    bare = [action for item in buffer for action in reactor.receive(item) if isinstance(action, RunCommand)]

    faced = [one for one in session().receive(REQUEST + SECOND) if one.kind is Kind.RUN_COMMAND]

    assert [action.request_id for action in bare] == [one.request for one in faced] == [1, 3]


def test_maker_drives_the_class_that_it_is_given() -> None:
    """A test can plant a fault in the reference."""

    class Broken(ServerReactor):
        def receive(self, item: object) -> tuple[()]:  # noqa: ARG002
            return ()

    maker = ReferenceServer(Broken)

    assert maker.open_server(R5, defer_output=False).receive(REQUEST) == ()
    assert maker.revisions == tuple(REVISIONS)[::-1]
