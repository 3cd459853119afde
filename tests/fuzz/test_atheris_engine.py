"""Tests of `hgframing_fuzz._atheris_engine`: what is instrumented, and what is fed back.

That it works together with atheris is seen in a process of its own (`test_atheris_worker`,
`test_targets_server_reactor_fuzzer`): libFuzzer ends the process that it runs in.
"""

from __future__ import annotations

import functools
import subprocess
import sys
import types

from collections.abc import Iterator
from random import Random

import pytest

from hgframing_fuzz import FuzzInput, Options
from hgframing_fuzz._atheris_engine import InstrumentationError, functions_of, fuzz, make_counters
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import encode_input
from hgframing_fuzz.targets import TARGETS


SOURCE = """
import functools, json
from json import dumps
def plain(): pass
def generator(): yield
class Thing:
    def method(self): pass
    @property
    def value(self): pass
    @value.setter
    def value(self, new): pass
    @staticmethod
    def static(): pass
    @classmethod
    def of_class(cls): pass
    class Inner:
        def deep(self): pass
    alias = json.loads
@functools.cache
def cached(): pass
NUMBER = 5
"""


@pytest.fixture
def module() -> types.ModuleType:
    """A module with functions in every place."""
    made = types.ModuleType("made_for_the_test")
    exec(SOURCE, vars(made))  # noqa: S102 -- the text stands above
    return made


def test_functions_of_a_module_are_found_wherever_they_are(module: types.ModuleType) -> None:
    """Functions, methods, properties, static, class and wrapped ones; nothing that was imported."""
    names = [function.__qualname__ for function in functions_of(module)]

    assert sorted(names) == [
        "Thing.Inner.deep",
        "Thing.method",
        "Thing.of_class",
        "Thing.static",
        "Thing.value",
        "Thing.value",
        "cached",
        "generator",
        "plain",
    ]


def test_functions_of_every_module_that_a_subject_names_are_many(guards: Guards) -> None:
    """A module that moved, or that is imported later, would leave the engine blind."""
    subject = TARGETS["server-reactor"].bind("reference", guards).subject

    for name in subject.instrument:
        assert len(list(functions_of(sys.modules[name]))) >= 3, name


def branches(frames: list[int]) -> Iterator[int]:
    """Yield the lines of a function that were run."""
    yield from sorted(set(frames))


def test_make_counters_every_number_has_a_branch_of_its_own() -> None:
    """Coverage of the function tells which numbers were given."""
    instrumented: list[types.FunctionType] = []
    touch = make_counters(instrumented.append)

    def lines_of(slot: int) -> frozenset[int]:
        lines: list[int] = []

        def trace(frame: types.FrameType, event: str, _: object) -> object:
            if event == "line":
                lines.append(frame.f_lineno)
            return trace

        before = sys.gettrace()
        sys.settrace(trace)  # type: ignore[arg-type]
        try:
            touch(slot)
        finally:
            sys.settrace(before)
        return frozenset(branches(lines))

    assert [touch(slot) for slot in (0, 1, 255, 511)] == [0, 1, 255, 511]
    assert len({lines_of(slot) for slot in range(512)}) == 512
    assert instrumented == [touch]


def test_fuzz_what_runs_elsewhere_cannot_be_instrumented(guards: Guards) -> None:
    """The user is told, instead of getting a run without guidance."""
    pytest.importorskip("atheris")
    bound = TARGETS["server-reactor"].bind("direct:tests.fuzz.message_zoo:honest", guards)

    with pytest.raises(InstrumentationError, match="zoo 1"):
        fuzz(bound, Random(1), program="p", arguments=[], judge=lambda *_: None)  # noqa: S311


def test_atheris_is_not_imported_by_anything_else() -> None:
    """Everything but the engine works where it cannot be installed."""
    code = "import sys, hgframing_fuzz.cli; print('atheris' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_fitting_input_loses_whole_frames() -> None:
    """An engine's limit on length does not cut a frame in two, if there is one to leave out."""
    from hgframing_fuzz._atheris_engine import _fitting  # noqa: PLC0415
    from tests.fuzz.miniatures import an_input  # noqa: PLC0415

    value = an_input("1 1 0 command-data 1 abc", "1 1 0 command-data 2 defg", options=Options(seed=3))
    shorter = FuzzInput(value.options, value.frames[:1])

    assert [_fitting(value, size) for size in (27, 26, 15)] == [
        encode_input(value),
        encode_input(shorter),
        encode_input(shorter),
    ]
    assert len(_fitting(value, 3)) == 3
    assert functools.reduce(max, (len(_fitting(value, size)) - size for size in range(40))) <= 0


def test_mutator_that_runs_out_of_memory_ends_nothing() -> None:
    """It makes bombs in a bounded address space; the input stays as it was."""
    from hgframing_fuzz._atheris_engine import _Maker  # noqa: PLC0415

    class Bomber:
        def fresh(self) -> FuzzInput:
            raise MemoryError

        def mutate(self, _value: FuzzInput) -> FuzzInput:
            raise MemoryError

        def cross(self, left: FuzzInput, _right: FuzzInput) -> FuzzInput:
            return left

    maker = _Maker(Bomber(), Random(1), lambda octets, size: octets[:size])  # noqa: S311

    assert {maker.mutate(b"abcdefgh", 6, seed) for seed in range(40)} == {b"abcdef"}
