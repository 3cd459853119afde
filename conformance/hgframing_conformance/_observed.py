"""The generator `observed`: what was found by fuzzing or between implementations, and put down as drafts.

A draft is a suite file in the directory `drafts` of the vectors, as `hgframing-fuzz promote` writes it. All drafts of a
role and a revision become one suite: frames in the notation that is printed, cases sorted, none twice. What was
observed is no expectation, so a case stays `unspecified` and `disputed`, and gates nothing, until a person has written
into its draft what must follow, which requirement says so, and taken `disputed` away.
"""

from __future__ import annotations

import json

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import hgframing_vectors

from hgframing import REVISIONS, NotationError, Revision, format_notation, parse_notation
from hgframing_conformance._problems import Problem, SuiteError
from hgframing_conformance._yaml import read_yaml


__all__ = ["DRAFTS", "generate_observed", "observed"]

#: Below the directory of the vectors.
DRAFTS: Final = "drafts"
_UNREAD: Final = "draft: nobody has decided yet what must follow"
_EXPECTATIONS: Final = frozenset({"expect", "any-of", "never"})
#: The keys of a case, as people write them.
_ORDER: Final = (
    "id",
    "title",
    "level",
    "requirements",
    "violates",
    "deviations",
    "source",
    "comment",
    "disputed",
    "requires",
    "setup",
    "chunkings",
    "tier",
    "steps",
)


def generate_observed() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield one suite for each role and revision of which there are drafts.

    Raises:
        SuiteError: a draft cannot be read.
    """
    return observed(Path(str(hgframing_vectors.root())) / DRAFTS)


def observed(directory: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the suites of one directory of drafts: name, and content in the form of a suite file.

    Args:
        directory: searched for `*.yaml`; one that does not exist has no drafts.

    Raises:
        SuiteError: a draft cannot be read, or is not of one known revision.
    """
    groups: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for file in sorted(directory.rglob("*.yaml")):
        suite = _read(file)
        (key,) = suite["revisions"]
        for case in suite["cases"]:
            normal = _normal(case, REVISIONS[key], file)
            group = groups.setdefault((suite["layer"], key), {})
            # What is sent decides whether two drafts are the same; the first to be read stays.
            group.setdefault(_digest(normal), normal)
    for (layer, key), cases in sorted(groups.items()):
        name = f"{layer}/generated-observed-{key}"
        yield (
            name,
            {
                "format": 1,
                "suite": name,
                "title": f"What was once observed to go wrong in a {layer} of {key}",
                "layer": layer,
                "revisions": [key],
                "cases": sorted(cases.values(), key=lambda case: str(case["id"])),
            },
        )


def _read(file: Path) -> Mapping[str, Any]:
    document = read_yaml(file.read_bytes(), str(file))
    if document.problems:
        raise SuiteError(document.problems)
    suite: Mapping[str, Any] = document.root if isinstance(document.root, dict) else {}
    revisions = suite.get("revisions")
    if not isinstance(revisions, list) or len(revisions) != 1 or revisions[0] not in REVISIONS:
        message = "a draft is a suite of one revision"
        raise SuiteError([Problem(str(file), 1, message, "see docs/generating-vectors.md")])
    return suite


def _normal(case: Mapping[str, Any], revision: Revision, file: Path) -> dict[str, Any]:
    level, requirements = case.get("level", "unspecified"), case.get("requirements", [])
    is_decided = bool(requirements) and "disputed" not in case
    found = {
        **case,
        "level": level if is_decided else "unspecified",
        "tier": case.get("tier", "full"),
        "steps": [_step(step, revision, file) for step in case["steps"]],
        "why": f"observed: {case.get('comment') or case['title']}",
    }
    if not is_decided:
        found["disputed"] = case.get("disputed", _UNREAD)
    kept = {key: found[key] for key in _ORDER if found.get(key) not in (None, [], {})}
    return {**kept, "why": found["why"]}


def _step(step: Mapping[str, Any], revision: Revision, file: Path) -> dict[str, Any]:
    if "receive" not in step:
        return dict(step)
    try:
        frames = [_frame(item, revision) for item in step["receive"]]
    except NotationError as error:
        raise SuiteError(
            [Problem(str(file), 1, str(error), "write the frame as `hgframing show` does")]
        ) from error
    return {**step, "receive": frames}


def _frame(item: Any, revision: Revision) -> Any:
    return format_notation(parse_notation(item, revision), revision) if isinstance(item, str) else item


def _digest(case: Mapping[str, Any]) -> str:
    """Write what is sent, as text."""
    sent = [{key: value for key, value in step.items() if key not in _EXPECTATIONS} for step in case["steps"]]
    return json.dumps([case.get("setup", {}), sent], sort_keys=True)
