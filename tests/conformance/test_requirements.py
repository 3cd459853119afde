"""The catalogue is read as strictly as the suites, and looked up by id and revision."""

from __future__ import annotations

from pathlib import Path

import pytest

from hgframing import REVISIONS
from hgframing_conformance._problems import SuiteError
from hgframing_conformance._requirements import (
    Decidability,
    RequirementLevel,
    Role,
    load_requirements,
    read_requirements,
)


TEXT = """\
format: 1
requirements:
  - id: FRAME-001
    revisions: ["0001"]
    role: both
    level: definition
    text: "The header has 4 octets."
    source: "Frames"
    testable: "yes"
  - id: FRAME-001
    revisions: ["0002"]
    role: both
    level: must-not
    text: "The header has 6 octets."
    source: "Frames"
    testable: partly
  - id: EXEC-001
    revisions: ["0001", "0002"]
    role: server
    level: advice
    text: "Wait."
    source: "Commands"
    testable: "no"
    why-not: "It is about time."
"""


def problems(text: str) -> list[tuple[int, str]]:
    """Read a catalogue that is wrong."""
    with pytest.raises(SuiteError) as caught:
        read_requirements(text.encode(), "requirements.yaml")
    assert {problem.file for problem in caught.value.problems} == {"requirements.yaml"}
    return [(problem.line, problem.message) for problem in caught.value.problems]


def test_find_gives_the_wording_of_the_revision() -> None:
    """An id names one requirement through all revisions, with its wording in each."""
    catalogue = read_requirements(TEXT.encode(), "requirements.yaml")
    first, second = catalogue.find("FRAME-001", "0001"), catalogue.find("FRAME-001", "0002")
    assert first is not None
    assert second is not None
    assert (first.text, first.level) == ("The header has 4 octets.", RequirementLevel.DEFINITION)
    assert (second.text, second.level) == ("The header has 6 octets.", RequirementLevel.MUST_NOT)
    assert catalogue.find("FRAME-001", "0006") is None
    assert catalogue.find("FRAME-002", "0001") is None
    assert "FRAME-001" in catalogue
    assert "FRAME-002" not in catalogue


def test_entries_are_typed_and_in_order() -> None:
    """Reports list requirements in the order of the text."""
    catalogue = read_requirements(TEXT.encode(), "requirements.yaml")
    wait = catalogue.of_revision("0002")[1]
    assert (wait.id, wait.role, wait.testable) == ("EXEC-001", Role.SERVER, Decidability.NO)
    assert wait.why_not == "It is about time."
    assert [entry.id for entry in catalogue.of_revision("0001")] == ["FRAME-001", "EXEC-001"]
    assert catalogue.of_revision("0006") == ()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('["0002"]', '["0001", "0002"]', (10, "FRAME-001 has two entries for revision 0001")),
        ('["0002"]', '["0003"]', (10, "FRAME-001: unknown revision '0003'")),
        ('["0002"]', '["0002", "0002"]', (10, "FRAME-001: a revision is listed twice")),
        ('["0002"]', "[]", (11, "revisions: expected `array` of length >= 1")),
        ('    why-not: "It is about time."\n', "", (17, "EXEC-001 is not testable and does not say why")),
        ("level: advice", "level: advise", (20, "level: unknown value 'advise'")),
        ("role: server", "role: serve", (19, "role: unknown value 'serve'")),
        ("testable: partly", "testable: no", (16, "the bare scalar 'no' is not the same to every reader")),
        ("id: EXEC-001", "id: exec-1", (17, "id: the string 'exec-1' is not a requirement such as DATA-003")),
        ('    text: "Wait."\n', "", (17, "missing: text")),
        ('    text: "Wait."', "    txt: x", (21, "unknown key 'txt'")),
        ("format: 1", "format: 2", (1, "format: unknown value '2'")),
        ("role: server", "role: server\n    role: server", (20, "duplicate key 'role'")),
    ],
)
def test_read_requirements_with_a_mistake_names_the_line(
    old: str, new: str, expected: tuple[int, str]
) -> None:
    """Each kind of mistake in the catalogue."""
    assert TEXT.count(old) == 1
    assert expected in problems(TEXT.replace(old, new))


def test_read_requirements_lists_every_problem() -> None:
    """Not only the first."""
    text = (
        TEXT.replace("role: server", "role: x")
        .replace("level: must-not", "level: x")
        .replace('"0001"]', '"1"]', 1)
    )
    assert [line for line, _ in problems(text)] == [3, 13, 19]


def test_load_requirements_without_a_file_is_none(tmp_path: Path) -> None:
    """A directory need not have a catalogue."""
    assert load_requirements(tmp_path) is None
    (tmp_path / "requirements.yaml").write_text(TEXT, encoding="utf-8")
    catalogue = load_requirements(tmp_path)
    assert catalogue is not None
    assert len(catalogue.entries) == 3


def test_packaged_catalogue_has_requirements_for_every_revision() -> None:
    """The catalogue that ships is right, and no revision was forgotten."""
    catalogue = load_requirements()
    assert catalogue is not None
    assert all(catalogue.of_revision(revision) for revision in REVISIONS)
