"""The subject: what its cases run, and that it passes before anything is planted in it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

import hgframing_vectors

from hgframing_conformance._cases import Action, ActionKind, Case, Expectation
from hgframing_conformance._mutants import Mutant, find_mutants
from hgframing_conformance._subject import StrengthError, Subject
from hgframing_conformance._suites import load_suites


SUITE = Path(str(hgframing_vectors.root())) / "suites" / "codec" / "framing.yaml"
TARGET = "hgframing_conformance:reference"


def codec_cases() -> tuple[Case, ...]:
    """Load the cases of one suite of the codec."""
    return load_suites([SUITE])


def mutant_in(subject: Subject, module: str, scope: str) -> Mutant:
    """Return any fault in a function."""
    found = find_mutants(module, subject.files[module].read_bytes())
    return next(mutant for mutant in found if mutant.scope == scope)


@pytest.fixture(scope="module")
def subject() -> Subject:
    """The reference, asked by one suite of the codec."""
    return Subject("hgframing", TARGET, codec_cases())


def test_subject_knows_what_its_cases_run(subject: Subject) -> None:
    """The codec's cases feed the buffer and never answer a request."""
    assert subject.place(mutant_in(subject, "hgframing._buffer", "FrameBuffer.feed")).reached
    assert not subject.place(mutant_in(subject, "hgframing._answers", "Answers.sent")).reached
    assert subject.groups(mutant_in(subject, "hgframing._answers", "Answers.sent")) == []


def test_subject_asks_every_case_about_what_the_import_runs(subject: Subject) -> None:
    """A table concerns all, and so does a function that builds tables."""
    found = find_mutants("hgframing._states", subject.files["hgframing._states"].read_bytes())
    table = next(mutant for mutant in found if mutant.function is None)
    builder = next(mutant for mutant in found if mutant.scope == "_table")

    assert len(subject.groups(table)) == len(codec_cases())
    assert len(subject.groups(builder)) == len(codec_cases())


def test_subject_keeps_what_the_unchanged_implementation_answers(subject: Subject) -> None:
    """Every item has its message and its answer."""
    table = mutant_in(subject, "hgframing._buffer", "FrameBuffer.feed")
    for group in subject.groups(table):
        assert len(group.items) == len(group.messages) == len(group.answers)


def test_subject_that_does_not_pass_is_refused() -> None:
    """A fault cannot be noticed by a case that fails without it."""
    case = codec_cases()[0]
    wrong = Expectation(alternatives=((Action(ActionKind.RUN_COMMAND, {}),),), never=frozenset())
    steps = (msgspec.structs.replace(case.steps[0], expectation=wrong), *case.steps[1:])

    with pytest.raises(StrengthError, match=case.id):
        Subject("hgframing", TARGET, [msgspec.structs.replace(case, steps=steps)])


def test_subject_may_be_asked_in_one_chunking() -> None:
    """The first of each case, which is a frame at a time."""
    names = Subject("hgframing", TARGET, codec_cases(), first=True).names

    assert len(names) == len(codec_cases())
    assert all(name.endswith("[frame]") for name in names)
