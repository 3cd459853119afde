"""Tests of `hgframing_fuzz._minimize`: as small as can be, and still the same bucket."""

from __future__ import annotations

import pytest

from hgframing_fuzz import FuzzInput, Observed, Options, encode_input
from hgframing_fuzz._code_target import CodeTarget, object_to
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import Form, body_of, with_body
from hgframing_fuzz._minimize import minimize
from hgframing_fuzz._outcome import Feature
from tests.fuzz.miniatures import Miniature, Raises, Recurses, an_input, command, target_of


class NeedsTwo(Miniature):
    """Raises when a data frame with `key` comes after a request with an odd flag; raises otherwise for `other`."""

    def __init__(self) -> None:
        super().__init__()
        self.primed = False

    def on_legal(self, request: int, nibbles: int, payload: bytes) -> tuple[Observed, ...]:
        """Remember one frame, and fall over another."""
        if b"other" in payload:
            raise ValueError("another fault")
        if nibbles == 0x15:
            self.primed = True
        if nibbles >> 4 == 2 and self.primed and b"key" in payload:
            raise LookupError("the fault")
        return super().on_legal(request, nibbles, payload)


NOISY = an_input(
    "9 7 stream-begin sender-protocol-settings eos x",
    "3 1 stream-begin command-request new hello",
    "5 3 stream-begin|4 command-request new|more abc",
    "3 1 0 command-data continuation nothing",
    "7 5 249 command-data 15 some key here",
    "3 1 0 command-data eos more",
    options=Options(revision=1, driver=0x14, answers=1, seed=200),
    tail=b"\1\2\3",
)


def test_minimize_leaves_what_the_fault_needs(guards: Guards) -> None:
    """Two frames of six, each field at its least, three octets of fourteen, no options, no tail."""
    smallest = minimize(target_of(NeedsTwo, guards), NOISY)

    assert smallest == an_input("1 1 0 command-request new|more", "1 1 0 command-data 0 key")


def test_minimize_joins_frames(guards: Guards) -> None:
    """What a frame goes on with may as well have come in the first; the stream still begins."""

    class NeedsAll(Miniature):
        """Raises once all four octets are there, however many frames they take."""

        def __init__(self) -> None:
            super().__init__()
            self.heard = b""

        def on_legal(self, request: int, nibbles: int, payload: bytes) -> tuple[Observed, ...]:
            self.heard += payload
            if self.heard == b"abcd":
                raise LookupError
            return super().on_legal(request, nibbles, payload)

    value = an_input(
        "1 1 stream-begin command-data continuation a",
        "1 1 0 command-data continuation bc",
        "1 1 0 command-data eos d",
    )
    smallest = minimize(target_of(NeedsAll, guards), value)

    assert smallest is not None
    assert [frame.payload for frame in smallest.frames] == [b"abcd"]


def test_minimize_keeps_the_bucket_not_just_any_finding(guards: Guards) -> None:
    """A shorter input that falls into another bucket is not taken."""
    frames = [*NOISY.frames[:5], *an_input("1 1 0 command-data eos other").frames]

    smallest = minimize(target_of(NeedsTwo, guards), FuzzInput(NOISY.options, tuple(frames)))

    assert smallest is not None
    assert b"".join(frame.payload for frame in smallest.frames) == b"key"


def test_minimize_result_is_never_larger(guards: Guards) -> None:
    """An input that is minimal stays as it is."""
    value = an_input("1 1 0 command-request new")

    assert minimize(target_of(Raises, guards), value) == value


def test_minimize_input_without_finding_is_none(guards: Guards) -> None:
    """There is nothing to keep."""
    assert minimize(target_of(Miniature, guards), NOISY) is None


def test_minimize_ends_when_its_executions_are_spent(guards: Guards) -> None:
    """What has been reached by then stands, and gives the bucket."""
    target = target_of(NeedsTwo, guards)

    reached = minimize(target, NOISY, executions=4)

    assert reached is not None
    assert len(encode_input(reached)) < len(encode_input(NOISY))
    finding = target.check(reached).finding
    assert finding is not None
    assert finding.kind == "LookupError"


def test_minimize_long_payload_in_few_executions(guards: Guards) -> None:
    """Halves first: a payload of 64 KiB does not need 64 thousand executions."""

    class Counts(Miniature):
        runs = 0

        def on_legal(self, request: int, nibbles: int, payload: bytes) -> tuple[Observed, ...]:
            Counts.runs += 1
            if b"key" in payload:
                raise LookupError(nibbles)
            return (command(request),)

    value = an_input("1 1 0 command-data 0 " + "x" * 40_000 + "key" + "y" * 20_000)

    assert minimize(target_of(Counts, guards), value) == an_input("1 1 0 command-data 0 key")
    assert Counts.runs < 500


def test_minimize_octets_leaves_out_what_means_nothing(guards: Guards) -> None:
    """A text comes down to the octets that it takes, whatever it looks like as frames."""

    def check(value: FuzzInput, _notes: list[Feature]) -> None:
        body = body_of(value)
        if b"a" in body and b"z" in body[body.index(b"a") :]:
            object_to("has", "a", "z", "a and z")

    target = CodeTarget("text", check, None, guards)
    # Its first octets declare a payload of one octet: as frames it would be a frame and a tail.
    value = with_body(Options(seed=9), b"\1\0\0bbabbb" + b"some more, and zz in the end")

    smaller = minimize(target, value, form=Form.OCTETS)

    assert smaller == with_body(Options(), b"az")


def test_minimize_tail_leaves_octets_out(guards: Guards) -> None:
    """What follows the frames is made shorter too."""

    def check(value: FuzzInput, _notes: list[Feature]) -> None:
        if b"z" in value.tail:
            object_to("has", "z", "z", "z")

    value = FuzzInput(Options(), (), b"xxzxx")

    assert minimize(CodeTarget("tail", check, None, guards), value) == FuzzInput(Options(), (), b"z")


def test_minimize_leaves_room_where_the_stack_is_exhausted(guards: Guards) -> None:
    """The smallest input still exhausts it for a caller who is some frames less deep."""
    target = target_of(Recurses, guards)
    value = an_input(f"1 1 stream-begin command-data eos {'x' * 5000}")

    smallest = minimize(target, value)

    assert smallest is not None
    assert len(smallest.frames[0].payload) < 1200
    finding = target.check(smallest).finding
    assert finding is not None
    assert finding.kind == "RecursionError"


def test_minimize_gives_a_bomb_some_seconds_and_no_more(
    guards: Guards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each run of one costs a good part of a second; what has been reached stands."""
    monkeypatch.setattr("hgframing_fuzz._minimize._MAX_SECONDS", -1.0)

    assert minimize(target_of(NeedsTwo, guards), NOISY) == NOISY
