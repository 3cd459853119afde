"""The kill matrix: which item notices which mutant (`hgframing strength --matrix`).

Its file is that of `_strength_state`, with a line that numbers the items; a row is a result whose bits are these
numbers. From here on a case is one thing: its chunkings are joined, and its name is `id@revision`.
"""

from __future__ import annotations

import dataclasses
import json

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from hgframing_conformance._trial import Result, Status
from hgframing_conformance.errors import ConformanceError


__all__ = ["Matrix", "MatrixError", "read_matrix"]


class MatrixError(ConformanceError):
    """A file is no matrix."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Who notices what.

    Attributes:
        items: the names of all items, in the order of their numbers.
        results: the mutants, and what became of each.
    """

    items: Sequence[str]
    results: Mapping[str, Result]

    def noticed(self, *, gating: bool) -> dict[str, set[str]]:
        """Map every case, `id@revision`, to the mutants that it notices.

        Args:
            gating: count only what fails a `check`.
        """
        cases = [name.partition("[")[0] for name in self.items]
        found: dict[str, set[str]] = {case: set() for case in cases}
        for mutant, result in self.results.items():
            for number in _numbers(result.gating if gating else result.noticing):
                found[cases[number]].add(mutant)
        return found


def _numbers(bits: int) -> Iterator[int]:
    """Yield the places of the bits that are set."""
    digits = f"{bits:b}"[::-1]
    place = digits.find("1")
    while place >= 0:
        yield place
        place = digits.find("1", place + 1)


def read_matrix(path: Path) -> Matrix:
    """Read the file of a matrix.

    Args:
        path: where it is.

    Raises:
        MatrixError: it cannot be read, or is something else.
    """
    items: list[str] | None = None
    results = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, start=1):
            try:
                said = json.loads(line)
            except ValueError:
                if number == len(lines):
                    # The line that was being written when the run was interrupted.
                    continue
                raise
            if "items" in said:
                items = said["items"]
            elif "status" in said:
                said.pop("case", None)
                result = Result.from_json(said)
                if result.status is not Status.STILLBORN:
                    results[result.mutant] = result
    except OSError as error:
        raise MatrixError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError) as error:
        raise MatrixError(f"{path}:{number}: this is no result: {error}") from None
    if items is None:
        raise MatrixError(f"{path}: this is no matrix; `hgframing strength --matrix` writes one")
    return Matrix(items=items, results=results)
