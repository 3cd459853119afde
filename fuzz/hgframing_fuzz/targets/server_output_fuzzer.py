"""The target `server-output`: what a server sends for whatever its caller answers, read by a client.

As a script it is a libFuzzer target: with atheris, `python server_output_fuzzer.py CORPUS
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

from hgframing import Frame
from hgframing_fuzz._code_target import CodeTarget
from hgframing_fuzz._drive import choose_revision
from hgframing_fuzz._grammar import with_numbers
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

#: What a frame's type wishes of the server's caller: an index into the wishes of `Pair`.
_SERVER_WISHES: Final = (4, 5, 6, 7, 8, 9, 10, 11, 12, 6, 6, 7, 9, 10, 4, 5)


def converse(value: FuzzInput, notes: list[Feature]) -> None:
    """Have the conversation that an input stands for."""
    pair = Pair(choose_revision(value.options, REVISION_CODES), value.options, notes)
    calls = 1 + (value.options.answers & 3)
    for frame in value.frames[:calls]:
        pair.wish(with_numbers(frame, type_id=0))
    pair.wish(Frame(0, 0, 0, 15, 0))
    pair.wish(Frame(0, 0, 0, 2, 1))
    for frame in value.frames[calls:MAX_WISHES]:
        pair.wish(with_numbers(frame, type_id=_SERVER_WISHES[frame.type_id]))
    pair.settle()


def _open(_locator: str, guards: Guards) -> tuple[Attached, Target]:
    own = OwnCode(*PAIR_MODULES)
    return own, CodeTarget("server-output", converse, own.code, guards)


def _make_mutator(codes: tuple[int, ...], rng: Random) -> InputMaker:
    return Mutator(WishGrammar(codes, ()), rng)


SPEC: Final = TargetSpec(
    name="server-output",
    summary="a server with whatever its caller answers; a client must read what was said",
    open=_open,
    make_mutator=_make_mutator,
    takes_implementation=False,
)


if __name__ == "__main__":
    sys.exit(main(SPEC, sys.argv))
