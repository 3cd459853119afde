"""The target `cbor-strict`: what the strict decoder does with any octets.

As a script it is a libFuzzer target: with atheris, `python cbor_strict_fuzzer.py CORPUS
-max_total_time=60` fuzzes and stops at the first finding, as engines such as OSS-Fuzz expect; files as
arguments are replayed, with atheris or without. For campaigns, which go on after a finding, use
`hgframing-fuzz run`.

    accepted     what is accepted, and what it means, is what a decoder says that shares no line (`_plain_cbor`)
    types        a value holds the protocol's types only, and no more levels than were allowed
    sequence     one value is also a sequence of one; two of it are a sequence of two
    canonical    what was decoded is encoded in one form, hardly longer than the octets were, and decoded as the same

Nothing is encoded that lies deeper than the decoder was allowed to go: encoders recurse.
"""

from __future__ import annotations

import sys

from random import Random
from typing import Any, Final

from hgframing import CborError, decode_one, decode_sequence, encode_value
from hgframing_fuzz._cbor import ATOMS, anything, bytestring, damage, mapping, pick, replace_item
from hgframing_fuzz._code_target import CodeTarget, object_to
from hgframing_fuzz._drive import choose_revision
from hgframing_fuzz._grammar import request_map, settings_map
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._input import (
    REVISION_CODES,
    Form,
    FuzzInput,
    InputMaker,
    Options,
    body_of,
    encode_input,
    with_body,
)
from hgframing_fuzz._octets import OctetMaker
from hgframing_fuzz._oracles import message_shape
from hgframing_fuzz._outcome import Feature, Target
from hgframing_fuzz._plain_cbor import PlainCborError, decode_plain, exact
from hgframing_fuzz._script import main
from hgframing_fuzz._server_grammar import error_map
from hgframing_fuzz._spec import TargetSpec
from hgframing_fuzz._subjects import Attached, OwnCode


__all__ = ["SPEC", "check_octets"]

#: How deep values may lie, chosen by the answers octet.
_DEPTHS: Final = (16, 1, 2, 60)


def check_octets(value: FuzzInput, notes: list[Feature]) -> None:
    """Decode octets in the dialect of the input's revision."""
    octets = body_of(value)
    dialect = choose_revision(value.options, REVISION_CODES).cbor
    depth = _DEPTHS[value.options.answers & 3]
    try:
        plain, wrong = decode_plain(octets, dialect, max_depth=depth), None
    except PlainCborError as error:
        plain, wrong = None, str(error)
    try:
        decoded = decode_one(octets, dialect, max_depth=depth)
    except CborError as error:
        notes.append(("refused", dialect.name, error.kind.name, message_shape(str(error))[:24], wrong))
        if wrong is None:
            object_to(
                "accepted",
                "refused",
                message_shape(str(error))[:40],
                f"refused: {error}; it is {plain!r:.60}",
            )
        return
    if wrong is not None:
        object_to("accepted", "decoded", wrong, f"decoded as {decoded!r:.60}, but it has {wrong}")
    notes.append(("decoded", dialect.name, octets[0] >> 5, *_shape(decoded)))
    # Equal would be 1 and true, too; and what is no number is not equal to itself.
    if exact(decoded) != exact(plain):
        object_to("accepted", "decoded", "value", f"{decoded!r:.60} is {plain!r:.60}")
    if _levels(decoded) > depth:
        object_to("types", "depth", "levels", f"more than {depth} levels")
    if len(decode_sequence(octets + octets, dialect, max_depth=depth)) != 2:
        object_to("sequence", "two", "count", "two values are not a sequence of two")
    written = encode_value(decoded, dialect)
    again = decode_one(written, dialect, max_depth=64)
    if exact(again) != exact(decoded):
        object_to("canonical", "value", "again", f"{decoded!r:.60} became {again!r:.60}")
    # A container of 256 items or more, written without its length and with a break, is an octet shorter than with it.
    if len(written) > len(octets) + len(octets) // 256 and not _has_floats(decoded):
        object_to("canonical", "length", "longer", f"{len(octets)} octets became {len(written)}")
    if encode_value(again, dialect) != written:
        object_to("canonical", "octets", "again", f"{decoded!r:.60} is encoded in two ways")


def _shape(value: Any) -> tuple[str, ...]:
    """The types of a value and of a few of its members."""
    members: list[Any] = []
    if isinstance(value, dict):
        members = [*list(value)[:2], *list(value.values())[:2]]
    elif isinstance(value, list | set):
        members = list(value)[:3]
    return (type(value).__name__, *sorted({type(member).__name__ for member in members}))


def _levels(value: Any) -> int:
    """The most containers that a part of a value lies in; a set is one in a tag."""
    if isinstance(value, dict):
        return 1 + max(map(_levels, value.values())) if value else 0
    if isinstance(value, list):
        return 1 + max(map(_levels, value)) if value else 0
    if isinstance(value, set):
        return 2 if value else 1
    return 0


def _has_floats(value: Any) -> bool:
    """Whether a value holds floats: they are written in full, whatever they came as."""
    if isinstance(value, dict):
        return any(map(_has_floats, (*value, *value.values())))
    return any(map(_has_floats, value)) if isinstance(value, list | set) else isinstance(value, float)


def _open(_locator: str, guards: Guards) -> tuple[Attached, Target]:
    own = OwnCode("hgframing._cbor")
    return own, CodeTarget("cbor-strict", check_octets, own.code, guards)


def _make(rng: Random) -> bytes:
    choice = rng.random()
    if choice < 0.5:
        return anything(rng, 4)
    return pick(rng, (request_map, settings_map, error_map))(rng)


def _change(rng: Random, octets: bytes) -> bytes:
    choice = rng.random()
    if choice < 0.3:
        return replace_item(rng, octets, anything(rng, 2))
    if choice < 0.4:
        return octets + octets if choice < 0.35 else mapping([(bytestring(b"k"), octets)])
    return damage(rng, octets)


def _make_mutator(codes: tuple[int, ...], rng: Random) -> InputMaker:
    return OctetMaker(codes, rng, _make, _change)


def _seeds() -> tuple[bytes, ...]:
    return tuple(encode_input(with_body(Options(code), atom)) for code in (0, 1) for atom in ATOMS)


SPEC: Final = TargetSpec(
    name="cbor-strict",
    summary="the strict CBOR decoder and encoder, driven by any octets",
    open=_open,
    make_mutator=_make_mutator,
    takes_implementation=False,
    form=Form.OCTETS,
    seeds=_seeds,
    dictionary=ATOMS,
)


if __name__ == "__main__":
    sys.exit(main(SPEC, sys.argv))
