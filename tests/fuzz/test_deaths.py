"""Tests of `hgframing_fuzz._deaths`: how a worker ended becomes a finding with a place."""

from __future__ import annotations

import signal

import pytest

from hgframing_fuzz import CodeUnderTest
from hgframing_fuzz._deaths import ESCAPED, death_finding


CODE = CodeUnderTest(roots=("/code/",), reactors=frozenset({"/code/reactor.py"}))

CRASH = """INFO: something
Fatal Python error: Segmentation fault

Current thread 0x00007f (most recent call first):
  File "/lib/ctypes/__init__.py", line 519 in string_at
  File "/code/decoder.py", line 7 in decode
  File "/code/reactor.py", line 40 in receive
  File "/driver/_drive.py", line 146 in drive
"""

ESCAPE = """Traceback (most recent call last):
  File "/driver/_drive.py", line 146, in drive
    observed = receive(chunk)
  File "/code/reactor.py", line 40, in receive
    decode()
  File "/code/decoder.py", line 9, in decode
    sys.exit(3)
  File "/lib/other.py", line 1, in other
SystemExit: 3
"""


@pytest.mark.parametrize(
    ("status", "printed", "where", "line"),
    [
        (-signal.SIGSEGV, CRASH, "SIGSEGV", "decoder-7"),
        (-signal.SIGKILL, "", "SIGKILL", "none"),
        (ESCAPED, ESCAPE, "escaped", "decoder-9"),
        (1, "no traceback", "status-1", "none"),
        (-200, "", "signal-200", "none"),
    ],
)
def test_finding_names_how_and_where(status: int, printed: str, where: str, line: str) -> None:
    """The innermost place in the code under test; a traceback may have either direction."""
    finding = death_finding(status, printed, engine="loop", hung=False, code=CODE)

    assert (finding.kind, finding.where, finding.line) == ("died", where, line)
    assert finding.message == f"a worker (loop) ended: {where}"
    assert all(text in finding.explain() for text in printed.splitlines())


def test_finding_of_a_worker_that_hung_has_no_signal() -> None:
    """The signal was ours."""
    finding = death_finding(-signal.SIGABRT, CRASH, engine="atheris", hung=True, code=CODE)

    assert (finding.kind, finding.where, finding.line) == ("died", "hung", "decoder-7")


def test_finding_without_code_has_the_innermost_place() -> None:
    """What runs elsewhere has no code that could be blamed."""
    finding = death_finding(-signal.SIGSEGV, CRASH, engine="loop", hung=False, code=None)

    assert finding.line == "__init__-519"
