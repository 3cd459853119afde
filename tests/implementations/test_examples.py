"""The example harnesses in other languages keep the protocol and pass the vectors."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


EXAMPLES = Path(__file__).parents[2] / "implementations" / "examples"
MAX_LINES = 200


def javascript(_directory: Path) -> list[str]:
    """Return the command of the JavaScript harness."""
    return [need("node"), str(EXAMPLES / "javascript" / "harness.mjs")]


def javascript_codec(directory: Path) -> list[str]:
    """Return the command of the JavaScript harness with the codecs of every revision."""
    return [*javascript(directory), "--codec"]


def rust(directory: Path) -> list[str]:
    """Compile the Rust harness."""
    binary = directory / "rust-harness"
    build([need("rustc"), "-O", "-o", str(binary), str(EXAMPLES / "rust" / "harness.rs")])
    return [str(binary)]


def c(directory: Path) -> list[str]:
    """Compile the C harness, with no warning."""
    binary = directory / "c-harness"
    source = str(EXAMPLES / "c" / "harness.c")
    build([need("cc"), "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(binary), source])
    return [str(binary)]


def need(tool: str) -> str:
    """Find a tool, or skip the test where it is missing."""
    found = shutil.which(tool)
    if found is None:
        pytest.skip(f"{tool} is not installed")
    return found


def build(command: list[str]) -> None:
    """Run a compiler."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def check(command: list[str], directory: Path) -> tuple[int, list[dict[str, Any]]]:
    """Check a harness the way a user does; return the exit code and the lines of the JSON report."""
    report = directory / "report.jsonl"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "hgframing_conformance.cli",
            "check",
            f"exec:{' '.join(command)}",
            "--quiet",
            "--jsonl",
            str(report),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert report.exists(), done.stderr
    return done.returncode, [json.loads(line) for line in report.read_text().splitlines()]


@pytest.mark.parametrize(
    ("example", "at_least"),
    [(javascript, 1000), (javascript_codec, 900), (rust, 900), (c, 900)],
)
def test_example_passes_everything_that_gates(
    tmp_path: Path, example: Callable[[Path], list[str]], at_least: int
) -> None:
    """Nothing that gates fails, and the harness was really asked."""
    code, lines = check(example(tmp_path), tmp_path)
    passed = sum(line.get("outcome") == "passed" for line in lines)

    assert code == 0
    assert passed >= at_least


@pytest.mark.parametrize("file", ["javascript/harness.mjs", "rust/harness.rs", "c/harness.c"])
def test_example_is_short(file: str) -> None:
    """What people copy fits on a few screens."""
    assert len((EXAMPLES / file).read_text().splitlines()) <= MAX_LINES


def test_example_with_a_planted_fault_fails(tmp_path: Path) -> None:
    """The C codec with Mercurial's weight of the third length octet (D1) does not pass."""
    source = (EXAMPLES / "c" / "harness.c").read_text()
    assert "<< 16" in source
    broken = tmp_path / "broken.c"
    broken.write_text(source.replace("(size_t)head[2] << 16", "(size_t)head[2] << 14"))
    binary = tmp_path / "broken"
    build([need("cc"), "-O2", "-o", str(binary), str(broken)])
    code, _ = check([str(binary)], tmp_path)

    assert code == 1
