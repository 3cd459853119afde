"""The target `server-reactor`: what a server does with whatever a client sends.

As a script it is a libFuzzer target: with atheris, `python server_reactor_fuzzer.py CORPUS
-max_total_time=60` fuzzes and stops at the first finding, as engines such as OSS-Fuzz expect; files as
arguments are replayed, with atheris or without. For campaigns, which go on after a finding, use
`hgframing-fuzz run`.

The environment variable HGFRAMING_FUZZ_IMPLEMENTATION names another implementation than the reference.
"""

from __future__ import annotations

import sys

from random import Random
from typing import Final

from hgframing_fuzz._drive import Script
from hgframing_fuzz._grammar import ClientGrammar
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._mutate import Mutator
from hgframing_fuzz._oracles import check_trace
from hgframing_fuzz._outcome import Finding, Target, Trace
from hgframing_fuzz._reactor_target import ReactorTarget
from hgframing_fuzz._script import main
from hgframing_fuzz._spec import TargetSpec
from hgframing_fuzz._subjects import Attached, Side, load_subject
from hgframing_fuzz._transitions import check_server_tables


__all__ = ["SPEC", "judge"]


def judge(script: Script, trace: Trace) -> Finding | None:
    """Judge a trace by what must hold for everybody, and that of the reference by its tables too."""
    return check_trace(script, trace) or check_server_tables(script, trace)


def _open(locator: str, guards: Guards) -> tuple[Attached, Target]:
    subject = load_subject(locator, Side.SERVER)
    return subject, ReactorTarget("server-reactor", subject, guards, judge)


def _make_mutator(codes: tuple[int, ...], rng: Random) -> Mutator:
    return Mutator(ClientGrammar(codes), rng)


SPEC: Final = TargetSpec(
    name="server-reactor",
    summary="a server reactor, driven by what a client sends",
    open=_open,
    make_mutator=_make_mutator,
    side=Side.SERVER,
)


if __name__ == "__main__":
    sys.exit(main(SPEC, sys.argv))
