"""The judge, rule by rule (docs/vector-format.md, "Actions")."""

from __future__ import annotations

import zlib

import pytest

from hgframing import REVISIONS, parse_notation
from hgframing_conformance._actions import parse_expected, parse_observed
from hgframing_conformance._cases import Action, ActionKind, Case, Expectation, Layer, Step, Verb
from hgframing_conformance._compare import CaseJudge, Problem, Rules, Verdict

from .zoo.cases import case


REVISION = REVISIONS["0006"]
SERVER = Layer.SERVER


def wire(*frames: str) -> dict[str, object]:
    """Write frames in notation as the `send-frames` that a harness reports."""
    octets = [REVISION.header.encode(parse_notation(frame, REVISION)) for frame in frames]
    return {"send-frames": [frame.hex() for frame in octets]}


def demand(*alternatives: list[object], never: tuple[str, ...] = (), layer: Layer = SERVER) -> Step:
    """Make a step that expects one of these lists of actions; none: anything."""
    lists = tuple(
        tuple(parse_expected(action, layer, "0006") for action in actions) for actions in alternatives
    )
    return Step(
        verb=Verb.END_INPUT,
        octets=(),
        value=None,
        expectation=Expectation(alternatives=lists or None, never=frozenset(map(ActionKind, never))),
    )


def observe(actions: list[object], layer: Layer = SERVER) -> tuple[Action, ...]:
    """Read what a harness reports."""
    return tuple(parse_observed(action, layer, "0006") for action in actions)


def one_step(step: Step, *, layer: Layer = SERVER, **fields: object) -> Case:
    """Make a case of one step."""
    return case("a-case", step, layer=layer, **fields)


def verdict(
    step: Step, actions: list[object], *, rules: Rules | None = None, layer: Layer = SERVER, **fields: object
) -> Verdict:
    """Judge one step."""
    judge = CaseJudge(one_step(step, layer=layer, **fields), rules or Rules(error_codes=True))
    return judge.judge([observe(actions, layer)])


def passes(step: Step, actions: list[object], **more: object) -> bool:
    """Tell whether a step passes."""
    return verdict(step, actions, **more).worst is None  # type: ignore[arg-type]


RUN = {"run-command": {"request": 1, "command": "c", "args": {}, "data": None, "redirect": None}}


def test_judge_silent_actions_are_not_significant() -> None:
    """`want-frame` and `noop` may be answered or left out."""
    assert passes(demand([{"want-frame": {}}]), [])
    assert passes(demand([]), [{"noop": {}}, {"want-frame": {}}])


def test_judge_expect_nothing_fails_on_something() -> None:
    """`expect: []` demands that nothing significant happens."""
    assert verdict(demand([]), [RUN]).worst is Problem.MISMATCH


def test_judge_missing_action_fails() -> None:
    """What is expected and does not come is a mismatch."""
    assert verdict(demand([RUN]), []).worst is Problem.MISMATCH


def test_judge_order_of_actions_counts() -> None:
    """A list of actions is in order."""
    error = {"error": {"code": "bad-flags"}}
    assert not passes(demand([RUN, error]), [error, RUN])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("data", {"hex": "00"}),
        ("args", {"map": [[{"hex": "61"}, 1]]}),
        ("redirect", {"map": []}),
        ("request", 3),
        ("command", {"hex": "64"}),
    ],
)
def test_judge_run_command_is_compared_whole(field: str, value: object) -> None:
    """A `run-command` has no field that may differ, even where the expectation leaves it out."""
    short = {"run-command": {"request": 1, "command": "c"}}
    assert passes(demand([short]), [RUN])
    assert not passes(demand([short]), [{"run-command": RUN["run-command"] | {field: value}}])


def test_judge_types_of_values_count() -> None:
    """`true` is not 1 and a bytestring is no text string."""
    wanted = {"run-command": {"request": 1, "command": "c", "args": {"a": 1}}}
    for other in (True, {"text": "1"}, "1"):
        got = {"run-command": RUN["run-command"] | {"args": {"map": [[{"hex": "61"}, other]]}}}
        assert not passes(demand([wanted]), [got])


def test_judge_alternatives_are_ranked() -> None:
    """A later alternative passes, and the verdict says which one it was."""
    step = demand([RUN], [{"error": {}}])
    assert verdict(step, [RUN]).alternatives == {}
    assert verdict(step, [{"error": {}}]).alternatives == {0: 1}
    assert not passes(step, [])


def test_judge_never_outranks_a_matching_alternative() -> None:
    """What must never occur fails even where an alternative allows it."""
    found = verdict(demand([RUN], never=("run-command",)), [RUN])
    assert found.worst is Problem.FORBIDDEN


def test_judge_never_alone_leaves_the_rest_open() -> None:
    """A step with `never` alone allows everything else."""
    step = demand(never=("run-command",))
    assert passes(step, [])
    assert passes(step, [{"error": {}}])
    assert verdict(step, [RUN]).worst is Problem.FORBIDDEN


def test_judge_raised_fails_unless_an_alternative_names_it() -> None:
    """An exception of the implementation is no `error`, and open steps do not allow it either."""
    raised = {"raised": {"type": "KeyError", "message": "4"}}
    assert verdict(demand([{"error": {}}]), [raised]).worst is Problem.RAISED
    assert verdict(demand(never=("run-command",)), [raised]).worst is Problem.RAISED
    assert passes(demand([{"error": {}}], [{"raised": {}}]), [raised])


@pytest.mark.parametrize(
    ("wanted", "got", "codes", "messages", "ok"),
    [
        ({"code": "bad-flags"}, {}, False, False, True),
        ({"code": "bad-flags"}, {}, True, False, False),
        ({"code": "bad-flags"}, {"code": "bad-cbor"}, True, False, False),
        ({"code": "bad-flags", "also": ["bad-cbor"]}, {"code": "bad-cbor"}, True, False, True),
        ({"message": "m"}, {"message": "other"}, True, False, True),
        ({"message": "m"}, {"message": "other"}, True, True, False),
        ({"message": "m"}, {}, True, True, False),
        ({"message": "m"}, {"message": "m"}, False, True, True),
        ({"code": "bad-flags", "request": 1}, {"code": "bad-flags", "request": 3}, True, False, False),
        ({"code": "bad-flags", "request": 1}, {"code": "bad-flags"}, True, False, True),
    ],
)
def test_judge_error_matches_on_three_rungs(
    wanted: dict[str, object], got: dict[str, object], *, codes: bool, messages: bool, ok: bool
) -> None:
    """That it is an error always counts, its code if declared, its message on demand."""
    rules = Rules(error_codes=codes, messages=messages)
    assert passes(demand([{"error": wanted}]), [{"error": got}], rules=rules) is ok


def test_judge_repeated_errors_are_one() -> None:
    """Every octet after a fault may be answered with an error again; the first one counts."""
    step = demand([{"error": {"code": "bad-flags"}}])
    again = [{"error": {"code": "already-errored"}}] * 3
    assert passes(step, [{"error": {"code": "bad-flags"}}, *again])
    assert not passes(step, [*again, {"error": {"code": "bad-flags"}}])


ERROR_FRAME = "1 2 stream-begin error-response 0 cbor:{b'type': b'protocol', b'message': [{b'msg': b'm'}]}"


def test_judge_error_frame_beside_an_error_is_not_significant() -> None:
    """A server may report a protocol error on the wire, or not."""
    step = demand([{"error": {}}])
    assert passes(step, [{"error": {}}, wire(ERROR_FRAME)])
    assert passes(step, [wire(ERROR_FRAME), {"error": {}}])
    assert not passes(demand([]), [wire(ERROR_FRAME)])


def test_judge_error_frame_that_is_expected_is_significant() -> None:
    """Where the expectation names the frame, it has to come."""
    step = demand([{"error": {}}, {"send-frames": [ERROR_FRAME]}])
    assert passes(step, [{"error": {}}, wire(ERROR_FRAME)])
    assert not passes(step, [{"error": {}}])


def test_judge_error_frame_hides_no_response() -> None:
    """A response that leaves beside an error and its frame still counts."""
    response = "3 2 0 command-response eos cbor:{b'status': b'ok'}"
    assert not passes(demand([{"error": {}}]), [{"error": {}}, wire(ERROR_FRAME, response)])


def response_data(data: str, *, eos: bool, request: int = 1) -> dict[str, object]:
    """Write a `response-data`."""
    return {"response-data": {"request": request, "data": data, "eos": eos}}


def test_judge_adjacent_response_data_is_joined() -> None:
    """How a response is handed over in pieces says nothing."""
    step = demand([response_data("ab", eos=True)], layer=Layer.CLIENT)
    pieces: list[object] = [response_data("a", eos=False), {"noop": {}}, response_data("b", eos=True)]
    assert passes(step, pieces, layer=Layer.CLIENT)
    assert not passes(step, pieces[::-1], layer=Layer.CLIENT)


def test_judge_response_data_of_two_requests_is_not_joined() -> None:
    """Pieces of another request between two pieces separate them."""
    step = demand([response_data("ab", eos=False)], layer=Layer.CLIENT)
    got: list[object] = [response_data("a", eos=False), response_data("b", eos=False, request=3)]
    assert not passes(step, got, layer=Layer.CLIENT)


def test_judge_response_data_after_its_end_is_not_joined() -> None:
    """Data after `eos` is a fault that joining must not hide."""
    step = demand([response_data("ab", eos=True)], layer=Layer.CLIENT)
    got: list[object] = [response_data("a", eos=True), response_data("b", eos=True)]
    assert not passes(step, got, layer=Layer.CLIENT)


def test_judge_field_left_open_is_not_compared() -> None:
    """A field that the expectation leaves out may be anything."""
    step = demand([{"response-data": {"request": 1, "eos": True}}], layer=Layer.CLIENT)
    assert passes(step, [response_data("whatever", eos=True)], layer=Layer.CLIENT)


def test_judge_sent_frames_over_two_actions_are_joined() -> None:
    """Adjacent `send-frames` say the same as one."""
    first, second = "1 2 stream-begin command-response continuation a", "1 2 0 command-response eos a"
    step = demand([RUN, {"send-frames": [first, second]}])
    assert passes(step, [RUN, wire(first), wire(second)])


def test_judge_exact_fragmentation_compares_frame_by_frame() -> None:
    """Under `fragmentation: exact` split points, flags and streams are significant."""
    whole = "1 2 stream-begin command-response eos cbor:{b'status': b'ok'}"
    cut = [
        "1 2 stream-begin command-response continuation hex:a1467374",
        "1 2 0 command-response eos hex:61747573426f6b",
    ]
    step = demand([RUN, {"send-frames": [whole]}])
    assert passes(step, [RUN, wire(*cut)])
    exact = {"setup": {"fragmentation": "exact"}}
    assert passes(step, [RUN, wire(whole)], **exact)
    assert not passes(step, [RUN, wire(*cut)], **exact)


def test_judge_exact_fragmentation_compares_payloads_after_decoding() -> None:
    """That a payload is encoded is significant, how an implementation encodes it is not."""
    settings = "1 2 stream-begin stream-settings eos cbor:b'zlib'"
    packer = zlib.compressobj()
    octets = packer.compress(b"abc") + packer.flush(zlib.Z_SYNC_FLUSH)
    encoded = f"1 2 encoded command-response eos hex:{octets.hex()}"
    exact = {"setup": {"fragmentation": "exact"}}
    step = demand([RUN, {"send-frames": [settings, "1 2 encoded command-response eos abc"]}])

    assert passes(step, [RUN, wire(settings, encoded)], **exact)
    assert not passes(step, [RUN, wire(settings, "1 2 0 command-response eos abc")], **exact)


def test_judge_what_no_sender_may_do_fails_whatever_is_expected() -> None:
    """A step that leaves everything open does not allow a frame on a closed stream."""
    found = verdict(demand(never=("error",)), [RUN, wire("1 2 0 command-response eos a")])

    assert [failure.problem for failure in found.failures] == [Problem.MISMATCH]
    assert found.failures[0].reason.startswith("STREAM-003: ")


def test_judge_same_behaviour_is_equally_significant() -> None:
    """Two runs that say the same in other pieces are equal, two that do not are not."""
    step = demand(never=("run-command",), layer=Layer.CLIENT)
    pieces: list[object] = [response_data("a", eos=False), response_data("b", eos=True)]

    def significant(actions: list[object]) -> object:
        return verdict(step, actions, layer=Layer.CLIENT).significant

    assert significant(pieces) == significant([response_data("ab", eos=True), {"noop": {}}])
    assert significant(pieces) != significant([response_data("ac", eos=True)])
    assert significant([{"error": {"code": "bad-flags", "message": "8 octets"}}]) == significant(
        [{"error": {"code": "bad-flags", "message": "9 octets"}}]
    )


def test_judge_reports_every_failing_step_in_order() -> None:
    """The failures of a case are those of all its steps."""
    judge = CaseJudge(case("a", demand([RUN]), demand([]), demand([RUN]), layer=SERVER), Rules())
    found = judge.judge([(), (), ()])
    assert [failure.index for failure in found.failures] == [0, 2]
