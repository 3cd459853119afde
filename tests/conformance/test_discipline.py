"""What no sender may do: each rule on frames that break it, and on frames that do not."""

from __future__ import annotations

import pytest

from hgframing import REVISIONS, parse_notation
from hgframing_conformance._cases import Action, ActionKind, Layer
from hgframing_conformance._discipline import RULES, Discipline
from hgframing_conformance._requirements import load_requirements


SERVER, CLIENT = Layer.SERVER, Layer.CLIENT
RUN = Action(ActionKind.RUN_COMMAND, {"request": 1})


def sent(*frames: str, revision: str) -> Action:
    """Make the action that sends frames in notation."""
    read = tuple(parse_notation(frame, REVISIONS[revision]) for frame in frames)
    return Action(ActionKind.SEND_FRAMES, {"frames": read})


def broken(revision: str, layer: Layer, *frames: str, runs: int = 1) -> str:
    """Name the rule that frames break first; empty: none. A server has been asked for request 1."""
    discipline = Discipline(REVISIONS[revision], layer)
    request = 0 if revision == "0001" else 1
    asked = [Action(ActionKind.RUN_COMMAND, {"request": request})] * runs if layer is SERVER else []
    assert discipline.breach(asked) == ""
    return discipline.breach([sent(*frames, revision=revision)]).partition(":")[0]


BEGIN = "1 2 stream-begin command-response"
CALL = "1 1 stream-begin command-request"
BROKEN = [
    ("0006", SERVER, "STREAM-001", ["1 1 stream-begin command-response eos"]),
    ("0006", CLIENT, "STREAM-001", ["1 2 stream-begin command-request new"]),
    ("0006", SERVER, "STREAM-003", ["1 2 0 command-response eos"]),
    ("0006", SERVER, "STREAM-003", ["1 2 stream-begin|stream-end text-output 0", "1 2 0 text-output 0"]),
    ("0006", SERVER, "FRAME-007", ["1 2 9 command-response eos"]),
    ("0006", SERVER, "FRAME-005", ["1 2 stream-begin text-output 1"]),
    ("0006", SERVER, "RSP-004", [f"{BEGIN} continuation|eos"]),
    ("0001", SERVER, "RSP-004", ["bytes-response continuation|eos"]),
    ("0006", SERVER, "RSP-003", [f"{BEGIN} eos", "1 2 0 command-response eos"]),
    ("0006", SERVER, "RSP-003", [f"{BEGIN} eos", "1 2 0 text-output 0"]),
    ("0006", SERVER, "RSP-003", ["1 2 stream-begin error-response 0", "1 2 0 progress 0"]),
    ("0006", SERVER, "RSP-003", ["3 2 stream-begin command-response eos"]),
    ("0001", SERVER, "RSP-003", ["bytes-response eos", "bytes-response eos"]),
    ("0006", SERVER, "ENC-001", [f"{BEGIN} continuation", "1 2 0 stream-settings eos"]),
    ("0002-streams", SERVER, "ENC-001", ["1 2 stream-begin text-output 0", "1 2 0 stream-settings 0"]),
    ("0006", SERVER, "ENC-006", ["1 2 stream-begin stream-settings 0"]),
    ("0006", SERVER, "ENC-006", ["1 2 stream-begin stream-settings continuation|eos"]),
    ("0006", SERVER, "ENC-006", ["1 2 stream-begin stream-settings continuation", "1 2 0 text-output 0"]),
    (
        "0006",
        SERVER,
        "ENC-006",
        ["1 2 stream-begin stream-settings continuation", "1 4 stream-begin stream-settings eos"],
    ),
    ("0006", CLIENT, "SET-005", [f"{CALL} new", "1 1 0 sender-protocol-settings eos"]),
    ("0006", CLIENT, "SET-006", ["0 1 stream-begin sender-protocol-settings 0"]),
    ("0006", CLIENT, "SET-006", ["0 1 stream-begin sender-protocol-settings continuation|eos"]),
    (
        "0006",
        CLIENT,
        "SET-006",
        ["0 1 stream-begin sender-protocol-settings continuation", "1 1 0 command-request new"],
    ),
    ("0006", CLIENT, "RID-001", ["2 1 stream-begin command-request new"]),
    ("0002", CLIENT, "RID-001", ["2 command-name eos"]),
    ("0006", CLIENT, "REQ-004", [f"{CALL} new|more", "1 1 0 command-request new"]),
    ("0006", CLIENT, "REQ-005", [f"{CALL} continuation"]),
    ("0006", CLIENT, "REQ-005", [f"{CALL} new|have-data", "1 1 0 command-request continuation|have-data"]),
    ("0006", CLIENT, "REQ-006", [f"{CALL} 0"]),
    ("0006", CLIENT, "REQ-007", [f"{CALL} new|continuation"]),
    ("0006", CLIENT, "REQ-010", [f"{CALL} new|more|have-data", "1 1 0 command-request continuation"]),
    ("0006", CLIENT, "REQ-010", [f"{CALL} new|more", "1 1 0 command-request continuation|have-data"]),
    ("0006", CLIENT, "REQ-011", [f"{CALL} new|more|have-data", "1 1 0 command-data eos"]),
    ("0006", CLIENT, "DATA-004", [f"{CALL} new", "1 1 0 command-data eos"]),
    ("0006", CLIENT, "DATA-004", [f"{CALL} new|more", "1 1 0 command-data eos"]),
    ("0006", CLIENT, "DATA-002", [f"{CALL} new|have-data", "1 1 0 command-data 0"]),
    ("0006", CLIENT, "DATA-002", [f"{CALL} new|have-data", "1 1 0 command-data continuation|eos"]),
    ("0001", CLIENT, "CMD-006", ["command-name eos|have-args"]),
    ("0001", CLIENT, "CMD-007", ["command-name have-data", "command-argument eoa"]),
    ("0001", CLIENT, "CMD-007", ["command-name have-args|have-data", "command-data eos"]),
    ("0001", CLIENT, "CMD-007", ["command-name have-data", "command-name eos"]),
    ("0001", CLIENT, "CMD-007", ["command-argument eoa"]),
    ("0001", CLIENT, "CMD-008", ["command-name 0"]),
]
KEPT = [
    ("0006", SERVER, [f"{BEGIN} continuation", "1 2 0 text-output 0", "1 2 stream-end command-response eos"]),
    ("0006", SERVER, ["1 2 stream-begin|stream-end text-output 0", f"{BEGIN} eos"]),
    ("0006", SERVER, [f"{BEGIN} 0", "1 2 0 error-response 0", "3 2 0 error-response 0"]),
    (
        "0006",
        SERVER,
        ["1 2 stream-begin stream-settings continuation", "1 2 0 stream-settings eos", "1 2 4 text-output 0"],
    ),
    ("0002-streams", SERVER, ["1 2 stream-begin stream-settings 0", "1 2 0 bytes-response eos"]),
    (
        "0006",
        CLIENT,
        [
            "0 1 stream-begin sender-protocol-settings continuation",
            "0 1 0 sender-protocol-settings eos",
            "1 1 0 command-request new|more|have-data",
            "3 1 0 command-request new",
            "1 1 0 command-request continuation|have-data",
            "1 1 0 command-data continuation",
            "1 1 0 command-data eos",
        ],
    ),
    (
        "0001",
        CLIENT,
        [
            "command-name have-args|have-data",
            "command-argument 0",
            "command-argument eoa",
            "command-data eos",
        ],
    ),
    ("0001", CLIENT, ["command-name have-args", "command-argument eoa", "command-name eos"]),
]


@pytest.mark.parametrize(("revision", "layer", "rule", "frames"), BROKEN)
def test_discipline_names_the_rule_that_is_broken(
    revision: str, layer: Layer, rule: str, frames: list[str]
) -> None:
    """The last frame breaks it: without that, nothing is wrong."""
    assert broken(revision, layer, *frames) == rule
    assert broken(revision, layer, *frames[:-1]) == ""


@pytest.mark.parametrize(("revision", "layer", "frames"), KEPT)
def test_discipline_finds_nothing_in_what_is_allowed(revision: str, layer: Layer, frames: list[str]) -> None:
    """Cutting, interleaving and ending streams are a sender's choice."""
    assert broken(revision, layer, *frames) == ""


def test_discipline_payload_has_no_more_octets_than_anybody_allowed() -> None:
    """FRAME-003: 65535 are the most, and no negotiation exists."""
    assert broken("0002", SERVER, "1 bytes-response eos " + "a" * 65535) == ""
    assert broken("0002", SERVER, "1 bytes-response eos " + "a" * 65536) == "FRAME-003"


def test_discipline_counts_answers_where_requests_have_no_ids() -> None:
    """Without IDs two commands may wait, and two answers come."""
    assert broken("0001", SERVER, "bytes-response eos", "bytes-response eos", runs=2) == ""


def test_discipline_remembers_over_steps() -> None:
    """What one step began, the next goes on with; and a breach is of the step that it is in."""
    discipline = Discipline(REVISIONS["0006"], SERVER)

    assert discipline.breach([RUN, sent(f"{BEGIN} continuation", revision="0006")]) == ""
    assert discipline.breach([sent("1 2 0 command-response eos", revision="0006")]) == ""
    found = discipline.breach([sent("1 2 0 command-response eos", revision="0006")])
    assert found == f"RSP-003: {RULES['RSP-003']} (request 1, stream 2, type 3)"
    assert discipline.breach([]) == ""


def test_discipline_leaves_frames_of_no_type_to_the_comparison() -> None:
    """Nobody knows what flags and streams mean for them."""
    assert broken("0006", SERVER, "1 1 0 12 15 abc") == ""


def test_discipline_rules_are_requirements() -> None:
    """Each rule is named after a row of the catalogue, and there is a test for each."""
    catalogue = load_requirements()
    assert catalogue is not None

    assert all(rule in catalogue for rule in RULES)
    assert {rule for _, _, rule, _ in BROKEN} | {"FRAME-003"} == RULES.keys()
