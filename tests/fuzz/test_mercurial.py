"""Mercurial as the acceptance test of the fuzzer: what is known to be wrong with it is found.

The list is that of the faults found by hand and by a bare harness in Mercurial 6.0.3; other releases have other
lines, so only the types and functions are compared.
"""

from __future__ import annotations

import importlib

from pathlib import Path
from random import Random

import pytest

from hgframing_fuzz import BucketTable, FuzzInput, Options, Outcome
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


def test_server_known_faults_are_found(guards: Guards, monkeypatch: pytest.MonkeyPatch) -> None:
    """From nothing, the exhausted stack and the encodings of the wrong type among them."""
    monkeypatch.syspath_prepend(str(SUBJECT))
    server = TARGETS["server-reactor"].bind("direct:fuzz_subject:server", guards)
    rng, table = Random(1), BucketTable("server-reactor")  # noqa: S311

    run_loop(server.target, server.mutator(rng), rng, table, budget=Budget(executions=10_000))

    assert {
        ("ProgrammingError", "onframerecv"),
        ("CBORDecodeError", "_makeruncommandresult"),
        ("IndexError", "_makeruncommandresult"),
        ("TypeError", "_makeruncommandresult"),
        ("ProgrammingError", "_makeruncommandresult"),
        ("TypeError", "_onframeprotocolsettings"),
        ("ValueError", "_makeruncommandresult"),
        ("RecursionError", "_makeruncommandresult"),
        ("TypeError", "makeoutputstream"),
        ("command-shape", "run-command"),
    } <= {(bucket.key.kind, bucket.key.where) for bucket in table}


def test_codec_known_faults_are_found(guards: Guards, monkeypatch: pytest.MonkeyPatch) -> None:
    """A length above 64 KiB that is mistaken, 16 MiB that are written as 0, a flag that leaks into the type."""
    monkeypatch.syspath_prepend(str(SUBJECT))
    codec = TARGETS["header"].bind("direct:fuzz_subject:codec", guards)
    rng, table = Random(1), BucketTable("header")  # noqa: S311

    run_loop(codec.target, codec.mutator(rng), rng, table, budget=Budget(executions=1000))
    frame = an_input("1 1 0 command-data eos x").frames[0]
    finding = codec.target.check(FuzzInput(Options(answers=6 << 2), (frame,))).finding

    assert {
        ("header-read", "length", "length-3"),
        ("header-overflow", "flags", "written"),
    } <= {(bucket.key.kind, bucket.key.where, bucket.key.line) for bucket in table}
    assert finding is not None
    assert (finding.kind, finding.where) == ("header-overflow", "payload")


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


def test_differential_every_difference_is_signed(guards: Guards, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four thousand inputs for both reactors differ only where the list of this release says so, and often do."""
    monkeypatch.syspath_prepend(str(SUBJECT))
    both = TARGETS["differential"].bind("direct:fuzz_subject:both", guards)
    rng, table = Random(1), BucketTable("differential")  # noqa: S311
    expected: set[object] = set()

    class Noting:
        """Writes down what was expected."""

        name = "differential"

        def check(self, value: FuzzInput) -> Outcome:
            outcome = both.target.check(value)
            expected.update(feature[1] for feature in outcome.features if feature[0] == "expected")
            return outcome

    run_loop(Noting(), both.mutator(rng), rng, table, budget=Budget(executions=4000))

    assert [bucket.message for bucket in table] == []
    assert {"D10", "D24", "D32", "D33", "D75", "D77", "D78"} <= expected


def test_differential_without_its_list_finds_the_differences(
    guards: Guards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list explains them, not the comparison."""
    monkeypatch.syspath_prepend(str(SUBJECT))
    monkeypatch.setattr(importlib.import_module("fuzz_subject").BothSubject, "known_differences", None)
    both = TARGETS["differential"].bind("direct:fuzz_subject:both", guards)
    rng, table = Random(1), BucketTable("differential")  # noqa: S311

    run_loop(both.target, both.mutator(rng), rng, table, budget=Budget(executions=1000))

    assert ("error-against-raised", "server-command-request") in {(b.key.kind, b.key.where) for b in table}
