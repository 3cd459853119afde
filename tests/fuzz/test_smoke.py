"""The loop against the reference: nothing is found, and what is planted is.

The first half would pass if the fuzzer saw nothing; the second shows that it sees.
"""

from __future__ import annotations

from random import Random

import pytest

from hgframing import Error, Fault, Frame, RunCommand, ServerAction, ServerReactor, WantFrame
from hgframing_fuzz import BucketTable
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._loop import Budget, LoopStats, run_loop
from hgframing_fuzz._reactor_target import ReactorTarget
from hgframing_fuzz._reference import ReferenceServer
from hgframing_fuzz._spec import BoundTarget
from hgframing_fuzz._subjects import SessionSubject
from hgframing_fuzz.targets import TARGETS


def fuzz(
    reactor: type[ServerReactor], budget: Budget, guards: Guards, seed: int = 20
) -> tuple[BucketTable, LoopStats]:
    """Run the loop against the reference, or what was made of it."""
    spec = TARGETS["server-reactor"]
    subject = SessionSubject(ReferenceServer(reactor))
    bound = BoundTarget(spec=spec, subject=subject, target=ReactorTarget(spec.name, subject, guards))
    rng, table = Random(seed), BucketTable(spec.name)  # noqa: S311
    return table, run_loop(bound.target, bound.mutator(rng), rng, table, budget=budget)


def test_loop_finds_nothing_in_the_reference(guards: Guards) -> None:
    """Up to 30,000 inputs in up to 8 seconds, the same ones each time, in all revisions."""
    table, stats = fuzz(ServerReactor, Budget(seconds=8, executions=30_000), guards)

    assert [(bucket.key.id, bucket.message, bucket.shortest.hex()) for bucket in table] == []
    assert stats.executions > 2000
    assert stats.features > 800


class RaisesForAnEmptyRequest(ServerReactor):
    """Looks at an octet that may not be there."""

    def receive(self, item: Frame | Fault) -> tuple[ServerAction, ...]:
        """Take a frame."""
        actions = super().receive(item)
        if (
            isinstance(item, Frame)
            and any(isinstance(action, Error) for action in actions)
            and item.type_id == 1
        ):
            _ = item.payload[0]
        return actions


class ForgetsItsError(ServerReactor):
    """Wants more after a fault, when a frame of command data comes."""

    def receive(self, item: Frame | Fault) -> tuple[ServerAction, ...]:
        """Take a frame."""
        actions = super().receive(item)
        known = any(isinstance(one, Error) and one.fault.code == "already-errored" for one in actions)
        return (WantFrame(),) if known and isinstance(item, Frame) and item.type_id == 2 else actions


class RunsAnother(ServerReactor):
    """Runs the last command again when data come for another request."""

    last: RunCommand | None = None

    def receive(self, item: Frame | Fault) -> tuple[ServerAction, ...]:
        """Take a frame."""
        actions = super().receive(item)
        runs = [one for one in actions if isinstance(one, RunCommand)]
        fine = not any(isinstance(one, Error) for one in actions)
        if not runs and fine and self.last is not None and isinstance(item, Frame) and item.type_id == 2:
            return (*actions, self.last)
        self.last = runs[0] if runs else self.last
        return actions


class KeepsWhatItGot(ServerReactor):
    """Makes room for a length that the peer declares."""

    def receive(self, item: Frame | Fault) -> tuple[ServerAction, ...]:
        """Take a frame."""
        if isinstance(item, Frame) and item.payload[:2] == b"\x5f\x1a":
            _ = b"x" * min(int.from_bytes(item.payload[2:6], "big"), 1 << 27)
        return super().receive(item)


class CountsItsCalls(ServerReactor):
    """Says how many frames it has seen, in the message of a fault, modulo what the buffer held."""

    count = 0

    def receive(self, item: Frame | Fault) -> tuple[ServerAction, ...]:
        """Take a frame."""
        CountsItsCalls.count += 1
        actions = super().receive(item)
        return tuple(
            Error(Fault(one.fault.code, f"{one.fault.message} {self.count}", one.fault.request_id))
            if isinstance(one, Error)
            else one
            for one in actions
        )


@pytest.mark.parametrize(
    ("broken", "kind", "others"),
    [
        (RaisesForAnEmptyRequest, "IndexError", set()),
        (ForgetsItsError, "fault-is-terminal", set()),
        (RunsAnother, "own-request", {"one-run", "refused"}),
        (KeepsWhatItGot, "memory-bound", set()),
        (CountsItsCalls, "deterministic", set()),
    ],
)
def test_loop_finds_a_planted_fault(
    broken: type[ServerReactor], kind: str, others: set[str], guards: Guards
) -> None:
    """One broken line in the reference is found within 3,000 inputs, by the oracles that it breaks and no other."""
    table, _ = fuzz(broken, Budget(seconds=10, executions=3000), guards)

    found = {bucket.key.kind for bucket in table}
    assert kind in found
    assert found <= {kind, *others}
