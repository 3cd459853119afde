"""Tests of the target `reactor-pair`: both ends agree on what was said."""

from __future__ import annotations

import pytest

from hgframing import ServerReactor
from hgframing_fuzz import _pair as pair_module
from hgframing_fuzz._guards import Guards
from hgframing_fuzz.targets import TARGETS
from tests.fuzz.faulty_servers import Changes, Counts, Cuts, Loses, Mistakes, Repeats, Undefined
from tests.fuzz.own_targets import found, fuzz


SPEC = TARGETS["reactor-pair"]


def test_loop_finds_nothing_in_the_reference(guards: Guards) -> None:
    """The same conversations each time, in all revisions."""
    table, stats = fuzz(SPEC, 500, guards)

    assert found(table) == []
    assert stats.features > 150


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

    table, _ = fuzz(SPEC, 500, guards)

    assert (kind, where) in {(bucket.key.kind, bucket.key.where) for bucket in table}
