"""Two requests on one connection: all pairs are there, and every row is what it says."""

from __future__ import annotations

import itertools

from typing import Any

import pytest

from hgframing import REVISIONS, Feature, Frame, parse_notation
from hgframing_conformance._server_interleavings import generate_server_interleavings, server_factors


SUITES = {suite["revisions"][0]: suite for _, suite in generate_server_interleavings()}
CASES = [(key, case) for key, suite in SUITES.items() for case in suite["cases"]]
SETTINGS_TYPES = {"0006": 9}


def row_of(case: dict[str, Any]) -> dict[str, str]:
    """Read the row of a case out of its reason."""
    return dict(part.split(": ", 1) for part in case["why"].split("; "))


def received(revision_key: str, case: dict[str, Any]) -> list[Frame]:
    """Return the frames of requests that arrive, in order."""
    texts = [text for step in case["steps"] for text in step.get("receive", ())]
    frames = [parse_notation(text, REVISIONS[revision_key]) for text in texts]
    return [frame for frame in frames if frame.type_id != SETTINGS_TYPES.get(revision_key)]


@pytest.mark.parametrize("revision_key", SUITES)
def test_server_interleavings_reach_every_pair(revision_key: str) -> None:
    """By the definition: each value of each factor with each value of each other."""
    factors = server_factors(REVISIONS[revision_key])
    every = {
        (a, x, b, y) for a, b in itertools.combinations(factors, 2) for x in factors[a] for y in factors[b]
    }
    rows = [row_of(case) for case in SUITES[revision_key]["cases"]]
    reached = {(a, row[a], b, row[b]) for row in rows for a, b in itertools.combinations(factors, 2)}

    assert reached == every
    assert len(rows) < len(every)


@pytest.mark.parametrize(("revision_key", "case"), CASES, ids=[case["id"] for _, case in CASES])
def test_server_interleavings_do_what_they_say(revision_key: str, case: dict[str, Any]) -> None:
    """The order of requests, the streams, and when output leaves are read off the steps."""
    row = row_of(case)
    frames = received(revision_key, case)
    ids = [frame.request_id for frame in frames]
    changes = sum(a != b for a, b in itertools.pairwise(ids))

    if row["order"] == "one after the other":
        assert changes == 1
    elif row["order"] == "alternating":
        assert ids[:2] == [1, 3]
    elif ids.count(1) > 1:
        assert changes == 2
    streams: dict[int, set[int]] = {frame.request_id: set() for frame in frames}
    for frame in frames:
        streams[frame.request_id].add(frame.stream_id)
    if row.get("streams", "").startswith("one each"):
        assert streams == {1: {1}, 3: {3}}
    if row.get("streams") == "one each, which ends":
        assert all(frames[len(ids) - 1 - ids[::-1].index(request)].stream_flags & 2 for request in (1, 3))
    sends = [place for place, step in enumerate(case["steps"]) if "send-frames" in str(step["expect"])]
    is_deferred = row["output"] == "deferred"
    assert (sends == [len(case["steps"]) - 1]) == is_deferred
    assert case.get("setup", {}).get("defer-output", False) == is_deferred


@pytest.mark.parametrize(("revision_key", "case"), CASES, ids=[case["id"] for _, case in CASES])
def test_server_interleavings_run_and_answer_both_requests_once(
    revision_key: str, case: dict[str, Any]
) -> None:
    """Each request is run once, and its answer ends once, afterwards."""
    revision = REVISIONS[revision_key]
    events = []
    for step in case["steps"]:
        for action in step["expect"]:
            if "run-command" in action:
                events.append(("run", action["run-command"]["request"]))
            for text in action.get("send-frames", ()):
                frame = parse_notation(text, revision)
                name = revision.frames[frame.type_id].name
                if name == "error-response" or (name.endswith("-response") and frame.flags & 2):
                    events.append(("end", frame.request_id))

    assert sorted(events) == [("end", 1), ("end", 3), ("run", 1), ("run", 3)]
    assert all(events.index(("run", request)) < events.index(("end", request)) for request in (1, 3))


def test_server_interleavings_need_request_ids() -> None:
    """0001 has one request at a time."""
    assert set(SUITES) == {key for key, one in REVISIONS.items() if Feature.REQUEST_IDS in one.features}
