"""Tests of `hgframing_fuzz._deaths`: how a worker ended becomes a finding with a place."""

from __future__ import annotations

import signal

from pathlib import Path

import pytest

from hgframing_fuzz import CodeUnderTest, encode_input
from hgframing_fuzz._deaths import ESCAPED, Death, confirm, death_finding
from tests.fuzz.campaigning import BROKEN, ROOT, an_order, mortal
from tests.fuzz.miniatures import an_input


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
    finding = death_finding(Death(status=status, printed=printed), engine="loop", code=CODE)

    assert (finding.kind, finding.where, finding.line) == ("died", where, line)
    assert finding.message == f"the process ended: {where} (loop)"
    assert all(text in finding.explain() for text in printed.splitlines())


def test_finding_of_a_worker_that_hung_has_no_signal() -> None:
    """The signal was ours."""
    finding = death_finding(
        Death(status=-signal.SIGABRT, printed=CRASH, hung=True), engine="atheris", code=CODE
    )

    assert (finding.kind, finding.where, finding.line) == ("died", "hung", "decoder-7")


def test_finding_without_code_has_the_innermost_place() -> None:
    """What runs elsewhere has no code that could be blamed."""
    finding = death_finding(Death(status=-signal.SIGSEGV, printed=CRASH), engine="loop", code=None)

    assert finding.line == "__init__-519"


EMPTY = encode_input(an_input("3 1 0 command-request new"))


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("crashes", -signal.SIGSEGV),
        ("killed", -signal.SIGKILL),
        ("exits", ESCAPED),
        ("sleeps", -signal.SIGABRT),
    ],
)
def test_input_that_ends_another_process_is_to_blame(
    kind: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the traceback of that one."""
    hung = kind == "sleeps"
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("hgframing_fuzz._deaths._PATIENCE", 4.0 if hung else 60.0)

    death = confirm(an_order(tmp_path, mortal(kind)), EMPTY)

    assert death is not None
    assert (death.status, death.hung) == (status, hung)
    assert kind == "killed" or "mortals.py" in death.printed


def test_input_that_another_process_survives_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception is a finding of its own, and no death."""
    monkeypatch.chdir(ROOT)

    assert confirm(an_order(tmp_path, BROKEN), EMPTY) is None
