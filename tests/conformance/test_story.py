"""One item told step by step."""

from __future__ import annotations

import pytest

from hgframing_conformance._adapters import AdapterOptions
from hgframing_conformance._harness import HarnessAdapter
from hgframing_conformance._run import Engine, RunOptions
from hgframing_conformance._select import items
from hgframing_conformance._story import story_lines

from .zoo.cases import animal, case, frame_step


def story(kind: str) -> str:
    """Let an animal answer a case whose second step bites, and tell it."""
    adapter = HarnessAdapter(animal(kind), AdapterOptions())
    steps = (frame_step("two"), frame_step("bite"), frame_step("three"))
    try:
        (outcome,) = Engine(adapter, RunOptions()).run(items(case("a", *steps)))
    finally:
        adapter.close()
    return "\n".join(story_lines(outcome))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("honest", ["step 3: receive", "1 1 0 command-data eos three", "passed"]),
        (
            "raises",
            ["raised {type: 'KeyError'", "NOT as demanded (raised)", "raised: step 1: raised KeyError: 4"],
        ),
        (
            "crash",
            [
                "observed: unknown, the case was not answered",
                "observed: crashed: exited with status 3",
                "not reached",
                "| about to die",
                "crashed: step 2: exited with status 3",
            ],
        ),
        ("garbage", ["step 3: receive", "bad-reply: the line is not JSON"]),
    ],
)
def test_story_says_what_happened(kind: str, said: list[str]) -> None:
    """Everything that was seen is told, in order, the verdict last."""
    text = story(kind)
    places = [text.index(words) for words in said]
    assert places == sorted(places)
    assert text.splitlines()[-1].startswith(said[-1])


def test_story_of_a_hostile_harness_moves_no_cursor() -> None:
    """Messages and standard error are shown with escapes."""
    text = story("hostile")
    assert "\x1b" not in text
    assert "\\x1b[2J" in text
