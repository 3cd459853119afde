"""Implementations in this process."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
import types

from collections.abc import Callable
from typing import Any

import pytest

from hgframing_conformance._adapters import AdapterOptions, Answered, BadReply, Crashed, NotRun, TimedOut
from hgframing_conformance._direct import DirectAdapter
from hgframing_conformance._select import item_message
from hgframing_conformance.errors import ConnectError, HelloError, ProbeError

from .zoo.animals import HELLO, bites, decode, result
from .zoo.cases import three_cases


Answer = Callable[[dict[str, Any]], Any]


class Tame:
    """An implementation whose answer to biting cases is given."""

    def __init__(self, answer: Answer, hello: object = HELLO, unknown: object = None) -> None:
        self._answer = answer
        self._hello = hello
        self._unknown = {"op": "unknown"} if unknown is None else unknown

    def exchange(self, message: dict[str, Any]) -> Any:
        """Answer a message."""
        match message["op"]:
            case "hello":
                return self._hello
            case "case":
                return self._answer(message) if bites(message) else result(message, decode(message))
            case _:
                return self._unknown


@pytest.fixture
def attach(monkeypatch: pytest.MonkeyPatch) -> Callable[..., DirectAdapter]:
    """Attach an object as the implementation of a module that exists for the test."""

    def connect(implementation: object, **options: float) -> DirectAdapter:
        module = types.ModuleType("zoo_of_this_process")
        module.make = lambda: implementation  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return DirectAdapter("zoo_of_this_process:make", AdapterOptions(**options))  # type: ignore[arg-type]

    return connect


def run(adapter: DirectAdapter) -> list[Any]:
    """Send the three cases."""
    return list(adapter.run(item_message(item.case, item.chunking) for item in three_cases()))


def raise_it(error: BaseException) -> Answer:
    """Make an answer that raises."""

    def answer(_message: dict[str, Any]) -> None:
        raise error

    return answer


def test_direct_right_answer_is_answered(attach: Callable[..., DirectAdapter]) -> None:
    """Every case of an implementation that behaves is answered."""
    found = run(attach(Tame(lambda message: result(message, decode(message)))))
    assert [type(one) for one in found] == [Answered, Answered, Answered]


@pytest.mark.parametrize("error", [KeyError("x"), SystemExit(3), RecursionError("deep"), MemoryError()])
def test_direct_exception_is_a_crash_with_its_step(
    attach: Callable[..., DirectAdapter], error: BaseException
) -> None:
    """Whatever is raised costs one case; the traceback is kept where a process has its standard error."""
    first, second, third = run(attach(Tame(raise_it(error))))
    assert isinstance(first, Answered)
    assert isinstance(third, Answered)
    assert isinstance(second, Crashed)
    assert type(error).__name__ in second.how
    assert second.step == 1
    assert "Traceback" in second.stderr


def test_direct_exception_is_told_without_its_traceback_where_nobody_reads_it(
    attach: Callable[..., DirectAdapter],
) -> None:
    """What happened and in which step is told as ever."""
    _, second, _ = run(attach(Tame(raise_it(KeyError("x"))), tracebacks=False))
    assert isinstance(second, Crashed)
    assert ("KeyError" in second.how, second.step, second.stderr) == (True, 1, "")


def test_direct_interrupt_is_the_users(attach: Callable[..., DirectAdapter]) -> None:
    """An interrupt from the keyboard ends the run, it is no crash of the implementation."""
    adapter = attach(Tame(raise_it(KeyboardInterrupt())))
    with pytest.raises(KeyboardInterrupt):
        run(adapter)


def test_direct_endless_loop_times_out(attach: Callable[..., DirectAdapter]) -> None:
    """A loop in Python is interrupted, also one that swallows exceptions, and the timer is given back."""

    def spin(_message: dict[str, Any]) -> None:
        while True:
            with contextlib.suppress(Exception):
                time.sleep(0.001)

    before = signal.getsignal(signal.SIGALRM)
    first, second, third = run(attach(Tame(spin), timeout=0.1))
    assert isinstance(first, Answered)
    assert isinstance(second, TimedOut)
    assert second.step == 1
    assert isinstance(third, Answered)
    assert signal.getsignal(signal.SIGALRM) is before


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda _message: None, "object"),
        (lambda message: result(message, []), "one per step"),
        (lambda message: result({"seq": 99}, decode(message)), "got one to seq 99"),
    ],
)
def test_direct_bad_reply_is_quoted(attach: Callable[..., DirectAdapter], answer: Answer, said: str) -> None:
    """What an implementation returns is checked as what a process writes."""
    second = run(attach(Tame(answer)))[1]
    assert isinstance(second, BadReply)
    assert said in second.problem


def test_direct_budget_ends_the_run(attach: Callable[..., DirectAdapter]) -> None:
    """The budget of deaths holds here too."""
    found = run(attach(Tame(raise_it(ValueError())), max_restarts=0))
    assert [type(one) for one in found] == [Answered, Crashed, NotRun]


def test_direct_messages_are_not_shared(attach: Callable[..., DirectAdapter]) -> None:
    """An implementation that empties the message it is given does no harm to the next one."""

    def greedy(message: dict[str, Any]) -> Any:
        answer = result(message, decode(message))
        message["steps"].clear()
        return answer

    assert isinstance(run(attach(Tame(greedy)))[1], Answered)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("no_such_module_here:make", "cannot import no_such_module_here"),
        ("os:no_such_factory", "module os has no 'no_such_factory'"),
        ("os:getcwd", "getcwd() failed"),
        ("os:_exit", "_exit() failed"),
    ],
)
def test_direct_unusable_factory_is_a_connect_error(target: str, said: str) -> None:
    """What cannot be imported or called is said in one line."""
    with pytest.raises(ConnectError) as caught:
        DirectAdapter(target, AdapterOptions())
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_direct_bad_hello_is_a_hello_error(attach: Callable[..., DirectAdapter]) -> None:
    """The answer to hello is checked."""
    with pytest.raises(HelloError, match="harness protocol 3"):
        attach(Tame(decode, hello=HELLO | {"protocol": 3}))


def test_direct_know_all_is_a_probe_error(attach: Callable[..., DirectAdapter]) -> None:
    """An unknown op has to be answered as unknown."""
    with pytest.raises(ProbeError, match="unknown op"):
        attach(Tame(decode, unknown={"op": "hello"}))
