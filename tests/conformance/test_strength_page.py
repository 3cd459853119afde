"""The page of strength: counts that add up."""

from __future__ import annotations

from hgframing_conformance._equivalents import Equivalent, Equivalents, LeftOpen, OutOfReach, describe
from hgframing_conformance._mutants import find_mutants
from hgframing_conformance._strength_page import Strength, iterate_diffs, write_strength_page
from hgframing_conformance._subject import Place
from hgframing_conformance._trial import Result, Status


MUTANTS = find_mutants("p._m", b"def f():\n    x = a < b\ndef g():\n    x = c > d\ndef h():\n    x = 1\n")


def measured() -> tuple[Strength, Equivalents]:
    """One noticed, one equivalent, one left open, one out of reach, one survivor, one stillborn."""
    first, second, third, fourth, fifth, sixth = MUTANTS
    excused = Equivalents(
        equivalents=(Equivalent(id=second.id, line=describe(second), reason="because *so*"),),
        left_open=(
            LeftOpen(module="p._m", function="g", statement=third.before, reason="nobody says how many"),
        ),
        out_of_reach=(OutOfReach(module="p._m", function="g", statement="x", reason="nobody calls it"),),
    )
    results = {
        first.id: Result(mutant=first.id, status=Status.TIMED_OUT, gates=True),
        second.id: Result(mutant=second.id, status=Status.SURVIVED),
        third.id: Result(mutant=third.id, status=Status.SURVIVED),
        fourth.id: Result(mutant=fourth.id, status=Status.SURVIVED),
        fifth.id: Result(mutant=fifth.id, status=Status.SURVIVED),
        sixth.id: Result(mutant=sixth.id, status=Status.STILLBORN),
    }
    places = {
        mutant.id: Place(reached=mutant.scope == "f", statement="x" if mutant is fourth else mutant.before)
        for mutant in MUTANTS
    }
    return Strength(MUTANTS, results, excused, places), excused


def test_strength_counts_every_mutant_once() -> None:
    """Stillborn ones do not count; the figure is of what could be noticed."""
    strength, _ = measured()
    row = strength.total()

    assert (row.mutants, row.noticed, row.gating, row.timed_out) == (5, 1, 1, 1)
    assert (row.equivalent, row.left_open, row.out_of_reach, row.survived) == (1, 1, 1, 1)
    assert row.figure == 0.5
    assert strength.rows() == {"p._m": row}
    assert strength.survivors == [MUTANTS[4]]
    assert strength.unreached == {MUTANTS[4].id}


def test_strength_page_has_table_survivors_and_reasons() -> None:
    """Everything that was decided can be looked up."""
    strength, excused = measured()
    page = write_strength_page(strength, excused, MUTANTS, ["The tier is core."])

    assert "5 of 6 faults were measured. The tier is core." in page
    assert "| `_m` | 5 | 1 | 1 | 1 | 1 | 1 | 1 | 1 | 50.0% |" in page
    assert f"{describe(MUTANTS[4])} ``, which no case runs" in page
    assert "because *so*" in page
    assert "* `p._m` `g`, `` x = c > d ``: nobody says how many" in page
    assert "* `p._m` `g`, `` x ``: nobody calls it" in page


def test_diffs_name_file_and_line() -> None:
    """An editor opens what is printed."""
    [text] = iterate_diffs(MUTANTS[4:5], {"p._m": "p/_m.py"}, {MUTANTS[4].id})

    assert text.startswith(f"p/_m.py:6: {MUTANTS[4].id} constant, no case runs this\n")
    assert text.endswith("  - x = 1\n  + x = (2)")
