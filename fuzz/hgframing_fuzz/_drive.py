"""How one input is played to one reactor.

A *session* is a reactor that has just been made, behind a face that all implementations in this process can
have: octets go in, actions come out, and an exception that its API does not declare comes through, with its
traceback. The driver hands it the chunks, answers its commands as the input's options say, and writes down
what was seen.

The driver is honest: it answers a command that the reactor asked it to run, once, and nothing else. So
whatever a reactor refuses or raises, it does for what the peer sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final, Protocol

import msgspec

from hgframing import Frame, Revision
from hgframing_conformance._cases import ActionKind
from hgframing_fuzz._input import Answers, Delivery, FuzzInput, wire_chunks
from hgframing_fuzz._outcome import Observed, Seen, Trace


__all__ = ["Answer", "Script", "Session", "choose_answer", "drive", "make_script"]


class Answer(msgspec.Struct, frozen=True):
    """What the driver does with one command.

    Attributes:
        request: the request that is answered.
        fail: an error instead of objects.
        seed: chooses among the session's own objects or kinds of error, 0–255.
    """

    request: int
    fail: bool
    seed: int


class Session(Protocol):
    """One reactor, and the parser before it. Sessions are used for one input and dropped."""

    @property
    def state(self) -> str:
        """The reactor's own name of its state, "" where it has none to tell."""

    def receive(self, octets: bytes, /) -> tuple[Observed, ...]:
        """Octets arrived."""

    def end_input(self) -> tuple[Observed, ...]:
        """The peer will send nothing more."""

    def answer(self, answer: Answer, /) -> tuple[Observed, ...]:
        """Answer a command and count the frames as sent."""


class Script(msgspec.Struct, frozen=True):
    """What is played: an input, made concrete for one revision and one way to cut it.

    Attributes:
        revision: which rules apply.
        delivery: how the octets were cut.
        chunks: the octets as they arrive.
        defer_output: the reactor holds its output back to the end of the input.
        ends: the end of the input is told.
        answers: what is done with commands.
        seed: where the driver's choices start.
        late: commands are answered after the last chunk instead of at once. Only then may the cuts not
            matter: a request that is answered between two chunks frees its ID, inside of a chunk it cannot
            be.
        frames: what the chunks were cut from, for features and texts.
    """

    revision: Revision
    delivery: Delivery
    chunks: tuple[bytes, ...]
    defer_output: bool
    ends: bool
    answers: Answers
    seed: int
    late: bool
    frames: tuple[Frame, ...]


def make_script(
    value: FuzzInput, revision: Revision, *, delivery: Delivery | None = None, late: bool = False
) -> Script:
    """Make an input concrete.

    Args:
        value: any input.
        revision: which header is written, and which rules the reactor follows.
        delivery: another way to cut than the input's own, to compare.
        late: answer commands after the last chunk.
    """
    options = value.options
    cut = options.delivery if delivery is None else delivery
    return Script(
        revision=revision,
        delivery=cut,
        chunks=tuple(wire_chunks(value, revision.header, cut)),
        defer_output=options.defer_output,
        ends=options.ends,
        answers=options.answer_plan,
        seed=options.seed,
        late=late,
        frames=value.frames,
    )


def drive(session: Session, script: Script, trace: Trace) -> None:
    """Play a script to a session.

    Args:
        session: fresh.
        script: what to play.
        trace: receives one entry for each chunk, and one for the end; it keeps what was seen before an
            exception.

    Raises:
        Exception: whatever the session lets through; the finding is the caller's to make.
    """
    answers = script.answers
    late: list[Observed] = []
    for chunk in script.chunks:
        observed = session.receive(chunk)
        if answers is _NONE:
            trace.append(Seen(observed, session.state))
            continue
        commands = [one for one in observed if one.kind is _RUN]
        if script.late:
            late += commands
            commands = []
        trace.append(_answer(session, script, commands, observed))
    if late:
        trace.append(_answer(session, script, late, ()))
    if script.ends:
        trace.append(Seen(session.end_input(), session.state))


# Attributes of an enum's class are looked up by a descriptor, once for each chunk.
_NONE: Final = Answers.NONE
_RUN: Final = ActionKind.RUN_COMMAND


def _answer(
    session: Session, script: Script, commands: Sequence[Observed], observed: tuple[Observed, ...]
) -> Seen:
    """Answer commands and add what that led to."""
    answered: list[int] = []
    for command in commands:
        answer = choose_answer(script, command.request)
        if answer is None:
            continue
        observed = (*observed, *session.answer(answer))
        answered.append(answer.request)
    return Seen(observed, session.state, () if script.defer_output else tuple(answered))


def choose_answer(script: Script, request: int | None) -> Answer | None:
    """Decide what to do with a command; the same for the same seed and request, whatever came between."""
    if request is None:
        return None
    match script.answers:
        case Answers.NONE:
            return None
        case Answers.RESPOND:
            return Answer(request, fail=False, seed=script.seed)
        case Answers.FAIL:
            return Answer(request, fail=True, seed=script.seed)
        case Answers.MIXED:
            # A seed of the input, not a secret.
            choice = Random(script.seed << 16 | request & 0xFFFF).random()  # noqa: S311
            return None if choice < 0.3 else Answer(request, fail=choice > 0.7, seed=script.seed)
