"""The first walk with a new harness."""

from __future__ import annotations

import shlex
import time

from pathlib import Path

import pytest

from hgframing_conformance._cases import Case
from hgframing_conformance._smoke import Smoke
from hgframing_conformance._suites import load_suites
from hgframing_conformance._summary import Exit

from .zoo.cases import animal, case, frame_step


CASES: tuple[Case, ...] = (case("zoo-bites", frame_step("bite")),)


def walk(command: str, cases: tuple[Case, ...] = CASES, timeout: float = 5.0) -> tuple[Exit, str]:
    """Walk with a harness and return the exit code and what was said."""
    said: list[str] = []
    code = Smoke(shlex.split(command), cases, timeout, said.append).run()
    return code, "\n".join(said)


def test_smoke_honest_harness_is_well() -> None:
    """Every stage is shown with its lines, and the next command is named."""
    code, said = walk(animal("honest"))
    assert code is Exit.AS_EXPECTED
    stages = [line for line in said.splitlines() if line.startswith("== ")]
    assert [stage.split()[1] for stage in stages] == ["start,", "what", "a", "bye", "the"]
    assert "that is enough for 1 of 1 items" in said
    assert '-> {"op":"case"' in said
    assert "all is well: now hgframing check 'exec:" in said


@pytest.mark.parametrize(
    ("kind", "problem", "advice"),
    [
        ("quits", "exited with status 7 before it answered 'hello'", "answer the line with one JSON object"),
        ("babbles", "answered hello wrongly", "flush standard output"),
        ("future", "speaks harness protocol 2", '"name":"my-hg"'),
        ("know-all", "to an op that it cannot know", "every op but hello, case and bye"),
    ],
)
def test_smoke_harness_that_does_not_come_to_cases_exits_with_2(kind: str, problem: str, advice: str) -> None:
    """As check does, with what to do about it."""
    code, said = walk(animal(kind))
    assert code is Exit.USAGE
    assert said.index(problem) < said.index("to do: ") < said.index(advice)


def test_smoke_missing_program_is_told() -> None:
    """A path that is wrong is the commonest mistake."""
    code, said = walk("./no-such-harness")
    assert code is Exit.USAGE
    assert "may the file be executed" in said


@pytest.mark.parametrize(
    ("kind", "problem", "advice"),
    [
        ("wrong", "failed: frame: expected payload", "compare expected and observed"),
        ("crash", "crashed: exited with status 3", "look at its standard error"),
        ("garbage", "bad-reply: the line is not JSON", "standard output carries answers only"),
        ("raises", "raised: raised KeyError: 4", "the action error"),
        ("rude", "exited with status 5 after bye", "status 0"),
        ("chatty", "wrote 1 more line(s)", "writes nothing more"),
    ],
)
def test_smoke_problem_is_named_with_advice_and_exits_with_1(kind: str, problem: str, advice: str) -> None:
    """What was sent, what came back, what is wrong with it and what to do."""
    code, said = walk(animal(kind))
    assert code is Exit.NOT_AS_EXPECTED
    assert said.index(problem) < said.rindex("to do: ")
    assert advice in said


def test_smoke_hanging_harness_takes_bounded_time() -> None:
    """A harness that does not flush looks like one that hangs."""
    started = time.monotonic()
    code, said = walk(animal("hang"), timeout=0.4)
    assert code is Exit.NOT_AS_EXPECTED
    assert "flushed" in said
    assert time.monotonic() - started < 6


def test_smoke_end_of_input_is_tried(tmp_path: Path) -> None:
    """A harness that only ends after bye is told."""
    script = tmp_path / "eof.sh"
    script.write_text(f"{animal('honest')}\nread line || exit 8\n")
    code, said = walk(f"sh {script}")
    assert code is Exit.NOT_AS_EXPECTED
    assert "it ended with status 8" in said


def test_smoke_harness_that_can_do_nothing_of_it_exits_with_4() -> None:
    """What it declares decides what can be asked."""
    code, said = walk(animal("honest"), (case("a", frame_step("x"), revision="0005"),))
    assert code is Exit.NOTHING_SELECTED
    assert "for want of revision 0005: 1" in said


def test_smoke_takes_a_case_and_a_fault_of_every_layer_and_revision(tmp_path: Path) -> None:
    """The boaster declares everything, and is asked one simple case and one faulty peer of each."""
    cases = load_suites(None)
    code, said = walk(animal("boaster", tmp_path), cases)
    assert code is Exit.NOT_AS_EXPECTED
    simple = [line for line in said.splitlines() if line.startswith("== a simple case, ")]
    faults = [line for line in said.splitlines() if line.startswith("== the peer breaks the protocol, ")]
    asked = {tuple(line.partition(",")[2].split(":")[0].split()) for line in simple}
    assert {(layer, "0006") for layer in ("codec", "server", "client")} <= asked
    assert len(simple) == len(asked) >= 18
    assert len(faults) >= 12


def test_smoke_hostile_harness_moves_no_cursor() -> None:
    """Everything foreign is shown with escapes."""
    _, said = walk(animal("hostile"))
    assert "\x1b" not in said
    assert "\x00" not in said
