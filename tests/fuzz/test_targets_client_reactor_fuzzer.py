"""Tests of the target `client-reactor`: nothing is found in the reference, and what is planted is."""

from __future__ import annotations

import subprocess
import sys

from collections.abc import Hashable
from pathlib import Path
from random import Random

import pytest

from hgframing import ClientAction, ClientReactor, Error, Fault, Frame, ResponseData
from hgframing_conformance.errors import ConnectError
from hgframing_fuzz import BucketTable, encode_input
from hgframing_fuzz._client_session import ReferenceClient
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._loop import Budget, run_loop
from hgframing_fuzz._reactor_target import ReactorTarget
from hgframing_fuzz._spec import BoundTarget
from hgframing_fuzz._subjects import ClientSubject
from hgframing_fuzz.targets import TARGETS, client_reactor_fuzzer
from tests.fuzz.miniatures import an_input


SPEC = TARGETS["client-reactor"]


def fuzz(reactor: type[ClientReactor], executions: int, guards: Guards) -> BucketTable:
    """Run the loop against the reference, or what was made of it."""
    subject = ClientSubject(ReferenceClient(reactor))
    target = ReactorTarget(SPEC.name, subject, guards, client_reactor_fuzzer.judge)
    bound = BoundTarget(spec=SPEC, subject=subject, target=target)
    rng, table = Random(7), BucketTable(SPEC.name)  # noqa: S311
    run_loop(bound.target, bound.mutator(rng), rng, table, budget=Budget(executions=executions))
    return table


def test_loop_finds_nothing_in_the_reference(guards: Guards) -> None:
    """The same inputs each time, in all revisions."""
    table = fuzz(ClientReactor, 6000, guards)

    assert [(bucket.key.id, bucket.message, bucket.shortest.hex()) for bucket in table] == []


class Raises(ClientReactor):
    """Looks at an octet of an error that may not be there."""

    def receive(self, item: Frame | Fault) -> tuple[ClientAction, ...]:
        """Take a frame."""
        actions = super().receive(item)
        if isinstance(item, Frame) and item.type_id == 5:
            _ = item.payload[0]
        return actions


class Delivers(ClientReactor):
    """Delivers a response that is the last and is not."""

    def receive(self, item: Frame | Fault) -> tuple[ClientAction, ...]:
        """Take a frame."""
        actions = super().receive(item)
        if isinstance(item, Frame) and (item.type_id, item.flags) == (3, 3):
            return (ResponseData(item.request_id, item.payload, True),)
        return actions


class Expands(ClientReactor):
    """Makes room for what a peer declares."""

    def receive(self, item: Frame | Fault) -> tuple[ClientAction, ...]:
        """Take a frame."""
        actions = super().receive(item)
        if isinstance(item, Frame) and any(isinstance(one, Error) for one in actions) and item.flags == 9:
            _ = b"x" * (100 << 20)
        return actions


@pytest.mark.parametrize(
    ("reactor", "kind"),
    [(Raises, "IndexError"), (Delivers, "response-flags"), (Expands, "memory-bound")],
)
def test_loop_finds_what_is_planted(reactor: type[ClientReactor], kind: str, guards: Guards) -> None:
    """An exception, a broken invariant, a bomb."""
    assert kind in {bucket.key.kind for bucket in fuzz(reactor, 4000, guards)}


def test_bind_server_alone_is_refused(guards: Guards) -> None:
    """An implementation that gives no client cannot be driven as one."""
    with pytest.raises(ConnectError, match="open_client"):
        SPEC.bind("direct:tests.fuzz.test_subjects:a_maker", guards)


def test_bind_harness_is_driven_by_messages(guards: Guards) -> None:
    """The reference behind the harness protocol behaves as it does without."""
    bound = SPEC.bind("direct:hgframing_conformance:reference", guards)
    rng = Random(8)  # noqa: S311
    mutator = bound.mutator(rng)
    states: set[Hashable] = set()
    for _ in range(60):
        outcome = bound.target.check(mutator.fresh())
        assert outcome.finding is None
        states.update(outcome.features)

    assert len(states) > 20
    bound.subject.close()


def test_script_replays_files(tmp_path: Path) -> None:
    """As every target, it is a program."""
    file = tmp_path / "input"
    file.write_bytes(encode_input(an_input("1 2 stream-begin command-response eos x")))
    program = str(client_reactor_fuzzer.__file__)

    done = subprocess.run(
        [sys.executable, program, "-runs=1", str(file)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
