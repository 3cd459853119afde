"""State that leaks between cases is noticed."""

from __future__ import annotations

from hgframing_conformance._adapters import AdapterOptions
from hgframing_conformance._check import Check, check
from hgframing_conformance._harness import HarnessAdapter
from hgframing_conformance._run import Engine, RunOptions
from hgframing_conformance._sanity import Sanity
from hgframing_conformance._select import Selection
from hgframing_conformance._summary import Exit

from .zoo.cases import animal, case, frame_step, three_cases


def order(kind: str, *payloads: str, **fields: object) -> Check:
    """Order a check of an animal with one case for each payload."""
    cases = [case(f"zoo-{number}", frame_step(payload)) for number, payload in enumerate(payloads)]
    return Check(locator=f"exec:{animal(kind)}", cases=cases, selection=Selection(), **fields)  # type: ignore[arg-type]


def test_sanity_of_an_honest_harness_finds_nothing() -> None:
    """The same question has the same answer."""
    assert check(order("honest", "a", "b", "c")).leaks == ()


def test_sanity_of_a_failing_harness_finds_nothing() -> None:
    """Being wrong twice in the same way is no leak."""
    assert check(order("wrong", "bite", "b")).leaks == ()


def test_sanity_of_a_leaking_harness_fails_the_run() -> None:
    """A harness that answers right only while nothing was before is found, though every case passed."""
    summary = check(order("forgetful", "a", "b"))
    assert [kind.value for _, kind in summary.counts] == ["passed"]
    (leak,) = summary.leaks
    assert "zoo-0@0006[frame] was passed" in leak
    assert summary.exit is Exit.NOT_AS_EXPECTED


def test_sanity_with_a_process_for_each_item_finds_nothing() -> None:
    """What was left behind is gone with its process."""
    assert check(order("forgetful", "a", "b", isolate=True)).exit is Exit.AS_EXPECTED


def test_sanity_after_the_last_restart_is_silent() -> None:
    """What cannot be asked any more is not accused."""
    adapter = HarnessAdapter(animal("crash"), AdapterOptions(max_restarts=0))
    engine = Engine(adapter, RunOptions())
    sanity = Sanity()
    for outcome in engine.run([*three_cases()[:1], *three_cases()[2:], *three_cases()[1:2]]):
        sanity.see(outcome)
    assert sanity.ask_again(engine) == ()
    adapter.close()
