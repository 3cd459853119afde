"""Where the statements of a module begin and end, and which of them are guards.

What must run for a line to matter is the statement that the line belongs to; of a statement with a body, the head alone
(`if …:`). A *guard* is an `if` that does nothing but refuse: its body is one `raise`, and there is no `else`.
"""

from __future__ import annotations

import ast
import dataclasses

from collections.abc import Iterator


__all__ = ["Guard", "Statements"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """An `if` that only refuses.

    Attributes:
        text: its head, without indentation, spaces flattened.
        exception: the name of what it raises; empty where that is no call and no name.
        first, last: numbers of the lines of the `raise`.
    """

    text: str
    exception: str
    first: int
    last: int


class Statements:
    """The statements of one module.

    Args:
        source: its text in UTF-8.

    Raises:
        SyntaxError: it is no Python.
    """

    def __init__(self, source: bytes) -> None:
        self._lines = [line.decode() for line in source.splitlines()]
        self._places: dict[int, tuple[int, int]] = {}
        self._guards: dict[int, Guard] = {}
        # Outer statements come first, and the innermost one has the last word about a line.
        for node in _outermost_first(ast.parse(source)):
            first, last = _head(node)
            for line in range(first, last + 1):
                self._places[line] = (first, last)
            if isinstance(node, ast.If):
                self._note_guard(node, first, last)

    def lines(self, line: int) -> tuple[int, int]:
        """Return the first and the last line of the statement, or its head, that a line belongs to."""
        return self._places.get(line, (line, line))

    def text(self, line: int) -> str:
        """Return that statement, or its head, without indentation, spaces flattened."""
        return self._flat(*self.lines(line))

    def guard(self, line: int) -> Guard | None:
        """Return the guard that a line is part of, its `raise` included."""
        return self._guards.get(line)

    def _flat(self, first: int, last: int) -> str:
        return " ".join(" ".join(self._lines[first - 1 : last]).split())

    def _note_guard(self, node: ast.If, first: int, last: int) -> None:
        if node.orelse or len(node.body) != 1 or not isinstance(node.body[0], ast.Raise):
            return
        complaint = node.body[0]
        raised = complaint.exc.func if isinstance(complaint.exc, ast.Call) else complaint.exc
        end = complaint.end_lineno or complaint.lineno
        guard = Guard(
            text=self._flat(first, last),
            exception=ast.unparse(raised) if isinstance(raised, ast.Name | ast.Attribute) else "",
            first=complaint.lineno,
            last=end,
        )
        for line in range(first, end + 1):
            self._guards[line] = guard


def _outermost_first(tree: ast.AST) -> Iterator[ast.stmt | ast.match_case | ast.ExceptHandler]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.stmt | ast.match_case | ast.ExceptHandler):
            yield node
        yield from _outermost_first(node)


def _head(node: ast.stmt | ast.match_case | ast.ExceptHandler) -> tuple[int, int]:
    """Return the lines of a statement, without its body where it has one."""
    first = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno
    if isinstance(node, ast.Match):
        return first, max(first, node.cases[0].pattern.lineno - 1)
    body: list[ast.stmt] = getattr(node, "body", [])
    if body:
        return first, max(first, body[0].lineno - 1)
    return first, getattr(node, "end_lineno", None) or first
