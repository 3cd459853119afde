"""What upstream's own tests of the server reactor assert, in our words: test-wireproto-serverreactor at r3, r4 and r5.

Every test is named after the upstream case. `0002-streams` stands for r3, the two `0005` for r4 and `0006` for r5.
Frames that are sent are compared by what they say: which frames a response is cut into is upstream's choice.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from hgframing import (
    REVISIONS,
    ConnectionState,
    FaultCode,
    Frame,
    Noop,
    RunCommand,
    SendFrames,
    ServerAction,
    ServerReactor,
    WantFrame,
    decode_sequence,
    parse_notation,
)
from tests.transcripts import transcript


BY_NAME = ("0002-streams",)
BY_CBOR = ("0005-draft", "0005", "0006")
REVISION_KEYS = BY_NAME + BY_CBOR

STATUS = b"\xa1\x46status\x42ok"


def server(key: str, *, defer_output: bool = False) -> ServerReactor:
    """Make a server."""
    return ServerReactor(REVISIONS[key], defer_output=defer_output)


def request(key: str, request_id: int = 1, *, data: bool = False) -> str:
    """Write a request of `mycommand` that is whole but for its data."""
    if key in BY_NAME:
        return f"{request_id} 1 stream-begin command-name {'have-data' if data else 'eos'} mycommand"
    flags = "new|have-data" if data else "new"
    return f"{request_id} 1 stream-begin command-request {flags} cbor:{{b'name': b'mycommand'}}"


def idle(key: str) -> str:
    """Say what an idle server expects."""
    return "expected command frame" if key in BY_NAME else "expected command request frame"


def respond(reactor: ServerReactor, request_id: int, data: bytes) -> tuple[ServerAction, ...]:
    """Answer: raw octets where they are raw, one bytestring in 0006."""
    if reactor.revision.key == "0006":
        return reactor.respond(request_id, [data])
    return reactor.respond_data(request_id, data)


def frames_of(actions: Iterable[ServerAction]) -> list[Frame]:
    """Take the frames of an answer that is nothing else."""
    [action] = actions
    assert isinstance(action, SendFrames)
    return list(action.frames)


def said(key: str, frames: Iterable[Frame]) -> bytes:
    """Join what response frames say, and take off the status map and the bytestring's head."""
    octets = b"".join(frame.payload for frame in frames)
    if key in BY_CBOR:
        assert octets.startswith(STATUS)
        octets = octets.removeprefix(STATUS)
    if key == "0006":
        [value] = decode_sequence(octets, REVISIONS[key].cbor, max_depth=2)
        return bytes(value)
    return octets


@pytest.mark.parametrize("key", REVISION_KEYS)
def test_upstream_test1framecommand(key: str) -> None:
    """A command of one frame runs; the end of input brings nothing."""
    transcript(server(key)).receive(request(key)).expects(
        RunCommand(1, b"mycommand", {}, None)
    ).end_input().expects(Noop())


def test_upstream_test1argument_by_name() -> None:
    """r3: the command runs with its last argument."""
    transcript(server("0002-streams")).receive(
        "41 1 stream-begin command-name have-args mycommand",
        r"41 1 0 command-argument eoa \x03\x00\x03\x00foobar",
    ).expects(WantFrame(), RunCommand(41, b"mycommand", {b"foo": b"bar"}))


@pytest.mark.parametrize("key", BY_CBOR)
def test_upstream_test1argument(key: str) -> None:
    """r4, r5: the argument is in the request."""
    transcript(server(key)).receive(
        "41 1 stream-begin command-request new cbor:{b'name': b'mycommand', b'args': {b'foo': b'bar'}}"
    ).expects(RunCommand(41, b"mycommand", {b"foo": b"bar"}))


def test_upstream_testmultiarguments_by_name() -> None:
    """r3: one frame each."""
    transcript(server("0002-streams")).receive(
        "1 1 stream-begin command-name have-args mycommand",
        r"1 1 0 command-argument 0 \x03\x00\x03\x00foobar",
        r"1 1 0 command-argument eoa \x04\x00\x03\x00biz\x00baz",
    ).expects(
        WantFrame(),
        WantFrame(),
        RunCommand(1, b"mycommand", {b"foo": b"bar", b"biz\x00": b"baz"}),
    )


@pytest.mark.parametrize("key", BY_CBOR)
def test_upstream_testmultiarguments(key: str) -> None:
    """r4, r5: all in the request."""
    transcript(server(key)).receive(
        "1 1 stream-begin command-request new "
        "cbor:{b'name': b'mycommand', b'args': {b'foo': b'bar', b'biz': b'baz'}}"
    ).expects(RunCommand(1, b"mycommand", {b"foo": b"bar", b"biz": b"baz"}))


@pytest.mark.parametrize("key", REVISION_KEYS)
def test_upstream_testsimplecommanddata(key: str) -> None:
    """The command runs with its data."""
    transcript(server(key)).receive(request(key, data=True), "1 1 0 command-data eos data!").expects(
        WantFrame(), RunCommand(1, b"mycommand", {}, b"data!")
    )


@pytest.mark.parametrize("key", REVISION_KEYS)
def test_upstream_testmultipledataframes(key: str) -> None:
    """Data of several frames is one."""
    transcript(server(key)).receive(
        request(key, data=True),
        "1 1 0 command-data continuation data1",
        "1 1 0 command-data continuation data2",
        "1 1 0 command-data eos data3",
    ).expects(WantFrame(), WantFrame(), WantFrame(), RunCommand(1, b"mycommand", {}, b"data1data2data3"))


def test_upstream_testargumentanddata_by_name() -> None:
    """r3: arguments, then data, one command."""
    transcript(server("0002-streams")).receive(
        "1 1 stream-begin command-name have-args|have-data command",
        r"1 1 0 command-argument 0 \x03\x00\x03\x00keyval",
        r"1 1 0 command-argument eoa \x03\x00\x03\x00foobar",
        "1 1 0 command-data continuation value1",
        "1 1 0 command-data eos value2",
    ).expects(
        *[WantFrame()] * 4, RunCommand(1, b"command", {b"key": b"val", b"foo": b"bar"}, b"value1value2")
    )


@pytest.mark.parametrize("key", BY_CBOR)
def test_upstream_testargumentanddata(key: str) -> None:
    """r4, r5: the same with the arguments in the request."""
    transcript(server(key)).receive(
        "1 1 stream-begin command-request new|have-data "
        "cbor:{b'name': b'command', b'args': {b'key': b'val', b'foo': b'bar'}}",
        "1 1 0 command-data continuation value1",
        "1 1 0 command-data eos value2",
    ).expects(
        *[WantFrame()] * 2, RunCommand(1, b"command", {b"key": b"val", b"foo": b"bar"}, b"value1value2")
    )


@pytest.mark.parametrize("key", BY_CBOR)
def test_upstream_testnewandcontinuation(key: str) -> None:
    """Both flags."""
    transcript(server(key)).receive("1 1 stream-begin command-request new|continuation ").faults(
        FaultCode.BAD_FLAGS, "received command request frame with both new and continuation flags set"
    )


@pytest.mark.parametrize("key", BY_CBOR)
def test_upstream_testneithernewnorcontinuation(key: str) -> None:
    """Neither flag."""
    transcript(server(key)).receive("1 1 stream-begin command-request 0 ").faults(
        FaultCode.BAD_FLAGS, "received command request frame with neither new nor continuation flags set"
    )


def test_upstream_testunexpectedcommandargument() -> None:
    """r3: an argument out of nowhere."""
    transcript(server("0002-streams")).receive("1 1 stream-begin command-argument 0 ignored").faults(
        FaultCode.UNEXPECTED_FRAME, "expected command frame; got 2"
    )


def test_upstream_testunexpectedcommandargumentreceiving() -> None:
    """r3: an argument for a request that announced data alone."""
    transcript(server("0002-streams")).receive(request("0002-streams", data=True)).expects(
        WantFrame()
    ).receive("1 1 0 command-argument eoa ignored").faults(
        FaultCode.UNEXPECTED_FRAME,
        "received command argument frame for request that is not expecting arguments: 1",
    )


@pytest.mark.parametrize("key", REVISION_KEYS)
def test_upstream_testunexpectedcommanddata(key: str) -> None:
    """Data out of nowhere; in r5 the initial state has its own words."""
    expected = {
        "0002-streams": "expected command frame; got 3",
        "0005-draft": "expected command request frame; got 2",
        "0005": "expected command request frame; got 2",
        "0006": "expected sender protocol settings or command request frame; got 2",
    }

    transcript(server(key)).receive("1 1 stream-begin command-data 0 ignored").faults(
        FaultCode.UNEXPECTED_FRAME, expected[key]
    )


@pytest.mark.parametrize("key", REVISION_KEYS)
def test_upstream_testunexpectedcommanddatareceiving(key: str) -> None:
    """Data for a request that announced none."""
    half = (
        "1 1 stream-begin command-name have-args mycommand"
        if key in BY_NAME
        else "1 1 stream-begin command-request new|more ignored"
    )

    transcript(server(key)).receive(half).expects(WantFrame()).receive(
        "1 1 0 command-data eos ignored"
    ).faults(
        FaultCode.UNEXPECTED_FRAME,
        "received command data frame for request that is not expecting data: 1",
    )


def test_upstream_testmissingcommandframeflags() -> None:
    """r3: a name that does not say what follows."""
    transcript(server("0002-streams")).receive("1 1 stream-begin command-name 0 ").faults(
        FaultCode.BAD_FLAGS, "missing frame flags on command frame"
    )


@pytest.mark.parametrize("key", REVISION_KEYS)
def test_upstream_testconflictingrequestidallowed(key: str) -> None:
    """An ID is free again when its response has left."""
    reactor = server(key)
    for _ in range(3):
        assert reactor.receive(parse_notation(request(key), REVISIONS[key])) == (
            RunCommand(1, b"mycommand", {}),
        )
        respond(reactor, 1, b"response")
        reactor.sent(1)


@pytest.mark.parametrize("key", REVISION_KEYS)
def test_upstream_testconflictingrequestid(key: str) -> None:
    """A second request under an ID that is half received."""
    transcript(server(key)).receive(request(key, data=True)).expects(WantFrame()).receive(
        request(key)
    ).faults(FaultCode.BAD_REQUEST_STATE, "request with ID 1 already received")


def test_upstream_testinterleavedcommands_by_name() -> None:
    """r3: two requests and their arguments, mixed; the later one is whole first."""
    transcript(server("0002-streams")).receive(
        "1 1 stream-begin command-name have-args command1",
        "3 1 0 command-name have-args command3",
        r"1 1 0 command-argument 0 \x03\x00\x03\x00foobar",
        r"3 1 0 command-argument 0 \x03\x00\x03\x00bizbaz",
        r"3 1 0 command-argument eoa \x03\x00\x03\x00keyval",
        r"1 1 0 command-argument eoa \x04\x00\x03\x00key1val",
    ).expects(
        *[WantFrame()] * 4,
        RunCommand(3, b"command3", {b"biz": b"baz", b"key": b"val"}),
        RunCommand(1, b"command1", {b"foo": b"bar", b"key1": b"val"}),
    )


@pytest.mark.parametrize("key", BY_CBOR)
def test_upstream_testinterleavedcommands(key: str) -> None:
    """r4, r5: two requests in pieces, mixed; the later one is whole first."""
    transcript(server(key)).receive(
        r"1 1 stream-begin command-request new|more \xa2\x44args\xa1\x43foo",
        r"3 1 0 command-request new|more \xa2\x44args\xa1\x43biz",
        r"1 1 0 command-request continuation|more \x43bar\x44name",
        r"3 1 0 command-request continuation|more \x43baz\x44name",
        r"3 1 0 command-request continuation \x48command3",
        r"1 1 0 command-request continuation \x48command1",
    ).expects(
        *[WantFrame()] * 4,
        RunCommand(3, b"command3", {b"biz": b"baz"}),
        RunCommand(1, b"command1", {b"foo": b"bar"}),
    )


def test_upstream_testmissingargumentframe() -> None:
    """r3: one request waits for its arguments, another runs."""
    transcript(server("0002-streams")).receive(
        "1 1 stream-begin command-name have-args command1", "3 1 0 command-name eos command3"
    ).expects(WantFrame(), RunCommand(3, b"command3", {}))


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        (r"\x04\x00\xde\xadfoo", "malformed argument frame: partial argument name"),
        (r"\x03\x00\xaa\xaafoopartialvalue", "malformed argument frame: partial argument value"),
    ],
    ids=["testincompleteargumentname", "testincompleteargumentvalue"],
)
def test_upstream_incomplete_argument(argument: str, message: str) -> None:
    """r3: a name, or a value, that is shorter than its length."""
    transcript(server("0002-streams")).receive("1 1 stream-begin command-name have-args command1").expects(
        WantFrame()
    ).receive(f"1 1 0 command-argument eoa {argument}").faults(FaultCode.MALFORMED_ARGUMENT, message)


@pytest.mark.parametrize("key", REVISION_KEYS)
def test_upstream_testmissingcommanddataframe(key: str) -> None:
    """One request waits for its data, another runs."""
    transcript(server(key)).receive(request(key, data=True), request(key, 3)).expects(
        WantFrame(), RunCommand(3, b"mycommand", {})
    )


@pytest.mark.parametrize("key", REVISION_KEYS)
def test_upstream_testmissingcommanddataframeflags(key: str) -> None:
    """Data that does not say whether more follows."""
    transcript(server(key)).receive(request(key, data=True)).expects(WantFrame()).receive(
        "1 1 0 command-data 0 data"
    ).faults(FaultCode.BAD_FLAGS, "command data frame without flags")


@pytest.mark.parametrize("key", REVISION_KEYS)
def test_upstream_testframefornonreceivingrequest(key: str) -> None:
    """Data under an ID that nobody began, while another is received."""
    transcript(server(key)).receive(request(key, data=True)).expects(WantFrame()).receive(
        "3 1 0 command-data eos ignored"
    ).faults(FaultCode.BAD_REQUEST_STATE, "received frame for request that is not receiving: 3")


@pytest.mark.parametrize("key", REVISION_KEYS)
@pytest.mark.parametrize("size", [8, 32768 + 100], ids=["testsimpleresponse", "testmultiframeresponse"])
def test_upstream_response(key: str, size: int) -> None:
    """Short and long: the status where there is one, all of the data, one begin and one end."""
    reactor = server(key)
    reactor.receive(parse_notation(request(key), REVISIONS[key]))
    data = b"x" * size

    frames = [frame for frame in frames_of(respond(reactor, 1, data)) if frame.type_id != 9]

    assert said(key, frames) == data
    assert [frame.flags for frame in frames] == [1] * (len(frames) - 1) + [2]
    assert [frame.stream_flags & 1 for frame in frames] == [1] + [0] * (len(frames) - 1)
    assert max(len(frame.payload) for frame in frames) <= 32768


@pytest.mark.parametrize("key", ["0002-streams", "0005-draft"])
def test_upstream_testapplicationerror(key: str) -> None:
    """r3, r4: one error frame with the flag of an application."""
    reactor = server(key)
    reactor.receive(parse_notation(request(key), REVISIONS[key]))

    assert frames_of(reactor.fail(1, "application", b"some message")) == [
        parse_notation("1 2 stream-begin error-response application some message", REVISIONS[key])
    ]


@pytest.mark.parametrize("key", ["0005", "0006"])
def test_upstream_testservererror(key: str) -> None:
    """r5: one error frame, a map of type server."""
    reactor = server(key)
    reactor.receive(parse_notation(request(key), REVISIONS[key]))

    assert frames_of(reactor.fail(1, "server", b"some message")) == [
        parse_notation(
            "1 2 stream-begin error-response 0 "
            "cbor:{b'type': b'server', b'message': [{b'msg': b'some message'}]}",
            REVISIONS[key],
        )
    ]


@pytest.mark.parametrize("key", REVISION_KEYS)
def test_upstream_test1commanddeferresponse(key: str) -> None:
    """Nothing leaves before the end of input."""
    reactor = server(key, defer_output=True)
    reactor.receive(parse_notation(request(key), REVISIONS[key]))

    assert respond(reactor, 1, b"response") == (Noop(),)
    assert said(key, frames_of(reactor.end_input())) == b"response"


@pytest.mark.parametrize("key", REVISION_KEYS)
@pytest.mark.parametrize(
    "order", [[1, 3], [3, 1, 5]], ids=["testmultiplecommanddeferresponse", "testrequestidtracking"]
)
def test_upstream_deferred_responses(key: str, order: list[int]) -> None:
    """In the order in which they were made, on one stream that begins once."""
    reactor = server(key, defer_output=True)
    for request_id in sorted(order):
        reactor.receive(parse_notation(request(key, request_id), REVISIONS[key]))
    for request_id in order:
        assert respond(reactor, request_id, b"response%d" % request_id) == (Noop(),)

    frames = frames_of(reactor.end_input())

    assert list(dict.fromkeys(frame.request_id for frame in frames)) == order
    for request_id in order:
        assert (
            said(key, [one for one in frames if one.request_id == request_id]) == b"response%d" % request_id
        )
    assert [frame.stream_flags & 1 for frame in frames] == [1] + [0] * (len(frames) - 1)
    assert {frame.stream_id for frame in frames} == {2}


@pytest.mark.parametrize("key", REVISION_KEYS)
@pytest.mark.parametrize(
    ("answered", "has_left"),
    [(False, False), (True, False), (True, True)],
    ids=[
        "testduplicaterequestonactivecommand",
        "testduplicaterequestonactivecommandnosend",
        "testduplicaterequestaftersend",
    ],
)
def test_upstream_duplicate_request(key: str, *, answered: bool, has_left: bool) -> None:
    """An ID is in use until its response has left."""
    reactor = server(key)
    reactor.receive(parse_notation(request(key), REVISIONS[key]))
    if answered:
        respond(reactor, 1, b"response")
    if has_left:
        reactor.sent(1)

    again = transcript(reactor).receive(request(key))

    if has_left:
        again.expects(RunCommand(1, b"mycommand", {}))
    else:
        again.faults(FaultCode.BAD_REQUEST_STATE, "request with ID 1 is already active")


def test_upstream_testduplicaterequestargumentframe() -> None:
    """r3: an argument under an active ID, while another request is received."""
    transcript(server("0002-streams")).receive(
        "1 1 stream-begin command-name eos command", "3 1 0 command-name have-args command3"
    ).expects(RunCommand(1, b"command", {}), WantFrame()).receive("1 1 0 command-argument 0 ignored").faults(
        FaultCode.BAD_REQUEST_STATE, "received frame for request that is still active: 1"
    )


# Settings of the sender, r5.


SETTINGS = "0 1 stream-begin sender-protocol-settings"
ENCODINGS = "cbor:{b'contentencodings': [b'a', b'b']}"


@pytest.mark.parametrize(
    ("flags", "payload", "code", "message"),
    [
        (
            "0",
            "ignored",
            FaultCode.BAD_FLAGS,
            "sender protocol settings frame must have continuation or end of stream flag set",
        ),
        (
            "continuation|eos",
            "ignored",
            FaultCode.BAD_FLAGS,
            "sender protocol settings frame cannot have both continuation and end of stream flags set",
        ),
        ("eos", "", FaultCode.BAD_CBOR, "sender protocol settings frame did not contain CBOR data"),
        (
            "eos",
            r"\xa0\x43foo",
            FaultCode.BAD_CBOR,
            "sender protocol settings frame contained multiple CBOR values",
        ),
    ],
    ids=[
        "testprotocolsettingsnoflags",
        "testprotocolsettingsconflictflags",
        "testprotocolsettingsemptypayload",
        "testprotocolsettingsmultipleobjects",
    ],
)
def test_upstream_settings_that_are_none(flags: str, payload: str, code: FaultCode, message: str) -> None:
    """r5: the flags, and one value."""
    transcript(server("0006")).receive(f"{SETTINGS} {flags} {payload}").faults(code, message)


def test_upstream_testprotocolsettingscontentencodings() -> None:
    """r5: the list is taken, and commands may come."""
    conversation = transcript(server("0006")).receive(f"{SETTINGS} eos {ENCODINGS}").expects(WantFrame())

    assert conversation.reactor.state is ConnectionState.OPEN


def test_upstream_testprotocolsettingsmultipleframes() -> None:
    """r5: a list over two frames is one; the encoding that is chosen shows that it was read."""
    reactor = server("0006")
    data = parse_notation(
        f"{SETTINGS} eos cbor:{{b'contentencodings': [b'zlib']}}", REVISIONS["0006"]
    ).payload

    for octets, flags, stream_flags in ((data[:7], 1, 1), (data[7:], 2, 0)):
        assert reactor.receive(Frame(0, 1, stream_flags, 8, flags, octets)) == (WantFrame(),)
    reactor.receive(parse_notation(request("0006").replace("stream-begin", "0"), REVISIONS["0006"]))

    assert frames_of(reactor.respond(1, []))[0].payload == b"\x44zlib"


def test_upstream_testprotocolsettingsbadcbor() -> None:
    """r5: what is no CBOR is an error; the words after the colon are the decoder's."""
    [error, _] = server("0006").receive(parse_notation(rf"{SETTINGS} eos \xff", REVISIONS["0006"]))

    assert "error decoding CBOR from sender protocol settings frame: " in repr(error)


def test_upstream_testprotocolsettingsnoninitial() -> None:
    """r5: settings that come after a command are too late."""
    transcript(server("0006")).receive(request("0006")).expects(RunCommand(1, b"mycommand", {})).receive(
        "0 1 0 sender-protocol-settings eos cbor:{}"
    ).faults(FaultCode.UNEXPECTED_FRAME, "expected command request frame; got 8")
