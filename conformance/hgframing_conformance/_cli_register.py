"""`hgframing register`: the bookkeeping of ids and revs."""

from __future__ import annotations

from pathlib import Path

import click

import hgframing_vectors

from hgframing_conformance._fingerprints import Record, read_records, write_records
from hgframing_conformance._problems import SuiteError
from hgframing_conformance._register import register
from hgframing_conformance._revs import find_changes, problems_of, raise_revs
from hgframing_conformance._suites import load_suites
from hgframing_conformance._summary import Exit


__all__ = ["command"]


@click.command("register")
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Directory with suites/, ids.txt and revs.txt; default: the vectors of this checkout.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if something would be written.")
def command(root: Path | None, *, check: bool) -> int:
    """Register new case ids, and raise the rev of every case that changed.

    Run it after you edited suites, before you commit: ids.txt gets the new ids, revs.txt what every case means now, and
    a case whose octets or expectation changed gets the next rev in its file.
    """
    directory = root or Path(str(hgframing_vectors.root()))
    if not check:
        for case_id in register(directory):
            click.echo(f"registered {case_id}")
    file = directory / "revs.txt"
    records, problems = read_records(file.read_text(encoding="utf-8") if file.exists() else "", str(file))
    if problems:
        raise SuiteError(problems)
    cases = load_suites([directory / "suites"] if root else None)
    changes = find_changes(cases, records)
    if check:
        for problem in problems_of(changes):
            click.echo(str(problem))
        gone = sorted(records.keys() - {case.id for case in cases})
        for case_id in gone:
            click.echo(f"{file}: {case_id} is no case any more; run `hgframing register`")
        return Exit.NOT_AS_EXPECTED if changes or gone else Exit.AS_EXPECTED
    for case_id in raise_revs(changes, directory):
        click.echo(f"raised the rev of {case_id}")
    known = {case.id: records[case.id] for case in cases if case.id in records}
    known |= {change.case.id: Record(rev=change.rev, digest=change.digest) for change in changes}
    file.write_text(write_records(known), encoding="utf-8")
    click.echo(f"{len(known)} cases on record")
    return Exit.AS_EXPECTED
