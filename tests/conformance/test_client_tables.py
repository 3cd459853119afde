"""What a client takes in every state, as tables."""

from __future__ import annotations

from typing import Any

import pytest

from hgframing import REVISIONS, Feature, Frame, parse_notation
from hgframing_conformance._client_tables import tables


WITH_STREAMS = [key for key, revision in REVISIONS.items() if Feature.STREAMS in revision.features]


def cases(revision_key: str) -> dict[str, dict[str, Any]]:
    """Return the cases of one revision by the end of their id."""
    prefix = f"client-alphabet-{revision_key}-"
    return {case["id"].removeprefix(prefix): case for case in tables(REVISIONS[revision_key])}


def rows(case: dict[str, Any], revision_key: str) -> list[Frame]:
    """Return the frames that a case is about: alone in their step, not there to open a stream or begin a response."""
    revision = REVISIONS[revision_key]
    texts = [step["receive"][0] for step in case["steps"] if len(step.get("receive", ())) == 1]
    frames = [parse_notation(text, revision) for text in texts]
    return [frame for frame in frames if frame.request_id != 1 and frame.stream_id != 254]


@pytest.mark.parametrize("state", ["sent", "receiving"])
@pytest.mark.parametrize(
    ("kind", "flags"), [("begin", (1, 3)), ("open", (0, 2)), ("again", (1, 3)), ("open-encoded", (4, 6))]
)
def test_tables_have_every_answer_with_every_stream_flag(
    state: str, kind: str, flags: tuple[int, int]
) -> None:
    """Answers of 0006 are types 3 (more and last), 5, 6 and 7; begin is 1, end 2, encoded 4."""
    found = {
        (frame.type_id, frame.flags, frame.stream_flags)
        for frame in rows(cases("0006")[f"{state}-{kind}"], "0006")
    }
    answers = ((3, 1), (3, 2), (5, 0), (6, 0), (7, 0))

    assert found == {(*answer, flag) for answer in answers for flag in flags}


@pytest.mark.parametrize("revision_key", WITH_STREAMS)
def test_tables_give_every_row_a_stream_of_its_own(revision_key: str) -> None:
    """No row depends on another: its request and its stream come nowhere else."""
    for case in cases(revision_key).values():
        frames = rows(case, revision_key)

        assert frames
        assert len({frame.request_id for frame in frames}) == len(frames)
        assert len({frame.stream_id for frame in frames}) == len(frames)


def test_tables_claim_what_decides_all_of_their_rows() -> None:
    """Begin on an open stream (D40) and encoded before there were encodings are decided by nothing."""
    levels = {key: case["level"] for key, case in cases("0006").items()}

    assert levels["sent-begin"] == levels["sent-open"] == levels["sent-open-encoded"] == "must"
    assert levels["sent-again"] == levels["sent-neither"] == "unspecified"
    assert cases("0005")["sent-open-encoded"]["level"] == "unspecified"


def test_tables_need_request_ids() -> None:
    """One request at a time leaves no room; 0002 has no streams and so one table for each state."""
    assert cases("0001") == {}
    assert set(cases("0002")) == {
        "sent-taken",
        "sent-neither",
        "receiving-taken",
        "receiving-neither",
    }
