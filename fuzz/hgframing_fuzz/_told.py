"""What an exception says, kept without keeping the exception.

An exception holds its traceback, that the frames, these everything that the code under test had in its hands, and
the frames above them the finding that holds the exception: a ring that only the garbage collector takes apart. A target
with faults raises thousands of times a second, and nearly all of that is never read. So the way through the code is
written down as code and position, which is cheap, and becomes text when somebody asks.
"""

from __future__ import annotations

import itertools
import traceback

from types import CodeType
from typing import Final

import msgspec


__all__ = ["Told", "tell"]

#: Lines of a text that are kept: the driver's and the innermost. Between them a recursion repeats itself.
_MAX_LINES: Final = 30

_CAUSE: Final = "\nThe above exception was the direct cause of the following exception:\n\n"
_CONTEXT: Final = "\nDuring handling of the above exception, another exception occurred:\n\n"


class Told(msgspec.Struct, frozen=True, gc=False):
    """An exception.

    Attributes:
        way: code and position of each entry of its traceback, outermost first.
        last: what the traceback ends with: type and message.
        before: the exception that it came from, and how.
    """

    way: tuple[tuple[CodeType, int], ...]
    last: str
    before: tuple[Told, str] | None = None

    def text(self) -> str:
        """The text that Python prints, with the middle of a long one left out."""
        lines = self._whole().splitlines()
        if len(lines) > _MAX_LINES:
            half = _MAX_LINES // 2
            lines = [*lines[:half], f"  ... {len(lines) - 2 * half} lines ...", *lines[-half:]]
        return "\n".join(lines) + "\n"

    def _whole(self) -> str:
        told, how = self.before or (None, "")
        stack = traceback.StackSummary.from_list([_entry(code, position) for code, position in self.way])
        head = told._whole() + how if told is not None else ""  # noqa: SLF001 -- one of our own
        return f"{head}Traceback (most recent call last):\n{''.join(stack.format())}{self.last}"


def tell(error: BaseException) -> Told:
    """Write down what an exception says."""
    way = []
    entry = error.__traceback__
    while entry is not None:
        way.append((entry.tb_frame.f_code, entry.tb_lasti))
        entry = entry.tb_next
    before = None
    if error.__cause__ is not None:
        before = tell(error.__cause__), _CAUSE
    elif error.__context__ is not None and not error.__suppress_context__:
        before = tell(error.__context__), _CONTEXT
    return Told(tuple(way), _last(error), before)


def _last(error: BaseException) -> str:
    """The end of the text."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 -- foreign exceptions have foreign __str__ methods
        text = "<exception str() failed>"
    return f"{name}: {text}\n" if text else f"{name}\n"


def _entry(code: CodeType, position: int) -> traceback.FrameSummary:
    """One entry with its place in the line."""
    # One instruction is two octets (dis).
    line, end_line, column, end_column = next(itertools.islice(code.co_positions(), position // 2, None))
    return traceback.FrameSummary(
        code.co_filename,
        line,
        code.co_name,
        end_lineno=end_line,
        colno=column,
        end_colno=end_column,
    )
