"""`hgframing new`."""

from __future__ import annotations

from pathlib import Path

import pytest

from click.testing import CliRunner

from hgframing_conformance._cli_new import command
from hgframing_conformance._problems import SuiteError
from hgframing_conformance._suites import load_suites

from .authoring import make_vectors


FRAME = "3 1 stream-begin command-request new cbor:{b'name': b'a'}"


def new(root: Path, *arguments: str) -> str:
    """Run the command and return what it printed."""
    result = CliRunner().invoke(
        command, ["server-new", "--title", "New", "--root", str(root), *arguments], standalone_mode=False
    )
    if result.exception is not None:
        raise result.exception
    return result.output


def test_new_appends_a_draft_that_never_gates(tmp_path: Path) -> None:
    """The case is in its suite, registered, loadable, and disputed until somebody writes its expectation."""
    file = make_vectors(tmp_path)
    printed = new(tmp_path, "--suite", "server/small", "--requirement", "REQ-005", "--receive", FRAME)
    case = load_suites([file])[-1]

    assert (case.id, case.title, case.requirements) == ("server-new", "New", ("REQ-005",))
    assert case.disputed.startswith("draft")
    assert f"{file}:{case.line}" in printed
    # The octets of the frame, filled in from its notation: sheet r4's worked request under ID 3.
    assert "a1446e616d654161" in printed
    assert "server-new\n" in (tmp_path / "ids.txt").read_text()


def test_new_begins_a_suite(tmp_path: Path) -> None:
    """A suite that does not exist gets its head, from its name and the revisions."""
    make_vectors(tmp_path)
    new(tmp_path, "--suite", "server/other-things", "--revision", "0006", "--receive", FRAME)
    file = tmp_path / "suites" / "server" / "other-things.yaml"

    assert file.read_text().startswith("format: 1\nsuite: server/other-things\ntitle: Other things\n")
    assert [case.id for case in load_suites([file])] == ["server-new"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--requirement", "REQ-999"], "REQ-999"),
        (["--receive", "1 1 0 command-data"], "too few fields"),
        (["--violates", "REQ-005"], "REQ-005 is violated and not among the requirements"),
    ],
)
def test_new_with_a_mistake_leaves_everything_as_it_was(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    """The mistake is told with file and line, and neither suite nor registry is touched."""
    file = make_vectors(tmp_path)
    before = file.read_text(), (tmp_path / "ids.txt").read_text()
    with pytest.raises(SuiteError, match=message):
        new(tmp_path, "--suite", "server/small", *arguments)

    assert (file.read_text(), (tmp_path / "ids.txt").read_text()) == before


def test_new_suite_without_a_revision_is_a_usage_error(tmp_path: Path) -> None:
    """There is nothing to guess, and nothing is left behind."""
    make_vectors(tmp_path)
    result = CliRunner().invoke(
        command, ["server-new", "--title", "New", "--root", str(tmp_path), "--suite", "server/none"]
    )

    assert result.exit_code == 2
    assert "--revision" in result.output
    assert not (tmp_path / "suites" / "server" / "none.yaml").exists()
