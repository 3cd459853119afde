"""Two answers on one connection: all pairs are there, and every row is what it says."""

from __future__ import annotations

import itertools

from typing import Any

import pytest

from hgframing import REVISIONS, Feature
from hgframing_conformance._client_interleavings import client_factors, generate_client_interleavings


SUITES = {suite["revisions"][0]: suite for _, suite in generate_client_interleavings()}
CASES = [case for suite in SUITES.values() for case in suite["cases"]]


def row_of(case: dict[str, Any]) -> dict[str, str]:
    """Read the row of a case out of its reason."""
    return dict(part.split(": ", 1) for part in case["why"].split("; "))


def told(case: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return what the client must say of what arrives, in order."""
    return [
        item
        for step in case["steps"]
        if "receive" in step
        for action in step["expect"]
        for item in action.items()
    ]


@pytest.mark.parametrize("revision_key", SUITES)
def test_client_interleavings_reach_every_pair(revision_key: str) -> None:
    """By the definition: each value of each factor with each value of each other."""
    factors = client_factors(REVISIONS[revision_key])
    every = {
        (a, x, b, y) for a, b in itertools.combinations(factors, 2) for x in factors[a] for y in factors[b]
    }
    rows = [row_of(case) for case in SUITES[revision_key]["cases"]]

    assert {(a, row[a], b, row[b]) for row in rows for a, b in itertools.combinations(factors, 2)} == every


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_client_interleavings_end_both_requests_once(case: dict[str, Any]) -> None:
    """With the last frame of a response or an error; nothing comes for a request that is over."""
    over = []
    for name, fields in told(case):
        assert fields["request"] not in over
        if name == "error-response" or fields.get("eos"):
            over.append(fields["request"])

    assert sorted(over) == [1, 3]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_client_interleavings_keep_answers_apart(case: dict[str, Any]) -> None:
    """Whatever is told of a request names that request in its octets, but for the status map that all share."""
    for name, fields in told(case):
        request = fields["request"]
        if name == "response-data":
            data = fields["data"]
            assert isinstance(data, dict) or f"{request}." in data
        else:
            text = fields["topic"] if name == "progress" else fields["atoms"][0]["msg"]
            assert text.endswith(f" {request}")


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_client_interleavings_do_what_they_say(case: dict[str, Any]) -> None:
    """The order of answers and of requests is read off the steps."""
    row = row_of(case)
    ids = [fields["request"] for _, fields in told(case)]
    names = [next(iter(step)) for step in case["steps"]]
    is_late = row["requests"] == "the second behind the first answer"

    if is_late or row["order"] == "one after the other":
        assert ids == sorted(ids)
    elif row["order"] == "the second first":
        assert ids == sorted(ids, reverse=True)
    assert (names.count("flush") == 1) == (row["requests"] == "together")
    assert ("receive" in names[: len(names) - 1 - names[::-1].index("call")]) == is_late


def test_client_interleavings_need_request_ids() -> None:
    """0001 has one request at a time."""
    assert set(SUITES) == {key for key, one in REVISIONS.items() if Feature.REQUEST_IDS in one.features}
