"""The generator of frames without a place: each case has one fault, and no fault is left out."""

from __future__ import annotations

import pytest

from hgframing import REVISIONS, ConnectionState, Feature, ServerRequestState, parse_notation
from hgframing_conformance._alphabet import generate_alphabet


SUITES = {suite["revisions"][0]: suite for _, suite in generate_alphabet()}


def tried(revision_key: str, place: str) -> set[tuple[int, int]]:
    """Return type and flags of every frame that is tried in a state, stream 1 only."""
    revision = REVISIONS[revision_key]
    prefix = f"server-alphabet-{revision_key}-{place}-"
    found = set()
    for case in SUITES[revision_key]["cases"]:
        if case["id"].startswith(prefix) and "on-closed" not in case["id"]:
            frame = parse_notation(case["steps"][-1]["receive"][0], revision)
            found.add((frame.type_id, frame.flags))
    return found


@pytest.mark.parametrize("revision_key", REVISIONS)
def test_alphabet_tries_every_nibble_that_a_type_lacks(revision_key: str) -> None:
    """At the start of a connection nothing of types and flags is left out."""
    revision = REVISIONS[revision_key]
    place = "unknown" if revision.initial is ConnectionState.OPEN else "initial"
    frames = tried(revision_key, place)

    for type_id, spec in revision.frames.items():
        assert {flags for at, flags in frames if at == type_id} >= set(range(16)) - set(spec.inputs)
    assert {at for at, _ in frames} >= set(range(16)) - set(revision.frames)


@pytest.mark.parametrize("revision_key", REVISIONS)
def test_alphabet_tries_every_input_that_a_state_lacks(revision_key: str) -> None:
    """While data is received, every legal frame but data comes as a fault, and data never does."""
    revision = REVISIONS[revision_key]
    row = revision.server_request[ServerRequestState.DATA]
    connection = revision.connection[ConnectionState.OPEN]
    apart = {"SETTINGS", "STREAM"}
    frames = tried(revision_key, "data")

    for nibbles, frame_input in revision.inputs.items():
        frame = (nibbles >> 4, nibbles & 0x0F)
        is_apart = frame_input.name.partition("_")[0] in apart
        legal = frame_input in connection and (is_apart or frame_input in row)
        assert (frame in frames) != legal, frame_input


def test_alphabet_begins_no_stream_where_there_are_none() -> None:
    """A stream that is not open is a fault of revisions with streams alone."""
    for key, suite in SUITES.items():
        has_streams = Feature.STREAMS in REVISIONS[key].features
        assert any("on-closed" in case["id"] for case in suite["cases"]) == has_streams


def test_alphabet_demands_an_error_and_claims_no_requirement() -> None:
    """The tables are ours, so no case gates; each says what is open and what would be unsafe."""
    for suite in SUITES.values():
        for case in suite["cases"]:
            assert case["level"] == "unspecified"
            assert case["comment"]
            assert case["steps"][-1]["never"] == ["run-command"]
            assert "error" in case["steps"][-1]["expect"][0]


def test_alphabet_ids_are_unique() -> None:
    """No two cases share a name."""
    ids = [case["id"] for suite in SUITES.values() for case in suite["cases"]]

    assert len(ids) == len(set(ids))
