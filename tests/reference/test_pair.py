"""Tests of a client and a server joined through octets: what goes in at one end comes out at the other.

Every revision, every chunking, every content encoding in both directions, requests and responses interleaved, data or
none, deferred or not, answered at once, in pieces, with errors or redirects, and with text and progress beside it.
"""

from __future__ import annotations

import dataclasses

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hgframing import (
    REVISIONS,
    Atom,
    ClientAction,
    ClientReactor,
    ClientRequestState,
    CommandData,
    ErrorResponse,
    Feature,
    Frame,
    FrameBuffer,
    Noop,
    Progress,
    Redirect,
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
    StatusError,
    StatusOk,
    StatusRedirect,
    TextOutput,
    WantFrame,
)
from tests.reference.strategies import cbor_values


TARGETS = {b"targets": [b"mirror"], b"hashes": [b"sha256"]}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wish:
    """What a client asks for."""

    command: bytes
    args: dict[bytes, Any]
    data: bytes | None
    redirect: dict[bytes, Any] | None


#: Something that a server does for a request, and what its client must be told of it.
Deed = Callable[[ServerReactor, int], tuple[ServerAction, ...]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reply:
    """What a server does for a request, one after the other, and what comes out of it."""

    deeds: tuple[Deed, ...]
    #: Items of the response, or its octets before there were status maps.
    items: tuple[ResponseItem, ...] | bytes
    #: What comes beside it: text, progress and errors.
    beside: tuple[ClientAction, ...]


def wishes(revision: Revision) -> st.SearchStrategy[Wish]:
    """Make requests that the revision can say."""
    if Feature.CBOR_REQUESTS in revision.features:
        args = st.dictionaries(st.binary(max_size=6), cbor_values(revision.cbor, 4), max_size=3)
    else:
        names = st.text(st.characters(max_codepoint=127), max_size=6).map(str.encode)
        args = st.dictionaries(names, st.binary(max_size=60), max_size=3)
    redirects = Feature.REDIRECTS in revision.features
    return st.builds(
        lambda command, args, data, redirect: Wish(command=command, args=args, data=data, redirect=redirect),
        st.binary(max_size=12),
        args,
        st.none() | st.binary(max_size=100),
        st.sampled_from([None, TARGETS]) if redirects else st.none(),
    )


_ATOMS = st.lists(
    st.builds(
        Atom,
        st.sampled_from([b"plain\n", b"one %s and %%\n"]),
        st.lists(st.sampled_from([b"a", "ä".encode()]), max_size=2).map(tuple),
        st.lists(st.sampled_from([b"ui.note"]), max_size=1).map(tuple),
    ),
    max_size=2,
).map(tuple)


@st.composite
def sides(draw: st.DrawFn, revision: Revision, request_id: int) -> tuple[list[Deed], list[ClientAction]]:
    """Make what comes beside a response."""
    deeds: list[Deed] = []
    told: list[ClientAction] = []
    stream_id = draw(stream_ids(revision))
    if Feature.TEXT_OUTPUT in revision.features and draw(st.booleans()):
        atoms = draw(_ATOMS)
        deeds.append(lambda server, one: server.text_output(one, atoms, stream_id=stream_id))
        told.append(TextOutput(request_id, atoms))
    if Feature.PROGRESS in revision.features and draw(st.booleans()):
        pos = draw(st.integers(-1, 9))
        fields = {b"topic": b"files", b"pos": pos, b"total": 9, b"item": b"x"}
        deeds.append(lambda server, one: server.progress(one, fields, stream_id=stream_id))
        told.append(Progress(request_id, b"files", pos, 9, None, b"x"))
    return deeds, told


def stream_ids(revision: Revision) -> st.SearchStrategy[int]:
    """Choose a stream of the server's."""
    return st.sampled_from([2, 2, 4, 254]) if Feature.STREAMS in revision.features else st.just(2)


@st.composite
def replies(draw: st.DrawFn, revision: Revision, request_id: int, wish: Wish) -> Reply:
    """Make an answer that the revision can say."""
    deeds, told = draw(sides(revision, request_id))
    stream_id = draw(stream_ids(revision))
    has_status = Feature.STATUS_MAP in revision.features
    has_flags = Feature.ERROR_FLAGS in revision.features
    kinds = ["pieces", "error"]
    kinds += ["at once", "command error"] if has_status else ["octets"]
    kinds += ["redirect"] if wish.redirect else []
    items: tuple[ResponseItem, ...] | bytes = () if has_status else b""
    match draw(st.sampled_from(kinds)):
        case "octets":
            data = items = draw(st.binary(max_size=100))
            deeds.append(lambda server, one: server.respond_data(one, data, stream_id=stream_id))
        case "at once":
            values = draw(st.lists(cbor_values(revision.cbor, 4), max_size=3))
            chunks = draw(st.lists(st.binary(max_size=9), max_size=3))
            deeds.append(
                lambda server, one: server.respond(one, [*values, iter(chunks)], stream_id=stream_id)
            )
            items = (StatusOk(), *map(ResponseValue, values), *_chunk_items(chunks))
        case "pieces" if has_status:
            values = draw(st.lists(cbor_values(revision.cbor, 4), max_size=3))
            deeds.append(lambda server, one: server.start_response(one, stream_id=stream_id))
            deeds += [_send_object(value) for value in values]
            deeds.append(lambda server, one: server.finish_response(one))
            items = (StatusOk(), *map(ResponseValue, values))
        case "pieces":
            pieces = draw(st.lists(st.binary(max_size=40), max_size=3))
            deeds.append(lambda server, one: server.start_response(one, stream_id=stream_id))
            deeds += [_send_data(piece) for piece in pieces]
            deeds.append(lambda server, one: server.finish_response(one))
            items = b"".join(pieces)
        case "redirect":
            redirect = Redirect(
                b"https://mirror/x", b"application/mercurial-cbor", size=draw(st.none() | st.integers(0, 9))
            )
            deeds.append(lambda server, one: server.respond_redirect(one, redirect, stream_id=stream_id))
            items = (StatusRedirect(redirect),)
        case "command error":
            deeds.append(
                lambda server, one: server.fail(one, "command", b"no %s", [b"way"], stream_id=stream_id)
            )
            items = (StatusError((Atom(b"no %s", (b"way",)),)),)
        case _:
            kind = "application" if has_flags else "server"
            deeds.append(lambda server, one: server.fail(one, kind, b"no %s", [b"way"], stream_id=stream_id))
            atom = Atom(b"no way") if has_flags else Atom(b"no %s", (b"way",))
            told.append(ErrorResponse(request_id, kind, (atom,)))
    return Reply(deeds=tuple(deeds), items=items, beside=tuple(told))


def _send_object(value: Any) -> Deed:
    return lambda server, one: server.send_object(one, value)


def _send_data(piece: bytes) -> Deed:
    return lambda server, one: server.send_data(one, piece)


def _chunk_items(chunks: Sequence[bytes]) -> list[ResponseChunk]:
    return [*(ResponseChunk(chunk, last=False) for chunk in chunks if chunk), ResponseChunk(b"", last=True)]


@st.composite
def merged(draw: st.DrawFn, rows: Sequence[Sequence[Any]]) -> list[Any]:
    """Merge rows into one, each in its own order."""
    order = draw(st.permutations([number for number, row in enumerate(rows) for _ in row]))
    remaining = [iter(row) for row in rows]
    return [next(remaining[number]) for number in order]


class Wire:
    """Carries frames as octets, cut into chunks, and keeps an eye on the streams."""

    def __init__(self, revision: Revision, size: int) -> None:
        self._revision = revision
        self._size = size
        self._buffer = FrameBuffer(revision)
        self.open: set[int] = set()

    def carry(self, frames: Iterable[Frame]) -> list[Frame]:
        """Give back what arrives of frames that were sent: all of them, and no fault."""
        frames = list(frames)
        for frame in frames:
            if self._revision.header.has_stream:
                assert (frame.stream_id in self.open) is not bool(frame.stream_flags & 1)
                self.open.add(frame.stream_id)
                if frame.stream_flags & 2:
                    self.open.remove(frame.stream_id)
        octets = b"".join(map(self._revision.header.encode, frames))
        arrived: list[Any] = []
        for start in range(0, len(octets), self._size):
            self._buffer.feed(octets[start : start + self._size])
            arrived += self._buffer
        assert arrived == frames
        assert self._buffer.end() is None
        self._buffer = FrameBuffer(self._revision)
        return arrived


def frames_of(actions: Iterable[ServerAction | ClientAction]) -> list[Frame]:
    """Take the frames out of what is nothing else."""
    frames: list[Frame] = []
    for action in actions:
        assert isinstance(action, (SendFrames, Noop)), action
        if isinstance(action, SendFrames):
            frames += action.frames
    return frames


def interleave(frames: Sequence[Frame], order: Sequence[Frame]) -> list[Frame]:
    """Put the stream flags of a sequence onto the same frames in another order."""
    return [
        msgspec.structs.replace(frame, stream_flags=flags.stream_flags)
        for frame, flags in zip(order, frames, strict=True)
    ]


def ask(draw: st.DrawFn, client: ClientReactor, asked: Sequence[Wish], *, may_mix: bool) -> list[Frame]:
    """Issue the requests, their frames interleaved where nothing depends on their order."""
    calls = [client.call(wish.command, wish.args, wish.data, wish.redirect) for wish in asked]
    frames = frames_of([*(action for call in calls for action in call.actions), *client.flush()])
    settings_first = [frame for frame in frames if frame.type_id in (8, 9)]
    rows = [
        [frame for frame in frames if frame.request_id == call.request_id and frame not in settings_first]
        for call in calls
    ]
    if not may_mix:
        return frames
    return interleave(frames, settings_first + draw(merged(rows)))


def listen(server: ServerReactor, frames: Iterable[Frame]) -> dict[int, Wish]:
    """Let requests arrive and say what they ask for, the data that was streamed included."""
    commands: dict[int, Wish] = {}
    for frame in frames:
        for action in server.receive(frame):
            match action:
                case RunCommand():
                    data = b"" if action.streaming else action.data
                    commands[action.request_id] = Wish(
                        command=action.command,
                        args=dict(action.args),
                        data=data,
                        redirect=action.redirect,  # type: ignore[arg-type]
                    )
                case CommandData():
                    known = commands[action.request_id]
                    commands[action.request_id] = dataclasses.replace(
                        known, data=(known.data or b"") + action.data
                    )
                case _:
                    assert isinstance(action, (WantFrame, Noop)), action
    return commands


def hear(client: ClientReactor, frames: Iterable[Frame], told: dict[int, list[ClientAction]]) -> None:
    """Let responses arrive and sort what is told by request."""
    for frame in frames:
        for action in client.receive(frame):
            if not isinstance(action, Noop):
                assert isinstance(action, (ResponseData, ErrorResponse, TextOutput, Progress)), action
                told[action.request_id].append(action)


def check_reply(revision: Revision, reply: Reply, told: Sequence[ClientAction]) -> None:
    """Compare what a client was told with what its server did."""
    response = [action for action in told if isinstance(action, ResponseData)]
    assert tuple(action for action in told if action not in response) == reply.beside
    assert [action.eos for action in response] == [False] * (len(response) - 1) + [True] * bool(response)
    if isinstance(reply.items, bytes):
        assert b"".join(action.data for action in response) == reply.items
        return
    reader = ResponseReader(revision)
    for action in response:
        reader.feed(action.data, eos=action.eos)
    assert tuple(reader) == reply.items


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_pair_brings_over_what_was_asked_and_answered(data: st.DataObject) -> None:
    """Commands, arguments and data one way; values, errors, redirects, text and progress the other."""
    draw: Any = data.draw
    revision = draw(st.sampled_from(list(REVISIONS.values())), label="revision")
    has_settings = Feature.SENDER_SETTINGS in revision.features
    encodings = st.sampled_from(["zstd-8mb", "zlib", "identity"]) if has_settings else st.just("identity")
    offers = st.lists(encodings, unique=True, max_size=3) if has_settings else st.none()
    buffer_sends, multiple_sends, defer, streaming, ends_early = (draw(st.booleans()) for _ in range(5))
    encoding = draw(encodings, label="the client's encoding")
    sizes = st.sampled_from([16, 17, 40, 32768, 65535])
    client = ClientReactor(
        revision,
        buffer_sends=buffer_sends,
        multiple_sends=multiple_sends,
        content_encodings=draw(st.none() | offers, label="offered"),
        encoding=encoding,
        max_frame=draw(sizes),
    )
    server = ServerReactor(
        revision,
        defer_output=defer,
        stream_data=streaming,
        accept_encodings=("zstd-8mb", "zlib", "identity"),
        max_frame=draw(st.sampled_from([1, 7, 11, 32768, 65535])),
    )
    count = 3 if Feature.REQUEST_IDS in revision.features and (buffer_sends or multiple_sends) else 1
    asked = draw(st.lists(wishes(revision), min_size=1, max_size=count), label="asked")
    to_server, to_client = (Wire(revision, draw(st.sampled_from([1, 3, 8, 100_000]))) for _ in range(2))

    frames = ask(draw, client, asked, may_mix=encoding == "identity")
    ids = list(dict.fromkeys(frame.request_id for frame in frames))
    by_id = dict(zip(sorted(ids), asked, strict=True))
    assert listen(server, to_server.carry(frames)) == by_id
    for request_id in ids:
        client.sent(request_id)
    assert to_server.open == (
        {1} if multiple_sends and revision.header.has_stream and to_server.open else set()
    )

    answers = {one: draw(replies(revision, one, wish), label="answer") for one, wish in by_id.items()}
    told: dict[int, list[ClientAction]] = {one: [] for one in ids}
    rows = [[(one, deed) for deed in reply.deeds] for one, reply in answers.items()]
    if ends_early and not defer:
        assert server.end_input() == (Noop(),)
    for one, deed in draw(merged(rows)):
        hear(client, to_client.carry(frames_of(deed(server, one))), told)
    hear(client, to_client.carry(frames_of(server.end_input())), told)

    for one, reply in answers.items():
        check_reply(revision, reply, told[one])
        server.sent(one)
        assert client.request_state(one) in (ClientRequestState.RECEIVED, ClientRequestState.ERRORED)
    assert client.end_input() == (Noop(),)
    assert (server.unanswered, server.receiving) == (0, ())
    if defer:
        assert to_client.open == set()


@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_pair_over_a_long_connection_reuses_everything(data: st.DataObject) -> None:
    """IDs, streams and their encoders: request after request on one connection, each as the first."""
    draw: Any = data.draw
    revision = draw(st.sampled_from(list(REVISIONS.values())), label="revision")
    has_settings = Feature.SENDER_SETTINGS in revision.features
    offered = draw(st.sampled_from([["zlib"], ["zstd-8mb"], []])) if has_settings else None
    client = ClientReactor(revision, buffer_sends=False, multiple_sends=True, content_encodings=offered)
    server = ServerReactor(revision)
    to_server, to_client = Wire(revision, 100_000), Wire(revision, 9)

    for wish in draw(st.lists(wishes(revision), min_size=2, max_size=6), label="asked"):
        call = client.call(wish.command, wish.args, wish.data, wish.redirect)
        one = call.request_id
        assert listen(server, to_server.carry(frames_of(call.actions))) == {one: wish}
        reply = draw(replies(revision, one, wish), label="answer")
        told: dict[int, list[ClientAction]] = {one: []}
        for deed in reply.deeds:
            hear(client, to_client.carry(frames_of(deed(server, one))), told)
        server.sent(one)
        check_reply(revision, reply, told[one])
    assert (client.end_input(), server.end_input()) == ((Noop(),), (Noop(),))
