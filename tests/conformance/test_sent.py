"""Sent frames reduced to what they say."""

from __future__ import annotations

import tracemalloc
import zlib

import pytest
import zstandard

from hgframing import REVISIONS, Frame, parse_notation
from hgframing_conformance._sent import OutputStreams, difference, exact_difference, is_error_frame, parts


REVISION = REVISIONS["0006"]
STATUS = "cbor:{b'status': b'ok'}"


def frames(*notations: str) -> tuple[Frame, ...]:
    """Read frames in notation."""
    return tuple(parse_notation(text, REVISION) for text in notations)


def differ(expected: tuple[Frame, ...], observed: tuple[Frame, ...]) -> str:
    """Compare two sequences by what they say."""
    return difference(parts(expected, REVISION), parts(observed, REVISION), REVISION)


def test_parts_split_points_and_streams_are_not_significant() -> None:
    """One frame on one stream says the same as three on another."""
    one = frames("1 2 stream-begin command-response eos abc")
    three = frames(
        "1 4 stream-begin command-response continuation a",
        "1 4 0 command-response continuation bc",
        "1 4 stream-end command-response eos",
    )
    assert not differ(one, three)


def test_parts_missing_end_is_significant() -> None:
    """A response that does not end is not the same as one that does."""
    assert "flags" in differ(
        frames("1 2 stream-begin command-response eos abc"),
        frames("1 2 stream-begin command-response continuation abc"),
    )


def test_parts_data_after_the_end_is_significant() -> None:
    """Frames after `eos` begin something new."""
    assert differ(
        frames("1 2 stream-begin command-response eos ab"),
        frames("1 2 stream-begin command-response eos a", "1 2 0 command-response eos b"),
    )


def test_parts_order_of_requests_is_not_significant() -> None:
    """A server may answer in any order, and interleave."""
    a, b = f"1 2 0 command-response eos {STATUS}", "3 2 0 command-response eos cbor:1"
    assert not differ(frames(a, b), frames(b, a))
    assert differ(frames(a, b), frames(a))
    assert differ(frames(a), frames(a, b))


def test_parts_stream_settings_are_not_significant() -> None:
    """Whether a server announces an encoding is its choice."""
    response = f"1 2 stream-begin command-response eos {STATUS}"
    settings = "1 2 stream-begin stream-settings eos cbor:b'identity'"
    assert not differ(frames(response), frames(settings, response))


def test_parts_order_of_keys_is_not_significant() -> None:
    """Revision 0006 fixes no order of keys, and the lengths of numbers are open."""
    left = Frame(1, 2, 1, 3, 2, bytes.fromhex("a2616101616202"))
    right = Frame(1, 2, 1, 3, 2, bytes.fromhex("a26162180261611801"))
    assert not differ((left,), (right,))


def test_parts_meaningful_flags_are_significant() -> None:
    """That data follows a request is no matter of cutting."""
    assert differ(
        frames("1 1 stream-begin command-request new cbor:{b'name': b'c'}"),
        frames("1 1 stream-begin command-request new|have-data cbor:{b'name': b'c'}"),
    )


def test_parts_bool_is_no_integer() -> None:
    """`true` in a payload is not 1."""
    assert differ(frames("1 2 0 command-response eos cbor:1"), frames("1 2 0 command-response eos cbor:True"))


OPEN = "1 2 0 error-response 0 cbor:{b'type': b'server', b'message': None}"
OPEN_STATUS = "1 2 0 command-response eos cbor:{b'status': b'error', b'error': {b'message': None}}"
ATOMS = "[{b'msg': b'no %s', b'args': [b'a']}, {b'msg': b'x'}]"


def test_difference_null_message_leaves_the_words_of_an_error_open() -> None:
    """Whoever fails in words of his own has an array of text atoms (ERR-006, RSP-008)."""
    assert not differ(frames(OPEN), frames(OPEN.replace("None", ATOMS)))
    assert not differ(frames(OPEN_STATUS), frames(OPEN_STATUS.replace("None", ATOMS)))


@pytest.mark.parametrize(
    "message",
    [
        "[]",
        "b'words'",
        "{b'msg': b'words'}",
        "[b'words']",
        "[{b'args': []}]",
        "[{b'msg': b'a'}, {b'msg': 1}]",
    ],
)
@pytest.mark.parametrize("notation", [OPEN, OPEN_STATUS])
def test_difference_null_message_demands_an_array_of_atoms(notation: str, message: str) -> None:
    """What the text does not call a message is none, however open it is."""
    assert "expected" in differ(frames(notation), frames(notation.replace("None", message)))


def test_difference_null_message_leaves_nothing_else_open() -> None:
    """The type is compared, a message that is written down is compared, and null is open only where it is expected."""
    sent = OPEN.replace("None", ATOMS)

    assert differ(frames(OPEN), frames(sent.replace("server", "command")))
    assert differ(frames(OPEN.replace("None", "[{b'msg': b'y'}]")), frames(sent))
    assert differ(frames(sent), frames(OPEN))


def test_difference_null_message_means_itself_outside_errors() -> None:
    """A command's own map may have a key of that name."""
    wanted = "1 2 0 command-response eos cbor:{b'message': None}"

    assert differ(frames(wanted), frames(wanted.replace("None", ATOMS)))


@pytest.mark.parametrize("name", ["zlib", "zstd-8mb", "identity"])
def test_output_streams_decode_what_a_stream_announced(name: str) -> None:
    """Payloads with the flag `encoded` are decoded over frames and over steps; the others are left alone."""
    pieces = _encode(name, [b"\xa1fstatusbok", b"\x01\x02"])
    settings = frames(f"1 2 stream-begin stream-settings eos cbor:b'{name}'")
    streams = OutputStreams(REVISION)
    streams.decode(settings)
    plain = Frame(3, 2, 0, 3, 2, b"plain")
    first = streams.decode([Frame(1, 2, 4, 3, 1, pieces[0]), plain])
    second = streams.decode([Frame(1, 2, 4, 3, 2, pieces[1])])
    assert [frame.payload for frame in first] == [b"\xa1fstatusbok", b"plain"]
    assert [frame.payload for frame in second] == [b"\x01\x02"]


def _encode(name: str, pieces: list[bytes]) -> list[bytes]:
    match name:
        case "zlib":
            deflate = zlib.compressobj()
            return [deflate.compress(piece) + deflate.flush(zlib.Z_SYNC_FLUSH) for piece in pieces]
        case "zstd-8mb":
            context = zstandard.ZstdCompressor().compressobj()
            flush = zstandard.COMPRESSOBJ_FLUSH_BLOCK
            return [context.compress(piece) + context.flush(flush) for piece in pieces]
        case _:
            return pieces


@pytest.mark.parametrize("name", ["zlib", "zstd-8mb"])
def test_output_streams_bomb_is_left_as_it_is(name: str) -> None:
    """A few octets that say half a gibibyte are neither believed nor kept, and the next stream is still read."""
    (bomb,) = _encode(name, [bytes(512 * 1024 * 1024)])
    frame = Frame(1, 2, 4, 3, 2, bomb)
    streams = OutputStreams(REVISION)
    streams.decode(frames(f"1 2 stream-begin stream-settings eos cbor:b'{name}'"))
    tracemalloc.start()
    decoded = streams.decode([frame])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert decoded == (frame,)
    assert peak < 256 * 1024 * 1024
    streams.decode(frames(f"3 4 stream-begin stream-settings eos cbor:b'{name}'"))
    (piece,) = _encode(name, [b"small"])
    (plain,) = streams.decode([Frame(3, 4, 4, 3, 2, piece)])
    assert plain.payload == b"small"


@pytest.mark.parametrize("name", ["zlib", "zstd-8mb"])
def test_output_streams_many_large_payloads_share_one_bound(name: str) -> None:
    """What each frame may say and all of them together may not is bounded for the case."""
    size = 40 * 1024 * 1024
    pieces = _encode(name, [bytes(size)] * 2)
    streams = OutputStreams(REVISION)
    streams.decode(frames(f"1 2 stream-begin stream-settings eos cbor:b'{name}'"))
    first, second = streams.decode([Frame(1, 2, 4, 3, 1, piece) for piece in pieces])
    assert len(first.payload) == size
    assert second.payload == pieces[1]


def test_output_streams_undecodable_payload_is_left() -> None:
    """Octets that their encoding cannot decode are compared as they are, and so they differ."""
    streams = OutputStreams(REVISION)
    streams.decode(frames("1 2 stream-begin stream-settings eos cbor:b'zlib'"))
    broken = Frame(1, 2, 4, 3, 2, b"no zlib")
    assert streams.decode([broken]) == (broken,)


def test_output_streams_begin_forgets_the_encoding() -> None:
    """A stream that begins again has announced nothing."""
    streams = OutputStreams(REVISION)
    streams.decode(frames("1 2 stream-begin stream-settings eos cbor:b'zlib'"))
    again = Frame(1, 2, 5, 3, 2, zlib.compress(b"raw"))
    assert streams.decode([again]) == (again,)


@pytest.mark.parametrize("field", range(5))
def test_exact_difference_sees_every_field(field: int) -> None:
    """Frame by frame, every field of a frame is significant."""
    numbers = [1, 2, 1, 3, 2]
    other = [*numbers]
    other[field] += 1
    left = Frame(*numbers)  # type: ignore[arg-type]
    right = Frame(*other)  # type: ignore[arg-type]
    assert not exact_difference([left], [left])
    assert exact_difference([left], [right])


def test_exact_difference_sees_payload_and_count() -> None:
    """Payloads and the number of frames are significant too."""
    left, right = Frame(1, 2, 1, 3, 2, b"a"), Frame(1, 2, 1, 3, 2, b"b")
    assert "payload" in exact_difference([left], [right])
    assert "got 2" in exact_difference([left], [left, left])


def test_is_error_frame_asks_the_revision() -> None:
    """The type number of an error frame is the revision's."""
    assert is_error_frame(Frame(1, 2, 0, 5, 0), REVISION)
    assert not is_error_frame(Frame(1, 2, 0, 3, 0), REVISION)
