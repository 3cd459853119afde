"""The client's half of the alphabet: each case has one fault, and no fault is left out."""

from __future__ import annotations

import pytest

from hgframing import (
    REVISIONS,
    ClientRequestState,
    Feature,
    FrameInput,
    FrameType,
    parse_notation,
)
from hgframing_conformance._client_alphabet import generate_client_alphabet


CLIENT_REQUEST = REVISIONS["0006"].client_request
SUITES = {suite["revisions"][0]: suite for _, suite in generate_client_alphabet()}
FROM_SERVER = {FrameType.RESPONSE, FrameType.ERROR_RESPONSE, FrameType.TEXT_OUTPUT, FrameType.PROGRESS}


def refusals(revision_key: str, place: str) -> set[tuple[int, int]]:
    """Return type and flags of the frames that are refused in a state, on streams that are right."""
    prefix = f"client-alphabet-{revision_key}-{place}-"
    found = set()
    for case in SUITES[revision_key]["cases"]:
        last = case["steps"][-1]
        if (
            case["id"].startswith(prefix)
            and "never" in last
            and "stream" not in case["id"].removeprefix(prefix)
        ):
            if "on-closed" in case["id"]:
                continue
            frame = parse_notation(last["receive"][0], REVISIONS[revision_key])
            found.add((frame.type_id, frame.flags))
    return found


@pytest.mark.parametrize("revision_key", REVISIONS)
def test_alphabet_of_a_sent_request_has_every_frame(revision_key: str) -> None:
    """All answers with all the flags that they lack, every frame of clients, every type that there is not."""
    revision = REVISIONS[revision_key]
    found = refusals(revision_key, "sent")

    for type_id, spec in revision.frames.items():
        tried = {flags for kind, flags in found if kind == type_id}
        if spec.type in FROM_SERVER:
            assert tried == set(range(16)) - set(spec.inputs)
        elif spec.type not in (FrameType.SENDER_SETTINGS, FrameType.STREAM_SETTINGS):
            assert tried >= set(spec.inputs)
    assert {kind for kind, _ in found} >= set(range(16)) - set(revision.frames)


@pytest.mark.parametrize("revision_key", REVISIONS)
@pytest.mark.parametrize("place", ["received", "errored", "pending"])
def test_alphabet_of_a_finished_request_has_every_answer(revision_key: str, place: str) -> None:
    """The table has an empty row for it, so every answer is a fault."""
    revision = REVISIONS[revision_key]
    found = refusals(revision_key, place)
    row = CLIENT_REQUEST[ClientRequestState[place.upper()]]

    assert not any(isinstance(cause, FrameInput) for cause in row)
    for type_id, spec in revision.frames.items():
        if spec.type in FROM_SERVER:
            assert {flags for kind, flags in found if kind == type_id} >= set(spec.inputs)


def test_alphabet_levels_are_earned() -> None:
    """What a closed stream takes is `must` (STREAM-003), what servers may not send `should`; the rest names nothing."""
    for suite in SUITES.values():
        for case in suite["cases"]:
            if "never" not in case["steps"][-1]:
                continue
            assert case["comment"]
            requirements = case.get("requirements", [])
            assert requirements == case.get("violates", [])
            expected = {(): "unspecified", ("STREAM-003",): "must"}.get(tuple(requirements), "should")
            assert case["level"] == expected, case["id"]


def test_alphabet_never_hands_over_what_is_refused() -> None:
    """No octet of a refused frame may reach the caller as an answer."""
    for suite in SUITES.values():
        for case in suite["cases"]:
            last = case["steps"][-1]
            if "never" in last:
                assert "response-data" in last["never"]


def test_alphabet_ids_are_unique() -> None:
    """No two cases share a name."""
    ids = [case["id"] for suite in SUITES.values() for case in suite["cases"]]

    assert len(ids) == len(set(ids))


def test_alphabet_tries_closed_streams_where_there_are_streams() -> None:
    """Plain and end do not begin a stream, for no type that a server sends."""
    for key, suite in SUITES.items():
        labels = {
            case["id"].rpartition("on-closed-")[2] for case in suite["cases"] if "on-closed" in case["id"]
        }
        has_streams = Feature.STREAMS in REVISIONS[key].features
        assert labels == ({"plain", "end", "plain-encoded", "end-encoded"} if has_streams else set())
