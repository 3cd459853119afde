"""Failing items as sequence diagrams."""

from __future__ import annotations

import msgspec
import pytest

from hgframing_conformance._cases import Chunking, Layer, Level, Verb
from hgframing_conformance._compare import Problem
from hgframing_conformance._events import FailureEvent, ItemEvent, ShownAction, ShownStep
from hgframing_conformance._expectations import Status
from hgframing_conformance._outcomes import OutcomeKind
from hgframing_conformance._sequence import WIDTH, Diagram, Look, sequence


ASKED = ShownAction(kind="run-command", text="run-command {command: b'heads'}")
SENT = ShownAction(kind="send-frames", text="send-frames", frames=["1 2 stream-begin command-response eos x"])


def item(layer: Layer, *steps: ShownStep, wrong: tuple[int, ...] = (), **fields: object) -> ItemEvent:
    """Make an item that failed in these steps."""
    failed = ItemEvent(
        id="a",
        revision="0006",
        chunking=Chunking.FRAME,
        rev=1,
        suite="server/a",
        layer=layer,
        level=Level.MUST,
        outcome=OutcomeKind.FAILED,
        status=Status.UNEXPECTED,
        gating=True,
        steps=list(steps),
        failures=[
            FailureEvent(step=step, problem=Problem.MISMATCH, reason="other", expected=[], observed=[])
            for step in wrong
        ],
    )
    return msgspec.structs.replace(failed, **fields)


def receive(*, expected: list[ShownAction], observed: list[ShownAction] | None) -> ShownStep:
    """Make a step that receives one frame."""
    return ShownStep(verb=Verb.RECEIVE, frames=["1 1 0 x"], expected=[expected], observed=observed)


def texts(diagram: Diagram, look: Look) -> list[str]:
    """List the texts of one look, from top to bottom."""
    return [text.text for text in diagram.texts if text.look is look]


def test_sequence_of_a_server_receives_from_the_left_and_sends_to_the_left() -> None:
    """The client stands on the left in every diagram of a connection."""
    drawn = sequence(item(Layer.SERVER, receive(expected=[ASKED], observed=[SENT]), wrong=(0,)))
    incoming, outgoing = drawn.arrows
    assert incoming.x1 < incoming.x2
    assert outgoing.x1 > outgoing.x2
    assert (drawn.left, drawn.right) == ("client", "server (under test)")


def test_sequence_of_a_client_receives_from_the_right() -> None:
    """What a client receives comes from the server."""
    drawn = sequence(item(Layer.CLIENT, receive(expected=[], observed=[SENT]), wrong=(0,)))
    incoming, outgoing = drawn.arrows
    assert incoming.x1 > incoming.x2
    assert outgoing.x1 < outgoing.x2


def test_sequence_of_a_wrong_step_has_expected_above_observed() -> None:
    """Both sides of a difference are drawn, and named."""
    drawn = sequence(item(Layer.SERVER, receive(expected=[ASKED], observed=[SENT]), wrong=(0,)))
    assert texts(drawn, Look.EXPECTED) == ["expected", ASKED.text]
    assert texts(drawn, Look.OBSERVED) == [SENT.frames[0], "observed"]
    above = max(text.y for text in drawn.texts if text.look is Look.EXPECTED)
    assert above < min(text.y for text in drawn.texts if text.look is Look.OBSERVED)
    assert drawn.bands[0].failing


def test_sequence_of_a_right_step_is_drawn_once() -> None:
    """What went as demanded needs no two versions."""
    drawn = sequence(item(Layer.SERVER, receive(expected=[ASKED], observed=[ASKED])))
    assert texts(drawn, Look.DONE) == [ASKED.text]
    assert texts(drawn, Look.EXPECTED) == []
    assert not drawn.bands[0].failing


def test_sequence_of_a_crash_ends_with_it() -> None:
    """After the step that kills nothing was seen."""
    dead = receive(expected=[ASKED], observed=None)
    drawn = sequence(
        item(
            Layer.SERVER, dead, dead, dead, outcome=OutcomeKind.CRASHED, step=1, reason="exited with status 3"
        )
    )
    assert len(drawn.bands) == 2
    assert drawn.bands[1].failing
    assert texts(drawn, Look.OBSERVED) == ["observed", "crashed: exited with status 3"]


def test_sequence_nothing_observed_says_so() -> None:
    """Silence is drawn, because it is what is wrong."""
    drawn = sequence(item(Layer.SERVER, receive(expected=[ASKED], observed=[]), wrong=(0,)))
    assert texts(drawn, Look.OBSERVED) == ["observed", "nothing"]


@pytest.mark.parametrize("text", ["x" * 2000, "word " * 400, "\u2603" * 500])
def test_sequence_long_texts_stay_inside(text: str) -> None:
    """However much an implementation says, the diagram keeps its size."""
    loud = ShownAction(kind="error", text=text)
    steps = [receive(expected=[ASKED], observed=[loud])] * 60
    drawn = sequence(item(Layer.SERVER, *steps, wrong=tuple(range(60))))
    assert drawn.height < 10_000
    assert len(drawn.bands) == 24
    for note in drawn.notes:
        assert note.x >= 0
        assert note.x + note.width <= WIDTH
    assert all(0 <= text.y <= drawn.height for text in drawn.texts)
