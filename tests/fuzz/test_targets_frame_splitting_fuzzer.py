"""Tests of the target `frame-splitting`: frames are those that an independent splitter finds, however they arrive."""

from __future__ import annotations

import pytest

from hgframing import Frame
from hgframing_fuzz import FuzzInput, Options
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import Delivery, DriverBit
from hgframing_fuzz.targets import TARGETS
from tests.fuzz import codec_zoo as zoo
from tests.fuzz.own_targets import found, fuzz


SPEC = TARGETS["frame-splitting"]


def planted() -> zoo.Maker:
    """The codec of the test that runs."""
    return zoo.Maker(PLANTED[-1])


PLANTED: list[type[zoo.Honest]] = []


def test_loop_finds_nothing_in_the_reference(guards: Guards) -> None:
    """The same inputs each time, in all revisions."""
    table, stats = fuzz(SPEC, 3000, guards)

    assert found(table) == []
    assert stats.features > 50


@pytest.mark.parametrize("factory", ["honest", "cautious"])
def test_loop_finds_nothing_in_a_codec_without_faults(factory: str, guards: Guards) -> None:
    """Another implementation in this process."""
    table, _ = fuzz(SPEC, 1000, guards, f"direct:tests.fuzz.codec_zoo:{factory}")

    assert found(table) == []


def test_harness_is_driven_by_messages(guards: Guards) -> None:
    """The reference behind the harness protocol behaves as it does without."""
    table, _ = fuzz(SPEC, 60, guards, "direct:tests.fuzz.test_codecs:by_messages")

    assert found(table) == []


@pytest.mark.parametrize(
    ("kind", "number", "sizes", "expected"),
    [
        (zoo.LosesTheLast, Delivery.FRAME, [(0, 1), (0, 1)], ("split", "frame", "fewer")),
        (zoo.SwapsFlags, Delivery.WHOLE, [(0, 2)], ("split", "whole", "other")),
        (zoo.NeedsWholeFrames, Delivery.OCTET, [(5, 1)], ("split", "octet", "fewer")),
        (zoo.NeedsWholeFrames, DriverBit.COMPARE, [(5, 1)], ("split", "octet", "fewer")),
        (zoo.NeverRefuses, Delivery.FRAME, [], ("refused", "frame", "accepted")),
        (zoo.Timid, DriverBit.NO_END, [(200, 1)], ("split", "frame", "fewer")),
        (zoo.ForgetsHighLength, 0, [(70000, 1)], None),
    ],
)
def test_codec_with_a_fault_is_found(
    kind: type[zoo.Honest],
    number: int,
    sizes: list[tuple[int, int]],
    expected: tuple[str, str, str] | None,
    guards: Guards,
) -> None:
    """Each oracle finds the fault that it is for, and a codec without it passes the same input."""
    frames = tuple(Frame(1, 1, 1, type_id, 1, bytes(size)) for size, type_id in sizes)
    value = FuzzInput(Options(driver=int(number)), frames, b"" if sizes else b"\5\0\0")
    PLANTED.append(kind)

    got = SPEC.bind(f"direct:{__name__}:planted", guards).target.check(value).finding

    assert (None if got is None else (got.kind, got.where, got.line)) == expected
    assert SPEC.bind("direct:tests.fuzz.codec_zoo:honest", guards).target.check(value).finding is None


def test_whole_frames_only_are_never_cut(guards: Guards) -> None:
    """A codec that declares that it takes whole frames gets them."""
    table, _ = fuzz(SPEC, 500, guards, "direct:tests.fuzz.codec_zoo:whole_frames")

    assert [one for one in found(table) if ".octet." in one[0] or ".cut." in one[0]] == []
