"""The vectors are consumed by another language, without the runner."""

from __future__ import annotations

import shutil
import subprocess

from pathlib import Path

import pytest

from click.testing import CliRunner

from hgframing_conformance._cli_export import command


CONSUMER = Path(__file__).parents[2] / "implementations" / "examples" / "javascript" / "consume.mjs"
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")


def consume(consumer: Path, directory: Path) -> subprocess.CompletedProcess[str]:
    """Export the codec's vectors and run a consumer on them."""
    CliRunner().invoke(command, [str(directory), "--layer", "codec", "--tier", "full"], standalone_mode=False)
    return subprocess.run(
        [str(NODE), str(consumer), str(directory / "vectors.json")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_consumer_passes_every_case_that_it_can_run(tmp_path: Path) -> None:
    """A codec written from the header's description alone passes, and runs cases of every header."""
    done = consume(CONSUMER, tmp_path)

    assert done.returncode == 0, done.stdout
    assert int(done.stdout.split()[0]) > 100


def test_consumer_with_the_length_bug_fails(tmp_path: Path) -> None:
    """The same codec with Mercurial's weight of the third length octet (D1) is caught."""
    broken = tmp_path / "broken.mjs"
    right = "held.readUIntLE(0, 3)"
    source = CONSUMER.read_text()
    assert right in source
    broken.write_text(source.replace(right, "held[0] + 256 * held[1] + 16384 * held[2]"))
    done = consume(broken, tmp_path)

    assert done.returncode == 1
    assert "65536" in done.stdout
