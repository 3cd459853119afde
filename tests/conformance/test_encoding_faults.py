"""Compressed data that is damaged: the libraries refuse it, and read it where it is not."""

from __future__ import annotations

import zlib

from typing import Any

import pytest
import zstandard

from hgframing import REVISIONS, parse_notation
from hgframing_conformance._encoding_faults import damages, generate_encoding_faults
from hgframing_conformance._stored_blocks import StoredBlocks


PLAIN = b"plain octets"
CASES: dict[str, dict[str, Any]] = {
    case["id"]: case for _, suite in generate_encoding_faults() for case in suite["cases"]
}


@pytest.mark.parametrize("damage", list(damages("zlib", PLAIN)), ids=lambda damage: damage.label)
def test_damages_of_zlib_are_refused(damage: Any) -> None:
    """By the standard library, with an error that is no want of octets."""
    with pytest.raises(zlib.error):
        zlib.decompressobj().decompress(damage.payload)


@pytest.mark.parametrize("damage", list(damages("zstd-8mb", PLAIN)), ids=lambda damage: damage.label)
def test_damages_of_zstd_are_refused(damage: Any) -> None:
    """By libzstd."""
    with pytest.raises(zstandard.ZstdError):
        zstandard.ZstdDecompressor().decompressobj().decompress(damage.payload)


@pytest.mark.parametrize("encoding", ["zlib", "zstd-8mb"])
def test_damages_differ_from_good_data_in_few_octets(encoding: str) -> None:
    """Each is another one, and none is the data itself."""
    writer = StoredBlocks(encoding)
    good = writer.encode(PLAIN)
    payloads = [damage.payload for damage in damages(encoding, PLAIN)]

    assert len(set(payloads)) == len(payloads)
    assert good not in payloads
    assert good + writer.end() not in payloads


def test_encoding_faults_never_let_the_data_act() -> None:
    """The sender breaks the definition of the encoding; no command is run, no response handed over."""
    for case_id, case in CASES.items():
        last = case["steps"][-1]
        assert case["level"] == "should"
        assert case["violates"] == ["ENC-010" if "-zlib-" in case_id else "ENC-009"]
        assert last["expect"] == [{"error": {"code": "bad-encoding"}}]
        assert last["never"] == (["run-command"] if case_id.startswith("server") else ["response-data"])


def test_encoding_faults_are_in_encoded_frames() -> None:
    """The flag is set, on the stream whose encoding was announced."""
    for case in CASES.values():
        settings, last = (
            parse_notation(step["receive"][0], REVISIONS["0006"]) for step in case["steps"][-2:]
        )
        assert last.stream_flags & 4
        assert settings.stream_id == last.stream_id
