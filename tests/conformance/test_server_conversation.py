"""What a server must say of a client's frames, told by the tables."""

from __future__ import annotations

import zlib

import pytest

from hgframing import REVISIONS, FrameInput, ServerRequestState, decode_one, parse_notation
from hgframing_conformance._server_conversation import Asked, ServerConversation


F = FrameInput
S = ServerRequestState


@pytest.mark.parametrize(
    ("revision_key", "frames", "command"),
    [
        ("0001", (F.NAME,), {"command": "c0"}),
        ("0002", (F.NAME_ARGUMENTS, F.ARGUMENT, F.ARGUMENT_LAST), {"args": {"k0": "v1k0", "k1": "v1k1"}}),
        (
            "0002",
            (F.NAME_ARGUMENTS_DATA, F.ARGUMENT_LAST, F.DATA_LAST),
            {"args": {"k0": "v1k0"}, "data": "d1.0"},
        ),
        (
            "0002",
            (F.NAME_ARGUMENTS, F.ARGUMENT_PART, F.ARGUMENT_PART, F.ARGUMENT_LAST),
            {"args": {"k0": "v1k0"}},
        ),
        ("0006", (F.NEW,), {"command": "c1", "args": {"k": "v1"}, "request": 1}),
        ("0006", (F.NEW_DATA, F.DATA_MORE, F.DATA_LAST), {"data": "d1.0d1.4"}),
        (
            "0006",
            (F.NEW_MORE_DATA, F.CONTINUATION_MORE_DATA, F.CONTINUATION_DATA, F.DATA_LAST),
            {"data": "d1.0"},
        ),
    ],
)
def test_receive_runs_a_command_when_it_is_whole(
    revision_key: str, frames: tuple[F, ...], command: dict[str, object]
) -> None:
    """With the last frame and never before; its name, arguments and data are what the frames said."""
    conversation = ServerConversation(REVISIONS[revision_key])
    request = 0 if revision_key == "0001" else 1
    *steps, last = [conversation.receive(Asked(request, what)) for what in frames]
    (action,) = last["expect"]

    assert all(step["expect"] == [] for step in steps)
    assert action["run-command"] == action["run-command"] | command
    assert conversation.requests[request] is S.ACTIVE


def test_receive_cuts_requests_that_together_are_one_map() -> None:
    """An octet, an octet, the rest."""
    conversation = ServerConversation(REVISIONS["0006"])
    steps = [
        conversation.receive(Asked(1, what)) for what in (F.NEW_MORE, F.CONTINUATION_MORE, F.CONTINUATION)
    ]
    payloads = [parse_notation(step["receive"][0], REVISIONS["0006"]).payload for step in steps]

    assert [len(payload) for payload in payloads[:2]] == [1, 1]
    whole = decode_one(b"".join(payloads), REVISIONS["0006"].cbor, max_depth=4)
    assert whole == {b"name": b"c1", b"args": {b"k": b"v1"}}


def test_receive_writes_arguments_as_the_text_has_them() -> None:
    """Two lengths, low octet first, the name, the value (ARG-002); a value may go on in the next frame (ARG-005)."""
    conversation = ServerConversation(REVISIONS["0002"])
    frames = (F.NAME_ARGUMENTS, F.ARGUMENT_PART, F.ARGUMENT_LAST)
    steps = [conversation.receive(Asked(1, what)) for what in frames]
    payloads = [parse_notation(step["receive"][0], REVISIONS["0002"]).payload for step in steps]

    assert payloads == [b"c1", b"\x02\x00\x04\x00k0v", b"1k0"]


def test_receive_keeps_requests_apart() -> None:
    """Interleaved frames end in two commands, each with its own."""
    conversation = ServerConversation(REVISIONS["0006"])
    step = conversation.receive(
        Asked(1, F.NEW_DATA),
        Asked(3, F.NEW_DATA),
        Asked(1, F.DATA_MORE),
        Asked(3, F.DATA_LAST),
        Asked(1, F.DATA_LAST),
    )
    runs = [action["run-command"] for action in step["expect"]]

    assert [(run["request"], run["command"], run["data"]) for run in runs] == [
        (3, "c3", "d3.0"),
        (1, "c1", "d1.0d1.4"),
    ]


def test_has_place_asks_all_three_tables() -> None:
    """The connection, the stream and the request."""
    conversation = ServerConversation(REVISIONS["0006"])

    assert conversation.has_place(Asked(1, F.SETTINGS_LAST))
    assert not conversation.has_place(Asked(1, F.NEW, stream_flags=2))
    assert not conversation.has_place(Asked(1, F.DATA_LAST))
    conversation.receive(Asked(1, F.NEW))
    assert not conversation.has_place(Asked(1, F.SETTINGS_LAST))
    assert not conversation.has_place(Asked(1, F.NEW))
    assert conversation.has_place(Asked(3, F.NEW, stream_flags=2))


@pytest.mark.parametrize(
    ("revision_key", "frame"),
    [
        ("0001", "bytes-response eos r0"),
        ("0002", "1 bytes-response eos r1"),
        ("0006", "1 2 stream-begin command-response eos \\xa1FstatusBokBr1"),
    ],
)
def test_respond_sends_what_the_revision_has(revision_key: str, frame: str) -> None:
    """Raw octets (RSP-001), or the status map and then a value (RSP-006); the ID is free again (RID-005)."""
    revision = REVISIONS[revision_key]
    request = 0 if revision_key == "0001" else 1
    conversation = ServerConversation(revision)
    conversation.receive(Asked(request, F.NEW if F.NEW in revision.inputs.values() else F.NAME))

    assert conversation.respond(request)["expect"] == [{"send-frames": [frame]}]
    assert conversation.requests == {}


def test_respond_unsent_keeps_the_id_until_it_is_sent() -> None:
    """Answered is not sent."""
    conversation = ServerConversation(REVISIONS["0006"])
    conversation.receive(Asked(1, F.NEW))
    step = conversation.respond(1, unsent=True)

    assert step["respond"]["unsent"] is True
    assert conversation.state(1) is S.ANSWERED
    assert conversation.sent(1) == {"sent": {"request": 1}, "expect": []}
    assert conversation.state(1) is S.UNKNOWN


def test_end_input_lets_out_what_was_deferred() -> None:
    """All of it, in the order in which it was given."""
    conversation = ServerConversation(REVISIONS["0006"], defers=True)
    conversation.receive(Asked(1, F.NEW), Asked(3, F.NEW))
    held = [conversation.tell(3), conversation.fail(3), conversation.progress(1), conversation.respond(1)]
    (action,) = conversation.end_input()["expect"]
    kinds = [parse_notation(text, REVISIONS["0006"]) for text in action["send-frames"]]

    assert all(step["expect"] == [] for step in held)
    assert [(frame.request_id, frame.type_id) for frame in kinds] == [(3, 6), (3, 5), (1, 7), (1, 3)]
    assert conversation.end_input()["expect"] == []


@pytest.mark.parametrize(
    ("revision_key", "kind"), [("0002", "application"), ("0005", "server"), ("0006", "server")]
)
def test_fail_names_a_kind_that_the_revision_has(revision_key: str, kind: str) -> None:
    """A flag (ERR-003), or a map (ERR-005)."""
    revision = REVISIONS[revision_key]
    conversation = ServerConversation(revision)
    conversation.receive(Asked(1, F.NEW if F.NEW in revision.inputs.values() else F.NAME))
    step = conversation.fail(1)
    frame = parse_notation(step["expect"][0]["send-frames"][0], revision)

    assert step["fail"] == {"request": 1, "kind": kind, "message": "e1"}
    if kind == "application":
        assert (frame.flags, frame.payload) == (2, b"e1")
    else:
        expected = {b"type": b"server", b"message": [{b"msg": b"e1"}]}
        assert decode_one(frame.payload, revision.cbor, max_depth=4) == expected


def test_receive_encodes_what_is_marked() -> None:
    """Through the encoding of its stream, whose context goes on; what is not marked stays as it is (STREAM-010)."""
    conversation = ServerConversation(REVISIONS["0006"])
    conversation.set_encoding(1, 1, "zlib")
    frames = (
        Asked(1, F.NEW_DATA, encoded=True),
        Asked(1, F.DATA_MORE),
        Asked(1, F.DATA_LAST, encoded=True, ends=True),
    )
    texts = [conversation.receive(asked)["receive"][0] for asked in frames]
    first, plain, last = (parse_notation(text, REVISIONS["0006"]) for text in texts)
    reader = zlib.decompressobj()

    assert [frame.stream_flags for frame in (first, plain, last)] == [4, 0, 6]
    assert decode_one(reader.decompress(first.payload), REVISIONS["0006"].cbor, max_depth=4)
    assert plain.payload == b"d1.0"
    assert reader.decompress(last.payload) == b"d1.4"
    assert not conversation.is_open(1)
