"""Tests of `hgframing._notation`: frames as one line of text, both ways."""

from __future__ import annotations

import warnings

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hgframing import REVISIONS, Frame, NotationError, Revision, encode_value
from hgframing._notation import format_notation, parse_notation
from tests.reference.strategies import cbor_values, frames


R1 = REVISIONS["0001"]
R2 = REVISIONS["0002"]
R3 = REVISIONS["0002-streams"]
R4 = REVISIONS["0005-draft"]
R5 = REVISIONS["0006"]

#: The worked frames of the sheets: revision, notation, header in hex, payload.
WORKED = [
    pytest.param(R1, "command-name eos capabilities", "0c000011", b"capabilities", id="r1-name"),
    pytest.param(
        R1,
        r"command-argument 0 \x03\x00\x04\x00fooval1",
        "0b000020",
        b"\x03\x00\x04\x00fooval1",
        id="r1-argument",
    ),
    pytest.param(R2, "1 command-name eos capabilities", "0c0000010011", b"capabilities", id="r2-name"),
    pytest.param(R2, "1 bytes-response eos r", "010000010042", b"r", id="r2-response"),
    pytest.param(
        R3,
        "1 1 stream-begin command-name eos customreadonly",
        "0e00000100010111",
        b"customreadonly",
        id="r3-name",
    ),
    pytest.param(
        R4,
        "1 1 stream-begin command-request new cbor:{b'name': b'a'}",
        "0800000100010111",
        b"\xa1DnameAa",
        id="r4-request",
    ),
    pytest.param(
        R4,
        r"3 2 stream-begin command-response eos \xa1FstatusBokr3",
        "0d00000300020132",
        b"\xa1FstatusBokr3",
        id="r4-response",
    ),
]


def payload_of(text: str, revision: Revision = R5) -> bytes:
    """Read a payload in the notation."""
    return parse_notation(f"1 1 0 command-request new {text}", revision).payload


def payload_text(payload: bytes, revision: Revision = R5) -> str:
    """Write a payload in the notation."""
    return format_notation(Frame(1, 1, 0, 1, 1, payload), revision).removeprefix("1 1 0 command-request new ")


def with_escapes(text: str) -> str:
    """Name a test after text that no terminal should see."""
    return ascii(text)[:30]


@pytest.mark.parametrize(("revision", "text", "header", "payload"), WORKED)
def test_parse_of_worked_frames_gives_the_octets_of_the_sheets(
    revision: Revision, text: str, header: str, payload: bytes
) -> None:
    """What Mercurial was seen to make of a line is what we make of it."""
    assert revision.header.encode(parse_notation(text, revision)) == bytes.fromhex(header) + payload


@pytest.mark.parametrize(("revision", "text", "header", "payload"), WORKED)
def test_format_of_worked_frames_gives_the_line_of_the_sheets(
    revision: Revision, text: str, header: str, payload: bytes
) -> None:
    """And the other way round."""
    numbers = revision.header.decode(bytes.fromhex(header))
    frame = Frame(
        numbers.request_id, numbers.stream_id, numbers.stream_flags, numbers.type_id, numbers.flags, payload
    )

    assert format_notation(frame, revision) == text


def test_parse_of_numbers_gives_the_frame_of_upstream() -> None:
    """Every field may be a number (upstream tests, `FrameHumanStringTests.testbasic`)."""
    assert parse_notation("1 1 0 1 0 ", R5) == Frame(1, 1, 0, 1, 0)
    assert parse_notation("2 4 0 1 0 ", R5) == Frame(2, 4, 0, 1, 0)
    assert parse_notation("2 4 0 1 0 foo", R5) == Frame(2, 4, 0, 1, 0, b"foo")
    assert parse_notation("65535 255 255 15 15 ", R5) == Frame(65535, 255, 255, 15, 15)


@pytest.mark.parametrize(
    ("literal", "octets"),
    [
        ("15", "0f"),
        ("42", "182a"),
        ("1048576", "1a00100000"),
        ("0", "00"),
        ("-1", "20"),
        ("-342542", "3a00053a0d"),
        ("b'string'", "46737472696e67"),
        ("[None, True, False, 42, b'foo']", "85f6f5f4182a43666f6f"),
        ("{b'foo': b'val1', b'bar': b'val2'}", "a2436261724476616c3243666f6f4476616c31"),
        ("{b'b', b'a'}", "d901028241614162"),
        ("set()", "d9010280"),
        ("  {}  ", "a0"),
    ],
)
def test_parse_of_literals_gives_cbor(literal: str, octets: str) -> None:
    """Upstream's `testcborint`, `testcborstrings`, `testcborlists` and `testcbordicts`, and sets."""
    assert payload_of(f"cbor:{literal}") == bytes.fromhex(octets)


def test_parse_of_literals_encodes_as_the_revision_does() -> None:
    """The order of keys differs (sheet r4, "CBOR details"), and text is gone in r5 (D89)."""
    atom = "cbor:{b'msg': 1, b'args': 2, b'labels': 3}"

    assert payload_of(atom, R4) == b"\xa3Cmsg\x01Dargs\x02Flabels\x03"
    assert payload_of(atom, R5) == b"\xa3Dargs\x02Flabels\x03Cmsg\x01"
    assert payload_of("cbor:'string'", R4) == b"fstring"
    assert payload_of("cbor:[1.5]", R4) == bytes.fromhex("81fb3ff8000000000000")
    with pytest.raises(NotationError, match=r"^payload: str cannot be sent as CBOR$"):
        payload_of("cbor:'string'", R5)


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("", b""),
        ("plain", b"plain"),
        ("two words  and spaces ", b"two words  and spaces "),
        (r"\x00\xfF\n\r\t\0\\", b"\x00\xff\n\r\t\0\\"),
        (r"\\x41", rb"\x41"),
        (r"\x5cn", rb"\n"),
        ("é", b"\xc3\xa9"),
        ("hex:", b""),
        ("hex:00ff", b"\x00\xff"),
        ("hex:00 FF", b"\x00\xff"),
        ("hex:5c6e5c", b"\\n\\"),
        (r"\x68ex:00", b"hex:00"),
        (" hex:00", b" hex:00"),
        ("Cbor:1", b"Cbor:1"),
    ],
)
def test_parse_of_payloads_gives_their_octets(text: str, payload: bytes) -> None:
    """Text with escapes, or hex (docs/vector-format.md, "Frames")."""
    assert payload_of(text) == payload


@pytest.mark.parametrize(
    "text",
    [
        r"\q",
        r"\x4",
        r"\xg0",
        "\\",
        r"\X41",
        "\\é",
        r"\u0041",
        "\ud800",
        "hex:0",
        "hex:0g",
        "hex:é",
        "cbor:",
        "cbor:name",
        "cbor:b'open",
        "cbor:[nan]",
        "cbor:1 + 1",
        "cbor:dict()",
        "cbor:__import__('os')",
        "cbor:{**{}}",
        "cbor:{[]: 1}",
        "cbor:{(1, 2): 1}",
        "cbor:...",
        "cbor:1j",
        "cbor:18446744073709551616",
        "cbor:'\\ud800'",
        r"cbor:b'\d'",
        "cbor:\0",
        "cbor:" + "9" * 5000,
        "cbor:" + "[" * 5000,
        "cbor:" + "[" * 65 + "]" * 65,
        "cbor:" + "-" * 100_000 + "1",
        "cbor:{1: 2, 1: 3}",
        "cbor:[{b'a': {1: 2, True: 3}}]",
        "cbor:{b'a': 1, b'\\x61': 1}",
    ],
    ids=with_escapes,
)
def test_parse_of_a_payload_that_says_nothing_is_refused(text: str) -> None:
    """One error names the field, whatever is wrong, and nothing is evaluated."""
    with pytest.raises(NotationError, match=r"^payload: "):
        payload_of(text)


def test_parse_of_a_key_twice_is_refused() -> None:
    """Of two values for one key, Python would drop the first in silence."""
    with pytest.raises(NotationError, match=r"^payload: a map after cbor: has a key twice$"):
        payload_of("cbor:{b'name': b'a', b'name': b'b'}")


def test_parse_of_a_wrong_literal_says_what_may_be_written() -> None:
    """No name of a Python object and no address of one reaches the reader."""
    with pytest.raises(
        NotationError, match=r"\(None, True, False, numbers, b'\.\.', '\.\.', lists, maps and sets"
    ):
        payload_of("cbor:[nan]")
    with pytest.raises(NotationError, match=r"\(unterminated string literal"):
        payload_of("cbor:b'open")


@pytest.mark.parametrize("action", ["ignore", "error"])
def test_parse_does_not_depend_on_how_python_warns(action: str) -> None:
    """An escape that Python only warns of is refused with and without `-W error`."""
    with warnings.catch_warnings():
        warnings.simplefilter(action)  # type: ignore[arg-type]
        with pytest.raises(NotationError, match=r"^payload: not a literal after cbor: "):
            payload_of(r"cbor:b'\d'")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "",
            "too few fields: revision 0006 writes <request> <stream> <stream-flags> <type> <flags> <payload>",
        ),
        ("1 1 0 command-request", "too few fields: "),
        ("x 1 0 command-request new ", "request: expected a decimal number, got 'x'"),
        ("-1 1 0 command-request new ", "request: expected a decimal number, got '-1'"),
        ("0x1 1 0 command-request new ", "request: expected a decimal number, got '0x1'"),
        ("² 1 0 command-request new ", "request: expected a decimal number, got '²'"),
        ("1  1 0 command-request new ", "stream: expected a decimal number, got ''"),
        ("65536 1 0 command-request new ", "request: 65536 is more than 65535"),
        ("1 256 0 command-request new ", "stream: 256 is more than 255"),
        ("1 1 256 command-request new ", "stream-flags: 256 is more than 255"),
        ("1 1 0 16 0 ", "type: 16 is more than 15"),
        ("1 1 0 command-request 16 ", "flags: 16 is more than 15"),
        ("1 1 0 command-request new|16 ", "flags: 16 is more than 15"),
        (
            "1 1 0 nonsense 0 ",
            "type: unknown name 'nonsense' in revision 0006 (known: command-request, command-data, command-resp",
        ),
        (r"1 1 0 1 1 a\qb", r"payload: unknown escape '\\q'"),
        ("1 1 0 1 1 a\\", r"payload: unknown escape '\\'"),
        ("1 1 0 command-name eos ", "type: unknown name 'command-name' in revision 0006"),
        (
            "1 1 0 command-request eos ",
            "flags: unknown name 'eos' (known: new, continuation, more, have-data)",
        ),
        ("1 1 0 command-request new| ", "flags: unknown name '' "),
        ("1 1 0 text-output eos ", "flags: unknown name 'eos' (known: none are defined)"),
        ("1 1 0 4 eos ", "flags: unknown name 'eos' (known: none are defined)"),
        ("1 1 begin command-request new ", "stream-flags: unknown name 'begin' (known: stream-begin, "),
    ],
)
def test_parse_of_a_wrong_field_names_it(text: str, message: str) -> None:
    """The message says which field, what it is and what it could be; flags above 15 are no type (D4)."""
    with pytest.raises(NotationError) as caught:
        parse_notation(text, R5)

    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("revision", "text"),
    [(R1, "command-name"), (R2, "1 command-name"), (R2, "command-name eos "), (R3, "1 command-name eos ")],
)
def test_parse_of_another_revisions_line_is_refused(revision: Revision, text: str) -> None:
    """Fewer fields came before (sheets r1 to r3, "Human-readable frame string")."""
    with pytest.raises(NotationError):
        parse_notation(text, revision)


def test_parse_of_a_frame_without_payload_may_end_after_the_flags() -> None:
    """The last space may be dropped (docs/vector-format.md, "Frames")."""
    assert parse_notation("1 1 0 command-request new", R5) == Frame(1, 1, 0, 1, 1)
    assert parse_notation("command-name eos", R1) == Frame(0, 0, 0, 1, 1)


def test_parse_of_flags_joins_names_and_numbers() -> None:
    """Flags are joined by `|`, and may repeat."""
    frame = parse_notation("1 1 stream-begin|encoded|8 command-request new|have-data|1|4 ", R5)

    assert (frame.stream_flags, frame.flags) == (0x0D, 0x0D)


def test_parse_of_numbers_with_zeros_in_front_gives_their_value() -> None:
    """However many there are; a number of thousands of digits is too large, not too long."""
    zeros = "0" * 5000

    assert parse_notation(f"{zeros}65535 {zeros} 0 {zeros}1 0 ", R5) == Frame(65535, 0, 0, 1, 0)
    with pytest.raises(NotationError, match=r"^request: 9+ is more than 65535$"):
        parse_notation(f"{'9' * 5000} 1 0 1 0 ", R5)


def test_format_of_what_is_undefined_gives_numbers() -> None:
    """Undefined types and bits are written too, where Mercurial has no words for them (D89)."""
    assert format_notation(Frame(1, 1, 0, 4, 3, b"x"), R5) == "1 1 0 4 3 x"
    assert format_notation(Frame(1, 1, 0xF9, 1, 1), R5) == "1 1 stream-begin|248 command-request new "
    assert format_notation(Frame(1, 1, 7, 2, 7), R5) == (
        "1 1 stream-begin|stream-end|encoded command-data continuation|eos|4 "
    )
    assert format_notation(Frame(1, 1, 0, 6, 1), R5) == "1 1 0 text-output 1 "


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (b"", ""),
        (b"plain text ", "plain text "),
        (b"\x00\n\\\x7f\xff", r"\x00\x0a\\\x7f\xff"),
        (b"cbor:1", r"\x63bor:1"),
        (b"hex:00", r"\x68ex:00"),
        (b"Hex:00", "Hex:00"),
        (b"\xa1DnameAa", "cbor:{b'name': b'a'}"),
        (b"\x82\x01\xf6", "cbor:[1, None]"),
        (b"\xa1Dnam", r"\xa1Dnam"),
        (b"\xa1DnameAaAb", r"\xa1DnameAaAb"),
        (b"\xa2Ab\x00Aa\x00", r"\xa2Ab\x00Aa\x00"),
        (b"\x18\x07", r"\x18\x07"),
        (b"\x82\x18\x07\x00", r"\x82\x18\x07\x00"),
        (b"\xd9\x01\x02\x80", r"\xd9\x01\x02\x80"),
        (b"\x81\xd9\x01\x02\x81\x01", "cbor:[{1}]"),
        (b"\x81" * 8 + b"\x01", "cbor:[[[[[[[[1]]]]]]]]"),
        (b"\x81" * 9 + b"\x01", r"\x81" * 9 + r"\x01"),
    ],
)
def test_format_of_payloads_is_what_people_read(payload: bytes, text: str) -> None:
    """A literal only where it stands for exactly these octets; text with escapes everywhere else."""
    assert payload_text(payload) == text


def test_format_of_cbor_is_a_literal_only_where_requests_are_cbor() -> None:
    """Before, a payload that looks like CBOR does so by chance."""
    frame = Frame(1, 1, 0, 1, 1, b"\xa1DnameAa")

    assert format_notation(frame, R3) == r"1 1 0 command-name eos \xa1DnameAa"
    assert format_notation(frame, R4) == "1 1 0 command-request new cbor:{b'name': b'a'}"


def test_format_of_floats_and_text_can_be_read_back() -> None:
    """There is no literal for infinity, and what a terminal cannot show is escaped."""
    assert payload_text(encode_value([1.5, "é\u2028"], R4.cbor), R4) == r"cbor:[1.5, '\xe9\u2028']"
    assert payload_text(encode_value([float("inf")], R4.cbor), R4) == r"\x81\xf9|\x00"


def test_format_leaves_out_the_fields_that_the_header_lacks() -> None:
    """A line has the fields that its revision can send."""
    frame = Frame(0, 0, 0, 3, 2, b"x")

    assert format_notation(frame, R1) == "command-data eos x"
    assert format_notation(frame, R2) == "0 command-data eos x"
    assert format_notation(frame, R3) == "0 0 0 command-data eos x"


@given(st.sampled_from(list(REVISIONS.values())), st.data())
@settings(deadline=None, max_examples=300)
def test_parse_of_what_was_formatted_gives_the_same_frame(revision: Revision, data: st.DataObject) -> None:
    """Every frame that a revision's header can carry survives, legal or not, as one line of ASCII."""
    frame = data.draw(frames(revision.header))
    prefix = data.draw(st.sampled_from([b"", b"cbor:", b"hex:", b" ", b"\\x", b"\xa0"]))
    frame = replace(frame, payload=prefix + frame.payload)

    text = format_notation(frame, revision)

    assert parse_notation(text, revision) == frame
    assert text.isascii()
    assert text.isprintable()


@given(st.sampled_from([R4, R5]), st.data())
@settings(deadline=None)
def test_parse_of_formatted_cbor_gives_the_same_payload(revision: Revision, data: st.DataObject) -> None:
    """Payloads that are written as literals come back octet for octet."""
    payload = encode_value([data.draw(cbor_values(revision.cbor))], revision.cbor)
    frame = Frame(1, 1, 0, 1, 1, payload)

    assert parse_notation(format_notation(frame, revision), revision) == frame


@given(st.text(max_size=60), st.sampled_from(list(REVISIONS.values())))
@settings(deadline=None, max_examples=200)
def test_parse_of_arbitrary_text_raises_nothing_but_its_error(text: str, revision: Revision) -> None:
    """Whatever somebody writes is a frame or one clear error, in every field."""
    fields = ["1", "1", "0", "1", "1", ""]
    for line in [
        text,
        *(" ".join([*fields[:n], text, *fields[n + 1 :]]) for n in range(6)),
        f"1 1 0 1 1 cbor:{text}",
    ]:
        try:
            frame = parse_notation(line, revision)
        except NotationError:
            continue
        assert revision.header.encode(frame)
