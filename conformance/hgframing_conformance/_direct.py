"""`direct:package.module:factory`: an implementation in this process.

The factory takes nothing and returns an object with `exchange(message: dict) -> dict`: harness protocol 1 as Python
calls. The messages are those of the child process, and are checked as strictly.

Nothing protects this process from the implementation, but what can be done is done: an exception is a crash of that
case, and a case that runs too long is interrupted by a timer signal where Python allows one (in the main thread of
a POSIX system, while nobody else uses that timer). The interruption needs the interpreter to come round: an endless
loop inside a C extension hangs the run. Use `exec:` for implementations that do such things.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import signal
import threading
import traceback

from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import Any, NoReturn

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
    read_result,
    read_unknown,
)
from hgframing_conformance._quoting import probe_name, quote
from hgframing_conformance.errors import ConnectError, HelloError, ProbeError


__all__ = ["DirectAdapter"]

_Exchange = Callable[[dict[str, Any]], object]


class _DeadlineError(BaseException):
    """The timer rang. No `except Exception` of an implementation may swallow it."""


def _ring(_number: int, _frame: FrameType | None) -> NoReturn:
    raise _DeadlineError


class DirectAdapter:
    """Calls an implementation in this process.

    Raises:
        ConnectError: the module cannot be imported, has no such factory, or the factory fails.
        HelloError: the answer to `hello` is not one.
        ProbeError: an unknown message is not answered as unknown.
    """

    def __init__(self, target: str, options: AdapterOptions) -> None:
        self._command = f"direct:{target}"
        self._options = options
        self._exchange = self._connect(target)
        try:
            self.hello: Hello = read_hello(self._ask(hello_message(__version__), HelloError))
        except MessageError as error:
            raise HelloError(self._command, f"the answer to hello is wrong: {error}") from None
        try:
            read_unknown(self._ask({"op": probe_name()}, ProbeError))
        except MessageError as error:
            raise ProbeError(
                self._command, f'an unknown op must be answered {{"op":"unknown"}}: {error}'
            ) from None

    def run(self, messages: Iterable[dict[str, Any]]) -> Iterator[Observation]:
        """Yield one observation per message; see `Adapter.run`."""
        deaths = 0
        for seq, message in enumerate(messages, start=1):
            if deaths > self._options.max_restarts:
                yield NotRun(reason=f"the implementation failed {deaths} times")
                continue
            message = message | {"seq": seq}  # noqa: PLW2901  (the caller's message stays as it is)
            observation = self._one(message)
            if isinstance(observation, Crashed | TimedOut):
                deaths += 1
                observation = self._locate(message, observation)
            yield observation

    def close(self) -> tuple[str, ...]:
        """Do nothing: there is nothing to end."""
        return ()

    def _connect(self, target: str) -> _Exchange:
        name, _, attribute = target.partition(":")
        # An import runs foreign code: whatever it raises is the user's to read, as one line.
        try:
            module = importlib.import_module(name)
        except Exception as error:
            raise ConnectError(self._command, f"cannot import {name}: {_say(error)}") from error
        try:
            factory = getattr(module, attribute)
        except AttributeError:
            raise ConnectError(self._command, f"module {name} has no {attribute!r}") from None
        try:
            exchange = factory().exchange
        except Exception as error:
            raise ConnectError(self._command, f"{attribute}() failed: {_say(error)}") from error
        if not callable(exchange):
            raise ConnectError(self._command, f"{attribute}() has an `exchange` that cannot be called")
        return exchange  # type: ignore[no-any-return]

    def _ask(self, message: dict[str, Any], failure: type[HelloError | ProbeError]) -> object:
        try:
            with _deadline(self._options.timeout):
                return self._exchange(message)
        except _DeadlineError:
            raise failure(
                self._command, f"no answer to {message['op']!r} in {self._options.timeout:g} s"
            ) from None
        except Exception as error:
            raise failure(self._command, f"{message['op']!r} raised {_say(error)}") from error

    def _locate(self, message: dict[str, Any], death: Crashed | TimedOut) -> Crashed | TimedOut:
        for index, prefix in enumerate(prefixes(message)):
            if isinstance(self._one(prefix), type(death)):
                return dataclasses.replace(death, step=index)
        return dataclasses.replace(death, remark="it did not happen again when the case was run again")

    def _one(self, message: dict[str, Any]) -> Observation:
        try:
            with _deadline(self._options.timeout):
                # Its own list of steps: an implementation may take it apart.
                reply = self._exchange(message | {"steps": list(message["steps"])})
        except _DeadlineError:
            return TimedOut(seconds=self._options.timeout)
        except (Exception, SystemExit) as error:  # noqa: BLE001  (whatever it raises is the observation)
            lines = traceback.format_exception(error) if self._options.tracebacks else ()
            return Crashed(how=_say(error), stderr="".join(lines))
        try:
            steps = read_result(reply, seq=message["seq"], steps=len(message["steps"]))
        except MessageError as error:
            return BadReply(problem=str(error), quoted=quote(repr(reply)))
        return Answered(steps=steps)


def _say(error: BaseException) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


@contextlib.contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    """Raise `_DeadlineError` in the body after that time, where a timer can be had."""
    if not _timer_is_ours():
        yield
        return
    before = signal.signal(signal.SIGALRM, _ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _timer_is_ours() -> bool:
    return (
        hasattr(signal, "setitimer")
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGALRM) in {signal.SIG_DFL, signal.SIG_IGN}
    )
