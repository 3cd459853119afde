"""Tests of what `hgframing` shows to the world."""

from __future__ import annotations

import ast

from pathlib import Path

import hgframing


CONSUMER = Path(__file__).resolve().parent.parent / "typing_api.py"


def imported_from(path: Path, module: str) -> set[str]:
    """List the names that a file imports from a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == module
        for alias in node.names
    }


def test_every_public_name_is_there_and_described() -> None:
    """What `__all__` promises exists; what is a class or a function says what it is."""
    public = {name: getattr(hgframing, name) for name in hgframing.__all__}

    assert len(public) == len(hgframing.__all__)
    defined = {name: item for name, item in public.items() if isinstance(item, type) or callable(item)}
    assert [
        name for name, item in defined.items() if name != "Value" and not (item.__doc__ or "").strip()
    ] == []


def test_every_public_name_is_used_by_the_typed_consumer() -> None:
    """A name that the consumer does not use is a name whose types nobody checks."""
    assert imported_from(CONSUMER, "hgframing") == set(hgframing.__all__)
