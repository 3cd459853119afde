"""Raising the rev of what changed."""

from __future__ import annotations

from pathlib import Path

from hgframing_conformance._fingerprints import Record, fingerprint, group_by_id
from hgframing_conformance._revs import find_changes, problems_of, raise_revs
from hgframing_conformance._suites import load_suites

from .authoring import make_vectors


def records_of(file: Path) -> dict[str, Record]:
    """Record the cases of a file as they are."""
    groups = group_by_id(load_suites([file]))
    return {case_id: Record(rev=group[0].rev, digest=fingerprint(group)) for case_id, group in groups.items()}


def test_find_changes_of_nothing_is_nothing(tmp_path: Path) -> None:
    """Cases that are as recorded need nothing."""
    file = make_vectors(tmp_path)

    assert find_changes(load_suites([file]), records_of(file)) == ()


def test_find_changes_names_a_case_without_a_record(tmp_path: Path) -> None:
    """A new case needs a record, and keeps its rev."""
    file = make_vectors(tmp_path)
    records = records_of(file)
    del records["server-second"]
    (change,) = find_changes(load_suites([file]), records)

    assert (change.case.id, change.rev, change.known) == ("server-second", 1, False)


def test_changed_case_without_a_new_rev_is_told_with_its_line(tmp_path: Path) -> None:
    """Octets that changed under the same rev are a problem of that line."""
    file = make_vectors(tmp_path)
    records = records_of(file)
    file.write_text(file.read_text().replace("b'second'", "b'changed'"))
    (problem,) = problems_of(find_changes(load_suites([file]), records))

    assert str(problem).startswith(f"{file}:16: server-second changed, but its rev is still 1")


def test_rev_without_a_change_is_told(tmp_path: Path) -> None:
    """A rev that was raised for nothing would make consumers look twice."""
    file = make_vectors(tmp_path)
    records = records_of(file)
    file.write_text(file.read_text().replace("rev: 1", "rev: 2"))
    (problem,) = problems_of(find_changes(load_suites([file]), records))

    assert "has rev 2, but did not change since rev 1" in str(problem)


def test_change_with_a_new_rev_only_needs_the_record(tmp_path: Path) -> None:
    """An author who raised the rev by hand did it right."""
    file = make_vectors(tmp_path)
    records = records_of(file)
    file.write_text(file.read_text().replace("b'first'", "b'changed'").replace("rev: 1", "rev: 2"))
    changes = find_changes(load_suites([file]), records)

    assert raise_revs(changes, tmp_path) == ()
    assert "its record did not" in str(problems_of(changes)[0])


def test_raise_revs_writes_the_next_number(tmp_path: Path) -> None:
    """A `rev` that stands there is replaced; one that does not is put behind the id."""
    file = make_vectors(tmp_path)
    records = records_of(file)
    file.write_text(file.read_text().replace("b'first'", "b'a'").replace("b'second'", "b'b'"))
    touched = raise_revs(find_changes(load_suites([file]), records), tmp_path)
    lines = file.read_text().splitlines()

    assert touched == ("server-first", "server-second")
    assert lines[7] == "    rev: 2"
    assert lines[16] == "    rev: 2"
    assert {case.rev for case in load_suites([file])} == {2}
