"""The two sides of the comparison: the reference, and Mercurial, each driven by steps of the harness protocol.

The reference and a Mercurial that this interpreter can import are called in this process, frame by frame. A Mercurial
that needs another interpreter runs there, behind its harness. Both answer with actions of the harness protocol, which
are plain JSON values; nothing is compared here.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, Self

from hgframing import REVISIONS, Limits, LocalProtocolError
from hgframing_conformance import _reference
from hgframing_fuzz._record import Step, Told


__all__ = ["Action", "ChildMercurial", "ImportedMercurial", "Mercurial", "Reference", "Step", "tell"]

#: An action and its fields.
Action = dict[str, Any]
_QUIET: Final = frozenset({"want-frame", "noop"})

_HARNESS: Final = Path(__file__).resolve().parent.parent / "implementations" / "mercurial" / "harness.py"


def tell(actions: list[Action]) -> Told:
    """Say in a word what actions amount to; an error or an exception says more than what comes with it."""
    kinds = [kind for action in actions for kind in action if kind not in _QUIET]
    for wanted in ("error", "raised", "refused", *kinds):
        for action in actions:
            if wanted in action:
                fields = action[wanted] if isinstance(action[wanted], dict) else {}
                return Told(
                    wanted,
                    fields.get("code", ""),
                    str(fields.get("message", "")),
                    str(fields.get("type", "")),
                )
    return Told()


class Reference:
    """The reference in one conversation."""

    def __init__(self, revision: str, layer: str, setup: Mapping[str, Any]) -> None:
        # The class behind the in-process harness, without the messages around it: answers depend on what came before.
        made = _reference._LAYERS[layer]  # noqa: SLF001
        self._verbs: Mapping[str, Callable[[Any], list[Action]]] = made(
            REVISIONS[revision], setup, Limits()
        ).verbs

    def step(self, step: Step) -> list[Action]:
        """Do one step and say what came of it."""
        ((verb, value),) = step.items()
        try:
            return self._verbs[verb](value)
        except LocalProtocolError as error:
            return [{"refused": {"message": str(error)}}]


class Mercurial(Protocol):
    """Mercurial, wherever it runs."""

    version: str
    revision: str

    def run(self, layer: str, setup: Mapping[str, Any], steps: Sequence[Step]) -> list[list[Action]]:
        """Do all steps of a conversation; the actions of each."""

    def close(self) -> None:
        """Let go of it."""


class ImportedMercurial:
    """The Mercurial of this interpreter.

    Raises:
        ImportError: it has none.
    """

    def __init__(self) -> None:
        spec = importlib.util.spec_from_file_location("mercurial_harness", _HARNESS)
        if spec is None or spec.loader is None:
            raise ImportError(f"{_HARNESS} cannot be imported")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self._module: Any = module
        hello = module.hello({"op": "hello"})
        self.version: str = hello["version"]
        self.revision: str = hello["revisions"][0]

    def run(self, layer: str, setup: Mapping[str, Any], steps: Sequence[Step]) -> list[list[Action]]:
        """Do all steps of a conversation."""
        made = self._module.LAYERS[layer](setup)
        return [
            getattr(made, verb.replace("-", "_"))(value) for step in steps for verb, value in step.items()
        ]

    def close(self) -> None:
        """Nothing is open."""


class ChildMercurial:
    """A Mercurial of another interpreter.

    Args:
        command: starts the interpreter; the harness is added.
        path: where that Mercurial is, if the interpreter does not know.
    """

    def __init__(self, command: Sequence[str], path: str = "") -> None:
        environment = {**os.environ, "PYTHONPATH": path} if path else None
        self._process = subprocess.Popen(  # noqa: S603 -- the caller's own interpreter
            [*command, str(_HARNESS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        self._seq = 0
        hello = self._exchange({"op": "hello", "protocol": 1, "suite": "0"})
        self.version: str = hello["version"]
        self.revision: str = hello["revisions"][0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, layer: str, setup: Mapping[str, Any], steps: Sequence[Step]) -> list[list[Action]]:
        """Do all steps of a conversation."""
        self._seq += 1
        message = {
            "op": "case",
            "seq": self._seq,
            "revision": self.revision,
            "layer": layer,
            "setup": dict(setup),
            "steps": list(steps),
        }
        answer: list[list[Action]] = self._exchange(message)["steps"]
        return answer

    def close(self) -> None:
        """Tell it to go, and wait until it is gone."""
        if self._process.poll() is None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(timeout=30)

    def _exchange(self, message: Mapping[str, Any]) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the harness has no pipes")
        stdin.write(json.dumps(message).encode() + b"\n")
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise RuntimeError(f"the harness ended with status {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer
