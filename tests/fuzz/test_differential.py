"""Two traces are walked together; the first step that differs is named, with what is known of it."""

from __future__ import annotations

import pytest

from hgframing import REVISIONS
from hgframing_conformance._cases import Layer
from hgframing_fuzz import FuzzInput, Kind, Observed, Options
from hgframing_fuzz._differential import find_difference
from hgframing_fuzz._drive import make_script
from hgframing_fuzz._input import Delivery
from hgframing_fuzz._outcome import Seen, Trace
from hgframing_fuzz._signed import DifferenceFacts
from tests.fuzz.miniatures import an_input, command


REVISION = REVISIONS["0006"]
REQUEST = "1 1 stream-begin command-request new cbor:{b'name': b'c'}"
WANT = Observed(Kind.WANT_FRAME)
ERROR = Observed(Kind.ERROR, None, ("bad-cbor", "m"))
SENT = Observed(Kind.SEND_FRAMES, None, ())


def raised(kind: str, message: str = "m") -> Observed:
    """An exception."""
    return Observed(Kind.RAISED, None, (kind, message))


def compare(
    value: FuzzInput, ours: Trace, theirs: Trace, layer: Layer = Layer.SERVER, *, codes: bool = False
) -> tuple[int, DifferenceFacts] | None:
    """Compare two traces of an input."""
    script = make_script(value, REVISION, Delivery.FRAME)
    return find_difference(script, layer, ours, theirs, codes=codes)


def test_find_difference_of_the_same_is_none() -> None:
    """What is not significant is no difference, and the end of the input is a step as well."""
    value = an_input(REQUEST)

    assert compare(value, [Seen((command(),)), Seen((WANT,))], [Seen((command(),)), Seen(())]) is None


def test_find_difference_names_step_frame_state_and_cause() -> None:
    """The second frame differs: a request that is no map, at which the implementation raises."""
    value = an_input(REQUEST, "3 1 0 command-request new cbor:5")
    ours = [Seen((command(),), ("idle", 0, 1)), Seen((Observed(Kind.ERROR, 3, ("bad-payload", "no map")),))]
    theirs = [Seen((command(),)), Seen((raised("TypeError", "not iterable"),))]

    found = compare(value, ours, theirs)

    assert found is not None
    index, facts = found
    assert index == 1
    assert (facts.layer, facts.revision, facts.frame, facts.state) == (
        "server",
        "0006",
        "command-request",
        "idle",
    )
    assert (facts.ours, facts.theirs, facts.code) == ("error", "raised", "bad-payload")
    assert (facts.type, facts.message, facts.causes) == ("TypeError", "not iterable", ("D33",))


@pytest.mark.parametrize(
    ("value", "frame"),
    [
        (an_input("1 1 stream-begin 12 0 x"), "type-12"),
        (an_input(tail=b"\x01\x02"), "octets"),
        (FuzzInput(Options(), ()), "end"),
    ],
)
def test_find_difference_names_what_is_no_known_frame(value: FuzzInput, frame: str) -> None:
    """A type without a name, octets that are no frame, the end of the input."""
    found = compare(value, [Seen((ERROR,))], [Seen((WANT,))])

    assert found is not None
    assert found[1].frame == frame


def test_find_difference_notices_a_trace_that_ends_early() -> None:
    """What one side never says is a difference."""
    value = an_input(REQUEST)

    assert compare(value, [Seen((command(),))], []) is not None
    assert compare(value, [], [Seen((command(),))]) is not None


def test_find_difference_tells_answers_from_what_the_frame_led_to() -> None:
    """An answer that raises is looked for in the wish: a response without objects is D63, another is nothing."""
    frames = Observed(
        Kind.SEND_FRAMES, None, (an_input("1 2 stream-begin command-response eos x").frames[0],)
    )
    for seed, causes in ((2, ("D63",)), (0, ())):
        value = an_input(REQUEST, options=Options(answers=1, seed=seed))

        found = compare(value, [Seen((command(), frames))], [Seen((command(), SENT))])

        assert found is not None
        assert (found[1].frame, found[1].causes) == ("answer", causes)


def test_find_difference_compares_codes_if_told_to() -> None:
    """Two errors are the same unless codes count."""
    value = an_input(REQUEST)
    other = Observed(Kind.ERROR, None, ("bad-payload", "m"))

    assert compare(value, [Seen((ERROR,))], [Seen((other,))]) is None
    assert compare(value, [Seen((ERROR,))], [Seen((other,))], codes=True) is not None


def test_find_difference_of_settings_with_two_faults_goes_on() -> None:
    """Each side may name another fault of the same octets; what follows is compared."""
    value = an_input("1 1 stream-begin sender-protocol-settings eos \\xa0\\xff", REQUEST)
    first = Observed(Kind.ERROR, None, ("bad-cbor", "octets after the CBOR"))
    other = Observed(Kind.ERROR, None, ("bad-payload", "CBOR"))

    found = compare(value, [Seen((first,)), Seen((ERROR,))], [Seen((other,)), Seen((WANT,))], codes=True)

    assert found is not None
    assert found[0] == 1
