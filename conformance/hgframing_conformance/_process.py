"""A child process that talks in lines, and that may do anything.

One selector serves all three pipes, without threads: input is written while output is read, so neither side can block
the other for ever, and standard error that was written before an answer is read before that answer is handed out, so
it is told apart from what the next case writes.

The child leads its own process group. The group is killed, not the child alone, and it is killed *before* the child
is reaped: until then its number cannot belong to anybody else.
"""

from __future__ import annotations

import contextlib
import enum
import os
import selectors
import signal
import subprocess
import time

from collections import deque
from collections.abc import Callable, Sequence
from typing import IO, Final

from hgframing_conformance._quoting import clean


__all__ = ["MAX_LINE", "STDERR_KEPT", "ChildProcess", "Ending"]

#: Octets of standard error that are kept: enough for a long stack trace, little beside a process.
STDERR_KEPT: Final = 64 * 1024
#: Octets of the longest line. The largest answers in sight are some MiB of hex.
MAX_LINE: Final = 64 * 1024 * 1024

#: How much one read takes; a pipe holds 64 KiB unless someone enlarged it.
_READ: Final = 256 * 1024
#: Seconds between two looks whether the child lives: only a grandchild that keeps the pipe open makes them necessary.
_LOOK: Final = 0.05

#: Seconds between the end of a dying process's output and its death, at most: freeing its memory takes time.
_MOMENT: Final = 0.5


class Ending(enum.Enum):
    """Why there is no line."""

    LATE = enum.auto()
    GONE = enum.auto()
    TOO_LONG = enum.auto()


class ChildProcess:
    """Starts a program and exchanges lines with it.

    Args:
        argv: the program and its arguments.
        wire: is told every line that is sent (`->`) or handed out (`<-`).

    Raises:
        OSError: the program cannot be started.
    """

    def __init__(self, argv: Sequence[str], wire: Callable[[str, bytes], None] | None = None) -> None:
        self._wire = wire
        self._child = subprocess.Popen(  # noqa: S603  (running the user's program is what we are for)
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        self._stdin = _pipe(self._child.stdin)
        self._stdout = _pipe(self._child.stdout)
        self._stderr = _pipe(self._child.stderr)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._stdout, selectors.EVENT_READ)
        self._selector.register(self._stderr, selectors.EVENT_READ)
        self._open = {self._stdin, self._stdout, self._stderr}
        self._unsent = bytearray()
        self._partial = bytearray()
        self._lines: deque[bytes] = deque()
        self._errors = bytearray()

    @property
    def unsent(self) -> int:
        """How many octets of the lines sent so far still wait for the child to read."""
        return len(self._unsent)

    @property
    def partial(self) -> bytes:
        """What the child wrote after its last whole line."""
        return bytes(self._partial)

    def send(self, line: bytes) -> None:
        """Queue a line; it is written while answers are awaited."""
        if self._stdin not in self._open:
            return
        if self._wire is not None:
            self._wire("->", line)
        if not self._unsent:
            self._selector.register(self._stdin, selectors.EVENT_WRITE)
        self._unsent += line
        self._unsent += b"\n"
        self._write()

    def take_stderr(self) -> str:
        """Return what was written to standard error since the last call, its last 64 KiB."""
        text = clean(bytes(self._errors))
        self._errors.clear()
        return text

    def read_line(self, until: float) -> bytes | Ending:
        """Wait for the next line.

        Args:
            until: a reading of `time.monotonic()`; what has arrived by then is still returned.
        """
        while not self._lines:
            if len(self._partial) > MAX_LINE:
                return Ending.TOO_LONG
            if self._stdout not in self._open:
                return Ending.GONE
            left = until - time.monotonic()
            heard = self._pump(max(0.0, min(left, _LOOK)))
            if heard or self._lines:
                continue
            if self._has_exited():
                # What it wrote before its end is in the pipe by now; only then is it gone.
                if not self._pump(0.0) and not self._lines:
                    return Ending.GONE
            elif left <= 0:
                return Ending.LATE
        line = self._lines.popleft()
        if self._wire is not None:
            self._wire("<-", line)
        return line

    def finish(self, until: float) -> tuple[int | None, int]:
        """Close the child's input, wait for its end and kill what is left of its group.

        Returns:
            The exit status (negative: a signal) or None where it had to be killed, and the number of lines that were
            still written.
        """
        surplus = 0
        while True:
            if not self._unsent:
                self._close(self._stdin)
            line = self.read_line(min(until, time.monotonic() + _LOOK))
            if isinstance(line, bytes):
                surplus += bool(line.strip())
            elif line is not Ending.LATE or time.monotonic() >= until:
                break
        surplus += bool(self._partial.strip())
        self._close(self._stdin)
        while not (exited := self._has_exited()) and time.monotonic() < until:
            self._pump(_LOOK)
            time.sleep(0.001)
        status = self.kill()
        return (status if exited else None), surplus

    def kill(self) -> int:
        """Kill the process group, reap the child and close the pipes.

        Returns:
            Its exit status as `subprocess` has it: negative for the signal that ended it.
        """
        if self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
        # Standard error that is in the pipe already belongs to the report; more cannot come from a killed group.
        if self._stderr in self._open:
            self._read_stderr()
        for descriptor in tuple(self._open):
            self._close(descriptor)
        self._selector.close()
        return self._child.returncode

    def ended_with(self) -> int | None:
        """Return the exit status of a child whose output has ended, or None where it lives on.

        A pipe ends a moment before its process does, so this waits for that moment.
        """
        until = time.monotonic() + _MOMENT
        while (status := self.exited_with()) is None and time.monotonic() < until:
            time.sleep(0.001)
        return status

    def exited_with(self) -> int | None:
        """Return the exit status of a child that has exited by itself, else None; the child is not reaped."""
        with contextlib.suppress(ChildProcessError):
            seen = os.waitid(os.P_PID, self._child.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
            if seen is not None:
                return seen.si_status if seen.si_code == os.CLD_EXITED else -seen.si_status
        return None

    def _has_exited(self) -> bool:
        return self.exited_with() is not None

    def _pump(self, seconds: float) -> bool:
        """Move octets in all directions for one round; tell whether the child's output moved or ended."""
        if not self._selector.get_map():
            time.sleep(seconds)
            return False
        ready = {key.fd for key, _ in self._selector.select(seconds)}
        if self._stdin in ready:
            self._write()
        heard = self._stdout in ready
        if heard:
            self._read_stdout()
        if self._stderr in self._open and (heard or self._stderr in ready):
            self._read_stderr()
        return heard

    def _write(self) -> None:
        try:
            sent = os.write(self._stdin, self._unsent)
        except BlockingIOError:
            return
        except OSError:
            # The child closed its input. If that is wrong, its missing answer will say so.
            self._unsent.clear()
            self._close(self._stdin)
            return
        del self._unsent[:sent]
        if not self._unsent:
            self._selector.unregister(self._stdin)

    def _read_stdout(self) -> None:
        octets = self._read(self._stdout)
        if b"\n" not in octets:
            self._partial += octets
            return
        first, *middle, last = octets.split(b"\n")
        self._lines.append(bytes(self._partial + first))
        self._lines.extend(middle)
        self._partial = bytearray(last)

    def _read_stderr(self) -> None:
        self._errors += self._read(self._stderr)
        del self._errors[:-STDERR_KEPT]

    def _read(self, descriptor: int) -> bytes:
        try:
            octets = os.read(descriptor, _READ)
        except BlockingIOError:
            return b""
        except OSError:
            octets = b""
        if not octets:
            self._close(descriptor)
        return octets

    def _close(self, descriptor: int) -> None:
        if descriptor not in self._open:
            return
        self._open.remove(descriptor)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(descriptor)
        for pipe in (self._child.stdin, self._child.stdout, self._child.stderr):
            if pipe is not None and not pipe.closed and pipe.fileno() == descriptor:
                pipe.close()


def _pipe(pipe: IO[bytes] | None) -> int:
    if pipe is None:
        raise AssertionError("all three pipes were asked for")
    os.set_blocking(pipe.fileno(), False)
    return pipe.fileno()
