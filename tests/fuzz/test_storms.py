"""Tests of `hgframing_fuzz._storms`: a fault that everything meets leaves room for another one."""

from __future__ import annotations

from collections import Counter
from random import Random

from hgframing_fuzz import BucketTable, FuzzInput
from hgframing_fuzz._code_target import CodeTarget, object_to
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import InputMaker
from hgframing_fuzz._loop import Budget, run_loop
from hgframing_fuzz._outcome import Feature
from hgframing_fuzz._storms import StormAvoider
from hgframing_fuzz.targets import TARGETS


def maker(rng: Random) -> InputMaker:
    """What a client sends, in the newest revision."""
    return TARGETS["server-reactor"].make_mutator((0,), rng)


def storms(value: FuzzInput, notes: list[Feature]) -> None:
    """Falls over every request that is new; and at the fourth frame of data in a row."""
    data = 0
    for frame in value.frames:
        if frame.type_id == 1:
            object_to("storm", "request", "new", "a request")
        data = data + 1 if frame.type_id == 2 else 0
        notes.append(("data", data))
        if data == 4:
            object_to("rare", "data", "four", "four frames of data")


def run(guards: Guards, *, avoiding: bool, seed: int = 3, executions: int = 4000) -> Counter[str]:
    """How often each fault is found."""
    rng, table = Random(seed), BucketTable("own")  # noqa: S311 -- repeatable on purpose
    target, made = CodeTarget("own", storms, None, guards), maker(rng)
    if avoiding:
        avoider = StormAvoider(target, made, rng)
        run_loop(avoider, avoider, rng, table, budget=Budget(executions=executions))
        assert avoider.name == "own"
    else:
        run_loop(target, made, rng, table, budget=Budget(executions=executions))
    return Counter({bucket.key.kind: bucket.count for bucket in table})


def test_storm_is_avoided_and_still_seen(guards: Guards) -> None:
    """It no longer takes most of the inputs, and what it hid is found more often, with most seeds."""
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    for seed in range(8):
        before += run(guards, avoiding=False, seed=seed)
        after += run(guards, avoiding=True, seed=seed)

    assert before["storm"] > 8 * 1000
    assert 0 < after["storm"] < 0.7 * before["storm"]
    assert after["rare"] > 1.2 * before["rare"]


def test_frame_that_is_harmless_again_is_made_again(guards: Guards) -> None:
    """What was avoided is let through now and then, and unlearned when nothing comes of it."""
    fallen = [True]

    def check(value: FuzzInput, _notes: list[Feature]) -> None:
        if fallen[0] and value.frames:
            object_to("storm", "any", "any", "a frame")

    rng = Random(4)  # noqa: S311 -- repeatable on purpose
    avoider = StormAvoider(CodeTarget("own", check, None, guards), maker(rng), rng)
    for _ in range(3000):
        avoider.check(avoider.fresh())
    learned = avoider.storms
    fallen[0] = False
    for _ in range(20_000):
        avoider.check(avoider.mutate(avoider.fresh()))

    assert learned > 20
    assert avoider.storms < learned / 4


def test_choices_are_repeatable(guards: Guards) -> None:
    """The same seed, the same run."""
    assert run(guards, avoiding=True, executions=2000) == run(guards, avoiding=True, executions=2000)
