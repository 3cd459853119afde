"""Appends the ids of new cases to the registry: `python -m hgframing_conformance._register`.

Nothing is ever removed or reordered. What else is wrong with the suites is not asked here; `hgframing list` says it.
"""

from __future__ import annotations

import re
import sys

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import hgframing_vectors

from hgframing_conformance._registry import read_registry
from hgframing_conformance._yaml import read_yaml


__all__ = ["register"]

_ID: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z")


def register(root: Path) -> tuple[str, ...]:
    """Append to `ids.txt` what is not there yet.

    Args:
        root: a directory with `suites`.

    Returns:
        The ids that were appended, in the order of files and cases.
    """
    file = root / "ids.txt"
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    known = read_registry(text, str(file)).lines
    new = tuple(dict.fromkeys(case_id for case_id in _ids(root / "suites") if case_id not in known))
    if new:
        separator = "" if not text or text.endswith("\n") else "\n"
        added = "".join(f"{case_id}\n" for case_id in new)
        file.write_text(text + separator + added, encoding="utf-8")
    return new


def _ids(directory: Path) -> Iterator[str]:
    for file in sorted(directory.rglob("*.yaml")):
        root = read_yaml(file.read_bytes(), str(file)).root
        cases = root.get("cases") if isinstance(root, dict) else None
        for case in cases if isinstance(cases, list) else ():
            case_id = case.get("id") if isinstance(case, dict) else None
            if isinstance(case_id, str) and _ID.match(case_id):
                yield case_id


def _main(arguments: Sequence[str]) -> None:
    root = Path(arguments[0]) if arguments else Path(str(hgframing_vectors.root()))
    for case_id in register(root):
        sys.stdout.write(f"{case_id}\n")


if __name__ == "__main__":
    _main(sys.argv[1:])
