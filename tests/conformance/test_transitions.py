"""The generator of transitions: complete, minimal and deterministic."""

from __future__ import annotations

import pytest

from hgframing import REVISIONS, Feature, LocalInput, parse_notation
from hgframing_conformance._transitions import generate_transitions


SUITES = {suite["revisions"][0]: suite for _, suite in generate_transitions()}


def transitions_of(revision_key: str, table: str) -> set[tuple[str, str]]:
    """Return (state, cause) of every transition that a suite's titles name for a table."""
    named = set()
    for case in SUITES[revision_key]["cases"]:
        for part in case["title"].split("; "):
            where, rest = part.split(": ")
            state, cause = rest.split(" takes ")
            if where == table:
                named.add((state, cause))
    return named


def kebab(name: str) -> str:
    """Write an enum member's name as the titles do."""
    return name.lower().replace("_", "-")


@pytest.mark.parametrize("revision_key", REVISIONS)
def test_transitions_of_requests_are_all_generated(revision_key: str) -> None:
    """Every transition of the server's request table is named once."""
    table = REVISIONS[revision_key].server_request
    every = {(kebab(state.name), kebab(cause.name)) for state, row in table.items() for cause in row}

    assert transitions_of(revision_key, "server-request") == every


@pytest.mark.parametrize(
    "revision_key", [key for key in REVISIONS if Feature.STREAMS in REVISIONS[key].features]
)
def test_transitions_of_streams_are_all_generated(revision_key: str) -> None:
    """Every transition of the stream table is named once."""
    table = REVISIONS[revision_key].stream
    every = {(kebab(state.name), kebab(flags.name)) for state, row in table.items() for flags in row}

    assert transitions_of(revision_key, "stream") == every


def test_transitions_of_settings_start_the_connection_of_0006() -> None:
    """The settings frame has its place before everything else and while it goes on, and nowhere else (SET-005)."""
    settings = {
        (state, cause)
        for state, cause in transitions_of("0006", "connection")
        if cause.startswith("settings")
    }

    assert settings == {
        ("initial", "settings-more"),
        ("initial", "settings-last"),
        ("settings-receiving", "settings-more"),
        ("settings-receiving", "settings-last"),
    }


def test_transitions_no_transition_is_generated_twice() -> None:
    """No two cases of a revision claim the same transition."""
    for suite in SUITES.values():
        parts = [part for case in suite["cases"] for part in case["title"].split("; ")]

        assert len(parts) == len(set(parts))


def test_transitions_run_a_command_only_when_the_table_says_active() -> None:
    """The shortest way to a whole request of several frames expects nothing before its last frame."""
    cases = {case["id"]: case for case in SUITES["0006"]["cases"]}
    steps = cases["server-transition-0006-server-request-data-data-last"]["steps"]

    assert [next(iter(step["expect"][0])) for step in steps] == ["want-frame", "run-command"]
    assert steps[-1]["expect"][0]["run-command"]["data"] == "data"


def test_transitions_without_a_requirement_stay_unspecified() -> None:
    """A level above `unspecified` is earned by a requirement."""
    for suite in SUITES.values():
        for case in suite["cases"]:
            assert (case["level"] == "must") == bool(case["requirements"])


@pytest.mark.parametrize(
    ("revision_key", "number"),
    [("0002-streams", "D48"), ("0005-draft", "D48"), ("0005", "D48"), ("0006", "D49")],
)
def test_transitions_over_stream_settings_show_that_mercurial_takes_none(
    revision_key: str, number: str
) -> None:
    """Of all deviations the tables show one, and only where a client's frame has the type 8, or 9 in `0006`."""
    type_id = 9 if revision_key == "0006" else 8
    for case in SUITES[revision_key]["cases"]:
        frames = [text for step in case["steps"] for text in step.get("receive", ())]
        has_settings = any(
            parse_notation(text, REVISIONS[revision_key]).type_id == type_id for text in frames
        )

        assert case.get("deviations", []) == ([number] if has_settings else []), case["id"]


def test_transitions_without_streams_show_no_deviation() -> None:
    """Before there were streams nothing could be set for them."""
    assert not any("deviations" in case for key in ("0001", "0002") for case in SUITES[key]["cases"])


def test_transitions_of_our_own_side_end_the_life_of_a_request() -> None:
    """An answer makes a request answered, and what has left frees its ID (RID-005)."""
    own = {cause for _, cause in transitions_of("0006", "server-request")} & {
        kebab(cause.name) for cause in LocalInput
    }

    assert own == {"answer", "sent"}
