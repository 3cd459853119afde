"""Differential run: the reference against Mercurial, on generated conversations, every difference explained or shown.

    python bench/differential.py --sequences 200000                       0006, the Mercurial of this interpreter
    python bench/differential.py --python python2.7 --path hg-4.6.2       another one, in a process of its own

Both sides get the same frames and wishes, one step at a time, and what they did is compared in the normal form of the
vectors (docs/vector-format.md, "Actions"). At the first difference the two are out of step, so the conversation ends
there; the cause is looked for in the frames (`hgframing_fuzz._causes`) and counted under the number of its deviation
(docs/mercurial.md). A difference without a cause is cut down to the fewest steps that still show it, and printed. The
exit code is 1 if there was one.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import functools
import re
import resource
import sys
import time

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, Final

from differential_sequences import Conversation, converse, frame_of
from differential_sides import Action, ChildMercurial, ImportedMercurial, Mercurial, Reference, Step, tell

from hgframing import REVISIONS, Frame, FrameType, Revision, format_notation
from hgframing_conformance._sent import OutputStreams, difference, parts
from hgframing_fuzz._causes import causes, is_double_fault
from hgframing_fuzz._record import Moment, Record
from hgframing_fuzz._survey import survey


__all__ = ["Difference", "Tally", "find_difference", "main", "run", "show"]

#: Messages that end with what a library says.
_QUOTING: Final = re.compile(r"^(error decoding CBOR from [a-z ]+ frame): .*", re.DOTALL)
_SILENT: Final = frozenset({"noop", "want-frame", "send-frames"})
_SHOWN: Final = 10
#: Octets of memory: a peer may declare any length, and Mercurial asks for that much.
_MEMORY: Final = 3 << 30


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """The first step of a conversation in which the two sides differ, and why.

    Attributes:
        index: of the step.
        numbers: deviations that explain it; none where nothing does.
        ours: what the reference did.
        theirs: what Mercurial did.
        detail: what differs, where the actions do not say.
    """

    index: int
    numbers: tuple[str, ...]
    ours: list[Action]
    theirs: list[Action]
    detail: str

    @property
    def shape(self) -> tuple[Any, ...]:
        """What has to stay when a conversation is cut down."""
        return self.numbers, _kinds(self.ours), _kinds(self.theirs)


@dataclasses.dataclass(slots=True)
class Tally:
    """What was counted."""

    sequences: int = 0
    steps: int = 0
    compared: int = 0
    double_faults: int = 0
    by_number: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    unexplained: list[tuple[Conversation, Difference]] = dataclasses.field(default_factory=list)
    unexplained_count: int = 0
    differing: int = 0


def _kinds(actions: Sequence[Action]) -> tuple[tuple[str, str], ...]:
    told = tell(list(actions))
    return ((told.kind, told.code or told.type or re.sub(r"\d+", "N", told.message)),)


def _freeze(form: Any) -> Any:
    """Make a value of a message comparable: maps and sets without an order, true apart from 1."""
    match form:
        case {"map": pairs}:
            return "map", frozenset((_freeze(key), _freeze(item)) for key, item in pairs)
        case {"set": items}:
            return "set", frozenset(map(_freeze, items))
        case {"tag": [number, value]}:
            return "tag", number, _freeze(value)
        case dict():
            return tuple(sorted((key, _freeze(item)) for key, item in form.items()))
        case list():
            return tuple(map(_freeze, form))
        case bool() | None:
            return str(form)
        case _:
            return form


def _plain(action: Action) -> Any:
    """An action as it is compared."""
    ((kind, fields),) = action.items()
    match kind:
        case "error":
            message = fields["message"]
            return kind, _QUOTING.sub(r"\1", message)
        case "refused":
            return (kind,)
        case "run-command":
            whole = {"args": {"map": []}, "data": None, "redirect": None, "data-follows": False} | fields
            return kind, tuple((name, _freeze(whole[name])) for name in sorted(whole))
        case "error-response":
            return kind, fields["request"], fields["type"], _freeze_atoms(fields["atoms"])
        case _:
            return kind, _freeze(fields)


def _freeze_atoms(atoms: Any) -> Any:
    """Atoms with fixed keys and atoms as they were decoded are the same atoms."""
    if not isinstance(atoms, list):
        return _freeze(atoms)
    plain = []
    for atom in atoms:
        fields = atom
        if isinstance(atom, dict) and "map" in atom:
            names = [key.get("hex", "") if isinstance(key, dict) else "" for key, _ in atom["map"]]
            items = [item for _, item in atom["map"]]
            fields = {
                bytes.fromhex(name).decode("latin-1"): item for name, item in zip(names, items, strict=True)
            }
        if not isinstance(fields, dict):
            plain.append(_freeze(atom))
            continue
        plain.append(tuple(_freeze(fields.get(name, [])) for name in ("msg", "args", "labels")))
    return tuple(plain)


def _is_report(frame: Frame, error_type: int) -> bool:
    """Whether a frame tells the peer of a protocol error: Mercurial never does (D70), and no local wish asks for it."""
    return frame.type_id == error_type and survey(frame.payload).field(b"type") == ("bytes", b"protocol")


class _Comparison:
    """Compares what both sides do, step after step."""

    def __init__(self, revision: Revision) -> None:
        self._revision = revision
        self._streams = OutputStreams(revision), OutputStreams(revision)
        self._errors = revision.type_ids[FrameType.ERROR_RESPONSE]

    def differ(self, ours: Sequence[Action], theirs: Sequence[Action]) -> str:
        """Say where a step differs; empty: nowhere."""
        left, right = ([_plain(a) for a in side if not _SILENT & a.keys()] for side in (ours, theirs))
        sent = [
            parts(streams.decode(self._frames(side)), self._revision)
            for streams, side in zip(self._streams, (ours, theirs), strict=True)
        ]
        if left != right:
            return f"{left} against {right}"
        if left and left[0][0] == "error":
            return ""  # that a server tells its client, too, is D70, of every error
        return difference(sent[0], sent[1], self._revision)

    def _frames(self, actions: Sequence[Action]) -> Iterator[Frame]:
        for action in actions:
            for octets in action.get("send-frames", ()):
                frame = frame_of({"receive": [octets]}, self._revision)
                if frame is not None and not _is_report(frame, self._errors):
                    yield frame


def find_difference(
    conversation: Conversation, theirs: Sequence[list[Action]], tally: Tally | None = None
) -> Difference | None:
    """Compare a conversation step by step.

    Args:
        conversation: the steps, and what the reference did.
        theirs: what Mercurial did.
        tally: counts the steps that were compared, and D70.
    """
    revision = REVISIONS[conversation.revision]
    record = Record(revision, conversation.layer)
    comparison = _Comparison(revision)
    for index, (step, ours) in enumerate(zip(conversation.steps, conversation.ours, strict=True)):
        other = theirs[index]
        detail = comparison.differ(ours, other)
        if tally is not None:
            tally.compared += 1
        frame = frame_of(step, revision)
        told = tell(ours)
        if detail:
            moment = Moment(record, step, frame, conversation.setup, told, tell(other))
            if is_double_fault(moment):
                if tally is not None:
                    tally.double_faults += 1
                record.errored = True
                continue
            return Difference(index, causes(moment), ours, other, detail)
        if tally is not None and told.kind == "error" and any("send-frames" in action for action in ours):
            tally.by_number["D70"] += 1
        if frame is None:
            record.wish(step, deferred=conversation.setup.get("defer-output", False))
        else:
            record.take(frame, told)
    return None


def run(
    mercurial: Mercurial, sequences: int, seed: int, *, layers: Sequence[str] = ("server", "client")
) -> Tally:
    """Put both sides through generated conversations.

    Args:
        mercurial: the other side.
        sequences: how many; the layers take turns.
        seed: of the generator.
        layers: which reactors.
    """
    tally = Tally()
    revision = REVISIONS[mercurial.revision]
    for number in range(sequences):
        rng = Random(f"{seed}:{number}")  # noqa: S311 -- nothing here is a secret
        layer = layers[number % len(layers)]
        conversation = converse(rng, revision, layer)
        theirs = mercurial.run(layer, conversation.setup, conversation.steps)
        tally.sequences += 1
        tally.steps += len(conversation.steps)
        found = find_difference(conversation, theirs, tally)
        if found is None:
            continue
        tally.differing += 1
        tally.by_number.update(found.numbers)
        if not found.numbers:
            tally.unexplained_count += 1
            if all(found.shape != known.shape for _, known in tally.unexplained):
                tally.unexplained.append(_minimize(conversation, found, mercurial))
    return tally


def _replay(
    conversation: Conversation, steps: Sequence[Step], mercurial: Mercurial
) -> tuple[Conversation, Difference | None]:
    reference = Reference(conversation.revision, conversation.layer, conversation.setup)
    ours = [reference.step(step) for step in steps]
    played = dataclasses.replace(conversation, steps=list(steps), ours=ours)
    theirs = mercurial.run(conversation.layer, conversation.setup, steps)
    return played, find_difference(played, theirs)


def _minimize(
    conversation: Conversation, found: Difference, mercurial: Mercurial
) -> tuple[Conversation, Difference]:
    """Leave out steps as long as the same difference remains."""
    steps = conversation.steps[: found.index + 1]
    best = dataclasses.replace(conversation, steps=steps, ours=conversation.ours[: found.index + 1]), found
    for index in reversed(range(len(steps) - 1)):
        shorter = steps[:index] + steps[index + 1 :]
        played, again = _replay(conversation, shorter, mercurial)
        if again is not None and again.shape == found.shape and again.index == len(shorter) - 1:
            steps, best = shorter, (played, again)
    return best


def show(conversation: Conversation, found: Difference) -> Iterator[str]:
    """Write an unexplained difference, a line each: the steps in notation, and what both sides did in the last."""
    revision = REVISIONS[conversation.revision]
    yield f"unexplained, {conversation.layer} {conversation.setup or ''}:"
    for step in conversation.steps:
        frame = frame_of(step, revision)
        yield f"  {step}" if frame is None else f"  {format_notation(frame, revision)}"[:2000]
    yield f"    reference: {found.ours}"[:800]
    yield f"    Mercurial: {found.theirs}"[:800]
    yield f"    {found.detail}"[:800]


def _report(mercurial: Mercurial, tally: Tally, seconds: float) -> Iterator[str]:
    for conversation, found in tally.unexplained[:_SHOWN]:
        yield from show(conversation, found)
    yield (
        f"Mercurial {mercurial.version}, revision {mercurial.revision}: {tally.sequences} sequences, "
        f"{tally.steps} steps, {tally.compared} compared, {seconds:.0f} s"
    )
    yield f"  {tally.differing} end with a difference, {tally.unexplained_count} of them unexplained"
    yield f"  {tally.double_faults} times one payload had two faults, and each side named another"
    for number, count in sorted(tally.by_number.items(), key=lambda item: int(item[0][1:])):
        yield f"  {number:5} {count}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 if a difference is unexplained."""
    parser = argparse.ArgumentParser(
        description="Compare the reference with Mercurial on generated conversations."
    )
    parser.add_argument("--sequences", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--python", help="interpreter of a Mercurial that this one cannot import")
    parser.add_argument("--path", default="", help="directory of that Mercurial")
    options = parser.parse_args(arguments)
    make = (
        functools.partial(ChildMercurial, [options.python], options.path)
        if options.python
        else ImportedMercurial
    )
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    mercurial = make()
    start = time.perf_counter()
    try:
        tally = run(mercurial, options.sequences, options.seed)
    finally:
        mercurial.close()
    for line in _report(mercurial, tally, time.perf_counter() - start):
        sys.stdout.write(line + "\n")
    return 1 if tally.unexplained_count else 0


if __name__ == "__main__":
    sys.exit(main())
