"""`hgframing emit`: the lines that a harness reads."""

from __future__ import annotations

import json
import subprocess
import sys

from pathlib import Path

import jsonschema
import pytest

from hgframing_conformance._schema import json_schema

from .zoo.animals import HELLO
from .zoo.cases import ANIMALS
from .zoo.commands import run, write_suite


def emitted(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """Emit and return the lines."""
    assert run("emit", *arguments) == 0
    return capsys.readouterr().out.splitlines()


def test_emit_writes_hello_probe_case_and_bye(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything that the runner would say, and each line is one that the protocol has."""
    lines = emitted(capsys, "zoo-second", "--suites", write_suite(tmp_path))
    messages = [json.loads(line) for line in lines]
    assert [message["op"] for message in messages[::3]] == ["hello", "bye"]
    assert messages[1]["op"].startswith("probe-")
    assert messages[2]["op"] == "case"
    schema = jsonschema.Draft202012Validator(json_schema() | {"anyOf": [{"$ref": "#/$defs/Request"}]})
    for message in (messages[0], messages[2], messages[3]):
        schema.validate(message)


def test_emit_feeds_a_harness_without_the_runner(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A shell's `<` is enough to run a case, and the harness ends by itself."""
    lines = emitted(capsys, "zoo-second", "--suites", write_suite(tmp_path))
    done = subprocess.run(
        [sys.executable, "-I", str(ANIMALS), "honest"],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert answers[:2] == [HELLO, {"op": "unknown"}]
    assert answers[2]["seq"] == 1


def test_emit_every_chunking_or_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a chunking all of them are asked, numbered from 1."""
    every = emitted(capsys, "server-request-without-args@0006")
    one = emitted(capsys, "server-request-without-args@0006", "--chunking", "byte")
    assert [json.loads(line)["seq"] for line in every[2:-1]] == [1, 2, 3]
    assert len(one) == 4
    pieces = json.loads(one[2])["steps"][0]["receive"]
    assert {len(piece) for piece in pieces} == {2}


def test_emit_leaves_out_what_only_some_harnesses_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """`request-state` is sent to those that declare it, so it has to be asked for."""
    assert run("list", "--names") == 0
    names = capsys.readouterr().out.splitlines()
    name = next(name for name in names if name.startswith("client-") and "state" in name)
    assert run("emit", name, "--request-states") == 0
    full = capsys.readouterr().out
    if '"request-state"' in full:
        assert run("emit", name) == 0
        captured = capsys.readouterr()
        assert '"request-state"' not in captured.out
        assert "--request-states keeps them" in captured.err


def test_emit_unknown_case_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    """As everywhere."""
    assert run("emit", "no-such-case") == 2
    assert capsys.readouterr().out == ""
