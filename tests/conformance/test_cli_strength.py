"""`hgframing strength`."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from click.testing import CliRunner, Result

import hgframing_vectors

from hgframing_conformance._cli_strength import command
from hgframing_conformance._matrix import read_matrix
from hgframing_conformance._planting import PlantingError


SUITE = Path(str(hgframing_vectors.root())) / "suites" / "codec" / "framing.yaml"
SMALL = ["--suites", str(SUITE), "--module", "_buffer", "--sample", "12", "--controls", "1"]


def run(*arguments: str) -> Result:
    """Run the command on few mutants."""
    return CliRunner().invoke(command, [*SMALL, *arguments], standalone_mode=False)


def test_strength_resumes_and_says_the_same(tmp_path: Path) -> None:
    """A second run measures nothing, and its table and page are those of the first."""
    state, page = tmp_path / "state.jsonl", tmp_path / "page.md"
    first = run("--state", str(state), "--page", str(page))
    kept, text = state.read_text(), page.read_text()
    second = run("--state", str(state), "--page", str(page))

    assert first.exception is None
    assert kept == state.read_text()
    assert text == page.read_text()
    assert "mutants a second" in first.output
    # The first run measured something, and says how fast.
    said = [line for line in first.output.splitlines() if "mutants a second" not in line]
    assert said == second.output.splitlines()
    assert first.return_value == second.return_value


def test_strength_holds_the_file_of_equivalents_to_its_word(tmp_path: Path) -> None:
    """An entry that matches nothing fails the command."""
    file = tmp_path / "e.yaml"
    file.write_text('equivalents: [{id: buffer-00000000, line: "a -> b", reason: because}]\n')
    result = run("--equivalents", str(file))

    assert result.return_value == 1
    assert f"{file}: buffer-00000000" in result.output


def test_strength_fails_below_the_floor() -> None:
    """One suite of the codec notices some faults of the buffer, and not all."""
    assert run().return_value == 1
    assert run("--floor", "1").return_value == 0
    assert run("--floor", "99.5").return_value == 1


@pytest.mark.parametrize("source", ["hand", "generated"])
def test_strength_takes_cases_by_their_source(source: str) -> None:
    """The suite was written by hand: of generated cases there is none."""
    assert run("--source", source).return_value == {"hand": 1, "generated": 4}[source]


def test_strength_takes_cases_by_their_generator() -> None:
    """No generator made the suite, so that nothing is selected."""
    assert run("--generator", "walks").return_value == 4


def test_strength_keeps_the_whole_matrix(tmp_path: Path) -> None:
    """Who notices what, more than one for a fault; a second run goes on where the first was."""
    file = tmp_path / "matrix.jsonl"
    run("--matrix", str(file))
    kept = file.read_text()
    matrix = read_matrix(file)
    run("--matrix", str(file))

    assert file.read_text() == kept
    assert len(matrix.results) == 12
    assert any(result.noticing.bit_count() > 1 for result in matrix.results.values())
    assert isinstance(run("--matrix", str(file), "--state", str(file)).exception, click.UsageError)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["exec:true"], "direct:"),
        (["--module", "_nothing"], "_nothing"),
    ],
)
def test_strength_refuses_what_it_cannot_do(arguments: list[str], problem: str) -> None:
    """Another process, and a module that is none, are usage errors."""
    result = run(*arguments)

    assert isinstance(result.exception, click.UsageError)
    assert problem in str(result.exception)


def test_strength_refuses_a_package_that_is_none() -> None:
    """The message names it."""
    result = run("--package", "no.such.package")

    assert isinstance(result.exception, PlantingError)
