"""The part of the generator `boundaries` that is about limits: each reached, one below and one above.

What is exactly as large as a limit is allowed (docs/vector-format.md, "Setup"): then the frames are ordinary ones, and
the case is `should` under the requirement that they keep. That a receiver has limits at all is no demand of the text,
so one above is `unspecified`, and never runs a command or hands anything over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

from hgframing import REVISIONS, Feature, Revision
from hgframing_conformance._decisions import deviations_of, requirements_of


__all__ = ["OVER", "Bound", "Step", "Try", "limit_suites", "request_id"]

_COMMENT: Final = "That a receiver has limits is no demand of the text, nor how it tells that one is crossed."
_OPEN: Final = "The request ID of a settings frame is open."
#: How much more than a limit allows, and what that is called.
OVER: Final[Mapping[int, str]] = MappingProxyType({-1: "below", 0: "at", 1: "above"})
_WORDS: Final = {-1: "one less than", 0: "as much as", 1: "one more than"}
_NEVER: Final = {
    "server": ["run-command"],
    "client": ["response-data", "error-response", "text-output", "progress"],
}

Step: TypeAlias = dict[str, Any]


class Try(NamedTuple):
    """A conversation that needs exactly so much of a limit; its last step crosses it if there is one too few."""

    limit: int
    steps: list[Step]
    setup: Mapping[str, Any] = MappingProxyType({})
    requires: Mapping[str, Any] = MappingProxyType({})


class Bound(NamedTuple):
    """One limit in one role.

    Attributes:
        limit: its name in `setup`.
        label: what of it is tried, behind its name.
        what: the same in words.
        feature: what a revision must have; `None`: any has it.
        requirements: what ordinary frames keep.
        make: makes a conversation that needs the limit that it names, and so many more.
        codes: what a receiver says that draws the line there.
    """

    limit: str
    label: str
    what: str
    feature: Feature | None
    requirements: tuple[str, ...]
    make: Callable[[Revision, int], Try]
    codes: tuple[str, ...] = ("limit-exceeded",)


def request_id(revision: Revision) -> int:
    """Return the ID of the first request of a client; 0 where there are none."""
    return 1 if Feature.REQUEST_IDS in revision.features else 0


def limit_suites(layer: str, bounds: Iterable[Bound]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield one suite for each revision: its name, and its content in the form of a suite file.

    Args:
        layer: `server` or `client`.
        bounds: its limits.
    """
    bounds = tuple(bounds)
    for revision in REVISIONS.values():
        name = f"{layer}/generated-boundaries-limits-{revision.key}"
        yield (
            name,
            {
                "format": 1,
                "suite": name,
                "title": f"Limits of a {layer} in {revision.key}: reached, one below and one above",
                "layer": layer,
                "revisions": [revision.key],
                "cases": [
                    _case(revision, layer, bound, over)
                    for bound in bounds
                    if bound.feature is None or bound.feature in revision.features
                    for over in OVER
                ],
            },
        )


def _case(revision: Revision, layer: str, bound: Bound, over: int) -> dict[str, Any]:
    tried = bound.make(revision, over)
    *before, last = tried.steps
    requirements = requirements_of(revision, bound.requirements)
    name = f"{bound.limit}{f'-{bound.label}' if bound.label else ''}-{OVER[over]}"
    comment = _OPEN if "content-encodings" in tried.setup else ""
    if over > 0:
        comment = _COMMENT
        last = {key: value for key, value in last.items() if key != "expect"}
        code, *also = bound.codes
        error: dict[str, Any] = {"code": code, **({"also": also} if also else {})}
        last |= {"expect": [{"error": error}], "never": _NEVER[layer]}
    return {
        "id": f"{layer}-boundary-{revision.key}-{name}",
        "title": f"{bound.what} takes {_WORDS[over]} {bound.limit} allows",
        "level": "should" if requirements and over <= 0 else "unspecified",
        **({"requirements": requirements} if requirements and over <= 0 else {}),
        **({"deviations": deviations_of(revision, ["D49"])} if layer == "server" and tried.requires else {}),
        "source": "generated:boundaries",
        **({"comment": comment} if comment else {}),
        **({"requires": dict(tried.requires)} if tried.requires else {}),
        "setup": {**tried.setup, "limits": {bound.limit: tried.limit}},
        "tier": "full",
        "steps": [*before, last],
        "why": f"the limit {bound.limit} at {over:+d}: {bound.what}",
    }
