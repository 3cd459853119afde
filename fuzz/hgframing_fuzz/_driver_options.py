"""What the driver does with an input, drawn for every generator in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final

from hgframing_fuzz._cbor import pick
from hgframing_fuzz._input import DriverBit, Options


__all__ = ["draw_comparison", "draw_options"]

# The operators of an enum cost more than the rest of the options.
_DEFER_OUTPUT: Final = int(DriverBit.DEFER_OUTPUT)
_NO_END: Final = int(DriverBit.NO_END)
_COMPARE: Final = int(DriverBit.COMPARE)


def draw_options(rng: Random, codes: Sequence[int]) -> Options:
    """Choose what the driver does.

    Args:
        rng: where choices come from.
        codes: the revision octets that the implementation speaks.
    """
    choice = rng.random()
    driver = 0 if choice < 0.7 else int(rng.random() * 4)
    if rng.random() < 0.1:
        driver |= _DEFER_OUTPUT
    if rng.random() < 0.1:
        driver |= _NO_END
    options = Options(pick(rng, codes), driver, int(rng.random() * 4), int(rng.random() * 256))
    return draw_comparison(rng, options)


def draw_comparison(rng: Random, options: Options) -> Options:
    """Choose whether an input is run again and compared.

    That runs it several times, so one input in 64 does, whatever it was made from: were it inherited, the corpus would
    decide what the oracle costs.

    Args:
        rng: where choices come from.
        options: of what the input was made from.
    """
    driver = options.driver & ~_COMPARE
    if rng.random() < 1 / 64:
        driver |= _COMPARE
    if driver == options.driver:
        return options
    return Options(options.revision, driver, options.answers, options.seed)
