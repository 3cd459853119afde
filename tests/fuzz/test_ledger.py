"""Tests of `hgframing_fuzz._ledger`: what was said and what was heard, and every way in which they differ."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hgframing import Atom, CborDialect, ErrorResponse, Redirect
from hgframing_fuzz._ledger import Entry
from hgframing_fuzz._watch import ObjectionError


OK = b"\xa1FstatusBok"
ATOMS = (Atom(b"failed"),)


def entry(*, has_status: bool = True) -> Entry:
    """A request that has been run."""
    made = Entry(b"c", {b"a": 1}, None, has_status=has_status, dialect=CborDialect.SUBSET)
    made.run(b"c", {b"a": 1}, None)
    return made


def objection(made: Entry) -> str | None:
    """What is objected to in the end."""
    try:
        made.settle()
    except ObjectionError as error:
        return f"{error.finding.where}-{error.finding.line}"
    return None


def ok(made: Entry, heard: bytes = OK + b"\x01") -> object:
    """A response of one value, and what is heard of it."""
    made.say_data(b"\x01")
    made.say_end("ok")
    made.hear_data(heard[:3], eos=False)
    made.hear_data(heard[3:], eos=True)
    return made


def failed(made: Entry, kind: str = "server", message: bytes = b"failed") -> object:
    """An error frame."""
    made.say_end(("server", ATOMS))
    made.hear_error(ErrorResponse(1, kind, (Atom(message),)))
    return made


def in_status(made: Entry, octets: bytes) -> None:
    """A command's error in the status map."""
    made.say_end(("command", ATOMS))
    made.hear_data(octets, eos=True)


STATUS_ERROR = bytes.fromhex(
    "a2456572726f72a1476d65737361676581a1436d7367466661696c656446737461747573456572726f72"
)


def redirected(made: Entry, octets: bytes) -> None:
    """Another place."""
    made.say_end(Redirect(b"u", b"m"))
    made.hear_data(octets, eos=True)


REDIRECT = b"\xa2FstatusHredirectHlocation\xa1CurlAu"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (ok, None),
        (lambda made: ok(made, OK + b"\x02"), "response-data"),
        (lambda made: ok(made, OK), "response-data"),
        (lambda made: made.say_end("ok"), "response-no-end"),
        (
            lambda made: (made.say_end("ok"), made.hear_error(ErrorResponse(1, "server", ATOMS))),
            "response-error",
        ),
        (failed, None),
        (lambda made: failed(made, "protocol"), "response-other-error"),
        (lambda made: failed(made, message=b"other"), "response-other-error"),
        (lambda made: (made.hear_data(OK, eos=False), failed(made)), None),
        (lambda made: (made.hear_data(b"x", eos=False), failed(made)), "response-data-before-error"),
        (lambda made: in_status(made, STATUS_ERROR), None),
        (lambda made: in_status(made, STATUS_ERROR.replace(b"failed", b"passed")), "response-message"),
        (lambda made: in_status(made, OK), "response-status"),
        (lambda made: in_status(made, b"\xff"), "response-status"),
        (lambda made: redirected(made, REDIRECT), None),
        (lambda made: redirected(made, REDIRECT[:-1] + b"v"), "response-location"),
        (lambda made: (ok(made), made.say_beside(("text", "t")), made.hear_beside(("text", "t"))), None),
        (lambda made: (ok(made), made.say_beside(("text", "t"))), "beside-other"),
        (lambda made: (ok(made), made.hear_beside(("text", "t"))), "beside-other"),
    ],
)
def test_settle_compares_what_was_said_with_what_was_heard(
    said: Callable[[Entry], object], expected: str | None
) -> None:
    """The response, its end, what comes beside it."""
    made = entry()
    said(made)

    assert objection(made) == expected


def test_settle_wants_every_request_to_arrive_once() -> None:
    """Not never, not twice, and as it was called."""
    never = Entry(b"c", {}, None, has_status=True, dialect=CborDialect.SUBSET)
    assert objection(never) == "request-lost"
    with pytest.raises(ObjectionError, match="twice"):
        entry().run(b"c", {b"a": 1}, None)
    for command, args, data in ((b"d", {}, None), (b"c", {b"a": True}, None), (b"c", {}, b"")):
        other = Entry(b"c", {}, None, has_status=True, dialect=CborDialect.SUBSET)
        with pytest.raises(ObjectionError, match="arrived as"):
            other.run(command, args, data)


def test_nothing_is_heard_after_the_end() -> None:
    """Neither data nor an error."""
    ways: tuple[Callable[[Entry], object], ...] = (
        lambda made: made.hear_data(b"", eos=False),
        lambda made: made.hear_error(ErrorResponse(1, "server", ATOMS)),
    )
    for more in ways:
        made = entry()
        ok(made)
        with pytest.raises(ObjectionError, match="after the end"):
            more(made)


def test_what_was_given_up_need_not_be_heard() -> None:
    """An abandoned request arrives, and that is all."""
    made = entry()
    made.say_end("ok")
    made.abandoned = True

    assert made.answered
    assert objection(made) is None
