"""`hgframing judge`: the verdict about answers that a harness gave elsewhere."""

from __future__ import annotations

import sys

from pathlib import Path
from typing import Any

import click

from hgframing_conformance._cli_replay import exit_of
from hgframing_conformance._offline import judge, questions_of, read_answers, read_questions
from hgframing_conformance._options import chunking_option, match_option, named_items, suites_option
from hgframing_conformance._run import RunOptions
from hgframing_conformance._story import story_lines
from hgframing_conformance._suites import load_suites


__all__ = ["command"]

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@click.command("judge")
@click.argument("files", nargs=-1, type=_FILE, metavar="MESSAGES ANSWERS")
@click.option(
    "--case", "name", metavar="CASE[@REVISION[CHUNKING]]", help="What was asked, instead of MESSAGES."
)
@chunking_option
@match_option
@suites_option
def command(files: tuple[Path, ...], name: str | None, **options: Any) -> int:
    """Judge ANSWERS, which a harness gave to MESSAGES (`emit` writes them), by the rules of `check`.

    With --case, ANSWERS alone, or standard input. It exits with 0 if every case passed and with 1 if one did not,
    whatever its level.
    """
    if len(files) > 2 or (name is None and len(files) != 2) or (name is not None and len(files) > 1):
        raise click.UsageError("name MESSAGES and ANSWERS, or --case and ANSWERS")
    source, octets = _read(files[-1] if files else Path("-"))
    answers = read_answers(octets, source)
    cases = load_suites(list(options["paths"]) or None)
    if name is not None:
        questions = questions_of(named_items(name, cases, options["chunking"]), answers.hello)
    else:
        source, octets = _read(files[0])
        questions = read_questions(octets, source, cases, answers.hello)
    outcomes = judge(questions, answers, RunOptions(messages=options["match"] == "message"))
    for number, outcome in enumerate(outcomes):
        if number:
            click.echo()
        click.echo("\n".join(story_lines(outcome)))
    return exit_of(outcomes)


def _read(path: Path) -> tuple[str, bytes]:
    if str(path) == "-":
        return "standard input", sys.stdin.buffer.read()
    return str(path), path.read_bytes()
