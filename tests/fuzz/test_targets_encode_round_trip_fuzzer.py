"""Tests of the target `encode-round-trip`: whatever is written is read back as the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hgframing import Frame, HeaderLayout, ServerReactor
from hgframing_fuzz import FuzzInput, Options
from hgframing_fuzz._guards import Guards
from hgframing_fuzz.targets import TARGETS, encode_round_trip_fuzzer
from tests.fuzz.own_targets import found, fuzz


SPEC = TARGETS["encode-round-trip"]


VALUE = FuzzInput(Options(), (Frame(1, 1, 1, 1, 1, b"\xa1\x41a\x01"),))


def test_loop_finds_nothing_in_the_reference(guards: Guards) -> None:
    """The same frames each time, in all revisions."""
    table, stats = fuzz(SPEC, 1500, guards)

    assert found(table) == []
    assert stats.features > 60


@pytest.mark.parametrize(
    ("name", "planted", "kind"),
    [
        ("format_notation", lambda *_: "1 1 0 1 1 x", "notation"),
        ("encode_value", lambda *_: b"\x01", "value"),
        ("write_form", lambda _: {"map": []}, "value"),
        ("to_wire", lambda _: None, "value"),
    ],
)
def test_writer_with_a_fault_is_found(
    name: str, planted: Callable[..., Any], kind: str, guards: Guards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each in its place."""
    target = SPEC.bind("reference", guards).target
    assert target.check(VALUE).finding is None
    monkeypatch.setattr(encode_round_trip_fuzzer, name, planted)

    got = target.check(VALUE).finding

    assert got is not None
    assert got.kind == kind


def test_codec_that_loses_an_octet_is_found(guards: Guards, monkeypatch: pytest.MonkeyPatch) -> None:
    """The frame is another one."""
    encode = HeaderLayout.encode
    monkeypatch.setattr(HeaderLayout, "encode", lambda self, frame: encode(self, frame) + b"\0")

    got = SPEC.bind("reference", guards).target.check(VALUE).finding

    assert got is not None
    assert (got.kind, got.where) == ("frame", "octets")


def test_server_that_hears_something_else_is_found(guards: Guards, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that never runs."""

    class Deaf(ServerReactor):
        def receive(self, item: Any) -> tuple[()]:  # noqa: ARG002
            return ()

    monkeypatch.setattr(encode_round_trip_fuzzer, "ServerReactor", Deaf)

    got = SPEC.bind("reference", guards).target.check(VALUE).finding

    assert got is not None
    assert got.kind == "request"
