"""Tests of requests that are not whole yet: what is kept of them, within which limits, and when they run."""

from __future__ import annotations

import tracemalloc

from collections.abc import Iterable

import pytest

from hgframing import (
    REVISIONS,
    CommandData,
    FaultCode,
    Frame,
    FrameInput,
    Limits,
    RunCommand,
    ServerRequestState,
    WantFrame,
    parse_notation,
)
from hgframing._errors import FaultRaised
from hgframing._requests import RequestAction, Requests


S = ServerRequestState

BY_NAME = ("0001", "0002", "0002-streams")
BY_CBOR = ("0005-draft", "0005", "0006")

#: `foo` = `ab`, and its parts.
FOO = r"\x03\x00\x02\x00fooab"


class Desk:
    """The input half of a server, and the requests that its other half would know."""

    def __init__(self, key: str, limits: Limits | None = None, *, stream_data: bool = False) -> None:
        self.revision = REVISIONS[key]
        self.active: set[int] = set()
        self.requests = Requests(
            self.revision,
            limits or Limits(),
            lambda request_id: S.ACTIVE if request_id in self.active else S.UNKNOWN,
            stream_data=stream_data,
        )

    def frame(self, notation: str) -> tuple[Frame, FrameInput]:
        """Write `<request> <type> <flags> <payload>` in the revision, without the request where there are none."""
        request_id, rest = notation.split(" ", 1)
        if self.revision.header.has_stream:
            rest = f"{request_id} 1 0 {rest}"
        elif self.revision.header.has_request:
            rest = notation
        frame = parse_notation(rest, self.revision)
        return frame, self.revision.inputs[frame.type_id << 4 | frame.flags]

    def receive(self, notation: str) -> RequestAction | None:
        """Take a frame."""
        return self.requests.receive(*self.frame(notation), len(self.active))

    def receive_all(self, notations: Iterable[str]) -> RequestAction | None:
        """Take several; the answer to the last counts."""
        action: RequestAction | None = None
        for notation in notations:
            action = self.receive(notation)
        return action

    def faults(self, notation: str, code: FaultCode, message: str) -> None:
        """Demand that a frame is a fault."""
        with pytest.raises(FaultRaised) as raised:
            self.receive(notation)
        assert (raised.value.code, raised.value.message) == (code, message)


def request(key: str, *, data: bool, more: bool = False) -> str:
    """Write the first frame of a request of command `c` under ID 1."""
    if key in BY_NAME:
        flags = "|".join(["have-args"] * more + ["have-data"] * data) or "eos"
        return f"1 command-name {flags} c"
    flags = "|".join(["new"] + ["more"] * more + ["have-data"] * data)
    return f"1 command-request {flags} " + (r"\xa1\x44na" if more else "cbor:{b'name': b'c'}")


# What runs, and when.


@pytest.mark.parametrize("key", REVISIONS)
def test_request_of_one_frame_runs(key: str) -> None:
    """Nothing of it is kept."""
    desk = Desk(key)

    assert desk.receive(request(key, data=False)) == RunCommand(1 if key != "0001" else 0, b"c", {})
    assert len(desk.requests) == 0


@pytest.mark.parametrize("key", REVISIONS)
def test_request_with_data_runs_when_the_data_is_whole(key: str) -> None:
    """Data frames are joined, empty ones too; until then more is wanted (DATA-001 to DATA-003)."""
    desk = Desk(key)
    request_id = 0 if key == "0001" else 1

    assert desk.receive(request(key, data=True)) == WantFrame()
    assert desk.requests.ids == (request_id,)
    assert desk.requests.state(request_id) is S.DATA
    assert desk.receive("1 command-data continuation ab") == WantFrame()
    assert desk.receive("1 command-data continuation") == WantFrame()
    assert desk.receive(r"1 command-data eos \x00\xff") == RunCommand(request_id, b"c", {}, b"ab\x00\xff")
    assert (len(desk.requests), desk.requests.state(request_id)) == (0, S.UNKNOWN)


@pytest.mark.parametrize("key", REVISIONS)
def test_request_with_empty_data_runs_with_empty_data(key: str) -> None:
    """Data that is empty is not data that was never announced."""
    action = Desk(key).receive_all([request(key, data=True), "1 command-data eos"])

    assert isinstance(action, RunCommand)
    assert action.data == b""


@pytest.mark.parametrize("key", BY_NAME)
def test_arguments_are_collected_until_the_last(key: str) -> None:
    """One a frame; the last says so (ARG-002, ARG-006), and an empty name is a name."""
    desk = Desk(key)
    request_id = 0 if key == "0001" else 1

    assert desk.receive("1 command-name have-args c") == WantFrame()
    assert desk.requests.state(request_id) is S.ARGUMENTS
    assert desk.receive(f"1 command-argument 0 {FOO}") == WantFrame()
    assert desk.receive(r"1 command-argument eoa \x00\x00\x01\x00b") == RunCommand(
        request_id, b"c", {b"foo": b"ab", b"": b"b"}
    )
    assert len(desk.requests) == 0


@pytest.mark.parametrize("key", BY_NAME)
@pytest.mark.parametrize("pieces", [["ab", "cd", ""], ["", "abcd", ""], ["abcd", "", ""], ["a", "b", "cd"]])
def test_value_over_several_frames_is_joined(key: str, pieces: list[str]) -> None:
    """The continuation flag says that the next frame goes on with the value (ARG-004, ARG-005; D14)."""
    desk = Desk(key)
    desk.receive("1 command-name have-args|have-data c")

    assert desk.receive(rf"1 command-argument continuation \x01\x00\x04\x00a{pieces[0]}") == WantFrame()
    assert desk.requests.state(0 if key == "0001" else 1) is S.VALUE_DATA
    assert desk.receive(f"1 command-argument continuation {pieces[1]}") == WantFrame()
    assert desk.receive(f"1 command-argument eoa {pieces[2]}") == WantFrame()
    action = desk.receive("1 command-data eos d")
    assert isinstance(action, RunCommand)
    assert (action.args, action.data) == ({b"a": b"abcd"}, b"d")


@pytest.mark.parametrize("key", BY_NAME)
@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([r"eoa \x01\x00\x02\x00ab"], "partial argument value"),
        ([r"0 \x01\x00\x02\x00ab"], "partial argument value"),
        ([r"eoa \x01\x00\x01\x00acd"], "partial argument value"),
        ([r"continuation \x01\x00\x01\x00acd"], "partial argument value"),
        ([r"continuation \x01\x00\x03\x00ab", "eoa c"], "partial argument value"),
        ([r"continuation \x01\x00\x03\x00ab", "0 cde"], "partial argument value"),
        ([r"continuation \x01\x00\x03\x00ab", "continuation cde"], "partial argument value"),
        ([r"eoa \x02\x00\x00\x00a"], "partial argument name"),
        (["eoa abc"], "partial argument header"),
        ([r"eoa \x01\x00\x00\x00\xff"], "argument name is not ASCII"),
        ([f"0 {FOO}", f"eoa {FOO}"], "argument name repeated"),
    ],
    ids=[
        "value-short", "value-short-not-last", "value-long", "value-long-continued", "short-in-the-end",
        "long-in-the-end", "long-on-the-way", "name-short", "header-short", "name-not-ascii", "name-twice",
    ],
)  # fmt: skip
def test_argument_whose_lengths_do_not_fit_is_a_fault(key: str, frames: list[str], message: str) -> None:
    """ARG-002, ARG-003 and ARG-007; too much is "partial" in Mercurial's words as well (D15 to D17)."""
    desk = Desk(key)
    desk.receive("1 command-name have-args c")
    for frame in frames[:-1]:
        desk.receive(f"1 command-argument {frame}")

    desk.faults(
        f"1 command-argument {frames[-1]}",
        FaultCode.MALFORMED_ARGUMENT,
        f"malformed argument frame: {message}",
    )


@pytest.mark.parametrize("key", BY_CBOR)
@pytest.mark.parametrize("data", [False, True])
def test_cbor_over_several_frames_is_joined(key: str, *, data: bool) -> None:
    """New, then continuation until more is clear (REQ-008, REQ-009); empty frames are frames."""
    desk = Desk(key)
    flag = "|have-data" if data else ""

    assert desk.receive(request(key, data=data, more=True)) == WantFrame()
    assert desk.requests.state(1) is (S.REQUEST_DATA if data else S.REQUEST)
    assert desk.receive(f"1 command-request continuation|more{flag}") == WantFrame()
    last = desk.receive(f"1 command-request continuation{flag} me\\x41c")
    if data:
        assert last == WantFrame()
        last = desk.receive("1 command-data eos d")
    assert last == RunCommand(1, b"c", {}, b"d" if data else None)
    assert len(desk.requests) == 0


@pytest.mark.parametrize("key", BY_CBOR)
def test_request_that_is_no_command_is_refused_before_its_data(key: str) -> None:
    """Nobody has to wait for the data to say so."""
    Desk(key).faults(
        "1 command-request new|have-data cbor:{}",
        FaultCode.BAD_PAYLOAD,
        'command request missing "name" field',
    )


@pytest.mark.parametrize("key", [*BY_NAME[1:], *BY_CBOR])
def test_requests_of_several_ids_do_not_mix(key: str) -> None:
    """Frames belong to the request whose ID they carry, however they are interleaved (RID-003, RID-004; D22)."""
    desk = Desk(key)
    first = request(key, data=True)

    desk.receive(first)
    desk.receive(first.replace("1", "3", 1))
    assert desk.requests.ids == (1, 3)
    assert desk.receive("3 command-data continuation x") == WantFrame()
    assert desk.receive("1 command-data continuation a") == WantFrame()
    assert desk.receive("3 command-data eos y") == RunCommand(3, b"c", {}, b"xy")
    assert desk.receive("1 command-data eos b") == RunCommand(1, b"c", {}, b"ab")


def test_redirect_of_a_request_goes_with_its_command() -> None:
    """What the client says of redirects (REQ-012)."""
    action = Desk("0006").receive(
        "1 command-request new cbor:{b'name': b'c', b'redirect': {b'hashes': [], b'targets': [b't']}}"
    )

    assert action == RunCommand(1, b"c", {}, redirect={b"hashes": [], b"targets": [b"t"]})


# What has no place.


@pytest.mark.parametrize("key", REVISIONS)
def test_frame_without_a_place_in_the_table_is_left_to_the_reactor(key: str) -> None:
    """This half says only that; the words are elsewhere."""
    desk = Desk(key)

    assert desk.receive("1 command-data eos") is None
    desk.receive(request(key, data=True))
    assert desk.receive(request(key, data=False)) is None


@pytest.mark.parametrize("key", [key for key in REVISIONS if key != "0001"])
def test_request_that_is_not_answered_keeps_its_id(key: str) -> None:
    """Until its response has left (RID-005), which the other half knows."""
    desk = Desk(key)
    desk.active.add(1)

    assert desk.requests.state(1) is S.ACTIVE
    assert desk.receive(request(key, data=False)) is None


def test_request_without_ids_may_follow_at_once() -> None:
    """There is nothing that an answer could be confused with (sheet r1, 8.2)."""
    desk = Desk("0001")
    desk.active.add(0)

    assert desk.receive("0 command-name eos c") == RunCommand(0, b"c", {})


@pytest.mark.parametrize("key", [key for key in REVISIONS if key != "0001"])
@pytest.mark.parametrize("request_id", [0, 2, 65534])
def test_request_with_an_even_id_is_a_fault(key: str, request_id: int) -> None:
    """Even IDs are the server's (RID-001; D24)."""
    Desk(key).faults(
        request(key, data=False).replace("1", str(request_id), 1),
        FaultCode.BAD_REQUEST_PARITY,
        f"received request with even numbered ID: {request_id}",
    )


# Limits.


@pytest.mark.parametrize("key", [key for key in REVISIONS if key != "0001"])
@pytest.mark.parametrize("data", [False, True])
def test_requests_beyond_their_number_are_a_fault(key: str, *, data: bool) -> None:
    """Those that are received and those that are not yet answered count together."""
    desk = Desk(key, Limits(max_requests=3))
    desk.active.add(1)
    first = request(key, data=True)

    desk.receive(first.replace("1", "3", 1))
    desk.receive(first.replace("1", "5", 1))
    desk.faults(
        request(key, data=data).replace("1", "7", 1),
        FaultCode.LIMIT_EXCEEDED,
        "more than 3 requests under way",
    )


@pytest.mark.parametrize("key", BY_CBOR)
def test_request_at_its_octets_runs_and_beyond_them_is_a_fault(key: str) -> None:
    """However it is cut: eight octets of CBOR and two of data, or the same in one frame."""
    octets = r"\xa1\x44name\x41c"
    message = "request exceeds the limit of {} octets"

    assert Desk(key, Limits(max_request_octets=8)).receive(f"1 command-request new {octets}") is not None
    Desk(key, Limits(max_request_octets=7)).faults(
        f"1 command-request new {octets}", FaultCode.LIMIT_EXCEEDED, message.format(7)
    )
    for limit, outcome in ((10, RunCommand(1, b"c", {}, b"de")), (9, None)):
        desk = Desk(key, Limits(max_request_octets=limit))
        desk.receive(r"1 command-request new|more|have-data \xa1\x44na")
        desk.receive(r"1 command-request continuation|have-data me\x41c")
        desk.receive("1 command-data continuation d")
        if outcome:
            assert desk.receive("1 command-data eos e") == outcome
        else:
            desk.faults("1 command-data eos e", FaultCode.LIMIT_EXCEEDED, message.format(9))


@pytest.mark.parametrize("key", BY_CBOR)
def test_cbor_at_its_octets_runs_and_beyond_them_is_a_fault(key: str) -> None:
    """Eight octets of CBOR, in one frame or two; the data behind them is no CBOR."""
    for limit, is_read in ((8, True), (7, False)):
        whole, parts = (Desk(key, Limits(max_cbor_octets=limit)) for _ in range(2))
        parts.receive(r"1 command-request new|more|have-data \xa1\x44na")
        last = r"1 command-request continuation|have-data me\x41c"
        if is_read:
            assert whole.receive(r"1 command-request new \xa1\x44name\x41c") == RunCommand(1, b"c", {})
            parts.receive(last)
            assert parts.receive("1 command-data eos 123456789") == RunCommand(1, b"c", {}, b"123456789")
        else:
            message = "command request exceeds the limit of 7 octets of CBOR"
            whole.faults(r"1 command-request new \xa1\x44name\x41c", FaultCode.LIMIT_EXCEEDED, message)
            parts.faults(last, FaultCode.LIMIT_EXCEEDED, message)


@pytest.mark.parametrize("key", BY_NAME)
def test_request_by_name_at_its_octets_runs_and_beyond_them_is_a_fault(key: str) -> None:
    """Name, arguments with their lengths and data: 1 + 9 + 2 octets (EXEC-002; D7)."""
    for limit in (12, 11):
        desk = Desk(key, Limits(max_request_octets=limit))
        desk.receive("1 command-name have-args|have-data c")
        desk.receive(f"1 command-argument eoa {FOO}")
        desk.receive("1 command-data continuation d")
        if limit == 12:
            assert isinstance(desk.receive("1 command-data eos e"), RunCommand)
        else:
            desk.faults(
                "1 command-data eos e",
                FaultCode.LIMIT_EXCEEDED,
                "request exceeds the limit of 11 octets",
            )
    Desk(key, Limits(max_request_octets=1)).faults(
        "1 command-name eos cc", FaultCode.LIMIT_EXCEEDED, "request exceeds the limit of 1 octets"
    )


@pytest.mark.parametrize("key", [key for key in REVISIONS if key != "0001"])
def test_requests_together_beyond_their_octets_are_a_fault(key: str) -> None:
    """What all of them hold counts, and what is whole counts no more."""
    size = len(Desk(key).frame(request(key, data=True))[0].payload)
    first = request(key, data=True)
    desk = Desk(key, Limits(max_buffered_octets=2 * size + 2))

    desk.receive(first)
    desk.receive("1 command-data eos ab")
    desk.receive(first)
    desk.receive(first.replace("1", "3", 1))
    desk.receive("1 command-data continuation a")
    desk.receive("3 command-data continuation b")
    desk.faults(
        "3 command-data continuation c",
        FaultCode.LIMIT_EXCEEDED,
        f"requests together exceed the limit of {2 * size + 2} octets",
    )


def test_cleared_requests_are_forgotten() -> None:
    """Nothing is left."""
    desk = Desk("0006")
    desk.receive("1 command-request new|more 123456789a")

    desk.requests.clear()

    assert (len(desk.requests), desk.requests.ids, desk.requests.state(1)) == (0, (), S.UNKNOWN)


@pytest.mark.parametrize("key", REVISIONS)
def test_empty_frames_cost_nothing(key: str) -> None:
    """A peer can send them for ever: what they leave behind does not grow."""
    desk = Desk(key)
    desk.receive(request(key, data=True))
    empty = desk.frame("1 command-data continuation")
    tracemalloc.start()
    try:
        for _ in range(1000):
            desk.requests.receive(*empty, 0)
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(10_000):
            desk.requests.receive(*empty, 0)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert after - before < 1000


# Data as it arrives.


@pytest.mark.parametrize("key", REVISIONS)
def test_streamed_data_follows_its_command(key: str) -> None:
    """The command runs when its arguments are whole, and each frame of data is handed over (EXEC-003)."""
    desk = Desk(key, stream_data=True)
    request_id = 0 if key == "0001" else 1

    assert desk.receive(request(key, data=True)) == RunCommand(request_id, b"c", {}, streaming=True)
    assert desk.receive("1 command-data continuation ab") == CommandData(request_id, b"ab", eos=False)
    assert desk.receive("1 command-data continuation") == CommandData(request_id, b"", eos=False)
    assert desk.requests.ids == (request_id,)
    assert desk.receive("1 command-data eos c") == CommandData(request_id, b"c", eos=True)
    assert len(desk.requests) == 0


@pytest.mark.parametrize("key", REVISIONS)
def test_streamed_command_without_data_is_whole(key: str) -> None:
    """Nothing follows, and nothing is said to follow."""
    action = Desk(key, stream_data=True).receive(request(key, data=False))

    assert action == RunCommand(0 if key == "0001" else 1, b"c", {}, None, streaming=False)


def test_streamed_data_counts_for_no_limit() -> None:
    """It is not kept; what comes before it is."""
    limits = Limits(max_request_octets=8, max_buffered_octets=8)
    desk = Desk("0006", limits, stream_data=True)

    desk.receive(r"1 command-request new|have-data \xa1\x44name\x41c")
    for _ in range(10):
        assert isinstance(desk.receive("1 command-data continuation 123456789"), CommandData)
    desk.faults(
        "3 command-request new|more|have-data 1",
        FaultCode.LIMIT_EXCEEDED,
        "requests together exceed the limit of 8 octets",
    )


def test_streamed_request_counts_once() -> None:
    """It runs while it is received: one request under way, not two."""
    desk = Desk("0006", Limits(max_requests=2), stream_data=True)
    desk.receive(request("0006", data=True))
    desk.active.add(1)

    assert isinstance(desk.receive(request("0006", data=True).replace("1", "3", 1)), RunCommand)
    desk.faults(
        request("0006", data=True).replace("1", "5", 1),
        FaultCode.LIMIT_EXCEEDED,
        "more than 2 requests under way",
    )
