"""The judge: did an implementation do what a case demands?

The rules are those of docs/vector-format.md, "Actions", and nothing else; in the order in which they apply to one step:

1. `want-frame`, `noop` and an empty `send-frames` say nothing and are dropped.
2. Error frames in a step with an `error` are dropped unless the expectation names error frames.
3. Adjacent `response-data` of one request, adjacent `send-frames` and adjacent `error`s become one: a reactor may
   answer in pieces, and once it has seen a fault every further piece of input is another error.
4. Sent frames are compared by what they say (`_sent`), or frame by frame under `fragmentation: exact`.
5. Whatever the expectation leaves out is not compared.
6. What was sent breaks no rule that every sender has to keep (`_discipline`), whatever the case is about.

The judge looks at nothing but the case and the actions. It knows no implementation, no reactor and no file.
"""

from __future__ import annotations

import dataclasses
import enum

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from hgframing import REVISIONS, Frame, Revision
from hgframing_conformance._cases import Action, ActionKind, Case, Expectation
from hgframing_conformance._discipline import Discipline
from hgframing_conformance._responses import response_difference
from hgframing_conformance._sent import OutputStreams, difference, exact_difference, is_error_frame, parts
from hgframing_conformance._values import display, equal


__all__ = ["CaseJudge", "Problem", "Rules", "StepVerdict", "Verdict"]

_SILENT: Final = frozenset({ActionKind.WANT_FRAME, ActionKind.NOOP})


class Problem(enum.StrEnum):
    """In what way a step is not as demanded; the worst comes last."""

    MISMATCH = "mismatch"
    RAISED = "raised"
    FORBIDDEN = "forbidden"


_ORDER: Final = tuple(Problem)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How far the comparison goes.

    Attributes:
        error_codes: whether the code of an `error` counts; it does for implementations that declare `error-codes`.
        messages: whether its message counts too (`--match=message`).
    """

    error_codes: bool = False
    messages: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StepVerdict:
    """What is wrong with one step.

    Attributes:
        index: the step, from 0.
        problem: the kind of breach.
        reason: one clause for people, about the preferred alternative.
        expected: the actions of the preferred alternative; None where anything is allowed.
        observed: the actions as they came.
    """

    index: int
    problem: Problem
    reason: str
    expected: tuple[Action, ...] | None
    observed: tuple[Action, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The judge's answer for one case.

    Attributes:
        failures: the steps that are not as demanded, in order; none: the case passed.
        alternatives: step index -> which alternative matched, where it was not the first.
        significant: what was done, in a form that is equal for two runs that did the same.
    """

    failures: tuple[StepVerdict, ...]
    alternatives: Mapping[int, int]
    significant: tuple[Any, ...]

    @property
    def worst(self) -> Problem | None:
        """The gravest problem; None: passed."""
        found = {failure.problem for failure in self.failures}
        return next((problem for problem in reversed(_ORDER) if problem in found), None)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """One significant action; `frames` are those that were sent, decoded, and `said` is their comparable form."""

    kind: ActionKind
    fields: Mapping[str, Any]
    frames: tuple[Frame, ...] = ()
    said: Any = None


class CaseJudge:
    """Judges runs of one case; the chunkings of a case share one judge, so that expectations are read once.

    Args:
        case: what is demanded.
        rules: how far the comparison goes.
    """

    def __init__(self, case: Case, rules: Rules) -> None:
        self._case = case
        self._rules = rules
        self._revision: Revision = REVISIONS[case.revision]
        self._exact = case.setup.get("fragmentation") == "exact"
        self._demands = [self._read(step.expectation) for step in case.steps]

    def judge(self, observed: Sequence[Sequence[Action]]) -> Verdict:
        """Judge one run.

        Args:
            observed: for every step of the case the actions that followed, parsed.

        Raises:
            ValueError: there are more or fewer lists than the case has steps; the caller has to check that before.
        """
        streams = OutputStreams(self._revision)
        discipline = Discipline(self._revision, self._case.layer)
        failures = []
        alternatives = {}
        significant = []
        steps = zip(self._case.steps, self._demands, observed, strict=True)
        for index, (step, demands, actions) in enumerate(steps):
            done = self._significant(actions, streams)
            significant.append(self._comparable(done))
            breach = discipline.breach(actions)
            found = self._judge_step(index, step.expectation, demands, actions, done)
            if not isinstance(found, StepVerdict) and breach:
                found = _fail(index, step.expectation, Problem.MISMATCH, breach, actions)
            if isinstance(found, StepVerdict):
                failures.append(found)
            elif found:
                alternatives[index] = found
        return Verdict(failures=tuple(failures), alternatives=alternatives, significant=tuple(significant))

    def _read(self, expectation: Expectation) -> tuple[tuple[_Done, ...], ...] | None:
        if expectation.alternatives is None:
            return None
        return tuple(self._significant(actions, None) for actions in expectation.alternatives)

    def _judge_step(
        self,
        index: int,
        expectation: Expectation,
        demands: tuple[tuple[_Done, ...], ...] | None,
        actions: Sequence[Action],
        done: tuple[_Done, ...],
    ) -> StepVerdict | int:
        """Return what is wrong, or the number of the alternative that matched."""

        def fail(problem: Problem, reason: str) -> StepVerdict:
            return _fail(index, expectation, problem, reason, actions)

        for action in actions:
            if action.kind in expectation.never:
                return fail(Problem.FORBIDDEN, f"{action.kind} must never follow here")
        raised = next((action for action in actions if action.kind is ActionKind.RAISED), None)
        if demands is None:
            return 0 if raised is None else fail(Problem.RAISED, _raised(raised))
        reasons = []
        for number, demand in enumerate(demands):
            reason = self._match(demand, done)
            if not reason:
                return number
            reasons.append(reason)
        if raised is not None:
            return fail(Problem.RAISED, _raised(raised))
        reason = (
            reasons[0] if len(reasons) == 1 else f"none of {len(reasons)} alternatives; first: {reasons[0]}"
        )
        return fail(Problem.MISMATCH, reason)

    def _significant(self, actions: Iterable[Action], streams: OutputStreams | None) -> tuple[_Done, ...]:
        """Drop what says nothing and join what was cut; expectations have no streams to decode."""
        joined: list[Action] = []
        for action in actions:
            if action.kind in _SILENT or (
                action.kind is ActionKind.SEND_FRAMES and not action.fields["frames"]
            ):
                continue
            together = _join(joined[-1], action) if joined else None
            if together is None:
                joined.append(action)
            else:
                joined[-1] = together
        return tuple(self._done(action, streams) for action in joined)

    def _done(self, action: Action, streams: OutputStreams | None) -> _Done:
        if action.kind is not ActionKind.SEND_FRAMES:
            return _Done(kind=action.kind, fields=action.fields)
        frames: tuple[Frame, ...] = action.fields["frames"]
        if streams is not None:
            frames = streams.decode(frames)
        return self._sent(action.fields, frames)

    def _sent(self, fields: Mapping[str, Any], frames: tuple[Frame, ...]) -> _Done:
        said = frames if self._exact else parts(frames, self._revision)
        return _Done(kind=ActionKind.SEND_FRAMES, fields=fields, frames=frames, said=said)

    def _reports(self, done: tuple[_Done, ...]) -> bool:
        return any(is_error_frame(frame, self._revision) for one in done for frame in one.frames)

    def _without_reports(self, done: tuple[_Done, ...]) -> tuple[_Done, ...]:
        """Drop error frames beside an `error` (rule 2)."""
        if not self._reports(done) or not any(one.kind is ActionKind.ERROR for one in done):
            return done
        kept = []
        for one in done:
            frames = tuple(frame for frame in one.frames if not is_error_frame(frame, self._revision))
            if one.kind is not ActionKind.SEND_FRAMES or frames == one.frames:
                kept.append(one)
            elif frames:
                kept.append(self._sent(one.fields, frames))
        return tuple(kept)

    def _comparable(self, done: tuple[_Done, ...]) -> tuple[Any, ...]:
        kept = self._without_reports(done)
        return tuple((one.kind, one.said, _COMPARED[one.kind](one.fields)) for one in kept)

    def _match(self, demand: tuple[_Done, ...], done: tuple[_Done, ...]) -> str:
        """Return in one clause why what was done is not what is demanded; empty: it is."""
        if not self._reports(demand):
            done = self._without_reports(done)
        for position, (wanted, got) in enumerate(zip(demand, done, strict=False), start=1):
            if wanted.kind is not got.kind:
                return f"action {position}: expected {wanted.kind}, got {got.kind}"
            reason = self._match_one(wanted, got)
            if reason:
                return reason
        if len(done) < len(demand):
            return (
                f"expected {demand[len(done)].kind}, got nothing"
                if not done
                else (f"expected {demand[len(done)].kind} after {done[-1].kind}, got nothing more")
            )
        if len(done) > len(demand):
            return f"unexpected {done[len(demand)].kind}"
        return ""

    def _match_one(self, wanted: _Done, got: _Done) -> str:
        match wanted.kind:
            case ActionKind.SEND_FRAMES:
                return self._match_frames(wanted, got)
            case ActionKind.ERROR:
                return self._match_error(wanted.fields, got.fields)
            case ActionKind.RESPONSE:
                return response_difference(wanted.fields, got.fields, self._revision)
            case _:
                return _match_fields(wanted, got)

    def _match_frames(self, wanted: _Done, got: _Done) -> str:
        if self._exact:
            return exact_difference(wanted.said, got.said)
        return difference(wanted.said, got.said, self._revision)

    def _match_error(self, wanted: Mapping[str, Any], got: Mapping[str, Any]) -> str:
        """The three rungs: that it is an error has been seen; its code and its message count on demand."""
        if self._rules.error_codes and "code" in wanted:
            allowed = (wanted["code"], *wanted.get("also", ()))
            code = got.get("code")
            if code not in allowed:
                return f"error code: expected {' or '.join(map(str, allowed))}, got {code or 'none'}"
            request = wanted.get("request")
            if request is not None and got.get("request", request) != request:
                return f"error: expected request {request}, got {got['request']}"
        if self._rules.messages and "message" in wanted and wanted["message"] != got.get("message"):
            return f"error message: expected {wanted['message']!r}, got {got.get('message')!r}"
        return ""


def _fail(
    index: int, expectation: Expectation, problem: Problem, reason: str, actions: Sequence[Action]
) -> StepVerdict:
    preferred = expectation.alternatives[0] if expectation.alternatives else None
    return StepVerdict(
        index=index, problem=problem, reason=reason, expected=preferred, observed=tuple(actions)
    )


def _join(left: Action, right: Action) -> Action | None:
    """Make one action of two neighbours, or None where they are two (rule 3)."""
    if left.kind is not right.kind:
        return None
    match left.kind:
        case ActionKind.SEND_FRAMES:
            return Action(left.kind, {"frames": left.fields["frames"] + right.fields["frames"]})
        case ActionKind.ERROR | ActionKind.RAISED:
            return left
        case ActionKind.RESPONSE_DATA | ActionKind.COMMAND_DATA:
            if left.fields.get("request") != right.fields.get("request") or left.fields.get("eos") is True:
                return None
            # A field that one piece leaves open is open in the whole.
            fields = {name: right.fields[name] for name in ("request", "eos") if name in right.fields}
            if "data" in left.fields and "data" in right.fields:
                fields["data"] = left.fields["data"] + right.fields["data"]
            return Action(left.kind, fields)
        case _:
            return None


def _raised(action: Action) -> str:
    kind, message = action.fields.get("type", "an exception"), action.fields.get("message", "")
    return f"raised {kind}: {message}" if message else f"raised {kind}"


def _match_fields(wanted: _Done, got: _Done) -> str:
    for name, value in wanted.fields.items():
        if name not in got.fields:
            return f"{wanted.kind}: {name} is missing"
        if not equal(value, got.fields[name]):
            return f"{wanted.kind}: expected {name} {display(value)}, got {display(got.fields[name])}"
    return ""


def _nothing(_fields: Mapping[str, Any]) -> object:
    return None


def _everything(fields: Mapping[str, Any]) -> object:
    return fields


def _named(name: str) -> Callable[[Mapping[str, Any]], object]:
    return lambda fields: fields.get(name)


#: What of an action two chunkings must have in common. Messages may count octets, so they may differ.
_COMPARED: Final[Mapping[ActionKind, Callable[[Mapping[str, Any]], object]]] = dict.fromkeys(
    ActionKind, _everything
) | {
    ActionKind.SEND_FRAMES: _nothing,
    ActionKind.RESPONSE: _nothing,
    ActionKind.ERROR: _named("code"),
    ActionKind.RAISED: _named("type"),
    ActionKind.REFUSED: _nothing,
}
