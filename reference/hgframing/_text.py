"""Text for people: atoms, and the payload of text-output frames. Both directions.

Builders raise `LocalProtocolError` for what may not be sent; parsers raise `FaultRaised` for what may not be received.
Where Mercurial checks the same thing, the message is its own (sheet r2, "Payloads"; sheet r4, "Text-output checks").
"""

from __future__ import annotations

import struct

from collections.abc import Sequence
from typing import Final

import msgspec

from hgframing._cbor import CborError, Value, decode_one, encode_value
from hgframing._errors import FaultCode, FaultRaised, LocalProtocolError
from hgframing._limits import DEFAULT_MAX_FRAME
from hgframing._revisions import Feature, Revision


__all__ = [
    "Atom",
    "atom_map",
    "build_text_output",
    "check_text",
    "parse_text_output",
    "plain_atom",
    "render_atom",
    "take_atoms",
]

#: Text output in binary form: what its length fields can say.
_MAX_COUNT: Final = 0xFF
_MAX_STRING: Final = 0xFFFF
_MAX_LABEL: Final = 0xFF


class Atom(msgspec.Struct, frozen=True):
    """A piece of text for people.

    Attributes:
        msg: a formatting string; only `%s` and `%%` are special (TEXT-001).
        args: what replaces each `%s`.
        labels: how a user interface may style it.
    """

    msg: bytes
    args: tuple[bytes, ...] = ()
    labels: tuple[bytes, ...] = ()


def plain_atom(message: str) -> Atom:
    """Make text without formatting into an atom (TEXT-001, TEXT-005).

    Args:
        message: any text; its percent signs are doubled, characters beyond ASCII become question marks.

    Returns:
        An atom that `render_atom` turns into the same text.
    """
    return Atom(message.replace("%", "%%").encode("ascii", "replace"))


def render_atom(atom: Atom) -> bytes:
    """Put an atom's arguments into its formatting string (TEXT-001).

    Args:
        atom: whatever it holds, legal or not.

    Returns:
        `msg` with each `%s` replaced by the next argument and each `%%` by one percent sign; every other pair is
        literal (D84). A `%s` too many stays, arguments too many are dropped.
    """
    pieces = atom.msg.split(b"%%")
    args = iter(atom.args)
    rendered = []
    for piece in pieces:
        head, *tails = piece.split(b"%s")
        rendered.append(head + b"".join(next(args, b"%s") + tail for tail in tails))
    return b"%".join(rendered)


def atom_map(atom: Atom) -> dict[bytes, Value]:
    """Write an atom as the map that CBOR messages hold (TEXT-004).

    Args:
        atom: checked, by `check_text` for instance.

    Returns:
        `msg`, and `args` and `labels` where there are any.
    """
    value: dict[bytes, Value] = {b"msg": atom.msg}
    if atom.args:
        value[b"args"] = list(atom.args)
    if atom.labels:
        value[b"labels"] = list(atom.labels)
    return value


def _check_types(atom: Atom) -> None:
    # A caller in untyped code hands over text easily, and CBOR would take it.
    if not isinstance(atom.msg, bytes):
        raise LocalProtocolError("must use bytes formatting strings")
    if not all(isinstance(arg, bytes) for arg in atom.args):
        raise LocalProtocolError("must use bytes for arguments")
    if not all(isinstance(label, bytes) for label in atom.labels):
        raise LocalProtocolError("must use bytes for labels")


def check_text(atom: Atom, revision: Revision) -> Atom:
    """Refuse what may not be text, and make the rest what it must be (TEXT-003, TEXT-005).

    Args:
        atom: what is to be sent.
        revision: decides whether formatting strings are UTF-8 (packed atoms) or ASCII (CBOR).

    Returns:
        The atom, octets that are not UTF-8 replaced by U+FFFD where it is UTF-8 that is sent.

    Raises:
        LocalProtocolError: a string is not bytes, a label is not ASCII, or the formatting string is not where it must
            be. Mercurial tries to replace there, and fails (D82).
    """
    _check_types(atom)
    binary = Feature.BINARY_TEXT_OUTPUT in revision.features
    if binary:
        msg = atom.msg.decode("utf-8", "replace").encode()
    elif atom.msg.isascii():
        msg = atom.msg
    else:
        raise LocalProtocolError("formatting string is not ASCII")
    if not all(label.isascii() for label in atom.labels):
        raise LocalProtocolError("label is not ASCII")
    args = tuple(arg.decode("utf-8", "replace").encode() for arg in atom.args)
    return Atom(msg, args, atom.labels)


def _pack_atom(atom: Atom) -> bytes:
    if len(atom.args) > _MAX_COUNT:
        raise LocalProtocolError("cannot use more than 255 formatting arguments")
    if len(atom.labels) > _MAX_COUNT:
        raise LocalProtocolError("cannot use more than 255 labels")
    if len(atom.msg) > _MAX_STRING:
        raise LocalProtocolError("formatting string cannot be longer than 64k")
    if any(len(arg) > _MAX_STRING for arg in atom.args):
        raise LocalProtocolError("argument string cannot be longer than 64k")
    if any(len(label) > _MAX_LABEL for label in atom.labels):
        raise LocalProtocolError("label string cannot be longer than 255 bytes")
    return b"".join(
        (
            struct.pack("<HBB", len(atom.msg), len(atom.labels), len(atom.args)),
            bytes(map(len, atom.labels)),
            struct.pack(f"<{len(atom.args)}H", *map(len, atom.args)),
            atom.msg,
            *atom.labels,
            *atom.args,
        )
    )


def build_text_output(atoms: Sequence[Atom], revision: Revision) -> bytes:
    """Make the payload of a text-output frame (TEXT-002, TEXT-004).

    Args:
        atoms: all of the text: it goes into one frame (TEXT-006). None is an empty text.
        revision: decides on packed atoms or CBOR.

    Returns:
        At most 32768 octets.

    Raises:
        LocalProtocolError: a string is not bytes, not ASCII where it must be, or does not fit its length field or the
            frame.
    """
    checked = [check_text(atom, revision) for atom in atoms]
    if Feature.BINARY_TEXT_OUTPUT in revision.features:
        payload = b"".join(map(_pack_atom, checked))
    else:
        payload = encode_value([atom_map(atom) for atom in checked], revision.cbor)
    if len(payload) > DEFAULT_MAX_FRAME:
        raise LocalProtocolError("cannot encode data in a single frame")
    return payload


def take_atoms(values: Value, what: str) -> tuple[Atom, ...]:
    """Read the atoms of a CBOR message (TEXT-004, ERR-006).

    Args:
        values: the decoded value, of any type.
        what: names the message's place in errors.

    Returns:
        The atoms. Unknown keys are ignored, and nobody asks whether what should be ASCII is.

    Raises:
        FaultRaised: `bad-payload`: it is no array of maps with a `msg` of octets, and lists of octets for `args` and
            `labels` where they are there.
    """
    if type(values) is not list:
        raise FaultRaised(FaultCode.BAD_PAYLOAD, f"{what} is not an array of atoms")
    atoms = []
    for value in values:
        if type(value) is not dict or type(value.get(b"msg")) is not bytes:
            raise FaultRaised(FaultCode.BAD_PAYLOAD, f"{what} has an atom without msg")
        lists = [value.get(b"args", []), value.get(b"labels", [])]
        if not all(type(items) is list and all(type(item) is bytes for item in items) for items in lists):
            raise FaultRaised(
                FaultCode.BAD_PAYLOAD, f"{what} has args or labels that are not arrays of bytestrings"
            )
        atoms.append(Atom(value[b"msg"], tuple(lists[0]), tuple(lists[1])))
    return tuple(atoms)


def _unpack_atoms(octets: bytes) -> tuple[Atom, ...]:
    atoms = []
    position = 0

    def take(count: int) -> bytes:
        nonlocal position
        piece = octets[position : position + count]
        if len(piece) < count:
            raise FaultRaised(FaultCode.BAD_PAYLOAD, "text output is cut off")
        position += count
        return piece

    while position < len(octets):
        length, label_count, arg_count = struct.unpack("<HBB", take(4))
        label_lengths = take(label_count)
        arg_lengths = struct.unpack(f"<{arg_count}H", take(2 * arg_count))
        msg = take(length)
        labels = tuple(take(count) for count in label_lengths)
        atoms.append(Atom(msg, tuple(take(count) for count in arg_lengths), labels))
    return tuple(atoms)


def parse_text_output(octets: bytes, revision: Revision, max_depth: int) -> tuple[Atom, ...]:
    """Read the payload of a text-output frame (TEXT-002, TEXT-004).

    Args:
        octets: the payload, decoded.
        revision: decides on packed atoms or CBOR.
        max_depth: nested containers allowed in CBOR, 1 or more.

    Returns:
        The atoms; none for an empty text.

    Raises:
        FaultRaised: `bad-cbor` where the octets are not one CBOR value, `bad-payload` where they are no atoms or are
            cut off.
    """
    if Feature.BINARY_TEXT_OUTPUT in revision.features:
        return _unpack_atoms(octets)
    try:
        values = decode_one(octets, revision.cbor, max_depth=max_depth)
    except CborError as error:
        raise FaultRaised(FaultCode.BAD_CBOR, f"error decoding CBOR from text output: {error}") from error
    return take_atoms(values, "text output")
