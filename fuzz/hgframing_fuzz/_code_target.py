"""One input against code that is no reactor: a codec, a decoder, a parser.

What is driven is a function. It gets the input, notes what it reached, and its oracles object by raising
`ObjectionError` (`object_to`); any other exception that it lets through is a finding as well, so an exception that the
code under test declares is caught in the function, by its exact class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

from hgframing_fuzz._blame import CodeUnderTest
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import FuzzInput, encode_input
from hgframing_fuzz._oracles import objection
from hgframing_fuzz._outcome import Feature, Finding, Outcome
from hgframing_fuzz._watch import ObjectionError, Watch


__all__ = ["Check", "CodeTarget", "object_to"]

#: Drives the code under test with one input, and appends what it reached: tuples whose `repr` is the same in every
#: process, few of them for each input.
Check = Callable[[FuzzInput, list[Feature]], None]


class CodeTarget:
    """Drives a function.

    Args:
        name: the target's name.
        check: what is driven, with its oracles.
        code: which code exceptions are blamed on; None where it runs elsewhere.
        guards: what watches time and memory; they must be entered while inputs are run.
        weigh: what an input may cost follows from the length of these octets; by default those of the input.
    """

    def __init__(
        self,
        name: str,
        check: Check,
        code: CodeUnderTest | None,
        guards: Guards,
        weigh: Callable[[FuzzInput], Sequence[bytes]] = lambda value: (encode_input(value),),
    ) -> None:
        self.name = name
        self._check = check
        self._watch = Watch(guards, code)
        self._weigh = weigh

    def check(self, value: FuzzInput) -> Outcome:
        """Run one input; see `Target.check`. An input that is compared runs twice."""
        octets = self._weigh(value)

        def play(notes: list[Feature]) -> None:
            self._check(value, notes)

        notes: list[Feature] = []
        finding = self._watch.run(play, notes, octets)
        if finding is None and value.options.compares:
            again: list[Feature] = []
            finding = self._watch.run(play, again, octets) or _compare(notes, again)
        return Outcome(finding, tuple(notes))


def object_to(kind: str, where: str, line: str, message: str) -> NoReturn:
    """Object, as an oracle does.

    Args:
        kind: the oracle's name.
        where: what it objects to.
        line: the bucket's line: no numbers of the input.
        message: one line for people.

    Raises:
        ObjectionError: always.
    """
    raise ObjectionError(objection(kind, where, line, message))


def _compare(first: list[Feature], second: list[Feature]) -> Finding | None:
    if first == second:
        return None
    message = f"again: {first!r:.120} became {second!r:.120}"
    return objection("deterministic", "again", "notes", message)
