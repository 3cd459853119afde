"""The control of a measurement: a mutant in which nothing is changed, under the conditions of all others.

It is forked, bounded and timed as they are, its module is imported anew as theirs is, and every item is asked and
judged. An item that fares otherwise than it did before has a reason that is no fault: it flickers, or it needs more
memory or time than a mutant has. It is excluded with a message, because what it notices would mean nothing.
"""

from __future__ import annotations

import dataclasses
import itertools

from collections.abc import Sequence

from hgframing_conformance._mutants import Mutant, Operator
from hgframing_conformance._strength import StrengthOptions, measure
from hgframing_conformance._subject import StrengthError, Subject
from hgframing_conformance._trial import Status


__all__ = ["Control", "run_control"]

#: How often items may be excluded and the rest be tried again, before the machine is not believed any more.
_ROUNDS = 5


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What the unchanged mutants did.

    Attributes:
        runs: how many there were in the last round, in which nothing failed.
        excluded: names of items that failed in an earlier one, in the order of their numbers.
    """

    runs: int
    excluded: tuple[str, ...]


def unchanged(module: str, number: int) -> Mutant:
    """Make a mutant that is none.

    Args:
        module: the module that is imported anew.
        number: which control of the run it is, from 1.
    """
    return Mutant(
        module=module,
        id=f"control-{number}",
        operator=Operator.STATEMENT,
        scope="",
        function=None,
        line=1,
        before="",
        after="",
        start=0,
        end=0,
        replacement=b"",
    )


def run_control(subject: Subject, modules: Sequence[str], options: StrengthOptions, runs: int) -> Control:
    """Try unchanged mutants, and exclude from the subject what fails in one of them.

    Args:
        subject: the implementation.
        modules: the modules that are measured; the controls are spread over them.
        options: how mutants are measured.
        runs: how many controls; 1 or more. More of them find items that fail seldom.

    Raises:
        StrengthError: a control dies, cannot be imported or takes too long as a whole, or items go on failing.
    """
    chosen = [modules[index * len(modules) // runs] for index in range(min(runs, len(modules)))]
    controls = [
        unchanged(module, number)
        for number, module in enumerate(itertools.islice(itertools.cycle(chosen), runs), start=1)
    ]
    options = dataclasses.replace(options, every=True, judged=True)
    excluded: list[str] = []
    for _ in range(_ROUNDS):
        failing = 0
        for result in measure(subject, controls, options):
            if result.status is Status.STILLBORN:
                raise StrengthError(f"{result.mutant}: the unchanged implementation cannot be imported anew")
            if result.status.is_noticed and not result.noticing:
                raise StrengthError(
                    f"{result.mutant}: nothing is planted, and the process died or took more than"
                    f" {options.mutant_timeout:g} s"
                )
            failing |= result.noticing
        if not failing:
            return Control(runs=runs, excluded=tuple(excluded))
        names = [name for number, name in enumerate(subject.names) if failing >> number & 1]
        excluded += names
        subject.exclude(frozenset(names))
    raise StrengthError(
        f"nothing is planted, and other items fail each time, {len(excluded)} so far; the last: {excluded[-1]}"
    )
