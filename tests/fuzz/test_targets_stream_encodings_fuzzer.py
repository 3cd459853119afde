"""Tests of the target `stream-encodings`: payloads come back, and none grows beyond its limit."""

from __future__ import annotations

import zlib

from collections.abc import Callable
from typing import Any

import pytest

from hgframing import Frame
from hgframing._encodings import DECODERS, ENCODERS, EncodingError, EncodingLimitError
from hgframing_fuzz import FuzzInput, Options
from hgframing_fuzz._encoded import zlib_bomb, zstd_bomb
from hgframing_fuzz._guards import Guards
from hgframing_fuzz.targets import TARGETS, stream_encodings_fuzzer
from tests.fuzz.own_targets import found, fuzz


SPEC = TARGETS["stream-encodings"]


def test_loop_finds_nothing_in_the_reference(guards: Guards) -> None:
    """The same payloads each time."""
    table, stats = fuzz(SPEC, 1500, guards)

    assert found(table) == []
    assert stats.features > 60


class Decoder:
    """A decoder around the real one, with a fault."""

    def __init__(self) -> None:
        self.state = zlib.decompressobj()


class Unbounded(Decoder):
    """Does not know a limit."""

    def decode(self, octets: bytes, _limit: int) -> bytes:
        """Decode everything."""
        try:
            return self.state.decompress(octets)
        except zlib.error as error:
            raise EncodingError(str(error)) from error


class Leaky(Decoder):
    """Lets the library's own error out."""

    def decode(self, octets: bytes, limit: int) -> bytes:
        """Decode, and do not translate."""
        decoded = self.state.decompress(octets, limit + 1)
        if len(decoded) > limit:
            raise EncodingLimitError
        return decoded


class Forgetful(Decoder):
    """Loses an octet of every long payload."""

    def decode(self, octets: bytes, limit: int) -> bytes:
        """Decode, and leave something out."""
        decoded = self.state.decompress(octets, limit + 1)
        return decoded[:-1] if len(decoded) > 50 else decoded


class OnlyWhole(Decoder):
    """Starts anew with every payload."""

    def decode(self, octets: bytes, limit: int) -> bytes:
        """Decode what begins here."""
        try:
            return zlib.decompressobj().decompress(octets, limit + 1)[:limit]
        except zlib.error:
            return b""


@pytest.mark.parametrize(
    ("decoder", "frames", "kind"),
    [
        (Unbounded, [Frame(1, 1, 0, 0, 0, bytes(2000))], "bounded"),
        (Leaky, [Frame(1, 1, 0, 15, 0, b"no zlib")], "error"),
        (Forgetful, [Frame(1, 1, 0, 0, 0, bytes(100))], "round-trip"),
        (OnlyWhole, [Frame(1, 1, 0, 0, 0, b"a"), Frame(1, 1, 0, 0, 0, b"b")], "round-trip"),
    ],
)
def test_decoder_with_a_fault_is_found(
    decoder: Callable[[], Any],
    frames: list[Frame],
    kind: str,
    guards: Guards,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each oracle finds the fault that it is for, and the reference passes the same payloads."""
    value = FuzzInput(Options(answers=0b1000), tuple(frames))
    target = SPEC.bind("reference", guards).target
    assert target.check(value).finding is None
    monkeypatch.setattr(stream_encodings_fuzzer, "DECODERS", {**DECODERS, b"zlib": decoder})

    got = target.check(value).finding

    assert got is not None
    assert got.kind == kind


def test_encoder_that_says_something_else_is_found(guards: Guards, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of ours would have to agree; zlib's own decoder does not."""

    class Pair:
        def encode(self, octets: bytes) -> bytes:
            return zlib.compress(b"x" + octets)

        def decode(self, octets: bytes, limit: int) -> bytes:
            return zlib.decompress(octets)[1 : limit + 1] if octets else b""

    monkeypatch.setattr(stream_encodings_fuzzer, "ENCODERS", {**ENCODERS, b"zlib": Pair})
    monkeypatch.setattr(stream_encodings_fuzzer, "DECODERS", {**DECODERS, b"zlib": Pair})
    value = FuzzInput(Options(seed=1), (Frame(1, 1, 0, 0, 0, b""),))

    got = SPEC.bind("reference", guards).target.check(value).finding

    assert got is not None
    assert got.kind in {"independent", "round-trip"}


@pytest.mark.parametrize("bomb", [zlib_bomb(64), b"\x28\xb5\x2f\xfd\x00\x68" + zstd_bomb(256)])
@pytest.mark.parametrize("answers", range(16))
def test_bomb_is_stopped_at_its_limit(bomb: bytes, answers: int, guards: Guards) -> None:
    """Neither time nor memory beyond what its octets may cost."""
    value = FuzzInput(Options(answers=answers), (Frame(1, 1, 0, 15, 0, bomb),))

    assert SPEC.bind("reference", guards).target.check(value).finding is None
