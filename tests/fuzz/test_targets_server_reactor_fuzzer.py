"""Tests of `hgframing_fuzz.targets.server_reactor_fuzzer`: the target, and the script that other engines start."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys

from pathlib import Path

import pytest

from hgframing_fuzz import encode_input
from hgframing_fuzz.targets import TARGETS, server_reactor_fuzzer
from tests.fuzz.miniatures import an_input


ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(str(server_reactor_fuzzer.__file__))

needs_atheris = pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is optional")


def start(*arguments: str, implementation: str = "reference") -> subprocess.CompletedProcess[str]:
    """Start the script, as libFuzzer's tools do."""
    environment = {
        **os.environ,
        "HGFRAMING_FUZZ_IMPLEMENTATION": implementation,
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def finding(tmp_path: Path) -> Path:
    """An input that is a finding in the miniature."""
    path = tmp_path / "finding"
    path.write_bytes(encode_input(an_input("1 1 stream-begin command-request new")))
    return path


def test_registry_knows_the_target_by_its_name() -> None:
    """Targets are named in kebab-case after what they drive, and their files after them."""
    for name, spec in TARGETS.items():
        assert name == spec.name
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
        assert spec.summary
    assert SCRIPT.name == f"{server_reactor_fuzzer.SPEC.name.replace('-', '_')}_fuzzer.py"


@needs_atheris
def test_script_input_without_finding_ends_with_success(finding: Path) -> None:
    """What is a finding in a miniature is none in the reference."""
    done = start(str(finding))

    assert done.returncode == 0, done.stderr


@needs_atheris
def test_script_finding_ends_as_a_crash(finding: Path) -> None:
    """Engines that stop at the first finding see one, with the traceback of the code under test."""
    done = start(str(finding), implementation="direct:tests.fuzz.test_targets_server_reactor_fuzzer:broken")

    assert done.returncode == 77, done.stderr
    assert "IndexError in on_legal" in done.stdout + done.stderr
    assert "payload[0] == 0xFF" in done.stdout + done.stderr


@needs_atheris
def test_script_fuzzes_for_a_while() -> None:
    """A few hundred executions on the reference, with coverage."""
    done = start("-runs=300", "-seed=1")

    assert done.returncode == 0, done.stderr
    [coverage] = re.findall(r"DONE +cov: (\d+)", done.stderr)
    assert int(coverage) > 100


def test_script_implementation_that_is_not_there_is_told() -> None:
    """One line, no traceback."""
    done = start(implementation="direct:no_such_module:make")

    assert done.returncode == 2
    assert "ModuleNotFoundError" in done.stderr
    assert "Traceback" not in done.stderr


def broken() -> object:
    """What the locator above names."""
    from tests.fuzz.miniatures import Maker, Raises  # noqa: PLC0415 -- the locator is loaded in another process

    return Maker(Raises)
