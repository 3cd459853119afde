"""What became of an item, and whether it gates (DESIGN: must gates, should with --strict, the rest for safety only)."""

from __future__ import annotations

import pytest

from hgframing_conformance._adapters import BadReply, Crashed, NotRun, Observation, TimedOut
from hgframing_conformance._cases import ActionKind, Level
from hgframing_conformance._compare import Problem, StepVerdict, Verdict
from hgframing_conformance._outcomes import OutcomeKind, gates, judged, not_answered


SAFETY = [
    OutcomeKind.CRASHED,
    OutcomeKind.TIMED_OUT,
    OutcomeKind.BAD_REPLY,
    OutcomeKind.FORBIDDEN,
]
CHOICE = [OutcomeKind.FAILED, OutcomeKind.RAISED, OutcomeKind.CHUNK_VARIANT]
NO_FAILURE = [OutcomeKind.PASSED, OutcomeKind.UNSUPPORTED, OutcomeKind.NOT_RUN]


@pytest.mark.parametrize("kind", SAFETY)
@pytest.mark.parametrize("level", list(Level))
def test_gates_safety_at_every_level(kind: OutcomeKind, level: Level) -> None:
    """Crash, time-out, a bad reply and what must never happen count whatever the text says."""
    assert gates(kind, level=level, disputed=False, strict=False)


@pytest.mark.parametrize("kind", CHOICE)
@pytest.mark.parametrize(
    ("level", "strict", "expected"),
    [
        (Level.MUST, False, True),
        (Level.SHOULD, False, False),
        (Level.SHOULD, True, True),
        (Level.MAY, True, False),
        (Level.UNSPECIFIED, True, False),
    ],
)
def test_gates_choice_by_level(kind: OutcomeKind, level: Level, *, strict: bool, expected: bool) -> None:
    """Another choice than the case's gates where the text demands that choice."""
    assert gates(kind, level=level, disputed=False, strict=strict) is expected


@pytest.mark.parametrize("kind", [*SAFETY, *CHOICE])
def test_gates_disputed_never(kind: OutcomeKind) -> None:
    """A disputed case is reported and never gates."""
    assert not gates(kind, level=Level.MUST, disputed=True, strict=True)


@pytest.mark.parametrize("kind", NO_FAILURE)
def test_gates_nothing_that_is_no_failure(kind: OutcomeKind) -> None:
    """What passed, is unsupported or was not run does not gate."""
    assert not gates(kind, level=Level.MUST, disputed=False, strict=True)
    assert not kind.is_failure


@pytest.mark.parametrize(
    ("observation", "kind", "said"),
    [
        (Crashed(how="exited with status 3", step=1, remark="again"), OutcomeKind.CRASHED, "status 3; again"),
        (TimedOut(seconds=0.5, step=1), OutcomeKind.TIMED_OUT, "0.5 s"),
        (BadReply(problem="no JSON", quoted="hi"), OutcomeKind.BAD_REPLY, "no JSON; it wrote: hi"),
        (NotRun(reason="the budget"), OutcomeKind.NOT_RUN, "the budget"),
    ],
)
def test_not_answered_names_every_observation(observation: Observation, kind: OutcomeKind, said: str) -> None:
    """Every way to end without an answer is a kind of its own, with its reason."""
    assert observation is not None
    found, reason, _ = not_answered(observation)  # type: ignore[arg-type]
    assert found is kind
    assert said in reason


def failure(index: int, problem: Problem) -> StepVerdict:
    """Make the verdict of a step that failed."""
    return StepVerdict(index=index, problem=problem, reason=f"step {index}", expected=None, observed=())


@pytest.mark.parametrize(
    ("problems", "kind", "step"),
    [
        ([Problem.MISMATCH], OutcomeKind.FAILED, 0),
        ([Problem.MISMATCH, Problem.RAISED], OutcomeKind.RAISED, 1),
        ([Problem.RAISED, Problem.FORBIDDEN, Problem.MISMATCH], OutcomeKind.FORBIDDEN, 1),
    ],
)
def test_judged_the_worst_problem_decides(problems: list[Problem], kind: OutcomeKind, step: int) -> None:
    """What must never happen outranks an exception, which outranks a mismatch."""
    failures = tuple(failure(index, problem) for index, problem in enumerate(problems))
    found = judged(Verdict(failures=failures, alternatives={}, significant=()))
    assert found == (kind, f"step {step}", step)


def test_judged_later_alternative_is_remarked() -> None:
    """A pass by a later alternative says so."""
    kind, reason, _ = judged(Verdict(failures=(), alternatives={2: 1}, significant=(ActionKind.NOOP,)))
    assert kind is OutcomeKind.PASSED
    assert reason == "step 3 took alternative 2"
