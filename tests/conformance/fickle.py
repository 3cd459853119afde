"""A harness around the reference that does something odd with one case, outside of the process that it began in."""

from __future__ import annotations

import json
import os

from pathlib import Path

import pytest

from hgframing_conformance._cases import Case
from hgframing_conformance._select import item_message, items


PROGRAM = """\
import json, os, time

from hgframing_conformance import reference

class Harness:
    def __init__(self):
        self._real = reference()

    def exchange(self, message):
        if json.dumps(message.get("steps")) == os.environ["FICKLE_STEPS"]:
            if os.environ["FICKLE_HOME"] != str(os.getpid()):
                answer = away(message)
                if answer is not None:
                    return answer
        return self._real.exchange(message)

def away(message):
    nothing = {"op": "result", "seq": message["seq"], "steps": [[] for _ in message["steps"]]}
    WHAT

def aside():
    return 1
"""


def make_fickle(directory: Path, monkeypatch: pytest.MonkeyPatch, case: Case, what: str) -> str:
    """Write the package and make it importable.

    Args:
        directory: where it is to be; each test needs its own.
        monkeypatch: puts it on the path, and takes it away.
        case: the case whose items, all of them, are answered oddly.
        what: statements, with `message` and `nothing`, an answer without actions, at hand.

    Returns:
        The name of the package; its factory is `Harness`.
    """
    name = f"fickle_{directory.name.replace('-', '_')}"
    package = directory / name
    package.mkdir()
    text = PROGRAM.replace("WHAT", what.replace("\n", "\n    "))
    (package / "__init__.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(directory))
    message = item_message(case, items(case)[0].chunking)
    monkeypatch.setenv("FICKLE_STEPS", json.dumps(message["steps"]))
    monkeypatch.setenv("FICKLE_HOME", str(os.getpid()))
    return name
