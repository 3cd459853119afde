"""Suites as YAML text, in the one form that this project writes.

Generated suites must come out as the same octets from the same version, and be read by people: one key a line, what is
short in flow style, every hex string quoted.
"""

from __future__ import annotations

import re

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
#: The same for an action below its key.
_ACTION_ROOM: Final = 108
_TRUTH: Final = frozenset("ynYN")
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
    # So are the letters that are truth values to some.
    quotes = '"' if "'" in value or "\\" in value or _HEX.match(value) or value in _TRUTH else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=quotes)


def _represent_quoted(dumper: yaml.SafeDumper, value: _Quoted) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(value), style='"')


_Dumper.add_representer(str, _represent_string)
_Dumper.add_representer(_Quoted, _represent_quoted)
_Dumper.add_representer(_Flow, _represent_flow)
_Dumper.add_representer(_FlowList, _represent_flow_list)


def _flow(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _Flow({key: _Quoted(item) if key == "hex" else _flow(item) for key, item in value.items()})
    if isinstance(value, list):
        return _FlowList([_flow(item) for item in value])
    return value


def _frames(value: list[Any]) -> list[Any]:
    """Frames in quotes; parts of large payloads as they are."""
    return [_Quoted(item) if isinstance(item, str) else _flow(item) for item in value]


def _action(action: Any) -> Any:
    """An action in one line; frames that are sent one a line if they do not fit."""
    if isinstance(action, Mapping) and isinstance(frames := action.get("send-frames"), list):
        quoted = _frames(frames)
        whole = _Flow({"send-frames": _FlowList(quoted)})
        return whole if _fits(whole, _ACTION_ROOM) else {"send-frames": quoted}
    return _flow(action)


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    """A step in one line if it fits, else one key a line, and of lists that do not fit one item a line."""
    written: dict[str, Any] = {}
    for key, value in step.items():
        if isinstance(value, list) and key in _LISTS:
            items = _frames(value) if key == "receive" else [_action(item) for item in value]
            is_short = all(type(item) is not dict for item in items) and _fits(
                {key: _FlowList(items)}, _KEY_ROOM
            )
            written[key] = _FlowList(items) if is_short else items
        else:
            written[key] = _flow(value)
    whole = _Flow(written)
    is_short = all(isinstance(value, _FlowList) or key not in _LISTS for key, value in written.items())
    return whole if is_short and _fits(whole, _STEP_ROOM) else written


def _fits(value: Any, room: int) -> bool:
    return _length(value) <= room


def _length(value: Any) -> int:
    """Columns that a value takes in one line, give or take a pair of quotes."""
    match value:
        case str():
            return len(value) + 2 + value.count("\\") + value.count('"')
        case dict():
            return sum(len(key) + 4 + _length(item) for key, item in value.items())
        case list():
            return 2 + sum(2 + _length(item) for item in value)
        case _:
            return len(str(value))


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
