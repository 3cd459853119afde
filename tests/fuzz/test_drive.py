"""Tests of `hgframing_fuzz._drive`: how an input is played, and that commands are answered as it says."""

from __future__ import annotations

import pytest

from hgframing import REVISIONS
from hgframing_fuzz import Answer, Kind, Observed, Options
from hgframing_fuzz._drive import (
    choose_answer,
    choose_revision,
    drive,
    make_script,
    nibbles_of,
    request_of,
)
from hgframing_fuzz._input import Answers, Delivery, DriverBit
from hgframing_fuzz._outcome import Trace
from tests.fuzz.miniatures import R5, Miniature, an_input


class Noting(Miniature):
    """Notes what is done to it."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[object] = []

    def receive(self, octets: bytes) -> tuple[Observed, ...]:
        """Note the octets."""
        self.notes.append(octets)
        return super().receive(octets)

    def answer(self, answer: Answer) -> tuple[Observed, ...]:
        """Note the answer."""
        self.notes.append(answer)
        return super().answer(answer)

    def end_input(self) -> tuple[Observed, ...]:
        """Note the end."""
        self.notes.append("end")
        return super().end_input()


TWO = ("1 1 stream-begin command-request new a", "3 1 0 command-request new b")


def play(
    options: Options, *, late: bool = False, delivery: Delivery = Delivery.FRAME
) -> tuple[Noting, Trace]:
    """Play two requests."""
    session, trace = Noting(), list[object]()
    drive(session, make_script(an_input(*TWO, options=options), R5, delivery, late=late), trace)  # type: ignore[arg-type]
    return session, trace  # type: ignore[return-value]


def test_drive_frames_arrive_one_by_one_then_the_end() -> None:
    """Without answers nothing else happens."""
    session, trace = play(Options())

    assert [note if isinstance(note, str) else len(note) for note in session.notes] == [9, 9, "end"]  # type: ignore[arg-type]
    assert [[one.kind for one in seen.observed] for seen in trace] == [
        [Kind.RUN_COMMAND],
        [Kind.RUN_COMMAND],
        [Kind.NOOP],
    ]


def test_drive_end_that_is_not_told_is_not_told() -> None:
    """A connection that just stays open."""
    session, trace = play(Options(driver=DriverBit.NO_END))

    assert "end" not in session.notes
    assert len(trace) == 2


def test_drive_answers_a_command_before_the_next_frame() -> None:
    """An answer frees the request's ID for what comes next."""
    session, trace = play(Options(answers=Answers.RESPOND, seed=9))

    assert [type(note) for note in session.notes] == [bytes, Answer, bytes, Answer, str]
    assert session.notes[1] == Answer(1, fail=False, seed=9)
    assert [seen.answered for seen in trace] == [(1,), (3,), ()]
    assert [one.kind for one in trace[0].observed] == [Kind.RUN_COMMAND, Kind.SEND_FRAMES]


def test_drive_late_answers_come_after_the_last_chunk() -> None:
    """Only then may the cuts not matter."""
    session, trace = play(Options(answers=Answers.FAIL), late=True)

    assert [type(note) for note in session.notes] == [bytes, bytes, Answer, Answer, str]
    assert trace[2].answered == (1, 3)


def test_drive_deferred_output_leaves_requests_unanswered() -> None:
    """Frames that are held back have not left, so the ID is not free (RID-005)."""
    _, trace = play(Options(driver=DriverBit.DEFER_OUTPUT, answers=Answers.RESPOND))

    assert all(seen.answered == () for seen in trace)


def test_drive_chunks_that_lead_to_nothing_are_not_counted() -> None:
    """Octet by octet there is an entry for each frame, not for each octet."""
    session, trace = play(Options(), delivery=Delivery.OCTET)

    assert len(session.notes) == 19
    assert len(trace) == 3


def test_drive_exception_leaves_what_was_seen_before() -> None:
    """The features of the frames before a finding count."""

    class Dies(Miniature):
        def on_legal(self, request: int, nibbles: int, payload: bytes) -> tuple[Observed, ...]:
            if payload == b"b":
                raise LookupError
            return super().on_legal(request, nibbles, payload)

    trace: Trace = []
    with pytest.raises(LookupError):
        drive(Dies(), make_script(an_input(*TWO), R5, Delivery.FRAME), trace)

    assert len(trace) == 1


def test_choose_answer_mixed_does_everything_and_always_the_same() -> None:
    """Over many requests there are responses, errors and neither; a request has always the same one."""
    options = Options(answers=Answers.MIXED, seed=4)
    answers = [choose_answer(options, request) for request in range(1, 200, 2)]

    assert {None if answer is None else answer.fail for answer in answers} == {None, False, True}
    assert answers == [choose_answer(options, request) for request in range(1, 200, 2)]
    assert choose_answer(options, None) is None


def test_choose_revision_falls_back_to_the_newest_that_is_spoken() -> None:
    """An octet that means nothing, or a revision that is not spoken, is no error."""
    spoken = ("0005", "0001")

    keys = [choose_revision(Options(revision=code), spoken).key for code in (0, 1, 5, 6, 255)]

    assert keys == ["0005", "0005", "0001", "0005", "0005"]


@pytest.mark.parametrize("key", REVISIONS)
def test_frame_of_a_chunk_is_read_in_every_layout(key: str) -> None:
    """Type, flags and request ID are where the header has them."""
    revision = REVISIONS[key]
    script = make_script(an_input("259 1 0 command-data eos x", tail=b"\0"), revision, Delivery.FRAME)

    assert nibbles_of(script, 0) == 0x22
    assert request_of(script, 0) == (259 if revision.header.has_request else None)
    assert [nibbles_of(script, index) for index in (1, 2)] == [-1, -1]
    assert request_of(script, 1) is None


def test_frame_of_a_chunk_is_unknown_where_chunks_are_no_frames() -> None:
    """Cut anywhere, an octet is just an octet."""
    script = make_script(an_input(*TWO), R5, Delivery.WHOLE)

    assert nibbles_of(script, 0) == -1
