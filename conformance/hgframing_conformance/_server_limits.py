"""Limits of a server, each with a conversation that needs exactly so much of it, or one more or less."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from hgframing import Feature, FrameInput, Revision, encode_value, format_notation
from hgframing_conformance._limit_bounds import Bound, Try, limit_suites, request_id
from hgframing_conformance._server_conversation import Asked, ServerConversation
from hgframing_conformance._stored_blocks import StoredBlocks


__all__ = ["generate_server_limits"]

_F: Final = FrameInput
_ENCODED: Final = 0x04
_SIZE: Final = 60
_COUNT: Final = 3
_STREAM: Final = 1


def generate_server_limits() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield one suite for each revision: its name, and its content in the form of a suite file."""
    yield from limit_suites("server", _BOUNDS)


def _opening(revision: Revision) -> FrameInput:
    """The frame of a request that is whole but for its data."""
    return _F.NEW_DATA if Feature.CBOR_REQUESTS in revision.features else _F.NAME_DATA


def _server_payload(revision: Revision, over: int) -> Try:
    conversation = ServerConversation(revision)
    request = request_id(revision)
    steps = [conversation.receive(Asked(request, _opening(revision)))]
    steps.append(conversation.receive(Asked(request, _F.DATA_LAST, data="a" * (_SIZE + over))))
    return Try(_SIZE, steps)


def _server_half_requests(revision: Revision, over: int) -> Try:
    conversation = ServerConversation(revision)
    opening = _opening(revision)
    return Try(
        _COUNT, [conversation.receive(Asked(1 + 2 * number, opening)) for number in range(_COUNT + over)]
    )


def _server_running_requests(revision: Revision, over: int) -> Try:
    """Requests that run; up to the limit, one is answered and another takes its place."""
    conversation = ServerConversation(revision)
    whole = _F.NEW if Feature.CBOR_REQUESTS in revision.features else _F.NAME
    steps = [conversation.receive(Asked(1 + 2 * number, whole)) for number in range(_COUNT + over)]
    if over <= 0:
        steps += [conversation.respond(1), conversation.receive(Asked(1, whole))]
    return Try(_COUNT, steps)


def _server_request_octets(revision: Revision, over: int) -> Try:
    """A request with data: its first frame, and data in two frames of which the last crosses the limit."""
    conversation = ServerConversation(revision)
    request = request_id(revision)
    first = len(ServerConversation(revision).payload(Asked(request, _opening(revision))))
    steps = [
        conversation.receive(Asked(request, _opening(revision))),
        conversation.receive(Asked(request, _F.DATA_MORE, data="a" * _COUNT)),
        conversation.receive(Asked(request, _F.DATA_LAST, data="b" * (_COUNT + over))),
    ]
    return Try(first + 2 * _COUNT, steps)


def _server_one_frame(revision: Revision, over: int) -> Try:
    conversation = ServerConversation(revision)
    whole = len(ServerConversation(revision).payload(Asked(1, _F.NEW)))
    return Try(whole - over, [conversation.receive(Asked(1, _F.NEW))])


def _server_cbor_and_data(revision: Revision, over: int) -> Try:
    """A request whose data, which is no CBOR, is longer than the limit; above, it ends with its first frame."""
    conversation = ServerConversation(revision)
    size = len(ServerConversation(revision).payload(Asked(1, _F.NEW_DATA)))
    steps = [conversation.receive(Asked(1, _F.NEW_DATA))]
    if over <= 0:
        steps.append(conversation.receive(Asked(1, _F.DATA_LAST, data="a" * _SIZE)))
    return Try(size - over, steps)


def _server_several_frames(revision: Revision, over: int) -> Try:
    conversation = ServerConversation(revision)
    whole = len(ServerConversation(revision).payload(Asked(1, _F.NEW)))
    steps = [
        conversation.receive(Asked(1, what)) for what in (_F.NEW_MORE, _F.CONTINUATION_MORE, _F.CONTINUATION)
    ]
    return Try(whole - over, steps)


def _server_arguments(revision: Revision, over: int) -> Try:
    conversation = ServerConversation(revision)
    request = request_id(revision)
    inputs = (_F.NAME_ARGUMENTS, _F.ARGUMENT, _F.ARGUMENT_LAST)
    measured = ServerConversation(revision)
    size = sum(len(measured.payload(Asked(request, what))) for what in inputs)
    return Try(size - over, [conversation.receive(Asked(request, what)) for what in inputs])


def _server_buffered(revision: Revision, over: int) -> Try:
    conversation = ServerConversation(revision)
    opening = _opening(revision)
    first = sum(len(ServerConversation(revision).payload(Asked(request, opening))) for request in (1, 3))
    steps = [conversation.receive(Asked(1, opening)), conversation.receive(Asked(3, opening))]
    steps.append(conversation.receive(Asked(1, _F.DATA_MORE, data="a" * _COUNT)))
    steps.append(conversation.receive(Asked(3, _F.DATA_LAST, data="b" * (_COUNT + over))))
    return Try(first + 2 * _COUNT, steps)


def _server_settings(revision: Revision, over: int) -> Try:
    conversation = ServerConversation(revision)
    whole = len(ServerConversation(revision).payload(Asked(1, _F.SETTINGS_LAST)))
    steps = [conversation.receive(Asked(1, what)) for what in (_F.SETTINGS_MORE, _F.SETTINGS_LAST)]
    return Try(whole - over, steps)


def _server_stream_settings(revision: Revision, over: int) -> Try:
    conversation = ServerConversation(revision)
    whole = len(ServerConversation(revision).payload(Asked(1, _F.STREAM_SETTINGS_LAST)))
    steps = [
        conversation.receive(Asked(1, what)) for what in (_F.STREAM_SETTINGS_MORE, _F.STREAM_SETTINGS_LAST)
    ]
    return Try(whole - over, steps)


def _server_depth(revision: Revision, over: int) -> Try:
    """A request of two maps and so many arrays in them."""
    value: Any = "x"
    raw: Any = b"x"
    for _ in range(_COUNT + over):
        value, raw = [value], [raw]
    payload = encode_value({b"name": b"c1", b"args": {b"k": raw}}, revision.cbor)
    frame = ServerConversation(revision).frame(Asked(1, _F.NEW), payload)
    run = {"run-command": {"request": 1, "command": "c1", "args": {"k": value}}}
    return Try(2 + _COUNT, [{"receive": [format_notation(frame, revision)], "expect": [run]}])


def _server_encoded_streams(revision: Revision, over: int) -> Try:
    steps = []
    for number in range(_COUNT + over):
        frame = ServerConversation(revision).frame(
            Asked(1, _F.STREAM_SETTINGS_LAST, 1 + 2 * number), encode_value(b"zlib", revision.cbor)
        )
        steps.append({"receive": [format_notation(frame, revision)], "expect": []})
    return Try(_COUNT, steps, {"accept-encodings": ["identity", "zlib"]}, {"encodings": ["zlib"]})


def _server_decoded(encoding: str) -> Callable[[Revision, int], Try]:
    def make(revision: Revision, over: int) -> Try:
        conversation = ServerConversation(revision)
        settings = conversation.frame(
            Asked(1, _F.STREAM_SETTINGS_LAST), encode_value(encoding.encode(), revision.cbor)
        )
        steps = [
            {"receive": [format_notation(settings, revision)], "expect": []},
            conversation.receive(Asked(1, _F.NEW_DATA, 3)),
        ]
        data = "a" * (_SIZE + over)
        expect = conversation.receive(Asked(1, _F.DATA_LAST, 3, data=data))["expect"]
        payload = StoredBlocks(encoding).encode(data.encode())
        frame = conversation.frame(Asked(1, _F.DATA_LAST, _STREAM, _ENCODED), payload)
        steps.append({"receive": [format_notation(frame, revision)], "expect": expect})
        return Try(_SIZE, steps, {"accept-encodings": ["identity", encoding]}, {"encodings": [encoding]})

    return make


_STARTED: Final = ("CMD-005", "REQ-005", "REQ-010", "DATA-003")
_ARGUED: Final = ("CMD-004", "ARG-002", "ARG-006")
_CUT: Final = ("REQ-005", "REQ-008", "REQ-009")
_SET: Final = ("SET-001", "SET-006")
_STREAM_SET: Final = ("ENC-003", "ENC-006")
_IN_ZLIB: Final = ("STREAM-007", "ENC-010")
_IN_ZSTD: Final = ("STREAM-007", "ENC-009")
#: A value that nests too deep is more than a limit allows, and no value that is expected.
_DEPTH: Final = ("limit-exceeded", "bad-cbor")
_CBOR: Final = Feature.CBOR_REQUESTS
_OLD: Final = Feature.COMMAND_ARGUMENTS
_IDS: Final = Feature.REQUEST_IDS
_ENCODINGS: Final = Feature.CONTENT_ENCODINGS

_BOUNDS: Final = (
    Bound(
        "max-payload",
        "",
        "A payload that",
        None,
        ("FRAME-003", "DATA-003"),
        _server_payload,
        ("payload-too-large",),
    ),
    Bound("max-requests", "half", "Half received requests that", _IDS, _STARTED[:3], _server_half_requests),
    Bound("max-requests", "running", "Running requests that", _IDS, ("RID-004",), _server_running_requests),
    Bound("max-request-octets", "data", "A request with data that", None, _STARTED, _server_request_octets),
    Bound(
        "max-request-octets", "frame", "A request of one frame that", _CBOR, ("REQ-005",), _server_one_frame
    ),
    Bound(
        "max-request-octets", "frames", "A request of three frames that", _CBOR, _CUT, _server_several_frames
    ),
    Bound(
        "max-request-octets", "arguments", "A request with arguments that", _OLD, _ARGUED, _server_arguments
    ),
    Bound("max-buffered-octets", "", "Two requests that", _IDS, _STARTED, _server_buffered),
    Bound(
        "max-settings-octets",
        "sender",
        "Sender settings that",
        Feature.SENDER_SETTINGS,
        _SET,
        _server_settings,
    ),
    Bound(
        "max-settings-octets",
        "stream",
        "Stream settings that",
        _ENCODINGS,
        _STREAM_SET,
        _server_stream_settings,
    ),
    Bound("max-cbor-octets", "frame", "A request of one frame that", _CBOR, ("REQ-005",), _server_one_frame),
    Bound("max-cbor-octets", "frames", "A request of three frames that", _CBOR, _CUT, _server_several_frames),
    Bound(
        "max-cbor-octets",
        "data",
        "A request with long data whose CBOR",
        _CBOR,
        _STARTED[1:],
        _server_cbor_and_data,
    ),
    Bound("max-cbor-depth", "", "A request whose nesting", _CBOR, ("REQ-002",), _server_depth, _DEPTH),
    Bound(
        "max-encoded-streams",
        "",
        "Encoded streams that",
        _ENCODINGS,
        ("STREAM-009", "ENC-003"),
        _server_encoded_streams,
    ),
    Bound("max-decoded", "zlib", "A payload in zlib that", _ENCODINGS, _IN_ZLIB, _server_decoded("zlib")),
    Bound("max-decoded", "zstd", "A payload in zstd that", _ENCODINGS, _IN_ZSTD, _server_decoded("zstd-8mb")),
)
