"""What both ends of a connection keep of it alike."""

from __future__ import annotations

import pytest

from hgframing import REVISIONS, FrameInput, decode_one
from hgframing_conformance._client_conversation import Answer, ClientConversation
from hgframing_conformance._conversation import Conversation
from hgframing_conformance._server_conversation import Asked, ServerConversation


F = FrameInput
R5 = REVISIONS["0006"]


@pytest.mark.parametrize("said", [Asked(1, F.NEW), Answer(1, F.RESPONSE_LAST, 1)])
def test_frame_begins_a_stream_that_is_closed(said: Asked | Answer) -> None:
    """The first frame of a stream has the flag that begins it (STREAM-004); made, it has moved nothing."""
    conversation = Conversation(R5)

    assert [conversation.frame(said, b"").stream_flags for _ in range(2)] == [1, 1]
    assert not conversation.is_open(1)


@pytest.mark.parametrize(("flags", "is_open"), [(None, True), (1, True), (3, False)])
def test_stream_is_open_from_its_beginning_to_its_end(flags: int | None, is_open: bool) -> None:  # noqa: FBT001
    """A frame may begin a stream and end it (STREAM-004, STREAM-005); on a closed one it must begin it (STREAM-003)."""
    conversation = ServerConversation(R5)
    conversation.receive(Asked(1, F.NEW, stream_flags=flags))

    assert conversation.is_open(1) is is_open
    assert conversation.has_place(Asked(3, F.NEW, stream_flags=0)) is is_open


def test_streams_are_always_open_where_there_are_none() -> None:
    """Revision 0001 has neither stream IDs nor stream flags."""
    conversation = Conversation(REVISIONS["0001"])
    frame = conversation.frame(Asked(1, F.NAME), b"")

    assert conversation.is_open(7)
    assert (frame.stream_id, frame.stream_flags) == (0, 0)


def test_settings_are_cut_by_stream() -> None:
    """An octet into each frame that is not the last, and each stream has settings of its own."""
    conversation = ClientConversation(R5)
    frames = [
        Answer(1, F.STREAM_SETTINGS_MORE, 2),
        Answer(1, F.STREAM_SETTINGS_MORE, 4),
        Answer(1, F.STREAM_SETTINGS_LAST, 2),
        Answer(1, F.STREAM_SETTINGS_LAST, 4),
    ]
    first, other, rest, others = (conversation.payload(frame) for frame in frames)

    assert len(first) == len(other) == 1
    assert decode_one(first + rest, R5.cbor, max_depth=1) == b"identity"
    assert decode_one(other + others, R5.cbor, max_depth=1) == b"identity"


def test_frame_has_the_nibble_that_is_asked_for() -> None:
    """Several nibbles may be one input to the tables: the last stands for all unless another is named."""
    conversation = Conversation(R5)

    assert conversation.frame(Asked(1, F.NEW), b"", 0x9).flags == 0x9
