"""Measuring: what becomes of faults of every sort."""

from __future__ import annotations

import dataclasses
import os

from pathlib import Path
from typing import Any

import pytest

import hgframing
import hgframing_vectors

from hgframing_conformance._mutants import Mutant, find_mutants
from hgframing_conformance._strength import StrengthOptions, measure
from hgframing_conformance._subject import Subject
from hgframing_conformance._suites import load_suites
from hgframing_conformance._trial import Result, Status


SUITES = Path(str(hgframing_vectors.root())) / "suites" / "codec"
MODULE = "hgframing._buffer"


@pytest.fixture(scope="module")
def subject() -> Subject:
    """The reference, asked by one suite of the codec."""
    return Subject("hgframing", "hgframing_conformance:reference", load_suites([SUITES / "framing.yaml"]))


def planted(subject: Subject, scope: str, replacement: bytes) -> Mutant:
    """Replace the first statement of a function that has faults."""
    found = find_mutants(MODULE, subject.files[MODULE].read_bytes())
    first = next(mutant for mutant in found if mutant.scope == scope and mutant.operator == "statement")
    return dataclasses.replace(first, replacement=replacement)


def became(subject: Subject, mutant: Mutant, **options: Any) -> Result:
    """Measure one mutant."""
    limits = dataclasses.replace(StrengthOptions(item_timeout=0.3, mutant_timeout=20.0), **options)
    [result] = measure(subject, [mutant], limits)
    return result


@pytest.mark.parametrize(
    ("replacement", "status"),
    [
        (b"pass", Status.KILLED),
        (b"raise RuntimeError", Status.KILLED),
        (b"import os; os.kill(os.getpid(), 9)", Status.KILLED),
        (b"bytearray(1 << 44)", Status.KILLED),
        (b"while True: pass", Status.TIMED_OUT),
    ],
)
def test_measure_tells_what_a_fault_does(subject: Subject, replacement: bytes, status: Status) -> None:
    """Wrong answers, exceptions, deaths, hunger and loops are noticed, and hurt nobody but their own process."""
    mutant = planted(subject, "FrameBuffer.feed", replacement)
    result = became(subject, mutant)

    assert (result.status, result.gates) == (status, True)
    assert result.mutant == mutant.id


def test_measure_stops_what_no_timer_interrupts(subject: Subject) -> None:
    """A mutant that swallows its time-outs is killed from outside."""
    swallow = b"""
        while True:
            try:
                while True: pass
            except BaseException: pass
"""
    # A statement of several lines stands where one stood, at the depth of a method.
    mutant = planted(subject, "FrameBuffer.feed", swallow.strip())
    mutant = dataclasses.replace(
        mutant, replacement=b"exec(%r)" % swallow.replace(b"\n        ", b"\n").decode()
    )
    assert became(subject, mutant, mutant_timeout=1.5).status is Status.TIMED_OUT


def test_measure_lets_what_changes_nothing_survive(subject: Subject) -> None:
    """A fault that is none is asked about by every case that runs its function."""
    mutant = planted(subject, "FrameBuffer.feed", b"")
    source = subject.files[MODULE].read_bytes()
    same = dataclasses.replace(mutant, replacement=source[mutant.start : mutant.end])
    result = became(subject, same)

    assert result.status is Status.SURVIVED
    assert result.asked == sum(len(group.items) for group in subject.groups(mutant))


def test_measure_hears_other_words_where_messages_count(subject: Subject) -> None:
    """They are noticed, and gate nothing: `check` does not look at them unless it is told to."""
    found = find_mutants(MODULE, subject.files[MODULE].read_bytes())
    words = next(mutant for mutant in found if mutant.before.startswith('return f"frame length error'))
    mutant = dataclasses.replace(words, replacement=b'return "frame length is wrong"')
    heard = became(subject, mutant, messages=True)

    assert became(subject, mutant).status is Status.SURVIVED
    assert (heard.status, heard.gates) == (Status.KILLED, False)
    assert heard.item


def test_measure_counts_what_cannot_be_imported_for_nothing(subject: Subject) -> None:
    """Such a module would not get as far as the vectors."""
    assert became(subject, planted(subject, "FrameBuffer.feed", b"???")).status is Status.STILLBORN


def test_measure_leaves_this_process_as_it_was(subject: Subject) -> None:
    """Nothing is planted here, and the package's files are not touched."""
    before = hgframing.FrameBuffer
    source = subject.files[MODULE].read_bytes()
    became(subject, planted(subject, "FrameBuffer.feed", b"pass"))

    assert hgframing.FrameBuffer is before
    assert subject.files[MODULE].read_bytes() == source


def test_measure_works_side_by_side(subject: Subject) -> None:
    """Every mutant has one result, whoever ends first, and no process is left."""
    found = find_mutants(MODULE, subject.files[MODULE].read_bytes())[:12]
    results = list(measure(subject, found, StrengthOptions(jobs=3)))

    assert {result.mutant for result in results} == {mutant.id for mutant in found}
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_measure_asks_the_hinted_item_first(subject: Subject) -> None:
    """What noticed a fault another time notices it at once."""
    mutant = planted(subject, "FrameBuffer.feed", b"pass")
    last = [group for group in subject.groups(mutant) if group.items[0].case.level == "must"][-1]
    [result] = measure(subject, [mutant], StrengthOptions(), {mutant.id: last.items[-1].name})

    assert result.item.partition("[")[0] == last.items[0].name.partition("[")[0]
