"""One input against one reactor, with everything that watches it.

This is the function that an engine calls a million times, so the usual case (nothing is wrong) does only what
must be done each time: the reactor is watched (`_watch`), and the trace is walked once. Comparing runs costs more and
happens only when the input asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import Final

from hgframing_fuzz._drive import Script, choose_revision, make_script, nibbles_of
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import Delivery, FuzzInput, Options
from hgframing_fuzz._message_subject import UnansweredError
from hgframing_fuzz._oracles import check_trace, compare_traces
from hgframing_fuzz._outcome import Feature, Finding, Kind, Outcome, Trace
from hgframing_fuzz._subjects import Subject
from hgframing_fuzz._watch import MEMORY_BOUND, ObjectionError, Watch


__all__ = ["ReactorTarget", "trace_features"]

_BY_FRAME: Final = Delivery.FRAME
_OTHER_DELIVERIES: Final = (Delivery.WHOLE, Delivery.OCTET, Delivery.CUT)


class ReactorTarget:
    """Drives a reactor.

    Args:
        name: the target's name.
        subject: the implementation.
        guards: what watches time and memory; they must be entered while inputs are run.
        judge: the oracles that look at a trace; those of a server, unless told otherwise.
    """

    def __init__(
        self,
        name: str,
        subject: Subject,
        guards: Guards,
        judge: Callable[[Script, Trace], Finding | None] = check_trace,
    ) -> None:
        self.name = name
        self._judge = judge
        # Only what runs elsewhere can leave a question unanswered.
        self._observe = subject.observe if subject.code is not None else _objecting(subject.observe)
        self._watch = Watch(guards, subject.code)
        # Looking a revision up costs as much as a frame.
        self._revisions = [choose_revision(Options(code), subject.revisions) for code in range(256)]
        self._cuts = subject.cuts

    def check(self, value: FuzzInput) -> Outcome:
        """Run one input; see `Target.check`."""
        options = value.options
        revision = self._revisions[options.revision]
        delivery = options.delivery if self._cuts else _BY_FRAME
        script = make_script(value, revision, delivery)
        trace: Trace = []
        finding = self._play(script, trace)
        features = trace_features(script, trace)
        if finding is None or finding.kind == MEMORY_BOUND:
            finding = self._judge(script, trace) or finding
        if finding is None and options.compares:
            finding = self._compare(value, script, trace)
        return Outcome(finding, features)

    def _play(self, script: Script, trace: Trace) -> Finding | None:
        """Play a script within its budgets."""
        # A partial function is made, and called, in half of the time of a closure.
        name = partial(_first_error, script)
        return self._watch.run(partial(self._observe, script), trace, script.chunks, name)

    def _compare(self, value: FuzzInput, played: Script, trace: Trace) -> Finding | None:
        """Run an input again, and cut differently."""
        revision, first = played.revision, trace
        script = make_script(value, revision, _BY_FRAME, late=True)
        if played.delivery is not _BY_FRAME or _runs(trace):
            # Otherwise there was nothing to answer, early or late.
            first = []
            finding = self._play(script, first) or self._judge(script, first)
            if finding is not None:
                return finding
        again: Trace = []
        finding = self._play(script, again) or compare_traces("deterministic", first, again, how="again")
        if finding is not None:
            return finding
        for delivery in _OTHER_DELIVERIES if self._cuts else ():
            script = make_script(value, revision, delivery, late=True)
            other: Trace = []
            how = f"frame-to-{delivery.name.lower()}"
            finding = self._play(script, other) or compare_traces("same-when-cut", first, other, how=how)
            if finding is not None:
                return finding
        return None


def _objecting(observe: Callable[[Script, Trace], None]) -> Callable[[Script, Trace], None]:
    """Turn an answer that is missing into an objection."""

    def play(script: Script, seen: Trace) -> None:
        try:
            observe(script, seen)
        except UnansweredError as error:
            raise ObjectionError(_unanswered(script, error)) from error

    return play


def _unanswered(script: Script, error: UnansweredError) -> Finding:
    nibbles = -1 if error.step is None else nibbles_of(script, error.step)
    where = "unknown-step" if nibbles < 0 else f"type-{nibbles >> 4}"
    message = f"{error.kind}: {error}"
    return Finding(error.kind, where, str(error).partition(":")[0], message, lambda: message)


def _runs(trace: Trace) -> bool:
    """Whether a command was to be run."""
    return any(one.kind is Kind.RUN_COMMAND for seen in trace for one in seen.observed)


def trace_features(script: Script, trace: Trace) -> tuple[Feature, ...]:
    """The transitions that a trace shows: (state, type and flags, actions, next state)."""
    features: list[Feature] = []
    add = features.append
    last = script.revision.header.size - 1
    frames = iter(script.chunks if script.delivery is _BY_FRAME else ())
    state: Hashable = ""
    for seen in trace:
        observed, following = seen.observed, seen.state
        kinds = observed[0].kind if len(observed) == 1 else tuple([one.kind for one in observed[:4]])
        frame = next(frames, b"")
        add((state, frame[last] if len(frame) > last else -1, kinds, following))
        state = following
    return tuple(features)


def _first_error(script: Script, trace: Trace) -> str:
    """The type of the frame at which an error was answered."""
    for index, seen in enumerate(trace):
        nibbles = nibbles_of(script, index)
        if nibbles >= 0 and any(one.kind is Kind.ERROR for one in seen.observed):
            return f"type-{nibbles >> 4}"
    return "unknown"
