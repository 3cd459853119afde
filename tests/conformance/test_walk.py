"""Which transitions a case takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import yaml

from hgframing import REVISIONS, Revision
from hgframing_conformance._cases import Layer
from hgframing_conformance._client_transitions import reachable_client_transitions
from hgframing_conformance._suites import load_suites
from hgframing_conformance._transitions import reachable_transitions
from hgframing_conformance._walk import Transition, walk


def walked(tmp_path: Path, layer: str, steps: Sequence[object], **case: object) -> tuple[Transition, ...]:
    """Walk one case, written as a suite."""
    suite = {
        "format": 1,
        "suite": f"{layer}/walked",
        "title": "Walked",
        "layer": layer,
        "revisions": ["0006"],
        "cases": [
            {
                "id": f"{layer}-walked",
                "title": "Walked",
                "level": "unspecified",
                "source": "by hand",
                "comment": "nothing is expected",
                "steps": list(steps),
                **case,
            }
        ],
    }
    file = tmp_path / "suites" / layer / "walked.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(yaml.safe_dump(suite))
    (tmp_path / "ids.txt").write_text(f"{layer}-walked\n")
    (loaded,) = load_suites([file])
    return walk(loaded)


def test_walk_of_a_server_names_all_three_tables(tmp_path: Path) -> None:
    """One frame takes a transition of the request, the connection and its stream."""
    frame = "1 1 stream-begin command-request new cbor:{b'name': b'a'}"

    assert set(walked(tmp_path, "server", [{"receive": [frame], "expect": []}])) == {
        ("server-request", "UNKNOWN", "NEW"),
        ("connection", "INITIAL", "NEW"),
        ("stream", "CLOSED", "BEGIN"),
    }


def test_walk_stops_at_a_fault(tmp_path: Path) -> None:
    """Behind a frame that has no place nothing is taken any more."""
    steps = [
        {"receive": ["1 1 stream-begin command-data eos"], "never": ["run-command"]},
        {"receive": ["1 1 0 command-request new cbor:{b'name': b'a'}"], "never": ["run-command"]},
    ]

    assert walked(tmp_path, "server", steps) == ()


def test_walk_of_an_answer_that_has_not_left_ends_before_sent(tmp_path: Path) -> None:
    """`unsent` leaves the last transition to the step `sent`."""
    request = {"receive": ["1 1 stream-begin command-request new cbor:{b'name': b'a'}"], "expect": []}
    answer = {"respond": {"request": 1, "objects": [], "unsent": True}, "expect": []}
    before = walked(tmp_path / "a", "server", [request, answer])
    after = walked(tmp_path / "b", "server", [request, answer, {"sent": {"request": 1}, "expect": []}])

    assert ("server-request", "ACTIVE", "ANSWER") in before
    assert ("server-request", "ANSWERED", "SENT") not in before
    assert after[-1] == ("server-request", "ANSWERED", "SENT")


def test_walk_of_a_client_follows_its_request(tmp_path: Path) -> None:
    """A call is pending, sent and answered."""
    steps = [
        {"call": {"command": "a"}, "expect": []},
        {"flush": None, "expect": []},
        {"receive": ["1 2 stream-begin command-response eos x"], "expect": []},
    ]

    assert [entry for entry in walked(tmp_path, "client", steps) if entry[0] == "client-request"] == [
        ("client-request", "PENDING", "SEND"),
        ("client-request", "SENDING", "SENT"),
        ("client-request", "SENT", "RESPONSE_LAST"),
    ]


@pytest.mark.parametrize(
    ("layer", "reachable"),
    [(Layer.SERVER, reachable_transitions), (Layer.CLIENT, reachable_client_transitions)],
)
def test_walk_of_the_generated_suites_takes_every_reachable_transition(
    layer: Layer, reachable: Callable[[Revision], tuple[Transition, ...]]
) -> None:
    """Two ways to the same knowledge: the generator's paths, and the octets that it wrote."""
    taken: dict[str, set[Transition]] = {key: set() for key in REVISIONS}
    for case in load_suites():
        if case.source == "generated:transitions" and case.layer is layer:
            taken[case.revision] |= set(walk(case))

    for revision in REVISIONS.values():
        assert taken[revision.key] == set(reachable(revision))
