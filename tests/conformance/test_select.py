"""Which items run, and what an implementation cannot be asked."""

from __future__ import annotations

import msgspec
import pytest

from hgframing_conformance._cases import (
    Action,
    ActionKind,
    Case,
    Chunking,
    Expectation,
    Layer,
    Level,
    Step,
    Tier,
    Verb,
)
from hgframing_conformance._messages import Hello
from hgframing_conformance._select import (
    Item,
    Selection,
    item_message,
    items,
    judged_case,
    lacking,
    select,
    unsupported,
)
from hgframing_conformance._values import MapValue, Text

from .zoo.cases import case, frame_step


def hello(**capabilities: object) -> Hello:
    """Make the hello of an implementation of revision 0006."""
    return msgspec.convert(
        {
            "op": "hello",
            "protocol": 1,
            "name": "tame",
            "version": "1",
            "language": "l",
            "revisions": ["0006"],
            "layers": ["codec", "client"],
            "capabilities": capabilities,
        },
        Hello,
    )


def step(verb: Verb, value: object = None) -> Step:
    """Make a step without an expectation."""
    return Step(
        verb=verb, octets=(), value=value, expectation=Expectation(alternatives=None, never=frozenset())
    )


def first(one: Case) -> Item:
    """Return the first item of a case."""
    return items(one)[0]


ALL = (Chunking.FRAME, Chunking.WHOLE, Chunking.BYTE)


def test_items_are_the_chunkings_of_a_case() -> None:
    """A case with received octets is one item for each chunking, named after it."""
    found = items(case("a-b", frame_step("x"), chunkings=ALL))
    assert [item.name for item in found] == ["a-b@0006[frame]", "a-b@0006[whole]", "a-b@0006[byte]"]


def test_items_without_octets_have_nothing_to_cut() -> None:
    """A case that receives nothing runs once."""
    assert len(items(case("a-b", step(Verb.END_INPUT), chunkings=ALL))) == 1


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        (Selection(), ["one", "two"]),
        (Selection(tiers=frozenset(Tier)), ["one", "two", "big"]),
        (Selection(tiers=frozenset(Tier), names=frozenset({"big@0006", "one@0005"})), ["big"]),
        (Selection(names=frozenset()), []),
        (Selection(layers=frozenset({Layer.SERVER})), ["two"]),
        (Selection(levels=frozenset({Level.MAY})), ["two"]),
        (Selection(revisions=frozenset({"0005"})), []),
        (Selection(patterns=("on",)), ["one"]),
        (Selection(patterns=("o*", "two@0006")), ["one", "two"]),
        (Selection(patterns=("n*",)), []),
        (Selection(patterns=("[frame]",)), ["one", "two"]),
    ],
)
def test_select_every_filter_narrows(selection: Selection, names: list[str]) -> None:
    """What a filter does not name does not run; an empty filter narrows nothing."""
    cases = [
        case("one", frame_step("x")),
        case("two", frame_step("x"), layer=Layer.SERVER, level=Level.MAY),
        case("big", frame_step("x"), tier=Tier.FULL),
    ]
    assert [item.case.id for item in select(cases, selection)] == names


@pytest.mark.parametrize(
    ("fields", "capabilities", "reason"),
    [
        ({}, {}, ""),
        ({"revision": "0005"}, {}, "revision 0005"),
        ({"layer": Layer.SERVER}, {}, "layer server"),
        ({}, {"steps": ["end-input"]}, "step receive"),
        ({"setup": {"limits": {"max-payload": 1}}}, {}, "setup limits"),
        ({"setup": {"limits": {"max-payload": 1}}}, {"setup": ["limits"]}, ""),
        ({"setup": {"buffer-sends": True}}, {}, ""),
        ({"setup": {"buffer-sends": False}}, {}, "setup buffer-sends"),
        ({"setup": {"fragmentation": "exact"}}, {}, ""),
        ({"requires": {"encodings": ["identity", "zlib"]}}, {}, "encodings zlib"),
        ({"requires": {"encodings": ["zlib"]}}, {"encodings": ["identity", "zlib"]}, ""),
        ({"requires": {"request-states": True}}, {}, "request-states true"),
        ({"chunkings": (Chunking.BYTE,)}, {"chunking": False}, "chunking byte"),
        ({}, {"chunking": False}, ""),
    ],
)
def test_unsupported_follows_from_hello(
    fields: dict[str, object], capabilities: dict[str, object], reason: str
) -> None:
    """What a case needs and hello does not declare is named."""
    assert unsupported(first(case("a", frame_step("x"), **fields)), hello(**capabilities)) == reason


def test_unsupported_steps_behind_the_end_of_input() -> None:
    """A transport with one body for each conversation has no such thing."""
    ends = case("a", frame_step("x"), step(Verb.END_INPUT))
    goes_on = case("b", step(Verb.END_INPUT), frame_step("x"))

    assert unsupported(first(ends), hello(**{"after-end": False})) == ""
    assert unsupported(first(goes_on), hello()) == ""
    assert "follows the end of input" in unsupported(first(goes_on), hello(**{"after-end": False}))


def test_unsupported_values_that_cannot_be_told_apart() -> None:
    """Who cannot report a text string cannot be asked what it makes of one."""
    action = Action(
        ActionKind.RUN_COMMAND,
        {"command": b"c", "args": MapValue(((b"a", Text("t")), (b"b", 1))), "redirect": None},
    )
    open_ended = Expectation(alternatives=((), (action,)), never=frozenset())
    asking = case("a", msgspec.structs.replace(frame_step("x"), expectation=open_ended))

    assert unsupported(first(asking), hello()) == ""
    assert unsupported(first(asking), hello(values=["map", "int", "null", "text"])) == ""
    assert unsupported(first(asking), hello(values=["map", "int", "null"])) == "values text"
    assert unsupported(first(case("b", frame_step("x"))), hello(values=[])) == ""


def test_unsupported_cut_octets_need_chunking() -> None:
    """Octets that are no whole frame cannot be sent to who takes whole frames only."""
    whole = frame_step("x")
    half = msgspec.structs.replace(whole, octets=(whole.octets[0][:5], whole.octets[0][5:]))
    assert "no whole frames" in unsupported(first(case("a", half)), hello(chunking=False))


def test_judged_case_leaves_out_what_counts_only_if_declared() -> None:
    """`request-state` is asked only of those who declare that they answer it."""
    asking = case("a", frame_step("x"), step(Verb.REQUEST_STATE, {"request": 1}))
    assert len(judged_case(asking, hello()).steps) == 1
    assert judged_case(asking, hello(**{"request-states": True})) is asking


@pytest.mark.parametrize(
    ("chunking", "cut"),
    [
        (Chunking.FRAME, ["0102", "03"]),
        (Chunking.WHOLE, ["010203"]),
        (Chunking.BYTE, ["01", "02", "03"]),
    ],
)
def test_item_message_cuts_octets(chunking: Chunking, cut: list[str]) -> None:
    """The same octets arrive as they were written, in one piece, or one by one."""
    receive = msgspec.structs.replace(frame_step("x"), octets=(b"\x01\x02", b"\x03"))
    message = item_message(case("a", receive), chunking)
    assert message["steps"] == [{"receive": cut}]


def test_item_message_tells_nothing_of_the_case() -> None:
    """A harness never learns id, title or expectation, nor what is said to the judge."""
    secret = case("a-secret", frame_step("x"), setup={"fragmentation": "exact", "defer-output": True})
    message = item_message(secret, Chunking.FRAME)
    assert message.keys() == {"op", "seq", "revision", "layer", "setup", "steps"}
    assert message["setup"] == {"defer-output": True}


@pytest.mark.parametrize(
    ("needed", "declared", "missing"),
    [
        (["a", "b"], ["b"], "a"),
        (["a"], ["a", "c"], ""),
        ([], [], ""),
        (True, False, "true"),
        (True, True, ""),
        (False, True, ""),
    ],
)
def test_lacking_says_what_is_not_declared(needed: object, declared: object, missing: str) -> None:
    """More than is needed may be declared; `false` needs nothing."""
    assert lacking(needed, declared) == missing
