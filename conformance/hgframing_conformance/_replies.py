"""The lines of a harness as answers to cases: the same rules whether they come from a pipe or from a file.

Answers come in the order of the questions. A line that is no answer is the bad reply of the oldest case without one;
should the answer to that case still come, it is dropped, so everything after it keeps its place.
"""

from __future__ import annotations

from typing import Any

from hgframing_conformance._adapters import Answered, BadReply
from hgframing_conformance._messages import MessageError, read_line, read_result
from hgframing_conformance._quoting import quote


__all__ = ["ReplyReader"]


class ReplyReader:
    """Reads the lines of one process."""

    def __init__(self) -> None:
        self._spoiled: set[int] = set()

    def read(self, line: bytes, message: dict[str, Any], stderr: str = "") -> Answered | BadReply | None:
        """Read a line as the answer to a case.

        Args:
            line: what the harness wrote, without the end of the line.
            message: the oldest case without an answer, with its `seq`.
            stderr: what it wrote to its standard error meanwhile.

        Returns:
            the observation, or None: the line is the late answer to a case that had a bad reply.
        """
        expected: int = message["seq"]
        try:
            reply = read_line(line)
            seq = reply.get("seq")
            if reply.get("op") == "result" and isinstance(seq, int) and seq in self._spoiled:
                self._spoiled.discard(seq)
                return None
            steps = read_result(reply, seq=expected, steps=len(message["steps"]))
        except MessageError as error:
            self._spoiled.add(expected)
            return BadReply(problem=str(error), quoted=quote(line), stderr=stderr)
        return Answered(steps=steps, stderr=stderr)
