"""Nothing is kept from one input to the next: memory stays flat, behind Python's back included."""

from __future__ import annotations

import gc

from random import Random

import pytest

from hgframing_fuzz import BucketTable
from hgframing_fuzz._guards import Guards, resident
from hgframing_fuzz._loop import Budget, run_loop
from hgframing_fuzz.targets import TARGETS


#: What a corpus, the allocator and lazily built tables take; a block of zstd that is lost takes it within 150 bombs.
_ALLOWED = 20 * 1024 * 1024


@pytest.mark.skipif(not resident(), reason="the system does not say how much memory a process has")
@pytest.mark.parametrize("name", ["server-reactor", "client-reactor", "reactor-pair", "stream-encodings"])
def test_target_on_the_reference_does_not_grow(name: str, guards: Guards) -> None:
    """As an hour would show in workers that are replaced because of memory."""
    bound, rng = TARGETS[name].bind("reference", guards), Random(5)  # noqa: S311 -- repeatable on purpose

    def grow(executions: int) -> int:
        run_loop(
            bound.target, bound.mutator(rng), rng, BucketTable(name), budget=Budget(executions=executions)
        )
        gc.collect()
        return resident()

    before = grow(1000)

    assert grow(4000) - before < _ALLOWED
