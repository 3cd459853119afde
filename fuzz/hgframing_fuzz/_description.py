"""Inputs for people: the driver's options, and the frames in notation or the octets as what they are.

The lines of `describe_input` are the text beside every input that is kept; an excerpt is what a table has room for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hgframing import Frame, Revision, format_notation
from hgframing_fuzz._input import Form, FuzzInput, body_of


__all__ = ["describe_input", "excerpt", "notation"]

#: Characters of one line; a payload of 64 KiB says no more than its beginning.
_WIDTH: Final = 400
#: Frames in a text, and lines of octets.
_MAX_LINES: Final = 100
#: Lines of an excerpt.
_EXCERPT: Final = 3
#: Octets of one line of hex.
_ROW: Final = 32


def notation(frames: Iterable[Frame], revision: Revision) -> list[str]:
    """Frames in notation, the long ones cut."""
    return [_cut(format_notation(frame, revision)) for frame in frames]


def describe_input(value: FuzzInput, revision: Revision, form: Form) -> list[str]:
    """An input for people, one line for each fact.

    Args:
        value: any input.
        revision: the one that it is driven with.
        form: what its octets mean.
    """
    options = value.options
    lines = [
        f"revision    {revision.key}",
        f"delivery    {options.delivery.name.lower()}, seed {options.seed}",
        f"answers     {options.answer_plan.name.lower()}",
        f"output      {'deferred' if options.defer_output else 'at once'}",
        f"end         {'told' if options.ends else 'not told'}",
    ]
    if options.compares:
        lines.append("compared    yes")
    if form is Form.OCTETS:
        return lines + _shown("octets", _octet_lines(body_of(value)))
    lines += _shown("frame", notation(value.frames[: _MAX_LINES + 1], revision), len(value.frames))
    if value.tail:
        lines.append(f"tail        {value.tail[:64].hex()}{'…' if len(value.tail) > 64 else ''}")
    return lines


def excerpt(value: FuzzInput, revision: Revision, form: Form) -> list[str]:
    """What an input begins with, in a few lines.

    Args:
        value: any input.
        revision: the one that it is driven with.
        form: what its octets mean.
    """
    if form is Form.OCTETS:
        lines = _octet_lines(body_of(value))
        rest = f"… {len(lines) - _EXCERPT} more lines"
    else:
        lines = notation(value.frames[: _EXCERPT + 1], revision)
        rest = f"… {len(value.frames) - _EXCERPT} more frames"
    return lines if len(lines) <= _EXCERPT else [*lines[:_EXCERPT], rest]


def _shown(label: str, lines: list[str], count: int | None = None) -> list[str]:
    shown = [f"{label:<12}{line}" for line in lines[:_MAX_LINES]]
    rest = (len(lines) if count is None else count) - len(shown)
    return [*shown, f"{label:<12}… {rest} more"] if rest else shown


def _octet_lines(body: bytes) -> list[str]:
    """Octets as the lines of a text if they are one, without what a terminal would obey, else in hex."""
    text = body.decode("utf-8", "surrogateescape")
    if body and all(character.isprintable() or character in "\t\n" for character in text):
        return [_cut(line.replace("\t", "\\t")) for line in text.split("\n")]
    return [body[start : start + _ROW].hex() for start in range(0, len(body), _ROW)]


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}… ({len(text)} characters)"
