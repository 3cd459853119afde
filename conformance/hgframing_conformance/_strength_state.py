"""What is known of mutants already: a file of JSON lines, so that a run that was interrupted goes on where it was.

The first line says what was measured: a fingerprint of the package's sources and of the vectors. Every other line is
one result. Where the fingerprint is another, the results are worth nothing any more, but the items that noticed
something are tried first: most of them notice it again.
"""

from __future__ import annotations

import hashlib
import json

from collections.abc import Iterable, Mapping
from pathlib import Path

from hgframing_conformance._cases import Case
from hgframing_conformance._fingerprints import fingerprint as case_fingerprint
from hgframing_conformance._strength import Result, Status


__all__ = ["StrengthState", "fingerprint"]

_FORMAT = 1


def fingerprint(files: Mapping[str, Path], cases: Iterable[Case], *, messages: bool = False) -> str:
    """Say in 64 hex digits which sources and which vectors were measured, and whether messages counted."""
    digest = hashlib.sha256(b"messages\n" if messages else b"")
    for name, file in files.items():
        digest.update(f"{name}\n".encode())
        digest.update(file.read_bytes())
    for case in cases:
        digest.update(f"{case.id} {case.revision} {case_fingerprint([case])}\n".encode())
    return digest.hexdigest()


class StrengthState:
    """The file of one measurement.

    Args:
        path: where it is or is to be; None: nothing is kept.
        measured: what `fingerprint` says.

    Attributes:
        results: ids of mutants, and what became of them in this same measurement.
        hints: ids of mutants, and the items that noticed them in any.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, path: Path | None, measured: str) -> None:
        self.results: dict[str, Result] = {}
        self.hints: dict[str, str] = {}
        self._path = path
        if path is None:
            return
        if path.exists():
            self._read(path, measured)
        if not self.results:
            path.parent.mkdir(parents=True, exist_ok=True)
            head = json.dumps({"format": _FORMAT, "measured": measured})
            hints = "".join(
                json.dumps({"mutant": mutant, "hint": item}) + "\n" for mutant, item in self.hints.items()
            )
            path.write_text(f"{head}\n{hints}", encoding="utf-8")

    def _read(self, path: Path, measured: str) -> None:
        same = False
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                said = json.loads(line)
                if "measured" in said:
                    same = said == {"format": _FORMAT, "measured": measured}
                elif "hint" in said:
                    self.hints[said["mutant"]] = said["hint"]
                else:
                    result = Result(**{**said, "status": Status(said["status"])})
                    self.hints[result.mutant] = result.item
                    if same:
                        self.results[result.mutant] = result
            except (ValueError, TypeError, KeyError):
                # The line that was being written when the run was interrupted.
                continue

    def add(self, result: Result) -> None:
        """Keep a result."""
        self.results[result.mutant] = result
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(
                    json.dumps(
                        {
                            "mutant": result.mutant,
                            "status": result.status,
                            "item": result.item,
                            "gates": result.gates,
                            "asked": result.asked,
                        }
                    )
                    + "\n"
                )
