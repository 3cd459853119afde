"""The adapter of child processes, against real processes that misbehave.

What each must come to is written in docs/harness-protocol.md: a death, a time-out and a line that is no answer cost one
case each, the cases around it are judged as if nothing had happened, and all of it takes bounded time.
"""

from __future__ import annotations

import os
import sys
import time

from pathlib import Path

import pytest

from hgframing_conformance import _process
from hgframing_conformance._adapters import (
    AdapterOptions,
    Answered,
    BadReply,
    Crashed,
    NotRun,
    Observation,
    TimedOut,
)
from hgframing_conformance._cases import Chunking
from hgframing_conformance._harness import HarnessAdapter
from hgframing_conformance._select import item_message
from hgframing_conformance.errors import ConnectError, HelloError, LocatorError, ProbeError, Stage

from .zoo.cases import animal, case, frame_step, three_cases


def run(command: str, *, timeout: float = 5.0, max_restarts: int = 50) -> list[Observation]:
    """Send the three cases and return what was observed."""
    adapter = HarnessAdapter(command, AdapterOptions(timeout=timeout, max_restarts=max_restarts))
    try:
        return list(adapter.run(item_message(item.case, item.chunking) for item in three_cases()))
    finally:
        adapter.close()


def the_second(observations: list[Observation]) -> Observation:
    """Check that the neighbours of the biting case were answered, and return what it came to."""
    first, second, third = observations
    assert isinstance(first, Answered)
    assert isinstance(third, Answered)
    return second


def test_harness_honest_answers_every_case() -> None:
    """Every case of a harness that behaves is answered, with one list of actions per step."""
    observations = run(animal("honest"))
    assert [len(one.steps) for one in observations if isinstance(one, Answered)] == [1, 2, 1]


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("crash", "exited with status 3"),
        ("abort", "was killed by SIGABRT"),
        ("closed", "closed its standard output"),
        ("forks", "exited with status 4"),
    ],
)
def test_harness_dies_costs_one_case_and_names_the_step(kind: str, how: str) -> None:
    """A death costs the case that caused it, says how the process ended and which step ends it."""
    second = the_second(run(animal(kind)))
    assert isinstance(second, Crashed)
    assert second.how == how
    assert second.step == 1


def test_harness_dies_within_a_line_quotes_it() -> None:
    """What was written of the last line is part of the report."""
    second = the_second(run(animal("torn")))
    assert isinstance(second, Crashed)
    assert '{"op": "resu' in second.how


def test_harness_dies_keeps_its_standard_error() -> None:
    """The last words of a harness that died are in the observation."""
    second = the_second(run(animal("crash")))
    assert isinstance(second, Crashed)
    assert second.stderr == "about to die\n"


def test_harness_dies_once_says_that_it_did_not_happen_again(tmp_path: Path) -> None:
    """A death that a second run does not repeat is still a crash, and is called what it is."""
    second = the_second(run(animal("once", tmp_path / "mark")))
    assert isinstance(second, Crashed)
    assert second.step is None
    assert "did not happen again" in second.remark


def test_harness_hangs_is_killed_at_the_deadline() -> None:
    """A hang costs one case; it is waited for once in the run and once to name the step."""
    started = time.monotonic()
    second = the_second(run(animal("hang"), timeout=0.4))
    assert isinstance(second, TimedOut)
    assert second.step == 1
    assert time.monotonic() - started < 3


def test_harness_forks_leaves_no_process_behind(tmp_path: Path) -> None:
    """The whole process group is killed, also where the harness itself is gone already."""
    child = tmp_path / "pid"
    script = tmp_path / "forks.py"
    script.write_text(
        "import os, subprocess, sys\n"
        f"child = subprocess.Popen([{sys.executable!r}, '-I', '-c', 'import time; time.sleep(1000)'])\n"
        f"open({str(child)!r}, 'w').write(str(child.pid))\n"
        "os._exit(0)\n"
    )
    with pytest.raises(HelloError):
        HarnessAdapter(f"{sys.executable} {script}", AdapterOptions())
    pid = int(child.read_text())
    deadline = time.monotonic() + 5
    while _is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _is_running(pid)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # An orphan that was killed may wait to be reaped by its new parent.
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


@pytest.mark.parametrize(
    ("kind", "problem", "quoted"),
    [
        ("garbage", "the line is not JSON", "DEBUG: \\x1b[31mgot a case"),
        ("lost", "Expected the answer to seq", '"seq": 100'),
        ("short", "Expected 2 lists of actions, one per step, got 1", '"steps"'),
        ("deep", "nested too deeply", "[[[["),
    ],
)
def test_harness_bad_line_is_a_bad_reply_that_quotes_it(kind: str, problem: str, quoted: str) -> None:
    """A line that is no answer costs its case, says what is wrong and quotes what was written."""
    second = the_second(run(animal(kind)))
    assert isinstance(second, BadReply)
    assert problem in second.problem
    assert quoted in second.quoted


def test_harness_answers_twice_never_shifts_the_answers() -> None:
    """A second answer spoils the case after it, and no answer is ever taken for another case's."""
    first, second, third = run(animal("twice"))
    assert isinstance(first, Answered)
    assert isinstance(second, BadReply)
    assert "got one to seq 1" in second.problem
    assert isinstance(third, Answered | BadReply)
    if isinstance(third, Answered):
        assert third.steps[0][0]["frame"]["payload"] == {"hex": b"three".hex()}


def test_harness_floods_standard_error_keeps_the_last_64_kib() -> None:
    """A megabyte on standard error blocks nothing, changes nothing and is kept in part."""
    for observation in run(animal("floods")):
        assert isinstance(observation, Answered)
        assert len(observation.stderr) == 64 * 1024
        # Its own end, not the beginning of what the next case writes.
        assert observation.stderr.endswith("the end\n")


def test_harness_always_dies_ends_within_its_budget() -> None:
    """Beyond the budget of deaths nothing is run any more, and it is said so."""
    observations = run(animal("mortal"), max_restarts=1)
    assert isinstance(observations[0], Crashed)
    assert isinstance(observations[1], Crashed)
    assert isinstance(observations[2], NotRun)
    assert "died or timed out 2 times" in observations[2].reason


def test_harness_does_not_come_back_ends_the_run(tmp_path: Path) -> None:
    """A harness that cannot be started again leaves the rest not run, with its last words."""
    first, second, third = run(animal("gone-for-good", tmp_path / "mark"))
    assert isinstance(first, Crashed)
    assert isinstance(second, NotRun)
    assert "exited with status 9" in second.reason
    assert isinstance(third, NotRun)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("quits", ["exited with status 7 before it answered 'hello'", "cannot find my library"]),
        ("babbles", ["answered hello wrongly", "not JSON", "Welcome to animal 1.0!"]),
        ("future", ["speaks harness protocol 2, this suite speaks 1"]),
        ("nameless", ["`name`"]),
    ],
)
def test_harness_bad_hello_is_a_hello_error_that_quotes_it(kind: str, said: list[str]) -> None:
    """What goes wrong before the first case names the command and says what it printed."""
    command = animal(kind)
    with pytest.raises(HelloError) as caught:
        HarnessAdapter(command, AdapterOptions())
    assert str(caught.value).startswith(command)
    assert caught.value.stage is Stage.HELLO
    for words in said:
        assert words in str(caught.value)


def test_harness_mute_gives_up_after_the_deadline() -> None:
    """A harness that never answers hello is not waited for longer than a case."""
    started = time.monotonic()
    with pytest.raises(HelloError, match=r"did not answer 'hello' within 0\.3 s"):
        HarnessAdapter(animal("mute"), AdapterOptions(timeout=0.3))
    assert time.monotonic() - started < 2


def test_harness_knows_the_unknown_is_a_probe_error() -> None:
    """A harness that claims to understand a random message is not trusted with any case."""
    with pytest.raises(ProbeError, match="must answer"):
        HarnessAdapter(animal("know-all"), AdapterOptions())


def test_harness_missing_program_is_a_connect_error() -> None:
    """A program that does not exist is named."""
    with pytest.raises(ConnectError, match="no-such-program-here"):
        HarnessAdapter("no-such-program-here --now", AdapterOptions())


@pytest.mark.parametrize("command", ["", "   ", "program 'unbalanced"])
def test_harness_unreadable_command_is_a_locator_error(command: str) -> None:
    """A command line that no shell could read is the locator's fault."""
    with pytest.raises(LocatorError):
        HarnessAdapter(command, AdapterOptions())


@pytest.mark.parametrize(
    ("kind", "note"),
    [("rude", "exited with status 5 after bye"), ("chatty", "wrote 1 more line(s) after its last answer")],
)
def test_harness_bad_farewell_is_noted(kind: str, note: str) -> None:
    """What goes wrong after the last answer is told, and changes no outcome."""
    adapter = HarnessAdapter(animal(kind), AdapterOptions())
    assert any(note in said for said in adapter.close())


def test_harness_ignores_bye_is_killed() -> None:
    """A harness that stays is killed after two seconds, and that is noted."""
    adapter = HarnessAdapter(animal("sticky"), AdapterOptions())
    started = time.monotonic()
    assert any("was killed" in note for note in adapter.close())
    assert 1.5 < time.monotonic() - started < 4


def test_harness_closed_twice_says_the_same() -> None:
    """Closing again does nothing."""
    adapter = HarnessAdapter(animal("rude"), AdapterOptions())
    assert adapter.close() == adapter.close()


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [("third", Crashed), ("endless", Crashed), ("out-of-order", BadReply), ("hostile", Answered)],
)
def test_harness_zoo_costs_at_most_its_own_case(kind: str, outcome: type[Observation]) -> None:
    """Death at the third step, a line without end, answers in the wrong order: bounded, and told apart."""
    cases = [
        case("zoo-second", frame_step("two"), frame_step("bite"), frame_step("three")),
        case("zoo-third", frame_step("three")),
    ]
    limit = _process.MAX_LINE
    _process.MAX_LINE = 3_000_000  # type: ignore[misc]
    started = time.monotonic()
    try:
        adapter = HarnessAdapter(animal(kind), AdapterOptions())
        found = list(adapter.run(item_message(one, Chunking.FRAME) for one in cases))
        adapter.close()
    finally:
        _process.MAX_LINE = limit  # type: ignore[misc]
    assert isinstance(found[0], outcome)
    if isinstance(found[0], Crashed):
        assert found[0].step == (2 if kind == "third" else 1)
    assert isinstance(found[1], Answered | BadReply)
    assert time.monotonic() - started < 10


def test_harness_slow_starter_is_waited_for() -> None:
    """Starting may take as long as a case; only its answer to hello counts."""
    adapter = HarnessAdapter(animal("slow"), AdapterOptions(timeout=3.0))
    assert adapter.hello.name == "animal"
    assert adapter.close() == ()
    with pytest.raises(HelloError, match="did not answer 'hello'"):
        HarnessAdapter(animal("slow"), AdapterOptions(timeout=0.1))


def test_harness_tells_every_line_to_whoever_watches() -> None:
    """Both directions are there, in the order in which they passed."""
    wire: list[tuple[str, bytes]] = []
    adapter = HarnessAdapter(
        animal("honest"), AdapterOptions(wire=lambda way, line: wire.append((way, line)))
    )
    adapter.close()
    assert [way for way, _ in wire] == ["->", "<-", "->", "<-", "->"]
    assert wire[0][1].startswith(b'{"op":"hello"')
    assert wire[-1][1] == b'{"op":"bye"}'
