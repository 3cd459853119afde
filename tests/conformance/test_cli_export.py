"""`hgframing export`."""

from __future__ import annotations

import json

from pathlib import Path

import jsonschema

from click.testing import CliRunner

from hgframing_conformance._cli_export import command
from hgframing_conformance._compiled import load_compiled
from hgframing_conformance._suites import load_suites


def test_export_writes_every_case_and_what_explains_it(tmp_path: Path) -> None:
    """The compiled cases are those of the suites, beside schemas, requirements and ids."""
    result = CliRunner().invoke(command, [str(tmp_path), "--tier", "full"], standalone_mode=False)

    assert result.return_value == 0
    assert load_compiled(tmp_path / "vectors.json") == load_suites()
    assert {file.name for file in tmp_path.iterdir()} == {
        "ids.txt",
        "requirements.yaml",
        "schemas",
        "vectors.json",
    }
    for schema in (tmp_path / "schemas").iterdir():
        jsonschema.Draft202012Validator.check_schema(json.loads(schema.read_text()))


def test_export_selects_what_it_is_told(tmp_path: Path) -> None:
    """A layer and a revision make a smaller file."""
    arguments = [str(tmp_path), "--layer", "codec", "--revision", "0006"]
    CliRunner().invoke(command, arguments, standalone_mode=False)
    cases = load_compiled(tmp_path / "vectors.json")

    assert cases
    assert {(case.layer, case.revision) for case in cases} == {("codec", "0006")}


def test_export_of_nothing_is_told_and_writes_nothing(tmp_path: Path) -> None:
    """A selection that matches nothing is exit code 4."""
    directory = tmp_path / "out"
    result = CliRunner().invoke(command, [str(directory), "-k", "no-such-case"], standalone_mode=False)

    assert result.return_value == 4
    assert not directory.exists()
