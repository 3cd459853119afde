"""The reference against an implementation, input by input, as a target.

A difference that no signed entry expects is a finding. Its root cause is what the two sides did, at which frame, in
which state; its line is what the reference's error code and the implementation's words add.

What an implementation raises, its death and its end by the alarm are things that it did, like every other: whether they
are a difference depends on what the reference did. The reference refuses, so they are.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from hgframing_conformance._cases import Layer
from hgframing_fuzz._comparison import show_value
from hgframing_fuzz._differential import find_difference
from hgframing_fuzz._drive import Script, choose_revision, make_script
from hgframing_fuzz._grammar import ClientGrammar
from hgframing_fuzz._guards import BudgetAlarm, Guards, confine
from hgframing_fuzz._input import Delivery, DriverBit, FuzzInput, Options
from hgframing_fuzz._message_subject import UnansweredError
from hgframing_fuzz._mutate import Mutator
from hgframing_fuzz._outcome import Finding, Kind, Observed, Outcome, Seen, Trace
from hgframing_fuzz._pairs import LAYERS, Pair
from hgframing_fuzz._reactor_target import trace_features
from hgframing_fuzz._server_grammar import ServerGrammar
from hgframing_fuzz._signed import DifferenceFacts, SignedDifferences, read_signed
from hgframing_fuzz._subjects import Subject


__all__ = ["DIFFERENCES_VARIABLE", "DifferentialMutator", "DifferentialTarget", "expected_differences"]

#: Names a file of signed differences, beside the one that the implementation may name itself.
DIFFERENCES_VARIABLE: Final = "HGFRAMING_FUZZ_DIFFERENCES"
_BY_FRAME: Final = Delivery.FRAME
_NO_END: Final = int(DriverBit.NO_END)
_LAYER_BITS: Final = int(DriverBit.LAYER)
_LAYER_SHIFT: Final = 5
#: Octets of address space that one side may take for one input: several times the reference's limits.
_MEMORY: Final = 256 * 1024 * 1024
#: What differs from one input to the next in the words of an error.
_VARIABLE: Final = re.compile(r"b?(['\"]).*?\1|[0-9a-f]{8,}|\d+|[\[({].*")


def expected_differences(pairs: Mapping[Layer, Pair], today: dt.date) -> SignedDifferences:
    """Read what is expected: the files that the implementation and the environment name.

    Raises:
        SignedError: a file cannot be read.
    """
    named = os.environ.get(DIFFERENCES_VARIABLE)
    files = {pair.known for pair in pairs.values() if pair.known is not None}
    entries = []
    for file in sorted(files | ({Path(named)} if named else set())):
        signed = read_signed(file, today)
        entries += [*signed.valid, *signed.expired]
    return SignedDifferences(entries, today)


class DifferentialTarget:
    """Drives both sides and compares.

    Args:
        pairs: what there is to compare, by layer.
        guards: what watches time and memory; they must be entered while inputs are run.
        signed: what is expected.
    """

    name = "differential"

    def __init__(self, pairs: Mapping[Layer, Pair], guards: Guards, signed: SignedDifferences) -> None:
        self._pairs = pairs
        self._alarm = guards.alarm
        self._signed = signed

    def check(self, value: FuzzInput) -> Outcome:
        """Run one input; see `Target.check`. An input for a layer that is not there does nothing."""
        layer = LAYERS[value.options.layer_code % len(LAYERS)]
        pair = self._pairs.get(layer)
        if pair is None:
            return Outcome(None, ())
        revision = choose_revision(value.options, pair.theirs.revisions)
        script = make_script(_playable(value, pair), revision, _BY_FRAME)
        ours, theirs = (self._observe(side, layer, script) for side in (pair.ours, pair.theirs))
        features = tuple(
            (layer, side, *feature)
            for side, trace in enumerate((ours, theirs))
            for feature in trace_features(script, trace)
        )
        found = find_difference(script, layer, ours, theirs, codes=pair.codes)
        if found is None:
            return Outcome(None, features)
        index, facts = found
        entry = self._signed.find(facts)
        if entry is not None:
            return Outcome(None, (*features, ("expected", entry.label)))
        return Outcome(self._finding(facts, index, (ours, theirs)), features)

    def _observe(self, subject: Subject, layer: Layer, script: Script) -> Trace:
        """Play a script; whatever escapes is the last thing that was seen."""
        trace: Trace = []
        try:
            self._play(subject, script, trace)
        except UnansweredError as error:
            step = len(trace) if error.step is None else error.step
            trace += [Seen(())] * (step - len(trace))
            trace.append(Seen((Observed(Kind.RAISED, None, (error.kind, str(error))),)))
        except (BudgetAlarm, Exception) as error:  # noqa: BLE001 -- whatever it raises is what it did
            raised = Observed(Kind.RAISED, None, (_type_of(error), _message_of(error)))
            received = self._before_answers(subject, script, len(trace)) if layer is Layer.SERVER else ()
            trace.append(Seen((*received, raised)))
        return trace

    def _play(self, subject: Subject, script: Script, trace: Trace) -> None:
        try:
            self._alarm.arm(script.chunks)
            # What they hold is compared afterwards, which takes as much again.
            with confine(_MEMORY):
                subject.observe(script, trace)
        finally:
            self._alarm.disarm()

    def _before_answers(self, subject: Subject, script: Script, index: int) -> tuple[Observed, ...]:
        """What a step had led to before something was raised: nothing, unless it was an answer that raised.

        The trace does not say, so the same octets are played again, and no command is answered.
        """
        options = msgspec.structs.replace(script.options, answers=0)
        trace: Trace = []
        with contextlib.suppress(BudgetAlarm, Exception):  # then it was no answer
            self._play(subject, msgspec.structs.replace(script, options=options), trace)
        seen = trace[index].observed if index < len(trace) else ()
        return seen if any(one.kind is Kind.RUN_COMMAND for one in seen) else ()

    def _finding(self, facts: DifferenceFacts, index: int, traces: tuple[Trace, Trace]) -> Finding:
        message = f"{facts.layer} {facts.revision}, {facts.frame}: {facts.detail}"
        expired = self._signed.find_expired(facts)
        if expired is not None:
            message += f" (expected until {expired.expires}: {expired.label})"
        where = "-".join(part for part in (facts.layer, facts.frame, facts.state) if part)
        # What a session gave may be a reactor's own state by then, so the long text is made of copies.
        seen = [tuple(trace[index].observed) if index < len(trace) else () for trace in traces]
        return Finding(
            f"{facts.ours}-against-{facts.theirs}",
            where,
            _line(facts),
            message[:500],
            lambda: _explain(facts, index, seen),
        )


def _playable(value: FuzzInput, pair: Pair) -> FuzzInput:
    """An input without what the implementation cannot be given."""
    options = value.options
    if not pair.ends:
        options = msgspec.structs.replace(options, driver=options.driver | _NO_END)
    return FuzzInput(options, value.frames, value.tail if pair.theirs.cuts else b"")


def _line(facts: DifferenceFacts) -> str:
    """What tells differences of one root apart."""
    words = f"{facts.type} {facts.message}" if facts.theirs in ("error", "raised") else facts.detail
    return " ".join(f"{facts.code} {_VARIABLE.sub('N', words)}".split())[:80] or "none"


def _type_of(error: BaseException) -> str:
    return "time-bound" if isinstance(error, BudgetAlarm) else type(error).__name__


def _message_of(error: BaseException) -> str:
    """The message, which may be octets, or broken."""
    try:
        [text] = error.args if len(error.args) == 1 else [str(error)]
        return text.decode("latin-1") if isinstance(text, bytes) else " ".join(str(text).split())[:500]
    except Exception as broken:  # noqa: BLE001 -- foreign exceptions have foreign __str__ methods
        return f"(its message raises {type(broken).__name__})"


def _explain(facts: DifferenceFacts, index: int, seen: Sequence[tuple[Observed, ...]]) -> str:
    lines = [f"step {index + 1}, {facts.frame} in state {facts.state or '?'}, revision {facts.revision}"]
    lines += [f"causes looked for in the octets: {' '.join(facts.causes) or 'none found'}", facts.detail]
    for name, observed in zip(("reference", "implementation"), seen, strict=True):
        lines += [f"{name}: {one.kind.value} {one.request} {show_value(one.value)}" for one in observed] or [
            f"{name}: nothing"
        ]
    return "\n".join(lines) + "\n"


class DifferentialMutator:
    """Makes inputs for all layers: those of a server from what clients send, those of a client the other way round.

    Args:
        codes: the revision octets that the implementation speaks.
        rng: where choices come from.
    """

    def __init__(self, codes: tuple[int, ...], rng: Random) -> None:
        self._rng = rng
        server = Mutator(ClientGrammar(codes), rng)
        client = Mutator(ServerGrammar(codes), rng)
        # A codec takes anything that is frames.
        self._mutators = (server, client, server, server)

    def fresh(self) -> FuzzInput:
        """Make a new input for some layer."""
        choice = self._rng.random()
        code = 0 if choice < 0.5 else 1 if choice < 0.95 else 2
        return _for_layer(self._mutators[code].fresh(), code)

    def mutate(self, value: FuzzInput) -> FuzzInput:
        """Change an input; it stays with its layer."""
        code = value.options.layer_code
        return _for_layer(self._mutators[code].mutate(value), code)

    def cross(self, left: FuzzInput, right: FuzzInput) -> FuzzInput:
        """Put parts of two inputs together, for the layer of the first."""
        code = left.options.layer_code
        return _for_layer(self._mutators[code].cross(left, right), code)


def _for_layer(value: FuzzInput, code: int) -> FuzzInput:
    options = value.options
    driver = options.driver & ~_LAYER_BITS | code << _LAYER_SHIFT
    return FuzzInput(
        Options(options.revision, driver, options.answers, options.seed), value.frames, value.tail
    )
