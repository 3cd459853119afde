"""Tests of the target `header`: a wrong length, field or refusal is found, and nothing in the reference."""

from __future__ import annotations

import pytest

from hgframing import Frame
from hgframing_fuzz import FuzzInput, Options
from hgframing_fuzz._guards import Guards
from hgframing_fuzz.targets import TARGETS
from tests.fuzz import codec_zoo as zoo
from tests.fuzz.own_targets import found, fuzz


SPEC = TARGETS["header"]


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
        (zoo.ForgetsHighLength, 0, [(0x10000, 1)], ("header-read", "length", "length-3")),
        (zoo.SwapsFlags, 0, [(0, 2)], ("header-read", "type_id", "length-0")),
        (zoo.Timid, 0, [(200, 1)], ("header-read", "refused", "length-1")),
        (zoo.Leaks, 1, [(0, 1)], ("header-overflow", "flags", "written")),
        (zoo.Leaks, 2, [(0, 1)], ("header-overflow", "type", "written")),
        (zoo.Leaks, 3, [(0, 1)], ("header-overflow", "stream-flags", "written")),
        (zoo.Leaks, 4, [(0, 1)], ("header-overflow", "stream", "written")),
        (zoo.Leaks, 5, [(0, 1)], ("header-overflow", "request", "written")),
        (zoo.Leaks, 6, [(0, 1)], ("header-overflow", "payload", "written")),
        (zoo.WritesNothing, 0, [(0, 1)], ("header-write", "refused", "length-0")),
        (zoo.BigEndian, 0, [(1, 1)], ("header-write", "octets", "length-1")),
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
    value = FuzzInput(Options(answers=number << 2), frames, b"")
    PLANTED.append(kind)

    got = SPEC.bind(f"direct:{__name__}:planted", guards).target.check(value).finding

    assert (None if got is None else (got.kind, got.where, got.line)) == expected
    assert SPEC.bind("direct:tests.fuzz.codec_zoo:honest", guards).target.check(value).finding is None


def test_codec_may_refuse_what_no_receiver_must_take(guards: Guards) -> None:
    """A payload above 65535 octets (FRAME-003)."""
    value = FuzzInput(Options(), (Frame(1, 1, 1, 1, 1, bytes(0x10000)),))

    assert SPEC.bind("direct:tests.fuzz.codec_zoo:cautious", guards).target.check(value).finding is None
