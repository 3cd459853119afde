"""The client's half of the generator of transitions: complete, each once, and told by the table."""

from __future__ import annotations

import pytest

from hgframing import REVISIONS, ClientRequestState, Feature, FrameInput, LocalInput
from hgframing_conformance._client_transitions import (
    generate_client_transitions,
    reachable_client_transitions,
)


CLIENT_REQUEST = REVISIONS["0006"].client_request
SUITES = {suite["revisions"][0]: suite for _, suite in generate_client_transitions()}
S = ClientRequestState


def said(revision_key: str) -> list[str]:
    """Return the transitions that the titles of a suite name."""
    return [part for case in SUITES[revision_key]["cases"] for part in case["title"].split("; ")]


@pytest.mark.parametrize("revision_key", REVISIONS)
def test_client_transitions_of_requests_are_all_there(revision_key: str) -> None:
    """Every row of a request that vectors can bring about, and every answer that the revision has."""
    legal = set(REVISIONS[revision_key].inputs.values())
    expected = {
        f"client-request: {state.name} takes {cause.name}".lower().replace("_", "-")
        for state in (S.SENT, S.RECEIVING, S.ABANDONED)
        for cause in CLIENT_REQUEST[state]
        if cause is LocalInput.ABANDON or cause in legal
    }
    expected |= {"client-request: pending takes send", "client-request: sending takes sent"}

    assert {text for text in said(revision_key) if text.startswith("client-request")} == expected


@pytest.mark.parametrize("revision_key", REVISIONS)
def test_client_transitions_of_streams_are_all_there(revision_key: str) -> None:
    """Six, where there are streams."""
    has_streams = Feature.STREAMS in REVISIONS[revision_key].features

    assert len({text for text in said(revision_key) if text.startswith("stream")}) == 6 * has_streams


def test_client_transitions_of_the_connection_of_0006() -> None:
    """Settings of the sender come first and are not interrupted (SET-005, SET-006); those of streams may."""
    found = {text.removeprefix("connection: ") for text in said("0006") if text.startswith("connection")}

    assert {text for text in found if "settings" in text} == {
        "initial takes settings-more",
        "initial takes settings-last",
        "initial takes stream-settings-more",
        "initial takes stream-settings-last",
        "settings-receiving takes settings-more",
        "settings-receiving takes settings-last",
        "open takes stream-settings-more",
        "open takes stream-settings-last",
    }


@pytest.mark.parametrize("revision_key", REVISIONS)
def test_client_transitions_come_once(revision_key: str) -> None:
    """No two cases claim the same, and what they claim is what is said to be reachable."""
    parts = said(revision_key)

    assert len(parts) == len(set(parts)) == len(reachable_client_transitions(REVISIONS[revision_key]))


def test_client_transitions_ask_where_the_request_stands() -> None:
    """The last step of a request's transition is the state that the table gives."""
    for suite in SUITES.values():
        for case in suite["cases"]:
            if "client-request: sent takes" not in case["title"]:
                continue
            name = case["title"].split("client-request: sent takes ")[1].split(";")[0]
            cause = name.upper().replace("-", "_")
            known = LocalInput if name == "abandon" else FrameInput
            expected = CLIENT_REQUEST[S.SENT][known[cause]].value

            assert case["steps"][-1]["expect"][0]["request-state"]["state"] == expected, case["id"]


def test_client_transitions_are_must_where_a_requirement_decides() -> None:
    """Begin on an open stream is what the text leaves open (D40)."""
    undecided = {
        case["id"] for suite in SUITES.values() for case in suite["cases"] if not case.get("requirements", [])
    }

    assert all(
        (case["level"] == "must") == (case["id"] not in undecided)
        for suite in SUITES.values()
        for case in suite["cases"]
    )
    assert {case_id for case_id in undecided if "0006" in case_id and "abandon" not in case_id} == {
        "client-transition-0006-stream-open-begin",
        "client-transition-0006-stream-open-begin-end",
    }


def test_client_transitions_decide_nothing_where_a_request_is_given_up() -> None:
    """The text knows nobody who does it: nothing is demanded by it, and nothing behind it is handed over."""
    found = 0
    for suite in SUITES.values():
        for case in suite["cases"]:
            verbs = [next(iter(step)) for step in case["steps"]]
            if "abandon" not in verbs:
                continue
            found += 1
            behind = case["steps"][verbs.index("abandon") :]
            assert (case["level"], case["tier"]) == ("unspecified", "full"), case["id"]
            assert not case.keys() & {"requirements", "deviations"}, case["id"]
            assert all(step["expect"] == [] for step in behind if "request-state" not in step), case["id"]
    # Given up in two states, and every answer of the revision behind it: three, with text and progress five.
    assert found == (2 + 3) + (2 + 4) + 4 * (2 + 5)


def test_client_transitions_send_the_request_first() -> None:
    """Nothing is answered that was not asked."""
    for suite in SUITES.values():
        for case in suite["cases"]:
            assert [next(iter(step)) for step in case["steps"][:2]] == ["call", "flush"]
    assert LocalInput.SEND in CLIENT_REQUEST[S.PENDING]
