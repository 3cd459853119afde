"""What upstream's own tests of frames assert, in our words: test-wireproto-framing and its forerunner at r3.

Every test is named after the upstream case. `0002-streams` stands for r3, the two `0005` for r4 and `0006` for r5.
Frames are compared by what they say: how a sender cuts data is upstream's choice, not the text's (D72, D73).
"""

from __future__ import annotations

from typing import Any

import pytest

from hgframing import (
    REVISIONS,
    Atom,
    ClientReactor,
    Frame,
    LocalProtocolError,
    NotationError,
    SendFrames,
    ServerReactor,
    parse_notation,
)


REVISION_KEYS = ("0002-streams", "0005-draft", "0005", "0006")
BY_CBOR = ("0005-draft", "0005", "0006")


def payload(key: str, literal: str) -> bytes:
    """Encode what stands after `cbor:`."""
    return parse_notation(f"1 1 0 1 0 cbor:{literal}", REVISIONS[key]).payload


def call(key: str, **wishes: Any) -> tuple[Frame, ...]:
    """Take the frames of a request."""
    [action] = ClientReactor(REVISIONS[key], buffer_sends=False).call(b"command", **wishes).actions
    assert isinstance(action, SendFrames)
    return action.frames


def text_output(key: str, *atoms: Atom) -> Frame:
    """Take the frame of text output for request 1."""
    server = ServerReactor(REVISIONS[key])
    command = "1 1 c" if key == "0002-streams" else "1 1 cbor:{b'name': b'c'}"
    server.receive(parse_notation(f"1 1 stream-begin {command}", REVISIONS[key]))
    [action] = server.text_output(1, atoms)
    assert isinstance(action, SendFrames)
    [frame] = action.frames
    return frame


# FrameHumanStringTests


@pytest.mark.parametrize("key", REVISION_KEYS)
@pytest.mark.parametrize(
    ("notation", "octets"),
    [
        ("1 1 0 1 0 ", "00000001000100 10"),
        ("1 1 0 1 0 hello", "05000001000100 10 68656c6c6f"),
        ("2 4 0 1 0 ", "00000002000400 10"),
        ("1 1 6 3 1 ", "00000001000106 31"),
        ("43690 1 1 2 3 ", "000000aaaa0101 23"),
    ],
)
def test_upstream_testbasic(key: str, notation: str, octets: str) -> None:
    """Numbers give the header's octets, and the payload follows."""
    assert REVISIONS[key].header.encode(parse_notation(notation, REVISIONS[key])) == bytes.fromhex(octets)


@pytest.mark.parametrize("key", REVISION_KEYS)
@pytest.mark.parametrize(
    ("literal", "octets"),
    [
        ("15", "0f"),
        ("42", "182a"),
        ("1048576", "1a00100000"),
        ("0", "00"),
        ("-1", "20"),
        ("-342542", "3a00053a0d"),
    ],
)
def test_upstream_testcborint(key: str, literal: str, octets: str) -> None:
    """Integers of either sign, each as short as it can be."""
    assert payload(key, literal) == bytes.fromhex(octets)


@pytest.mark.parametrize("key", REVISION_KEYS)
def test_upstream_testcborstrings(key: str) -> None:
    """Bytestrings in every revision, text strings until 0006 has its own CBOR."""
    assert payload(key, "b'foo'") == b"\x43foo"
    if key != "0006":
        assert payload(key, "'foo'") == b"\x63foo"
    else:
        with pytest.raises(NotationError):
            payload(key, "'foo'")


@pytest.mark.parametrize("key", REVISION_KEYS)
def test_upstream_testcborlists(key: str) -> None:
    """Null, booleans, an integer and a bytestring in an array."""
    assert payload(key, "[None, True, False, 42, b'foo']") == b"\x85\xf6\xf5\xf4\x18\x2a\x43foo"


@pytest.mark.parametrize("key", REVISION_KEYS)
def test_upstream_testcbordicts(key: str) -> None:
    """The keys of a map come sorted, however they are written."""
    assert payload(key, "{b'foo': b'val1', b'bar': b'val2'}") == b"\xa2\x43bar\x44val2\x43foo\x44val1"


# FrameTests


@pytest.mark.parametrize("key", REVISION_KEYS)
@pytest.mark.parametrize("size", [32768, 32769])
def test_upstream_testdataexactframesize_and_testdatamultipleframes(key: str, size: int) -> None:
    """A frame's worth of data and one octet more: all of it comes, and ends with the last frame."""
    first, *frames = call(key, data=bytes(size))

    assert first.flags == (4 if key == "0002-streams" else 9)
    assert b"".join(frame.payload for frame in frames) == bytes(size)
    assert [frame.flags for frame in frames] == [1] * (len(frames) - 1) + [2]


def test_upstream_testargsanddata_by_name() -> None:
    """r3: three arguments in sorted order, eoa on the last, then one data frame."""
    frames = call("0002-streams", args={b"key2": b"b", b"key1": b"a", b"key3": b"c"}, data=b"values")

    assert [(frame.type_id, frame.flags, frame.payload) for frame in frames] == [
        (1, 6, b"command"),
        (2, 0, b"\x04\x00\x01\x00key1a"),
        (2, 0, b"\x04\x00\x01\x00key2b"),
        (2, 2, b"\x04\x00\x01\x00key3c"),
        (3, 2, b"values"),
    ]


@pytest.mark.parametrize("key", BY_CBOR)
def test_upstream_testargsanddata(key: str) -> None:
    """r4, r5: the arguments are in the one request frame, which announces the one data frame."""
    request, data = call(key, args={b"key2": b"b", b"key1": b"a"}, data=b"values")

    assert (request.type_id, request.flags) == (1, 9)
    assert request.payload == payload(key, "{b'name': b'command', b'args': {b'key1': b'a', b'key2': b'b'}}")
    assert (data.type_id, data.flags, data.payload) == (2, 2, b"values")


@pytest.mark.parametrize(
    ("atom", "message"),
    [
        (Atom(b"foo", (b"x",) * 256), "cannot use more than 255 formatting arguments"),
        (Atom(b"foo", (), (b"l",) * 256), "cannot use more than 255 labels"),
        (Atom(b"x" * 65536), "formatting string cannot be longer than 64k"),
        (Atom(b"%s", (b"x" * 65536,)), "argument string cannot be longer than 64k"),
        (Atom(b"foo", (), (b"x" * 65536,)), "label string cannot be longer than 255 bytes"),
    ],
    ids=[
        "testtextoutputexcessiveargs",
        "testtextoutputexcessivelabels",
        "testtextoutputtoolongformatstring",
        "testtextoutputtoolongargumentstring",
        "testtextoutputtoolonglabelstring",
    ],
)
def test_upstream_text_output_that_its_lengths_cannot_say(atom: Atom, message: str) -> None:
    """r3: packed atoms have length fields, and what exceeds them is refused."""
    with pytest.raises(LocalProtocolError) as refused:
        text_output("0002-streams", atom)

    assert str(refused.value) == message


@pytest.mark.parametrize("key", REVISION_KEYS)
@pytest.mark.parametrize(
    ("atom", "message"),
    [
        (Atom("foo"), "must use bytes formatting strings"),  # type: ignore[arg-type]
        (Atom(b"foo", ("x",)), "must use bytes for arguments"),  # type: ignore[arg-type]
        (Atom(b"foo", (), ("x",)), "must use bytes for labels"),  # type: ignore[arg-type]
    ],
    ids=["testtextoutputformattingstringtype", "testtextoutputargumentbytes", "testtextoutputlabelbytes"],
)
def test_upstream_text_output_of_text(key: str, atom: Atom, message: str) -> None:
    """Text where octets belong is the caller's mistake."""
    with pytest.raises(LocalProtocolError) as refused:
        text_output(key, atom)

    assert str(refused.value) == message


@pytest.mark.parametrize("key", REVISION_KEYS)
@pytest.mark.parametrize(
    ("atoms", "packed", "literal"),
    [
        ([Atom(b"foo")], b"\x03\x00\x00\x00foo", "[{b'msg': b'foo'}]"),
        (
            [Atom(b"foo"), Atom(b"bar")],
            b"\x03\x00\x00\x00foo\x03\x00\x00\x00bar",
            "[{b'msg': b'foo'}, {b'msg': b'bar'}]",
        ),
        (
            [Atom(b"foo %s", (b"val1",))],
            b"\x06\x00\x00\x01\x04\x00foo %sval1",
            "[{b'msg': b'foo %s', b'args': [b'val1']}]",
        ),
        (
            [Atom(b"foo %s %s", (b"val", b"value"))],
            b"\x09\x00\x00\x02\x03\x00\x05\x00foo %s %svalvalue",
            "[{b'msg': b'foo %s %s', b'args': [b'val', b'value']}]",
        ),
        (
            [Atom(b"foo", (), (b"label",))],
            b"\x03\x00\x01\x00\x05foolabel",
            "[{b'msg': b'foo', b'labels': [b'label']}]",
        ),
        (
            [Atom(b"foo %s", (b"arg",), (b"label",))],
            b"\x06\x00\x01\x01\x05\x03\x00foo %slabelarg",
            "[{b'msg': b'foo %s', b'args': [b'arg'], b'labels': [b'label']}]",
        ),
    ],
    ids=[
        "testtextoutput1simpleatom",
        "testtextoutput2simpleatoms",
        "testtextoutput1arg",
        "testtextoutput2arg",
        "testtextoutput1label",
        "testargandlabel",
    ],
)
def test_upstream_text_output(key: str, atoms: list[Atom], packed: bytes, literal: str) -> None:
    """Packed until r3, CBOR since, in the order of keys that the revision has."""
    frame = text_output(key, *atoms)

    assert (frame.type_id, frame.flags, frame.request_id) == (6, 0, 1)
    assert frame.payload == (packed if key == "0002-streams" else payload(key, literal))
