"""Implementations behind the harness protocol, in this process: an honest one, and one for each way to be wrong.

They answer a chunk that has the octets `run` with a command, one with `bad` with an error, everything else with
`want-frame`.
"""

from __future__ import annotations

import time

from collections.abc import Mapping
from typing import Any


class Honest:
    """Answers every message."""

    def __init__(self, **capabilities: Any) -> None:
        self.capabilities = capabilities
        self.cases: list[dict[str, Any]] = []

    def exchange(self, message: dict[str, Any]) -> dict[str, Any]:
        """Answer one message."""
        match message["op"]:
            case "hello":
                return {
                    "op": "hello",
                    "protocol": 1,
                    "name": "zoo",
                    "version": "1",
                    "language": "python",
                    "revisions": ["0006", "0005"],
                    "layers": ["server"],
                    "capabilities": self.capabilities,
                }
            case "case":
                self.cases.append(message)
                return {
                    "op": "result",
                    "seq": message["seq"],
                    "steps": list(map(self.step, message["steps"])),
                }
            case _:
                return {"op": "unknown"}

    def step(self, step: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Answer one step."""
        [(verb, value)] = step.items()
        if verb != "receive":
            return [{"noop": {}}]
        octets = bytes.fromhex("".join(value))
        if b"run" in octets:
            request = int.from_bytes(octets[3:5], "little")
            return [{"run-command": {"request": request, "command": {"hex": "63"}, "args": {"map": []}}}]
        return (
            [{"error": {"code": "bad-cbor", "message": "no"}}] if b"bad" in octets else [{"want-frame": {}}]
        )


class Raises(Honest):
    """Reports an exception of its API."""

    def step(self, step: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Raise for a chunk with the octets `bad`."""
        actions = super().step(step)
        if "error" in actions[0]:
            return [{"raised": {"type": "TypeError", "message": "argument of type 'int' is not iterable"}}]
        return actions


class Dies(Honest):
    """Dies."""

    def step(self, step: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Raise where nobody expects it."""
        if "error" in super().step(step)[0]:
            raise LookupError("gone")
        return super().step(step)


class Hangs(Honest):
    """Never answers."""

    def step(self, step: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Sleep."""
        if "error" in super().step(step)[0]:
            time.sleep(60)
        return super().step(step)


class Babbles(Honest):
    """Answers what is no answer."""

    def step(self, step: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Name an action that there is not."""
        return [{"dance": {}}] if "error" in super().step(step)[0] else super().step(step)


class Misspells(Honest):
    """Gives a field a value of the wrong type."""

    def step(self, step: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Answer a command of a request that is no number."""
        if "error" in super().step(step)[0]:
            return [{"run-command": {"request": "one", "command": {"hex": "63"}, "args": {"map": []}}}]
        return super().step(step)


def honest() -> Honest:
    """What a locator names."""
    return Honest()


def raises() -> Raises:
    """What a locator names."""
    return Raises()
