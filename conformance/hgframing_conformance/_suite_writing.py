"""Suites as YAML text, in the one form that this project writes.

Generated suites must come out as the same octets from the same version, and be read by people: one key a line, what is
short in flow style, every hex string quoted.
"""

from __future__ import annotations

import re
import sys

from collections.abc import Iterable, Mapping
from typing import Any, Final

import yaml


__all__ = ["write_cases", "write_head", "write_suite"]

#: What is written in one line if it fits: the values of these keys.
_FLOW_KEYS: Final = frozenset(
    {"revisions", "requirements", "violates", "deviations", "chunkings", "setup", "requires", "never"}
)
_WIDTH: Final = 120
#: Keys of a step that hold frames or actions.
_LISTS: Final = frozenset({"receive", "receive-hex", "expect", "any-of"})
#: Columns for a step, and for one key of it, behind their indentation; braces count.
_STEP_ROOM: Final = 112
_KEY_ROOM: Final = 114
_HEX: Final = re.compile(r"(?:[0-9a-f]{2}){4,}\Z")


class _Dumper(yaml.SafeDumper):
    """Writes no aliases, and indents lists below their key."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  # PyYAML's interface
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        super().increase_indent(flow, indentless=False)


class _Flow(dict[str, Any]):
    """A mapping that is written in one line."""


class _FlowList(list[Any]):
    """A list that is written in one line."""


class _Quoted(str):
    """A string that is always quoted: a frame, as people write it."""

    __slots__ = ()


def _represent_flow(dumper: yaml.SafeDumper, value: _Flow) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=True)


def _represent_flow_list(dumper: yaml.SafeDumper, value: _FlowList) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)


def _represent_string(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    # Frames hold single quotes; doubling them, as YAML would, makes them unreadable.
    # Hex digits are quoted always: some of them are numbers to some readers.
    quotes = '"' if "'" in value or "\\" in value or _HEX.match(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=quotes)


def _represent_quoted(dumper: yaml.SafeDumper, value: _Quoted) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(value), style='"')


_Dumper.add_representer(str, _represent_string)
_Dumper.add_representer(_Quoted, _represent_quoted)
_Dumper.add_representer(_Flow, _represent_flow)
_Dumper.add_representer(_FlowList, _represent_flow_list)


def _flow(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _Flow({key: _flow(item) for key, item in value.items()})
    if isinstance(value, list):
        return _FlowList([_flow(item) for item in value])
    return value


def _frames(value: Any) -> Any:
    """Frames in quotes; parts of large payloads as they are."""
    return [_Quoted(item) if isinstance(item, str) else _flow(item) for item in value]


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    """A step in one line if it fits, else one key a line; lists of frames and actions that do not fit, one item a line."""
    written: dict[str, Any] = {}
    for key, value in step.items():
        if isinstance(value, list) and key in _LISTS:
            items = _frames(value) if key == "receive" else [_flow(item) for item in value]
            written[key] = _FlowList(items) if _fits({key: _FlowList(items)}, _KEY_ROOM) else items
        else:
            written[key] = _flow(value)
    whole = _Flow({key: _FlowList(value) if key in _LISTS else value for key, value in written.items()})
    return whole if _fits(whole, _STEP_ROOM) else written


def _fits(value: Mapping[str, Any], room: int) -> bool:
    return len(yaml.dump(_Flow(value), Dumper=_Dumper, sort_keys=False, width=sys.maxsize).rstrip()) <= room


def write_head(suite: Mapping[str, Any]) -> str:
    """Write what stands before the cases of a suite, the key `cases` included.

    Args:
        suite: its keys in the order in which they are to stand; `cases` is left out.
    """
    head = {
        key: _flow(value) if key in _FLOW_KEYS else value for key, value in suite.items() if key != "cases"
    }
    return f"{_dump(head)}cases:\n"


def write_cases(cases: Iterable[Mapping[str, Any]]) -> str:
    """Write cases as they stand below `cases`, indented."""
    written = [
        {key: _flow(value) if key in _FLOW_KEYS else value for key, value in case.items() if key != "steps"}
        | {"steps": [_step(step) for step in case["steps"]]}
        for case in cases
    ]
    return _dump({"cases": written}).partition("\n")[2]


def write_suite(suite: Mapping[str, Any], header: str) -> str:
    """Write a suite file.

    Args:
        suite: its content, keys in the order in which they are to stand.
        header: a comment of one line that says where the file comes from.
    """
    return f"# {header}\n{write_head(suite)}{write_cases(suite['cases'])}"


def _dump(value: Mapping[str, Any]) -> str:
    text: str = yaml.dump(dict(value), Dumper=_Dumper, sort_keys=False, width=_WIDTH, allow_unicode=True)
    return text
