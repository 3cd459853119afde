"""Which cases run, in which chunkings, and which an implementation cannot be asked.

Two questions that never mix. What the *user* wants is a filter over cases; what is filtered away is not mentioned.
What the *implementation* can do follows from its `hello`, and a case that needs more is `unsupported`, with the
reason; it stays in the report, so that a lost capability is seen. An implementation cannot say "skipped".

An *item* is what runs: a case of one revision in one chunking. A case without received octets has one chunking,
because there is nothing to cut.
"""

from __future__ import annotations

import dataclasses

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from hgframing import REVISIONS
from hgframing_conformance._cases import ActionKind, Case, Chunking, Layer, Level, Step, Tier, Verb
from hgframing_conformance._globs import ItemName, matches
from hgframing_conformance._messages import Hello, case_message
from hgframing_conformance._steps import LATER_VERBS
from hgframing_conformance._values import VALUE_TYPES, value_types


__all__ = [
    "Item",
    "Selection",
    "declared_capabilities",
    "item_message",
    "items",
    "judged_case",
    "lacking",
    "select",
    "unsupported",
    "without_request_states",
]

#: What a setup key means where it is absent; a case that asks for just that needs nothing of the implementation.
_SETUP_DEFAULTS: Final[Mapping[str, Any]] = MappingProxyType(
    {"defer-output": False, "stream-data": False, "buffer-sends": True, "multiple-sends": False}
)
#: Setup keys that speak to the judge, not to the implementation.
_SETUP_OF_JUDGE: Final = frozenset({"fragmentation"})
#: Fields of `run-command` that hold values of any type.
_HANDED_ON: Final = frozenset({"args", "redirect"})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What the user asked for; an empty set asks for everything.

    Attributes:
        revisions: keys of revisions.
        layers: layers.
        levels: levels.
        tiers: cost classes.
        names: cases, `id@revision`: these alone; None: all.
        patterns: `-k`: with `*` or `?` a pattern for the names of items, else a part of them; any of them suffices.
    """

    revisions: frozenset[str] = frozenset()
    layers: frozenset[Layer] = frozenset()
    levels: frozenset[Level] = frozenset()
    tiers: frozenset[Tier] = frozenset({Tier.CORE})
    names: frozenset[str] | None = None
    patterns: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One case of one revision in one chunking: what is sent, judged and counted."""

    case: Case
    chunking: Chunking

    @property
    def names(self) -> ItemName:
        """The names by which patterns can mean it."""
        case_id = self.case.id
        with_revision = f"{case_id}@{self.case.revision}"
        return case_id, with_revision, f"{with_revision}[{self.chunking.value}]"

    @property
    def name(self) -> str:
        """`id@revision[chunking]`, unique in a run."""
        return f"{self.case.id}@{self.case.revision}[{self.chunking.value}]"


def select(cases: Iterable[Case], selection: Selection) -> Iterator[Item]:
    """Yield the items that the user asked for, in the order of the cases; chunkings of a case are neighbours."""
    for case in cases:
        if (
            (selection.revisions and case.revision not in selection.revisions)
            or (selection.layers and case.layer not in selection.layers)
            or (selection.levels and case.level not in selection.levels)
            or (selection.tiers and case.tier not in selection.tiers)
            or (selection.names is not None and f"{case.id}@{case.revision}" not in selection.names)
        ):
            continue
        for item in items(case):
            if not selection.patterns or any(_means(pattern, item) for pattern in selection.patterns):
                yield item


def items(case: Case) -> tuple[Item, ...]:
    """List the chunkings of a case."""
    cut = any(step.verb is Verb.RECEIVE and step.octets for step in case.steps)
    chunkings = case.chunkings if cut else case.chunkings[:1] or (Chunking.FRAME,)
    return tuple(Item(case=case, chunking=chunking) for chunking in chunkings)


def _means(pattern: str, item: Item) -> bool:
    if "*" in pattern or "?" in pattern:
        return matches(pattern, item.names)
    return pattern in item.name


def unsupported(item: Item, hello: Hello) -> str:
    """Say what an item needs that the implementation does not declare; empty: it can run.

    Args:
        item: the item.
        hello: what the implementation declares.
    """
    case, capabilities = item.case, hello.capabilities
    if case.revision not in hello.revisions:
        return f"revision {case.revision}"
    if case.layer not in hello.layers:
        return f"layer {case.layer.value}"
    known = frozenset(Verb) - LATER_VERBS if capabilities.steps is None else capabilities.steps
    for step in judged_case(case, hello).steps:
        if step.verb not in known:
            return f"step {step.verb.value}"
    for key, value in case.setup.items():
        if key in _SETUP_OF_JUDGE or _SETUP_DEFAULTS.get(key, ...) == value:
            continue
        if key not in capabilities.setup:
            return f"setup {key}"
    if case.requires:
        declared = declared_capabilities(hello)
        for key, needed in case.requires.items():
            missing = lacking(needed, declared.get(key))
            if missing:
                return f"{key} {missing}"
    if not capabilities.after_end and any(step.verb is Verb.END_INPUT for step in case.steps[:-1]):
        return "after-end: something follows the end of input"
    if capabilities.values is not None:
        missing = lacking(sorted(_reported_types(case)), capabilities.values)
        if missing:
            return f"values {missing}"
    if not capabilities.chunking:
        return _cutting(item)
    return ""


def _reported_types(case: Case) -> frozenset[str]:
    """Collect the types of the values that a server hands on in a case, whatever alternative it takes."""
    return frozenset().union(
        *(
            value_types(value)
            for step in case.steps
            for actions in step.expectation.alternatives or ()
            for action in actions
            if action.kind is ActionKind.RUN_COMMAND
            for name, value in action.fields.items()
            if name in _HANDED_ON
        )
    )


def declared_capabilities(hello: Hello) -> dict[str, Any]:
    """Write down everything that an implementation declares, with the defaults of what it leaves out."""
    capabilities = hello.capabilities
    early = [verb for verb in Verb if verb not in LATER_VERBS]
    steps = early if capabilities.steps is None else capabilities.steps
    return {
        "revisions": hello.revisions,
        "layers": [layer.value for layer in hello.layers],
        "encodings": capabilities.encodings,
        "error-codes": capabilities.error_codes,
        "chunking": capabilities.chunking,
        "steps": [verb.value for verb in steps],
        "setup": capabilities.setup,
        "request-states": capabilities.request_states,
        "commands": capabilities.commands,
        "after-end": capabilities.after_end,
        "values": sorted(VALUE_TYPES) if capabilities.values is None else capabilities.values,
    }


def lacking(needed: Any, declared: Any) -> str:
    """Say what of a needed capability is not declared; empty: nothing. `false` needs nothing."""
    if isinstance(needed, list | tuple):
        have = declared if isinstance(declared, list) else []
        return ", ".join(str(item) for item in needed if item not in have)
    return "" if needed is False or needed == declared else str(needed).lower()


def _cutting(item: Item) -> str:
    """Say why an implementation that takes whole frames only cannot be sent this item."""
    if item.chunking is not Chunking.FRAME:
        return f"chunking {item.chunking.value}"
    header = REVISIONS[item.case.revision].header
    for step in item.case.steps:
        for octets in step.octets:
            if len(octets) < header.size or len(octets) != header.size + header.decode(octets).length:
                return "chunking: its octets are no whole frames"
    return ""


def judged_case(case: Case, hello: Hello) -> Case:
    """Take out the steps that count only where the implementation declares that it answers them."""
    return case if hello.capabilities.request_states else without_request_states(case)


def without_request_states(case: Case) -> Case:
    """Take out the steps that ask for the state of a request."""
    steps = tuple(step for step in case.steps if step.verb is not Verb.REQUEST_STATE)
    return case if len(steps) == len(case.steps) else msgspec.structs.replace(case, steps=steps)


def item_message(case: Case, chunking: Chunking) -> dict[str, Any]:
    """Build the message that asks an implementation for one run of a case.

    Raises:
        MessageError: a step is not what the harness protocol allows.
    """
    return case_message(
        revision=case.revision,
        layer=case.layer,
        setup={key: value for key, value in case.setup.items() if key not in _SETUP_OF_JUDGE},
        steps=[{step.verb.value: _step_value(step, chunking)} for step in case.steps],
    )


def _step_value(step: Step, chunking: Chunking) -> Any:
    if step.verb is not Verb.RECEIVE:
        return step.value
    match chunking:
        case Chunking.FRAME:
            return [octets.hex() for octets in step.octets]
        case Chunking.WHOLE:
            whole = b"".join(step.octets).hex()
            return [whole] if whole else []
        case Chunking.BYTE:
            digits = b"".join(step.octets).hex()
            return [digits[at : at + 2] for at in range(0, len(digits), 2)]
