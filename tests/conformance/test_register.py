"""The registry is appended to, and never rewritten."""

from __future__ import annotations

import subprocess
import sys

from pathlib import Path

from hgframing_conformance._register import register


def write(root: Path, name: str, *ids: str) -> None:
    """Write a suite that has nothing but the ids of its cases."""
    file = root / "suites" / f"{name}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("cases:\n" + "".join(f"  - id: {case_id}\n" for case_id in ids), encoding="utf-8")


def test_register_appends_new_ids_and_keeps_what_is_there(tmp_path: Path) -> None:
    """Comments, retired ids and the order of old ones stay; a missing end of line is repaired."""
    before = "# ids\nz-case\nold-case retired: wrong"
    (tmp_path / "ids.txt").write_text(before, encoding="utf-8")
    write(tmp_path, "server/b", "b-case", "z-case", "old-case")
    write(tmp_path, "server/a", "a-case", "Bad", "a-case")

    assert register(tmp_path) == ("a-case", "b-case")
    assert (tmp_path / "ids.txt").read_text(encoding="utf-8") == before + "\na-case\nb-case\n"
    assert register(tmp_path) == ()

    write(tmp_path, "server/c", "c-case")
    assert register(tmp_path) == ("c-case",)
    assert (tmp_path / "ids.txt").read_text(encoding="utf-8") == before + "\na-case\nb-case\nc-case\n"


def test_register_without_a_registry_makes_one(tmp_path: Path) -> None:
    """A new set of vectors starts with all of its ids."""
    write(tmp_path, "a", "a-case")
    (tmp_path / "suites" / "broken.yaml").write_text("cases: 5\n", encoding="utf-8")
    (tmp_path / "suites" / "text.yaml").write_text("text\n", encoding="utf-8")
    assert register(tmp_path) == ("a-case",)
    assert (tmp_path / "ids.txt").read_text(encoding="utf-8") == "a-case\n"


def test_register_as_a_command_prints_what_it_appended(tmp_path: Path) -> None:
    """`python -m hgframing_conformance._register DIR`, as docs/vector-format.md has it for the packaged set."""
    write(tmp_path, "a", "a-case")
    command = [sys.executable, "-m", "hgframing_conformance._register", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "a-case\n"
    assert (tmp_path / "ids.txt").read_text(encoding="utf-8") == "a-case\n"
