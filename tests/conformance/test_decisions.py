"""Which requirement decides that a frame has its place."""

from __future__ import annotations

import pytest

from hgframing import REVISIONS, FrameInput
from hgframing_conformance._decisions import (
    answer_deviations,
    answer_requirements,
    deviations_of,
    requirements_of,
)


@pytest.mark.parametrize(
    ("revision_key", "expected"),
    [
        ("0001", ["ERR-001"]),
        ("0002-streams", ["ERR-001"]),
        ("0005-draft", ["ERR-001", "RSP-010"]),
        ("0005", ["ERR-004", "RSP-010"]),
        ("0006", ["ERR-004", "RSP-010"]),
    ],
)
def test_answer_requirements_are_those_of_the_revision(revision_key: str, expected: list[str]) -> None:
    """Error frames were text until 0005-draft and are CBOR since 0005; that clients be ready is written since CBOR."""
    assert answer_requirements(REVISIONS[revision_key], FrameInput.ERROR_RESPONSE) == expected


def test_answer_requirements_decide_nothing_about_frames_of_clients() -> None:
    """The tables of a server are another matter."""
    assert answer_requirements(REVISIONS["0006"], FrameInput.NEW) == []


def test_answer_requirements_decide_nothing_about_settings_without_profiles() -> None:
    """Before 0006 the frame existed and nothing that it could name did."""
    assert answer_requirements(REVISIONS["0005"], FrameInput.STREAM_SETTINGS_LAST) == []
    assert answer_requirements(REVISIONS["0006"], FrameInput.STREAM_SETTINGS_LAST) == ["ENC-003", "ENC-006"]


def test_answer_deviations_are_told_once_and_in_order() -> None:
    """Progress reaches no client of Mercurial for two reasons (D75, D85), text for one of them."""
    inputs = (FrameInput.PROGRESS, FrameInput.TEXT_OUTPUT, FrameInput.RESPONSE_LAST)

    assert answer_deviations(REVISIONS["0006"], inputs) == ["D75", "D85"]
    assert answer_deviations(REVISIONS["0002-streams"], inputs) == ["D85"]


def test_requirements_of_drops_what_a_revision_lacks() -> None:
    """Streams came with 0002-streams."""
    assert requirements_of(REVISIONS["0002"], ("STREAM-003", "RSP-003", "RSP-003")) == ["RSP-003"]


def test_deviations_of_sorts_by_number() -> None:
    """D9 comes before D10."""
    assert deviations_of(REVISIONS["0001"], ("D10", "D9", "D62")) == ["D9", "D10"]
