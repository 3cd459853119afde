"""How one input is played to one reactor.

A *session* is a reactor that has just been made, behind a face that all implementations in this process can have:
octets go in, actions come out, and an exception that its API does not declare comes through, with its traceback. The
driver hands it the chunks, answers its commands as the input's options say, and writes down what was seen.

The driver is honest: it answers a command that the reactor asked it to run, once, and nothing else. So whatever a
reactor refuses or raises, it does for what the peer sent.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from random import Random
from typing import Final, Protocol

import msgspec

from hgframing import REVISIONS, Revision
from hgframing_fuzz._input import REVISION_CODES, Answers, Delivery, FuzzInput, Options, wire_chunks
from hgframing_fuzz._outcome import Kind, Observed, Seen, Trace


__all__ = [
    "Answer",
    "Script",
    "Session",
    "choose_answer",
    "choose_revision",
    "drive",
    "make_script",
    "nibbles_of",
    "request_of",
]


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
    def state(self) -> Hashable:
        """Where the reactor stands, as far as it tells: few values, of which the same mean the same."""

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
        options: of the input.
        late: commands are answered after the last chunk instead of at once. Only then may the cuts not matter: a
            request that is answered between two chunks frees its ID, inside of a chunk it cannot be.
    """

    revision: Revision
    delivery: Delivery
    chunks: list[bytes]
    options: Options
    late: bool


def choose_revision(options: Options, spoken: Sequence[str]) -> Revision:
    """The revision that an input is driven with.

    Args:
        options: of the input.
        spoken: the revision keys that the implementation speaks, newest first, not empty.
    """
    code = options.revision
    key = REVISION_CODES[code] if code < len(REVISION_CODES) else spoken[0]
    return REVISIONS[key if key in spoken else spoken[0]]


def make_script(value: FuzzInput, revision: Revision, delivery: Delivery, *, late: bool = False) -> Script:
    """Make an input concrete.

    Args:
        value: any input.
        revision: which header is written, and which rules the reactor follows.
        delivery: how to cut; the input's own or, to compare, another.
        late: answer commands after the last chunk.
    """
    return Script(revision, delivery, wire_chunks(value, revision.header, delivery), value.options, late)


def nibbles_of(script: Script, index: int) -> int:
    """The type and flags octet of the frame in a chunk; -1 where the chunk is no frame."""
    chunks = script.chunks
    size = script.revision.header.size
    if script.delivery is not _BY_FRAME or index >= len(chunks) or len(chunks[index]) < size:
        return -1
    return chunks[index][size - 1]


def request_of(script: Script, index: int) -> int | None:
    """The request ID of the frame in a chunk; None where there is none."""
    if nibbles_of(script, index) < 0 or not script.revision.header.has_request:
        return None
    chunk = script.chunks[index]
    return chunk[3] | chunk[4] << 8


def drive(session: Session, script: Script, trace: Trace) -> None:
    """Play a script to a session.

    Args:
        session: fresh.
        script: what to play.
        trace: receives one entry for each whole frame (of other chunks, for each that led to something), and one for
            the end. It keeps what was seen before an exception.

    Raises:
        Exception: whatever the session lets through; the finding is the caller's to make.
    """
    options = script.options
    silent = not options.answers & 0x03
    by_frame = script.delivery is _BY_FRAME
    receive = session.receive
    late: list[Observed] = []
    for chunk in script.chunks:
        observed = receive(chunk)
        if not observed and not by_frame:
            # Most chunks are an octet of a frame that is not whole; only frames are counted.
            continue
        if silent or (len(observed) == 1 and observed[0].kind is not _RUN):
            trace.append(Seen(observed, session.state))
            continue
        commands = [one for one in observed if one.kind is _RUN]
        if not commands:
            trace.append(Seen(observed, session.state))
        elif script.late:
            late += commands
            trace.append(Seen(observed, session.state))
        else:
            trace.append(_answer(session, script, commands, observed))
    if late:
        trace.append(_answer(session, script, late, ()))
    if options.ends:
        trace.append(Seen(session.end_input(), session.state))


# Attributes of an enum's class are looked up by a descriptor, once for each chunk.
_RUN: Final = Kind.RUN_COMMAND
_BY_FRAME: Final = Delivery.FRAME


def _answer(
    session: Session, script: Script, commands: Sequence[Observed], observed: tuple[Observed, ...]
) -> Seen:
    """Answer commands and add what that led to."""
    answered: list[int] = []
    for command in commands:
        answer = choose_answer(script.options, command.request)
        if answer is None:
            continue
        observed = (*observed, *session.answer(answer))
        answered.append(answer.request)
    return Seen(observed, session.state, () if script.options.defer_output else tuple(answered))


def choose_answer(options: Options, request: int | None) -> Answer | None:
    """Decide what to do with a command; the same for the same seed and request, whatever came between.

    Args:
        options: of the input.
        request: the command's request; None, which no implementation should say, is not answered.
    """
    if request is None:
        return None
    seed = options.seed
    match options.answer_plan:
        case Answers.NONE:
            return None
        case Answers.RESPOND:
            return Answer(request, fail=False, seed=seed)
        case Answers.FAIL:
            return Answer(request, fail=True, seed=seed)
        case Answers.MIXED:
            # A seed of the input, not a secret.
            choice = Random(seed << 16 | request & 0xFFFF).random()  # noqa: S311
            return None if choice < 0.3 else Answer(request, fail=choice > 0.7, seed=seed)
