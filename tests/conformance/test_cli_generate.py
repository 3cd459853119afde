"""`hgframing generate`."""

from __future__ import annotations

import json
import shutil

from pathlib import Path

import pytest
import yaml

from click.testing import CliRunner

import hgframing_vectors

from hgframing_conformance._cli_generate import command
from hgframing_conformance._generated_cases import read_generated_cases
from hgframing_conformance._generators import GENERATORS
from hgframing_conformance._strength_state import StrengthState
from hgframing_conformance._suites import load_suites


def test_generate_twice_gives_the_same_octets(tmp_path: Path) -> None:
    """The same version writes the same octets, and says that nothing changed."""
    runner = CliRunner()
    arguments = ["--output", str(tmp_path), "--generator", "boundaries", "--generator", "interleavings"]
    first = runner.invoke(command, arguments, standalone_mode=False)
    octets = {file: file.read_bytes() for file in tmp_path.rglob("*.yaml")}
    second = runner.invoke(command, arguments, standalone_mode=False)

    assert first.return_value == 0
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.yaml")} == octets
    assert all(line.startswith("unchanged") for line in second.output.splitlines())


def test_generate_check_finds_a_stale_suite(tmp_path: Path) -> None:
    """A suite that was touched by hand is told, and not repaired."""
    runner = CliRunner()
    arguments = ["--output", str(tmp_path), "--generator", "transitions"]
    runner.invoke(command, arguments, standalone_mode=False)
    file = tmp_path / "server" / "transitions-0006.yaml"
    file.write_text(file.read_text() + "# touched\n")
    result = runner.invoke(command, [*arguments, "--check"], standalone_mode=False)

    assert result.return_value == 1
    assert f"stale {file}" in result.output
    assert file.read_text().endswith("# touched\n")


def test_generate_shipped_suites_are_fresh() -> None:
    """What is shipped is what this version writes; walks, slower than all others, are left to tox's `conformance`."""
    arguments = [part for name in GENERATORS if name != "walks" for part in ("--generator", name)]
    result = CliRunner().invoke(command, ["--check", *arguments], standalone_mode=False)

    assert result.return_value == 0, result.output
    assert str(hgframing_vectors.root()) in result.output


@pytest.mark.parametrize("option", ["--dry-run", "--explain"])
def test_generate_that_only_tells_writes_nothing(tmp_path: Path, option: str) -> None:
    """What would be written is named, with the title of every case where that is asked for."""
    arguments = ["--output", str(tmp_path), "--generator", "transitions", option]
    result = CliRunner().invoke(command, arguments, standalone_mode=False)

    assert result.return_value == 0
    assert f"stale {tmp_path}" in result.output
    assert ("server-transition-0006-" in result.output) == (option == "--explain")
    assert not list(tmp_path.rglob("*.yaml"))


def test_generate_explains_what_decides_a_case(tmp_path: Path) -> None:
    """Each case is told with its level and the requirement that earned it, and the reason is never written."""
    arguments = ["--output", str(tmp_path), "--generator", "transitions"]
    runner = CliRunner()
    told = runner.invoke(command, [*arguments, "--explain"], standalone_mode=False).output
    runner.invoke(command, arguments, standalone_mode=False)

    assert "client-transition-0006-client-request-receiving-response-last: " in told
    assert "(must, decided by RSP-003, RSP-010)" in told
    assert not any("why:" in file.read_text() for file in tmp_path.rglob("*.yaml"))


def test_generate_keeps_the_rev_that_is_on_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A case that changed once keeps its number, however often it is written."""
    case_id = "server-transition-0006-server-request-unknown-new"
    (tmp_path / "revs.txt").write_text(f"{case_id} 3 0123456789abcdef\n")
    monkeypatch.setattr(hgframing_vectors, "root", lambda: tmp_path)
    CliRunner().invoke(command, ["--generator", "transitions"], standalone_mode=False)
    text = (tmp_path / "suites" / "server" / "transitions-0006.yaml").read_text()

    assert f"  - id: {case_id}\n    rev: 3\n" in text
    assert text.count("rev: ") == 1


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout without suites."""
    for name in ("requirements.yaml", "deviations.yaml"):
        shutil.copy(Path(str(hgframing_vectors.root())) / name, tmp_path)
    monkeypatch.setattr(hgframing_vectors, "root", lambda: tmp_path)
    return tmp_path


def test_generate_follows_what_was_measured(empty: Path) -> None:
    """What is like another one is of the full tier alone; the rest is distinct."""
    arguments = ["--generator", "boundaries"]
    CliRunner().invoke(command, arguments, standalone_mode=False)
    file = min(empty.rglob("generated-*.yaml"))
    first, *others = yaml.safe_load(file.read_text())["cases"]
    alike = {"alike": {"boundaries": {first["id"]: others[0]["id"]}}}
    (empty / "generated.yaml").write_text(json.dumps(alike))

    assert CliRunner().invoke(command, [*arguments, "--check"], standalone_mode=False).return_value == 1
    CliRunner().invoke(command, arguments, standalone_mode=False)
    assert {case["tier"] for case in (first, *others)} == {"distinct"}
    assert yaml.safe_load(file.read_text())["cases"] == [{**first, "tier": "full"}, *others]
    assert CliRunner().invoke(command, [*arguments, "--check"], standalone_mode=False).return_value == 0


def test_generate_with_reduce_proves_that_no_two_are_alike(empty: Path) -> None:
    """With --check an old file is named, and the command fails; without, it is written."""
    arguments = ["--generator", "boundaries"]
    CliRunner().invoke(command, arguments, standalone_mode=False)
    names = [f"{case.id}@{case.revision}[frame]" for case in load_suites([empty / "suites"])]
    StrengthState(empty / "m.jsonl", "aa", [], names)
    matrix = [*arguments, "--reduce", str(empty / "m.jsonl")]
    stale = CliRunner().invoke(command, [*matrix, "--check"], standalone_mode=False)

    assert (stale.return_value, f"stale {empty / 'generated.yaml'}" in stale.output) == (1, True)
    CliRunner().invoke(command, matrix, standalone_mode=False)
    assert len(read_generated_cases(empty / "generated.yaml").alike["boundaries"]) > 1
    assert CliRunner().invoke(command, [*matrix, "--check"], standalone_mode=False).return_value == 0
