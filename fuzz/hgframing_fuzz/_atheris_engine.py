"""The coverage-guided engine: atheris (libFuzzer) with our mutator and our feedback.

What its own tools do not give is made up for here, each for a reason that was measured:

* Modules are instrumented by walking over their functions. `instrument_imports(include=...)` knows top-level
  packages only, and code that was imported before, or is imported later, escapes it without a word.
* Transitions are fed back as coverage: a state machine's state is data, which branches do not show. Each
  transition hits one of a few hundred instrumented branches.
* Findings do not stop it. It is the caller of `fuzz` who judges an outcome, and who may raise.

atheris is imported inside of `fuzz` alone: everything else works where it cannot be installed.
"""

from __future__ import annotations

import inspect
import sys
import zlib

from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any, Final

from hgframing_fuzz._input import OPTIONS_SIZE, FuzzInput, InputMaker, decode_input, encode_input
from hgframing_fuzz._outcome import Feature, Outcome
from hgframing_fuzz._spec import BoundTarget
from hgframing_fuzz._stack import call_with_room


__all__ = ["SLOWDOWN", "InstrumentationError", "functions_of", "fuzz", "make_counters"]

#: How much slower instrumented code is, at most; measured 9.4 for Mercurial's reactor and its CBOR decoder.
SLOWDOWN: Final = 12.0

#: Branches for transitions. There are a few thousand transitions; two that share a branch hide each other, no
#: more.
_COUNTER_BITS: Final = 9

#: How often libFuzzer's own mutations of octets are used, and how often a new input.
_RAW: Final = 0.1
_FRESH: Final = 0.2

#: Inputs that are run to see that the right code was instrumented.
_PROBES: Final = 50


class InstrumentationError(Exception):
    """Nothing can guide the engine: what is fuzzed runs elsewhere, or has no functions."""


def functions_of(module: ModuleType) -> Iterator[FunctionType]:
    """Find the functions of a module, those of its classes and properties too."""
    pending: list[Any] = list(vars(module).values())
    seen: set[int] = set()
    while pending:
        item = pending.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, FunctionType):
            if item.__module__ == module.__name__:
                yield item
        elif isinstance(item, type):
            if item.__module__ == module.__name__:
                pending += vars(item).values()
        elif isinstance(item, property):
            pending += [part for part in (item.fget, item.fset, item.fdel) if part is not None]
        elif isinstance(item, staticmethod | classmethod):
            pending.append(item.__func__)
        else:
            inner = inspect.unwrap(item) if callable(item) else item
            if inner is not item:
                pending.append(inner)


def make_counters(instrument: Callable[[FunctionType], object]) -> Callable[[int], int]:
    """Make a function with a branch for each small number: hitting one is coverage.

    Args:
        instrument: patches a function so that its branches are counted.

    Returns:
        A function of the numbers below 2 to the power of `_COUNTER_BITS`.
    """
    lines = ["def touch(slot):"]

    def branch(low: int, high: int, indent: str) -> None:
        if high - low == 1:
            lines.append(f"{indent}return {low}")
            return
        middle = (low + high) // 2
        lines.append(f"{indent}if slot < {middle}:")
        branch(low, middle, f"{indent} ")
        lines.append(f"{indent}else:")
        branch(middle, high, f"{indent} ")

    branch(0, 1 << _COUNTER_BITS, " ")
    namespace: dict[str, Any] = {}
    exec("\n".join(lines), namespace)  # noqa: S102 -- the text was made above
    touch: FunctionType = namespace["touch"]
    instrument(touch)
    return touch


class _Feedback:
    """Feeds transitions back."""

    def __init__(self, touch: Callable[[int], int]) -> None:
        self._touch = touch
        self._slots: dict[Feature, int] = {}

    def tell(self, features: Iterable[Feature]) -> None:
        for feature in features:
            slot = self._slots.get(feature)
            if slot is None:
                # Not hash(): it differs from process to process, and a corpus is shared.
                slot = zlib.crc32(repr(feature).encode()) & ((1 << _COUNTER_BITS) - 1)
                self._slots[feature] = slot
            self._touch(slot)


def _instrument(
    bound: BoundTarget, instrument: Callable[[FunctionType], object], *, light: bool
) -> list[FunctionType]:
    """Instrument what a subject names, or of that the reactor's own modules alone."""
    names = tuple(name for name in bound.subject.instrument if name in sys.modules)
    code = bound.subject.code
    if light and code is not None:
        names = tuple(name for name in names if sys.modules[name].__file__ in code.reactors) or names
    functions = [function for name in names for function in functions_of(sys.modules[name])]
    if not functions:
        raise InstrumentationError(
            f"{bound.subject.name} has no code in this process that could be instrumented"
        )
    for function in functions:
        instrument(function)
    return functions


def _branches_alone(function: FunctionType) -> None:
    """Do what instrument_func does, without its comparisons."""
    import atheris  # noqa: PLC0415 -- as below

    function.__code__ = atheris.patch_code(function.__code__, False)


def _require_sight(
    bound: BoundTarget, functions: Sequence[FunctionType], inputs: Iterable[FuzzInput]
) -> None:
    """Run a few inputs and see that what is run is what was instrumented.

    A module that was imported twice, or whose functions were replaced, would be instrumented in vain. An engine does
    not complain of that: it runs for a night and finds what chance finds.
    """
    instrumented = {function.__code__ for function in functions}
    run: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            run.add(frame.f_code)

    previous = sys.getprofile()
    sys.setprofile(note)
    try:
        for value in inputs:
            bound.target.check(value)
    finally:
        sys.setprofile(previous)
    reactors = bound.subject.code.reactors if bound.subject.code is not None else frozenset()
    missed = {
        code.co_name
        for code in run - instrumented
        if code.co_filename in reactors and not code.co_name.startswith(("<", "__"))
    }
    seen = len(run & instrumented)
    if not seen or len(missed) > seen:
        raise InstrumentationError(
            f"{seen} instrumented functions of {bound.subject.name} are run, and {len(missed)} that are not "
            f"instrumented: the engine would be blind ({', '.join(sorted(missed)[:5]) or 'no other is'})"
        )


def fuzz(
    bound: BoundTarget,
    rng: Random,
    *,
    program: str,
    arguments: Sequence[str],
    judge: Callable[[bytes, Outcome], None],
    light: bool = False,
) -> None:
    """Hand the process over to libFuzzer. It usually ends the process itself.

    Args:
        bound: what to fuzz, in this process.
        rng: for the mutator; it is seeded again for each mutation, by libFuzzer.
        program: the program's name.
        arguments: libFuzzer's: options and corpus directories or files.
        judge: called after each execution; what it raises ends the run as a crash.
        light: branches of the reactor's own modules alone, which costs less than half.

    Raises:
        InstrumentationError: there is nothing to instrument, or what was instrumented is not what is run.
        ImportError: atheris is not installed.
    """
    import atheris  # noqa: PLC0415 -- optional, and must not be imported by anything else

    functions = _instrument(bound, _branches_alone if light else atheris.instrument_func, light=light)
    feedback = _Feedback(make_counters(atheris.instrument_func))
    mutator = bound.mutator(rng)
    _require_sight(bound, functions, [mutator.fresh() for _ in range(_PROBES)])
    # Looked up when it is needed: `Fuzz` puts the real one in its place.
    maker = _Maker(mutator, rng, lambda octets, max_size: atheris.Mutate(octets, max_size))  # noqa: PLW0108
    check = bound.target.check

    def test_one_input(octets: bytes) -> None:
        outcome = check(decode_input(octets))
        feedback.tell(outcome.features)
        judge(octets, outcome)

    atheris.Setup(
        [program, *arguments], test_one_input, custom_mutator=maker.mutate, custom_crossover=maker.cross
    )
    call_with_room(atheris.Fuzz)


class _Maker:
    """Makes inputs as libFuzzer asks for them: octets and a seed in, octets out."""

    def __init__(self, mutator: InputMaker, rng: Random, raw: Callable[[bytes, int], bytes]) -> None:
        self._mutator = mutator
        self._rng = rng
        self._raw = raw

    def mutate(self, octets: bytes, max_size: int, seed: int) -> bytes:
        """Change an input, or make a new one."""
        self._rng.seed(seed)
        choice = self._rng.random()
        if choice < _RAW:
            return bytes(self._raw(octets, max_size))
        mutator = self._mutator
        try:
            value = mutator.fresh() if choice < _FRESH else mutator.mutate(decode_input(octets))
        except MemoryError:
            # The address space is bounded, and a mutator makes bombs. No finding, and no reason to end.
            return octets[:max_size]
        return _fitting(value, max_size)

    def cross(self, left: bytes, right: bytes, max_size: int, seed: int) -> bytes:
        """Make one input of two."""
        self._rng.seed(seed)
        return _fitting(self._mutator.cross(decode_input(left), decode_input(right)), max_size)


def _fitting(value: FuzzInput, max_size: int) -> bytes:
    """Encode an input, without the frames at its end that are too much."""
    frames = list(value.frames)
    size = OPTIONS_SIZE + sum(8 + len(frame.payload) for frame in frames) + len(value.tail)
    while frames and size > max_size:
        size -= 8 + len(frames.pop().payload)
    return encode_input(FuzzInput(value.options, tuple(frames), value.tail))[:max_size]
