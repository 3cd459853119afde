"""What is wrong with the data of the suite, all of it at once.

An author who fixes one mistake a run loses an afternoon, so the readers of suites, catalogue and registry collect
`Problem`s and raise them together.
"""

from __future__ import annotations

import dataclasses

from collections.abc import Iterable

from hgframing_conformance._forms import one_line
from hgframing_conformance.errors import ConformanceError


__all__ = ["Problem", "SuiteError"]


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake of an author.

    Attributes:
        file: as people find it.
        line: from 1; 0 where the whole file is meant.
        message: what is wrong, on one line: what would break it is escaped.
        remedy: what to do; may be empty.
    """

    file: str
    line: int
    message: str
    remedy: str = ""

    def __post_init__(self) -> None:
        # Keys of a file stand in messages, and a key may hold anything.
        object.__setattr__(self, "message", one_line(self.message))

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        remedy = f"\n    {self.remedy}" if self.remedy else ""
        return f"{place}: {self.message}{remedy}"


class SuiteError(ConformanceError):
    """Data of the suite cannot be used as it stands.

    Attributes:
        problems: all of them, ordered by file and line; never empty.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))

    @property
    def file(self) -> str:
        """The file of the first problem."""
        return self.problems[0].file

    @property
    def line(self) -> int:
        """The line of the first problem."""
        return self.problems[0].line

    @property
    def message(self) -> str:
        """What the first problem is."""
        return self.problems[0].message

    @property
    def remedy(self) -> str:
        """What to do about the first problem."""
        return self.problems[0].remedy
