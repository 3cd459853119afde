"""What a client must say of a server's frames, told by the tables."""

from __future__ import annotations

import pytest

from hgframing import REVISIONS, ClientRequestState, FrameInput, parse_notation
from hgframing_conformance._client_conversation import Answer, ClientConversation, octets_form


F = FrameInput


def begun(revision_key: str, calls: int = 1) -> ClientConversation:
    """Return a conversation whose requests have left."""
    conversation = ClientConversation(REVISIONS[revision_key])
    for _ in range(calls):
        conversation.call()
    conversation.flush()
    return conversation


@pytest.mark.parametrize(
    ("revision_key", "frame"),
    [
        ("0001", "command-name eos mycommand"),
        ("0002", "1 command-name eos mycommand"),
        ("0002-streams", "1 1 0 command-name eos mycommand"),
        ("0006", "1 1 0 command-request new cbor:{b'name': b'mycommand'}"),
    ],
)
def test_flush_sends_what_was_called(revision_key: str, frame: str) -> None:
    """One frame, as upstream's own tests write it."""
    conversation = ClientConversation(REVISIONS[revision_key])

    assert conversation.call() == {"call": {"command": "mycommand"}, "expect": []}
    assert conversation.flush() == {"flush": None, "expect": [{"send-frames": [frame]}]}


def test_receive_gives_each_frame_octets_of_its_own() -> None:
    """A response begins with the status map (RSP-006); what follows names its request and its place."""
    conversation = begun("0006", calls=2)
    step = conversation.receive(
        Answer(1, F.RESPONSE_MORE),
        Answer(3, F.RESPONSE_MORE),
        Answer(3, F.RESPONSE_LAST),
        Answer(1, F.RESPONSE_LAST),
    )

    assert step["receive"] == [
        "1 2 stream-begin command-response continuation cbor:{b'status': b'ok'}",
        "3 2 0 command-response continuation cbor:{b'status': b'ok'}",
        "3 2 0 command-response eos C3.2",
        "1 2 0 command-response eos C1.2",
    ]
    assert step["expect"][2:] == [
        {"response-data": {"request": 3, "data": "C3.2", "eos": True}},
        {"response-data": {"request": 1, "data": "C1.2", "eos": True}},
    ]
    assert set(conversation.requests.values()) == {ClientRequestState.RECEIVED}


def test_receive_cuts_settings_over_frames() -> None:
    """An octet each, the rest in the last: together they are the settings, and nothing follows from them."""
    conversation = begun("0006")
    steps = [
        conversation.receive(Answer(1, what)) for what in (F.SETTINGS_MORE, F.SETTINGS_MORE, F.SETTINGS_LAST)
    ]
    payloads = [parse_notation(step["receive"][0], REVISIONS["0006"]).payload for step in steps]

    # One pair: contentencodings, and an array of identity.
    assert b"".join(payloads) == b"\xa1\x50contentencodings\x81\x48identity"
    assert [len(payload) for payload in payloads[:2]] == [1, 1]
    assert all(step["expect"] == [] for step in steps)


@pytest.mark.parametrize(
    ("revision_key", "nibble", "kind"),
    [("0002", 1, "protocol"), ("0002", 2, "application"), ("0006", 0, "server")],
)
def test_receive_reads_the_kind_of_an_error(revision_key: str, nibble: int, kind: str) -> None:
    """Flags said it (ERR-002, ERR-003) until a map did (ERR-005)."""
    step = begun(revision_key).receive(Answer(1, F.ERROR_RESPONSE, nibble=nibble))

    assert step["expect"] == [{"error-response": {"request": 1, "type": kind, "atoms": [{"msg": "error 1"}]}}]


def test_receive_packs_text_before_cbor() -> None:
    """The length of the string, no labels, no arguments, then the string (TEXT-002)."""
    step = begun("0002").receive(Answer(1, F.TEXT_OUTPUT))

    assert parse_notation(step["receive"][0], REVISIONS["0002"]).payload == b"\x06\x00\x00\x00text 1"


def test_has_place_asks_all_three_tables() -> None:
    """The connection (settings come first), the stream (it begins) and the request (it waits for an answer)."""
    conversation = begun("0006")

    assert conversation.has_place(Answer(1, F.SETTINGS_LAST))
    assert not conversation.has_place(Answer(1, F.RESPONSE_LAST, stream_flags=0))
    assert not conversation.has_place(Answer(3, F.RESPONSE_LAST))
    conversation.receive(Answer(1, F.RESPONSE_LAST))
    assert not conversation.has_place(Answer(1, F.SETTINGS_LAST))
    assert not conversation.has_place(Answer(1, F.RESPONSE_LAST))


def test_receive_closes_streams() -> None:
    """Behind the end flag a stream begins anew, and others stay as they are."""
    conversation = begun("0006")
    conversation.receive(Answer(1, F.RESPONSE_MORE, 2), Answer(1, F.RESPONSE_MORE, 4))
    conversation.receive(Answer(1, F.RESPONSE_MORE, 2, stream_flags=2))

    assert not conversation.is_open(2)
    assert conversation.is_open(4)


def test_ask_tells_the_state_in_words_of_the_protocol() -> None:
    """A request that was only called is pending."""
    conversation = ClientConversation(REVISIONS["0006"])
    conversation.call()

    assert conversation.ask(1)["expect"] == [{"request-state": {"request": 1, "state": "pending"}}]


@pytest.mark.parametrize(("revision_key", "request_id"), [("0001", 0), ("0006", 1)])
def test_abandon_takes_what_comes_and_hands_nothing_over(revision_key: str, request_id: int) -> None:
    """The request is over when its answer is (docs/vector-format.md, `abandon`)."""
    conversation = begun(revision_key)
    step = conversation.abandon(request_id)

    assert step == {"abandon": {"request": 1} if request_id else {}, "expect": []}
    assert conversation.receive(Answer(request_id, F.RESPONSE_MORE))["expect"] == []
    assert conversation.requests[request_id] is ClientRequestState.ABANDONED
    assert conversation.receive(Answer(request_id, F.RESPONSE_LAST))["expect"] == []
    assert conversation.requests[request_id] is ClientRequestState.RECEIVED


def test_octets_form_is_text_only_for_printable_ascii() -> None:
    """Everything else is hex."""
    assert octets_form(b"abc") == "abc"
    assert octets_form(b"\xa1") == {"hex": "a1"}
    assert octets_form(b"a\n") == {"hex": "610a"}


def test_call_without_buffering_sends_at_once() -> None:
    """And what the client offers comes first (SET-005), under a request ID that the text leaves open."""
    conversation = ClientConversation(REVISIONS["0006"], buffers=False, offers=("zlib",))
    settings = "sender-protocol-settings eos cbor:{b'contentencodings': [b'zlib']}"
    request = "1 1 0 command-request new cbor:{b'name': b'mycommand'}"

    assert conversation.call()["any-of"] == [
        [{"send-frames": [f"1 1 0 {settings}", request]}],
        [{"send-frames": [f"0 1 0 {settings}", request]}],
    ]
    assert conversation.call()["expect"] == [{"send-frames": [request.replace("1 1", "3 1", 1)]}]


def test_receive_tells_what_was_encoded() -> None:
    """The client hands over the octets before their encoding (STREAM-007)."""
    conversation = begun("0006")
    conversation.set_encoding(1, 2, "zlib")
    step = conversation.receive(Answer(1, F.RESPONSE_MORE), Answer(1, F.RESPONSE_LAST, encoded=True))

    assert parse_notation(step["receive"][1], REVISIONS["0006"]).payload.startswith(b"\x78\x01")
    assert step["expect"][1] == {"response-data": {"request": 1, "data": "C1.2", "eos": True}}
