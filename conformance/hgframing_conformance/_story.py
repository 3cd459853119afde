"""What happened in one item, step by step, for the terminal of somebody who wants to understand it.

The transcript of the case (`_transcript`) says what was sent and demanded; this adds what was observed at each step.
"""

from __future__ import annotations

from collections.abc import Iterator

from hgframing import REVISIONS, Revision
from hgframing_conformance._adapters import NotRun
from hgframing_conformance._cases import Step
from hgframing_conformance._compare import StepVerdict
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._quoting import clean
from hgframing_conformance._trace import sentences
from hgframing_conformance._transcript import action_lines, expectation_lines, octet_lines, step_lines


__all__ = ["story_lines"]


def story_lines(outcome: Outcome) -> Iterator[str]:
    """Tell an outcome; the last line is the verdict.

    Args:
        outcome: what became of an item, whether it was answered or not.
    """
    item, case = outcome.item, outcome.item.case
    yield f"{item.name}  ({case.layer.value}, {case.level.value}; {case.file}:{case.line})"
    yield f"  {case.title}"
    for sentence in sentences(case):
        yield f"  {sentence.id}: {sentence.text} [{sentence.source}]"
    if case.setup:
        yield f"  setup {dict(case.setup)}"
    if outcome.kind is not OutcomeKind.UNSUPPORTED:
        failures = {} if outcome.verdict is None else {one.index: one for one in outcome.verdict.failures}
        for number, step in enumerate(case.steps):
            yield ""
            yield from _step_lines(outcome, number, step, failures.get(number))
    observation = outcome.observation
    if observation is not None and not isinstance(observation, NotRun) and observation.stderr.strip():
        yield ""
        yield "standard error:"
        yield from (f"  | {line}" for line in clean(observation.stderr).rstrip().split("\n"))
    yield ""
    where = "" if outcome.step is None else f"step {outcome.step + 1}: "
    yield f"{outcome.kind.value}{f': {where}{outcome.reason}' if outcome.reason else ''}"


def _step_lines(outcome: Outcome, number: int, step: Step, failure: StepVerdict | None) -> Iterator[str]:
    revision = REVISIONS[outcome.item.case.revision]
    first, *rest = step_lines(step, revision)
    yield f"step {number + 1}: {first}"
    yield from (f"  {line}" for line in rest)
    if step.notation:
        for octets in step.octets:
            yield from (f"    {line}" for line in octet_lines(octets, revision) if not line.startswith("  ="))
    yield from (f"  {line}" for line in expectation_lines(step.expectation, revision))
    yield from _observed_lines(outcome, number, revision)
    if failure is not None:
        yield f"  NOT as demanded ({failure.problem.value}): {clean(failure.reason)}"


def _observed_lines(outcome: Outcome, number: int, revision: Revision) -> Iterator[str]:
    if outcome.observed is not None:
        yield "  observed:"
        yield from (f"    {line}" for line in action_lines(outcome.observed[number], revision))
    elif outcome.step == number:
        yield f"  observed: {outcome.kind.value}: {outcome.reason}"
    elif outcome.step is not None and number > outcome.step:
        yield "  not reached"
    else:
        yield "  observed: unknown, the case was not answered"
