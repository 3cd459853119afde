"""What is known of mutants already: a file of JSON lines, so that a run that was interrupted goes on where it was.

The first line says what was measured: a fingerprint of the package's sources, and of the vectors. Every other line is
one result. Where the sources are others, the results are worth nothing any more, but the items that noticed something
are tried first: most of them notice it again. Where only the vectors are others, what an unchanged case noticed stays
noticed, and the rest is measured anew: who adds vectors waits for the survivors alone.
"""

from __future__ import annotations

import hashlib
import json

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from hgframing_conformance._cases import Case
from hgframing_conformance._fingerprints import fingerprint as case_fingerprint
from hgframing_conformance._trial import Result


__all__ = ["StrengthState", "sources_fingerprint"]

_FORMAT: Final = 3


def sources_fingerprint(files: Mapping[str, Path], *options: str) -> str:
    """Say in 64 hex digits which sources were measured, and how.

    Args:
        files: the modules.
        options: words that say what else makes results comparable, whether messages count for instance.
    """
    digest = hashlib.sha256("\n".join(options).encode())
    for name, file in files.items():
        digest.update(f"{name}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


class StrengthState:
    """The file of one measurement.

    Args:
        path: where it is or is to be; None: nothing is kept.
        sources: what `sources_fingerprint` says.
        cases: the vectors.
        items: for a matrix (`_matrix`), the names of all items, which the bits of its results count; such results are
            worth something for these same vectors alone.
        first: whether only the first chunking of each case is asked. What it notices is noticed, too, where all are.

    Attributes:
        results: ids of mutants, and what became of them in this same measurement.
        hints: ids of mutants, and the items that noticed them in any.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(
        self,
        path: Path | None,
        sources: str,
        cases: Iterable[Case],
        items: Sequence[str] | None = None,
        *,
        first: bool = False,
    ) -> None:
        self.results: dict[str, Result] = {}
        self.hints: dict[str, str] = {}
        self._path = path
        self._items = items
        self._cases = {f"{case.id}@{case.revision}": case_fingerprint([case]) for case in cases}
        asked = json.dumps({"first": first, "cases": self._cases})
        digest = hashlib.sha256(asked.encode()).hexdigest()
        self._head = {"format": _FORMAT, "sources": sources, "cases": digest}
        if path is None:
            return
        if path.exists():
            self._read(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._write(path)

    def add(self, result: Result) -> None:
        """Keep a result."""
        self.results[result.mutant] = result
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(self._line(result))

    def distrust(self, items: Collection[str]) -> None:
        """Forget what was noticed by items that are not believed any more."""
        self.results = {mutant: result for mutant, result in self.results.items() if result.item not in items}
        if self._path is not None and items:
            self._write(self._path)

    def _read(self, path: Path) -> None:
        head: dict[str, Any] = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                said = json.loads(line)
                if "format" in said:
                    head = said
                elif "items" in said:
                    continue
                elif "hint" in said:
                    self.hints[said["mutant"]] = said["hint"]
                else:
                    case = said.pop("case", "")
                    result = Result.from_json(said)
                    self.hints[result.mutant] = result.item
                    if self._holds(result, case, head):
                        self.results[result.mutant] = result
            except (ValueError, TypeError, KeyError):
                # The line that was being written when the run was interrupted.
                continue

    def _holds(self, result: Result, case: str, head: Mapping[str, Any]) -> bool:
        if head == self._head:
            return True
        if self._items is not None:
            return False
        same_sources = (head.get("format"), head.get("sources")) == (_FORMAT, self._head["sources"])
        return same_sources and result.gates and bool(case) and case == self._case_of(result)

    def _write(self, path: Path) -> None:
        hints = [
            json.dumps({"mutant": mutant, "hint": item}) + "\n"
            for mutant, item in self.hints.items()
            if item and mutant not in self.results
        ]
        items = [] if self._items is None else [json.dumps({"items": self._items}) + "\n"]
        lines = [json.dumps(self._head) + "\n", *items, *hints, *map(self._line, self.results.values())]
        path.write_text("".join(lines), encoding="utf-8")

    def _line(self, result: Result) -> str:
        return json.dumps({**result.to_json(), "case": self._case_of(result)}) + "\n"

    def _case_of(self, result: Result) -> str:
        return self._cases.get(result.item.partition("[")[0], "")
