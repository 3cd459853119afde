"""Tests of `hgframing_fuzz._outcome`."""

from __future__ import annotations

from hgframing_conformance._cases import ActionKind
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import FuzzInput, decode_input, encode_input
from hgframing_fuzz._outcome import Kind, Outcome, run
from tests.fuzz.miniatures import Raises, an_input, target_of


class _Listener:
    """A target that notes what it is asked to run."""

    name = "listener"

    def __init__(self) -> None:
        self.asked: list[FuzzInput] = []

    def check(self, value: FuzzInput) -> Outcome:
        """Note the input."""
        self.asked.append(value)
        return Outcome(None, ())


def test_run_octets_are_decoded_once() -> None:
    """A target gets the decoded input, whatever the octets."""
    listener = _Listener()

    for octets in (b"", b"\1", b"\0\0\0\0\1\0\0\1\0\1\1\x11x"):
        run(listener, octets)

    assert listener.asked == [
        decode_input(b""),
        decode_input(b"\1"),
        an_input("1 1 stream-begin command-request new x"),
    ]


def test_run_same_octets_give_the_same_outcome(guards: Guards) -> None:
    """A finding can be replayed."""
    target = target_of(Raises, guards)
    octets = encode_input(an_input("1 1 stream-begin command-request new"))

    first, second = run(target, octets), run(target, octets)

    assert first.finding is not None
    assert second.finding is not None
    assert (first.features, first.finding.kind, first.finding.line) == (
        second.features,
        second.finding.kind,
        second.finding.line,
    )


def test_kinds_are_actions_of_the_harness_protocol() -> None:
    """Whatever is observed has its name in the vector format; some of its actions do not occur here."""
    names = {kind.value for kind in ActionKind}

    assert {kind.value for kind in Kind} <= names
    assert names - {kind.value for kind in Kind} == {
        "octets",  # the codec's
        "request-state",  # a question
        "response",  # over HTTP
        "command-data",  # where a case asks for data as they come
    }
