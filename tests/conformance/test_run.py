"""The engine, from items to outcomes, against real harness processes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import pytest

from hgframing_conformance._adapters import Adapter, AdapterOptions, Answered, NotRun, Observation
from hgframing_conformance._cases import Chunking, Level
from hgframing_conformance._harness import HarnessAdapter
from hgframing_conformance._messages import Hello
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._run import Engine, RunOptions
from hgframing_conformance._select import Item, items

from .test_select import hello
from .zoo.cases import animal, case, frame_step, three_cases


K = OutcomeKind


def outcomes(kind: str, chosen: list[Item] | None = None, **options: float) -> list[Outcome]:
    """Run items against an animal."""
    adapter = HarnessAdapter(animal(kind), AdapterOptions(**options))  # type: ignore[arg-type]
    try:
        return list(Engine(adapter, RunOptions()).run(three_cases() if chosen is None else chosen))
    finally:
        adapter.close()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("honest", [K.PASSED, K.PASSED, K.PASSED]),
        ("wrong", [K.PASSED, K.FAILED, K.PASSED]),
        ("raises", [K.PASSED, K.RAISED, K.PASSED]),
        ("crash", [K.PASSED, K.CRASHED, K.PASSED]),
        ("garbage", [K.PASSED, K.BAD_REPLY, K.PASSED]),
        ("mistyped", [K.PASSED, K.BAD_REPLY, K.PASSED]),
        ("unlisted", [K.PASSED, K.BAD_REPLY, K.PASSED]),
        ("boaster", [K.FAILED, K.FAILED, K.FAILED]),
        ("floods", [K.PASSED, K.PASSED, K.PASSED]),
    ],
)
def test_engine_every_animal_gets_its_outcome(kind: str, expected: list[OutcomeKind]) -> None:
    """What an implementation does decides the outcome of the case in which it does it, and of no other."""
    found = outcomes(kind)
    assert [outcome.kind for outcome in found] == expected
    assert [outcome.item.case.id for outcome in found] == ["zoo-first", "zoo-second", "zoo-third"]


def test_engine_hang_times_out() -> None:
    """A hang is a time-out of its case."""
    assert [outcome.kind for outcome in outcomes("hang", timeout=0.4)] == [K.PASSED, K.TIMED_OUT, K.PASSED]


def test_engine_unreadable_action_names_the_field() -> None:
    """A bad reply says which field of which action is wrong."""
    reason = outcomes("mistyped")[1].reason
    assert "steps.1.0.frame.request" in reason
    assert '"request":"1"' in reason


def test_engine_chunk_variant_says_so() -> None:
    """A case that is right in one chunking and not in another is a variant, and names the other."""
    chosen = list(items(case("zoo-cut", frame_step("one"), chunkings=(Chunking.FRAME, Chunking.BYTE))))
    first, second = outcomes("chunk-shy", chosen)
    assert first.kind is K.PASSED
    assert second.kind is K.CHUNK_VARIANT
    assert "step 1 than with chunking frame" in second.reason


def test_engine_variance_is_seen_where_nothing_is_expected() -> None:
    """Two chunkings that do different things differ, also where the case allows either."""
    free = msgspec.structs.replace(
        frame_step("one"),
        expectation=msgspec.structs.replace(frame_step("one").expectation, alternatives=None),
    )
    open_case = case("zoo-open", free, chunkings=(Chunking.FRAME, Chunking.BYTE), level=Level.UNSPECIFIED)
    first, second = outcomes("chunk-shy", list(items(open_case)))
    assert (first.kind, second.kind) == (K.PASSED, K.CHUNK_VARIANT)
    assert not second.gating


def test_engine_whole_frames_only_makes_cut_items_unsupported() -> None:
    """Who declares `chunking: false` is sent whole frames alone."""
    chosen = list(items(case("zoo-cut", frame_step("one"), chunkings=(Chunking.FRAME, Chunking.BYTE))))
    first, second = outcomes("rigid", chosen)
    assert first.kind is K.PASSED
    assert (second.kind, second.reason) == (K.UNSUPPORTED, "chunking byte")


class Listless:
    """An adapter that counts what is asked of it and answers nothing significant."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    @property
    def hello(self) -> Hello:
        """Declare the codec of 0006."""
        return hello()

    def run(self, messages: Iterable[dict[str, Any]]) -> Iterator[Observation]:
        """Answer one message after the other."""
        for message in messages:
            self.asked.append(message)
            yield Answered(steps=[[] for _ in message["steps"]])

    def close(self) -> tuple[str, ...]:
        """Do nothing."""
        return ()


def test_engine_keeps_the_order_where_unsupported_items_lie_between() -> None:
    """What is not sent keeps its place among what is."""
    cases = [
        case("a", frame_step("x"), revision="0005"),
        case("b", frame_step("x")),
        case("c", frame_step("x"), revision="0005"),
        case("d", frame_step("x"), revision="0005"),
        case("e", frame_step("x")),
        case("f", frame_step("x"), revision="0005"),
    ]
    adapter: Adapter = Listless()
    found = list(Engine(adapter, RunOptions()).run([item for one in cases for item in items(one)]))
    assert [outcome.item.case.id for outcome in found] == list("abcdef")
    assert [outcome.kind is K.UNSUPPORTED for outcome in found] == [True, False, True, True, False, True]


def test_engine_streams_outcomes_as_they_come() -> None:
    """The first outcome arrives before the last case is sent."""
    adapter = Listless()
    chosen = [item for number in range(5) for item in items(case(f"c-{number}", frame_step("x")))]
    stream = Engine(adapter, RunOptions()).run(chosen)
    next(stream)
    assert len(adapter.asked) == 1


def test_engine_item_that_runs_again_is_no_variant_of_itself() -> None:
    """Chunkings are compared with each other; who repeats an item sees what it does this time."""

    class Moody(Listless):
        def run(self, messages: Iterable[dict[str, Any]]) -> Iterator[Observation]:
            for message in messages:
                self.asked.append(message)
                yield Answered(steps=[[{"error": {}}] * (len(self.asked) % 2)])

    item = items(case("a", frame_step("x")))[0]
    engine = Engine(Moody(), RunOptions())
    kinds = [outcome.kind for _ in range(2) for outcome in engine.run([item])]
    assert kinds == [K.FAILED, K.FAILED]


def test_engine_not_run_is_not_judged() -> None:
    """What the adapter did not send is not run, for the adapter's reason."""

    class Spent(Listless):
        def run(self, messages: Iterable[dict[str, Any]]) -> Iterator[Observation]:
            for _ in messages:
                yield NotRun(reason="spent")

    (outcome,) = Engine(Spent(), RunOptions()).run(items(case("a", frame_step("x"))))
    assert (outcome.kind, outcome.reason, outcome.gating) == (K.NOT_RUN, "spent", False)
