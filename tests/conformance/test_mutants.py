"""Faults: what the operators do to a line, and what they leave alone."""

from __future__ import annotations

import pytest

from hgframing_conformance._mutants import Operator, find_mutants


def changes(source: str, operator: Operator | None = None) -> set[str]:
    """Return what lines become, of one operator or of all."""
    mutants = find_mutants("package._module", source.encode())
    return {mutant.after for mutant in mutants if operator in (None, mutant.operator)}


@pytest.mark.parametrize(
    ("source", "operator", "expected"),
    [
        ("x = a < b", Operator.COMPARISON, {"x = (a <= b)", "x = (a >= b)"}),
        ("x = a == b", Operator.COMPARISON, {"x = (a != b)"}),
        ("x = a in b", Operator.COMPARISON, {"x = (a not in b)"}),
        ("x = 7", Operator.CONSTANT, {"x = (8)", "x = (6)"}),
        ("x = 0", Operator.CONSTANT, {"x = (1)"}),
        ("x = True", Operator.CONSTANT, {"x = False"}),
        ("x = b'eos'", Operator.CONSTANT, {"x = b'eos!'"}),
        ("x = a and b", Operator.CONNECTIVE, {"x = (a or b)"}),
        ("x = a or b or c", Operator.OPERAND, {"x = (b or c)", "x = (a or c)", "x = (a or b)"}),
        ("x = not a", Operator.NEGATION, {"x = (a)"}),
        ("x = 1 if a else 2", Operator.NEGATION, {"x = 1 if (not a) else 2"}),
        ("x = a | b", Operator.ARITHMETIC, {"x = (a & b)"}),
        ("x += a", Operator.ARITHMETIC, {"x -= a"}),
        ("raise a", Operator.STATEMENT, {"pass"}),
        ("a.b = c", Operator.STATEMENT, {"pass"}),
        ("x = {a: b, c: d}", Operator.ENTRY, {"x = ({c: d})", "x = ({a: b})"}),
        ("x = {a}", Operator.ENTRY, {"x = (set())"}),
    ],
)
def test_find_mutants_applies_an_operator_everywhere(
    source: str, operator: Operator, expected: set[str]
) -> None:
    """Each operator makes the mistakes that its name says, and no others."""
    assert changes(source, operator) == expected


def test_find_mutants_lets_a_guard_never_strike() -> None:
    """The condition of an `if` becomes false, whatever it was."""
    assert "if False:" in changes("if a > b:\n    f()", Operator.GUARD)


@pytest.mark.parametrize(
    "source",
    [
        '"""A docstring with 1 and b\'2\'."""',
        "__all__ = ['a']",
        "x: Literal[1]",
        "X: TypeAlias = A | B",
        "@decorate(slots=True)\nclass A(B, frozen=True): ...",
        "x = f'{a + 1}'",
        "x = zip(a, strict=True)",
        "assert_never(a)",
        "import a\nfrom b import c",
    ],
)
def test_find_mutants_leaves_alone_what_no_conversation_tells(source: str) -> None:
    """Messages, types, exports and declarations have no faults."""
    assert changes(source) == set()


def test_apply_changes_the_one_place_and_nothing_else() -> None:
    """The rest of the module stays as it is, octet for octet, whatever characters it has."""
    source = "# “héllo”\nx = '–'; y = 1 + a  # end\nz = 3\n"
    mutants = find_mutants("m", source.encode())
    [minus] = [mutant for mutant in mutants if mutant.operator is Operator.ARITHMETIC]

    assert minus.apply(source.encode()).decode() == "# “héllo”\nx = '–'; y = (1 - a)  # end\nz = 3\n"
    assert minus.line == 2


def test_find_mutants_ids_survive_a_move() -> None:
    """A line keeps the ids of its faults where lines before it come and go."""
    ids = {mutant.id for mutant in find_mutants("p._m", b"def f():\n    return a < b\n")}
    moved = {mutant.id for mutant in find_mutants("p._m", b"# more\n\ndef f():\n    return a < b\n")}

    assert ids == moved
    assert all(mutant_id.startswith("m-") for mutant_id in ids)


def test_find_mutants_ids_are_unique_where_lines_are_equal() -> None:
    """The same line twice in one function has two faults."""
    mutants = find_mutants("p.m", b"def f():\n    a += b\n    a += b\n")

    assert len(mutants) == 4
    assert len({mutant.id for mutant in mutants}) == 4


def test_find_mutants_names_the_function_that_must_run() -> None:
    """A default is the import's affair; a decorated function's code begins at its decorator."""
    source = b"@cached\ndef f(a=1):\n    return a + b\n"
    functions = {
        (mutant.operator, mutant.function)
        for mutant in find_mutants("p.m", source)
        if mutant.operator in (Operator.CONSTANT, Operator.ARITHMETIC)
    }

    assert functions == {(Operator.CONSTANT, None), (Operator.ARITHMETIC, 1)}
