"""Statements: where they begin and end, and which only refuse."""

from __future__ import annotations

import pytest

from hgframing_conformance._statements import Guard, Statements


SOURCE = b"""\
def f(a,
      b=(1 +
         2)):
    if (a and
            b):
        return g(
            a,
        )
    elif a: raise LocalProtocolError("x")
    match a:
        case [1,
              2] if b:
            pass
    try:
        a = 1
    except (KeyError,
            ValueError):
        raise
    if not isinstance(a, int):
        raise LocalProtocolError(
            f"{a} is none"
        )
    if b:
        raise ValueError
    else:
        b = 1
    if a:
        raise ValueError
"""


@pytest.fixture(scope="module")
def statements() -> Statements:
    """Read the module above."""
    return Statements(SOURCE)


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        (3, (1, 3)),
        (4, (4, 5)),
        (5, (4, 5)),
        (7, (6, 8)),
        (9, (9, 9)),
        (10, (10, 10)),
        (12, (11, 12)),
        (13, (13, 13)),
        (14, (14, 14)),
        (17, (16, 17)),
        (19, (19, 19)),
        (21, (20, 22)),
    ],
)
def test_statement_ends_where_its_body_begins(
    statements: Statements, line: int, lines: tuple[int, int]
) -> None:
    """What runs is the head; the body is other statements."""
    assert statements.lines(line) == lines


def test_guard_is_an_if_that_only_refuses(statements: Statements) -> None:
    """Its head and its raise belong together; a raise of a name has no call around it."""
    guard = Guard(text="if not isinstance(a, int):", exception="LocalProtocolError", first=20, last=22)

    assert [statements.guard(line) for line in (19, 20, 22)] == [guard] * 3
    assert statements.guard(27) == Guard(text="if a:", exception="ValueError", first=28, last=28)


@pytest.mark.parametrize("line", [4, 6, 23, 24, 26])
def test_what_does_something_else_is_no_guard(statements: Statements, line: int) -> None:
    """An else does something too."""
    assert statements.guard(line) is None
