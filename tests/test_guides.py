"""The guides are walked through literally: what they print is run."""

from __future__ import annotations

import re
import subprocess
import sys

from pathlib import Path

import pytest
import yaml


ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "implementers.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)


def check(harness: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """Check a harness as the guide says."""
    file = directory / "harness.py"
    file.write_text(harness)
    return subprocess.run(
        [sys.executable, "-m", "hgframing_conformance.cli", "check", f"exec:{sys.executable} {file}"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def grown() -> str:
    """Put the second block of the guide into the first, as it tells the reader."""
    hello: str = BLOCKS[0]
    run: str = BLOCKS[1]
    empty = '{"op": "result", "seq": message["seq"], "steps": [[] for _ in message["steps"]]}'
    assert empty in hello
    return hello.replace("HELLO = ", f"{run}\n\nHELLO = ", 1).replace(empty, "run(message)")


def test_guide_smallest_harness_runs_and_fails(tmp_path: Path) -> None:
    """The first harness keeps the protocol, and fails nearly everything, as the guide says."""
    done = check(BLOCKS[0], tmp_path)

    assert done.returncode == 1
    assert "failed" in done.stdout
    assert "unsupported, for want of" in done.stdout


def test_guide_codec_passes(tmp_path: Path) -> None:
    """With the codec of the second section everything that is declared passes."""
    done = check(grown(), tmp_path)

    assert done.returncode == 0, done.stdout
    assert re.search(r"as expected: \d{3,} passed", done.stdout)


@pytest.mark.parametrize(
    ("right", "broken"),
    [
        ("if len(held) < 8 + length:", "if False:"),
        (
            'int.from_bytes(held[:3], "little")',
            "held[0] + 256 * held[1] + 16384 * held[2]",
        ),
    ],
)
def test_guide_broken_codec_fails(tmp_path: Path, right: str, broken: str) -> None:
    """The two mistakes that the guide proposes are noticed."""
    harness = grown()
    assert right in harness
    done = check(harness.replace(right, broken), tmp_path)

    assert done.returncode == 1


def test_action_passes_its_inputs_through_the_environment() -> None:
    """No input of the GitHub action is pasted into a script, where it could be more than a value."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))

    for step in action["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
