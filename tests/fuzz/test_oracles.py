"""Tests of `hgframing_fuzz._oracles`: what each of them objects to, and that they object to nothing else."""

from __future__ import annotations

import pytest

from hgframing import REVISIONS, Frame
from hgframing_conformance._values import MapValue, Text
from hgframing_fuzz import Kind, Observed, Options
from hgframing_fuzz._drive import Script, make_script
from hgframing_fuzz._input import Delivery
from hgframing_fuzz._oracles import check_trace, compare_traces, message_shape
from hgframing_fuzz._outcome import Finding, Seen, Trace
from tests.fuzz.miniatures import ERROR, R5, WANT, an_input, command


NOOP = Observed(Kind.NOOP)
THREE = (
    "1 1 stream-begin command-request new a",
    "3 1 0 command-request new b",
    "1 1 0 command-request new c",
)


def script(revision: str = "0006", *, delivery: Delivery = Delivery.FRAME, late: bool = False) -> Script:
    """Three requests; the third reuses the ID of the first."""
    return make_script(an_input(*THREE, options=Options()), REVISIONS[revision], delivery, late=late)


def sends(*frames: Frame) -> Observed:
    """Frames that leave."""
    return Observed(Kind.SEND_FRAMES, None, frames)


def response(request: int, flags: int) -> Frame:
    """A command-response frame: continuation 1, eos 2 (sheet r5, "Frame types and flags")."""
    return Frame(request, 2, 0, 3, flags)


def check(*steps: Seen, script_: Script | None = None) -> str | None:
    """The name of the oracle that objects."""
    finding = check_trace(script_ or script(), list(steps))
    return None if finding is None else finding.kind


def test_check_honest_conversation_is_fine() -> None:
    """Commands, answers, reuse of an ID that is free, an error, and errors after it."""
    answered = sends(response(1, 1), response(1, 2))

    assert (
        check(
            Seen((command(1), answered), answered=(1,)),
            Seen((command(3),)),
            Seen((command(1),)),
            Seen((WANT, NOOP)),
            Seen((ERROR, sends(Frame(1, 2, 0, 5, 0)))),
            Seen((ERROR,)),
            Seen((NOOP,)),
            Seen(()),
        )
        is None
    )


@pytest.mark.parametrize("after", [command(1), WANT], ids=["run-command", "want-frame"])
def test_check_action_after_an_error_is_found(after: Observed) -> None:
    """A reactor is terminal after a fault."""
    assert check(Seen((ERROR,)), Seen((after,))) == "fault-is-terminal"


def test_check_error_and_action_in_one_step_are_found() -> None:
    """The order inside of a step counts."""
    assert check(Seen((ERROR, WANT))) == "fault-is-terminal"
    assert check(Seen((WANT, ERROR))) is None


def test_check_request_run_twice_is_found() -> None:
    """A request is active until its answer has left."""
    assert check(Seen((command(1), command(1)))) == "one-run"
    assert check(Seen((command(1),)), Seen((command(3),)), Seen((command(1),))) == "one-run"


def test_check_requests_without_ids_are_not_counted() -> None:
    """Revision 0001 has no request IDs: several commands go by the same number."""
    two = [Seen((command(0),)), Seen((command(0),))]

    assert check_trace(script("0001"), two) is None


@pytest.mark.parametrize(
    ("bad", "line"),
    [
        (command(name=5), "command"),
        (command(name=Text("c")), "command"),
        (command(args=[b"a"]), "args"),
        (command(args={1: b"a"}), "args-name"),
        (command(args=MapValue(((Text("a"), 1),))), "args-name"),
        (command(data="text"), "data"),
        (Observed(Kind.RUN_COMMAND, 1, b"c"), "fields"),
    ],
)
def test_check_command_of_the_wrong_shape_is_found(bad: Observed, line: str) -> None:
    """`name` is a bytestring, `args` a map with bytestring keys (REQ-001, REQ-002), data octets or nothing."""
    finding = check_trace(script(), [Seen((bad,))])

    assert isinstance(finding, Finding)
    assert (finding.kind, finding.line) == ("command-shape", line)


@pytest.mark.parametrize(
    "good",
    [
        command(args={b"a": [1, {2: 3}]}, data=b""),
        command(args=MapValue(((b"a", Text("any value")),))),
        command(name=b""),
    ],
)
def test_check_command_of_the_right_shape_is_fine(good: Observed) -> None:
    """Values of arguments are the command's own affair."""
    assert check(Seen((good,))) is None


def test_check_frame_that_runs_another_request_is_found() -> None:
    """The frame that completes a request is one of its own."""
    assert check(Seen((command(3),))) == "own-request"


def test_check_owner_is_unknown_where_frames_are_not() -> None:
    """Cut anywhere, or answered late, a step is no frame."""
    trace: Trace = [Seen((command(1), command(3)))]

    assert check_trace(script(delivery=Delivery.WHOLE), trace) is None
    assert check_trace(script(late=True), trace) is None


@pytest.mark.parametrize(
    "frames",
    [
        (response(1, 2), response(1, 2)),
        (response(1, 2), response(1, 1)),
        (response(1, 2), Frame(1, 2, 0, 5, 0)),
        (Frame(1, 2, 0, 5, 0), response(1, 2)),
    ],
)
def test_check_frame_after_the_end_of_a_response_is_found(frames: tuple[Frame, ...]) -> None:
    """The flag `eos` and an error end a response (RSP-003)."""
    assert check(Seen((command(1), sends(*frames)), answered=(1,))) == "one-end"


def test_check_frames_of_other_requests_after_an_end_are_fine() -> None:
    """Responses interleave, text output is no response, and a new request has a new one."""
    text = Frame(1, 2, 0, 6, 0)
    first = Seen((command(1), sends(response(1, 2), response(3, 1), text)), answered=(1,))

    assert check(first, Seen((command(3),)), Seen((command(1), sends(response(1, 2))))) is None


def test_check_report_of_a_fault_after_an_end_is_fine() -> None:
    """An error frame that reports the peer's fault carries the ID that the peer used."""
    done = Seen((command(1), sends(response(1, 2))), answered=(1,))

    assert check(done, Seen((ERROR, sends(Frame(1, 2, 0, 5, 0))))) is None


def test_check_raised_is_a_finding_of_its_type_and_shape() -> None:
    """Behind a harness a traceback is a type and a message."""
    raised = Observed(Kind.RAISED, None, ("TypeError", "argument of type 'int' is not iterable"))

    finding = check_trace(script(), [Seen((raised,))])

    assert isinstance(finding, Finding)
    assert (finding.kind, finding.line) == ("TypeError", "argument of type N is not iterable")


def test_check_refusal_is_found_unless_the_peer_was_at_fault() -> None:
    """The driver answers what it was asked to run."""
    refused = Observed(Kind.REFUSED, 1, "request 1 does not wait for an answer")

    assert check(Seen((command(1), refused))) == "refused"
    assert check(Seen((ERROR, refused))) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("got 3 bytes: b'abc'", "got 17 bytes: b'\\x00\\'x'"),
        ("'int' object", "'list' object"),
        ("at 0x7f00", "at 0xdead"),
        ("negative -5", "negative 5"),
    ],
)
def test_message_shape_leaves_out_what_varies(one: str, other: str) -> None:
    """Numbers, octets and quoted names are details of the input."""
    assert message_shape(one) == message_shape(other)
    assert message_shape(one) != message_shape(f"{one} and more")


def compare(left: Trace, right: Trace) -> str | None:
    """The line of the bucket that a difference falls into."""
    finding = compare_traces("same-when-cut", left, right, how="frame-to-whole")
    return None if finding is None else finding.line


def test_compare_steps_and_silence_do_not_count() -> None:
    """What is one step in one run is three in another; want-frame and noop are not significant."""
    left = [Seen((WANT,)), Seen((command(1),)), Seen((NOOP,)), Seen((command(3),), state="x")]
    right = [Seen((command(1), command(3)))]

    assert compare(left, right) is None


@pytest.mark.parametrize(
    ("left", "right", "line"),
    [
        ([command(1)], [], "run-command-nothing"),
        ([], [ERROR], "nothing-error"),
        ([command(1)], [ERROR], "run-command-error"),
        ([command(1, data=b"a")], [command(1, data=b"ab")], "run-command-run-command"),
        ([command(1), command(3)], [command(3), command(1)], "run-command-run-command"),
    ],
)
def test_compare_difference_is_found(left: list[Observed], right: list[Observed], line: str) -> None:
    """Every field counts, and the order."""
    assert compare([Seen(tuple(left))], [Seen(tuple(right))]) == line


def test_compare_what_comes_after_the_first_fault_does_not_count() -> None:
    """How often a terminal reactor says so depends on how often it is asked; the frames that report it count."""
    report, other = sends(Frame(1, 2, 0, 5, 0, b"a")), sends(Frame(1, 2, 0, 5, 0, b"b"))
    already = Observed(Kind.ERROR, None, ("already-errored", "no"))

    assert (
        compare([Seen((ERROR, report)), Seen((already,)), Seen((already,))], [Seen((ERROR, report, already))])
        is None
    )
    assert compare([Seen((ERROR, report))], [Seen((ERROR, other))]) == "send-frames-send-frames"


def test_compare_not_a_number_is_itself() -> None:
    """A float that is not equal to itself is the same in both runs."""
    left, right = (command(1, args={b"a": float("nan")}) for _ in range(2))

    assert compare([Seen((left,))], [Seen((right,))]) is None


def test_compare_values_deeper_than_the_stack_are_let_pass() -> None:
    """An implementation that lets such a value through is another oracle's affair."""

    def deep() -> list[object]:
        value: list[object] = []
        for _ in range(100_000):
            value = [value]
        return value

    left, right = Seen((command(1, args={b"a": deep()}),)), Seen((command(1, args={b"a": deep()}),))

    assert compare([left], [right]) is None


def test_script_is_for_the_revision_that_the_tests_say() -> None:
    """The frames above are written for revision 0006."""
    assert script().revision is R5
