"""What faults are planted in: an implementation, what it answers to every case, and which of its lines each case runs.

One run of the unchanged implementation is watched (`_footprints`). A fault inside a function can only change the cases
that run its line. A fault in what the import runs (a table, a class, a default) can change them all; one in a private
constant those that run a line with its name (`_constants`).

An implementation may keep what one case made for the next: a cache, a pool. The constructor of what is kept runs in the
first case alone, and a fault in it shows in any. So every case is run a second time, and a line that runs in one of the
two and not in the other hangs on what is kept: a fault in it is put to all cases, as one in the import is.

A case need not pass. What became of it is its *fate*, and a fault is noticed where the fate changes.
"""

from __future__ import annotations

import collections
import dataclasses

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final

from hgframing_conformance._adapters import Adapter, AdapterOptions, Observation, TimedOut
from hgframing_conformance._cases import Case, Level
from hgframing_conformance._constants import Constants
from hgframing_conformance._direct import DirectAdapter
from hgframing_conformance._footprints import Line, Watch, lines_of_import
from hgframing_conformance._messages import Hello
from hgframing_conformance._mutants import Mutant
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._planting import dependents, harness_files, import_graph, module_files, plant
from hgframing_conformance._run import Engine, RunOptions
from hgframing_conformance._select import Item, items
from hgframing_conformance._statements import Guard, Statements
from hgframing_conformance.errors import ConformanceError


__all__ = ["Fate", "Given", "Group", "Place", "StrengthError", "Subject"]

#: How far apart the cases are that become neighbours; a prime, so that it divides no number of cases for long.
_STRIDE: Final = 211
#: Seconds for one item while it is watched, which takes a multiple of its time, on a machine that may be busy.
_PATIENCE: Final = 60.0


class StrengthError(ConformanceError):
    """Strength cannot be measured."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of an item of the unchanged implementation; of one that passed, nothing else is looked at.

    Attributes:
        kind: what happened.
        step: the step concerned.
        reason: why it did not pass.
    """

    kind: OutcomeKind
    step: int | None = None
    reason: str = ""

    @classmethod
    def of(cls, outcome: Outcome) -> Fate:
        """Take what matters from an outcome."""
        if outcome.kind is OutcomeKind.PASSED:
            return cls(kind=outcome.kind)
        return cls(kind=outcome.kind, step=outcome.step, reason=outcome.reason)

    def is_gating(self, outcome: Outcome) -> bool:
        """Tell whether a `check` that expects this fate would fail with an outcome."""
        if self.kind is OutcomeKind.PASSED:
            return outcome.gating
        return outcome.kind is not self.kind


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The items of one case, and what the unchanged implementation answers: who answers the same, fares the same.

    Attributes:
        numbers: the number of each item in the subject.
        items: chunkings of the case.
        messages: what asks for each of them.
        answers: what came back.
        fates: what became of each.
        wordy: what becomes of each where the message of an `error` counts.
    """

    numbers: tuple[int, ...]
    items: tuple[Item, ...]
    messages: tuple[dict[str, Any], ...]
    answers: tuple[Observation, ...]
    fates: tuple[Fate, ...]
    wordy: tuple[Fate, ...]

    def without(self, excluded: Collection[str]) -> Group:
        """Leave out items by their names."""
        keep = [index for index, item in enumerate(self.items) if item.name not in excluded]
        return Group(
            **{
                field.name: tuple(getattr(self, field.name)[index] for index in keep)
                for field in dataclasses.fields(self)
            }
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What is known of where a fault is.

    Attributes:
        reached: whether any case, or the import, runs its statement.
        statement: that statement, or its head where it has a body, spaces flattened.
        guard: the guard that it is in.
        refuses: whether any case makes that guard refuse.
    """

    reached: bool
    statement: str = ""
    guard: Guard | None = None
    refuses: bool = False


class Subject:
    """An implementation, its answers, and which of its lines every case runs.

    Args:
        package: the package in which faults are planted.
        target: `package.module:factory` of its harness, as in the locator `direct:package.module:factory`.
        cases: the vectors; cases that the implementation does not support are left out.
        failing: whether items may fail; where not, one that does is an error.
        first: whether only the first chunking of each case is asked, which halves the time.

    Attributes:
        hello: what the unchanged implementation declares.
        files: the modules of the package.
        names: the names of all items; the place of a name is its item's number.
        failing: the names of those that do not pass.

    Raises:
        SetupError: the harness cannot be attached.
        StrengthError: an item does not pass, and must.
        PlantingError: there is no such package.
    """

    def __init__(
        self, package: str, target: str, cases: Sequence[Case], *, failing: bool = False, first: bool = False
    ) -> None:
        self.target = target
        self.files = module_files(package)
        self.names: list[str] = []
        self.failing: list[str] = []
        self._sources = {name: file.read_bytes() for name, file in self.files.items()}
        self._statements: dict[str, Statements] = {}
        self._constants: dict[str, Constants] = {}
        known = {**harness_files(target.partition(":")[0]), **self.files}
        self._imports = import_graph(known)
        self._codes = {
            name: compile(file.read_bytes(), str(file), "exec", dont_inherit=True)
            for name, file in known.items()
        }
        self._touched: dict[Line, list[int]] = collections.defaultdict(list)
        self._all: list[Group] = []
        self._watch(cases, failing=failing, first=first)

    def dependents(self, module: str) -> frozenset[str]:
        """Name the modules that must be imported anew where one of them changes."""
        return dependents(module, self._imports)

    def plant(self, mutant: Mutant) -> None:
        """Let the next import of the harness find the fault.

        Raises:
            SyntaxError: with the fault in it, the module is no Python.
        """
        file = str(self.files[mutant.module])
        faulty = compile(mutant.apply(self._sources[mutant.module]), file, "exec", dont_inherit=True)
        codes = {name: self._codes[name] for name in self.dependents(mutant.module)}
        plant({**codes, mutant.module: faulty})

    def place(self, mutant: Mutant) -> Place:
        """Say what is known of where a fault is."""
        statements = self._statements_of(mutant)
        guard = statements.guard(mutant.line)
        return Place(
            reached=bool(self.groups(mutant)),
            statement=statements.text(mutant.line),
            guard=guard,
            refuses=guard is not None and self._runs(mutant, range(guard.first, guard.last + 1)),
        )

    def groups(self, mutant: Mutant) -> Sequence[Group]:
        """List the cases that can tell a fault, likeliest first."""
        statements = self._statements_of(mutant)
        lines: Collection[int] = range(0)
        if mutant.function is not None:
            lines = _span(statements, mutant.line)
        elif (uses := self._constants_of(mutant).uses(mutant.line)) is not None:
            lines = {line for use in uses for line in _span(statements, use)}
        if not lines or self._concerns_all(mutant, lines):
            return [group for group in self._all if group.items]
        places = {place for line in lines for place in self._touched.get((self._file(mutant), line), ())}
        return [self._all[place] for place in sorted(places) if self._all[place].items]

    def exclude(self, names: Collection[str]) -> None:
        """Ask no more for some items, so that they notice nothing."""
        self._all = [group.without(names) for group in self._all]

    def _file(self, mutant: Mutant) -> str:
        return str(self.files[mutant.module])

    def _runs(self, mutant: Mutant, lines: Collection[int]) -> bool:
        by_case = any((self._file(mutant), line) in self._touched for line in lines)
        return by_case or self._concerns_all(mutant, lines)

    def _concerns_all(self, mutant: Mutant, lines: Collection[int]) -> bool:
        return any((self._file(mutant), line) in self._always for line in lines)

    def _constants_of(self, mutant: Mutant) -> Constants:
        found = self._constants.get(mutant.module)
        if found is None:
            others = [source for name, source in self._sources.items() if name != mutant.module]
            found = self._constants[mutant.module] = Constants(self._sources[mutant.module], others)
        return found

    def _statements_of(self, mutant: Mutant) -> Statements:
        found = self._statements.get(mutant.module)
        if found is None:
            found = self._statements[mutant.module] = Statements(self._sources[mutant.module])
        return found

    def _watch(self, cases: Sequence[Case], *, failing: bool, first: bool) -> None:
        known = frozenset(map(str, self.files.values()))
        watched = Watch(known)
        with watched:
            # In a process of its own the package would be imported anew; here its import is over and done with.
            adapter = DirectAdapter(self.target, AdapterOptions(timeout=_PATIENCE, tracebacks=False))
        self.hello = adapter.hello
        self._always = watched.take() | lines_of_import(known)
        recorder, given = _Watched(adapter, watched), Given(adapter.hello)
        engine, wordy = Engine(recorder, RunOptions()), Engine(given, RunOptions(messages=True))
        for case in _mixed(cases):
            asked = items(case)[:1] if first else items(case)
            outcomes = list(engine.run(asked))
            messages, answers = recorder.take()
            lines = watched.take()
            if any(outcome.kind is OutcomeKind.UNSUPPORTED for outcome in outcomes):
                continue
            if not any(isinstance(answer, TimedOut) for answer in answers):
                with watched:
                    collections.deque(adapter.run(messages), maxlen=0)
                again = watched.take()
                self._always |= lines ^ again
                lines |= again
            for outcome in outcomes:
                if outcome.kind is not OutcomeKind.PASSED:
                    self.failing.append(outcome.item.name)
                    if not failing:
                        raise StrengthError(f"{outcome.item.name} does not pass: {outcome.reason}")
            given.answers = answers
            group = Group(
                numbers=tuple(range(len(self.names), len(self.names) + len(outcomes))),
                items=asked,
                messages=messages,
                answers=answers,
                fates=tuple(map(Fate.of, outcomes)),
                wordy=tuple(Fate.of(outcome) for outcome in wordy.run(asked)),
            )
            self.names += [item.name for item in group.items]
            for line in lines:
                self._touched[line].append(len(self._all))
            self._all.append(group)


def _span(statements: Statements, line: int) -> range:
    first, last = statements.lines(line)
    return range(first, last + 1)


def _mixed(cases: Sequence[Case]) -> list[Case]:
    """Order cases so that those that gate come first, and neighbours differ: similar cases notice the same faults."""
    gating = [case for case in cases if case.level is Level.MUST and not case.disputed]
    others = [case for case in cases if case.level is not Level.MUST or case.disputed]
    mixed = []
    for part in (gating, others):
        for start in range(min(_STRIDE, len(part))):
            mixed += part[start::_STRIDE]
    return mixed


class Given:
    """An adapter whose answers are there already; nothing is asked twice in order to be judged.

    Args:
        hello: what the implementation declares.

    Attributes:
        hello: the same.
        answers: one for each message that will be taken.
    """

    def __init__(self, hello: Hello) -> None:
        self.hello = hello
        self.answers: Sequence[Observation] = ()

    def run(self, messages: Iterable[dict[str, Any]]) -> Iterator[Observation]:
        """Yield the answers, one for each message."""
        for answer, _ in zip(self.answers, messages, strict=True):
            yield answer

    def close(self) -> tuple[str, ...]:
        """Do nothing."""
        return ()


class _Watched:
    """An adapter that is watched while it works, not while its answers are judged, and that records what was said."""

    def __init__(self, adapter: Adapter, watch: Watch) -> None:
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
