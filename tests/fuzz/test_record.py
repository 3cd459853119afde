"""What the record of a conversation says was sent."""

from __future__ import annotations

from hgframing import REVISIONS, parse_notation
from hgframing_fuzz._record import Moment, Record, Told


REVISION = REVISIONS["0006"]
QUIET = Told()


def record_of(*frames: str, layer: str = "server", told: Told = QUIET) -> Record:
    """Take frames in notation; the last one is told of, the others are quiet."""
    record = Record(REVISION, layer)
    for index, text in enumerate(frames, start=1):
        record.take(parse_notation(text, REVISION), told if index == len(frames) else QUIET)
    return record


def test_record_joins_a_request_until_its_command_runs() -> None:
    """A request in two frames is one payload; once it runs it is no half any more."""
    begun = "1 1 stream-begin command-request new|more \\xa1Dname"
    ended = "1 1 0 command-request continuation \\x41c"

    assert record_of(begun, ended).halves[1].payload == b"\xa1Dname\x41c"
    ran = record_of(begun, ended, told=Told("run-command"))
    assert not ran.halves
    assert ran.running[1].field(b"name") == ("bytes", b"c")


def test_record_forgets_a_stream_that_ends() -> None:
    """Settings of a stream that has ended are stale; its encoding is gone."""
    settings = "1 2 stream-begin stream-settings eos cbor:b'zlib'"

    assert record_of(settings, layer="client").encodings == {2: b"zlib"}
    ended = record_of(settings, "1 2 stream-end command-response eos x", layer="client")
    assert (ended.encodings, ended.open) == ({}, set())


def test_record_notes_an_error_and_nothing_after_it() -> None:
    """What comes with a fault was not taken."""
    record = record_of("1 1 stream-begin command-request new x", told=Told("error", "bad-cbor"))

    assert record.errored
    assert not record.halves


def test_record_wish_ends_a_command() -> None:
    """What is answered runs no more; what is deferred waits."""
    record = record_of("1 1 stream-begin command-request new cbor:{b'name': b'c'}", told=Told("run-command"))
    step = {"respond": {"request": 1, "objects": [1]}}

    record.wish(step, deferred=True)

    assert record.running == {}
    assert record.deferred == [step]


def test_moment_kind_is_the_frames() -> None:
    """A type without a name is none."""
    frame = parse_notation("1 1 stream-begin command-request new x", REVISION)
    moment = Moment(Record(REVISION, "server"), {"receive": [""]}, frame, {}, QUIET, QUIET)

    assert moment.kind is not None
    assert moment.kind.name == "COMMAND_REQUEST"
