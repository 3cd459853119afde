"""The lines of a harness as answers."""

from __future__ import annotations

from hgframing_conformance._adapters import Answered, BadReply
from hgframing_conformance._replies import ReplyReader


CASE = {"seq": 7, "steps": [{"end-input": None}]}
ANSWER = b'{"op":"result","seq":7,"steps":[[{"noop":{}}]]}'


def test_reply_to_the_case_is_an_answer() -> None:
    """Its steps are handed on as they came."""
    assert ReplyReader().read(ANSWER, CASE) == Answered(steps=[[{"noop": {}}]])


def test_reply_that_comes_after_a_bad_one_is_dropped_once() -> None:
    """A late answer shifts nothing, and a second one of it is a bad reply again."""
    reader = ReplyReader()
    following = CASE | {"seq": 8}
    assert isinstance(reader.read(b"DEBUG", CASE), BadReply)
    assert reader.read(ANSWER, following) is None
    bad = reader.read(ANSWER, following)
    assert isinstance(bad, BadReply)
    assert "got one to seq 7" in bad.problem


def test_reply_that_is_none_quotes_itself_and_keeps_standard_error() -> None:
    """Whoever debugs a harness sees what it wrote."""
    bad = ReplyReader().read(b"oh\x1b no", CASE, "last words")
    assert isinstance(bad, BadReply)
    assert bad.quoted == "oh\\x1b no"
    assert bad.stderr == "last words"
