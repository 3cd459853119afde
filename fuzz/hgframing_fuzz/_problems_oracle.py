"""What must hold of an error about a file: it names the file and a line that it has, and says something.

problems    at least one; each of this file, at one of its lines or at none, in one line of text
"""

from __future__ import annotations

from hgframing_conformance._problems import SuiteError
from hgframing_fuzz._code_target import object_to
from hgframing_fuzz._outcome import Feature


__all__ = ["check_problems"]

#: Kinds of problems that one input notes; a file with a hundred has nothing new to say.
_NOTED = 4
_WORDS = 3


def check_problems(error: SuiteError, file: str, octets: bytes, notes: list[Feature]) -> None:
    """Judge what a reader of files objects to.

    Args:
        error: what it raised.
        file: the name that it was given.
        octets: the file.
        notes: receives the kinds of problems.

    Raises:
        ObjectionError: the error would not help the author of the file.
    """
    if not error.problems:
        object_to("problems", "error", "none", "an error without a problem")
    # Every line break that a YAML reader counts (YAML 1.1, section 4.2).
    text = octets.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.translate(_BREAKS).count("\n")
    for problem in error.problems:
        if problem.file != file:
            object_to(
                "problems", "file", "other", f"the problem is in {problem.file!r:.80}, the file is {file}"
            )
        if not 0 <= problem.line <= lines + 2:
            object_to("problems", "line", "outside", f"line {problem.line} of a file with {lines + 1} lines")
        if not problem.message or "\n" in problem.message:
            object_to("problems", "message", "lines", f"the message is no line: {problem.message!r:.80}")
    notes.extend(
        ("problem", *words) for words in sorted({_words(one.message) for one in error.problems})[:_NOTED]
    )


def _words(message: str) -> tuple[str, ...]:
    """What kind of problem it is: the first words behind the place, if they are words and no quotation."""
    words = message.rpartition(": ")[2].split()[:_WORDS]
    return tuple(word if word.isascii() and word.isalpha() else "" for word in words)


_BREAKS = {0x85: "\n", 0x2028: "\n", 0x2029: "\n"}
