"""The forms that JSON and YAML give: strings, lists, hex digits, and the error that says what is wrong with one.

Forms come from authors and from the harnesses of strangers. Nothing trusts them: sizes are bounded, and what is wrong
is a `FormError` that knows its place inside the form, so that whoever holds the document can name file and line.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias


__all__ = [
    "MAX_OCTETS",
    "FormError",
    "Path",
    "describe",
    "names",
    "one_line",
    "parse_ascii",
    "parse_bytes",
    "parse_count",
    "parse_hex",
    "parse_list",
    "parse_parts",
    "parse_string",
    "short",
]

#: The keys and indices that lead from the root of a document to one place in it.
Path: TypeAlias = "tuple[str | int, ...]"

#: Octets that one form may say, so that `repeat` is no way to fill a machine's memory: twice the largest frame.
MAX_OCTETS: Final = 1 << 25


class FormError(ValueError):
    """A form is not what the format says it must be.

    Attributes:
        message: what is wrong.
        path: where in the form that was being read.
        remedy: what to write instead; may be empty.
    """

    def __init__(self, message: str, *, path: Path = (), remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.remedy = remedy

    def __str__(self) -> str:
        place = ".".join(str(part) for part in self.path)
        text = f"{place}: {self.message}" if place else self.message
        return f"{text} ({self.remedy})" if self.remedy else text


def parse_bytes(form: Any, path: Path = ()) -> bytes:
    """Read a bytestring: a plain ASCII string, `{ascii: …}`, `{hex: …}` or `{repeat: …}`.

    Use this where the format allows nothing but a bytestring, so that an integer or a text string is refused.

    Raises:
        FormError: `form` is something else, or says more than `MAX_OCTETS`.
    """
    if isinstance(form, str):
        return parse_ascii(form, path)
    if isinstance(form, dict) and len(form) == 1:
        ((kind, content),) = form.items()
        match kind:
            case "hex":
                return parse_hex(content, (*path, "hex"))
            case "ascii":
                return parse_ascii(content, (*path, "ascii"))
            case "repeat":
                return parse_parts(content, (*path, "repeat"))
            case _:
                pass
    raise FormError(
        f"{describe(form)} is no bytestring", path=path, remedy='write "ascii characters" or {hex: "…"}'
    )


def parse_hex(form: Any, path: Path = ()) -> bytes:
    """Read a string of hex digits, two for each octet, without separators.

    Raises:
        FormError: `form` is no string, or holds something else than pairs of hex digits.
    """
    if not isinstance(form, str):
        raise FormError(
            f"{describe(form)} where a hex string is needed", path=path, remedy="quote the hex digits"
        )
    try:
        octets = bytes.fromhex(form)
    except ValueError:
        octets = b""
    # `fromhex` skips blanks; whatever it skipped is missing from the length.
    if 2 * len(octets) != len(form):
        remedy = "two hex digits for each octet, no separators"
        raise FormError(f"{short(form)} is no hex string", path=path, remedy=remedy)
    return octets


def parse_parts(form: Any, path: Path = ()) -> bytes:
    """Read the parts of `repeat`, one or a list, and join them (docs/vector-format.md, "Frames").

    Raises:
        FormError: a part is not `{hex: …, times: n}`, or the parts say more than `MAX_OCTETS` together.
    """
    parts = form if isinstance(form, list) else [form]
    octets: list[bytes] = []
    total = 0
    for index, part in enumerate(parts):
        where = (*path, index) if isinstance(form, list) else path
        if not isinstance(part, dict) or "hex" not in part or not part.keys() <= {"hex", "times"}:
            raise FormError('a part is {hex: "…", times: n}', path=where)
        piece = parse_hex(part["hex"], (*where, "hex"))
        times = parse_count(part.get("times", 1), (*where, "times"))
        total += len(piece) * times
        if total > MAX_OCTETS:
            raise FormError(f"the parts are longer than {MAX_OCTETS} octets", path=where)
        octets.append(piece * times)
    return b"".join(octets)


def parse_ascii(form: Any, path: Path = ()) -> bytes:
    """Read a string that stands for its ASCII octets.

    Raises:
        FormError: `form` is no string, or has a character beyond ASCII.
    """
    text = parse_string(form, path)
    if not text.isascii():
        remedy = 'write {text: "…"} for a text string, {hex: "…"} for octets'
        raise FormError(
            f"{short(text)} is not ASCII, and a plain string is a bytestring", path=path, remedy=remedy
        )
    return text.encode("ascii")


def parse_string(form: Any, path: Path = ()) -> str:
    """Read a string.

    Raises:
        FormError: `form` is something else.
    """
    if not isinstance(form, str):
        raise FormError(f"{describe(form)} where a string is needed", path=path)
    return form


def parse_list(form: Any, path: Path = ()) -> list[Any]:
    """Read a list.

    Raises:
        FormError: `form` is something else.
    """
    if not isinstance(form, list):
        raise FormError(f"{describe(form)} where a list is needed", path=path)
    return form


def parse_count(form: Any, path: Path = (), *, limit: int | None = None) -> int:
    """Read an integer that counts or numbers something.

    Args:
        form: an integer of 0 or more; `true` is none.
        path: where it lies, for the error.
        limit: the largest that is allowed; `None` allows all.

    Raises:
        FormError: `form` is something else, or outside the range.
    """
    if isinstance(form, bool) or not isinstance(form, int):
        raise FormError(f"{describe(form)} where an integer is needed", path=path)
    if form < 0 or (limit is not None and form > limit):
        raise FormError(f"{form} is outside 0–{'…' if limit is None else limit}", path=path)
    return form


def describe(form: Any) -> str:
    """Name a form in an error message without quoting all of it."""
    match form:
        case None:
            return "null"
        case bool():
            return "true" if form else "false"
        case dict():
            return f"a mapping of {names(form)}" if form else "an empty mapping"
        case list():
            return "a list"
        case str():
            return f"the string {short(form)}"
        case _:
            return f"the {type(form).__name__} {short(str(form), quote='')}"


def names(keys: Iterable[Any]) -> str:
    """List keys in an error message, shortened like everything that is quoted there."""
    return short(", ".join(map(str, keys)), quote="")


def short(text: str, *, quote: str = "'", limit: int = 60) -> str:
    """Quote a text in an error message, cut where it would bury the sentence."""
    return f"{quote}{one_line(text if len(text) <= limit else text[:limit] + '…')}{quote}"


def one_line(text: str) -> str:
    """Escape what would break a line, or what a terminal would obey: a message may quote anything."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
