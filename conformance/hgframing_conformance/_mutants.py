"""One-line faults: what can be wrong in a line of Python, and how it would look.

A *mutant* is a module with one expression or statement replaced. The operators below are the mistakes that people make
in a protocol implementation: a comparison that is off by one, a forgotten check, a condition the wrong way round, a
wrong flag bit, a missing table entry. The same source gives the same mutants in the same order.

Nothing is replaced where no conversation could tell: docstrings and messages, annotations, `__all__`, decorators and
the keywords of classes, `strict` of `zip`, and `assert_never`.
"""

from __future__ import annotations

import ast
import dataclasses
import enum
import hashlib

from collections.abc import Mapping
from typing import Any, Final


__all__ = ["Mutant", "Operator", "find_mutants"]


class Operator(enum.StrEnum):
    """What is done to a line."""

    #: A comparison becomes another one: off by one, or its opposite.
    COMPARISON = "comparison"
    #: A number becomes its neighbour, a truth its opposite, a bytestring longer.
    CONSTANT = "constant"
    #: `and` becomes `or`, and the other way round.
    CONNECTIVE = "connective"
    #: One part of an `and` or `or` is forgotten.
    OPERAND = "operand"
    #: A condition is negated, or loses its `not`.
    NEGATION = "negation"
    #: A guard never strikes.
    GUARD = "guard"
    #: `+` becomes `-`, `|` becomes `&`, and so on.
    ARITHMETIC = "arithmetic"
    #: A statement is forgotten.
    STATEMENT = "statement"
    #: An entry of a table, a set or a sequence is forgotten.
    ENTRY = "entry"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One fault in one module.

    Attributes:
        module: the dotted name of the module.
        id: the module's last name, a hyphen and eight hex digits of a hash of `scope`, `before`, `after` and a count of
            mutants that share all of these. It does not change when the fault's line moves.
        operator: the kind of fault.
        scope: the qualified name of the function or class that the fault is in; empty at the top of the module.
        function: the line where the code of the function begins that must run for the fault to matter; None where it is
            the import that runs it.
        line: the number of the first line that changes, from 1.
        before: these lines as they are, without indentation.
        after: these lines as they become.
        start, end: offsets of the octets that are replaced.
        replacement: what replaces them.
    """

    module: str
    id: str
    operator: Operator
    scope: str
    function: int | None
    line: int
    before: str
    after: str
    start: int
    end: int
    replacement: bytes

    def apply(self, source: bytes) -> bytes:
        """Write the module with the fault in it."""
        return source[: self.start] + self.replacement + source[self.end :]


_COMPARISONS: Final[Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: Final[Mapping[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
#: Keywords of calls that no conversation can tell from each other.
_SILENT_KEYWORDS: Final = frozenset(
    {"strict", "frozen", "slots", "kw_only", "gc", "repr", "init", "stacklevel"}
)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def find_mutants(module: str, source: bytes) -> tuple[Mutant, ...]:
    """List every fault that the operators know for a module.

    Args:
        module: its dotted name.
        source: its text in UTF-8.

    Raises:
        SyntaxError: it is no Python.
    """
    finder = _Finder(module, source)
    finder.visit(ast.parse(source))
    return tuple(finder.found)


class _Finder(ast.NodeVisitor):
    """Walks a module and writes down a mutant for every place and operator."""

    def __init__(self, module: str, source: bytes) -> None:
        self.found: list[Mutant] = []
        self._module = module
        self._source = source
        self._lines = source.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self._scope: list[str] = []
        self._function: int | None = None
        self._seen: dict[tuple[str, str, str], int] = {}
        self._taken: set[tuple[int, int, bytes]] = set()

    def _replace(self, node: ast.expr | ast.stmt, replacement: str, operator: Operator) -> None:
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        start = self._starts[node.lineno - 1] + node.col_offset
        end = self._starts[end_line - 1] + end_column
        octets = replacement.encode()
        if (start, end, octets) in self._taken or self._source[start:end] == octets:
            return
        self._taken.add((start, end, octets))
        first, last = self._starts[node.lineno - 1], self._starts[end_line]
        before = _flat(self._source[first:last])
        after = _flat(self._source[first:start] + octets + self._source[end:last])
        scope = ".".join(self._scope)
        key = (scope, before, after)
        count = self._seen[key] = self._seen.get(key, 0) + 1
        digest = hashlib.sha256("\n".join((*key, str(count))).encode()).hexdigest()[:8]
        self.found.append(
            Mutant(
                module=self._module,
                id=f"{self._module.rpartition('.')[2].lstrip('_')}-{digest}",
                operator=operator,
                scope=scope,
                function=self._function,
                line=node.lineno,
                before=before,
                after=after,
                start=start,
                end=end,
                replacement=octets,
            )
        )

    def _become(self, node: ast.expr, other: ast.expr, operator: Operator) -> None:
        self._replace(node, f"({ast.unparse(other)})", operator)

    # What is walked, and what is not.

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Walk the defaults outside, the body inside of the function."""
        self._walk_function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        """Walk it as any other function."""
        self._walk_function(node)

    def _walk_function(self, node: _Function) -> None:
        self._scope.append(node.name)
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(default)
        outside = self._function
        self._function = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        self._walk_body(node.body)
        self._function = outside
        self._scope.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Walk the body alone."""
        self._scope.append(node.name)
        self._walk_body(node.body)
        self._scope.pop()

    def _walk_body(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self.visit(statement)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Leave the annotation alone, and what is a type or never asked for."""
        if node.value is not None and "TypeAlias" not in ast.unparse(node.annotation):
            if isinstance(node.target, ast.Attribute | ast.Subscript):
                self._replace(node, "pass", Operator.STATEMENT)
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Forget what is stored where it outlives the function."""
        if ast.unparse(node.targets[0]) in ("__all__", "__hash__"):
            return
        if any(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets):
            self._replace(node, "pass", Operator.STATEMENT)
        self.visit(node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """Forget it, or compute something else."""
        self._replace(node, "pass", Operator.STATEMENT)
        other = _ARITHMETIC.get(type(node.op))
        if other is not None:
            changed = ast.AugAssign(target=node.target, op=other(), value=node.value)
            self._replace(node, ast.unparse(changed), Operator.ARITHMETIC)
        self.visit(node.value)

    def visit_Delete(self, node: ast.Delete) -> None:
        """Forget it."""
        self._replace(node, "pass", Operator.STATEMENT)

    def visit_Expr(self, node: ast.Expr) -> None:
        """Forget a call or a yield; leave docstrings alone."""
        if isinstance(node.value, ast.Constant) or _calls(node.value) == "assert_never":
            return
        self._replace(node, "pass", Operator.STATEMENT)
        self.visit(node.value)

    def visit_Raise(self, node: ast.Raise) -> None:
        """Forget to complain; what is said is not looked at."""
        self._replace(node, "pass", Operator.STATEMENT)
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> None:
        """Fall through; nothing can be told where a function ends anyway, and the walk does not ask."""
        self._replace(node, "pass", Operator.STATEMENT)
        self.generic_visit(node)

    def visit_Continue(self, node: ast.Continue) -> None:
        """Fall through."""
        self._replace(node, "pass", Operator.STATEMENT)

    def visit_Break(self, node: ast.Break) -> None:
        """Go on."""
        self._replace(node, "pass", Operator.STATEMENT)

    def visit_If(self, node: ast.If) -> None:
        """Turn the condition round, or never strike."""
        if "TYPE_CHECKING" in ast.unparse(node.test):
            return
        self._condition(node.test)
        self._replace(node.test, "False", Operator.GUARD)
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        """Turn the condition round."""
        self._condition(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        """Turn the condition round."""
        self._condition(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        """Turn filters round."""
        for test in node.ifs:
            self._condition(test)
        self.generic_visit(node)

    def _condition(self, test: ast.expr) -> None:
        # Turning a single comparison round is one of its own faults.
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            return
        self._become(test, ast.UnaryOp(op=ast.Not(), operand=test), Operator.NEGATION)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        """Lose a `not`."""
        if isinstance(node.op, ast.Not):
            self._become(node, node.operand, Operator.NEGATION)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """Compare otherwise."""
        for index, op in enumerate(node.ops):
            for other in _COMPARISONS[type(op)]:
                ops = [*node.ops[:index], other(), *node.ops[index + 1 :]]
                changed = ast.Compare(left=node.left, ops=ops, comparators=node.comparators)
                self._become(node, changed, Operator.COMPARISON)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """Connect otherwise, or forget a part."""
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        self._become(node, ast.BoolOp(op=other, values=node.values), Operator.CONNECTIVE)
        for index in range(len(node.values)):
            rest = [*node.values[:index], *node.values[index + 1 :]]
            shorter = rest[0] if len(rest) == 1 else ast.BoolOp(op=node.op, values=rest)
            self._become(node, shorter, Operator.OPERAND)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """Compute otherwise; putting a message together is no computation."""
        other = _ARITHMETIC.get(type(node.op))
        if other is not None and not (_is_text(node.left) or _is_text(node.right)):
            self._become(node, ast.BinOp(left=node.left, op=other(), right=node.right), Operator.ARITHMETIC)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Change a number, a truth or a bytestring; text is for people."""
        match node.value:
            case bool():
                self._replace(node, str(not node.value), Operator.CONSTANT)
            case int():
                self._replace(node, f"({node.value + 1})", Operator.CONSTANT)
                if node.value:
                    self._replace(node, f"({node.value - 1})", Operator.CONSTANT)
            case bytes():
                self._replace(node, repr(node.value + b"!"), Operator.CONSTANT)
            case _:
                pass

    def visit_Dict(self, node: ast.Dict) -> None:
        """Forget an entry."""
        for index in range(len(node.keys)):
            keys = [*node.keys[:index], *node.keys[index + 1 :]]
            values = [*node.values[:index], *node.values[index + 1 :]]
            self._become(node, ast.Dict(keys=keys, values=values), Operator.ENTRY)
        self.generic_visit(node)

    def visit_Set(self, node: ast.Set) -> None:
        """Forget an element."""
        for index in range(len(node.elts)):
            rest = [*node.elts[:index], *node.elts[index + 1 :]]
            other: ast.expr = ast.Set(elts=rest)
            if not rest:
                other = ast.Call(func=ast.Name(id="set"), args=[], keywords=[])
            self._become(node, other, Operator.ENTRY)
        self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        """Leave alone what cannot be told."""
        if node.arg not in _SILENT_KEYWORDS:
            self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Leave messages alone."""

    def visit_Import(self, node: ast.Import) -> None:
        """Leave imports alone."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Leave imports alone."""


def _flat(octets: bytes) -> str:
    return " ".join(octets.decode(errors="replace").split())


def _calls(node: ast.expr) -> str:
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def _is_text(node: Any) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
