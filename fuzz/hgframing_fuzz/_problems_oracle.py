"""What must hold of an error about a file: it names the file and a line that it has, and says something.

problems    at least one; each of this file, at one of its lines or at none, in one line of text
"""

from __future__ import annotations

from hgframing_conformance._problems import SuiteError
from hgframing_fuzz._code_target import object_to
from hgframing_fuzz._outcome import Feature


__all__ = ["check_problems", "kind_of"]

#: Kinds of problems that one input notes; a file with a hundred has nothing new to say.
_NOTED = 4
_WORDS = 3
#: The words that messages begin with.
_VOCABULARY = frozenset(
    [
        "a",
        "aliases",
        "anchors",
        "answer",
        "array",
        "bare",
        "bool",
        "case",
        "cases",
        "complex",
        "control",
        "could",
        "cross",
        "deeper",
        "deviation",
        "did",
        "document",
        "documents",
        "does",
        "duplicate",
        "each",
        "empty",
        "error",
        "expected",
        "field",
        "file",
        "floats",
        "found",
        "frame",
        "has",
        "hex",
        "implementation",
        "int",
        "integer",
        "Invalid",
        "is",
        "JSON",
        "key",
        "known",
        "level",
        "line",
        "list",
        "mapping",
        "matches",
        "Missing",
        "missing",
        "must",
        "needed",
        "nested",
        "no",
        "none",
        "not",
        "null",
        "number",
        "object",
        "Object",
        "octets",
        "of",
        "one",
        "only",
        "option",
        "outside",
        "range",
        "repeat",
        "requirement",
        "revision",
        "same",
        "scalar",
        "setup",
        "short",
        "step",
        "steps",
        "str",
        "string",
        "subset",
        "suite",
        "tag",
        "tags",
        "text",
        "the",
        "there",
        "they",
        "this",
        "title",
        "to",
        "type",
        "unknown",
        "unquoted",
        "UTF-8",
        "value",
        "values",
        "where",
        "while",
        "with",
        "wrong",
        "YAML",
        "action",
        "frames",
        "too",
        "long",
        "parsing",
        "scanning",
        "mistake",
    ]
)


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
        ("problem", *words) for words in sorted({kind_of(one.message) for one in error.problems})[:_NOTED]
    )


def kind_of(message: str) -> tuple[str, ...]:
    """What kind of problem a message is about: its own words, and nothing that it quotes.

    A message that quotes a file says something new for every file, which would make each of them worth keeping.
    """
    words = message.rpartition(": ")[2].split()[:_WORDS]
    return tuple(word if word in _VOCABULARY else "" for word in words)


_BREAKS = {0x85: "\n", 0x2028: "\n", 0x2029: "\n"}
