"""Where a private constant of a module is used, so that only cases that use it are asked about a fault in it.

    _LARGEST: Final = 65535          a fault here
    ...
        if size > _LARGEST:          matters to cases that run this line

That holds where the name is used inside of functions alone. What the import itself uses, a table, a default, a class,
may carry the value anywhere, and so may a name that other modules know.
"""

from __future__ import annotations

import ast

from collections.abc import Iterable, Iterator


__all__ = ["Constants"]


class Constants:
    """The private constants of one module.

    Args:
        source: its text in UTF-8.
        others: the texts of all modules that might import it.

    Raises:
        SyntaxError: it is no Python.
    """

    def __init__(self, source: bytes, others: Iterable[bytes]) -> None:
        tree = ast.parse(source)
        self._lines: dict[int, frozenset[int] | None] = {}
        inside = dict(_uses(tree))
        texts = tuple(others)
        for statement in tree.body:
            name = _assigned(statement)
            if not name.startswith("_") or any(name.encode() in text for text in texts):
                continue
            found = inside.get(name, {})
            lines = None if False in found.values() else frozenset(found)
            for line in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1):
                self._lines[line] = lines

    def uses(self, line: int) -> frozenset[int] | None:
        """Return the lines that use the constant that a line defines; None: there is none, or everything may use it."""
        return self._lines.get(line)


def _assigned(statement: ast.stmt) -> str:
    """Return the one name that a statement at the top of a module assigns; empty: it does something else."""
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
        case _:
            return ""


def _uses(tree: ast.Module) -> Iterator[tuple[str, dict[int, bool]]]:
    """Yield every name that is read, the lines where it is, and whether each is in the body of a function."""
    found: dict[str, dict[int, bool]] = {}

    def walk(node: ast.AST, *, inside: bool) -> None:
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store):
            found.setdefault(node.id, {})[node.lineno] = inside
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for outer in (node.args, *node.decorator_list):
                walk(outer, inside=inside)
            for statement in node.body:
                walk(statement, inside=True)
        else:
            for child in ast.iter_child_nodes(node):
                walk(child, inside=inside)

    walk(tree, inside=False)
    yield from found.items()
