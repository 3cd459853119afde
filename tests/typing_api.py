"""The public API as a consumer uses it: `mypy --strict` checks this file, and nothing ever runs it.

What is asserted here is what a consumer's type checker sees: a change that breaks one of these lines breaks consumers.
Unions of actions are closed: a new action makes the `assert_never` here fail, and theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, assert_never, assert_type

import hgframing

from hgframing import (
    REVISIONS,
    Atom,
    Call,
    CborDialect,
    CborError,
    CborErrorKind,
    ClientAction,
    ClientReactor,
    ClientRequestState,
    CommandData,
    CommandFailed,
    ConnectionState,
    Error,
    ErrorResponse,
    Fault,
    FaultCode,
    Feature,
    Frame,
    FrameBuffer,
    FrameHeader,
    FrameInput,
    FrameSpec,
    FrameType,
    HeaderLayout,
    HgFramingError,
    HttpApplication,
    HttpArgument,
    HttpCommand,
    Limits,
    LocalInput,
    LocalProtocolError,
    Noop,
    NotationError,
    Permission,
    Progress,
    Redirect,
    Refusal,
    ResponseChunk,
    ResponseData,
    ResponseItem,
    ResponseReader,
    ResponseValue,
    Revision,
    RunCommand,
    SendFrames,
    ServerAction,
    ServerReactor,
    ServerRequestState,
    Status,
    StatusError,
    StatusOk,
    StatusRedirect,
    StreamFlag,
    StreamInput,
    StreamState,
    TextOutput,
    Value,
    WantFrame,
    decode_one,
    decode_sequence,
    encode_value,
    format_notation,
    parse_notation,
)


def the_version_is_text() -> None:
    """A consumer may print it."""
    assert_type(hgframing.__version__, str)


# A server and a client, as somebody with a socket writes them.


class Connection:
    """A server's side of one connection, which sends what `outgoing` holds."""

    def __init__(self, revision: Revision) -> None:
        limits = Limits(max_requests=16, max_decoded=1024 * 1024)
        self.buffer = FrameBuffer(revision, limits)
        self.reactor = ServerReactor(revision, limits=limits, accept_encodings=["zlib", "identity"])
        self.layout = revision.header
        self.outgoing: list[bytes] = []

    def receive(self, octets: bytes) -> None:
        """Take what arrived."""
        self.buffer.feed(octets)
        for item in self.buffer:
            assert_type(item, Frame | Fault)
            for action in self.reactor.receive(item):
                self.do(action)

    def end(self) -> None:
        """Note that nothing more will arrive."""
        fault = self.buffer.end()
        assert_type(fault, Fault | None)
        if fault is not None:
            for action in self.reactor.receive(fault):
                self.do(action)
        for action in self.reactor.end_input():
            self.do(action)

    def do(self, action: ServerAction) -> None:
        """Do what the reactor says."""
        match action:
            case RunCommand(request_id=request_id, command=command, args=args, data=data, redirect=redirect):
                assert_type(command, bytes)
                assert_type(args, Mapping[bytes, Any])
                assert_type(data, bytes | None)
                assert_type(redirect, Mapping[bytes, Any] | None)
                assert_type(action.streaming, bool)
                for answer in self.reactor.respond(request_id, [b"value", {b"key": 1}], last=True):
                    self.do(answer)
                self.reactor.sent(request_id)
            case CommandData(request_id=request_id, data=data, eos=eos):
                assert_type((request_id, data, eos), tuple[int, bytes, bool])
            case SendFrames(frames=frames):
                assert_type(frames, tuple[Frame, ...])
                self.outgoing += [self.layout.encode(frame) for frame in frames]
            case Error(fault=fault):
                assert_type((fault.code, fault.message, fault.request_id), tuple[FaultCode, str, int | None])
            case WantFrame() | Noop():
                pass
            case _:
                assert_never(action)


def everything_that_a_server_may_wish(reactor: ServerReactor) -> Iterator[tuple[ServerAction, ...]]:
    """Every method answers a tuple of actions."""
    yield reactor.respond_data(1, b"octets", stream_id=4)
    yield reactor.start_response(1)
    yield reactor.send_object(1, [1, None, True])
    yield reactor.send_data(1, b"octets")
    yield reactor.finish_response(1, last=True)
    yield reactor.respond_redirect(
        1, Redirect(b"https://example.org/", b"application/mercurial-cbor", size=5)
    )
    yield reactor.fail(1, "command", b"no such %s", [b"file"])
    yield reactor.text_output(1, [Atom(b"%s\n", (b"text",), (b"label",))])
    yield reactor.progress(1, {b"topic": b"files", b"pos": 1, b"total": 2})
    assert_type(reactor.state, ConnectionState)
    assert_type(reactor.receiving, tuple[int, ...])
    assert_type(reactor.unanswered, int)
    assert_type(reactor.revision, Revision)


def a_client(revision: Revision) -> ClientReactor:
    """Issue requests, in every way."""
    reactor = ClientReactor(
        revision,
        buffer_sends=False,
        multiple_sends=True,
        content_encodings=("zstd-8mb", "identity"),
        encoding="zlib",
        limits=Limits(max_settings_octets=1024),
        max_frame=16384,
    )
    call = reactor.call(b"heads", {b"all": True}, data=b"octets", redirect={b"targets": [b"a"]})
    assert_type(call, Call)
    request_id, actions = call
    assert_type(request_id, int)
    for action in (*actions, *reactor.flush(), *reactor.sent(request_id), *reactor.abandon(request_id)):
        do(action, revision)
    assert_type(reactor.request_state(request_id), ClientRequestState)
    assert_type(reactor.state, ConnectionState)
    for action in (*reactor.receive(Frame(1, 2, 1, 3, 2)), *reactor.end_input()):
        do(action, revision)
    return reactor


def do(action: ClientAction, revision: Revision) -> str | list[bytes]:
    """Say what a client's action is."""
    match action:
        case SendFrames(frames=frames):
            return [revision.header.encode(frame) for frame in frames]
        case ResponseData(request_id=request_id, data=data, eos=eos):
            return "\n".join(map(read, respond_items(revision, request_id, data, eos=eos)))
        case ErrorResponse(request_id=request_id, kind=kind, atoms=atoms):
            assert_type((request_id, kind, atoms), tuple[int, str, tuple[Atom, ...]])
            return kind
        case TextOutput(atoms=atoms):
            [atom] = atoms
            assert_type(
                (atom.msg, atom.args, atom.labels), tuple[bytes, tuple[bytes, ...], tuple[bytes, ...]]
            )
            return atom.msg.decode()
        case Progress(topic=topic, pos=pos, total=total, label=label, item=item):
            assert_type((topic, pos, total), tuple[bytes, int, int])
            assert_type((label, item), tuple[bytes | None, bytes | None])
            return f"{pos}/{total}"
        case Error(fault=fault):
            return fault.message
        case WantFrame() | Noop():
            return ""
        case _:
            assert_never(action)


def respond_items(
    revision: Revision, request_id: int, data: bytes, *, eos: bool
) -> Iterator[ResponseItem | Fault]:
    """Read a response."""
    reader = ResponseReader(revision, request_id=request_id, limits=Limits())
    reader.feed(data, eos=eos)
    assert_type(reader.next_item(), ResponseItem | Fault | None)
    yield from reader


def read(item: ResponseItem | Fault) -> str:
    """Say what an item of a response is."""
    match item:
        case StatusOk():
            return "ok"
        case StatusError(atoms=atoms):
            assert_type(atoms, tuple[Atom, ...])
            return "error"
        case StatusRedirect(redirect=redirect):
            assert_type((redirect.url, redirect.mediatype, redirect.size), tuple[bytes, bytes, int | None])
            assert_type(redirect.fullhashes, tuple[tuple[bytes, bytes], ...] | None)
            return "redirect"
        case ResponseValue(value=value):
            return repr(value)
        case ResponseChunk(data=data, last=last):
            assert_type((data, last), tuple[bytes, bool])
            return "chunk"
        case Fault():
            return item.message
        case _:
            assert_never(item)


def every_status(status: Status) -> bool:
    """A status is one of three."""
    match status:
        case StatusOk():
            return True
        case StatusError() | StatusRedirect():
            return False
        case _:
            assert_never(status)


# The pieces, one by one.


def a_frame() -> Frame:
    """Frames are numbers and octets; fields have names."""
    frame = Frame(request_id=1, stream_id=1, stream_flags=StreamFlag.BEGIN, type_id=1, flags=1, payload=b"x")
    assert_type(frame.request_id + frame.stream_id + frame.stream_flags + frame.type_id + frame.flags, int)
    assert_type(frame.payload, bytes)
    return frame


def a_layout(layout: HeaderLayout) -> FrameHeader:
    """Headers are read and written by a layout."""
    assert_type((layout.size, layout.has_request, layout.has_stream), tuple[int, bool, bool])
    header = layout.decode(layout.encode(a_frame()))
    assert_type((header.length, header.request_id, header.type_id), tuple[int, int, int])
    return header


def a_revision(key: str) -> Revision:
    """Revisions are data."""
    assert_type(REVISIONS, Mapping[str, Revision])
    revision = REVISIONS[key]
    assert_type(revision.frames, Mapping[int, FrameSpec])
    assert_type(revision.features, frozenset[Feature])
    assert_type(revision.inputs, Mapping[int, FrameInput])
    assert_type(revision.type_ids, Mapping[FrameType, int])
    assert_type(revision.connection[revision.initial], Mapping[FrameInput, ConnectionState])
    assert_type(revision.stream[StreamState.OPEN], Mapping[StreamInput, StreamState])
    assert_type(
        revision.server_request[ServerRequestState.UNKNOWN],
        Mapping[FrameInput | LocalInput, ServerRequestState],
    )
    assert_type(
        revision.client_request[ClientRequestState.PENDING],
        Mapping[FrameInput | LocalInput, ClientRequestState],
    )
    assert_type((revision.media_type, revision.api, revision.encodings), tuple[str, str, tuple[str, ...]])
    spec = revision.frames[1]
    assert_type((spec.type, spec.name, spec.flags), tuple[FrameType, str, Mapping[str, int]])
    return revision


def notation(line: str, revision: Revision) -> str:
    """A frame as one line of text, both ways; what cannot be read is a `ValueError` of this package."""
    try:
        frame = parse_notation(line, revision)
    except NotationError as error:
        package_error: HgFramingError = error
        value_error: ValueError = error
        return f"{package_error}: {value_error}"
    return format_notation(frame, revision)


def cbor(octets: bytes) -> Value:
    """Values both ways; a peer's octets are a `CborError`, a caller's value a `LocalProtocolError`."""
    try:
        values = decode_sequence(octets, CborDialect.GENERAL, max_depth=8)
        assert_type(values, tuple[Any, ...])
        return decode_one(octets, CborDialect.SUBSET, max_depth=8)
    except CborError as error:
        assert_type(error.kind, CborErrorKind)
    try:
        return encode_value({b"key": [1, None]}, a_revision("0006").cbor)
    except LocalProtocolError as error:
        return str(error)


def a_buffer(buffer: FrameBuffer) -> None:
    """Frames can be taken one by one, too."""
    while (item := buffer.next_frame()) is not None:
        if isinstance(item, Fault):
            assert_type(item, Fault)
            return
        assert_type(item, Frame)


def a_web_server(revision: Revision) -> HttpApplication:
    """The HTTP binding takes a table of the caller's commands and asks the caller who may do what."""

    def heads(command: RunCommand) -> Iterator[Value]:
        if command.args:
            raise CommandFailed(b"not today, %s", b"sorry")
        yield []

    def authorize(environ: Mapping[str, Any], permission: Permission) -> Refusal | None:
        return Refusal() if permission is Permission.WRITE and "REMOTE_USER" not in environ else None

    entry = HttpCommand(run=heads, permission=Permission.READ, args={b"node": HttpArgument(required=False)})
    return HttpApplication(revision, commands={b"heads": entry}, authorize=authorize, limits=Limits())
