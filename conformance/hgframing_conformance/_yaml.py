"""Strict reading of YAML: the JSON subset, with the line of everything.

YAML readers disagree about what a bare word is: `no`, `012`, `1e3`, `12:30` and `2018-04-14` are a boolean, an octal, a
float, a base-60 integer and a date to some and strings to others. A suite must mean the same to every reader in every
language, so a bare scalar is a decimal integer, `true`, `false`, `null`, nothing at all (null), or a word that is a
string to everybody; whatever else is refused with "quote it". Anchors, aliases, tags, complex keys and several
documents are refused for the same reason. Hex strings are quoted always, because `0001` and `00e1` are numbers to some
and `000a` is not.

The reader works on the parser's events, which is the last place where anchors and quotes are still visible.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re

from collections.abc import Iterable
from typing import Any, Final

import yaml

from hgframing_conformance._forms import Path, short
from hgframing_conformance._problems import Problem


__all__ = ["Document", "read_yaml"]

#: libyaml's parser where PyYAML was built with it: four times as fast.
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: Levels of a document; a suite's own structure takes ten, its values are bounded by `_values`.
_MAX_DEPTH: Final = 200
#: Digits of a bare integer; longer ones are written {int: "…"}.
_MAX_DIGITS: Final = 30
#: Keys whose scalars, and lists of scalars, are hex digits.
_HEX_KEYS: Final = frozenset({"hex", "receive-hex"})

_WORDS: Final[dict[str, bool | None]] = {"": None, "null": None, "true": True, "false": False}
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)\Z")
#: What some reader takes for something else than a string: YAML 1.1's and 1.2's words, numbers, base 60 and dates.
_AMBIGUOUS: Final = re.compile(
    r"""(?: ~ | null | true | false | yes | no | on | off | y | n | = | <<
      | [-+]? \.? [0-9] [0-9_,.:]* (?: e [-+]? [0-9]* )?
      | [-+]? 0 [xob] [0-9a-f_]*
      | [-+]? \. (?: inf | nan )
      | [0-9]{4} - [0-9]{1,2} - [0-9]{1,2} .*
    )\Z""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclasses.dataclass(slots=True)
class _Open:
    """A collection that is being read."""

    items: dict[str, Any] | list[Any]
    lines: dict[str, int] | list[int]
    line: int
    hex_values: bool
    key: str | None = None
    key_line: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Document:
    """A YAML file that has been read.

    Attributes:
        file: as people find it.
        root: dicts, lists, strings, integers, booleans and None.
        problems: what was refused; the root holds something harmless in its place.
    """

    file: str
    root: Any
    problems: tuple[Problem, ...]
    _lines: dict[int, dict[str, int] | list[int]]

    def line(self, path: Path) -> int:
        """Say on which line a place lies, or the nearest that the document has above it.

        Args:
            path: keys and indices from the root.

        Returns:
            The line, from 1.
        """
        line, node = 1, self.root
        with contextlib.suppress(KeyError, IndexError, TypeError):
            for part in path:
                lines: Any = self._lines.get(id(node))
                line, node = lines[part], node[part]
        return line


def read_yaml(octets: bytes, file: str) -> Document:
    """Read one file.

    Args:
        octets: the file, UTF-8.
        file: how problems name it.

    Returns:
        The document. It may have problems; nothing is raised for a file's content.
    """
    reader = _Reader(file)
    try:
        reader.read(yaml.parse(octets.decode("utf-8"), Loader=_LOADER))
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        reader.problems.append(Problem(file, line, "the file is not UTF-8", "save it as UTF-8"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        text = " ".join(part for part in (error.context, error.problem) if part)
        reader.problems.append(Problem(file, line, f"this is not YAML: {text}"))
    except yaml.YAMLError as error:
        reader.problems.append(Problem(file, 0, f"this is not YAML: {' '.join(str(error).split())}"))
    return Document(file, reader.root, tuple(reader.problems), reader.lines)


class _Reader:
    """Builds the root of a document from the parser's events."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Any = None
        self.problems: list[Problem] = []
        self.lines: dict[int, dict[str, int] | list[int]] = {}
        self._stack: list[_Open] = []
        self._dropped: list[Any] = []
        self._documents = 0

    def read(self, events: Iterable[Any]) -> None:
        # Types are compared, not matched: a suite has a hundred thousand events.
        for event in events:
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self._scalar(event)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                if not self._open(event, mapping=kind is yaml.MappingStartEvent):
                    return
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                closed = self._stack.pop()
                self._place(closed.items, closed.line)
            elif kind is yaml.AliasEvent:
                self._problem(event, "aliases are not in the JSON subset of YAML", "write the value out")
                self._place(None, event.start_mark.line + 1)
            elif kind is yaml.DocumentStartEvent:
                self._documents += 1
                if self._documents > 1:
                    self._problem(event, "a file is one document", "remove the line ---")
                    return

    def _problem(self, event: Any, message: str, remedy: str = "") -> None:
        self.problems.append(Problem(self.file, event.start_mark.line + 1, message, remedy))

    def _refuse(self, event: Any) -> None:
        if event.anchor is not None:
            self._problem(event, "anchors are not in the JSON subset of YAML", f"remove &{event.anchor}")
        if event.tag is not None:
            self._problem(event, f"tags are not in the JSON subset of YAML: {event.tag}", "remove the tag")

    def _open(self, event: Any, *, mapping: bool) -> bool:
        """Begin a collection; false: reading must end, because nothing that follows could be placed."""
        if event.anchor is not None or event.tag is not None:
            self._refuse(event)
        above = self._stack[-1] if self._stack else None
        if len(self._stack) >= _MAX_DEPTH:
            self._problem(event, f"the file is nested deeper than {_MAX_DEPTH} levels")
            return False
        if above is not None and above.key is None and isinstance(above.items, dict):
            self._problem(event, "a key must be a string")
            return False
        line = event.start_mark.line + 1
        if mapping:
            opened = _Open({}, {}, line, hex_values=False)
        else:
            opened = _Open([], [], line, hex_values=above is not None and above.key in _HEX_KEYS)
        self._stack.append(opened)
        self.lines[id(opened.items)] = opened.lines
        return True

    def _scalar(self, event: Any) -> None:
        if event.anchor is not None or event.tag is not None:
            self._refuse(event)
        value = event.value
        line = event.start_mark.line + 1
        above = self._stack[-1] if self._stack else None
        if above is not None and above.key is None and isinstance(above.lines, dict):
            if not event.style and (value in _WORDS or _AMBIGUOUS.match(value)):
                self._problem(
                    event, f"the bare key {short(value)} is not a string to every reader", "quote it"
                )
            if value in above.lines:
                first = above.lines[value]
                self._problem(event, f"duplicate key {short(value)}", f"the first is on line {first}")
            above.key, above.key_line = value, line
        elif event.style:
            self._place(value, line)
        elif above is not None and (above.hex_values or above.key in _HEX_KEYS):
            self._problem(event, f"unquoted hex string {value}", f'write "{value}"')
            self._place(value, line)
        else:
            self._place(self._plain(event), line)

    def _plain(self, event: Any) -> Any:
        text = event.value
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.match(text) and len(text) <= _MAX_DIGITS:
            return int(text)
        if _AMBIGUOUS.match(text):
            self._problem(event, f"the bare scalar {short(text)} is not the same to every reader", "quote it")
        return text

    def _place(self, value: Any, line: int) -> None:
        if not self._stack:
            self.root = value
            return
        above = self._stack[-1]
        items, lines = above.items, above.lines
        if isinstance(items, list) and isinstance(lines, list):
            items.append(value)
            lines.append(line)
        elif isinstance(items, dict) and isinstance(lines, dict):
            key = above.key
            above.key = None
            if key is None or key in lines:
                # Kept alive: the lines of collections are found by identity.
                self._dropped.append(value)
            else:
                items[key] = value
                lines[key] = above.key_line
