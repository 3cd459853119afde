"""Tests of command requests: a caller's command into frames, a peer's payloads into a command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from hgframing import (
    REVISIONS,
    FaultCode,
    Frame,
    LocalProtocolError,
    Revision,
    encode_value,
    parse_notation,
)
from hgframing._commands import ArgumentValue, Command, build_command, parse_argument, parse_command
from hgframing._errors import FaultRaised


BY_NAME = ("0001", "0002", "0002-streams")
BY_CBOR = ("0005-draft", "0005", "0006")

#: Mercurial's own figure, sheet r1 "Header".
MAX_FRAME = 32768


def build(
    key: str,
    command: Command,
    data: bytes | None = None,
    *,
    request_id: int = 1,
    max_frame: int = MAX_FRAME,
) -> list[Frame]:
    """Make the frames of a request in the revision of that key."""
    return list(build_command(request_id, command, data, REVISIONS[key], max_frame))


def frames(key: str, *notation: str) -> list[Frame]:
    """Write the frames that are expected in the notation of that revision."""
    return [parse_notation(text, REVISIONS[key]) for text in notation]


def read(octets: bytes, key: str) -> Command:
    """Read the joined payload of a request."""
    return parse_command(octets, REVISIONS[key], 32)


# Commands by name.


@pytest.mark.parametrize(
    ("args", "data", "expected"),
    [
        ({}, None, ["command-name eos heads"]),
        ({}, b"", ["command-name have-data heads", "command-data eos"]),
        ({}, b"abc", ["command-name have-data heads", "command-data eos abc"]),
        (
            {b"foo": b"val1", b"bar": b"v"},
            None,
            [
                "command-name have-args heads",
                r"command-argument 0 \x03\x00\x01\x00barv",
                r"command-argument eoa \x03\x00\x04\x00fooval1",
            ],
        ),
        (
            {b"": b""},
            b"abc",
            [
                "command-name have-args|have-data heads",
                r"command-argument eoa \x00\x00\x00\x00",
                "command-data eos abc",
            ],
        ),
    ],
    ids=["alone", "no-data", "data", "arguments", "both"],
)
def test_build_named_command_says_what_follows(
    args: dict[bytes, bytes], data: bytes | None, expected: list[str]
) -> None:
    """The name's flags announce arguments and data; arguments are sorted, the last one says so (CMD-003 to ARG-006)."""
    command = Command(b"heads", args)

    assert build("0001", command, data, request_id=0) == frames("0001", *expected)
    assert build("0002", command, data) == frames("0002", *(f"1 {text}" for text in expected))
    assert build("0002-streams", command, data) == frames(
        "0002-streams", *(f"1 0 0 {text}" for text in expected)
    )


@pytest.mark.parametrize(
    ("key", "request_id", "expected"),
    [("0001", 0, "0c000011"), ("0002", 1, "0c0000010011")],
)
def test_build_named_command_gives_the_worked_octets(key: str, request_id: int, expected: str) -> None:
    """`command-name eos capabilities`, sheets r1 and r2, "Header"."""
    [frame] = build(key, Command(b"capabilities", {}), request_id=request_id)

    assert REVISIONS[key].header.encode(frame) == bytes.fromhex(expected) + b"capabilities"


def test_build_argument_gives_the_worked_octets() -> None:
    """`foo` = `val1`, not the last argument: sheet r1, "Header"."""
    _, frame, _ = build("0001", Command(b"x", {b"foo": b"val1", b"goo": b""}), request_id=0)

    assert REVISIONS["0001"].header.encode(frame) == bytes.fromhex("0b0000200300040066 6f6f76616c31")


def test_build_argument_longer_than_a_frame_continues_its_value() -> None:
    """A value may span frames, marked with 0x01; header and name are in the first (ARG-003 to ARG-005)."""
    built = build("0002", Command(b"x", {b"a": b"0123456789", b"b": b""}), max_frame=6)

    assert built[1:] == frames(
        "0002",
        r"1 command-argument continuation \x01\x00\x0a\x00a0",
        "1 command-argument continuation 123456",
        "1 command-argument 0 789",
        r"1 command-argument eoa \x01\x00\x00\x00b",
    )


@pytest.mark.parametrize("key", BY_NAME)
@pytest.mark.parametrize(
    ("command", "max_frame", "message"),
    [
        (Command(b"x" * 17, {}), 16, "command name of 17 octets does not fit one frame"),
        (Command(b"x", {b"a": b"v" * 65536}), MAX_FRAME, "argument does not fit its length fields"),
        (Command(b"x", {b"a" * 13: b""}), 16, "argument does not fit its length fields"),
        (
            Command(b"x", {"ä".encode(): b""}),
            MAX_FRAME,
            "arguments are ASCII names and values of octets in this revision",
        ),
        (
            Command(b"x", {b"a": 1}),
            MAX_FRAME,
            "arguments are ASCII names and values of octets in this revision",
        ),
    ],
    ids=["name-too-long", "value-too-long", "argument-name-too-long", "name-not-ascii", "value-not-octets"],
)
def test_build_named_command_that_cannot_be_said_is_refused(
    key: str, command: Command, max_frame: int, message: str
) -> None:
    """A name has to be in one frame and a value in 16 bits; a frame is never longer than it may be (FRAME-003)."""
    with pytest.raises(LocalProtocolError) as refused:
        build(key, command, max_frame=max_frame)

    assert str(refused.value) == message


@pytest.mark.parametrize("key", BY_NAME)
def test_build_named_command_at_its_limits_is_said(key: str) -> None:
    """One octet less than what is refused fits."""
    args = {b"a" * 12: b"v" * 65535}

    built = build(key, Command(b"x" * 16, args), request_id=0, max_frame=16)

    assert built[0].payload == b"x" * 16
    assert b"".join(frame.payload for frame in built[1:]) == b"\x0c\x00\xff\xff" + b"a" * 12 + b"v" * 65535
    assert {len(frame.payload) for frame in built} <= set(range(17))


# Commands by CBOR.


@pytest.mark.parametrize("key", BY_CBOR)
def test_build_request_gives_the_worked_octets(key: str) -> None:
    """`{name: a}`, sheet r4 "Payloads"; there are no args where there are none."""
    [frame] = build(key, Command(b"a", {}))

    assert frame == frames(key, r"1 0 0 command-request new \xa1\x44name\x41a")[0]


@pytest.mark.parametrize("key", BY_CBOR)
@pytest.mark.parametrize(
    ("data", "flag", "data_frames"),
    [(None, "", []), (b"", "|have-data", [""]), (b"0123456789ab", "|have-data", ["01234567", "89ab"])],
    ids=["none", "empty", "two-frames"],
)
def test_build_request_longer_than_a_frame_is_continued(
    key: str, data: bytes | None, flag: str, data_frames: list[str]
) -> None:
    """New once, continuation after it, more on all but the last, have-data on every one (REQ-005 to REQ-011)."""
    built = build(key, Command(b"heads", {b"a": 1}), data, request_id=5, max_frame=8)

    octets = b"\xa2\x44args\xa1\x41a\x01\x44name\x45heads"
    pieces = [octets[start : start + 8] for start in range(0, len(octets), 8)]
    assert [frame.payload for frame in built] == pieces + [piece.encode() for piece in data_frames]
    assert built == [
        *(
            Frame(
                5,
                0,
                0,
                1,
                parse_notation(f"5 0 0 command-request {words}{flag}", REVISIONS[key]).flags,
                piece,
            )
            for words, piece in zip(["new|more", "continuation|more", "continuation"], pieces, strict=True)
        ),
        *(
            Frame(5, 0, 0, 2, 1 if number < len(data_frames) else 2, piece.encode())
            for number, piece in enumerate(data_frames, start=1)
        ),
    ]


@pytest.mark.parametrize("size", [1, MAX_FRAME - 1, MAX_FRAME, MAX_FRAME + 1, 2 * MAX_FRAME])
@pytest.mark.parametrize("key", ["0001", "0006"])
def test_build_data_of_any_size_ends_once(key: str, size: int) -> None:
    """The last frame and no other has eos, and none is longer than it may be (DATA-002, DATA-003)."""
    data = bytes(size)

    built = build(key, Command(b"x", {}), data, request_id=0)[1:]

    assert b"".join(frame.payload for frame in built) == data
    assert [frame.flags for frame in built] == [1] * (len(built) - 1) + [2]
    assert max(len(frame.payload) for frame in built) <= MAX_FRAME


@pytest.mark.parametrize("size", [0, 1, 2])
def test_build_data_in_frames_of_one_octet_has_no_empty_end(size: int) -> None:
    """Only data that is empty is an empty frame."""
    frames_of_data = build("0001", Command(b"x", {}), bytes(size), request_id=0, max_frame=1)[1:]

    assert [len(frame.payload) for frame in frames_of_data] == ([1] * size or [0])


@pytest.mark.parametrize("key", REVISIONS)
@pytest.mark.parametrize(
    ("command", "data", "message"),
    [
        (Command("x", {}), None, "command name is not a bytestring"),  # type: ignore[arg-type]
        (Command(b"x", {}), "text", "command data is not a bytestring"),
        (Command(b"x", [b"a"]), None, 'command request field "args" is not a map'),  # type: ignore[arg-type]
        (
            Command(b"x", {"a": b""}),  # type: ignore[dict-item]
            None,
            "command request has an argument whose name is not a bytestring",
        ),
    ],
    ids=["name", "data", "args", "argument-name"],
)
def test_build_command_of_text_is_refused(key: str, command: Command, data: Any, message: str) -> None:
    """Names are bytestrings in every revision (REQ-001, REQ-002), also where the dialect could send text."""
    with pytest.raises(LocalProtocolError) as refused:
        build(key, command, data)

    assert str(refused.value) == message


@pytest.mark.parametrize("key", [key for key in REVISIONS if key != "0006"])
def test_build_redirect_where_there_are_none_is_refused(key: str) -> None:
    """The key came with 0006 (REQ-012); a wish of the caller is not dropped silently."""
    with pytest.raises(LocalProtocolError, match=f"revision {key} has no redirects"):
        build(key, Command(b"x", {}, {b"targets": [b"a"]}))


@pytest.mark.parametrize(
    ("redirect", "message"),
    [
        ([], 'command request field "redirect" is not a map'),
        (
            {b"targets": b"a"},
            'command request field "redirect" has targets that are not an array of bytestrings',
        ),
        (
            {b"targets": [], b"hashes": [1]},
            'command request field "redirect" has hashes that are not an array of bytestrings',
        ),
    ],
)
def test_redirect_of_another_shape_is_refused_both_ways(redirect: Any, message: str) -> None:
    """`targets` and `hashes` are arrays of bytestrings (REQ-012), sent as well as received."""
    with pytest.raises(LocalProtocolError) as refused:
        build("0006", Command(b"x", {}, redirect))
    with pytest.raises(FaultRaised) as raised:
        read(encode_value({b"name": b"x", b"redirect": redirect}, REVISIONS["0006"].cbor), "0006")

    assert str(refused.value) == message
    assert (raised.value.code, raised.value.message) == (FaultCode.BAD_PAYLOAD, message)


def test_build_redirect_is_in_the_map() -> None:
    """Upstream's testredirect: the wish appears in the request beside its name."""
    redirect = {b"targets": [b"a", b"b"], b"hashes": (b"sha256",)}

    [frame] = build("0006", Command(b"yo", {}, redirect))

    assert (
        frame
        == frames(
            "0006",
            "1 0 0 command-request new cbor:{b'name': b'yo', b'redirect': "
            "{b'hashes': [b'sha256'], b'targets': [b'a', b'b']}}",
        )[0]
    )


# What a peer sends.


@pytest.mark.parametrize("key", BY_CBOR)
@pytest.mark.parametrize(
    ("octets", "code", "message"),
    [
        (b"", FaultCode.BAD_CBOR, None),
        (b"\xff", FaultCode.BAD_CBOR, None),
        (b"\xa1\x44name", FaultCode.BAD_CBOR, None),
        (b"\xa1\x44name\x41c\xa0", FaultCode.BAD_CBOR, None),
        (b"\xa1\x44name\x41c\xff", FaultCode.BAD_CBOR, None),
        (b"\xa2\x44name\x41c\x44name\x41d", FaultCode.BAD_CBOR, None),
        (b"\x05", FaultCode.BAD_PAYLOAD, "command request is not a map"),
        (b"\xf6", FaultCode.BAD_PAYLOAD, "command request is not a map"),
        (b"\x81\x44name", FaultCode.BAD_PAYLOAD, "command request is not a map"),
        (b"\x46xnamex", FaultCode.BAD_PAYLOAD, "command request is not a map"),
        (b"\xa0", FaultCode.BAD_PAYLOAD, 'command request missing "name" field'),
        (b"\xa1\x44args\xa0", FaultCode.BAD_PAYLOAD, 'command request missing "name" field'),
        (b"\xa1\x44name\x05", FaultCode.BAD_PAYLOAD, 'command request field "name" is not a bytestring'),
        (b"\xa1\x44name\xf6", FaultCode.BAD_PAYLOAD, 'command request field "name" is not a bytestring'),
        (
            b"\xa2\x44name\x41c\x44args\x81\x01",
            FaultCode.BAD_PAYLOAD,
            'command request field "args" is not a map',
        ),
        (
            b"\xa2\x44name\x41c\x44args\xa1\x01\x01",
            FaultCode.BAD_PAYLOAD,
            "command request has an argument whose name is not a bytestring",
        ),
    ],
    ids=[
        "empty", "break", "cut-off", "map-after-it", "garbage-after-it", "name-twice", "integer", "null",
        "array-with-name", "bytestring-with-name", "empty-map", "no-name", "name-integer", "name-null",
        "args-array", "argument-name-integer",
    ],
)  # fmt: skip
def test_parse_command_that_is_none_is_a_fault(
    key: str, octets: bytes, code: FaultCode, message: str | None
) -> None:
    """The payload is one map with a bytestring `name` and a map `args` (REQ-001, REQ-002; D32 to D35)."""
    with pytest.raises(FaultRaised) as raised:
        read(octets, key)

    assert raised.value.code is code
    if message is None:
        assert raised.value.message.startswith("error decoding CBOR from command request: ")
    else:
        assert raised.value.message == message


@pytest.mark.parametrize("key", ["0005-draft", "0005"])
def test_parse_command_with_text_keys_misses_its_name(key: str) -> None:
    """Where text is allowed at all, a text key is still not the bytestring key (sheet r4, 8.4 row 5)."""
    with pytest.raises(FaultRaised) as raised:
        read(encode_value({"name": b"c"}, REVISIONS[key].cbor), key)

    assert raised.value.message == 'command request missing "name" field'


def test_parse_command_with_text_keys_is_no_cbor_of_the_subset() -> None:
    """Text strings are forbidden since 0006 (CBOR-002)."""
    with pytest.raises(FaultRaised) as raised:
        read(b"\xa1\x64name\x41c", "0006")

    assert raised.value.code is FaultCode.BAD_CBOR


@pytest.mark.parametrize("key", BY_CBOR)
def test_parse_command_deeper_than_the_limit_is_a_fault(key: str) -> None:
    """A map in a map in an array is three deep: allowed at three, refused at two."""
    octets = b"\xa2\x44name\x41c\x44args\xa1\x41a\x81\x01"

    assert parse_command(octets, REVISIONS[key], 3) == Command(b"c", {b"a": [1]})
    with pytest.raises(FaultRaised) as raised:
        parse_command(octets, REVISIONS[key], 2)
    assert raised.value.code is FaultCode.BAD_CBOR


@pytest.mark.parametrize("key", BY_CBOR)
def test_parse_command_keys_that_mean_nothing_are_ignored(key: str) -> None:
    """The text defines keys and forbids no others; a redirect means nothing before 0006."""
    value = {b"name": b"c", b"later": [1], b"redirect": {b"targets": [b"t"]}}

    command = read(encode_value(value, REVISIONS[key].cbor), key)

    redirect = {b"targets": [b"t"]} if key == "0006" else None
    assert command == Command(b"c", {}, redirect)


SUBSET_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.binary(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(
    revision=st.sampled_from([REVISIONS[key] for key in BY_CBOR]),
    name=st.binary(max_size=12),
    args=st.dictionaries(st.binary(max_size=5), SUBSET_VALUES, max_size=3),
    max_frame=st.integers(1, 40),
)
def test_command_of_any_values_is_read_as_it_was_built(
    revision: Revision, name: bytes, args: Mapping[bytes, Any], max_frame: int
) -> None:
    """What the frames say together is what the caller wanted, however small they are."""
    built = list(build_command(1, Command(name, args), None, revision, max_frame))

    assert parse_command(b"".join(frame.payload for frame in built), revision, 32) == Command(name, args)
    assert {len(frame.payload) for frame in built} <= set(range(max_frame + 1))


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"\x03\x00\x04\x00fooval1", ArgumentValue(b"foo", 4, b"val1")),
        (b"\x00\x00\x00\x00", ArgumentValue(b"", 0, b"")),
        (b"\x01\x00\x05\x00ab", ArgumentValue(b"a", 5, b"b")),
        (b"\x01\x00\x01\x00acd", ArgumentValue(b"a", 1, b"cd")),
        (b"\x01\x00\x02\x00a\xff\x00", ArgumentValue(b"a", 2, b"\xff\x00")),
    ],
    ids=["whole", "empty", "value-continues", "value-too-long", "value-binary"],
)
def test_parse_argument_takes_name_and_value_apart(payload: bytes, expected: ArgumentValue) -> None:
    """Two 16-bit little-endian lengths, the name, the value; whether that is whole is asked elsewhere (ARG-002)."""
    assert parse_argument(payload) == expected


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"", "malformed argument frame: partial argument header"),
        (b"\x01\x00\x00", "malformed argument frame: partial argument header"),
        (b"\x02\x00\x00\x00a", "malformed argument frame: partial argument name"),
        (b"\x01\x00\x00\x00", "malformed argument frame: partial argument name"),
        (b"\x01\x00\x00\x00\xff", "malformed argument frame: argument name is not ASCII"),
    ],
    ids=["empty", "header-cut", "name-cut", "name-missing", "name-not-ascii"],
)
def test_parse_argument_without_its_name_is_a_fault(payload: bytes, message: str) -> None:
    """The frame holds the lengths and the whole name, which is ASCII (ARG-002, ARG-003; D15, D16)."""
    with pytest.raises(FaultRaised) as raised:
        parse_argument(payload)

    assert (raised.value.code, raised.value.message) == (FaultCode.MALFORMED_ARGUMENT, message)
