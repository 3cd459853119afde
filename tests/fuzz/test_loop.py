"""Tests of `hgframing_fuzz._loop`: it goes on after a finding, keeps what is new, and can be repeated."""

from __future__ import annotations

from random import Random

import pytest

from hgframing_fuzz import BucketTable, FuzzInput, Kind, Options, Outcome, encode_input
from hgframing_fuzz._buckets import Bucket
from hgframing_fuzz._grammar import ClientGrammar
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._loop import Budget, LoopStats, run_loop
from hgframing_fuzz._mutate import Mutator
from hgframing_fuzz._outcome import Target
from tests.fuzz.miniatures import Raises, RunsAgain, an_input, target_of


def loop(
    target: Target, budget: Budget, *, seed: int = 1, seeds: tuple[bytes, ...] = ()
) -> tuple[BucketTable, LoopStats, list[Bucket]]:
    """Run the loop; the buckets that it wanted to be saved come along."""
    rng = Random(seed)  # noqa: S311
    table, saved = BucketTable(target.name), list[Bucket]()
    mutator = Mutator(ClientGrammar((0,)), rng)
    stats = run_loop(target, mutator, rng, table, budget=budget, seeds=seeds, on_bucket=saved.append)
    return table, stats, saved


class Listener:
    """A target that notes its inputs; every frame type is a feature."""

    name = "listener"

    def __init__(self) -> None:
        self.inputs: list[FuzzInput] = []

    def check(self, value: FuzzInput) -> Outcome:
        """Note the input."""
        self.inputs.append(value)
        return Outcome(None, tuple(("", frame.type_id, Kind.NOOP, "") for frame in value.frames))


def test_loop_same_seed_runs_the_same_inputs() -> None:
    """A campaign that found something can be run again."""
    runs = []
    for _ in range(2):
        listener = Listener()
        loop(listener, Budget(executions=500), seed=3)
        runs.append(listener.inputs)

    assert runs[0] == runs[1]
    assert len(runs[0]) == 500


def test_loop_another_seed_runs_other_inputs() -> None:
    """The seed is not ignored."""
    one, other = Listener(), Listener()
    loop(one, Budget(executions=50), seed=3)
    loop(other, Budget(executions=50), seed=4)

    assert one.inputs != other.inputs


def test_loop_goes_on_after_findings(guards: Guards) -> None:
    """Faults are counted, not stopped at, and the first of them is remembered."""
    table, stats, saved = loop(target_of(Raises, guards), Budget(executions=3000))

    [bucket] = [bucket for bucket in table if bucket.key.kind == "IndexError"]
    assert stats.executions == 3000
    assert bucket.count > 2
    assert 1 <= bucket.first_execution < 1000
    assert bucket.shortest == saved[-1].shortest
    assert len(saved) < bucket.count


def test_loop_sorts_two_faults_apart(guards: Guards) -> None:
    """One server, two faults: two root causes."""

    class Both(Raises, RunsAgain):
        pass

    table, _, _ = loop(target_of(Both, guards), Budget(executions=2000))

    assert {bucket.key.kind for bucket in table} == {"IndexError", "one-run"}
    assert table.roots == 2


def test_loop_seeds_come_first_in_their_order() -> None:
    """Findings of an earlier run are tried again before anything else."""
    listener = Listener()
    seeds = [an_input(f"{number} 1 1 command-data eos") for number in (5, 3, 9)]

    loop(listener, Budget(executions=10), seeds=tuple(encode_input(value) for value in seeds))

    assert listener.inputs[:3] == seeds


def test_loop_mutates_what_was_new() -> None:
    """An input with a new transition comes back, changed."""
    listener = Listener()
    rare = an_input("4242 1 1 13 0 unmistakable")

    loop(listener, Budget(executions=2000), seeds=(encode_input(rare),))

    again = [
        value for value in listener.inputs[1:] if any(frame.request_id == 4242 for frame in value.frames)
    ]
    assert len(again) > 5


def test_loop_keeps_only_what_is_new() -> None:
    """There are sixteen types, so sixteen inputs are enough to have shown them."""
    _, stats, _ = loop(Listener(), Budget(executions=2000))

    assert 3 <= stats.kept <= 16
    assert stats.features == 16


def test_loop_does_not_keep_long_inputs() -> None:
    """A long input would cost the time of many, again and again."""
    listener = Listener()
    long = FuzzInput(Options(), an_input("4242 1 1 13 0 " + "x" * 5000).frames)

    loop(listener, Budget(executions=2000), seeds=(encode_input(long),))

    assert not any(frame.request_id == 4242 for value in listener.inputs[1:] for frame in value.frames)


def test_loop_ends_when_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds are a budget too: on a clock of which every input takes a second, five inputs fit into five."""
    now = [100.0]

    class Slow(Listener):
        def check(self, value: FuzzInput) -> Outcome:
            now[0] += 1.0
            return super().check(value)

    monkeypatch.setattr("hgframing_fuzz._loop.time.perf_counter", lambda: now[0])
    _, stats, _ = loop(Slow(), Budget(seconds=5.0))

    assert (stats.executions, stats.seconds) == (5, 5.0)


def test_loop_interrupted_says_what_it_did() -> None:
    """A user who has seen enough gets the report."""

    class Impatient(Listener):
        def check(self, value: FuzzInput) -> Outcome:
            if len(self.inputs) == 20:
                raise KeyboardInterrupt
            return super().check(value)

    _, stats, _ = loop(Impatient(), Budget(seconds=60))

    assert stats.executions == 21


def test_loop_tells_its_progress() -> None:
    """A few times a second, and at the end."""
    told: list[tuple[int, float]] = []
    rng = Random(1)  # noqa: S311

    stats = run_loop(
        Listener(),
        Mutator(ClientGrammar((0,)), rng),
        rng,
        BucketTable("listener"),
        budget=Budget(seconds=0.6),
        on_progress=lambda stats: told.append((stats.executions, stats.seconds)),
    )

    assert len(told) >= 2
    assert told[-1] == (stats.executions, stats.seconds)
    assert told == sorted(told)


def test_loop_other_exceptions_are_not_swallowed() -> None:
    """A mistake in the fuzzer itself is no finding."""

    class Broken(Listener):
        def check(self, value: FuzzInput) -> Outcome:
            raise ZeroDivisionError(value)

    with pytest.raises(ZeroDivisionError):
        loop(Broken(), Budget(executions=5))


def test_loop_runs_what_comes_from_elsewhere_and_tells_what_it_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers share a corpus that way."""
    now = [0.0]

    class Slow(Listener):
        def check(self, value: FuzzInput) -> Outcome:
            now[0] += 0.1
            return super().check(value)

    monkeypatch.setattr("hgframing_fuzz._loop.time.perf_counter", lambda: now[0])
    rare = an_input("4242 1 1 13 0 unmistakable")
    listener, kept, rng = Slow(), list[FuzzInput](), Random(1)  # noqa: S311
    run_loop(
        listener,
        Mutator(ClientGrammar((0,)), rng),
        rng,
        BucketTable("listener"),
        budget=Budget(executions=20),
        on_kept=kept.append,
        inbox=lambda: [encode_input(rare)],
    )

    assert rare in listener.inputs
    assert rare in kept
