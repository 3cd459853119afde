"""`exec:command arguments`: an implementation in a child process, one JSON object a line.

Cases are sent ahead of their answers, so that neither side waits for the other's pipe; the answers come in order. A
case has its deadline from the moment it is the oldest without an answer.

* A death or a time-out is the oldest case's. The harness is started again and goes on with the next case. While less
  than half of the restarts are used, it is sent the case's prefixes first, one step more each time, which names the
  step that kills it and costs another restart. When no restart is left, what was not sent is `NotRun`.
* A line that is no answer is the oldest case's bad reply, quoted. The harness goes on: should the answer to that case
  still come, it is dropped, and everything after it keeps its place.
* Standard error is kept for the report and decides nothing.
"""

from __future__ import annotations

import dataclasses
import shlex
import signal
import time

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Final, assert_never

import msgspec

from hgframing import __version__
from hgframing_conformance._adapters import (
    AdapterOptions,
    Answered,
    BadReply,
    Crashed,
    NotRun,
    Observation,
    TimedOut,
    prefixes,
)
from hgframing_conformance._messages import (
    Hello,
    MessageError,
    hello_message,
    read_hello,
    read_line,
    read_unknown,
)
from hgframing_conformance._process import MAX_LINE, ChildProcess, Ending
from hgframing_conformance._quoting import probe_name, quote
from hgframing_conformance._replies import ReplyReader
from hgframing_conformance.errors import ConnectError, HelloError, LocatorError, ProbeError, SetupError


__all__ = ["HarnessAdapter"]

#: Cases without an answer at one time: enough to hide the pipe's latency, few to send again after a death. A harness
#: that writes to standard error gets one case at a time for a while, because what it writes has to be told apart.
_AHEAD: Final = 32
#: Octets that may wait for the harness to read them before no further case is sent ahead.
_AHEAD_OCTETS: Final = 256 * 1024
#: Seconds that the harness has to exit after `bye`.
_BYE: Final = 2.0


class HarnessAdapter:
    """Runs a harness as a child process.

    Raises:
        LocatorError: the command line cannot be split, or is empty.
        ConnectError: the program cannot be started.
        HelloError: it does not answer `hello` as the protocol demands.
        ProbeError: it does not answer an unknown `op` with `unknown`.
    """

    def __init__(self, command: str, options: AdapterOptions) -> None:
        try:
            self._argv = shlex.split(command)
        except ValueError as error:
            raise LocatorError(f"exec:{command}: cannot split the command line: {error}") from None
        if not self._argv:
            raise LocatorError("exec: needs a command, for instance exec:./my-harness")
        self._command = command
        self._options = options
        self._ahead = 1
        self._deaths = 0
        self._restarts = 0
        self._seq = 0
        self._notes: list[str] = []
        self._child: ChildProcess | None = None
        self._replies = ReplyReader()
        self.hello: Hello = self._start()

    def run(self, messages: Iterable[dict[str, Any]]) -> Iterator[Observation]:
        """Yield one observation per message; see `Adapter.run`."""
        source = iter(messages)
        waiting: deque[dict[str, Any]] = deque()
        exhausted = False
        while True:
            while not exhausted and len(waiting) < self._ahead and self._unsent() < _AHEAD_OCTETS:
                message = next(source, None)
                if message is None:
                    exhausted = True
                    break
                waiting.append(self._send(message))
            if not waiting:
                return
            observation = self._observe(waiting[0])
            lost = waiting.popleft()
            if isinstance(observation, Crashed | TimedOut):
                observation = self._recover(lost, observation)
                waiting = deque(self._send(message) for message in waiting)
            yield observation

    def close(self) -> tuple[str, ...]:
        """Say `bye`, wait for the end of the harness and kill what is left of it."""
        if self._child is None:
            return tuple(self._notes)
        child, self._child = self._child, None
        child.send(b'{"op":"bye"}')
        status, surplus = child.finish(time.monotonic() + _BYE)
        if surplus:
            self._notes.append(f"{self._command}: wrote {surplus} more line(s) after its last answer")
        if status is None:
            self._notes.append(f"{self._command}: did not exit within {_BYE:g} s after bye and was killed")
        elif status:
            self._notes.append(f"{self._command}: {_ended(status)} after bye, it should exit with status 0")
        return tuple(self._notes)

    def _unsent(self) -> int:
        return self._child.unsent if self._child is not None else 0

    def _send(self, message: dict[str, Any]) -> dict[str, Any]:
        self._seq += 1
        message = message | {"seq": self._seq}
        if self._child is not None:
            self._child.send(msgspec.json.encode(message))
        return message

    def _observe(self, message: dict[str, Any]) -> Observation:
        """Wait for the answer to the oldest message."""
        if self._child is None:
            return NotRun(reason=self._notes[-1])
        child = self._child
        until = time.monotonic() + self._options.timeout
        while True:
            line = child.read_line(until)
            match line:
                case bytes():
                    observation = self._judge_line(line, message)
                    if observation is not None:
                        return observation
                case Ending.LATE:
                    child.kill()
                    return TimedOut(seconds=self._options.timeout, stderr=child.take_stderr())
                case Ending.GONE:
                    status = child.ended_with()
                    how = "closed its standard output" if status is None else _ended(status)
                    if child.partial:
                        how = f"{how} in the middle of the line {quote(child.partial)!r}"
                    child.kill()
                    return Crashed(how=how, stderr=child.take_stderr())
                case Ending.TOO_LONG:
                    how = f"wrote a line of more than {MAX_LINE} octets: {quote(child.partial)}"
                    child.kill()
                    return Crashed(how=how, stderr=child.take_stderr())
                case _:
                    assert_never(line)

    def _judge_line(self, line: bytes, message: dict[str, Any]) -> Observation | None:
        """Read a line as the answer to a message; None: it is the late answer to a case that had a bad reply."""
        stderr = self._child.take_stderr() if self._child is not None else ""
        observation = self._replies.read(line, message, stderr)
        if isinstance(observation, Answered):
            self._ahead = 1 if stderr else min(2 * self._ahead, _AHEAD)
        return observation

    def _recover(self, message: dict[str, Any], death: Crashed | TimedOut) -> Crashed | TimedOut:
        """Start the harness again and find out which step of the case kills it."""
        self._deaths += 1
        if not self._restart():
            return death
        if len(message["steps"]) == 1:
            return dataclasses.replace(death, step=0)
        if 2 * self._restarts > self._options.max_restarts:
            return death
        for index, prefix in enumerate(prefixes(message)):
            match again := self._observe(self._send(prefix)):
                case Crashed() | TimedOut():
                    self._restart()
                    remark = "" if type(again) is type(death) else f"alone, it {_say(again)}"
                    return dataclasses.replace(death, step=index, remark=remark, stderr=again.stderr)
                case BadReply():
                    remark = f"alone, its first {index + 1} steps got a bad reply: {again.problem}"
                    return dataclasses.replace(death, remark=remark)
                case Answered() | NotRun():
                    pass
                case _:
                    assert_never(again)
        return dataclasses.replace(death, remark="it did not happen again when the case was sent alone")

    def _restart(self) -> bool:
        if self._restarts == self._options.max_restarts:
            often = f"died or timed out {self._deaths} times, which is too often"
            self._give_up(f"{self._command}: {often} ({self._restarts} restarts)")
            return False
        self._restarts += 1
        try:
            self._start()
        except SetupError as error:
            self._give_up(f"the harness did not come back after its death: {error}")
            return False
        return True

    def _give_up(self, reason: str) -> None:
        self._child = None
        self._notes.append(reason)

    def _start(self) -> Hello:
        """Bring a new process past `hello` and `probe`."""
        try:
            child = ChildProcess(self._argv, self._options.wire)
        except (OSError, ValueError) as error:
            raise ConnectError(self._command, f"cannot be started: {error}") from None
        try:
            hello = self._introduce(child)
        except BaseException:
            child.kill()
            raise
        self._child = child
        self._replies = ReplyReader()
        return hello

    def _introduce(self, child: ChildProcess) -> Hello:
        line = self._ask(child, hello_message(__version__), HelloError)
        try:
            hello = read_hello(read_line(line))
        except MessageError as error:
            problem = f"answered hello wrongly: {error}"
            raise HelloError(self._command, problem, _printed(child, line)) from None
        line = self._ask(child, {"op": probe_name()}, ProbeError)
        try:
            read_unknown(read_line(line))
        except MessageError as error:
            problem = f'must answer {{"op":"unknown"}} to an op that it cannot know: {error}'
            raise ProbeError(self._command, problem, _printed(child, line)) from None
        return hello

    def _ask(
        self, child: ChildProcess, message: dict[str, Any], failure: type[HelloError | ProbeError]
    ) -> bytes:
        child.send(msgspec.json.encode(message))
        line = child.read_line(time.monotonic() + self._options.timeout)
        match line:
            case bytes():
                return line
            case Ending.LATE:
                problem = f"did not answer {message['op']!r} within {self._options.timeout:g} s"
            case Ending.GONE:
                status = child.ended_with()
                how = "closed its standard output" if status is None else _ended(status)
                problem = f"{how} before it answered {message['op']!r}"
            case Ending.TOO_LONG:
                problem = f"answered {message['op']!r} with more than {MAX_LINE} octets and no end of line"
            case _:
                assert_never(line)
        partial = child.partial
        child.kill()
        raise failure(self._command, problem, _printed(child, partial))


def _printed(child: ChildProcess, line: bytes) -> str:
    child.kill()
    return "\n".join(part for part in (quote(line), quote(child.take_stderr(), limit=4000)) if part.strip())


def _say(observation: Crashed | TimedOut) -> str:
    match observation:
        case Crashed():
            return observation.how
        case TimedOut():
            return f"did not answer within {observation.seconds:g} s"
        case _:
            assert_never(observation)


def _ended(status: int) -> str:
    """Say how a process ended, from its status as `subprocess` has it."""
    if status >= 0:
        return f"exited with status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"
