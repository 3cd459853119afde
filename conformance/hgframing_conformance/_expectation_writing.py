"""`--write-expectations`: brings an expectation file up to date with a run.

What people wrote is theirs: the reason, the issue, the expiry, the deviations and the comment at the top of the file
stay. What a run decides is the tool's: which cases, how many, and how they fail. The file is written in one canonical
form, so that two runs with the same result write the same octets.

A case that this run did not see (filtered away, or not reached) keeps its entry: absence of evidence removes nothing.
"""

from __future__ import annotations

import json

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from hgframing_conformance._expectations import Entry, ExpectationFile, Expectations
from hgframing_conformance._globs import ItemName, fewest
from hgframing_conformance._messages import Hello
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._select import Item, declared_capabilities


__all__ = ["merge", "render"]

#: Kinds that say nothing about whether an entry still holds.
_SILENT: Final = frozenset({OutcomeKind.NOT_RUN, OutcomeKind.UNSUPPORTED})


def merge(
    old: Expectations | None,
    *,
    outcomes: Iterable[Outcome],
    supported: Iterable[Item],
    hello: Hello,
) -> ExpectationFile:
    """Make an expectation file that fits a run.

    Args:
        old: the file before; None makes a new one, which pins all capabilities that are declared.
        outcomes: what the run found.
        supported: every item that the implementation supports, run or not: patterns must match none but the failing.
        hello: what the implementation declares.
    """
    universe = {item.names: item for item in supported}
    seen = {outcome.item.names: outcome for outcome in outcomes if outcome.kind not in _SILENT}
    entries = []
    listed: set[ItemName] = set()
    for entry, names in _kept(old, universe, seen):
        listed.update(names)
        if names:
            entries.append((entry, names))
    new = _group(outcome for name, outcome in seen.items() if outcome.gating and name not in listed)
    entries.extend(new)
    return ExpectationFile(
        format=1,
        implementation=hello.name,
        capabilities=_pinned(hello) if old is None else old.content.capabilities,
        entries=[_fit(entry, names, universe) for entry, names in entries],
    )


def _kept(
    old: Expectations | None, universe: Iterable[ItemName], seen: Mapping[ItemName, Outcome]
) -> Iterable[tuple[Entry, list[ItemName]]]:
    """Yield the entries of the old file with the items for which they still hold."""
    if old is None:
        return
    matched: dict[int, list[ItemName]] = defaultdict(list)
    for name in universe:
        indices = old.entries_for(name)
        if indices:
            matched[indices[0]].append(name)
    for index, entry in enumerate(old.content.entries):
        yield (
            entry,
            [name for name in matched[index] if name not in seen or seen[name].kind.value == entry.outcome],
        )


def _group(outcomes: Iterable[Outcome]) -> list[tuple[Entry, list[ItemName]]]:
    """Put new failures together that fail in one way for one cause, as far as the cases name it."""
    groups: dict[tuple[str, tuple[str, ...], str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        case = outcome.item.case
        groups[outcome.kind.value, case.deviations, case.suite].append(outcome)
    return [
        (
            msgspec.convert(
                {
                    "cases": ["*"],
                    "matches": 1,
                    "outcome": kind,
                    "reason": f"not examined yet; first: {group[0].reason or kind}",
                    "deviations": list(deviations),
                },
                Entry,
            ),
            [outcome.item.names for outcome in group],
        )
        for (kind, deviations, _), group in sorted(groups.items())
    ]


def _fit(entry: Entry, names: Sequence[ItemName], universe: Mapping[ItemName, Item]) -> Entry:
    """Give an entry patterns for just these items; patterns that people wrote stay where they do that already."""
    probe = Expectations("", ExpectationFile(format=1, implementation="-", entries=[entry]))
    wanted = set(names)
    if {name for name in universe if probe.entries_for(name)} != wanted:
        others = [name for name in universe if name not in wanted]
        entry = msgspec.structs.replace(entry, cases=list(fewest(names, others)))
    return msgspec.structs.replace(entry, matches=len({name[1] for name in names}))


def _pinned(hello: Hello) -> dict[str, object]:
    """List what is declared beyond nothing; `steps` follows from the layers where all are understood."""
    declared = declared_capabilities(hello)
    if hello.capabilities.steps is None:
        del declared["steps"]
    return {key: value for key, value in declared.items() if value}


def render(content: ExpectationFile, header: str = "") -> str:
    """Write an expectation file down in its canonical form.

    Args:
        content: what it says.
        header: comment lines for the top, each beginning with `#`; may be empty.
    """
    lines = [header, ""] if header else []
    lines += ["format: 1", f"implementation: {_scalar(content.implementation)}"]
    if content.capabilities:
        lines.append("capabilities:")
        lines += [f"  {key}: {_flow(value)}" for key, value in content.capabilities.items()]
    if not content.entries:
        return "\n".join([*lines, "entries: []", ""])
    lines.append("entries:")
    for entry in content.entries:
        lines.append("  - cases:")
        lines += [f"      - {_scalar(pattern)}" for pattern in entry.cases]
        lines += [f"    matches: {entry.matches}", f"    outcome: {entry.outcome}"]
        if entry.deviations:
            lines.append(f"    deviations: {_flow(entry.deviations)}")
        lines.append(f"    reason: {_scalar(entry.reason)}")
        lines += [
            f"    {key}: {_scalar(value)}" for key in ("issue", "expires") if (value := getattr(entry, key))
        ]
    return "\n".join([*lines, ""])


def _scalar(text: str) -> str:
    """Quote a string: JSON's quotes are YAML's, and no reader takes them for a number or a date.

    What YAML does not let stand in a file is escaped, in the one way that both have.
    """
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else _escaped(char) for char in quoted)


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"


def _flow(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
