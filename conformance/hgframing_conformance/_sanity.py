"""Notices state that leaks from one case into another: the first case of a run is asked again at its end.

A harness starts every case with a fresh reactor, so the same question has the same answer whenever it is asked.
Where it has not, every verdict of the run is in doubt: what was seen may belong to the case before. `--shuffle`
finds more such leaks, `--isolate` avoids them.
"""

from __future__ import annotations

from hgframing_conformance._outcomes import Outcome, OutcomeKind
from hgframing_conformance._run import Engine


__all__ = ["Sanity"]


class Sanity:
    """Remembers the first item that was answered, and asks it again."""

    def __init__(self) -> None:
        self._first: Outcome | None = None
        self._seen = 0

    def see(self, outcome: Outcome) -> None:
        """Look at an outcome of the run."""
        self._seen += outcome.verdict is not None
        if self._first is None and outcome.verdict is not None:
            self._first = outcome

    def ask_again(self, engine: Engine) -> tuple[str, ...]:
        """Ask the first item once more, after all others.

        Args:
            engine: runs items on the connection that the run used.

        Returns:
            One clause where the answer is another one; nothing where it is the same, or cannot be had any more.
        """
        first = self._first
        if first is None or first.verdict is None or self._seen < 2:
            return ()
        (again,) = engine.run([first.item])
        if again.kind is OutcomeKind.NOT_RUN:
            return ()
        if again.verdict is not None and again.verdict.significant == first.verdict.significant:
            return ()
        said = f"{again.kind.value}{f': {again.reason}' if again.reason else ''}"
        leak = (
            f"state leaks between cases: {first.item.name} was {first.kind.value} at the beginning of the run, "
            f"asked again at its end it does something else ({said}); --isolate runs every case in a process "
            "of its own"
        )
        return (leak,)
