"""The deviations of Mercurial as text: a page of the documentation, and an answer at the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from hgframing import REVISIONS
from hgframing_conformance._deviations import Deviation


__all__ = ["explain", "write_deviations_page"]

#: Ids that an entry of the page lists; the command line lists all.
_LISTED: Final = 6

_HEAD: Final = """\
# Where Mercurial and its specification differ

Written by `hgframing deviations --markdown`; do not edit. The source is `vectors/hgframing_vectors/deviations.yaml`.

Every entry is something that Mercurial's code does otherwise than the specification text of the same revision says, or
does where the text is silent and somebody would be surprised. The reference obeys the text, and is careful where there
is none. What Mercurial sends and takes is not judged by these numbers: cases are, and its [expectation
files](../implementations/mercurial/README.md) say which of them fail.

`0001` to `0005-draft` are steps of its development; releases 4.6 and 4.7 have `0005`, 4.8 to 6.0 have `0006`. Entries
marked † were found by [the differential run](differential.md), those marked ‡ by running the vectors.
"""


def _revisions(entry: Deviation) -> str:
    """Name revisions, neighbours as a range."""
    keys = list(REVISIONS)
    runs: list[list[str]] = []
    for key in entry.revisions:
        if runs and keys.index(key) == keys.index(runs[-1][-1]) + 1:
            runs[-1].append(key)
        else:
            runs.append([key])
    told = [f"`{run[0]}`" if len(run) == 1 else f"`{run[0]}`–`{run[-1]}`" for run in runs]
    return ", ".join(told) + (f" ({entry.only})" if entry.only else "")


def _mark(entry: Deviation) -> str:
    return {"": "", "differential": " †", "vectors": " ‡"}[entry.origin]


def write_deviations_page(deviations: Iterable[Deviation], cases: Mapping[str, tuple[str, ...]]) -> str:
    """Write the page.

    Args:
        deviations: what it tells.
        cases: number -> ids of the cases that show it.
    """
    entries = tuple(deviations)
    parts = [_HEAD, "| | where | Mercurial | cases |", "|---|---|---|--:|"]
    parts += [
        f"| [{entry.number}](#{entry.number.lower()}){_mark(entry)} | {entry.where} | {entry.title} | "
        f"{len(cases.get(entry.number, ()))} |"
        for entry in entries
    ]
    for entry in entries:
        parts += _section(entry, cases.get(entry.number, ()))
    return "\n".join(parts) + "\n"


def _section(entry: Deviation, ids: tuple[str, ...]) -> Iterator[str]:
    yield f"\n## {entry.number}\n"
    yield f"**{entry.title}**{_mark(entry)} — {_revisions(entry)} — {entry.where}\n"
    yield f"* Mercurial: {entry.mercurial}"
    yield f"* The reference: {entry.reference}"
    shown = ", ".join(f"`{case_id}`" for case_id in ids[:_LISTED])
    more = f" and {len(ids) - _LISTED} more" if len(ids) > _LISTED else ""
    yield f"* Cases: {shown}{more}" if ids else "* No case shows it."


def explain(entry: Deviation, ids: tuple[str, ...]) -> str:
    """Write one deviation for a terminal.

    Args:
        entry: the deviation.
        ids: of the cases that show it; all of them are listed.
    """
    plain = _revisions(entry).replace("`", "")
    lines = [
        f"{entry.number}: {entry.title}",
        f"in {plain}; {entry.where}",
        "",
        f"Mercurial: {entry.mercurial}",
        f"The reference: {entry.reference}",
        "",
        *(ids or ["no case shows it"]),
    ]
    return "\n".join(lines)
