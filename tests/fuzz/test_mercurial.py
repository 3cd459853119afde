"""Mercurial's client as the acceptance test of the fuzzer: what is known to be wrong with it is found.

The list is that of the faults found by hand and by a bare harness in Mercurial 6.0.3; other releases have other
lines, so only the types and functions are compared.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from hgframing_fuzz import BucketTable
from hgframing_fuzz._encoded import zstd_bomb
from hgframing_fuzz._grammar import with_numbers
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._loop import Budget, run_loop
from hgframing_fuzz._spec import BoundTarget
from hgframing_fuzz.targets import TARGETS
from tests.fuzz.miniatures import an_input


pytest.importorskip("mercurial.wireprotoframing")

#: Mercurial reads its own files in a way that newer Pythons advise against.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SUBJECT = Path(__file__).resolve().parents[2] / "implementations" / "mercurial"


@pytest.fixture
def bound(guards: Guards, monkeypatch: pytest.MonkeyPatch) -> BoundTarget:
    """Mercurial's client in this process."""
    monkeypatch.syspath_prepend(str(SUBJECT))
    return TARGETS["client-reactor"].bind("direct:fuzz_subject:client", guards)


def test_client_known_faults_are_found(bound: BoundTarget) -> None:
    """Ten thousand inputs are enough for all but the bomb."""
    rng, table = Random(1), BucketTable("client-reactor")  # noqa: S311

    run_loop(bound.target, bound.mutator(rng), rng, table, budget=Budget(executions=10_000))

    assert {
        ("ProgrammingError", "onframerecv"),
        ("CBORDecodeError", "_onerrorresponseframe"),
        ("IndexError", "_onerrorresponseframe"),
        ("TypeError", "_onerrorresponseframe"),
        ("KeyError", "_onerrorresponseframe"),
        ("error", "decode"),
        ("ZstdError", "decode"),
        ("ValueError", "_onerrorresponseframe"),
        ("response-flags", "response-data"),
        # The size of a frame above 64 KiB is mistaken.
        ("own-data", "response-data"),
    } <= {(bucket.key.kind, bucket.key.where) for bucket in table}


def test_client_decompression_bomb_is_found(bound: BoundTarget) -> None:
    """A few kilooctets that become 64 MiB."""
    header = b"\x28\xb5\x2f\xfd\x00\x68"
    value = an_input(
        "1 2 stream-begin stream-settings eos cbor:b'zstd-8mb'",
        "1 2 encoded command-response eos x",
    )
    frames = (value.frames[0], with_numbers(value.frames[1], payload=header + zstd_bomb(64)))

    finding = bound.target.check(type(value)(value.options, frames)).finding

    assert finding is not None
    assert (finding.kind, finding.where) == ("memory-bound", "decode")
