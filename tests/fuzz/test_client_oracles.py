"""Tests of `hgframing_fuzz._client_oracles`: each objects to what it is for, and to nothing else."""

from __future__ import annotations

import pytest

from hgframing_fuzz import Kind, Observed, Options
from hgframing_fuzz._client_oracles import check_client_trace
from hgframing_fuzz._drive import make_script
from hgframing_fuzz._input import Delivery
from hgframing_fuzz._outcome import Seen, Trace
from tests.fuzz.miniatures import ERROR, R5, an_input


NOOP = Observed(Kind.NOOP)


def data(request: int, payload: bytes = b"x", *, eos: bool = True) -> Observed:
    """Response data."""
    return Observed(Kind.RESPONSE_DATA, request, (payload, eos))


def failed(request: int, kind: object = "server") -> Observed:
    """An error response."""
    return Observed(Kind.ERROR_RESPONSE, request, (kind, ()))


def judge(frames: list[str], *observed: Observed, delivery: Delivery = Delivery.FRAME) -> str | None:
    """Which oracle objects; requests 1 and 3 are called."""
    script = make_script(an_input(*frames, options=Options(answers=1)), R5, delivery)
    trace: Trace = [Seen((one,)) for one in observed]
    finding = check_client_trace(script, trace)
    return None if finding is None else f"{finding.kind}.{finding.line}"


LAST = "1 2 stream-begin command-response eos x"
MORE = "1 2 stream-begin command-response continuation x"
OTHER = "3 2 0 command-response eos x"
FAILS = "1 2 0 error-response 0"


@pytest.mark.parametrize(
    ("frames", "observed"),
    [
        ([LAST, OTHER], [data(1), data(3)]),
        ([MORE, LAST], [data(1, eos=False), data(1)]),
        ([LAST, "1 2 0 15 0"], [data(1), ERROR]),
        ([FAILS, OTHER], [failed(1), data(3)]),
        (["9 2 stream-begin error-response 0"], [failed(9, "protocol")]),
        (["9 2 stream-begin error-response 0"], [failed(9, b"protocol")]),
        (["1 2 stream-begin|encoded command-response eos y"], [data(1, b"anything")]),
        (["1 2 stream-begin command-response 0 x"], [data(1, eos=False)]),
        (["1 2 stream-begin text-output 0 x"], [Observed(Kind.TEXT_OUTPUT, 1)]),
        ([LAST], [NOOP]),
    ],
)
def test_check_honest_client_is_not_objected_to(frames: list[str], observed: list[Observed]) -> None:
    """What the protocol lets a client do."""
    assert judge(frames, *observed) is None


@pytest.mark.parametrize(
    ("frames", "observed", "expected"),
    [
        (["1 2 0 15 0", LAST], [ERROR, data(1)], "fault-is-terminal.response-data"),
        (["1 2 0 15 0", FAILS], [ERROR, failed(1)], "fault-is-terminal.error-response"),
        (["5 2 0 command-response eos x"], [data(5)], "own-request.uncalled"),
        ([LAST], [data(3)], "own-request.foreign"),
        ([LAST, LAST], [data(1), data(1)], "one-end.response-data"),
        ([FAILS, LAST], [failed(1), data(1)], "one-end.response-data"),
        (["1 2 0 command-response continuation|eos x"], [data(1)], "response-flags.both"),
        ([LAST], [data(1, b"y")], "own-data.payload"),
        (["1 2 0 text-output 0 x"], [data(1)], "own-data.text-output"),
        ([LAST], [Observed(Kind.RAISED, None, ("KeyError", "b'x'"))], "KeyError.N"),
    ],
)
def test_check_broken_client_is_objected_to(
    frames: list[str], observed: list[Observed], expected: str
) -> None:
    """Each oracle has its fault."""
    assert judge(frames, *observed) == expected


def test_check_value_deeper_than_the_stack_is_not_printed() -> None:
    """A client may deliver what a server sent, whatever it is; the oracles do not fall over it."""
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]

    assert judge([FAILS], failed(1, deep)) is None


def test_check_octets_that_are_cut_are_judged_by_what_is_known() -> None:
    """Which frame led to what is not known then; who was called is."""
    assert judge([LAST], data(3, b"y"), delivery=Delivery.WHOLE) is None
    assert judge([LAST], data(5), delivery=Delivery.WHOLE) == "own-request.uncalled"
