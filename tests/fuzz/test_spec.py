"""Tests of `hgframing_fuzz._spec`: a target, bound to an implementation."""

from __future__ import annotations

import dataclasses

from random import Random

import pytest

from hgframing_conformance.errors import LocatorError
from hgframing_fuzz import FuzzInput, Options
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import Form, with_body
from hgframing_fuzz.targets import TARGETS
from tests.fuzz.miniatures import an_input


SPEC = TARGETS["server-reactor"]


def test_bind_locator_gives_something_to_run(guards: Guards) -> None:
    """An input runs, and a mutator makes more for the revisions that are spoken."""
    bound = SPEC.bind("direct:tests.fuzz.test_subjects:a_maker", guards)

    outcome = bound.target.check(an_input("1 1 stream-begin command-request new"))
    mutator = bound.mutator(Random(1))  # noqa: S311

    assert outcome.finding is None
    assert len(outcome.features) == 2
    assert {mutator.fresh().options.revision for _ in range(50)} == {0}
    assert bound.target.name == SPEC.name


def test_bind_what_is_no_locator_is_refused(guards: Guards) -> None:
    """The user's mistake, told as such."""
    with pytest.raises(LocatorError):
        SPEC.bind("nowhere", guards)


def test_bind_what_takes_no_implementation_is_refused(guards: Guards) -> None:
    """Code of our own has one implementation; a locator would be ignored in silence."""
    spec = dataclasses.replace(SPEC, name="own", takes_implementation=False)

    with pytest.raises(LocatorError, match="own fuzzes code of hgframing itself and takes no implementation"):
        spec.bind("direct:tests.fuzz.test_subjects:a_maker", guards)
    assert spec.bind("reference", guards).subject.revisions


def test_describe_knows_what_an_input_means(guards: Guards) -> None:
    """Frames are shown as frames, octets as octets."""
    frames = SPEC.bind("reference", guards)
    octets = dataclasses.replace(SPEC, form=Form.OCTETS).bind("reference", guards)
    value = with_body(Options(), b"text")

    assert frames.describe(value)[-1] == "tail        74657874"
    assert octets.describe(value)[-1] == "octets      text"
    assert (frames.excerpt(value), octets.excerpt(value)) == ([], ["text"])


def test_revision_is_the_one_that_the_input_is_driven_with(guards: Guards) -> None:
    """For the notation of what was found."""
    reference = SPEC.bind("reference", guards)
    miniature = SPEC.bind("direct:tests.fuzz.test_subjects:a_maker", guards)
    value = FuzzInput(Options(revision=5), ())

    assert (reference.revision(value).key, miniature.revision(value).key) == ("0001", "0006")
