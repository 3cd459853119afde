"""Tests of `hgframing_fuzz._reactor_target`: every planted fault is found, named after its place, and nothing else."""

from __future__ import annotations

import sys

import pytest

from hgframing_fuzz import FuzzInput, Observed, Options
from hgframing_fuzz._drive import make_script
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import Answers, Delivery, DriverBit
from hgframing_fuzz._message_subject import UnansweredError
from hgframing_fuzz._outcome import Finding, Kind, Seen, Trace
from hgframing_fuzz._reactor_target import ReactorTarget, trace_features
from tests.fuzz.miniatures import (
    R5,
    WANT,
    Allocates,
    AllocatesQuietly,
    DependsOnCuts,
    Forgetful,
    Loops,
    Miniature,
    Raises,
    Recurses,
    Refuses,
    RunsAgain,
    RunsAnother,
    TalksOn,
    Undead,
    an_input,
    command,
    target_of,
)


REQUEST = "1 1 stream-begin command-request new x"
RESPOND = Options(answers=Answers.RESPOND)
COMPARE = Options(driver=DriverBit.COMPARE)


def finding(kind: type[Miniature], value: FuzzInput, guards: Guards, *, cuts: bool = True) -> Finding | None:
    """What one input gives."""
    return target_of(kind, guards, cuts=cuts).check(value).finding


@pytest.mark.parametrize("delivery", Delivery)
@pytest.mark.parametrize("answers", Answers)
def test_check_server_without_faults_gives_nothing(
    delivery: Delivery, answers: Answers, guards: Guards
) -> None:
    """Honest conversations and faults of the peer are no findings, however they are cut, answered and compared."""
    options = Options(driver=delivery | DriverBit.COMPARE, answers=answers, seed=5)
    frames = [
        REQUEST,
        "3 1 0 command-data eos d",
        "5 1 0 command-request new y",
        "1 1 0 15 0",
        "7 1 0 command-request new z",
    ]

    assert finding(Miniature, an_input(*frames, options=options, tail=b"\1\0"), guards) is None


def test_check_exception_is_blamed_on_its_line(guards: Guards) -> None:
    """Type, function and line of the exception that escapes."""
    found = finding(Raises, an_input("1 1 stream-begin command-request new"), guards)

    assert isinstance(found, Finding)
    assert (found.kind, found.where) == ("IndexError", "on_legal")
    assert found.line.startswith("miniatures-")
    assert "IndexError" in found.message
    assert "payload[0] == 0xFF" in found.explain()


def test_check_recursion_is_one_bucket_at_any_depth(guards: Guards) -> None:
    """The stack ends at another line each time."""
    lines = {
        found.line
        for size in (2000, 3000)
        if (found := finding(Recurses, an_input(f"1 1 stream-begin command-data eos {'x' * size}"), guards))
    }

    assert lines == {"miniatures-walk"}


@pytest.mark.parametrize(
    ("kind", "options", "frames", "expected"),
    [
        (Undead, Options(), ["1 1 stream-begin 15 0", REQUEST], "fault-is-terminal"),
        (RunsAgain, Options(), [REQUEST], "one-run"),
        (RunsAnother, Options(), [REQUEST], "own-request"),
        (TalksOn, RESPOND, [REQUEST], "one-end"),
        (Refuses, RESPOND, [REQUEST], "refused"),
        (DependsOnCuts, COMPARE, [REQUEST], "same-when-cut"),
        (Forgetful, COMPARE, [REQUEST], "deterministic"),
    ],
)
def test_check_broken_invariant_is_found(
    kind: type[Miniature], options: Options, frames: list[str], expected: str, guards: Guards
) -> None:
    """Each oracle finds the fault that it is for, and a server without it passes the same input."""
    value = an_input(*frames, options=options)

    found = finding(kind, value, guards)

    assert found is not None
    assert found.kind == expected
    assert finding(Miniature, value, guards) is None


def test_check_input_is_compared_only_if_it_asks(guards: Guards) -> None:
    """A comparison runs the input several times; most inputs do not pay for it."""
    assert finding(DependsOnCuts, an_input(REQUEST), guards) is None


def test_check_whole_frames_only_are_never_cut(guards: Guards) -> None:
    """An implementation that takes whole frames gets them, whatever the input says."""
    for driver in (Delivery.WHOLE, Delivery.OCTET, Delivery.CUT, DriverBit.COMPARE):
        options = Options(driver=driver)
        assert finding(DependsOnCuts, an_input(REQUEST, options=options), guards, cuts=False) is None


def test_check_whole_frames_only_arrive_whole(guards: Guards) -> None:
    """An input that asks for single octets cannot make such an implementation fail."""

    class WholeFramesOnly(Miniature):
        def receive(self, octets: bytes) -> tuple[Observed, ...]:
            if len(octets) != 8 + int.from_bytes(octets[:3], "little"):
                raise ValueError("not a whole frame")
            return super().receive(octets)

    value = an_input(REQUEST, options=Options(driver=Delivery.OCTET))

    assert finding(WholeFramesOnly, value, guards, cuts=False) is None
    assert finding(WholeFramesOnly, value, guards, cuts=True) is not None


@pytest.mark.skipif(sys.platform != "linux", reason="needs the limits of Linux")
@pytest.mark.parametrize("mebi", [64, 200])
def test_check_allocation_beyond_the_budget_is_found_where_it_happens(mebi: int, guards: Guards) -> None:
    """A few octets that take as many mebioctets: nothing is raised, and yet the place is known."""
    declared = (mebi << 20).to_bytes(4, "big").hex()

    for _ in range(2):
        found = finding(Allocates, an_input(f"1 1 stream-begin command-data eos hex:{declared}"), guards)
        assert found is not None
        assert (found.kind, found.where) == ("memory-bound", "on_legal")
        assert found.line.startswith("miniatures-")


@pytest.mark.skipif(sys.platform != "linux", reason="needs the limits of Linux")
def test_check_allocation_that_is_caught_is_found(guards: Guards) -> None:
    """An implementation that answers a lack of memory as the peer's fault has taken the memory all the same."""
    declared = (64 << 20).to_bytes(4, "big").hex()
    value = an_input("1 1 stream-begin command-data continuation", f"1 1 0 command-data eos hex:{declared}")

    found = finding(AllocatesQuietly, value, guards)

    assert found is not None
    assert (found.kind, found.where, found.line) == ("memory-bound", "caught", "type-2")


def test_check_allocation_within_the_budget_is_fine(guards: Guards) -> None:
    """A megabyte is not a bomb."""
    assert finding(Allocates, an_input("1 1 stream-begin command-data eos hex:00100000"), guards) is None


def test_check_endless_loop_is_ended_and_found(guards: Guards) -> None:
    """The run goes on after it."""
    found = finding(Loops, an_input("1 1 stream-begin command-data eos loop"), guards)

    assert found is not None
    assert (found.kind, found.where, found.line) == ("time-bound", "on_legal", "miniatures-on_legal")
    assert finding(Loops, an_input(REQUEST), guards) is None


def test_check_alarm_that_is_swallowed_is_found(guards: Guards) -> None:
    """Code that catches everything cannot hide that it took too long."""

    class Swallows(Loops):
        def on_legal(self, request: int, nibbles: int, payload: bytes) -> tuple[object, ...]:  # type: ignore[override]
            try:
                return super().on_legal(request, nibbles, payload)
            except BaseException:  # noqa: BLE001 -- the planted fault
                return (WANT,)

    found = finding(Swallows, an_input("1 1 stream-begin command-data eos loop"), guards)

    assert found is not None
    assert (found.kind, found.where) == ("time-bound", "swallowed")


def test_check_silent_implementation_is_found_at_its_step(guards: Guards) -> None:
    """What dies or hangs behind the harness protocol is sorted by the frame that it died of."""

    class Dies:
        name, revisions, cuts, code, instrument = "elsewhere", ("0006",), True, None, ()

        def observe(self, script: object, trace: Trace) -> None:  # noqa: ARG002 -- never answers
            raise UnansweredError("crashed", "exit status 3", 1)

        def close(self) -> None:
            raise AssertionError

    target = ReactorTarget("server-reactor", Dies(), guards)

    found = target.check(an_input(REQUEST, "1 1 0 command-data eos")).finding

    assert found is not None
    assert (found.kind, found.where, found.line) == ("crashed", "type-2", "exit status 3")


def test_features_are_the_transitions_of_the_frames() -> None:
    """State before, type and flags, actions, state after."""
    script = make_script(an_input(REQUEST, "1 1 0 command-data eos"), R5, Delivery.FRAME)
    trace = [Seen((command(),), "a"), Seen((WANT, WANT), "b"), Seen((), "b")]

    assert trace_features(script, trace) == (
        ("", 0x11, Kind.RUN_COMMAND, "a"),
        ("a", 0x22, (Kind.WANT_FRAME, Kind.WANT_FRAME), "b"),
        ("b", -1, (), "b"),
    )


def test_features_come_with_a_finding_too(guards: Guards) -> None:
    """What was driven before the fault is worth knowing."""
    outcome = target_of(Raises, guards).check(an_input(REQUEST, "3 1 0 command-request new"))

    assert outcome.finding is not None
    assert outcome.features == (("", 0x11, Kind.RUN_COMMAND, "open"),)
