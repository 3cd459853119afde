"""`hgframing register`."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from hgframing_conformance._cli_register import command

from .authoring import make_vectors


def run(root: Path, *arguments: str) -> Result:
    """Run the command on a directory."""
    return CliRunner().invoke(command, ["--root", str(root), *arguments], standalone_mode=False)


def test_register_then_check_is_content(tmp_path: Path) -> None:
    """What was just registered needs nothing."""
    make_vectors(tmp_path)

    assert run(tmp_path).return_value == 0
    assert run(tmp_path, "--check").return_value == 0


def test_register_check_writes_nothing_and_tells(tmp_path: Path) -> None:
    """A change without a new rev is exit code 1, and stays."""
    file = make_vectors(tmp_path)
    run(tmp_path)
    record = (tmp_path / "revs.txt").read_text()
    file.write_text(file.read_text().replace("b'first'", "b'changed'"))
    result = run(tmp_path, "--check")

    assert result.return_value == 1
    assert "server-first changed" in result.output
    assert (tmp_path / "revs.txt").read_text() == record


def test_register_raises_the_rev_and_takes_new_ids(tmp_path: Path) -> None:
    """One run brings ids, revs and files together."""
    file = make_vectors(tmp_path)
    run(tmp_path)
    added = file.read_text().replace("b'first'", "b'changed'").replace("server-second", "server-third")
    file.write_text(added)
    (tmp_path / "ids.txt").write_text("server-first\nserver-second retired: renamed\n")
    result = run(tmp_path)

    assert "registered server-third" in result.output
    assert "raised the rev of server-first" in result.output
    assert (tmp_path / "ids.txt").read_text().endswith("server-third\n")
    assert "server-second" not in (tmp_path / "revs.txt").read_text()
    assert run(tmp_path, "--check").return_value == 0


def test_register_check_tells_a_record_without_a_case(tmp_path: Path) -> None:
    """A retired case leaves the record with the next run."""
    file = make_vectors(tmp_path)
    run(tmp_path)
    file.write_text(file.read_text().split("  - id: server-second")[0])
    (tmp_path / "ids.txt").write_text("server-first\nserver-second retired: it was wrong\n")
    result = run(tmp_path, "--check")

    assert result.return_value == 1
    assert "server-second is no case any more" in result.output


def test_register_shipped_vectors_are_on_record() -> None:
    """Nobody changed a shipped case without saying so."""
    result = CliRunner().invoke(command, ["--check"], standalone_mode=False)

    assert (result.return_value, result.output) == (0, "")
