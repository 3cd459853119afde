"""The target `differential`: the reference and an implementation are given the same, and must do the same.

As a script it is a libFuzzer target: with atheris, `python differential_fuzzer.py CORPUS -max_total_time=60` fuzzes
and stops at the first difference that nobody has signed; files as arguments are replayed, with atheris or without. For
campaigns, which go on after a finding, use `hgframing-fuzz run`.

The environment variable HGFRAMING_FUZZ_IMPLEMENTATION names the implementation; without it the reference is compared
with itself behind the harness protocol. HGFRAMING_FUZZ_DIFFERENCES names a file of expected differences.
"""

from __future__ import annotations

import datetime as dt
import sys

from typing import Final

from hgframing_fuzz._differential_target import DifferentialMutator, DifferentialTarget, expected_differences
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._outcome import Target
from hgframing_fuzz._pairs import Compared, attach_pairs
from hgframing_fuzz._script import main
from hgframing_fuzz._spec import TargetSpec
from hgframing_fuzz._subjects import Attached


__all__ = ["SPEC"]


def _open(locator: str, guards: Guards) -> tuple[Attached, Target]:
    pairs = attach_pairs(locator)
    # Entries end at the end of a day, wherever that is; the machine's own calendar is near enough.
    signed = expected_differences(pairs, dt.date.today())  # noqa: DTZ011
    return Compared(pairs), DifferentialTarget(pairs, guards, signed)


SPEC: Final = TargetSpec(
    name="differential",
    summary="the reference and an implementation, given the same octets, compared step by step",
    open=_open,
    make_mutator=DifferentialMutator,
)


if __name__ == "__main__":
    sys.exit(main(SPEC, sys.argv))
