"""One whole check, from locator to summary, with and without an expectation file."""

from __future__ import annotations

import time

from pathlib import Path

import pytest

from hgframing_conformance._adapters import AdapterOptions
from hgframing_conformance._cases import Case
from hgframing_conformance._check import Check, check
from hgframing_conformance._expectations import ExpectationError, Status
from hgframing_conformance._outcomes import OutcomeKind
from hgframing_conformance._select import Selection
from hgframing_conformance._summary import Exit, Judged, Summary
from hgframing_conformance.errors import HelloError

from .zoo.cases import animal, case, frame_step


CASES: tuple[Case, ...] = (
    case("zoo-first", frame_step("one")),
    case("zoo-second", frame_step("two"), frame_step("bite")),
    case("zoo-third", frame_step("three")),
)
KNOWN = """\
format: 1
implementation: animal
entries:
  - cases: [zoo-second]
    matches: 1
    outcome: {outcome}
    reason: it bites
"""


def order(kind: str, **fields: object) -> Check:
    """Order a check of an animal."""
    return Check(locator=f"exec:{animal(kind)}", cases=CASES, selection=Selection(), **fields)  # type: ignore[arg-type]


def known(tmp_path: Path, outcome: str) -> Path:
    """Write an expectation file."""
    path = tmp_path / "known.yaml"
    path.write_text(KNOWN.format(outcome=outcome))
    return path


def test_check_honest_is_as_expected() -> None:
    """An implementation that does what is demanded exits with 0."""
    summary = check(order("honest"))
    assert summary.exit is Exit.AS_EXPECTED
    assert summary.of_kind(OutcomeKind.PASSED) == 3
    assert summary.notes == ()


def test_check_wrong_is_not_as_expected() -> None:
    """One failure that gates exits with 1."""
    assert check(order("wrong")).exit is Exit.NOT_AS_EXPECTED


def test_check_budget_spent_is_incomplete() -> None:
    """A run whose harness dies too often exits with 3 and says why."""
    summary = check(order("mortal", adapter=AdapterOptions(max_restarts=0)))
    assert summary.exit is Exit.INCOMPLETE
    assert "too often" in summary.stopped


def test_check_nothing_selected() -> None:
    """An empty selection exits with 4."""
    empty = Check(locator=f"exec:{animal('honest')}", cases=(), selection=Selection())
    assert check(empty).exit is Exit.NOTHING_SELECTED


def test_check_broken_harness_raises_a_setup_error() -> None:
    """What cannot even say hello is the caller's to report."""
    with pytest.raises(HelloError):
        check(order("quits"))


@pytest.mark.parametrize(
    ("kind", "outcome", "expected"),
    [
        ("wrong", "failed", Exit.AS_EXPECTED),
        ("crash", "crashed", Exit.AS_EXPECTED),
        ("garbage", "bad-reply", Exit.AS_EXPECTED),
        ("raises", "raised", Exit.AS_EXPECTED),
        ("wrong", "crashed", Exit.NOT_AS_EXPECTED),
        ("honest", "failed", Exit.NOT_AS_EXPECTED),
    ],
)
def test_check_expectations_are_strict(tmp_path: Path, kind: str, outcome: str, expected: Exit) -> None:
    """A known failure is as expected; another kind and an unexpected pass are not."""
    assert check(order(kind, expectations=known(tmp_path, outcome))).exit is expected


def test_check_selection_makes_no_entry_stale(tmp_path: Path) -> None:
    """Entries are judged by all cases, so a filter changes no verdict about the file."""
    some = Check(
        locator=f"exec:{animal('wrong')}",
        cases=CASES,
        selection=Selection(patterns=("zoo-first",)),
        expectations=known(tmp_path, "failed"),
    )
    assert check(some).exit is Exit.AS_EXPECTED


def test_check_unreadable_expectations_stop_before_the_harness(tmp_path: Path) -> None:
    """A file that cannot be read is told before anything is started."""
    path = tmp_path / "broken.yaml"
    path.write_text("format: 7\n")
    with pytest.raises(ExpectationError):
        check(order("quits", expectations=path))


def test_check_written_expectations_fit_the_next_run(tmp_path: Path) -> None:
    """A file that a run wrote makes this run and the next one as expected."""
    path = tmp_path / "new.yaml"
    seen: list[Judged] = []
    assert check(order("wrong", write=path), watch=seen.append).exit is Exit.AS_EXPECTED
    assert [judged.status for judged in seen] == [Status.FINE, Status.KNOWN, Status.FINE]
    assert check(order("wrong", expectations=path)).exit is Exit.AS_EXPECTED
    assert check(order("honest", expectations=path)).exit is Exit.NOT_AS_EXPECTED
    check(order("honest", write=path))
    assert check(order("honest", expectations=path)).exit is Exit.AS_EXPECTED


def test_check_expectations_that_cannot_be_written_are_an_error(tmp_path: Path) -> None:
    """A directory that does not exist is named."""
    with pytest.raises(ExpectationError, match="cannot be written"):
        check(order("honest", write=tmp_path / "none" / "new.yaml"))


def test_check_interrupt_leaves_a_summary_that_is_incomplete() -> None:
    """What was found before an interrupt is kept, and called what it is."""

    def interrupt(_judged: Judged) -> None:
        raise KeyboardInterrupt

    summary: Summary = check(order("honest"), watch=interrupt)
    assert summary.total == 1
    assert summary.exit is Exit.INCOMPLETE


def test_check_jobs_find_the_same() -> None:
    """Several processes find what one finds."""
    one, three = check(order("crash")), check(order("crash", jobs=3))
    assert one.counts == three.counts
    assert one.exit is three.exit


def test_check_begin_knows_how_much_is_to_come() -> None:
    """Whoever shows progress is told the number of items first."""
    told: list[int] = []
    ticks: list[None] = []
    check(order("honest"), begin=lambda _adapter, total: told.append(total), tick=lambda: ticks.append(None))
    assert told == [3]
    assert len(ticks) == 3


def test_check_shuffle_is_the_same_for_the_same_seed() -> None:
    """The order follows from the seed; every case is still there, and the outcome does not depend on it."""

    def names(seed: int | None) -> list[str]:
        seen: list[Judged] = []
        summary = check(order("wrong", shuffle=seed), watch=seen.append)
        assert summary.exit is Exit.NOT_AS_EXPECTED
        return [judged.outcome.item.case.id for judged in seen]

    plain = names(None)
    orders = [names(seed) for seed in range(6)]
    assert names(3) == orders[3]
    assert any(one != plain for one in orders)
    assert all(sorted(one) == sorted(plain) for one in orders)


def test_check_isolate_finds_the_same() -> None:
    """A process for every item changes no outcome."""
    one, each = check(order("crash")), check(order("crash", isolate=True))
    assert one.counts == each.counts
    assert one.exit is each.exit


@pytest.mark.parametrize("bites", [50, 51])
def test_check_fifty_crashing_cases_cost_at_most_fifty_restarts(bites: int, tmp_path: Path) -> None:
    """Fifty deaths are survived, the fifty-first ends the run: what follows is not run, and the run incomplete."""
    script, starts = tmp_path / "counts.sh", tmp_path / "starts"
    script.write_text(f"echo x >> {starts}\nexec {animal('crash')}\n")
    cases = [case(f"zoo-{number}", frame_step("bite")) for number in range(bites)]
    cases.append(case("zoo-last", frame_step("harmless")))
    summary = check(Check(locator=f"exec:sh {script}", cases=cases, selection=Selection()))
    # Half of the restarts name the step where that costs nothing: these cases have one step.
    assert starts.read_text().count("x") == 1 + 50
    assert summary.of_kind(OutcomeKind.CRASHED) == bites
    assert summary.of_kind(OutcomeKind.PASSED) == (1 if bites == 50 else 0)
    assert summary.exit is (Exit.NOT_AS_EXPECTED if bites == 50 else Exit.INCOMPLETE)


def test_check_crashes_in_later_steps_spend_half_of_the_restarts_on_naming_them(tmp_path: Path) -> None:
    """Naming the step costs a second start, so it ends before the restarts do; the limit holds all the same."""
    script, starts = tmp_path / "counts.sh", tmp_path / "starts"
    script.write_text(f"echo x >> {starts}\nexec {animal('crash')}\n")
    cases = [case(f"zoo-{number}", frame_step("one"), frame_step("bite")) for number in range(10)]
    steps: list[int | None] = []
    summary = check(
        Check(
            locator=f"exec:sh {script}",
            cases=cases,
            selection=Selection(),
            adapter=AdapterOptions(max_restarts=8),
        ),
        watch=lambda judged: steps.append(judged.outcome.step),
    )
    assert starts.read_text().count("x") == 1 + 8
    assert steps == [1, 1, None, None, None, None, None, None, None, None]
    assert summary.of_kind(OutcomeKind.CRASHED) == 7
    assert summary.exit is Exit.INCOMPLETE


@pytest.mark.parametrize(
    ("kind", "first", "second", "third"),
    [
        ("honest", "passed", "passed", "passed"),
        ("slow", "passed", "passed", "passed"),
        ("error", "failed", "failed", "failed"),
        ("boaster", "failed", "failed", "failed"),
        ("crash", "passed", "crashed", "passed"),
        ("abort", "passed", "crashed", "passed"),
        ("hang", "passed", "timed-out", "passed"),
        ("garbage", "passed", "bad-reply", "passed"),
        ("huge", "passed", "failed", "passed"),
        ("floods", "passed", "passed", "passed"),
        ("twice", "passed", "bad-reply", "bad-reply"),
        ("out-of-order", "bad-reply", "bad-reply", "bad-reply"),
        ("forks", "passed", "crashed", "passed"),
        ("closed", "passed", "crashed", "passed"),
        ("lost", "passed", "bad-reply", "passed"),
        ("unlisted", "passed", "bad-reply", "passed"),
        ("mistyped", "passed", "bad-reply", "passed"),
        ("hostile", "passed", "raised", "passed"),
    ],
)
def test_check_zoo_has_the_right_outcome_in_bounded_time(
    kind: str, first: str, second: str, third: str
) -> None:
    """Whatever a harness does, it costs the case in which it does it, and little time."""
    outcomes: list[str] = []
    started = time.monotonic()
    check(
        order(kind, adapter=AdapterOptions(timeout=1.5)),
        watch=lambda judged: outcomes.append(judged.outcome.kind.value),
    )
    assert outcomes == [first, second, third]
    assert time.monotonic() - started < 10


def test_check_dies_at_the_third_step_and_names_it() -> None:
    """The step that kills is found by sending the case again, one step more each time."""
    steps = tuple(frame_step(str(number)) for number in range(4))
    seen: list[Judged] = []
    third = Check(
        locator=f"exec:{animal('third-step')}", cases=[case("zoo-long", *steps)], selection=Selection()
    )
    check(third, watch=seen.append)
    assert [(one.outcome.kind.value, one.outcome.step) for one in seen] == [("crashed", 2)]
