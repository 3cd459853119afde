"""What was measured of generated cases: which of them say nothing new (`generated.yaml`).

    dropped:
      alphabet:
        server-alphabet-0006-idle-command-data-8: server-alphabet-0006-idle-command-data-4

A generator makes all its cases each time. Those that are dropped are then left out; beside each stands the case that
notices the same. So the suites follow from the version and this file alone, and nothing is measured to write them.
`hgframing generate --reduce` writes the file.
"""

from __future__ import annotations

import dataclasses

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from hgframing_conformance._problems import Problem, SuiteError
from hgframing_conformance._reduction import Duplicate
from hgframing_conformance._suite_model import read_model
from hgframing_conformance._yaml import read_yaml


__all__ = ["FILE", "GeneratedCases", "read_generated_cases", "write_generated_cases"]

#: Its name, beside `suites`.
FILE: Final = "generated.yaml"
_HEAD: Final = "# Written by `hgframing generate --reduce`; do not edit.\n"


class _Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    dropped: dict[str, dict[str, str]] = {}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedCases:
    """What the file says.

    Attributes:
        dropped: generators; the ids of cases that are left out, and for each the one that notices the same.
    """

    dropped: Mapping[str, Mapping[str, str]]

    def drop(self, duplicates: Iterable[Duplicate]) -> GeneratedCases:
        """Add duplicates; what was dropped because of a case that is dropped now, is because of that one's like.

        Args:
            duplicates: what `find_duplicates` found in the cases that are left.
        """
        new = tuple(duplicates)
        likes = {duplicate.id: duplicate.like for duplicate in new}
        dropped = {
            generator: {case_id: likes.get(like, like) for case_id, like in ids.items()}
            for generator, ids in self.dropped.items()
        }
        for duplicate in new:
            dropped.setdefault(duplicate.generator, {})[duplicate.id] = duplicate.like
        return GeneratedCases(dropped=dropped)

    def apply(self, generator: str, suite: Mapping[str, Any]) -> dict[str, Any]:
        """Leave out of a suite what is dropped.

        Args:
            generator: the name of the generator that made it.
            suite: the content of a suite file.
        """
        dropped = self.dropped.get(generator, {})
        return {**suite, "cases": [case for case in suite["cases"] if case["id"] not in dropped]}


def read_generated_cases(path: Path) -> GeneratedCases:
    """Read the file; where there is none, nothing was measured.

    Args:
        path: where it is.

    Raises:
        SuiteError: it is not what this module's docstring shows.
    """
    if not path.exists():
        return GeneratedCases(dropped={})
    document = read_yaml(path.read_bytes(), str(path))
    content, errors = read_model(document.root if document.root is not None else {}, _Model)
    problems = [
        *document.problems,
        *(Problem(document.file, document.line(error.path), error.message, error.remedy) for error in errors),
    ]
    if problems or content is None:
        raise SuiteError(problems)
    return GeneratedCases(dropped=content.dropped)


def write_generated_cases(path: Path, content: GeneratedCases) -> None:
    """Write the file, sorted, so that the same content is the same octets."""
    plain = {
        "dropped": {name: dict(sorted(ids.items())) for name, ids in sorted(content.dropped.items()) if ids},
    }
    text = yaml.safe_dump(plain, sort_keys=False, width=120, allow_unicode=True)
    path.write_text(_HEAD + text, encoding="utf-8")
