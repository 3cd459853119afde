"""The generator of frames without a place: each case has one fault, and no fault is left out."""

from __future__ import annotations

from typing import Any

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
        is_about_stream = "on-closed" in case["id"] or "stream-flag" in case["id"]
        if case["id"].startswith(prefix) and not is_about_stream:
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


def refusals() -> list[dict[str, Any]]:
    """Return the cases of all revisions whose last frame has no place."""
    return [case for suite in SUITES.values() for case in suite["cases"] if "-takes-" not in case["id"]]


def test_alphabet_demands_an_error_and_no_command() -> None:
    """Each case says what is open and what would be unsafe."""
    for case in refusals():
        assert case["comment"]
        assert case["steps"][-1]["never"] == ["run-command"]
        assert "error" in case["steps"][-1]["expect"][0]


def test_alphabet_levels_are_earned() -> None:
    """What clients may not send is `should`; the rest names nothing."""
    for case in refusals():
        requirements = case.get("requirements", [])
        assert requirements == case.get("violates", [])
        assert case["level"] == ("should" if requirements else "unspecified"), case["id"]


@pytest.mark.parametrize(
    ("case_id", "requirement"),
    [
        ("server-alphabet-0006-unknown-command-request-4", "REQ-006"),
        ("server-alphabet-0006-initial-command-request-3", "REQ-007"),
        ("server-alphabet-0006-active-command-request-1", "REQ-004"),
        ("server-alphabet-0006-unknown-command-request-2", "REQ-005"),
        ("server-alphabet-0002-unknown-command-name-0", "CMD-008"),
        ("server-alphabet-0002-unknown-command-name-3", "CMD-006"),
        ("server-alphabet-0006-initial-sender-protocol-settings-3", "SET-007"),
        ("server-alphabet-0006-initial-stream-settings-3", "ENC-007"),
    ],
)
def test_alphabet_names_the_rule_that_is_broken(case_id: str, requirement: str) -> None:
    """Read in the catalogue, one case each."""
    (case,) = (case for case in refusals() if case["id"] == case_id)

    assert case["violates"] == [requirement]


def test_alphabet_breaks_no_rule_with_flags_that_nobody_defines() -> None:
    """Four bits are defined of a request, and three of a command name: the fourth is of no text."""
    (case,) = (case for case in refusals() if case["id"] == "server-alphabet-0002-unknown-command-name-12")

    assert case["level"] == "unspecified"


def test_alphabet_ids_are_unique() -> None:
    """No two cases share a name."""
    ids = [case["id"] for suite in SUITES.values() for case in suite["cases"]]

    assert len(ids) == len(set(ids))
