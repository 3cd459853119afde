"""Tests of `hgframing_fuzz._server_grammar`: what it makes is mostly right, varied, and can be sent."""

from __future__ import annotations

import itertools

from collections import Counter
from random import Random

import pytest

from hgframing import REVISIONS, FrameType
from hgframing_fuzz import Kind, decode_input, encode_input
from hgframing_fuzz._client_session import ReferenceClient, calls_of
from hgframing_fuzz._drive import drive, make_script
from hgframing_fuzz._input import REVISION_CODES, Delivery
from hgframing_fuzz._outcome import Trace
from hgframing_fuzz._server_grammar import ServerGrammar


@pytest.mark.parametrize("code", range(len(REVISION_CODES)))
def test_sequences_reach_every_action_of_a_client(code: int) -> None:
    """Responses, errors, text and progress where the revision has them, and faults."""
    rng, revision = Random(4), REVISIONS[REVISION_CODES[code]]  # noqa: S311
    kinds: Counter[Kind] = Counter()
    for _ in range(200):
        value = ServerGrammar((code,)).sequence(rng)
        trace: Trace = []
        session = ReferenceClient().open_client(revision, calls=calls_of(value.options, revision))
        drive(session, make_script(value, revision, Delivery.FRAME), trace)
        kinds.update(one.kind for seen in trace for one in seen.observed)

    expected = {Kind.RESPONSE_DATA, Kind.ERROR_RESPONSE, Kind.ERROR}
    expected |= {Kind.TEXT_OUTPUT} if FrameType.TEXT_OUTPUT in revision.type_ids else set()
    expected |= {Kind.PROGRESS} if FrameType.PROGRESS in revision.type_ids else set()
    assert expected <= kinds.keys()
    assert kinds[Kind.RESPONSE_DATA] > 30


def test_sequences_can_be_written_and_read() -> None:
    """Every number fits its field, on streams of a server for the most part."""
    rng, grammar = Random(5), ServerGrammar((0,))  # noqa: S311
    streams: Counter[int] = Counter()
    for _ in range(500):
        value = grammar.sequence(rng)
        assert decode_input(encode_input(value)).options == value.options
        streams.update(frame.stream_id % 2 for frame in value.frames)

    assert streams[0] > 10 * streams[1] > 0


def test_frames_and_payloads_for_an_input_that_exists_can_be_sent() -> None:
    """What a mutator puts in."""
    rng, grammar = Random(6), ServerGrammar((0,))  # noqa: S311
    value = grammar.sequence(rng)
    seen: set[int] = set()
    for _ in range(500):
        frames = grammar.frames(rng, value.options)
        seen.update(frame.type_id for frame in frames)
        assert frames
        assert isinstance(grammar.payload(rng, frames[0], value.options), bytes)

    assert {3, 5, 6, 7, 9} <= seen


def test_sequences_have_settings_and_settings_that_are_left_unfinished() -> None:
    """What a server seldom sends, and what it must not leave half done."""
    rng, grammar, revision = Random(6), ServerGrammar((0,)), REVISIONS["0006"]  # noqa: S311
    sender = revision.type_ids[FrameType.SENDER_SETTINGS]
    stream = revision.type_ids[FrameType.STREAM_SETTINGS]
    values = [grammar.sequence(rng) for _ in range(1500)]

    assert sum(frame.type_id == sender for value in values for frame in value.frames) > 50
    more = revision.frames[stream].flags["continuation"]
    unfinished = [
        following.type_id != stream
        for value in values
        for frame, following in itertools.pairwise(value.frames)
        if (frame.type_id, frame.flags) == (stream, more)
    ]
    assert 5 < sum(unfinished) < len(unfinished)
