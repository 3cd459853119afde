"""Where an exception comes from: the two places that its bucket is named after.

A traceback starts in the driver, goes through the reactor and ends somewhere below it, often in a library.
Two of its entries matter. The *reactor-level function* is the innermost function in the reactor's own files:
it is where a person would put the missing check, and one missing check gives exceptions at many lines below
it. The *line* is the innermost entry in the code under test; entries of other libraries below it are not, or
one fault would have as many buckets as a library has lines.

Two exceptions have no line of their own. A `RecursionError` strikes at whatever depth the stack ran out, and
an alarm wherever the code happened to be: for these the line is the function that the reactor entered.
"""

from __future__ import annotations

import dataclasses
import functools
import sys

from collections.abc import Iterable
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any


__all__ = ["CodeUnderTest", "blame"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CodeUnderTest:
    """Which files are blamed.

    Attributes:
        roots: prefixes of the file names that are under test.
        reactors: the file names of the reactor level.
    """

    roots: tuple[str, ...]
    reactors: frozenset[str]
    #: Files that were asked for. There are few, and each is asked for thousands of times a second.
    _known: dict[str, bool] = dataclasses.field(default_factory=dict, init=False, repr=False, compare=False)

    def is_tested(self, file: str) -> bool:
        """Whether a file is under test."""
        tested = self._known.get(file)
        if tested is None:
            tested = self._known[file] = file.startswith(self.roots)
        return tested

    @classmethod
    def of_modules(cls, packages: Iterable[str], reactors: Iterable[str]) -> CodeUnderTest:
        """Name the code by modules that are already imported.

        Args:
            packages: what is under test; a package stands for its whole directory.
            reactors: the modules of the reactor level.

        Raises:
            KeyError: a module is not imported, or has no file.
        """
        return cls(
            roots=tuple(_file_of(name).removesuffix("__init__.py") for name in packages),
            reactors=frozenset(_file_of(name) for name in reactors),
        )


def blame(
    traceback: TracebackType | None, code: CodeUnderTest, *, by_function: bool = False
) -> tuple[str, str]:
    """Find the reactor-level function and the line.

    Args:
        traceback: of the exception; None gives two empty names.
        code: what is under test.
        by_function: the exception has no line of its own: name the function that the reactor entered.

    Returns:
        `(where, line)`, such as `("_onframeidle", "cborutil-492")`; a name is "none" where the traceback has
        no such entry.
    """
    where = "none"
    innermost: TracebackType | None = None
    entered: CodeType | None = None
    while traceback is not None:
        function = traceback.tb_frame.f_code
        if code.is_tested(function.co_filename):
            innermost = traceback
            if function.co_filename in code.reactors:
                where = function.co_name
                entered = function
            elif entered is not None and entered.co_filename in code.reactors:
                entered = function
        traceback = traceback.tb_next
    if innermost is None:
        return where, "none"
    if by_function:
        named = entered or innermost.tb_frame.f_code
        return where, f"{_stem(named.co_filename)}-{named.co_name}"
    # A line is looked up in a table of the function, so it is asked for once and not for every entry.
    return where, f"{_stem(innermost.tb_frame.f_code.co_filename)}-{innermost.tb_lineno}"


@functools.cache
def _stem(file: str) -> str:
    """The name of a file alone; there are few, and each is asked for thousands of times a second."""
    return Path(file).stem


def _file_of(name: str) -> str:
    """The file of an imported module, as its functions name it.

    In an executable that was frozen, as other engines build it, that is not where the module says that it lies.
    """
    module = sys.modules.get(name)
    loader: Any = getattr(module, "__loader__", None)
    code = loader.get_code(name) if hasattr(loader, "get_code") else None
    file = code.co_filename if code is not None else getattr(module, "__file__", None)
    if file is None:
        raise KeyError(name)
    return str(file)
