"""What faults are planted in: an implementation that passes, and which of its functions every case runs.

One run of the unchanged implementation is watched with the interpreter's profiling hook. A fault inside a function can
only change the cases that run it. A fault in what the import runs (a table, a constant, a default) can change them all.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys

from collections.abc import Iterable, Iterator, Sequence
from types import CodeType, FrameType
from typing import Any, Final

from hgframing_conformance._adapters import Adapter, AdapterOptions, Observation
from hgframing_conformance._cases import Case, Level
from hgframing_conformance._direct import DirectAdapter
from hgframing_conformance._mutants import Mutant
from hgframing_conformance._outcomes import OutcomeKind
from hgframing_conformance._planting import dependents, import_graph, module_files, plant
from hgframing_conformance._run import Engine, RunOptions
from hgframing_conformance._select import Item, items
from hgframing_conformance.errors import ConformanceError


__all__ = ["Group", "StrengthError", "Subject"]

#: How far apart the cases are that become neighbours; a prime, so that it divides no number of cases for long.
_STRIDE: Final = 211
_Function = tuple[str, int]


class StrengthError(ConformanceError):
    """Strength cannot be measured: the unchanged implementation does not pass."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The items of one case, and what the unchanged implementation answers: who answers the same, passes.

    Attributes:
        items: chunkings of the case.
        messages: what asks for each of them.
        answers: what came back.
    """

    items: tuple[Item, ...]
    messages: tuple[dict[str, Any], ...]
    answers: tuple[Observation, ...]


class Subject:
    """An implementation that passes, and which of its functions every case runs.

    Args:
        package: the package in which faults are planted.
        target: `package.module:factory` of its harness, as in the locator `direct:package.module:factory`.
        cases: the vectors; cases that the implementation does not support are left out.
        messages: whether the message of an `error` counts.

    Raises:
        SetupError: the harness cannot be attached.
        StrengthError: an item does not pass.
        PlantingError: there is no such package.
    """

    def __init__(self, package: str, target: str, cases: Sequence[Case], *, messages: bool = False) -> None:
        self.target = target
        self._options = RunOptions(messages=messages)
        self.files = module_files(package)
        self._sources = {name: file.read_bytes() for name, file in self.files.items()}
        harness = target.partition(":")[0].partition(".")[0]
        self._imports = import_graph({**module_files(harness), **self.files})
        self._touched: dict[_Function, list[Group]] = {}
        self._all: list[Group] = []
        self._always: set[_Function] = set()
        self._watch(cases)

    def dependents(self, module: str) -> frozenset[str]:
        """Name the modules that must be imported anew where one of them changes."""
        return dependents(module, self._imports)

    def plant(self, mutant: Mutant) -> None:
        """Let the next import of the harness find the fault."""
        faulty = mutant.apply(self._sources[mutant.module])
        plant(mutant.module, faulty, self.dependents(mutant.module))

    def is_reached(self, mutant: Mutant) -> bool:
        """Tell whether any case, or the import, runs the function that a fault is in."""
        function = self._function(mutant)
        return function is None or function in self._always or function in self._touched

    def groups(self, mutant: Mutant) -> Sequence[Group]:
        """List the cases that can tell a fault, likeliest first."""
        function = self._function(mutant)
        if function is None or function in self._always:
            return self._all
        return self._touched.get(function, [])

    def _function(self, mutant: Mutant) -> _Function | None:
        return None if mutant.function is None else (str(self.files[mutant.module]), mutant.function)

    def _watch(self, cases: Sequence[Case]) -> None:
        known = frozenset(map(str, self.files.values()))
        watched = _Watch(known)
        with watched:
            # In a process of its own the package would be imported anew; here its import is over and done with.
            adapter = DirectAdapter(self.target, AdapterOptions())
        self._always = _run_by_import(known, watched.take())
        recorder = _Watched(adapter, watched)
        engine = Engine(recorder, self._options)
        for case in _mixed(cases):
            outcomes = list(engine.run(items(case)))
            messages, answers = recorder.take()
            if any(outcome.kind is OutcomeKind.UNSUPPORTED for outcome in outcomes):
                continue
            for outcome in outcomes:
                if outcome.kind is not OutcomeKind.PASSED:
                    raise StrengthError(f"{outcome.item.name} does not pass: {outcome.reason}")
            group = Group(items=items(case), messages=messages, answers=answers)
            self._all.append(group)
            for function in watched.take():
                self._touched.setdefault(function, []).append(group)


def _mixed(cases: Sequence[Case]) -> list[Case]:
    """Order cases so that those that gate come first, and neighbours differ: similar cases notice the same faults."""
    gating = [case for case in cases if case.level is Level.MUST and not case.disputed]
    others = [case for case in cases if case.level is not Level.MUST or case.disputed]
    mixed = []
    for part in (gating, others):
        for start in range(min(_STRIDE, len(part))):
            mixed += part[start::_STRIDE]
    return mixed


class _Watched:
    """An adapter that is watched while it works, not while its answers are judged, and that records what was said."""

    def __init__(self, adapter: Adapter, watch: _Watch) -> None:
        self._adapter = adapter
        self._watch = watch
        self._messages: list[dict[str, Any]] = []
        self._answers: list[Observation] = []
        self.hello = adapter.hello

    def run(self, messages: Iterable[dict[str, Any]]) -> Iterator[Observation]:
        """Yield what the adapter yields; see `Adapter.run`."""
        for message in messages:
            with self._watch:
                [observation] = self._adapter.run([message])
            self._messages.append(message)
            self._answers.append(observation)
            yield observation

    def take(self) -> tuple[tuple[dict[str, Any], ...], tuple[Observation, ...]]:
        """Return the messages and their answers since the last time."""
        said = tuple(self._messages), tuple(self._answers)
        self._messages.clear()
        self._answers.clear()
        return said

    def close(self) -> tuple[str, ...]:
        """End the connection."""
        return self._adapter.close()


class _Watch:
    """Records which functions of some files run while it is entered."""

    def __init__(self, files: frozenset[str]) -> None:
        self._files = files
        self._codes: set[CodeType] = set()

    def __enter__(self) -> None:
        sys.setprofile(self._profile)

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _profile(self, frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            self._codes.add(frame.f_code)

    def take(self) -> set[_Function]:
        """Return what ran since the last time."""
        found = {
            (code.co_filename, code.co_firstlineno) for code in self._codes if code.co_filename in self._files
        }
        self._codes.clear()
        return found


def _run_by_import(files: frozenset[str], seen: set[_Function]) -> set[_Function]:
    """Find the functions that run while the files are imported, in a process that then ends."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        watch = _Watch(files)
        names = [name for name, module in sys.modules.items() if getattr(module, "__file__", None) in files]
        for name in names:
            del sys.modules[name]
        with watch:
            for name in names:
                __import__(name)
        with os.fdopen(writing, "w") as stream:
            json.dump(sorted(watch.take()), stream)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        text = stream.read()
    os.waitpid(child, 0)
    return seen | {(file, line) for file, line in json.loads(text or "[]")}
