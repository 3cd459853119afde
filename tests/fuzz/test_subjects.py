"""Tests of `hgframing_fuzz._subjects`: what a locator attaches, and what it says when it cannot."""

from __future__ import annotations

import sys

import pytest

from hgframing_conformance.errors import ConnectError, LocatorError, SetupError
from hgframing_fuzz import Kind, Options
from hgframing_fuzz._drive import make_script
from hgframing_fuzz._input import REVISION_CODES, Delivery
from hgframing_fuzz._message_subject import MessageSubject
from hgframing_fuzz._outcome import Trace
from hgframing_fuzz._subjects import OwnCode, SessionSubject, Subject, load_subject, revision_codes
from tests.fuzz.miniatures import R5, Maker, Miniature, an_input


def a_maker() -> Maker:
    """What a locator names."""
    return Maker(Miniature)


def seen(subject: Subject) -> list[list[Kind]]:
    """What a command and an undefined frame lead to, and the end."""
    value = an_input(
        "1 1 stream-begin command-request new cbor:{b'name': b'c'}", "1 1 0 15 0", options=Options()
    )
    trace: Trace = []
    subject.observe(make_script(value, R5, Delivery.FRAME), trace)
    return [[one.kind for one in step.observed] for step in trace]


@pytest.mark.parametrize("locator", ["reference", "direct:hgframing_conformance:reference"])
def test_load_reference_by_either_name_gives_sessions(locator: str) -> None:
    """The reference is fuzzed in process, with its tracebacks, however it is named."""
    subject = load_subject(locator)

    assert isinstance(subject, SessionSubject)
    assert subject.revisions == REVISION_CODES
    assert seen(subject)[0] == [Kind.RUN_COMMAND]
    assert seen(subject)[1][0] is Kind.ERROR


def test_load_factory_with_sessions_is_driven_by_them() -> None:
    """`open_server` is all that it takes."""
    subject = load_subject(f"direct:{__name__}:a_maker")

    assert isinstance(subject, SessionSubject)
    assert seen(subject) == [[Kind.RUN_COMMAND], [Kind.ERROR], [Kind.NOOP]]
    assert revision_codes(subject) == (0,)


def test_load_factory_with_messages_is_driven_by_them() -> None:
    """Whatever the conformance suite attaches can be fuzzed."""
    subject = load_subject("direct:tests.fuzz.message_zoo:honest")

    assert isinstance(subject, MessageSubject)
    subject.close()


@pytest.mark.parametrize(
    ("locator", "said"),
    [
        ("direct:no_such_module:make", "ModuleNotFoundError"),
        (f"direct:{__name__}:no_such_factory", "no_such_factory"),
        (f"direct:{__name__}:a_broken_factory", "RuntimeError: out of order"),
    ],
)
def test_load_factory_that_fails_is_told_in_one_line(locator: str, said: str) -> None:
    """No traceback reaches the user."""
    with pytest.raises(ConnectError, match=said) as caught:
        load_subject(locator)

    assert "\n" not in str(caught.value)


def a_broken_factory() -> Maker:
    """A factory that fails."""
    raise RuntimeError("out of order")


@pytest.mark.parametrize("locator", ["nothing", "direct:", "direct:module", "http://127.0.0.1", "exec"])
def test_load_what_is_no_locator_is_told_so(locator: str) -> None:
    """The message names the locator."""
    with pytest.raises(LocatorError, match=locator.rstrip(":") or "direct"):
        load_subject(locator)


def test_load_harness_that_dies_at_once_is_told_with_what_it_printed() -> None:
    """A harness that cannot start is no finding."""
    with pytest.raises(SetupError, match="broken harness"):
        load_subject(f"exec:{sys.executable} -c \"raise SystemExit('broken harness')\"")


def test_revision_codes_are_those_that_are_spoken() -> None:
    """Inputs are made for these."""
    maker = a_maker()
    maker.revisions = ("0005", "0001")  # type: ignore[assignment]

    assert revision_codes(SessionSubject(maker)) == (1, 5)


def test_own_code_is_blamed_and_instrumented() -> None:
    """The modules are instrumented; what they call in their package is blamed too; all revisions are there."""
    own = OwnCode("hgframing._notation", "hgframing_conformance._locators")

    assert own.instrument == ("hgframing._notation", "hgframing_conformance._locators")
    assert str(sys.modules["hgframing._cbor"].__file__).startswith(own.code.roots)
    assert sys.modules["hgframing_conformance._locators"].__file__ in own.code.reactors
    assert own.revisions == REVISION_CODES
    own.close()
