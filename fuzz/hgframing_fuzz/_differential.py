"""Two sides and one input: the first step in which the reference and an implementation do not do the same.

Both traces are walked together, a step at a time. A step is a frame, the octets behind the last whole one, the answers
to the command that a frame ran, or the end of the input. At the first difference the two are out of step, so nothing
after it is compared. What is known of it (`DifferenceFacts`) decides whether it is expected and which bucket it is.
"""

from __future__ import annotations

import enum

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hgframing import Frame
from hgframing_conformance._cases import Layer
from hgframing_fuzz._causes import causes, is_double_fault
from hgframing_fuzz._comparison import Comparison, tell
from hgframing_fuzz._drive import Answer, Script, choose_answer
from hgframing_fuzz._outcome import Kind, Observed, Seen, Trace
from hgframing_fuzz._record import Moment, Record, Step, Told
from hgframing_fuzz._signed import DifferenceFacts


__all__ = ["find_difference"]

_NOTHING: Final = Seen(())
_END: Final[Step] = {"end-input": None}


def find_difference(
    script: Script, layer: Layer, ours: Trace, theirs: Trace, *, codes: bool
) -> tuple[int, DifferenceFacts] | None:
    """Compare what both sides did.

    Args:
        script: what they were given, a frame at a time.
        layer: which layer they are.
        ours: what the reference did.
        theirs: what the implementation did; what it raised is its last action.
        codes: whether the codes of errors count.

    Returns:
        The index of the step and what is known of the difference; None: there is none.
    """
    return _Walk(script, layer, codes=codes).find(ours, theirs)


class _Walk:
    """The two traces, walked together."""

    def __init__(self, script: Script, layer: Layer, *, codes: bool) -> None:
        self._script = script
        self._layer = layer
        self._record = Record(script.revision, layer.value)
        self._comparison = Comparison(script.revision, codes=codes)
        self._setup = {"defer-output": script.options.defer_output}

    def find(self, ours: Trace, theirs: Trace) -> tuple[int, DifferenceFacts] | None:
        state = ""
        for index in range(max(len(ours), len(theirs))):
            pair = [trace[index] if index < len(trace) else _NOTHING for trace in (ours, theirs)]
            found = self._step(index, pair, state)
            if found is not None:
                return index, found
            state = _state_of(pair[0])
        return None

    def _step(self, index: int, pair: Sequence[Seen], state: str) -> DifferenceFacts | None:
        (received, answers), (their_received, their_answers) = (_split(seen.observed) for seen in pair)
        frame = _frame_at(self._script, index)
        told, their_told = tell(received), tell(their_received)
        differing = self._comparison.differ(received, their_received)
        if differing:
            step = {"receive": [""]} if index < len(self._script.chunks) else _END
            moment = Moment(self._record, step, frame, self._setup, told, their_told)
            if is_double_fault(moment):
                self._record.errored = True
                return None
            return self._facts(moment, self._place(index, frame), state, differing, causes(moment))
        if frame is not None:
            self._record.take(frame, told)
        wishes = self._wishes(received)
        differing = self._comparison.differ(answers, their_answers)
        if differing:
            return self._explain_answers(wishes, (tell(answers), tell(their_answers)), state, differing)
        for step in wishes.values():
            self._record.wish(step, deferred=self._script.options.defer_output)
        return None

    def _wishes(self, received: Sequence[Observed]) -> Mapping[int, Step]:
        """How the driver answered the commands of a step, by request."""
        wishes = {}
        for one in received:
            if one.kind is Kind.RUN_COMMAND:
                answer = choose_answer(self._script.options, one.request)
                if answer is not None:
                    wishes[answer.request] = _wish(answer)
        return wishes

    def _explain_answers(
        self,
        wishes: Mapping[int, Step],
        told: tuple[Told, Told],
        state: str,
        differing: Mapping[int | None, str],
    ) -> DifferenceFacts:
        request = next(iter(differing))
        asked = [wish for asked, wish in wishes.items() if request in (None, asked)] or [_END]
        moments = [Moment(self._record, wish, None, self._setup, *told) for wish in asked]
        numbers = {number for moment in moments for number in causes(moment)}
        return self._facts(moments[0], "answer", state, differing, tuple(sorted(numbers)))

    def _facts(
        self,
        moment: Moment,
        place: str,
        state: str,
        differing: Mapping[int | None, str],
        numbers: tuple[str, ...],
    ) -> DifferenceFacts:
        return DifferenceFacts(
            layer=self._layer.value,
            revision=self._script.revision.key,
            frame=place,
            state=state,
            ours=moment.ours.kind,
            theirs=moment.theirs.kind,
            code=moment.ours.code,
            message=moment.theirs.message,
            type=moment.theirs.type,
            detail=next(iter(differing.values())),
            causes=numbers,
        )

    def _place(self, index: int, frame: Frame | None) -> str:
        if index >= len(self._script.chunks):
            return "end"
        if frame is None:
            return "octets"
        spec = self._script.revision.frames.get(frame.type_id)
        return spec.name if spec is not None else f"type-{frame.type_id}"


def _wish(answer: Answer) -> Step:
    """An answer as a step, as far as the rules look into it; every subject answers the same (`_message_subject`)."""
    value: dict[str, Any] = {"request": answer.request}
    if answer.fail:
        return {"fail": {**value, "kind": "command" if answer.seed % 2 else "server", "after": []}}
    return {"respond": {**value, "objects": [] if answer.seed % 4 == 2 else [b""]}}


def _split(observed: Sequence[Observed]) -> tuple[Sequence[Observed], Sequence[Observed]]:
    """What a frame led to, and what the driver's answers to its commands led to: they come after the last command."""
    last = max((i for i, one in enumerate(observed) if one.kind is Kind.RUN_COMMAND), default=None)
    return (observed, ()) if last is None else (observed[: last + 1], observed[last + 1 :])


def _frame_at(script: Script, index: int) -> Frame | None:
    """The frame of a chunk, without the fields that the revision lacks; None where it is no whole frame."""
    chunks, layout = script.chunks, script.revision.header
    if index >= len(chunks) or len(chunks[index]) < layout.size:
        return None
    chunk = chunks[index]
    header = layout.decode(chunk)
    if header.length != len(chunk) - layout.size:
        return None
    return Frame(
        header.request_id,
        header.stream_id,
        header.stream_flags,
        header.type_id,
        header.flags,
        chunk[layout.size :],
    )


def _state_of(seen: Seen) -> str:
    """The state of the connection, without what is counted beside it."""
    state = seen.state[0] if isinstance(seen.state, tuple) and seen.state else seen.state
    return str(state.value) if isinstance(state, enum.Enum) else str(state)
