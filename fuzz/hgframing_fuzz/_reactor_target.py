"""One input against one reactor, with everything that watches it.

This is the function that an engine calls a million times, so the usual case (nothing is wrong) does only what
must be done each time: an alarm is set and cleared, the high-water mark of memory is read, the trace is
walked once. What costs more (comparing runs, confirming a bound, formatting a traceback) happens only when
the input asks for it or something was found.

A bound that seems to be broken is confirmed before it is a finding: a garbage collection or a busy machine is
not one.
"""

from __future__ import annotations

import traceback

from typing import Final

from hgframing import REVISIONS, Revision
from hgframing_conformance._cases import ActionKind
from hgframing_fuzz._blame import blame
from hgframing_fuzz._drive import Script, make_script
from hgframing_fuzz._guards import CPU_BUDGET, MEMORY_BUDGET, BudgetAlarm, Guards, confine
from hgframing_fuzz._input import REVISION_CODES, Delivery, FuzzInput
from hgframing_fuzz._message_subject import UnansweredError
from hgframing_fuzz._oracles import check_trace, compare_traces
from hgframing_fuzz._outcome import Feature, Finding, Outcome, Trace
from hgframing_fuzz._subjects import Subject


__all__ = ["ReactorTarget", "trace_features"]

#: Lines of a traceback that are kept: the driver's and the innermost. Between them a recursion repeats
#: itself.
_TRACEBACK_LINES: Final = 30


class ReactorTarget:
    """Drives a server reactor.

    Args:
        name: the target's name.
        subject: the implementation.
        guards: what watches time and memory; they must be entered while inputs are run.
    """

    def __init__(self, name: str, subject: Subject, guards: Guards) -> None:
        self.name = name
        self._subject = subject
        self._guards = guards
        newest = REVISIONS[subject.revisions[0]]
        self._revisions: list[Revision] = [
            REVISIONS[key] if key in subject.revisions else newest for key in REVISION_CODES
        ]
        self._newest = newest
        self._deliveries = tuple(Delivery) if subject.cuts else (Delivery.FRAME,)

    def check(self, value: FuzzInput) -> Outcome:
        """Run one input; see `Target.check`."""
        options = value.options
        code = options.revision
        revision = self._revisions[code] if code < len(self._revisions) else self._newest
        delivery = options.delivery
        if delivery not in self._deliveries:
            delivery = Delivery.FRAME
        script = make_script(value, revision, delivery=delivery)
        trace: Trace = []
        finding = self._watch(script, trace)
        features = trace_features(script, trace)
        if finding is None or finding.kind == "memory-bound":
            finding = check_trace(script, trace) or finding
        if finding is None and options.compares:
            finding = self._compare(value, revision)
        return Outcome(finding, features)

    def _watch(self, script: Script, trace: Trace) -> Finding | None:
        """Run a script within its budgets."""
        size = sum(map(len, script.chunks))
        guards = self._guards
        finding = self._run(script, trace, CPU_BUDGET.allows(size) * guards.slowdown)
        if guards.grown() > MEMORY_BUDGET.allows(size):
            # What takes memory takes time as well: the memory is the cause.
            finding = self._confirm_memory(script, size) or finding
            guards.reset_memory()
        if finding is not None and finding.kind == "time-bound":
            finding = self._run(script, [], CPU_BUDGET.allows(size) * guards.slowdown)
        return finding

    def _run(self, script: Script, trace: Trace, seconds: float) -> Finding | None:
        """Run a script; what escapes is a finding."""
        alarm = self._guards.alarm
        try:
            try:
                alarm.arm(seconds)
                self._subject.observe(script, trace)
            finally:
                alarm.disarm()
        except BudgetAlarm as error:
            finding = self._blamed("time-bound", error, f"more than {seconds:.2f} s of CPU")
            if finding.where == "none":
                # It struck in the driver, after a long call into C.
                return Finding("time-bound", "call", _types(script), finding.message, finding.explain)
            return finding
        except UnansweredError as error:
            return self._unanswered(script, error)
        except Exception as error:  # noqa: BLE001 -- whatever it raises is what is looked for
            return self._blamed(type(error).__name__, error, f"{type(error).__name__}: {_one_line(error)}")
        if alarm.struck:
            return Finding(
                "time-bound", "swallowed", "none", "the alarm was swallowed", lambda: "no traceback"
            )
        return None

    def _confirm_memory(self, script: Script, size: int) -> Finding | None:
        """Run again with no more address space than the budget: the allocation itself fails, and says where.

        An implementation may catch that and answer as if the peer were wrong; then it is measured once more.
        """
        allowed = int(MEMORY_BUDGET.allows(size))
        guards = self._guards
        seconds = CPU_BUDGET.allows(size) * guards.slowdown
        confined: Trace = []
        with confine(allowed):
            finding = self._run(script, confined, seconds)
        if finding is not None and finding.kind == "MemoryError":
            message = f"more than {allowed >> 20} MiB for {size} octets"
            return Finding("memory-bound", finding.where, finding.line, message, finding.explain)
        guards.reset_memory()
        self._run(script, [], seconds)
        grown = guards.grown()
        guards.reset_memory()
        if grown <= allowed:
            return None
        message = f"{grown >> 20} MiB for {size} octets"
        return Finding("memory-bound", "caught", _first_error(script, confined), message, lambda: message)

    def _compare(self, value: FuzzInput, revision: Revision) -> Finding | None:
        """Run an input again, and cut differently."""
        first: Trace = []
        script = make_script(value, revision, delivery=self._deliveries[0], late=True)
        finding = self._watch(script, first) or check_trace(script, first)
        if finding is not None:
            return finding
        again: Trace = []
        finding = self._watch(script, again) or compare_traces("deterministic", first, again, how="again")
        if finding is not None:
            return finding
        for delivery in self._deliveries[1:]:
            script = make_script(value, revision, delivery=delivery, late=True)
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
        step = error.step
        if step is not None and step < len(script.frames):
            where = f"type-{script.frames[step].type_id}"
        else:
            where = "unknown-step"
        message = f"{error.kind}: {error}"
        return Finding(error.kind, where, str(error).partition(":")[0], message, lambda: message)


def trace_features(script: Script, trace: Trace) -> tuple[Feature, ...]:
    """The transitions that a trace shows: (state, type and flags, actions, next state)."""
    features: list[Feature] = []
    frames = script.frames if script.delivery is Delivery.FRAME else ()
    state = ""
    for index, seen in enumerate(trace):
        if index < len(frames):
            frame = frames[index]
            nibbles = frame.type_id << 4 | frame.flags
        else:
            nibbles = -1
        observed = seen.observed
        kinds = observed[0].kind if len(observed) == 1 else tuple([one.kind for one in observed[:4]])
        features.append((state, nibbles, kinds, seen.state))
        state = seen.state
    return tuple(features)


def _first_error(script: Script, trace: Trace) -> str:
    """The type of the frame at which an error was answered."""
    if script.delivery is Delivery.FRAME:
        for frame, seen in zip(script.frames, trace, strict=False):
            if any(one.kind is ActionKind.ERROR for one in seen.observed):
                return f"type-{frame.type_id}"
    return _types(script)


def _types(script: Script) -> str:
    """The frame types of a script: all that is known of a place that cannot be seen."""
    return f"types-{'-'.join(map(str, sorted({frame.type_id for frame in script.frames})))}"


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
