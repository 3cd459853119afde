"""The engine: items go in, outcomes come out, one by one, in order.

The command line and the pytest plugin are two windows on this one engine. It keeps nothing but what the comparison of
chunkings needs: what the first run of the current case did.

    items -> unsupported? -> message -> adapter -> observation -> actions -> judge -> outcome

Messages are made when the adapter asks for them, a few ahead of their answers, so a run of any length has bounded
memory and its first outcome arrives at once.
"""

from __future__ import annotations

import dataclasses

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from hgframing_conformance._actions import parse_observed
from hgframing_conformance._adapters import Adapter, Answered, BadReply, NotRun, Observation
from hgframing_conformance._cases import Action, Case
from hgframing_conformance._compare import CaseJudge, Rules, Verdict
from hgframing_conformance._outcomes import Outcome, OutcomeKind, gates, judged, not_answered
from hgframing_conformance._quoting import clean, quote
from hgframing_conformance._select import Item, item_message, judged_case, unsupported
from hgframing_conformance._values import FormError


__all__ = ["Engine", "RunOptions"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How results are judged.

    Attributes:
        strict: `should` gates as `must` does.
        messages: the message of an `error` counts.
    """

    strict: bool = False
    messages: bool = False


@dataclasses.dataclass(slots=True)
class _CaseRun:
    """One case while its chunkings run."""

    original: Case
    case: Case
    judge: CaseJudge
    first: tuple[Item, Verdict] | None = None


@dataclasses.dataclass(slots=True)
class _Pending:
    """An item on its way: sent, or already decided."""

    item: Item
    run: _CaseRun | None
    reason: str = ""


class Engine:
    """Runs items against one adapter.

    Args:
        adapter: a connection that is past `hello`; the caller closes it.
        options: how results are judged.
    """

    def __init__(self, adapter: Adapter, options: RunOptions) -> None:
        self._adapter = adapter
        self._options = options
        self._rules = Rules(error_codes=adapter.hello.capabilities.error_codes, messages=options.messages)
        self._current: _CaseRun | None = None

    def run(self, items: Iterable[Item]) -> Iterator[Outcome]:
        """Run items and yield their outcomes in the same order.

        Args:
            items: chunkings of one case should be neighbours: they are compared with each other.
        """
        pending: deque[_Pending] = deque()

        def messages() -> Iterator[dict[str, Any]]:
            for item in items:
                entry = self._prepare(item)
                pending.append(entry)
                if entry.run is not None:
                    yield item_message(entry.run.case, item.chunking)

        for observation in self._adapter.run(messages()):
            while pending[0].run is None:
                yield self._decided(pending.popleft())
            entry = pending.popleft()
            if entry.run is not None:
                yield self._outcome(entry.item, entry.run, observation)
        # What follows the last message, or all there is where nothing was sent.
        while pending:
            yield self._decided(pending.popleft())

    def _prepare(self, item: Item) -> _Pending:
        reason = unsupported(item, self._adapter.hello)
        if reason:
            return _Pending(item, None, reason)
        run = self._current
        if run is None or run.original is not item.case:
            case = judged_case(item.case, self._adapter.hello)
            run = self._current = _CaseRun(item.case, case, CaseJudge(case, self._rules))
        return _Pending(item, run)

    def _decided(self, entry: _Pending) -> Outcome:
        return Outcome(item=entry.item, kind=OutcomeKind.UNSUPPORTED, gating=False, reason=entry.reason)

    def _outcome(self, item: Item, run: _CaseRun, observation: Observation) -> Outcome:
        verdict: Verdict | None = None
        read: tuple[tuple[Action, ...], ...] | BadReply | None = None
        if isinstance(observation, Answered):
            read = _read_actions(observation, run.case)
            if isinstance(read, BadReply):
                observation = read
            else:
                verdict = run.judge.judge(read)
        if verdict is not None:
            kind, reason, step = judged(verdict)
            variant = _variance(item, run, verdict)
            if variant and kind in {OutcomeKind.PASSED, OutcomeKind.FAILED}:
                kind, reason = OutcomeKind.CHUNK_VARIANT, "; ".join(filter(None, (variant, reason)))
        elif isinstance(observation, Answered):
            raise AssertionError("an answer is judged")
        else:
            kind, reason, step = not_answered(observation)
        gating = gates(
            kind, level=run.case.level, disputed=bool(run.case.disputed), strict=self._options.strict
        )
        return Outcome(
            item=item if run.case is item.case else dataclasses.replace(item, case=run.case),
            kind=kind,
            gating=gating,
            reason=clean(reason),
            step=step,
            observation=None if isinstance(observation, NotRun) else observation,
            verdict=verdict,
            observed=read if isinstance(read, tuple) else None,
        )


def _variance(item: Item, run: _CaseRun, verdict: Verdict) -> str:
    """Compare with the first chunking of the case that was judged."""
    if run.first is None:
        run.first = (item, verdict)
        return ""
    first, other = run.first
    if first.chunking is item.chunking or other.significant == verdict.significant:
        return ""
    pairs = zip(other.significant, verdict.significant, strict=True)
    step = next(number for number, (left, right) in enumerate(pairs, start=1) if left != right)
    return f"does something else in step {step} than with chunking {first.chunking.value}"


def _read_actions(observation: Answered, case: Case) -> tuple[tuple[Action, ...], ...] | BadReply:
    """Read the actions of an answer; what cannot be read is a bad reply."""
    read = []
    for number, actions in enumerate(observation.steps):
        try:
            read.append(
                tuple(
                    parse_observed(action, case.layer, case.revision, ("steps", number, position))
                    for position, action in enumerate(actions)
                )
            )
        except FormError as error:
            return BadReply(
                problem=str(error), quoted=quote(msgspec.json.encode(actions)), stderr=observation.stderr
            )
    return tuple(read)
