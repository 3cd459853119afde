"""The line that repeats one item: paste it into a shell, in the directory where the run was started.

It is a `replay` command, because that shows what was sent and observed step by step. What changed the outcome in
the run (the suites, the deadline, how far errors are compared) stands in it; what only decided whether it gates
does not.

An item that failed because two chunkings of a case differ is repeated with all of its chunkings: alone it would pass.
"""

from __future__ import annotations

import shlex

from collections.abc import Iterable, Sequence
from pathlib import Path

from hgframing_conformance._adapters import DEFAULT_TIMEOUT
from hgframing_conformance._locators import REFERENCE
from hgframing_conformance._outcomes import OutcomeKind
from hgframing_conformance._summary import Judged


__all__ = ["repeated_options", "repro"]

_EXEC = "exec:"


def repro(locator: str, judged: Judged, options: Sequence[str] = ()) -> str:
    """Write the command that repeats one item.

    Args:
        locator: how the implementation was attached.
        judged: the item.
        options: words of the run's command line that change outcomes, for instance `("--timeout", "1")`.

    Returns:
        One line for a POSIX shell, quoted.
    """
    item = judged.outcome.item
    name = item.names[1] if judged.outcome.kind is OutcomeKind.CHUNK_VARIANT else item.name
    words = ["hgframing", "replay", *options, name]
    if locator.startswith(_EXEC):
        words += ["--", *shlex.split(locator.removeprefix(_EXEC))]
    elif locator != REFERENCE:
        words += ["--implementation", locator]
    return shlex.join(words)


def repeated_options(*, suites: Iterable[Path], timeout: float, messages: bool) -> tuple[str, ...]:
    """Write those options of a run that `replay` needs too, for the same outcome of an item.

    Args:
        suites: the files and directories that were named; none: the suites that ship.
        timeout: seconds for one case.
        messages: whether the messages of errors counted.
    """
    words = [word for path in suites for word in ("--suites", str(path))]
    if timeout != DEFAULT_TIMEOUT:
        words += ["--timeout", f"{timeout:g}"]
    if messages:
        words += ["--match", "message"]
    return tuple(words)
