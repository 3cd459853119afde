"""`--write-expectations`: what people wrote stays, what the run decides changes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hgframing_conformance._cases import Chunking
from hgframing_conformance._expectation_writing import merge, render
from hgframing_conformance._expectations import (
    Entry,
    ExpectationFile,
    Expectations,
    Status,
    parse_expectations,
)
from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._select import Item, items

from .test_select import hello
from .zoo.cases import case, frame_step


K = OutcomeKind
OLD = """\
# Kept by hand.
# See the tracker.

format: 1
implementation: tame
capabilities: {encodings: [identity]}
entries:
  - cases: ["srv-data-*"]
    matches: 3
    outcome: failed
    deviations: [D7]
    reason: "our words"
    issue: "https://example.org/7"
    expires: "2030-01-01"
"""


def item(case_id: str, chunking: Chunking = Chunking.FRAME, **fields: object) -> Item:
    """Make an item."""
    both = items(case(case_id, frame_step("x"), chunkings=(Chunking.FRAME, Chunking.BYTE), **fields))
    return next(one for one in both if one.chunking is chunking)


def outcome(one: Item, kind: OutcomeKind, *, gating: bool = True) -> Outcome:
    """Make an outcome."""
    return Outcome(item=one, kind=kind, gating=gating and kind.is_failure, reason="because")


def merged(old: str, kinds: dict[str, OutcomeKind], *, more: list[Item] | None = None) -> ExpectationFile:
    """Merge a run of these cases into a file; `more` are supported and were not run."""
    found = [outcome(item(case_id), kind) for case_id, kind in kinds.items()]
    return merge(
        parse_expectations(old.encode(), "f") if old else None,
        outcomes=found,
        supported=[*(one.item for one in found), *(more or [])],
        hello=hello(),
    )


DATA = ("srv-data-one", "srv-data-two", "srv-data-three")


def test_merge_unchanged_run_changes_nothing() -> None:
    """A run with the same result gives the same entries, word for word."""
    old = parse_expectations(OLD.encode(), "f")
    assert merged(OLD, dict.fromkeys(DATA, K.FAILED) | {"srv-x": K.PASSED}) == old.content


def test_merge_fixed_case_leaves_the_entry() -> None:
    """A case that passes now is taken out; the words stay with the rest."""
    (entry,) = merged(OLD, dict.fromkeys(DATA, K.FAILED) | {"srv-data-two": K.PASSED}).entries
    assert entry.matches == 2
    assert sorted(entry.cases) == ["srv-data-one", "srv-data-three"]
    assert (entry.reason, entry.issue, entry.expires) == ("our words", "https://example.org/7", "2030-01-01")
    assert entry.deviations == ["D7"]


def test_merge_entry_of_fixed_cases_goes() -> None:
    """An entry that nothing is left of is removed."""
    assert merged(OLD, dict.fromkeys(DATA, K.PASSED)).entries == []


def test_merge_new_case_of_the_family_is_counted() -> None:
    """A pattern that people wrote stays where a new case fails as the others do."""
    (entry,) = merged(OLD, dict.fromkeys((*DATA, "srv-data-four"), K.FAILED)).entries
    assert (entry.cases, entry.matches) == (["srv-data-*"], 4)


def test_merge_other_kind_is_a_new_entry() -> None:
    """A case that fails in another way leaves its entry and gets one of its own."""
    kept, new = merged(OLD, dict.fromkeys(DATA, K.FAILED) | {"srv-data-two": K.CRASHED}).entries
    assert (kept.matches, kept.outcome) == (2, "failed")
    assert (new.cases, new.outcome) == (["srv-data-two"], "crashed")


def test_merge_case_that_did_not_run_keeps_its_entry() -> None:
    """Absence of evidence removes nothing: not what was filtered away, not what was not reached."""
    old = parse_expectations(OLD.encode(), "f")
    assert merged(OLD, {"srv-x": K.PASSED}, more=[item(one) for one in DATA]) == old.content
    assert merged(OLD, dict.fromkeys(DATA, K.NOT_RUN)) == old.content


def test_merge_new_failures_take_over_the_deviations_of_their_cases() -> None:
    """Cases that show one deviation are one entry that names it; a failure that does not gate is none."""
    found = [
        outcome(item("a-one", deviations=("D1",)), K.FAILED),
        outcome(item("b-two", deviations=("D1",)), K.FAILED),
        outcome(item("c-three", deviations=("D2",)), K.FAILED),
        outcome(item("d-four"), K.FAILED, gating=False),
        outcome(item("e-five"), K.PASSED),
    ]
    content = merge(None, outcomes=found, supported=[one.item for one in found], hello=hello())
    assert [(entry.deviations, entry.matches) for entry in content.entries] == [(["D1"], 2), (["D2"], 1)]
    assert all("because" in entry.reason for entry in content.entries)


def test_merge_one_chunking_alone_is_named_with_it() -> None:
    """Where only one chunking fails, the other one is not expected to."""
    found = [outcome(item("a-b"), K.PASSED), outcome(item("a-b", Chunking.BYTE), K.CHUNK_VARIANT)]
    content = merge(None, outcomes=found, supported=[one.item for one in found], hello=hello())
    assert content.entries[0].cases == ["a-b@0006[byte]"]


def test_merge_new_file_pins_what_is_declared() -> None:
    """A new file keeps every capability that there is today."""
    content = merge(None, outcomes=[], supported=[], hello=hello(**{"error-codes": True}))
    assert content.capabilities == {
        "revisions": ["0006"],
        "layers": ["codec", "client"],
        "encodings": ["identity"],
        "error-codes": True,
        "chunking": True,
        "values": ["bool", "bytes", "float", "int", "keys", "list", "map", "null", "set", "tag", "text"],
        "after-end": True,
    }


def test_render_keeps_the_comment_at_the_top() -> None:
    """The header stays, and writing twice writes the same."""
    old = parse_expectations(OLD.encode(), "f")
    text = render(old.content, old.header)
    assert text.startswith("# Kept by hand.\n# See the tracker.\n\nformat: 1\n")
    again = parse_expectations(text.encode(), "f")
    assert again.content == old.content
    assert render(again.content, again.header) == text


_IDS = st.lists(st.sampled_from(["a", "b", "srv"]), min_size=1, max_size=3).map("-".join)
_RUN = st.dictionaries(_IDS, st.sampled_from([K.PASSED, K.FAILED, K.CRASHED, K.RAISED]), max_size=8)


@given(_RUN, _RUN)
def test_merge_any_run_fits_its_own_file(
    first: dict[str, OutcomeKind], second: dict[str, OutcomeKind]
) -> None:
    """Whatever ran before, a file that was written after a run expects just that run."""
    text = render(merged("", first))
    content = merged(text, second, more=[item(one) for one in first if one not in second])
    book = parse_expectations(render(content).encode(), "f")
    assert isinstance(book, Expectations)
    for case_id, kind in second.items():
        expected = Status.FINE if kind is K.PASSED else Status.KNOWN
        assert book.status(outcome(item(case_id), kind)) is expected


@given(st.text(min_size=1), st.text())
def test_render_any_words_survive(reason: str, issue: str) -> None:
    """Whatever people write is read back as they wrote it."""
    entry = Entry(cases=["x"], matches=1, outcome="failed", reason=reason, issue=issue)
    text = render(ExpectationFile(format=1, implementation="tame", entries=[entry]))
    assert parse_expectations(text.encode(), "f").content.entries == [entry]
