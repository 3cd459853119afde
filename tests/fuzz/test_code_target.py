"""Tests of `hgframing_fuzz._code_target`: what a function lets escape, and what its oracles object to."""

from __future__ import annotations

import itertools
import sys

import pytest

from hgframing_fuzz import CodeUnderTest, FuzzInput, Options
from hgframing_fuzz._code_target import Check, CodeTarget, object_to
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import DriverBit, body_of, with_body
from hgframing_fuzz._outcome import Feature, Outcome


FILE = str(sys.modules[__name__].__file__)
CODE = CodeUnderTest(roots=(FILE,), reactors=frozenset({FILE}))


def outcome(check: Check, body: bytes, guards: Guards, options: Options | None = None) -> Outcome:
    """What one input gives."""
    return CodeTarget("own", check, CODE, guards).check(with_body(options or Options(), body))


def parses(value: FuzzInput, notes: list[Feature]) -> None:
    """A number in decimal, with an exception that is declared and one that is not."""
    body = body_of(value)
    try:
        number = int(body)
    except ValueError:
        notes.append(("refused",))
        return
    notes.append(("number", number.bit_length()))
    if number > 1000:
        raise KeyError(number)
    if number < 0:
        object_to("not-negative", "number", "sign", f"{number} is negative")


def test_check_what_is_right_gives_features_and_no_finding(guards: Guards) -> None:
    """A value, and the error that is declared."""
    assert outcome(parses, b"12", guards) == Outcome(None, (("number", 4),))
    assert outcome(parses, b"x", guards) == Outcome(None, (("refused",),))


def test_check_what_escapes_is_blamed_on_its_line(guards: Guards) -> None:
    """Only declared exceptions are answers; what was reached before is told all the same."""
    found = outcome(parses, b"2000", guards)

    assert found.finding is not None
    assert (found.finding.kind, found.finding.where) == ("KeyError", "parses")
    assert found.finding.line.startswith("test_code_target-")
    assert found.features == (("number", 11),)


def test_check_objection_is_a_finding(guards: Guards) -> None:
    """Named by its oracle."""
    finding = outcome(parses, b"-1", guards).finding

    assert finding is not None
    assert (finding.kind, finding.where, finding.line) == ("not-negative", "number", "sign")
    assert finding.message == finding.explain() == "-1 is negative"


def test_check_that_differs_is_found_where_it_is_asked(guards: Guards) -> None:
    """A function with a memory."""
    numbers = itertools.count()

    def forgets(_value: FuzzInput, notes: list[Feature]) -> None:
        notes.append((next(numbers),))

    compare = Options(driver=DriverBit.COMPARE)
    finding = outcome(forgets, b"", guards, compare).finding

    assert finding is not None
    assert finding.kind == "deterministic"
    assert outcome(forgets, b"", guards).finding is None
    assert outcome(parses, b"1", guards, compare).finding is None


@pytest.mark.skipif(sys.platform != "linux", reason="needs the limits of Linux")
def test_check_bomb_is_found_unless_the_input_weighs_as_much(guards: Guards) -> None:
    """What an input may take is a line in the length of what it is taken to be."""

    def expands(_value: FuzzInput, _notes: list[Feature]) -> None:
        _ = b"x" * (64 << 20)

    value = with_body(Options(), b"")
    heavy = CodeTarget("own", expands, CODE, guards, lambda _: (bytes(1 << 20),))

    finding = CodeTarget("own", expands, CODE, guards).check(value).finding

    assert finding is not None
    assert (finding.kind, finding.where) == ("memory-bound", "expands")
    assert heavy.check(value).finding is None
