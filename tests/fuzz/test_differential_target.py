"""The reference against implementations with one planted difference each."""

from __future__ import annotations

import datetime as dt
import sys

from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from hgframing import Revision, ServerReactor
from hgframing_conformance._reference import ReferenceHarness
from hgframing_fuzz import Answer, BucketTable, Observed, Options, encode_input
from hgframing_fuzz._differential_target import (
    DIFFERENCES_VARIABLE,
    DifferentialMutator,
    DifferentialTarget,
    expected_differences,
)
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import DriverBit
from hgframing_fuzz._loop import Budget, run_loop
from hgframing_fuzz._outcome import Finding, run
from hgframing_fuzz._pairs import attach_pairs
from hgframing_fuzz._reference import ReferenceServer, ReferenceSession
from tests.fuzz.miniatures import an_input


TODAY = dt.date(2026, 11, 28)
REQUEST = "1 1 stream-begin command-request new cbor:{b'name': b'c'}"
CLIENT = int(DriverBit.LAYER) & 0x20


@pytest.fixture
def target_of(guards: Guards, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make the target for what a factory makes."""

    def target_of(factory: Any) -> DifferentialTarget:
        monkeypatch.setitem(sys.modules, "differential_subject", SimpleNamespace(factory=factory))
        pairs = attach_pairs("direct:differential_subject:factory")
        return DifferentialTarget(pairs, guards, expected_differences(pairs, TODAY))

    return target_of


class Altered(ReferenceSession):
    """The reference, with what a test changes."""

    def receive(self, octets: bytes) -> tuple[Observed, ...]:
        """Refuse what is empty by raising."""
        if octets[8:] == b"":
            raise KeyError("payload")
        return super().receive(octets)


class RaisesAtAnswers(ReferenceSession):
    """The reference, which cannot answer."""

    def answer(self, answer: Answer) -> tuple[Observed, ...]:
        """Raise."""
        raise TypeError(f"no answer to {answer.request}")


def maker(session: type[ReferenceSession]) -> Any:
    """What gives such sessions."""

    class Maker(ReferenceServer):
        def open_server(self, revision: Revision, *, defer_output: bool) -> ReferenceSession:
            return session(revision, defer_output=defer_output, reactor=ServerReactor)

    return Maker


def finding_of(target: DifferentialTarget, *frames: str, **options: int) -> Finding | None:
    """Run an input of frames in notation."""
    return run(target, encode_input(an_input(*frames, options=Options(**options)))).finding


def test_check_finds_nothing_between_the_reference_and_itself(target_of: Any) -> None:
    """A thousand inputs through sessions: another session is the same in everything."""
    target, rng, table = target_of(ReferenceServer), Random(1), BucketTable("differential")  # noqa: S311

    run_loop(target, DifferentialMutator((0, 1, 2), rng), rng, table, budget=Budget(executions=1000))

    # The low limits of the fuzzed reference are the only thing that it can differ in.
    assert {bucket.key.line.partition(" ")[0] for bucket in table} <= {"", "limit-exceeded"}


def test_check_finds_nothing_between_the_reference_and_itself_through_messages(target_of: Any) -> None:
    """All layers, all revisions."""
    target, rng, table = target_of(ReferenceHarness), Random(2), BucketTable("differential")  # noqa: S311
    codes = tuple(range(6))

    run_loop(target, DifferentialMutator(codes, rng), rng, table, budget=Budget(executions=600))

    assert [bucket.message for bucket in table] == []


def test_check_names_the_difference(target_of: Any) -> None:
    """Root: what both did, at which frame, in which state. Line: the words."""
    target = target_of(maker(Altered))

    assert finding_of(target, REQUEST) is None
    finding = finding_of(target, REQUEST, "3 1 0 command-request new ")

    assert finding is not None
    assert (finding.kind, finding.where) == ("error-against-raised", "server-command-request-open")
    assert finding.line == "bad-cbor KeyError payload"
    assert "causes looked for in the octets: D32" in finding.explain()


def test_check_tells_an_answer_that_raises_from_a_frame_that_does(target_of: Any) -> None:
    """The command was run before the answer raised."""
    target = target_of(maker(RaisesAtAnswers))

    assert finding_of(target, REQUEST, answers=0) is None
    finding = finding_of(target, REQUEST, answers=1)

    assert finding is not None
    assert (finding.kind, finding.where) == ("send-frames-against-raised", "server-answer")


def test_check_of_a_layer_that_is_not_there_does_nothing(target_of: Any) -> None:
    """An input for a client says nothing of a server."""
    target = target_of(maker(RaisesAtAnswers))

    outcome = run(target, encode_input(an_input(REQUEST, options=Options(driver=CLIENT, answers=1))))

    assert (outcome.finding, outcome.features) == (None, ())


def write(file: Path, match: str, expires: str = "2026-11-28") -> Path:
    """A file with one entry."""
    file.write_text(
        f"format: 1\nimplementation: it\ndifferences:\n  - matches: {match}\n    deviation: D32\n"
        f'    who: somebody\n    reason: a KeyError\n    expires: "{expires}"\n',
        encoding="utf-8",
    )
    return file


def test_check_accepts_what_is_signed(
    target_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry that holds makes it a feature, one whose day has passed a finding that says so."""
    frames = (REQUEST, "3 1 0 command-request new ")
    file = write(tmp_path / "known.yaml", "{cause: D32}")
    monkeypatch.setenv(DIFFERENCES_VARIABLE, str(file))
    outcome = run(target_of(maker(Altered)), encode_input(an_input(*frames)))
    assert outcome.finding is None
    assert outcome.features[-1] == ("expected", "D32")

    write(file, "{cause: D32}", "2026-11-27")
    late = finding_of(target_of(maker(Altered)), *frames)
    assert late is not None
    assert "(expected until 2026-11-27: D32)" in late.message


def test_check_reads_what_the_implementation_names(target_of: Any, tmp_path: Path) -> None:
    """An implementation may bring its own list."""
    file = write(tmp_path / "own.yaml", "{frame: command-request, ours: error, theirs: raised}")

    class Maker(maker(Altered)):  # type: ignore[misc]
        known_differences = file

    assert finding_of(target_of(Maker), "3 1 stream-begin command-request new ") is None


def test_mutator_makes_inputs_for_every_layer_and_keeps_them_there() -> None:
    """A mutation of a client's input is one of a client's."""
    rng = Random(3)  # noqa: S311
    mutator = DifferentialMutator((0,), rng)
    values = [mutator.fresh() for _ in range(200)]

    assert {value.options.layer_code for value in values} == {0, 1, 2}
    for value in values:
        assert mutator.mutate(value).options.layer_code == value.options.layer_code
        assert mutator.cross(value, values[0]).options.layer_code == value.options.layer_code
