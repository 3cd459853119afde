"""Tests of `hgframing_fuzz.targets.differential_fuzzer`: the target and its script."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys

from pathlib import Path

import pytest

from hgframing_conformance.errors import ConformanceError
from hgframing_fuzz import BucketTable, encode_input
from hgframing_fuzz._differential_target import DIFFERENCES_VARIABLE
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._loop import Budget, run_loop
from hgframing_fuzz.targets import TARGETS, differential_fuzzer
from tests.fuzz.miniatures import an_input


ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "implementations" / "examples"


def fuzz(locator: str, guards: Guards, executions: int) -> list[str]:
    """Fuzz for so many inputs; the messages of what was found."""
    from random import Random  # noqa: PLC0415

    bound, rng, table = (
        TARGETS["differential"].bind(locator, guards),
        Random(1),  # noqa: S311
        BucketTable("differential"),
    )
    run_loop(bound.target, bound.mutator(rng), rng, table, budget=Budget(executions=executions))
    bound.subject.close()
    return [bucket.message for bucket in table]


def test_spec_is_named_after_the_script() -> None:
    """And compares the reference with itself where nothing else is named."""
    assert differential_fuzzer.SPEC is TARGETS["differential"]
    assert Path(str(differential_fuzzer.__file__)).name == "differential_fuzzer.py"


def test_bind_reference_finds_nothing(guards: Guards) -> None:
    """The reference, and the reference behind messages that nobody shares."""
    assert fuzz("reference", guards, 300) == []


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed")
def test_script_fuzzes_with_the_coverage_of_the_reference(tmp_path: Path) -> None:
    """As other engines start it, with no implementation named: all that can be seen is the reference."""
    command = [sys.executable, str(differential_fuzzer.__file__), "-runs=100", "-seed=1"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    [coverage] = re.findall(r"DONE +cov: (\d+)", done.stderr)
    assert int(coverage) > 100


def test_bind_names_a_broken_list(guards: Guards, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of differences that cannot be read ends the start, with the line."""
    file = tmp_path / "known.yaml"
    file.write_text("format: 1\n", encoding="utf-8")
    monkeypatch.setenv(DIFFERENCES_VARIABLE, str(file))

    with pytest.raises(ConformanceError, match=r"known\.yaml"):
        TARGETS["differential"].bind("reference", guards)


def test_bind_harness_is_compared_input_by_input(guards: Guards, tmp_path: Path) -> None:
    """A program that answers every step with nothing, asked whether a command is run."""
    harness = tmp_path / "silent.py"
    harness.write_text(
        "import json, sys\n"
        "for line in sys.stdin:\n"
        "    message = json.loads(line)\n"
        "    hello = {'op': 'hello', 'protocol': 1, 'name': 'silent', 'version': '1', 'language': 'python',\n"
        "             'revisions': ['0006'], 'layers': ['server']}\n"
        "    answers = {'hello': hello, 'case': {'op': 'result', 'seq': message.get('seq'),\n"
        "               'steps': [[] for _ in message.get('steps', [])]}}\n"
        "    print(json.dumps(answers.get(message['op'], {'op': 'unknown'})), flush=True)\n",
        encoding="utf-8",
    )
    bound = TARGETS["differential"].bind(f"exec:{sys.executable} {harness}", guards)
    value = an_input("1 1 stream-begin command-request new cbor:{b'name': b'c'}")

    finding = bound.target.check(value).finding
    bound.subject.close()

    assert encode_input(value)
    assert finding is not None
    assert (finding.kind, finding.where) == ("run-command-against-quiet", "server-command-request")


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_example_in_javascript_differs_only_where_it_is_signed(
    guards: Guards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The example's own list explains every difference of a few hundred inputs."""
    monkeypatch.setenv(DIFFERENCES_VARIABLE, str(EXAMPLES / "javascript" / "differences.yaml"))

    assert fuzz(f"exec:node {EXAMPLES / 'javascript' / 'harness.mjs'}", guards, 1500) == []
