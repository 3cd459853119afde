"""Walks over the client's tables: which pairs they make is counted against the tables themselves."""

from __future__ import annotations

import functools

from pathlib import Path
from typing import Any

import pytest

from hgframing import REVISIONS, ClientRequestState, LocalInput
from hgframing_conformance._client_walks import ClientModel, generate_client_walks
from hgframing_conformance._walk import walk as transitions_of
from hgframing_conformance._walks import Pair, walks

from .authoring import read_cases


TABLE = "client-request"
S = ClientRequestState


@functools.cache
def suites() -> dict[str, dict[str, Any]]:
    """Return the suites by revision."""
    return {suite["revisions"][0]: suite for _, suite in generate_client_walks(0)}


def behind(revision_key: str, *, gives_up: bool = False) -> set[Pair]:
    """Return all pairs of transitions that vectors can bring about: a request leaves whole."""
    revision = REVISIONS[revision_key]
    legal = set(revision.inputs.values()) | ({LocalInput.ABANDON} if gives_up else set())
    moves = {(TABLE, "PENDING", "SEND"): "SENDING", (TABLE, "SENDING", "SENT"): "SENT"}
    for state in (S.SENT, S.RECEIVING, S.ABANDONED):
        for cause, following in revision.client_request[state].items():
            if cause in legal:
                moves[TABLE, state.name, cause.name] = following.name
    return {
        ("behind", one, other)
        for one, reached in moves.items()
        for other in moves
        if other[1] == reached and (gives_up or S.ABANDONED.name not in (one[1], other[1]))
    }


@functools.cache
def made(revision_key: str) -> frozenset[Pair]:
    """Return the pairs that walks with all stream flags make."""
    revision = REVISIONS[revision_key]
    return frozenset(
        pair for one in walks(lambda: ClientModel(revision, only_decided=False), 0) for pair in one.pairs
    )


@pytest.mark.parametrize("revision_key", REVISIONS)
def test_client_walks_make_every_pair_of_a_request(revision_key: str) -> None:
    """Each transition behind each that leads to it."""
    assert behind(revision_key) <= made(revision_key)


@pytest.mark.parametrize("revision_key", REVISIONS)
def test_client_walks_give_a_request_up_behind_everything(revision_key: str) -> None:
    """Each transition of a request that is given up behind each that leads to it."""
    known = made(revision_key)
    more = walks(lambda: ClientModel(REVISIONS[revision_key], only_decided=False, gives_up=True), 0, known)

    assert behind(revision_key, gives_up=True) <= known.union(*(one.pairs for one in more))


def test_client_walks_give_requests_up_last() -> None:
    """A client that cannot give up is asked all the other walks, and in these the text demands nothing."""
    for suite in suites().values():
        gives_up = [any("abandon" in step for step in case["steps"]) for case in suite["cases"]]

        assert any(gives_up)
        assert gives_up == sorted(gives_up)
        for case, is_given_up in zip(suite["cases"], gives_up, strict=True):
            assert not is_given_up or (case["level"], "deviations" in case) == ("unspecified", False)


@pytest.mark.parametrize("revision_key", ["0002-streams", "0006"])
def test_client_walks_move_a_request_while_others_stand_anywhere(revision_key: str) -> None:
    """Five answers in two states, and two transitions of leaving; others are sent, receiving, or over in two ways."""
    beside = {pair for pair in made(revision_key) if pair[0] == "beside"}
    states = {"SENT", "RECEIVING", "RECEIVED", "ERRORED"}

    assert {pair[1][1] for pair in beside} == states
    assert len(beside) == (2 * 5 + 2) * len(states)


def test_client_walks_are_what_the_suites_hold(tmp_path: Path) -> None:
    """The transitions that coverage reads off a case's frames are those that the walk says it makes."""
    suite = suites()["0006"]
    cases = read_cases(suite, tmp_path)
    found = walks(lambda: ClientModel(REVISIONS["0006"], only_decided=True), 0)

    for case, one in zip(cases, found, strict=False):
        said = [move for choice in one.choices for _, move in choice.moves if move[0] == TABLE]
        assert [move for move in transitions_of(case) if move[0] == TABLE] == said


def test_client_walks_are_decided_first() -> None:
    """What no requirement decides comes in walks of its own."""
    for suite in suites().values():
        levels = [case["level"] for case in suite["cases"]]

        assert levels[0] == "must"
        assert all((case["level"] == "must") == ("requirements" in case) for case in suite["cases"])
