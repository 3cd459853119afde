"""One input against one reactor, with everything that watches it.

This is the function that an engine calls a million times, so the usual case (nothing is wrong) does only what
must be done each time: an alarm is set and cleared, the high-water mark of memory is read, the trace is
walked once. What costs more (comparing runs, confirming a bound, formatting a traceback) happens only when
the input asks for it or something was found.

A bound that seems to be broken is confirmed before it is a finding: a garbage collection or a busy machine is
not one.
"""

from __future__ import annotations

import time
import traceback

from collections.abc import Callable, Hashable
from typing import Final

from hgframing import Revision
from hgframing_fuzz._blame import blame
from hgframing_fuzz._drive import Script, choose_revision, make_script, nibbles_of
from hgframing_fuzz._guards import MEMORY_BUDGET, QUICK, BudgetAlarm, Guards, confine
from hgframing_fuzz._input import Delivery, FuzzInput, Options
from hgframing_fuzz._message_subject import UnansweredError
from hgframing_fuzz._oracles import check_trace, compare_traces
from hgframing_fuzz._outcome import Feature, Finding, Kind, Outcome, Trace
from hgframing_fuzz._subjects import Subject


__all__ = ["ReactorTarget", "trace_features"]

#: Lines of a traceback that are kept: the driver's and the innermost. Between them a recursion repeats
#: itself.
_TRACEBACK_LINES: Final = 30

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
        self._subject = subject
        self._observe = subject.observe
        self._guards = guards
        self._alarm = guards.alarm
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
        finding = self._watch(script, trace)
        features = trace_features(script, trace)
        if finding is None or finding.kind == "memory-bound":
            finding = self._judge(script, trace) or finding
        if finding is None and options.compares:
            finding = self._compare(value, revision)
        return Outcome(finding, features)

    def _watch(self, script: Script, trace: Trace) -> Finding | None:
        """Run a script within its budgets."""
        started = time.perf_counter()
        finding = self._run(script, trace)
        if time.perf_counter() - started > QUICK:
            size = sum(map(len, script.chunks))
            if self._guards.grown() > MEMORY_BUDGET.allows(size):
                # What takes memory takes time as well: the memory is the cause.
                finding = self._confirm_memory(script, size) or finding
                # Or a second bomb would hide below the mark of the first.
                self._guards.reset_memory()
            if finding is not None and finding.kind == "time-bound":
                finding = self._run(script, [])
        return finding

    def _run(self, script: Script, trace: Trace) -> Finding | None:
        """Run a script; what escapes is a finding."""
        alarm = self._alarm
        try:
            try:
                alarm.arm(script.chunks)
                self._observe(script, trace)
            finally:
                alarm.disarm()
        except BudgetAlarm as error:
            finding = self._blamed("time-bound", error, str(error))
            if finding.where == "none":
                # It struck in the driver, after a long call into C.
                return Finding("time-bound", "call", "unknown", finding.message, finding.explain)
            return finding
        except UnansweredError as error:
            return self._unanswered(script, error)
        except Exception as error:  # noqa: BLE001 -- whatever it raises is what is looked for
            return self._blamed(type(error).__name__, error, f"{type(error).__name__}: {_one_line(error)}")
        if alarm.struck:
            message = "the alarm was swallowed"
            return Finding("time-bound", "swallowed", "none", message, lambda: message)
        return None

    def _confirm_memory(self, script: Script, size: int) -> Finding | None:
        """Run again with no more address space than the budget: the allocation itself fails, and says where.

        An implementation may catch that and answer as if the peer were wrong; then it is measured once more.
        """
        allowed = int(MEMORY_BUDGET.allows(size))
        guards = self._guards
        confined: Trace = []
        with confine(allowed):
            finding = self._run(script, confined)
        if finding is not None and finding.kind == "MemoryError":
            message = f"more than {allowed >> 20} MiB for {size} octets"
            return Finding("memory-bound", finding.where, finding.line, message, finding.explain)
        guards.reset_memory()
        self._run(script, [])
        grown = guards.grown()
        if grown <= allowed:
            return None
        message = f"{grown >> 20} MiB for {size} octets"
        return Finding("memory-bound", "caught", _first_error(script, confined), message, lambda: message)

    def _compare(self, value: FuzzInput, revision: Revision) -> Finding | None:
        """Run an input again, and cut differently."""
        first: Trace = []
        script = make_script(value, revision, _BY_FRAME, late=True)
        finding = self._watch(script, first) or self._judge(script, first)
        if finding is not None:
            return finding
        again: Trace = []
        finding = self._watch(script, again) or compare_traces("deterministic", first, again, how="again")
        if finding is not None:
            return finding
        for delivery in _OTHER_DELIVERIES if self._cuts else ():
            script = make_script(value, revision, delivery, late=True)
            other: Trace = []
            how = f"frame-to-{delivery.name.lower()}"
            finding = self._watch(script, other) or compare_traces("same-when-cut", first, other, how=how)
            if finding is not None:
                return finding
        return None

    def _blamed(self, kind: str, error: BaseException, message: str) -> Finding:
        code = self._subject.code
        if code is None:
            return Finding(kind, "none", "none", message, lambda: message)
        by_function = isinstance(error, RecursionError | BudgetAlarm)
        where, line = blame(error.__traceback__, code, by_function=by_function)
        return Finding(kind, where, line, message, lambda: _explain(error))

    def _unanswered(self, script: Script, error: UnansweredError) -> Finding:
        nibbles = -1 if error.step is None else nibbles_of(script, error.step)
        where = "unknown-step" if nibbles < 0 else f"type-{nibbles >> 4}"
        message = f"{error.kind}: {error}"
        return Finding(error.kind, where, str(error).partition(":")[0], message, lambda: message)


def trace_features(script: Script, trace: Trace) -> tuple[Feature, ...]:
    """The transitions that a trace shows: (state, type and flags, actions, next state)."""
    features: list[Feature] = []
    chunks = script.chunks if script.delivery is _BY_FRAME else []
    last = script.revision.header.size - 1
    state: Hashable = ""
    for index, seen in enumerate(trace):
        observed = seen.observed
        kinds = observed[0].kind if len(observed) == 1 else tuple([one.kind for one in observed[:4]])
        nibbles = chunks[index][last] if index < len(chunks) and len(chunks[index]) > last else -1
        features.append((state, nibbles, kinds, seen.state))
        state = seen.state
    return tuple(features)


def _first_error(script: Script, trace: Trace) -> str:
    """The type of the frame at which an error was answered."""
    for index, seen in enumerate(trace):
        nibbles = nibbles_of(script, index)
        if nibbles >= 0 and any(one.kind is Kind.ERROR for one in seen.observed):
            return f"type-{nibbles >> 4}"
    return "unknown"


def _one_line(error: BaseException) -> str:
    """The message of an exception, which may itself be broken."""
    try:
        text = str(error)
    except Exception as broken:  # noqa: BLE001 -- foreign exceptions have foreign __str__ methods
        text = f"(its message raises {type(broken).__name__})"
    return " ".join(text.split())[:200]


def _explain(error: BaseException) -> str:
    """The traceback, with the middle of a long one left out."""
    lines = "".join(traceback.format_exception(error)).splitlines()
    if len(lines) > _TRACEBACK_LINES:
        half = _TRACEBACK_LINES // 2
        lines = [*lines[:half], f"  ... {len(lines) - 2 * half} lines ...", *lines[-half:]]
    return "\n".join(lines) + "\n"
