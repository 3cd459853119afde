"""The compiled form of vectors: every case for every revision, in one JSON file that needs no YAML and no notation.

Octets are hex, values and actions are as the harness protocol sends them, so that a consumer in any language needs a
JSON reader and nothing of ours (docs/vector-format.md, "Compiled form"). Long runs of one octet are written as
`repeat`, or the largest frames of the protocol would weigh half a gigabyte. It is also the fast way in: reading it
costs a fiftieth of reading the YAML it was made from. The same cases always give the same octets.
"""

from __future__ import annotations

import gc
import itertools

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from hgframing import REVISIONS
from hgframing_conformance._actions import action_to_wire, parse_compiled
from hgframing_conformance._cases import (
    ActionKind,
    Case,
    Chunking,
    Expectation,
    Layer,
    Level,
    Step,
    Tier,
    Verb,
)
from hgframing_conformance._forms import FormError, parse_bytes, parse_hex, parse_list, parse_parts
from hgframing_conformance._problems import Problem, SuiteError


__all__ = ["compile_cases", "load_compiled"]

#: Hex digits above which it pays to look for runs.
_LONG: Final = 1024
#: A run of twice this many octets is always found, a shorter one by luck.
_STRIDE: Final = 64
#: The version of this form; it is the version of the vector format.
_FORMAT: Final = 1


class _Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    alternatives: list[list[Any]] | None
    never: list[ActionKind]


class _Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    verb: Verb
    value: Any
    notation: tuple[str, ...]
    line: int
    #: Not read with the step: thousands of steps expect the same, which is read once.
    expectation: msgspec.Raw


class _Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", gc=False):
    id: str
    revision: str
    rev: int
    title: str
    level: Level
    requirements: tuple[str, ...]
    violates: tuple[str, ...]
    deviations: tuple[str, ...]
    source: str
    comment: str
    requires: dict[str, Any]
    disputed: str
    setup: dict[str, Any]
    chunkings: tuple[Chunking, ...]
    tier: Tier
    line: int
    #: Not read with the case: a step that is the same in several revisions is read once, that of another tier never.
    steps: list[msgspec.Raw]


class _Suite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    suite: str
    layer: Layer
    file: str
    cases: list[_Case]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal[1]
    suites: list[_Suite]


_FILE_DECODER: Final = msgspec.json.Decoder(_File)
_STEP_DECODER: Final = msgspec.json.Decoder(_Step)
_EXPECTATION_DECODER: Final = msgspec.json.Decoder(_Expectation)


def compile_cases(cases: Iterable[Case]) -> bytes:
    """Write cases in the compiled form.

    Args:
        cases: as `load_suites` returns them; neighbours of one suite stay together.

    Returns:
        JSON, the same for the same cases.
    """
    suites = [
        {"suite": suite, "layer": layer, "file": file, "cases": [_write_case(case) for case in group]}
        for (suite, layer, file), group in itertools.groupby(
            cases, lambda case: (case.suite, case.layer, case.file)
        )
    ]
    return msgspec.json.encode({"format": _FORMAT, "suites": suites}) + b"\n"


def _write_case(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "revision": case.revision,
        "rev": case.rev,
        "title": case.title,
        "level": case.level,
        "requirements": case.requirements,
        "violates": case.violates,
        "deviations": case.deviations,
        "source": case.source,
        "comment": case.comment,
        "requires": case.requires,
        "disputed": case.disputed,
        "setup": case.setup,
        "chunkings": case.chunkings,
        "tier": case.tier,
        "line": case.line,
        "steps": [_write_step(step, case.revision) for step in case.steps],
    }


def _write_step(step: Step, revision: str) -> dict[str, Any]:
    alternatives = step.expectation.alternatives
    written = None
    if alternatives is not None:
        written = [
            [_shorten(action_to_wire(action, revision)) for action in actions] for actions in alternatives
        ]
    received = step.verb is Verb.RECEIVE
    return {
        "verb": step.verb,
        "value": [_run_lengths(octets.hex()) for octets in step.octets] if received else _shorten(step.value),
        "notation": step.notation,
        "line": step.line,
        "expectation": {"alternatives": written, "never": sorted(step.expectation.never)},
    }


def _shorten(form: Any) -> Any:
    """Replace long repetitive octets by `repeat` in a form of the harness protocol; other text is left alone."""
    match form:
        case {"send-frames": list() as frames} if len(form) == 1:
            return {"send-frames": [_run_lengths(frame) for frame in frames]}
        case list():
            return [_shorten(item) for item in form]
        case {"hex": str() as digits} if len(form) == 1:
            short = _run_lengths(digits)
            return form if isinstance(short, str) else short
        case dict():
            return {name: _shorten(item) for name, item in form.items()}
        case _:
            return form


def _run_lengths(text: str) -> str | dict[str, Any]:
    """Write hex digits as `{repeat: parts}` where they are long and one octet follows itself many times."""
    if len(text) < _LONG:
        return text
    octets = bytes.fromhex(text)
    parts = []
    end = 0
    for start, stop in _runs(octets):
        if start > end:
            parts.append({"hex": octets[end:start].hex(), "times": 1})
        parts.append({"hex": octets[start : start + 1].hex(), "times": stop - start})
        end = stop
    if not parts:
        return text
    if end < len(octets):
        parts.append({"hex": octets[end:].hex(), "times": 1})
    return {"repeat": parts}


def _runs(octets: bytes) -> Iterator[tuple[int, int]]:
    """Find runs of one octet: looks at every 64th, because a regex with a backreference takes minutes for 16 MiB."""
    position = end = 0
    while position < len(octets):
        one = octets[position : position + 1]
        if octets[position : position + _STRIDE] != one * _STRIDE:
            position += _STRIDE
            continue
        before = octets[max(end, position - _STRIDE) : position]
        start = position - (len(before) - len(before.rstrip(one)))
        end = len(octets) - len(octets[position:].lstrip(one))
        yield start, end
        position = end + -end % _STRIDE


def _lengthen(form: Any) -> Any:
    """Undo `_shorten`."""
    match form:
        case {"repeat": parts} if len(form) == 1:
            return {"hex": parse_parts(parts).hex()}
        case list():
            return [_lengthen(item) for item in form]
        case dict():
            return {name: _lengthen(item) for name, item in form.items()}
        case _:
            return form


def load_compiled(source: Path | bytes, *, tiers: Collection[Tier] = frozenset(Tier)) -> tuple[Case, ...]:
    """Load what `compile_cases` wrote.

    Args:
        source: the file, or its content.
        tiers: cost classes to load.

    Returns:
        The cases in the order of the file.

    Raises:
        SuiteError: the file cannot be read, or is not of this form.
    """
    name = "compiled vectors" if isinstance(source, bytes) else str(source)
    # Nothing that is made here is garbage before the end, and looking for it takes longer than making it.
    collects = gc.isenabled()
    gc.disable()
    try:
        octets = source if isinstance(source, bytes) else source.read_bytes()
        return _Reader().read(octets, tiers)
    except OSError as error:
        problem = Problem(name, 0, f"the file cannot be read: {error.strerror}")
    except (msgspec.MsgspecError, FormError, UnicodeDecodeError) as error:
        problem = Problem(
            name, 0, f"these are no compiled vectors of format {_FORMAT}: {error}", "compile them anew"
        )
    finally:
        if collects:
            gc.enable()
    raise SuiteError([problem])


class _Reader:
    """Reads one file; remembers the steps and expectations that it has read."""

    def __init__(self) -> None:
        self._steps: dict[tuple[bytes, Layer, int], Step] = {}
        self._expectations: dict[tuple[bytes, Layer, int], Expectation] = {}

    def read(self, octets: bytes, tiers: Collection[Tier]) -> tuple[Case, ...]:
        file = _FILE_DECODER.decode(octets)
        return tuple(
            [self._case(case, suite) for suite in file.suites for case in suite.cases if case.tier in tiers]
        )

    def _case(self, case: _Case, suite: _Suite) -> Case:
        if case.revision not in REVISIONS:
            raise FormError(f"{case.id} is for the unknown revision {case.revision!r}")
        layer, revision = suite.layer, case.revision
        return Case(
            case.id,
            case.rev,
            case.title,
            suite.suite,
            layer,
            revision,
            case.level,
            case.requirements,
            case.violates,
            case.deviations,
            case.source,
            case.comment,
            case.requires,
            case.disputed,
            case.setup,
            case.chunkings,
            case.tier,
            tuple([self._step(bytes(step), layer, revision) for step in case.steps]),
            suite.file,
            case.line,
        )

    def _step(self, octets: bytes, layer: Layer, revision: str) -> Step:
        # Frames are octets here, so what a step says depends on nothing of the revision but its header.
        key = (octets, layer, REVISIONS[revision].header.size)
        step = self._steps.get(key)
        if step is None:
            step = self._steps[key] = self._read_step(octets, layer, revision)
        return step

    def _read_step(self, octets: bytes, layer: Layer, revision: str) -> Step:
        read = _STEP_DECODER.decode(octets)
        expectation_octets = bytes(read.expectation)
        key = (expectation_octets, layer, REVISIONS[revision].header.size)
        expectation = self._expectations.get(key)
        if expectation is None:
            expectation = _read_expectation(expectation_octets, layer, revision)
            self._expectations[key] = expectation
        if read.verb is Verb.RECEIVE:
            received = tuple([_octets(form) for form in parse_list(read.value)])
            return Step(read.verb, received, None, expectation, read.notation, read.line)
        value = _lengthen(read.value) if b'"repeat"' in octets else read.value
        return Step(read.verb, (), value, expectation, read.notation, read.line)


def _octets(form: Any) -> bytes:
    return parse_hex(form) if isinstance(form, str) else parse_bytes(form)


def _read_expectation(octets: bytes, layer: Layer, revision: str) -> Expectation:
    read = _EXPECTATION_DECODER.decode(octets)
    if read.alternatives is None:
        return Expectation(None, frozenset(read.never))
    alternatives = tuple(
        tuple([parse_compiled(action, layer, revision) for action in actions])
        for actions in read.alternatives
    )
    return Expectation(alternatives, frozenset(read.never))
