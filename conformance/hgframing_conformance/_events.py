"""The events of a run's JSON lines: what `_jsonl` writes, `_results` reads and `results.schema.json` describes.

    {"event":"begin", ...}     who was checked, and how
    {"event":"item", ...}      one for each item, as it ends
    {"event":"end", ...}       the counts and the exit code; a run without it was cut off

A file holds one run, or several one after another. Fields with a default are left out where they have it. Whoever
reads must ignore keys that it does not know: new keys may come within one `format`.

Items that failed carry their whole story (`steps`, `sentences`, `repro`), so that a report can be made from the
file alone, on another machine and with another version of the suite. Nobody wants that of ten thousand items that
passed.

    python -m hgframing_conformance._events      prints the JSON Schema; a test compares it with the shipped file
"""

from __future__ import annotations

import json
import sys

from typing import Annotated, Any, Final, Literal

import msgspec

from msgspec import Meta, Struct

from hgframing_conformance._cases import Chunking, Layer, Level, Verb
from hgframing_conformance._compare import Problem
from hgframing_conformance._expectations import Status
from hgframing_conformance._outcomes import OutcomeKind


__all__ = [
    "FORMAT",
    "Begin",
    "End",
    "Event",
    "FailureEvent",
    "Implementation",
    "ItemEvent",
    "Sentence",
    "ShownAction",
    "ShownStep",
    "json_schema",
    "schema_text",
]

#: The version of this format.
FORMAT: Final = 1

_Count = Annotated[int, Meta(ge=0)]


class _Part(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An object inside of an event."""


class _Event(_Part, frozen=True, kw_only=True, tag_field="event"):
    """A line; `event` says which."""


class Implementation(_Part, frozen=True, kw_only=True):
    """What an implementation says of itself, with the defaults of what it leaves out."""

    name: str
    version: str
    language: str
    revisions: list[str]
    layers: list[str]
    capabilities: dict[str, Any]


class Begin(_Event, frozen=True, kw_only=True, tag="begin"):
    """Who was checked, and how.

    Attributes:
        format: the version of this format.
        suite: the version of the suite.
        locator: how the implementation was attached.
        implementation: what it says of itself.
        strict: whether `should` gates.
        match: how far errors were compared.
        items: how many item events are to come.
        shuffle: the seed of the order; null: the order of the suites.
        isolate: whether every item had a process of its own.
    """

    format: int
    suite: str
    locator: str
    implementation: Implementation
    strict: bool
    match: Literal["code", "message"]
    items: _Count
    shuffle: int | None = None
    isolate: bool = False


class ShownAction(_Part, frozen=True, kw_only=True):
    """An action for people: its kind, the whole of it on one line, and sent frames in notation."""

    kind: str
    text: str
    frames: list[str] = []


class ShownStep(_Part, frozen=True, kw_only=True):
    """A step for people.

    Attributes:
        verb: what happens.
        text: the same with its value, for every verb but `receive`.
        frames: what is received, in notation; hex where the suite has no notation.
        expected: alternatives in order of preference; null: anything.
        never: kinds that must not follow.
        observed: what followed; null: nothing is known of it.
    """

    verb: Verb
    text: str = ""
    frames: list[str] = []
    expected: list[list[ShownAction]] | None = None
    never: list[str] = []
    observed: list[ShownAction] | None = None


class FailureEvent(_Part, frozen=True, kw_only=True):
    """What is wrong with one step; `step` counts from 0."""

    step: _Count
    problem: Problem
    reason: str
    expected: list[str] | None
    observed: list[str]


class Sentence(_Part, frozen=True, kw_only=True):
    """A requirement in words, and where the text says it."""

    id: str
    text: str
    source: str


class ItemEvent(_Event, frozen=True, kw_only=True, tag="item"):
    """What became of one item.

    Attributes:
        id: the case.
        revision: its revision of the protocol.
        chunking: how received octets were cut.
        rev: the case's own revision number.
        suite: the suite that has it.
        layer: what of the implementation it exercises.
        level: what the text says about it.
        outcome: what happened.
        status: what that is in the light of what was expected.
        gating: whether it fails the run unless it is expected.
        title: what must happen.
        requirements: what the case decides.
        deviations: numbered deviations of Mercurial that it shows.
        disputed: who disagrees about it.
        file: the suite's file.
        line: the line in it.
        reason: one clause about what happened.
        step: the step concerned, from 0.
        alternatives: step, from 0 -> which alternative matched, from 0, where it was not the first.
        failures: what is wrong, step by step.
        stderr: what the implementation wrote to its standard error.
        steps: for failures, everything that was sent, expected and observed.
        sentences: for failures, the requirements in words.
        repro: for failures, the command that repeats the item.
    """

    id: str
    revision: str
    chunking: Chunking
    rev: int
    suite: str
    layer: Layer
    level: Level
    outcome: OutcomeKind
    status: Status
    gating: bool
    title: str = ""
    requirements: list[str] = []
    deviations: list[str] = []
    disputed: str = ""
    file: str = ""
    line: int = 0
    reason: str = ""
    step: int | None = None
    alternatives: dict[str, int] = {}
    failures: list[FailureEvent] = []
    stderr: str = ""
    steps: list[ShownStep] = []
    sentences: list[Sentence] = []
    repro: str = ""

    @property
    def name(self) -> str:
        """`id@revision[chunking]`, unique in a run."""
        return f"{self.id}@{self.revision}[{self.chunking.value}]"


class End(_Event, frozen=True, kw_only=True, tag="end"):
    """The run is over.

    Attributes:
        complete: whether every item was run.
        exit: the exit code of `check`.
        counts: how many items of each outcome.
        statuses: how many items of each status.
        problems: what of the expectation file no longer holds.
        notes: what went wrong beside the cases.
        leaks: what an item did at the end of the run and not at its beginning.
        stopped: why the run was broken off.
        seconds: how long it took.
    """

    complete: bool
    exit: int
    counts: dict[str, int]
    statuses: dict[str, int]
    problems: list[str]
    notes: list[str]
    stopped: str
    seconds: float
    leaks: list[str] = []


Event = Begin | ItemEvent | End


def json_schema() -> dict[str, Any]:
    """Write the events down as one JSON Schema (draft 2020-12) for a line."""
    _, components = msgspec.json.schema_components((Event,), ref_template="#/$defs/{name}")
    for definition in components.values():
        # What Python calls an attribute is explained to Python's readers.
        text = definition.get("description", "")
        definition["description"] = text.partition("\n")[0]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"hgframing results {FORMAT}",
        "description": "One line of a run's JSON lines: begin, one item for each item, end.",
        "anyOf": [{"$ref": f"#/$defs/{kind.__name__}"} for kind in (Begin, ItemEvent, End)],
        "$defs": dict(sorted(components.items())),
    }


def schema_text() -> str:
    """Return the schema as the committed file has it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
