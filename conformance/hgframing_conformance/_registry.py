"""The registry of case ids, `ids.txt`: what was ever called by a name is never called by another.

Expectation files, reports and other people's notes refer to cases by id, so an id is registered once and stays. The
file only grows:

    server-data-after-request
    server-old-case retired: the text was read wrongly, see server-new-case
"""

from __future__ import annotations

import dataclasses
import re

from collections.abc import Iterable, Mapping
from typing import Final

from hgframing_conformance._problems import Problem


__all__ = ["Registry", "read_registry"]

_ENTRY: Final = re.compile(r"(?P<id>[a-z][a-z0-9]*(?:-[a-z0-9]+)*)(?: retired: (?P<reason>\S.*))?\Z")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """What `ids.txt` says.

    Attributes:
        file: as people find it.
        lines: every id ever, and its line.
        retired: ids that must not come back, and why.
        problems: lines that cannot be read, and ids that stand there twice.
    """

    file: str
    lines: Mapping[str, int]
    retired: Mapping[str, str]
    problems: tuple[Problem, ...]

    def check(self, case_id: str, file: str, line: int) -> list[Problem]:
        """Find what is wrong with a case's id.

        Args:
            case_id: the id of a case.
            file: the case's file, for the problem.
            line: the case's line, for the problem.
        """
        if case_id in self.retired:
            message = f"the id {case_id} was retired: {self.retired[case_id]}"
            return [Problem(file, line, message, "give the case another id")]
        if case_id not in self.lines:
            return [Problem(file, line, f"the id {case_id} is not registered", f"append it to {self.file}")]
        return []

    def check_complete(self, case_ids: Iterable[str]) -> list[Problem]:
        """Find ids whose cases have vanished.

        Args:
            case_ids: the ids of all cases of the registry's suites.
        """
        known = set(case_ids)
        return [
            Problem(self.file, line, f"no case has the id {case_id}", f"write `{case_id} retired: <reason>`")
            for case_id, line in self.lines.items()
            if case_id not in known and case_id not in self.retired
        ]


def read_registry(text: str, file: str) -> Registry:
    """Read `ids.txt`: one id a line; empty lines and lines that begin with `#` are for people.

    Args:
        text: the file.
        file: how problems name it.
    """
    lines: dict[str, int] = {}
    retired: dict[str, str] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        entry = _ENTRY.match(line)
        if entry is None:
            problems.append(
                Problem(file, number, f"this is no entry: {line!r}", "write `id` or `id retired: reason`")
            )
        elif entry["id"] in lines:
            first = lines[entry["id"]]
            problems.append(
                Problem(file, number, f"the id {entry['id']} stands on line {first} already", "remove one")
            )
        else:
            lines[entry["id"]] = number
            if entry["reason"]:
                retired[entry["id"]] = entry["reason"]
    return Registry(file=file, lines=lines, retired=retired, problems=tuple(problems))
