"""The state tables as pictures: Mermaid diagrams in a Markdown page, made from the tables themselves."""

from __future__ import annotations

import enum

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hgframing import REVISIONS, Feature, Revision


__all__ = ["write_diagrams"]

_HEAD: Final = """\
# State tables

Written by `hgframing diagrams`; do not edit. The arrows are the transitions of the tables in `hgframing._states`; what
has no arrow is a fault. A picture that several revisions share is drawn once.
"""

#: More labels than this on one arrow are counted instead of listed.
_MAX_LABELS: Final = 8


def write_diagrams() -> str:
    """Write the page: every table of every revision, each distinct table once."""
    drawn: dict[str, list[str]] = {}
    for revision in REVISIONS.values():
        for title, table in _tables(revision):
            drawn.setdefault(f"## {title}\n{{}}\n{_draw(table)}", []).append(revision.key)
    sections = [
        section.replace("{}", f"\nRevisions: {', '.join(f'`{key}`' for key in keys)}\n", 1)
        for section, keys in drawn.items()
    ]
    return "\n".join([_HEAD, *sections])


def _tables(revision: Revision) -> Iterator[tuple[str, Mapping[Any, Mapping[Any, Any]]]]:
    yield "Connection", revision.connection
    if Feature.STREAMS in revision.features:
        yield "Stream of the peer", revision.stream
    yield "Request in a server", revision.server_request
    yield "Request in a client", revision.client_request


def _draw(table: Mapping[Any, Mapping[Any, Any]]) -> str:
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {_name(state)} : {state.value}" for state in table]
    for state, row in table.items():
        ways: dict[Any, list[str]] = {}
        for cause, following in row.items():
            ways.setdefault(following, []).append(_label(cause))
        lines += [
            f"    {_name(state)} --> {_name(following)} : {_join(causes)}"
            for following, causes in ways.items()
        ]
    return "\n".join([*lines, "```", ""])


def _join(causes: list[str]) -> str:
    if len(causes) > _MAX_LABELS:
        return f"any of {len(causes)} frames of requests and responses"
    return " / ".join(causes)


def _name(state: enum.Enum) -> str:
    return state.name.lower()


def _label(cause: enum.Enum) -> str:
    return cause.name.lower().replace("_", " ")
