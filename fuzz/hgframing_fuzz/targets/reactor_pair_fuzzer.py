"""The target `reactor-pair`: a client and a server of the reference, joined by octets, with wishes at both ends.

As a script it is a libFuzzer target: with atheris, `python reactor_pair_fuzzer.py CORPUS
-max_total_time=60` fuzzes and stops at the first finding, as engines such as OSS-Fuzz expect; files as
arguments are replayed, with atheris or without. For campaigns, which go on after a finding, use
`hgframing-fuzz run`.

    agreement                  every request arrives once, as it was called; every response, text, progress and error is
                               heard as it was said, in order
    honest                     neither reactor objects to what the other one sends
    refusal-changes-nothing    a wish that is refused leaves both reactors as they were
    accounts                   at the end nothing is unanswered, half received or under way
    legal-output               what is sent is read as the same by a reader that shares nothing with the codec, and
                               every type has flags that the revision defines
"""

from __future__ import annotations

import sys

from random import Random
from typing import Final

from hgframing_fuzz._code_target import CodeTarget
from hgframing_fuzz._drive import choose_revision
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import REVISION_CODES, FuzzInput, InputMaker
from hgframing_fuzz._mutate import Mutator
from hgframing_fuzz._outcome import Feature, Target
from hgframing_fuzz._pair import MAX_WISHES, PAIR_MODULES, Pair
from hgframing_fuzz._script import main
from hgframing_fuzz._spec import TargetSpec
from hgframing_fuzz._subjects import Attached, OwnCode
from hgframing_fuzz._wish_grammar import WishGrammar


__all__ = ["SPEC", "converse"]


def converse(value: FuzzInput, notes: list[Feature]) -> None:
    """Have the conversation that an input stands for."""
    pair = Pair(choose_revision(value.options, REVISION_CODES), value.options, notes)
    for frame in value.frames[:MAX_WISHES]:
        pair.wish(frame)
    pair.settle()


def _open(_locator: str, guards: Guards) -> tuple[Attached, Target]:
    own = OwnCode(*PAIR_MODULES)
    return own, CodeTarget("reactor-pair", converse, own.code, guards)


def _make_mutator(codes: tuple[int, ...], rng: Random) -> InputMaker:
    return Mutator(WishGrammar(codes, (0, 2)), rng)


SPEC: Final = TargetSpec(
    name="reactor-pair",
    summary="a client and a server joined by octets, with wishes at both ends; both must agree on what was said",
    open=_open,
    make_mutator=_make_mutator,
    takes_implementation=False,
)


if __name__ == "__main__":
    sys.exit(main(SPEC, sys.argv))
