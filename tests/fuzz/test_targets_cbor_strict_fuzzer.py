"""Tests of the target `cbor-strict`: the decoder says what the text says, and writes one form."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import cbor2
import pytest

from hgframing import CborDialect, CborError, CborErrorKind
from hgframing_fuzz import Options
from hgframing_fuzz._guards import Guards
from hgframing_fuzz._outcome import run
from hgframing_fuzz.targets import TARGETS, cbor_strict_fuzzer
from tests.fuzz.own_targets import finding, found, fuzz


SPEC = TARGETS["cbor-strict"]


def test_loop_finds_nothing_in_what_we_have(guards: Guards) -> None:
    """The same inputs each time, the target's seeds first."""
    table, stats = fuzz(SPEC, 5000, guards)

    assert found(table) == []
    assert stats.features > 150


@pytest.mark.parametrize("octets", SPEC.seeds())
def test_seeds_are_read(octets: bytes, guards: Guards) -> None:
    """What is worth starting from is no finding, and reaches something."""
    outcome = run(SPEC.bind("reference", guards).target, octets)

    assert outcome.finding is None
    assert outcome.features


def planted(name: str, value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put something in the place of a function of the target."""
    monkeypatch.setattr(cbor_strict_fuzzer, name, value)


def kind_of(octets: bytes, guards: Guards, answers: int = 0) -> str | None:
    """Which oracle objects."""
    got = finding(SPEC, octets, guards, Options(answers=answers))
    return got.kind if got else None


def decode_lax(octets: bytes, dialect: CborDialect, *, max_depth: int) -> object:
    """A decoder that takes whatever cbor2 does."""
    del dialect, max_depth
    try:
        return cbor2.loads(octets)
    except cbor2.CBORDecodeError as error:
        raise CborError(CborErrorKind.INVALID, "no") from error


@pytest.mark.parametrize(
    "octets",
    ["0102", "a200010002", "c100", "6161", "811b", "5f61ff", "81" * 18 + "01"],
)
def test_decoder_that_is_lax_is_found(octets: str, guards: Guards, monkeypatch: pytest.MonkeyPatch) -> None:
    """Octets behind, keys twice, tags, text, depth; what is cut off is refused by both."""
    assert kind_of(bytes.fromhex(octets), guards) is None
    planted("decode_one", decode_lax, monkeypatch)

    assert kind_of(bytes.fromhex(octets), guards) == (None if octets in {"811b", "5f61ff"} else "accepted")


def test_decoder_that_refuses_too_much_is_found(guards: Guards, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that the dialect has."""

    def refuses(*_: object, **__: object) -> NoReturn:
        raise CborError(CborErrorKind.INVALID, "no")

    planted("decode_one", refuses, monkeypatch)

    assert kind_of(b"\xa0", guards) == "accepted"


def test_decoder_that_mistakes_a_type_is_found(guards: Guards, monkeypatch: pytest.MonkeyPatch) -> None:
    """1 is not true, although Python calls them equal."""
    planted("decode_one", lambda *_, **__: True, monkeypatch)

    assert kind_of(b"\x01", guards) == "accepted"


@pytest.mark.parametrize(
    ("encoder", "octets", "kind"),
    [
        (lambda *_: b"\x00", "01", "canonical"),
        (lambda *_: b"\x18\x01", "01", "canonical"),
        (lambda *_: b"\xff", "01", "CborError"),
    ],
)
def test_encoder_with_a_fault_is_found(
    encoder: Callable[..., bytes], octets: str, kind: str, guards: Guards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another value, a longer form, no value."""
    planted("encode_value", encoder, monkeypatch)

    assert kind_of(bytes.fromhex(octets), guards) == kind


def test_sequence_that_loses_a_value_is_found(guards: Guards, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two values are two."""
    planted("decode_sequence", lambda *_, **__: (1,), monkeypatch)

    assert kind_of(b"\x01", guards) == "sequence"


def test_value_that_lies_too_deep_is_found(guards: Guards, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both decoders would have to miss it."""
    planted("decode_one", lambda *_, **__: [[[1]]], monkeypatch)
    planted("decode_plain", lambda *_, **__: [[[1]]], monkeypatch)

    assert kind_of(b"\x81\x81\x81\x01", guards, answers=1) == "types"


def test_deep_octets_are_answered_at_once(guards: Guards) -> None:
    """A hundred thousand levels take neither the stack nor the time."""
    for opening in (b"\x81", b"\xd9\x01\x02", b"\x9f", b"\xa1\x00"):
        assert kind_of(opening * 100_000, guards) is None
