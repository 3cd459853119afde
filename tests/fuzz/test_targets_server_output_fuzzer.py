"""Tests of the target `server-output`: what a server sends is what its caller said, to a client."""

from __future__ import annotations

import pytest

from hgframing import ServerReactor
from hgframing_fuzz import _pair as pair_module
from hgframing_fuzz._guards import Guards
from hgframing_fuzz.targets import TARGETS
from tests.fuzz.faulty_servers import Changes, Counts, Cuts, Loses, Mistakes, Repeats, Undefined
from tests.fuzz.own_targets import found, fuzz


SPEC = TARGETS["server-output"]


def test_loop_finds_nothing_in_the_reference(guards: Guards) -> None:
    """The same conversations each time, in all revisions."""
    table, stats = fuzz(SPEC, 400, guards)

    assert found(table) == []
    assert stats.features > 100


@pytest.mark.parametrize(
    ("reactor", "kind", "where"),
    [
        (Loses, "agreement", "beside"),
        (Repeats, "honest", "client"),
        (Cuts, "agreement", "response"),
        (Undefined, "legal-output", "frames"),
        (Counts, "accounts", "server"),
        (Mistakes, "agreement", "response"),
        (Changes, "refusal-changes-nothing", "wish"),
    ],
)
def test_server_with_a_fault_is_found(
    reactor: type[ServerReactor], kind: str, where: str, guards: Guards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each oracle finds the fault that it is for."""
    monkeypatch.setattr(pair_module, "ServerReactor", reactor)

    table, _ = fuzz(SPEC, 400, guards)

    assert (kind, where) in {(bucket.key.kind, bucket.key.where) for bucket in table}
