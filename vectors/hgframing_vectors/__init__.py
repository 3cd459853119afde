"""The conformance vectors as data: suites, requirement catalogue, registry of ids, schemas.

The code here finds files and does nothing else. Everything is reached through `importlib.resources`, so it works from a
checkout, from a wheel and from a zip archive alike.
"""

from __future__ import annotations

import importlib.resources

from collections.abc import Iterator
from importlib.resources.abc import Traversable


__all__ = ["COMPILED", "root", "suite_files"]

#: A file beside `suites`, in wheels alone: all cases in the compiled form (docs/vector-format.md).
COMPILED = "compiled.json"


def root() -> Traversable:
    """Return the directory that holds `suites`, `schemas`, `requirements.yaml` and `ids.txt`."""
    return importlib.resources.files(__name__)


def suite_files() -> dict[str, Traversable]:
    """Return every suite file by the name of its suite, sorted by name.

    A suite's name is its path below `suites`, with slashes and without `.yaml`.
    """
    return dict(sorted(_walk(root().joinpath("suites"), "")))


def _walk(directory: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in directory.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".yaml"):
            yield f"{prefix}{entry.name.removesuffix('.yaml')}", entry
