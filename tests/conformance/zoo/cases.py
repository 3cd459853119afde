"""What the animals are asked: small cases of the codec, made without any file of the suite."""

from __future__ import annotations

import shlex
import sys

from pathlib import Path

from hgframing import REVISIONS, parse_notation
from hgframing_conformance._actions import parse_expected
from hgframing_conformance._cases import (
    Case,
    Chunking,
    Expectation,
    Layer,
    Level,
    Step,
    Tier,
    Verb,
)
from hgframing_conformance._select import Item, items


ANIMALS = Path(__file__).with_name("animals.py")
REVISION = REVISIONS["0006"]


def animal(kind: str, *arguments: object) -> str:
    """Write the command line of an animal."""
    return shlex.join([sys.executable, "-I", str(ANIMALS), kind, *map(str, arguments)])


def frame_step(payload: str) -> Step:
    """Receive one frame and expect it back."""
    notation = f"1 1 0 command-data eos {payload}"
    octets = REVISION.header.encode(parse_notation(notation, REVISION))
    action = parse_expected({"frame": notation}, Layer.CODEC, "0006")
    return Step(
        verb=Verb.RECEIVE,
        octets=(octets,),
        value=None,
        expectation=Expectation(alternatives=((action,),), never=frozenset()),
        notation=(notation,),
    )


def case(case_id: str, *steps: Step, **fields: object) -> Case:
    """Make a case; anything but its id and steps has a plain value unless it is given."""
    given: dict[str, object] = {
        "rev": 1,
        "title": "A frame is decoded",
        "suite": "codec/zoo",
        "layer": Layer.CODEC,
        "revision": "0006",
        "level": Level.MUST,
        "requirements": ("FRAME-001",),
        "violates": (),
        "deviations": (),
        "source": "by hand",
        "comment": "",
        "requires": {},
        "disputed": "",
        "setup": {},
        "chunkings": (Chunking.FRAME,),
        "tier": Tier.CORE,
        "file": "zoo.yaml",
        "line": 1,
    }
    return Case(id=case_id, steps=steps, **(given | fields))  # type: ignore[arg-type]


def three_cases(**fields: object) -> list[Item]:
    """Make three cases, the second of which bites in its second step."""
    cases = (
        case("zoo-first", frame_step("one"), **fields),
        case("zoo-second", frame_step("two"), frame_step("bite"), **fields),
        case("zoo-third", frame_step("three"), **fields),
    )
    return [item for one in cases for item in items(one)]
