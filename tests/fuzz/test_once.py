"""Tests of `hgframing_fuzz._once`: one input in a process of its own.

What ends that process is seen in `test_deaths`; here it survives.
"""

from __future__ import annotations

import subprocess
import sys

from pathlib import Path

import msgspec

from hgframing_fuzz import encode_input
from tests.fuzz.campaigning import BROKEN, ROOT, an_order, mortal
from tests.fuzz.miniatures import an_input


def once(locator: str, directory: Path) -> subprocess.CompletedProcess[bytes]:
    """Run an input once."""
    order = msgspec.json.encode(an_order(directory, locator)).decode()
    octets = encode_input(an_input("3 1 0 command-request new"))
    command = [sys.executable, "-m", "hgframing_fuzz._once", order]
    return subprocess.run(command, input=octets, cwd=ROOT, capture_output=True, timeout=60, check=False)


def test_process_survives_a_finding(tmp_path: Path) -> None:
    """An exception is caught, as it is in a worker."""
    assert once(BROKEN, tmp_path).returncode == 0


def test_process_that_escapes_prints_where(tmp_path: Path) -> None:
    """`sys.exit` of the code under test."""
    done = once(mortal("exits"), tmp_path)

    assert done.returncode == 79
    assert b"mortals.py" in done.stderr
