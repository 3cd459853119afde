"""What a server takes in every state, as tables."""

from __future__ import annotations

from typing import Any

import pytest

from hgframing import REVISIONS, Feature, Frame, FrameInput, parse_notation
from hgframing_conformance._server_tables import server_tables


WITH_STREAMS = [key for key, revision in REVISIONS.items() if Feature.STREAMS in revision.features]


def cases(revision_key: str) -> dict[str, dict[str, Any]]:
    """Return the cases of one revision by the end of their id."""
    prefix = f"server-alphabet-{revision_key}-takes-"
    return {case["id"].removeprefix(prefix): case for case in server_tables(REVISIONS[revision_key])}


def rows(case: dict[str, Any], revision_key: str) -> list[Frame]:
    """Return the frames that a case is about: alone in their step, not there to open a stream or to begin a request."""
    revision = REVISIONS[revision_key]
    texts = [step["receive"][0] for step in case["steps"] if len(step["receive"]) == 1]
    frames = [parse_notation(text, revision) for text in texts]
    return [frame for frame in frames if frame.request_id != 1 and frame.stream_id != 253]


@pytest.mark.parametrize("revision_key", WITH_STREAMS)
@pytest.mark.parametrize(
    ("kind", "flags"), [("begin", {1, 3}), ("open", {0, 2}), ("again", {1, 3}), ("open-encoded", {4, 6})]
)
def test_server_tables_have_every_input_of_every_state(revision_key: str, kind: str, flags: set[int]) -> None:
    """As many rows as the request table has entries of frames, times two stream flags, and none twice."""
    table = REVISIONS[revision_key].server_request
    entries = sum(isinstance(what, FrameInput) for row in table.values() for what in row)
    found = rows(cases(revision_key)[kind], revision_key)

    assert len(found) == 2 * entries
    assert {frame.stream_flags for frame in found} == flags
    assert (
        len({frame.request_id for frame in found}) == len({frame.stream_id for frame in found}) == len(found)
    )


def test_server_tables_run_what_is_whole() -> None:
    """NEW, CONTINUATION and the last data end a request of 0006: three inputs of ten, with two stream flags each."""
    steps = cases("0006")["begin"]["steps"]

    assert sum(len(step["expect"]) for step in steps) == 6


def test_server_tables_claim_what_decides_all_of_their_rows() -> None:
    """Begin on an open stream (D40) and encoded before there were encodings are decided by nothing."""
    levels = {key: case["level"] for key, case in cases("0006").items()}

    assert levels["begin"] == levels["open"] == levels["begin-encoded"] == "must"
    assert levels["again"] == levels["again-encoded"] == "unspecified"
    assert cases("0002-streams")["open-encoded"]["level"] == "unspecified"
    assert cases("0006")["open-encoded"]["deviations"] == ["D38"]


def test_server_tables_need_streams() -> None:
    """Without stream flags the transitions are all that there is."""
    assert cases("0002") == {}
