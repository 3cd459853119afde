"""Tests of `hgframing._text`: atoms, and the payload of text-output frames, both directions."""

from __future__ import annotations

import struct

import pytest

from hypothesis import example, given, settings
from hypothesis import strategies as st

from hgframing import REVISIONS, FaultCode, Feature, LocalProtocolError, Revision, Value, encode_value
from hgframing._errors import FaultRaised
from hgframing._text import (
    Atom,
    atom_map,
    build_text_output,
    check_text,
    parse_text_output,
    plain_atom,
    render_atom,
    take_atoms,
)


R2 = REVISIONS["0002"]
R4 = REVISIONS["0005-draft"]
R5 = REVISIONS["0006"]
WITH_TEXT = [revision for revision in REVISIONS.values() if Feature.TEXT_OUTPUT in revision.features]
BINARY = [revision for revision in WITH_TEXT if Feature.BINARY_TEXT_OUTPUT in revision.features]
CBOR = [revision for revision in WITH_TEXT if Feature.BINARY_TEXT_OUTPUT not in revision.features]

#: The worked payload of sheet r2, "Payloads", marked verified there.
WORKED = Atom(b"foo", (b"a", b"b"), (b"l1", b"lab2"))
WORKED_OCTETS = bytes.fromhex("03000202020401000100") + b"foo" + b"l1lab2" + b"ab"

ASCII = st.binary(max_size=20).map(lambda octets: bytes(octet & 0x7F for octet in octets))
ATOMS = st.builds(
    Atom,
    ASCII,
    st.lists(st.binary(max_size=20), max_size=4).map(tuple),
    st.lists(ASCII, max_size=4).map(tuple),
)


def every(revisions: list[Revision]) -> pytest.MarkDecorator:
    """Run a test for each of these revisions."""
    return pytest.mark.parametrize("revision", revisions, ids=lambda revision: revision.key)


def refusal_of(atom: Atom, revision: Revision) -> str:
    """Build text that may not be sent, and say why not."""
    with pytest.raises(LocalProtocolError) as caught:
        build_text_output([atom], revision)
    return str(caught.value)


def fault_of(octets: bytes, revision: Revision, max_depth: int = 32) -> tuple[FaultCode, str]:
    """Read text that breaks the protocol, and say how."""
    with pytest.raises(FaultRaised) as caught:
        parse_text_output(octets, revision, max_depth)
    return caught.value.code, caught.value.message


# Formatting.


@pytest.mark.parametrize(
    ("msg", "args", "text"),
    [
        (b"plain\n", (), b"plain\n"),
        (b"%s", (b"x",), b"x"),
        (b"%s and %s", (b"a", b"b"), b"a and b"),
        (b"100%% done", (), b"100% done"),
        (b"%%s", (b"x",), b"%s"),
        (b"%%%s", (b"x",), b"%x"),
        (b"%s%%", (b"x",), b"x%"),
        (b"%%%%s", (b"x",), b"%%s"),
        (b"%d %z %", (b"x",), b"%d %z %"),
        (b"%d%s", (b"x",), b"%dx"),
        (b"%S", (b"x",), b"%S"),
        (b"%s", (b"%s",), b"%s"),
        (b"%s %s", (b"%%", b"%s"), b"%% %s"),
        (b"%s %s", (b"a",), b"a %s"),
        (b"foo", (b"a", b"b"), b"foo"),
        (b"", (), b""),
        (b"\xff%s", (b"\xfe",), b"\xff\xfe"),
    ],
)
def test_render_replaces_two_pairs_and_no_others(msg: bytes, args: tuple[bytes, ...], text: bytes) -> None:
    """Only `%s` and `%%` are special (TEXT-001), with and without arguments, where Mercurial fails (D84)."""
    assert render_atom(Atom(msg, args)) == text


@given(st.text(max_size=40))
@example("100% sure, 50%% never, %s")
@example("na\u00efve")
def test_plain_text_is_rendered_as_it_is(message: str) -> None:
    """Percent signs survive; what is not ASCII cannot be sent everywhere (TEXT-005) and becomes a question mark."""
    atom = plain_atom(message)

    assert render_atom(atom) == bytes(
        ord(character) if character.isascii() else ord("?") for character in message
    )
    assert (atom.args, atom.labels) == ((), ())


def test_atom_map_omits_what_is_empty() -> None:
    """`args` and `labels` are omitted when empty (sheet r4, "Text-output checks")."""
    assert atom_map(Atom(b"foo")) == {b"msg": b"foo"}
    assert atom_map(WORKED) == {b"msg": b"foo", b"args": [b"a", b"b"], b"labels": [b"l1", b"lab2"]}


# What is sent.


@every(BINARY)
def test_build_of_packed_atoms_gives_the_octets_of_the_sheet(revision: Revision) -> None:
    """Lengths, formatting string, labels, arguments; atoms back to back, without a count (TEXT-002)."""
    assert build_text_output([WORKED], revision) == WORKED_OCTETS
    assert build_text_output([WORKED, Atom(b"bar")], revision) == WORKED_OCTETS + b"\x03\x00\x00\x00bar"
    assert build_text_output([], revision) == b""


@every(CBOR)
def test_build_of_cbor_atoms_gives_an_array_of_maps(revision: Revision) -> None:
    """Upstream's `testtextoutput1simpleatom` and `testargandlabel`; keys in the revision's order (TEXT-004)."""
    atom = Atom(b"foo", (b"v",), (b"l",))
    in_order = (
        b"\xa3Dargs\x81AvFlabels\x81AlCmsgCfoo" if revision is R5 else b"\xa3CmsgCfooDargs\x81AvFlabels\x81Al"
    )

    assert build_text_output([Atom(b"foo")], revision) == b"\x81\xa1CmsgCfoo"
    assert build_text_output([Atom(b"a"), atom], revision) == b"\x82\xa1CmsgAa" + in_order
    assert build_text_output([], revision) == b"\x80"


@every(WITH_TEXT)
def test_build_makes_arguments_utf_8(revision: Revision) -> None:
    """Invalid octets become U+FFFD, without an error (sheet r2 row 6; sheet r4, "Text-output checks")."""
    octets = build_text_output([Atom(b"%s", (b"a\xffb", "é".encode()))], revision)

    [atom] = parse_text_output(octets, revision, 32)
    assert atom.args == ("a\ufffdb".encode(), "é".encode())


@every(BINARY)
def test_build_of_packed_atoms_makes_the_formatting_string_utf_8(revision: Revision) -> None:
    """It is UTF-8 there (TEXT-003)."""
    octets = build_text_output([Atom("é".encode() + b"\xff")], revision)

    assert parse_text_output(octets, revision, 32) == (Atom("é\ufffd".encode()),)


@every(CBOR)
def test_build_of_cbor_atoms_refuses_a_formatting_string_that_is_not_ascii(revision: Revision) -> None:
    """It must be ASCII (TEXT-005); Mercurial's attempt to replace ends in an exception too (D82)."""
    assert refusal_of(Atom("é".encode()), revision) == "formatting string is not ASCII"


@every(WITH_TEXT)
def test_build_refuses_labels_that_are_not_ascii(revision: Revision) -> None:
    """Labels are ASCII everywhere (TEXT-003); Mercurial raises too (D82)."""
    assert refusal_of(Atom(b"foo", (), (b"ok", b"\xff")), revision) == "label is not ASCII"


@every(WITH_TEXT)
def test_build_refuses_what_is_not_octets(revision: Revision) -> None:
    """In Mercurial's words (sheet r2 rows 3 to 5); a caller in untyped code hands over text easily."""
    text = "foo"

    assert refusal_of(Atom(text), revision) == "must use bytes formatting strings"  # type: ignore[arg-type]
    assert refusal_of(Atom(b"foo", (b"a", text)), revision) == "must use bytes for arguments"  # type: ignore[arg-type]
    assert refusal_of(Atom(b"foo", (), (text,)), revision) == "must use bytes for labels"  # type: ignore[arg-type]


@every(BINARY)
def test_build_of_packed_atoms_takes_255_of_each_and_no_more(revision: Revision) -> None:
    """Counts are one octet (sheet r2 rows 1 and 2)."""
    assert parse_text_output(build_text_output([Atom(b"f", (b"a",) * 255)], revision), revision, 1)
    assert parse_text_output(build_text_output([Atom(b"f", (), (b"l",) * 255)], revision), revision, 1)
    too_many = b"x"
    assert (
        refusal_of(Atom(b"f", (too_many,) * 256), revision) == "cannot use more than 255 formatting arguments"
    )
    assert refusal_of(Atom(b"f", (), (too_many,) * 256), revision) == "cannot use more than 255 labels"


@every(BINARY)
def test_build_of_packed_atoms_checks_every_length(revision: Revision) -> None:
    """Lengths are two octets, of labels one (sheet r2 rows 8 to 10), counted after normalisation."""
    assert build_text_output([Atom(b"f", (), (b"l" * 255,))], revision)
    assert (
        refusal_of(Atom(b"f", (), (b"l" * 256,)), revision) == "label string cannot be longer than 255 bytes"
    )
    assert refusal_of(Atom(b"f" * 65536), revision) == "formatting string cannot be longer than 64k"
    assert refusal_of(Atom(b"f", (b"a" * 65536,)), revision) == "argument string cannot be longer than 64k"
    assert refusal_of(Atom(b"\xff" * 21846), revision) == "formatting string cannot be longer than 64k"
    for atom in (Atom(b"f" * 65535), Atom(b"f", (b"a" * 65535,)), Atom(b"\xff" * 21845)):
        assert refusal_of(atom, revision) == "cannot encode data in a single frame"


@every(BINARY)
def test_build_of_packed_atoms_fills_one_frame_and_no_more(revision: Revision) -> None:
    """The largest single formatting string that fits has 32764 octets (sheet r2, verified there; D81)."""
    assert len(build_text_output([Atom(b"f" * 32764)], revision)) == 32768
    assert refusal_of(Atom(b"f" * 32765), revision) == "cannot encode data in a single frame"


@every(CBOR)
def test_build_of_cbor_atoms_fills_one_frame_and_no_more(revision: Revision) -> None:
    """All text is in one frame (TEXT-006); the limits of the packed form are gone (sheet r4)."""
    room = 32768 - len(b"\x81\xa1Cmsg\x59\x00\x00")

    assert len(build_text_output([Atom(b"f" * room)], revision)) == 32768
    assert refusal_of(Atom(b"f" * (room + 1)), revision) == "cannot encode data in a single frame"
    assert build_text_output([Atom(b"f", (b"a",) * 256, (b"l" * 256,) * 2)], revision)


def test_check_gives_the_atom_as_it_will_be_sent() -> None:
    """Whoever puts atoms into other messages sends the same as text output does."""
    assert check_text(Atom(b"m", (b"\xff",), (b"l",)), R5) == Atom(b"m", ("\ufffd".encode(),), (b"l",))
    assert check_text(Atom(b"\xff"), R2) == Atom("\ufffd".encode())


# What is received.


@every(BINARY)
def test_parse_of_packed_octets_gives_the_atoms_of_the_sheet(revision: Revision) -> None:
    """The worked payload backwards, alone and among others; an empty payload has no atoms."""
    assert parse_text_output(WORKED_OCTETS, revision, 1) == (WORKED,)
    assert parse_text_output(b"\0\0\0\0" + WORKED_OCTETS * 2, revision, 1) == (Atom(b""), WORKED, WORKED)
    assert parse_text_output(b"", revision, 1) == ()


@every(BINARY)
@pytest.mark.parametrize("end", range(1, len(WORKED_OCTETS)))
def test_parse_of_packed_octets_that_are_cut_off_is_a_fault(revision: Revision, end: int) -> None:
    """Nothing is made of half an atom, wherever it ends."""
    expected = (FaultCode.BAD_PAYLOAD, "text output is cut off")

    assert fault_of(WORKED_OCTETS[:end], revision) == expected
    assert fault_of(WORKED_OCTETS + WORKED_OCTETS[:end], revision) == expected


@every(CBOR)
@pytest.mark.parametrize(
    ("octets", "code"),
    [
        pytest.param(b"", FaultCode.BAD_CBOR, id="no octets"),
        pytest.param(b"\x81", FaultCode.BAD_CBOR, id="cut off"),
        pytest.param(b"\xff", FaultCode.BAD_CBOR, id="garbage"),
        pytest.param(b"\x80\x80", FaultCode.BAD_CBOR, id="two values"),
        pytest.param(b"\xa1CmsgCfoo", FaultCode.BAD_PAYLOAD, id="map without an array"),
        pytest.param(b"Cfoo", FaultCode.BAD_PAYLOAD, id="bytestring"),
        pytest.param(b"\xd9\x01\x02\x80", FaultCode.BAD_PAYLOAD, id="set"),
        pytest.param(b"\x81Cfoo", FaultCode.BAD_PAYLOAD, id="bytestring in the array"),
        pytest.param(b"\x82\xa1CmsgAa\xa0", FaultCode.BAD_PAYLOAD, id="second atom without msg"),
        pytest.param(b"\x81\xa1Cmsg\x05", FaultCode.BAD_PAYLOAD, id="msg that is a number"),
        pytest.param(b"\x81\xa2CmsgAaDargsAa", FaultCode.BAD_PAYLOAD, id="args that are a bytestring"),
        pytest.param(b"\x81\xa2CmsgAaDargs\x81\x05", FaultCode.BAD_PAYLOAD, id="argument that is a number"),
        pytest.param(b"\x81\xa2CmsgAaDargs\xf6", FaultCode.BAD_PAYLOAD, id="args that are null"),
        pytest.param(b"\x81\xa2CmsgAaFlabels\xa0", FaultCode.BAD_PAYLOAD, id="labels that are a map"),
        pytest.param(b"\x81\xa2CmsgAaFlabels\x82Al\xf6", FaultCode.BAD_PAYLOAD, id="label that is null"),
    ],
)
def test_parse_of_cbor_that_are_no_atoms_is_a_fault(
    revision: Revision, octets: bytes, code: FaultCode
) -> None:
    """An array of maps with `msg`, and optional `args` and `labels` (TEXT-004)."""
    assert fault_of(octets, revision)[0] is code


def test_parse_asks_the_revision_which_cbor_is_allowed() -> None:
    """Text strings are CBOR of r4, but no message; in r5 they are not even that (CBOR-002)."""
    octets = encode_value([{"msg": b"foo"}], R4.cbor)

    assert fault_of(octets, R4) == (FaultCode.BAD_PAYLOAD, "text output has an atom without msg")
    code, message = fault_of(octets, R5)
    assert code is FaultCode.BAD_CBOR
    assert message.startswith("error decoding CBOR from text output: str not allowed")


def test_parse_is_no_deeper_than_the_limit() -> None:
    """`args` lie in a map in an array."""
    octets = build_text_output([Atom(b"f", (b"a",))], R5)

    assert parse_text_output(octets, R5, 3) == (Atom(b"f", (b"a",)),)
    assert fault_of(octets, R5, 2)[0] is FaultCode.BAD_CBOR


def test_take_names_the_place_and_ignores_unknown_keys() -> None:
    """Error messages hold atoms too (ERR-006), and the reader learns which message is wrong."""
    unknown: Value = [{b"msg": b"foo", b"colour": 5}]

    assert take_atoms(unknown, "error response") == (Atom(b"foo"),)
    assert take_atoms([], "error response") == ()
    for value in (None, b"foo", [b"foo"], [{b"msg": b"foo", b"args": 5}]):
        with pytest.raises(FaultRaised, match=r"^error response (is not|has) ") as caught:
            take_atoms(value, "error response")
        assert caught.value.code is FaultCode.BAD_PAYLOAD


@given(st.binary(max_size=60), st.sampled_from(WITH_TEXT))
@settings(deadline=None, max_examples=200)
def test_parse_raises_nothing_but_faults(octets: bytes, revision: Revision) -> None:
    """Whatever a peer sends is atoms or a fault."""
    for payload in (octets, b"\x81\xa2Cmsg" + octets, struct.pack("<HBB", len(octets), 1, 1) + octets):
        try:
            atoms = parse_text_output(payload, revision, 8)
        except FaultRaised:
            continue
        assert all(type(piece) is bytes for atom in atoms for piece in (atom.msg, *atom.args, *atom.labels))


@given(st.lists(ATOMS, max_size=5), st.sampled_from(WITH_TEXT))
@settings(deadline=None)
def test_parse_gives_what_build_was_given(atoms: list[Atom], revision: Revision) -> None:
    """Both directions agree, in the packed form and in CBOR, for whatever may be sent."""
    expected = tuple(
        Atom(atom.msg, tuple(arg.decode("utf-8", "replace").encode() for arg in atom.args), atom.labels)
        for atom in atoms
    )

    assert parse_text_output(build_text_output(atoms, revision), revision, 3) == expected
