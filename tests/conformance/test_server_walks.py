"""Walks over the server's tables: which pairs they make is counted against the tables themselves."""

from __future__ import annotations

import functools

from pathlib import Path
from typing import Any

import pytest

from hgframing import REVISIONS, Feature, LocalInput, StreamInput, StreamState
from hgframing_conformance._server_walks import ServerModel, generate_server_walks
from hgframing_conformance._walk import walk as transitions_of
from hgframing_conformance._walks import Pair, walks

from .authoring import read_cases


TABLE = "server-request"


@functools.cache
def suites() -> dict[str, dict[str, Any]]:
    """Return the suites by revision."""
    return {suite["revisions"][0]: suite for _, suite in generate_server_walks(0)}


def behind(revision_key: str) -> set[Pair]:
    """Return all pairs of transitions of which one leads to where the other begins."""
    revision = REVISIONS[revision_key]
    legal = set(revision.inputs.values())
    moves = {
        (TABLE, state.name, cause.name): following.name
        for state, row in revision.server_request.items()
        for cause, following in row.items()
        if isinstance(cause, LocalInput) or cause in legal
    }
    return {
        ("behind", one, other) for one, reached in moves.items() for other in moves if other[1] == reached
    }


@functools.cache
def made(revision_key: str) -> frozenset[Pair]:
    """Return the pairs that walks with all stream flags make."""
    revision = REVISIONS[revision_key]
    return frozenset(
        pair for one in walks(lambda: ServerModel(revision, only_decided=False), 0) for pair in one.pairs
    )


@pytest.mark.parametrize("revision_key", REVISIONS)
def test_server_walks_make_every_pair_of_a_request(revision_key: str) -> None:
    """Each transition behind each that leads to it; in 0001 all but the next command before the last is answered."""
    pairs = made(revision_key)

    assert behind(revision_key) <= pairs


@pytest.mark.parametrize("revision_key", ["0005-draft", "0005", "0006"])
def test_server_walks_move_a_request_while_the_other_stands_anywhere(revision_key: str) -> None:
    """Twelve transitions of a request, six states of the other."""
    beside = {pair for pair in made(revision_key) if pair[0] == "beside"}
    table = REVISIONS[revision_key].server_request
    moves = {(TABLE, state.name, cause.name) for state, row in table.items() for cause in row}

    assert len(beside) == len(moves) * len(table) == 72


@pytest.mark.parametrize(
    "revision_key", [key for key, one in REVISIONS.items() if Feature.STREAMS in one.features]
)
def test_server_walks_make_every_pair_of_a_stream(revision_key: str) -> None:
    """Six transitions, each behind each that leads to it."""
    table = REVISIONS[revision_key].stream
    moves = [(state, cause) for state, row in table.items() for cause in row]
    every = {
        ("behind", ("stream", one.name, cause.name), ("stream", other.name, then.name))
        for one, cause in moves
        for other, then in moves
        if table[StreamState(one)][StreamInput(cause)] is other
    }

    assert every <= made(revision_key)


def test_server_walks_are_what_the_suites_hold(tmp_path: Path) -> None:
    """The transitions that coverage reads off a case's frames are those that the walk says it makes."""
    suite = suites()["0006"]
    cases = read_cases(suite, tmp_path)
    found = walks(lambda: ServerModel(REVISIONS["0006"], only_decided=True), 0)

    for case, one in zip(cases, found, strict=False):
        said = [move for choice in one.choices for _, move in choice.moves if move[0] == TABLE]
        assert [move for move in transitions_of(case) if move[0] == TABLE] == said


def test_server_walks_are_decided_first() -> None:
    """What no requirement decides comes in walks of its own."""
    for suite in suites().values():
        levels = [case["level"] for case in suite["cases"]]

        assert levels[0] == "must"
        assert all((case["level"] == "must") == ("requirements" in case) for case in suite["cases"])
