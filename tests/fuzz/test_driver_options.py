"""Tests of `hgframing_fuzz._driver_options`: options are drawn, and a comparison is drawn for each input."""

from __future__ import annotations

from random import Random

from hgframing_fuzz._driver_options import draw_comparison, draw_options
from hgframing_fuzz._input import Answers, Delivery, DriverBit, Options


def test_options_reach_everything_that_a_driver_can_do() -> None:
    """Every revision that is asked for and no other, every delivery and way to answer; few compare."""
    rng = Random(1)  # noqa: S311 -- repeatable on purpose
    drawn = [draw_options(rng, (0, 3)) for _ in range(4000)]

    assert {options.revision for options in drawn} == {0, 3}
    assert {options.delivery for options in drawn} == set(Delivery)
    assert {options.answer_plan for options in drawn} == set(Answers)
    assert {options.defer_output for options in drawn} == {options.ends for options in drawn} == {False, True}
    assert 20 < sum(options.compares for options in drawn) < 120


def test_comparison_is_drawn_whatever_it_was_and_nothing_else_changes() -> None:
    """One in 64 compares, of those that did and of those that did not."""
    rng = Random(1)  # noqa: S311 -- repeatable on purpose
    for driver in (0, int(DriverBit.COMPARE)):
        before = Options(2, driver | int(DriverBit.NO_END), 3, 77)
        drawn = [draw_comparison(rng, before) for _ in range(4000)]

        assert 20 < sum(options.compares for options in drawn) < 120
        assert {(one.revision, one.ends, one.answers, one.seed) for one in drawn} == {(2, False, 3, 77)}
