"""A child process that talks in lines."""

from __future__ import annotations

import sys
import time

from hgframing_conformance import _process
from hgframing_conformance._process import ChildProcess, Ending


def python(program: str) -> ChildProcess:
    """Run a small program."""
    return ChildProcess([sys.executable, "-I", "-c", program])


def soon() -> float:
    """Give a child time enough."""
    return time.monotonic() + 5


def test_child_large_messages_in_both_directions_block_nobody() -> None:
    """A child that writes while it is written to is read while it is written to."""
    child = python("import sys\nfor line in sys.stdin: sys.stdout.write(line); sys.stdout.flush()")
    lines = [bytes([65 + number]) * 300_000 for number in range(8)]
    for line in lines:
        child.send(line)
    assert [child.read_line(soon()) for _ in lines] == lines
    assert child.finish(soon()) == (0, 0)


def test_child_lines_written_before_its_end_are_all_read() -> None:
    """What a child wrote before it died is delivered before its death."""
    child = python("print('a\\nb'); print('c', end='')")
    assert [child.read_line(soon()) for _ in range(3)] == [b"a", b"b", Ending.GONE]
    assert child.partial == b"c"
    assert child.ended_with() == 0
    child.kill()


def test_child_late_is_told_at_the_deadline() -> None:
    """Who writes nothing is late, not before and not long after the deadline."""
    child = python("import time; time.sleep(100)")
    started = time.monotonic()
    assert child.read_line(started + 0.2) is Ending.LATE
    assert 0.2 <= time.monotonic() - started < 1
    assert child.kill() == -9


def test_child_line_without_end_is_bounded() -> None:
    """A line that never ends does not fill the memory."""
    limit = _process.MAX_LINE
    _process.MAX_LINE = 1_000_000  # type: ignore[misc]
    child = python("import sys\nwhile True: sys.stdout.write('x' * 65536)")
    try:
        assert child.read_line(soon()) is Ending.TOO_LONG
    finally:
        _process.MAX_LINE = limit  # type: ignore[misc]
        child.kill()


def test_child_standard_error_is_told_apart_by_line() -> None:
    """What was written before a line is there with the line, and is taken once."""
    child = python(
        "import sys\n"
        "for line in sys.stdin:\n"
        "    sys.stderr.write('about ' + line); sys.stderr.flush()\n"
        "    print(line, end='', flush=True)"
    )
    for word in (b"one", b"two"):
        child.send(word)
        assert child.read_line(soon()) == word
        assert child.take_stderr() == f"about {word.decode()}\n"
    child.kill()


def test_child_that_closes_its_input_is_no_error_of_ours() -> None:
    """Writing to a child that does not read any more raises nothing."""
    child = python("import os, time; os.close(0); print('x', flush=True); time.sleep(100)")
    assert child.read_line(soon()) == b"x"
    for _ in range(3):
        child.send(b"y" * 100_000)
    assert child.read_line(time.monotonic() + 0.1) is Ending.LATE
    child.kill()


def test_child_killed_twice_keeps_its_status() -> None:
    """Killing again does nothing."""
    child = python("import sys; sys.exit(3)")
    assert child.read_line(soon()) is Ending.GONE
    assert child.ended_with() == 3
    assert child.kill() == 3
    assert child.kill() == 3
