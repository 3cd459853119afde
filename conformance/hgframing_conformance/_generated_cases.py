"""What was measured of generated cases: which of them say nothing that another one does not say (`generated.yaml`).

    alike:
      alphabet:
        server-alphabet-0006-idle-command-data-8: server-alphabet-0006-idle-command-data-4

Beside each stands the case that notices the same. Those cases are of the tier `full`; the others that their generator
has put there are of the tier `distinct`. So the suites follow from the version and this file alone, and nothing is
measured to write them. `hgframing generate --reduce` writes the file.
"""

from __future__ import annotations

import dataclasses

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from hgframing_conformance._cases import Tier
from hgframing_conformance._problems import Problem, SuiteError
from hgframing_conformance._reduction import Duplicate
from hgframing_conformance._suite_model import read_model
from hgframing_conformance._yaml import read_yaml


__all__ = ["FILE", "GeneratedCases", "read_generated_cases", "render_generated_cases"]

#: Its name, beside `suites`.
FILE: Final = "generated.yaml"
_HEAD: Final = "# Written by `hgframing generate --reduce`; do not edit.\n"


class _Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    alike: dict[str, dict[str, str]] = {}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedCases:
    """What the file says.

    Attributes:
        alike: generators; the ids of cases that say nothing new, and for each the one that notices the same.
    """

    alike: Mapping[str, Mapping[str, str]]

    def apply(self, generator: str, suite: Mapping[str, Any]) -> dict[str, Any]:
        """Give the cases of a suite their tiers.

        Args:
            generator: the name of the generator that made it.
            suite: the content of a suite file.
        """
        alike = self.alike.get(generator, {})
        return {
            **suite,
            "cases": [case if case["id"] in alike else _as_distinct(case) for case in suite["cases"]],
        }


def _as_distinct(case: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**case, "tier": Tier.DISTINCT.value} if case.get("tier") == Tier.FULL else case


def read_generated_cases(path: Path) -> GeneratedCases:
    """Read the file; where there is none, nothing was measured.

    Args:
        path: where it is.

    Raises:
        SuiteError: it is not what this module's docstring shows.
    """
    if not path.exists():
        return GeneratedCases(alike={})
    document = read_yaml(path.read_bytes(), str(path))
    content, errors = read_model(document.root if document.root is not None else {}, _Model)
    problems = [
        *document.problems,
        *(Problem(document.file, document.line(error.path), error.message, error.remedy) for error in errors),
    ]
    if problems or content is None:
        raise SuiteError(problems)
    return GeneratedCases(alike=content.alike)


def render_generated_cases(duplicates: Iterable[Duplicate]) -> str:
    """Make the text of the file, sorted, so that the same duplicates give the same octets."""
    alike: dict[str, dict[str, str]] = {}
    for duplicate in sorted(duplicates, key=lambda one: (one.generator, one.id)):
        alike.setdefault(duplicate.generator, {})[duplicate.id] = duplicate.like
    return _HEAD + yaml.safe_dump({"alike": alike}, sort_keys=False, width=120, allow_unicode=True)
