"""Tests of `hgframing_fuzz._server_caller`: what is wished is asked of the reactor, and noted once it is taken."""

from __future__ import annotations

import pytest

from hgframing import (
    REVISIONS,
    CborDialect,
    Frame,
    LocalProtocolError,
    ServerAction,
    ServerReactor,
    parse_notation,
)
from hgframing_fuzz._ledger import Entry
from hgframing_fuzz._server_caller import TEXT, ServerCaller, progress_fields, value_of


R5 = REVISIONS["0006"]


def caller() -> tuple[ServerCaller, list[ServerAction]]:
    """A caller whose server waits for an answer to request 1."""
    server = ServerReactor(R5)
    server.receive(parse_notation("1 1 stream-begin command-request new cbor:{b'name': b'c'}", R5))
    sent: list[ServerAction] = []
    made = ServerCaller(server, R5, 100, sent.extend)
    made.entries[1] = Entry(b"c", {}, None, has_status=True, dialect=CborDialect.SUBSET)
    made.running.append(1)
    return made, sent


def test_answer_moves_a_request_from_running_to_unsent() -> None:
    """And sends something."""
    made, sent = caller()

    made.respond(Frame(0, 0, 0, 4, 1, b"value"))

    assert (made.running, made.unsent) == ([], [1])
    assert made.entries[1].answered
    assert sent
    made.sent(Frame(0, 0, 0, 12, 0))
    assert made.unsent == []


def test_answer_that_is_refused_is_not_noted() -> None:
    """No request waits any more."""
    made, _ = caller()
    made.fail(Frame(0, 0, 0, 8, 0, b"m"))

    with pytest.raises(LocalProtocolError):
        made.fail(Frame(0, 0, 0, 8, 0, b"m"))
    assert made.unsent == [1]


def test_settle_ends_what_has_begun_and_what_has_not() -> None:
    """Nothing waits afterwards."""
    for begins in (False, True):
        made, _ = caller()
        if begins:
            made.start(Frame(0, 0, 0, 5, 0))
        made.settle()
        assert (made.running, made.unsent) == ([], [])
        assert made.entries[1].answered


def test_value_is_what_a_payload_says_or_its_octets() -> None:
    """CBOR, or a bytestring; never more than was asked for."""
    assert value_of(Frame(1, 1, 0, 0, 0, b"\xa1\x01\x02"), R5, 10) == {1: 2}
    assert value_of(Frame(1, 1, 0, 0, 0, b"\xa1\x01"), R5, 10) == b"\xa1\x01"
    assert value_of(Frame(1, 1, 0, 0, 0, b"xxxx"), R5, 2) == b"xx"


def test_text_is_letters_and_fields_have_an_order() -> None:
    """What every revision can say."""
    assert bytes(range(256)).translate(TEXT).isalpha()
    assert progress_fields({b"total": 3, b"pos": 2, b"topic": b"t"}) == (b"t", 2, 3, None, None)
