"""Tests of the transcripts that other tests are written in."""

from __future__ import annotations

import re
import warnings

import pytest

from hgframing import (
    REVISIONS,
    ClientReactor,
    FaultCode,
    Noop,
    RunCommand,
    SendFrames,
    ServerReactor,
    WantFrame,
    parse_notation,
)
from tests.transcripts import Transcript, UnfinishedTranscriptWarning, transcript


HEADS = "1 1 stream-begin command-request new cbor:{b'name': b'heads'}"


def begin() -> Transcript[ServerReactor]:
    """Begin a conversation with a server of the newest revision."""
    return transcript(ServerReactor(REVISIONS["0006"]))


def test_transcript_answers_as_expected_goes_on() -> None:
    """Steps whose answers are as expected can be chained, whatever they are."""
    conversation = begin()

    (
        conversation.receive("1 1 stream-begin command-request new|have-data cbor:{b'name': b'heads'}")
        .expects(WantFrame())
        .receive("1 1 0 command-data continuation a", "1 1 0 command-data eos b")
        .expects(WantFrame(), RunCommand(1, b"heads", {}, b"ab"))
        .does(lambda reactor: reactor.sent(1) if reactor.unanswered > 1 else (Noop(),))
        .expects(Noop())
        .end_input()
        .expects(Noop())
    )

    assert conversation.reactor.unanswered == 1


def test_transcript_of_a_client_is_written_in_its_revision() -> None:
    """Frames are read in the notation of the reactor's own revision."""
    client = ClientReactor(REVISIONS["0002"], buffer_sends=False)

    transcript(client).does(lambda reactor: reactor.call(b"heads").actions).expects(
        SendFrames((parse_notation("1 command-name eos heads", REVISIONS["0002"]),))
    )


def test_transcript_other_answer_fails_with_the_conversation_and_both_sides() -> None:
    """A mismatch says what happened before, what was expected and what was observed instead."""
    with pytest.raises(AssertionError) as failure:
        begin().receive(HEADS).expects(WantFrame())

    assert str(failure.value).splitlines() == [
        f"receive {HEADS}",
        "expected WantFrame()",
        "observed RunCommand(request_id=1, command=b'heads', args={}, data=None, redirect=None, streaming=False)",
    ]


def test_transcript_mismatch_of_frames_is_told_in_notation() -> None:
    """Frames that were sent are shown as people write them."""
    expected = parse_notation("1 2 stream-begin command-response eos x", REVISIONS["0006"])

    with pytest.raises(AssertionError, match=re.escape("'1 2 stream-begin command-response eos x'")):
        begin().receive(HEADS).expects(SendFrames((expected,)))


def test_transcript_missing_action_fails() -> None:
    """One action too few is a mismatch, too."""
    with pytest.raises(AssertionError, match=r"observed RunCommand.*"):
        begin().receive(HEADS).expects()


def test_transcript_fault_of_the_expected_code_and_message_passes() -> None:
    """A fault is expected by code and message; the frames that report it are left alone."""
    begin().receive("1 2 stream-begin command-request new x").faults(
        FaultCode.BAD_STREAM_PARITY, "received frame with even numbered stream ID: 2"
    )


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (FaultCode.BAD_STREAM_PARITY, "received frame with odd numbered stream ID: 2"),
        (FaultCode.BAD_FLAGS, "received frame with even numbered stream ID: 2"),
    ],
)
def test_transcript_other_fault_fails_with_both_sides(code: FaultCode, message: str) -> None:
    """Another code and another message are both told apart."""
    with pytest.raises(AssertionError) as failure:
        begin().receive("1 2 stream-begin command-request new x").faults(code, message)

    _, expected, observed = str(failure.value).splitlines()
    assert expected == f"expected Error {code}: {message}"
    assert observed.startswith(
        "observed Error bad-stream-parity: received frame with even numbered stream ID: 2 · SendFrames"
    )


def test_transcript_no_fault_where_one_is_expected_fails() -> None:
    """An answer without a fault is a mismatch."""
    with pytest.raises(AssertionError, match="expected Error bad-flags: no"):
        begin().receive(HEADS).faults(FaultCode.BAD_FLAGS, "no")


def test_transcript_next_step_before_the_last_was_looked_at_fails() -> None:
    """A step cannot begin while the answer of the one before is unread."""
    with pytest.raises(AssertionError, match="nobody looked at the answer of the last step"):
        begin().receive(HEADS).end_input()


def test_transcript_expectation_without_a_step_fails() -> None:
    """An answer can be looked at once."""
    with pytest.raises(AssertionError, match="nothing happened that could have been answered"):
        begin().receive(HEADS).expects(RunCommand(1, b"heads", {})).expects()


def test_transcript_left_unfinished_warns_with_the_conversation() -> None:
    """A test that forgets its expectation does not pass in silence: the warning is an error in this suite."""
    with pytest.warns(UnfinishedTranscriptWarning, match=re.escape(f"receive {HEADS}")):
        begin().receive(HEADS)


def test_transcript_finished_or_failed_does_not_warn() -> None:
    """The warning is for what was forgotten alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        begin().receive(HEADS).expects(RunCommand(1, b"heads", {}))
        with pytest.raises(AssertionError):
            begin().receive(HEADS).expects()
        with pytest.raises(AssertionError):
            begin().receive(HEADS).end_input()
