"""Tests of `hgframing_fuzz._pair`: wishes are done or refused, and everything is settled in the end."""

from __future__ import annotations

import pytest

from hgframing import REVISIONS, Frame
from hgframing_fuzz import Options
from hgframing_fuzz._outcome import Feature
from hgframing_fuzz._pair import Pair


CALL, DELIVER, BACK, RESPOND, START, PIECE, FINISH, FAIL, TEXT, PROGRESS = 0, 2, 3, 4, 5, 6, 7, 8, 9, 10
REDIRECT, SENT, CLIENT_SENT, ABANDON, FLUSH = 11, 12, 13, 14, 15


def converse(
    *wishes: tuple[int, int, bytes], revision: str = "0006", options: Options | None = None
) -> list[Feature]:
    """What a conversation of wishes (type, flags, payload) reaches."""
    notes: list[Feature] = []
    pair = Pair(REVISIONS[revision], options or Options(), notes)
    for type_id, flags, payload in wishes:
        pair.wish(Frame(0, 0, 1, type_id, flags, payload))
    pair.settle()
    return notes


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("driver", [0, 4])
def test_conversation_is_settled_in_every_revision(revision: str, driver: int) -> None:
    """A call with data, text, progress, a response in pieces."""
    wishes = [
        (CALL, 3, b"data"),
        (FLUSH, 0, b""),
        (DELIVER, 1, b""),
        (TEXT, 1, b"t"),
        (PROGRESS, 3, b"p"),
        (START, 0, b""),
        (PIECE, 0, b"piece"),
        (FINISH, 0, b""),
        (BACK, 1, b""),
        (SENT, 0, b""),
    ]

    for seed in (0, 1, 2, 4, 12, 64, 192):
        notes = converse(*wishes, revision=revision, options=Options(driver=driver, seed=seed))
        done = {note[1] for note in notes if note[0] == revision}
        assert {CALL, DELIVER, START, PIECE, FINISH} <= done, (seed, notes)


@pytest.mark.parametrize("wish", [RESPOND, FAIL, TEXT, PROGRESS, REDIRECT])
def test_each_answer_can_be_wished(wish: int) -> None:
    """Done, not refused."""
    notes = converse((CALL, 0, b""), (DELIVER, 1, b""), (wish, 1, b"\xa0"))

    assert wish in {note[1] for note in notes if note[0] == "0006"}


def test_wish_that_the_protocol_forbids_is_refused() -> None:
    """An answer to nothing."""
    notes = converse((RESPOND, 0, b""), (FINISH, 0, b""), (SENT, 0, b""))

    assert notes == [("refused", RESPOND), ("refused", FINISH), ("refused", SENT)]


def test_request_can_be_given_up_and_client_can_tell_what_left() -> None:
    """What still comes is swallowed."""
    notes = converse(
        (CALL, 0, b""),
        (CLIENT_SENT, 0, b""),
        (ABANDON, 0, b""),
        (DELIVER, 1, b""),
        (RESPOND, 1, b"x"),
        (BACK, 1, b""),
    )

    assert {CLIENT_SENT, ABANDON, RESPOND} <= {note[1] for note in notes if note[0] == "0006"}
