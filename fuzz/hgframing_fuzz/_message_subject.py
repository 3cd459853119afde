"""An implementation behind the harness protocol, as a subject (docs/harness-protocol.md).

A case message is sent whole, so an answer to a command cannot wait for the command. It need not: the same
octets give the same actions. The input is sent without answers first, which shows where commands are run, and
if answers are wanted, again with `respond` and `fail` steps in those places. An implementation that then
behaves differently has been caught as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hgframing import Feature, Revision
from hgframing_conformance._actions import parse_observed
from hgframing_conformance._adapters import Adapter, Answered, BadReply, Crashed, NotRun, TimedOut
from hgframing_conformance._cases import Action, ActionKind, Layer, Verb
from hgframing_conformance._forms import FormError
from hgframing_conformance._messages import Hello, case_message
from hgframing_fuzz._client_session import calls_of
from hgframing_fuzz._drive import Answer, Script, choose_answer
from hgframing_fuzz._input import REVISION_CODES, Answers
from hgframing_fuzz._outcome import Kind, Observed, Seen, Trace


__all__ = ["MessageSubject", "UnansweredError", "ask"]

_RESPONSES: Final[tuple[list[Any], ...]] = (
    [{"hex": "6f6b"}],
    [{"map": [[{"hex": "6b"}, 1]]}, [1, 2]],
    [],
    [{"hex": "78" * 40000}],
)
#: The same where a response is octets.
_DATA: Final[tuple[dict[str, str], ...]] = (
    {"hex": "6f6b"},
    {"hex": "a0"},
    {"hex": ""},
    {"hex": "78" * 40000},
)

#: The setup key of a client's offer.
_OFFER: Final = "content-encodings"
_CALL: Final[Mapping[str, Any]] = {"call": {"command": {"hex": b"c".hex()}, "args": {"map": []}}}


class UnansweredError(Exception):
    """The implementation died, hung or answered nonsense.

    Attributes:
        kind: `crashed`, `timed-out` or `bad-reply`.
        step: the index of the step that did it, if that is known.
    """

    def __init__(self, kind: str, message: str, step: int | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.step = step


class MessageSubject:
    """A subject behind an adapter of the conformance suite.

    Args:
        adapter: connected, past `hello`; it is closed with this.
        layer: which layer is driven.
        like: asks for nothing that this one does not declare, for comparisons.

    Attributes:
        error_codes: whether the code of an error means something.
    """

    #: Nothing of it runs where it could be seen.
    code = None
    instrument: tuple[str, ...] = ()

    def __init__(self, adapter: Adapter, layer: Layer = Layer.SERVER, *, like: Hello | None = None) -> None:
        self._adapter = adapter
        self._layer = layer
        hello = adapter.hello
        self.name = f"{hello.name} {hello.version}"
        self.revisions = tuple(key for key in REVISION_CODES if key in hello.revisions)
        able = hello if like is None else like
        self.cuts = able.capabilities.chunking
        self.error_codes = able.capabilities.error_codes
        self._honoured = frozenset(able.capabilities.setup)
        self._encodings = list(able.capabilities.encodings)
        verbs = able.capabilities.steps
        self._verbs = frozenset(Verb) if verbs is None else frozenset(verbs)

    def observe(self, script: Script, trace: Trace) -> None:
        """Play a script; see `Subject.observe`.

        Raises:
            UnansweredError: there is no answer to judge.
        """
        received = [{"receive": [chunk.hex()]} for chunk in script.chunks]
        seen = self._exchange(script, received)
        plan = self._plan(script, seen)
        if not any(plan):
            trace += [Seen(observed) for observed in seen]
            return
        steps: list[Mapping[str, Any]] = []
        owners: list[int] = []
        for index, answers in enumerate(plan):
            if index < len(received):
                steps.append(received[index])
                owners.append(index)
            steps += [_step(answer, script.revision) for answer in answers]
            owners += [index] * len(answers)
        merged: list[tuple[Observed, ...]] = [()] * (max(owners, default=-1) + 1)
        replies = self._exchange(script, steps)
        for owner, observed in zip(owners, replies, strict=False):
            merged[owner] += observed
        for index, observed in enumerate(merged):
            done = () if script.options.defer_output else tuple(answer.request for answer in plan[index])
            trace.append(Seen(observed, answered=done))
        trace += [Seen(observed) for observed in replies[len(owners) :]]

    def close(self) -> None:
        """End the connection."""
        self._adapter.close()

    def _plan(self, script: Script, seen: list[tuple[Observed, ...]]) -> list[list[Answer]]:
        """Decide after which step which commands are answered; one more entry for what is answered late."""
        plan: list[list[Answer]] = [[] for _ in range(len(script.chunks) + 1)]
        if script.options.answer_plan is Answers.NONE or not {Verb.RESPOND, Verb.FAIL} <= self._verbs:
            return plan
        for index, observed in enumerate(seen[: len(script.chunks)]):
            for one in observed:
                answer = choose_answer(script.options, one.request) if one.kind is Kind.RUN_COMMAND else None
                if answer is not None:
                    plan[len(script.chunks) if script.late else index].append(answer)
        return plan

    def _exchange(self, script: Script, steps: Sequence[Mapping[str, Any]]) -> list[tuple[Observed, ...]]:
        if script.options.ends and Verb.END_INPUT in self._verbs:
            steps = [*steps, {"end-input": None}]
        key = script.revision.key
        setup: dict[str, Any] = {}
        calls: Sequence[Mapping[str, Any]] = ()
        match self._layer:
            case Layer.SERVER if script.options.defer_output and "defer-output" in self._honoured:
                setup = {"defer-output": True}
            case Layer.CLIENT:
                setup = {"buffer-sends": False, "multiple-sends": True}
                if Feature.SENDER_SETTINGS in script.revision.features and _OFFER in self._honoured:
                    setup[_OFFER] = self._encodings
                calls = [_CALL] * calls_of(script.options, script.revision)
            case _:
                pass
        message = case_message(revision=key, layer=self._layer, setup=setup, steps=[*calls, *steps])
        try:
            replies = ask(self._adapter, message)
        except UnansweredError as error:
            error.step = _past(error.step, len(calls))
            raise
        return [_read(actions, self._layer, key) for actions in replies[len(calls) :]]


def ask(adapter: Adapter, message: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """Send one case and take its answer.

    Args:
        adapter: connected.
        message: the case.

    Returns:
        The actions of every step, as they were sent.

    Raises:
        UnansweredError: there is no answer to judge.
    """
    for observation in adapter.run([message]):
        match observation:
            case Answered():
                return observation.steps
            case Crashed():
                raise UnansweredError("crashed", observation.how, observation.step)
            case TimedOut():
                raise UnansweredError(
                    "timed-out", f"no answer in {observation.seconds:g} s", observation.step
                )
            case BadReply():
                raise UnansweredError("bad-reply", f"{observation.problem}: {observation.quoted}")
            case NotRun():
                raise UnansweredError("crashed", observation.reason)
    raise UnansweredError("bad-reply", "no observation")


def _past(step: int | None, calls: int) -> int | None:
    """The step of the input, where calls come before it; None if it was one of them, or is not known."""
    return None if step is None or step < calls else step - calls


def _read(actions: list[dict[str, Any]], layer: Layer, revision: str) -> tuple[Observed, ...]:
    try:
        return tuple(_observed(parse_observed(action, layer, revision)) for action in actions)
    except FormError as error:
        raise UnansweredError("bad-reply", str(error)) from error


def _observed(action: Action) -> Observed:
    fields = action.fields
    match action.kind:
        case ActionKind.RUN_COMMAND:
            value: object = tuple(fields[name] for name in ("command", "args", "data", "redirect"))
        case ActionKind.SEND_FRAMES:
            value = fields["frames"]
        case ActionKind.RESPONSE_DATA:
            value = (fields.get("data"), fields.get("eos"))
        case ActionKind.ERROR_RESPONSE:
            value = (fields.get("type"), fields.get("atoms"))
        case ActionKind.RAISED:
            value = (fields.get("type", "unknown"), fields.get("message", ""))
        case ActionKind.ERROR:
            value = (fields.get("code", ""), fields.get("message", ""))
        case _:
            value = tuple(fields.items())
    return Observed(Kind(action.kind.value), fields.get("request"), value)


def _step(answer: Answer, revision: Revision) -> Mapping[str, Any]:
    """The step that answers a command, with every field that the protocol always sends."""
    common = {"request": answer.request, "last": False, "unsent": False}
    features = revision.features
    if answer.fail:
        kinds = ("application", "protocol") if Feature.ERROR_FLAGS in features else ("server", "command")
        failure = {
            "kind": kinds[answer.seed % 2],
            "message": {"hex": b"failed".hex()},
            "args": [],
            "after": [],
        }
        return {"fail": {**common, **failure}}
    if Feature.OBJECT_RESPONSES in features:
        return {"respond": {**common, "objects": _RESPONSES[answer.seed % len(_RESPONSES)]}}
    return {"respond": {**common, "data": _DATA[answer.seed % len(_DATA)]}}
