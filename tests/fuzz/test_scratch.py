"""Tests of `hgframing_fuzz._scratch`: what a process was running is there when it is not."""

from __future__ import annotations

import subprocess
import sys

from pathlib import Path

import pytest

from hgframing_fuzz._scratch import Scratch, read_scratch


def test_input_that_was_noted_last_is_read(tmp_path: Path) -> None:
    """A shorter one leaves nothing of a longer one."""
    path = tmp_path / "scratch"
    with Scratch(path) as scratch:
        assert read_scratch(path) == (0, b"")
        scratch.note(b"a long one")
        scratch.note(b"short")

        assert read_scratch(path) == (2, b"short")
        scratch.done()
        assert read_scratch(path) == (2, b"")


def test_input_that_is_too_long_is_cut(tmp_path: Path) -> None:
    """It has a beginning at least."""
    path = tmp_path / "scratch"
    with Scratch(path) as scratch:
        scratch.note(b"x" * (2 * 1024 * 1024))

    assert read_scratch(path) == (1, b"x" * (1024 * 1024))


@pytest.mark.parametrize("octets", [b"", b"\1", b"\1" + bytes(7) + b"\5\0\0\0ab"])
def test_file_that_is_none_or_cut_off_has_no_input(tmp_path: Path, octets: bytes) -> None:
    """As a disk that is full leaves it."""
    assert read_scratch(tmp_path / "nothing") == (0, b"")
    (tmp_path / "half").write_bytes(octets)

    assert read_scratch(tmp_path / "half")[1] == b""


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_input_outlives_a_process_that_is_killed(tmp_path: Path) -> None:
    """Nothing is flushed, nothing is closed."""
    path = tmp_path / "scratch"
    code = (
        "import os, pathlib, sys; from hgframing_fuzz._scratch import Scratch\n"
        "Scratch(pathlib.Path(sys.argv[1])).note(b'the last one'); os.kill(os.getpid(), 9)"
    )

    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)

    assert done.returncode == -9
    assert read_scratch(path) == (1, b"the last one")
