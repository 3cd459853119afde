"""What the tests of targets share: running some inputs, and one."""

from __future__ import annotations

from random import Random

from hgframing_fuzz import BucketTable, Finding, Options, encode_input
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import with_body
from hgframing_fuzz._loop import Budget, LoopStats, run_loop
from hgframing_fuzz._outcome import run
from hgframing_fuzz._spec import TargetSpec


def fuzz(
    spec: TargetSpec, executions: int, guards: Guards, locator: str = "reference", *, seeded: bool = True
) -> tuple[BucketTable, LoopStats]:
    """Run the loop, the same each time, from the target's seeds or from nothing."""
    bound = spec.bind(locator, guards)
    rng, table = Random(7), BucketTable(spec.name)  # noqa: S311 -- repeatable on purpose
    budget = Budget(executions=executions)
    seeds = spec.seeds() if seeded else ()
    stats = run_loop(bound.target, bound.mutator(rng), rng, table, budget=budget, seeds=seeds)
    return table, stats


def found(table: BucketTable) -> list[tuple[str, str, str]]:
    """What a run found, readable in a failing test."""
    return [(bucket.key.id, bucket.message, bucket.shortest.hex()[:400]) for bucket in table]


def finding(
    spec: TargetSpec, body: bytes, guards: Guards, options: Options | None = None, locator: str = "reference"
) -> Finding | None:
    """What one input of octets gives."""
    target = spec.bind(locator, guards).target
    return run(target, encode_input(with_body(options or Options(), body))).finding
