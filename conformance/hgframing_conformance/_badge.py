"""A run as a badge: the JSON that shields.io's endpoint badges read (`https://shields.io/badges/endpoint-badge`).

It shows how many of the items that could run passed, and is green only where the run succeeded: an incomplete run is
never a percentage.
"""

from __future__ import annotations

import json

from pathlib import Path
from typing import Final, assert_never

from hgframing_conformance._outcomes import OutcomeKind
from hgframing_conformance._quoting import quote
from hgframing_conformance._summary import Exit, Summary


__all__ = ["badge", "write_badge"]

#: Characters of the implementation's name on a badge.
_NAME: Final = 40


def badge(summary: Summary) -> dict[str, object]:
    """Make the badge of a finished run."""
    ran = summary.total - summary.of_kind(OutcomeKind.UNSUPPORTED) - summary.of_kind(OutcomeKind.NOT_RUN)
    passed = summary.of_kind(OutcomeKind.PASSED)
    match summary.exit:
        case Exit.AS_EXPECTED:
            message, color = f"{passed}/{ran} passed", "brightgreen" if passed == ran else "green"
        case Exit.NOT_AS_EXPECTED:
            message, color = f"{passed}/{ran} passed", "red"
        case Exit.INCOMPLETE:
            message, color = "incomplete", "lightgrey"
        case Exit.NOTHING_SELECTED | Exit.USAGE:
            message, color = "nothing ran", "lightgrey"
        case _:
            assert_never(summary.exit)
    label = f"hgframing {quote(summary.hello.name, limit=_NAME)}"
    return {"schemaVersion": 1, "label": label, "message": message, "color": color}


def write_badge(path: Path, summary: Summary) -> None:
    """Write the badge of a finished run.

    Raises:
        OSError: the file cannot be written.
    """
    path.write_text(json.dumps(badge(summary)) + "\n", encoding="utf-8")
