"""The HTTP binding, asked in this process.

Status, headers and texts are those of the sheets (r1 to r5, "HTTP binding") and of the catalogue (HTTP-001 to
HTTP-015); where Mercurial's own answers are no frames, the expectation is the text's (D90, D91).
"""

from __future__ import annotations

import io

from collections.abc import Iterator

import pytest

from hypothesis import given
from hypothesis import strategies as st

from hgframing import REVISIONS, Feature, Frame, FrameType, Limits, Revision, decode_sequence
from hgframing._actions import RunCommand
from hgframing._cbor import Value
from hgframing._http import HttpApplication, Refusal
from hgframing._http_commands import HttpCommand, Permission

from .web import Reply, frames, lines_of, octets_of, post, request


LAST = REVISIONS["0006"]
ROOT = "/api/exp-http-v2-0003"
BRANCHMAP = "1 1 stream-begin command-request new cbor:{b'name': b'branchmap'}"
PUSHKEY = (
    "1 1 stream-begin command-request new cbor:{b'name': b'pushkey', b'args': "
    "{b'namespace': b'n', b'key': b'k', b'old': b'', b'new': b'v'}}"
)
WITH_SEVERAL = [key for key, revision in REVISIONS.items() if Feature.SEVERAL_REQUESTS in revision.features]


def call(revision: Revision, command: str, request_id: int = 1, *, is_first: bool = True) -> str:
    """Write the request of a command without arguments in a revision's notation."""
    features = revision.features
    prefix = f"{request_id} " if Feature.REQUEST_IDS in features else ""
    if Feature.STREAMS in features:
        prefix += "1 stream-begin " if is_first else "1 0 "
    if Feature.CBOR_REQUESTS in features:
        return f"{prefix}command-request new cbor:{{b'name': {command.encode()!r}}}"
    return f"{prefix}command-name eos {command}"


def answered(reply: Reply, revision: Revision = LAST) -> list[Frame]:
    """Return the frames of a reply that must be one of frames."""
    assert (reply.status, reply.headers["Content-Type"]) == ("200 OK", revision.media_type)
    return frames(reply.body, revision)


def values_of(reply: Reply, request_id: int = 1) -> list[Value]:
    """Return the CBOR values of a response of the last revision, its status first."""
    body = b"".join(frame.payload for frame in answered(reply) if frame.request_id == request_id)
    return list(decode_sequence(body, LAST.cbor, max_depth=8))


def breaking(_: RunCommand) -> Iterator[Value]:
    """Send one object and break."""
    yield 1
    raise ZeroDivisionError("no \N{SNOWMAN}")


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/api/exp-http-v2-0003", "200 OK", "HTTP version 2 API handler"),
        (
            "GET",
            "/api/other",
            "404 Not Found",
            "Unknown API: other\nKnown APIs: exp-http-v2-0003",
        ),
        (
            "POST",
            f"{ROOT}/ro",
            "404 Not Found",
            "do not know how to process api/exp-http-v2-0003/ro\n",
        ),
        ("POST", f"{ROOT}/rx/branchmap", "404 Not Found", "unknown permission: rx"),
        ("POST", f"{ROOT}/ro/nope", "404 Not Found", "unknown wire protocol command: nope\n"),
        ("POST", f"{ROOT}/ro/debugreflect", "404 Not Found", "debugreflect service not available"),
        ("GET", f"{ROOT}/ro/branchmap", "405 Method Not Allowed", "commands require POST requests"),
        ("PUT", f"{ROOT}/rw/branchmap", "405 Method Not Allowed", "commands require POST requests"),
        (
            "POST",
            f"{ROOT}/ro/branchmap",
            "406 Not Acceptable",
            "client MUST specify Accept header with value: application/mercurial-exp-framing-0006\n",
        ),
    ],
)
def test_url_without_frames_gets_status_and_text_of_the_sheets(
    method: str, path: str, status: str, text: str
) -> None:
    """HTTP-001, HTTP-006, HTTP-009 and the table of sheet r5."""
    reply = request(HttpApplication(LAST), method, path)

    assert (reply.status, reply.body.decode()) == (status, text)
    assert reply.headers["Content-Type"] == "text/plain"
    assert reply.headers.get("Allow") == ("POST" if status.startswith("405") else None)


@pytest.mark.parametrize("path", ["/api", "/api/"])
def test_listing_names_the_api_of_the_revision(path: str) -> None:
    """Sheet r5: `/api` is a listing in plain text."""
    for revision in REVISIONS.values():
        reply = request(HttpApplication(revision), "GET", path)

        assert reply.status == "200 OK"
        assert reply.body.decode().splitlines()[-1] == revision.api


@pytest.mark.parametrize("path", ["", "/", "/index", f"{ROOT}/ro/branchmap/more", "//", "/\xff"])
def test_urls_that_are_none_are_not_found(path: str) -> None:
    """HTTP-006, for every shape of path."""
    assert request(HttpApplication(LAST), "POST", path).status == "404 Not Found"


def test_head_has_headers_alone() -> None:
    """A HEAD request is answered as GET, without the body."""
    reply = request(HttpApplication(LAST), "HEAD", ROOT)

    assert (reply.status, reply.body) == ("200 OK", b"")


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (LAST.media_type, "200 OK"),
        (f"{LAST.media_type}, */*", "200 OK"),
        (f"text/html;q=0.3,{LAST.media_type};q=0.9", "200 OK"),
        (f"{LAST.media_type};q=0.0", "406 Not Acceptable"),
        ("application/mercurial-exp-framing-0005", "406 Not Acceptable"),
        ("*/*", "406 Not Acceptable"),
        ("", "406 Not Acceptable"),
    ],
)
def test_accept_must_name_the_media_type(accept: str, status: str) -> None:
    """HTTP-008 and HTTP-009; a list that names it is as good (D92)."""
    reply = post(HttpApplication(LAST), LAST, "ro/branchmap", BRANCHMAP, HTTP_ACCEPT=accept)

    assert reply.status == status


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/mercurial-exp-framing-0005"])
def test_content_type_must_be_the_media_type(content_type: str) -> None:
    """HTTP-007 and HTTP-010."""
    reply = post(HttpApplication(LAST), LAST, "ro/branchmap", BRANCHMAP, CONTENT_TYPE=content_type)

    assert reply.status == "415 Unsupported Media Type"
    expected = "client MUST send Content-Type header with value: application/mercurial-exp-framing-0006\n"
    assert reply.body.decode() == expected


@pytest.mark.parametrize("key", REVISIONS)
@pytest.mark.parametrize("permission", ["ro", "rw"])
def test_read_command_is_answered_in_frames_in_every_revision(key: str, permission: str) -> None:
    """HTTP-003 and HTTP-007: a command that reads works under both prefixes."""
    revision = REVISIONS[key]

    reply = post(HttpApplication(revision), revision, f"{permission}/branchmap", call(revision, "branchmap"))

    sent = answered(reply, revision)
    assert {frame.type_id for frame in sent} == {revision.type_ids[FrameType.RESPONSE]}
    body = b"".join(frame.payload for frame in sent)
    [*status, value] = decode_sequence(body, revision.cbor, max_depth=8)
    assert status == ([{b"status": b"ok"}] if Feature.STATUS_MAP in revision.features else [])
    assert value.keys() == {b"default", b"stable"}


def test_write_command_works_under_rw_and_not_under_ro() -> None:
    """HTTP-002 and HTTP-003."""
    application = HttpApplication(LAST)

    assert values_of(post(application, LAST, "rw/pushkey", PUSHKEY)) == [{b"status": b"ok"}, True]
    refused = post(application, LAST, "ro/pushkey", PUSHKEY)
    assert refused.status == "403 Forbidden"


def test_write_command_hidden_behind_another_url_is_not_run() -> None:
    """HTTP-002: what the URL says does not count, and `multirequest` is no way around (sheet r2, section 8)."""
    ran: list[RunCommand] = []

    def write(command: RunCommand) -> list[Value]:
        ran.append(command)
        return []

    table = {
        b"pushkey": HttpCommand(run=write, permission=Permission.WRITE, args=None),
        b"branchmap": HttpCommand(run=write),
    }
    application = HttpApplication(LAST, commands=table)
    for url in ("ro/branchmap", "ro/multirequest"):
        reply = post(application, LAST, url, PUSHKEY)

        assert reply.status == "403 Forbidden"
        assert reply.body == b"insufficient permissions to execute command: pushkey"
    assert ran == []


def test_prefix_can_be_refused_with_a_challenge() -> None:
    """HTTP-004: 401 comes with its challenge, and nothing is read."""
    seen: list[Permission] = []

    def authorize(_environ: object, permission: Permission) -> Refusal | None:
        seen.append(permission)
        if permission is Permission.READ:
            return None
        return Refusal(status=Refusal().status.UNAUTHORIZED, headers={"WWW-Authenticate": 'Basic realm="hg"'})

    application = HttpApplication(LAST, authorize=authorize)
    refused = post(application, LAST, "rw/branchmap", BRANCHMAP)

    assert (refused.status, refused.body) == ("401 Unauthorized", b"permission denied")
    assert refused.headers["WWW-Authenticate"] == 'Basic realm="hg"'
    assert post(application, LAST, "ro/branchmap", BRANCHMAP).status == "200 OK"
    assert seen == [Permission.WRITE, Permission.READ]


@pytest.mark.parametrize("key", REVISIONS)
def test_command_other_than_the_urls_is_a_protocol_error_in_frames(key: str) -> None:
    """HTTP-011: the text of the sheet, as a frame of the media type (D90)."""
    revision = REVISIONS[key]

    reply = post(HttpApplication(revision), revision, "ro/branchmap", call(revision, "echo"))

    [frame] = answered(reply, revision)
    assert frame.type_id == revision.type_ids[FrameType.ERROR_RESPONSE]
    assert b"command in frame must match command in URL" in frame.payload


@pytest.mark.parametrize("key", REVISIONS)
def test_second_command_at_an_ordinary_url_is_refused(key: str) -> None:
    """HTTP-012: one command for each request; none is run."""
    revision = REVISIONS[key]
    both = [call(revision, "echo"), call(revision, "echo", 3, is_first=False)]

    sent = answered(post(HttpApplication(revision), revision, "ro/echo", *both), revision)

    assert [frame.type_id for frame in sent] == [revision.type_ids[FrameType.ERROR_RESPONSE]] * 2
    assert all(b"multiple commands cannot be issued to this URL" in frame.payload for frame in sent)


@pytest.mark.parametrize("key", WITH_SEVERAL)
def test_multirequest_answers_every_command(key: str) -> None:
    """HTTP-013: known ones with responses, an unknown one with an error of its own."""
    revision = REVISIONS[key]
    names = ["branchmap", "nope", "echo"]
    lines = [
        call(revision, name, number, is_first=number == 1)
        for name, number in zip(names, (1, 3, 5), strict=True)
    ]

    sent = answered(post(HttpApplication(revision), revision, "ro/multirequest", *lines), revision)

    assert {frame.request_id for frame in sent} == {1, 3, 5}
    unknown = b"".join(frame.payload for frame in sent if frame.request_id == 3)
    assert b"wire protocol command not available: " in unknown
    assert b"nope" in unknown
    ends = [frame.request_id for frame in sent if frame.stream_flags & 2]
    assert ends == ([5] if Feature.STREAMS in revision.features else [])


def test_multirequest_takes_interleaved_requests() -> None:
    """HTTP-013: the first to be whole is the first to be answered, as in the transcript of source 001."""
    revision = REVISIONS["0002-streams"]
    reply = post(
        HttpApplication(revision),
        revision,
        "ro/multirequest",
        "1 1 stream-begin command-name have-args echo",
        "3 1 0 command-name have-args echo",
        r"3 1 0 command-argument eoa \x05\x00\x01\x00valueb",
        r"1 1 0 command-argument eoa \x05\x00\x01\x00valued",
    )

    sent = answered(reply, revision)

    args = [
        (frame.request_id, decode_sequence(frame.payload, revision.cbor, max_depth=8)[0][b"args"])
        for frame in sent
    ]
    assert args == [(3, {b"value": b"b"}), (1, {b"value": b"d"})]


def test_multirequest_does_not_exist_before_several_requests() -> None:
    """Sheet r2 added it; before, it is a command that nobody knows."""
    revision = REVISIONS["0001"]

    assert post(HttpApplication(revision), revision, "ro/multirequest").status == "404 Not Found"


@pytest.mark.parametrize("key", REVISIONS)
def test_body_of_no_frames_is_answered_with_none(key: str) -> None:
    """HTTP-015: bodies are zero or more frames (D91)."""
    revision = REVISIONS[key]

    assert answered(post(HttpApplication(revision), revision, "ro/branchmap"), revision) == []


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"\x00" * 3, b"received incomplete frame"),
        (b"\xff\xff\xff\x01\x00\x01\x01\x11", b"exceeds the limit"),
        (b"\x05\x00\x00\x01\x00\x01\x01\x11ab", b"frame length error"),
        (b"\x01\x00\x00\x01\x00\x01\x01\x10a", b"neither new nor continuation flags set"),
        (b"\x01\x00\x00\x01\x00\x01\x01\x15a", b"input ended with requests half received: 1"),
        (b"\x01\x00\x00\x01\x00\x01\x01\x11\xff", b"command request"),
        (b"\x00\x00\x00\x01\x00\x01\x05\x11", b""),
    ],
)
def test_body_that_breaks_the_protocol_is_answered_with_an_error_frame(octets: bytes, text: bytes) -> None:
    """D90 and D91: frames of the media type, where Mercurial answers plain text or 500."""
    reply = request(
        HttpApplication(LAST),
        "POST",
        f"{ROOT}/ro/branchmap",
        octets,
        HTTP_ACCEPT=LAST.media_type,
        CONTENT_TYPE=LAST.media_type,
    )

    [frame] = answered(reply)
    assert frame.type_id == LAST.type_ids[FrameType.ERROR_RESPONSE]
    error = decode_sequence(frame.payload, LAST.cbor, max_depth=8)[0]
    assert error[b"type"] == b"protocol"
    assert text in error[b"message"][0][b"msg"]


def test_nothing_is_run_of_a_body_that_breaks_the_protocol_later() -> None:
    """A request is judged whole before anything in it is run."""
    ran: list[RunCommand] = []

    def note(command: RunCommand) -> list[Value]:
        ran.append(command)
        return []

    application = HttpApplication(LAST, commands={b"branchmap": HttpCommand(run=note)})
    sent = answered(post(application, LAST, "ro/multirequest", BRANCHMAP, "3 1 0 command-data 0 x"))

    assert ran == []
    assert [frame.type_id for frame in sent] == [LAST.type_ids[FrameType.ERROR_RESPONSE]]


def test_response_of_many_objects_comes_piece_by_piece() -> None:
    """A response is not made before it is asked for: the first frames leave while objects are still to be made."""
    made: list[int] = []

    def count(_: RunCommand) -> Iterator[Value]:
        for number in range(100_000):
            made.append(number)
            yield number

    application = HttpApplication(LAST, commands={b"branchmap": HttpCommand(run=count)})
    made_by_piece = []

    def watching(environ: object, start_response: object) -> Iterator[bytes]:
        for piece in application(environ, start_response):  # type: ignore[arg-type]
            made_by_piece.append(len(made))
            yield piece

    reply = post(watching, LAST, "ro/branchmap", BRANCHMAP)

    assert len(made_by_piece) > 5
    assert made_by_piece[0] < 20_000 < made_by_piece[-1] == 100_000
    assert "Content-Length" not in reply.headers
    assert values_of(reply) == [{b"status": b"ok"}, *range(100_000)]


@pytest.mark.parametrize("key", REVISIONS)
def test_command_that_breaks_is_answered_with_an_error(key: str) -> None:
    """Sheet r5 has the text for CBOR errors; before, the flag says that it was the application."""
    revision = REVISIONS[key]
    application = HttpApplication(revision, commands={b"echo": HttpCommand(run=breaking)})

    sent = answered(post(application, revision, "ro/echo", call(revision, "echo")), revision)

    frame = sent[-1]
    spec = revision.frames[frame.type_id]
    assert spec.type is FrameType.ERROR_RESPONSE
    assert b"exception when invoking command: " in frame.payload
    assert "\N{SNOWMAN}".encode() in frame.payload
    assert frame.flags == spec.flags.get("application", 0)


def test_command_that_fails_becomes_a_status_map() -> None:
    """ERR-007: a command's own failure, before any of its response has left."""
    reply = post(HttpApplication(LAST), LAST, "ro/fail", call(LAST, "fail"))

    message = [{b"msg": b"failed because %s", b"args": [b"it was asked to"]}]
    assert values_of(reply) == [{b"status": b"error", b"error": {b"message": message}}]


@pytest.mark.parametrize(
    ("args", "text", "name"),
    [
        (
            "{b'a': 1, b'old': b'', b'namespace': b'', b'key': b'', b'new': b''}",
            "unsupported argument to",
            b"a",
        ),
        ("{b'old': b'', b'namespace': b'', b'key': b''}", "missing required arguments", b"new"),
    ],
)
def test_arguments_are_checked_against_the_table(args: str, text: str, name: bytes) -> None:
    """Sheet r5: an error response with the argument's name."""
    line = f"1 1 stream-begin command-request new cbor:{{b'name': b'pushkey', b'args': {args}}}"

    [status] = values_of(post(HttpApplication(LAST), LAST, "rw/pushkey", line))

    assert status[b"status"] == b"error"
    [atom] = status[b"error"][b"message"]
    assert atom[b"msg"].decode().startswith(text)
    assert atom[b"args"] == [name]


def test_capabilities_describe_commands_and_media_type() -> None:
    """The command tells what the table holds, itself included."""
    [_, value] = values_of(post(HttpApplication(LAST), LAST, "ro/capabilities", call(LAST, "capabilities")))

    assert value[b"framingmediatypes"] == [b"application/mercurial-exp-framing-0006"]
    assert value[b"commands"][b"pushkey"][b"permissions"] == [b"push"]
    assert value[b"commands"][b"capabilities"] == {b"args": {}, b"permissions": [b"pull"]}


def test_handshake_tells_a_client_of_mercurial_where_the_api_is() -> None:
    """A client that offers the API and reads CBOR gets its place and description; another is not served."""
    application = HttpApplication(LAST)
    offers = {"HTTP_X_HGUPGRADE_1": "exp-http-v2-0003", "HTTP_X_HGPROTO_1": "cbor"}

    reply = request(application, "GET", "/?cmd=capabilities", b"", **offers)

    assert (reply.status, reply.headers["Content-Type"]) == ("200 OK", "application/mercurial-cbor")
    [value] = decode_sequence(reply.body, LAST.cbor, max_depth=8)
    assert value[b"apibase"] == b"api/"
    assert value[b"apis"][b"exp-http-v2-0003"][b"commands"].keys() >= {b"branchmap", b"capabilities"}
    assert request(application, "GET", "/?cmd=capabilities").status == "404 Not Found"


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        ({"CONTENT_LENGTH": "x"}, "400"),
        ({"CONTENT_LENGTH": "-1"}, "400"),
        ({"CONTENT_LENGTH": "\N{SUPERSCRIPT TWO}"}, "400"),
        ({"CONTENT_LENGTH": "100"}, "400"),
        ({"CONTENT_LENGTH": "1001"}, "413"),
        ({"CONTENT_LENGTH": "9" * 5000}, "413"),
        ({"CONTENT_LENGTH": None, "HTTP_TRANSFER_ENCODING": "chunked"}, "411"),
        ({"CONTENT_LENGTH": None}, "200"),
        ({"CONTENT_LENGTH": "0" * 5000}, "200"),
    ],
)
@pytest.mark.parametrize("command", ["branchmap", "debugreflect"])
def test_body_length_is_checked_before_and_while_it_is_read(
    environ: dict[str, str | None], status: str, command: str
) -> None:
    """Limits on the body: what is declared, what comes, and what is not said."""
    application = HttpApplication(LAST, max_body=1000, reflection=True)

    reply = post(application, LAST, f"ro/{command}", **environ)

    assert reply.status[:3] == status


def test_body_that_does_not_come_in_time_is_a_time_out() -> None:
    """A server's time-out while reading is the client's fault."""

    class Silent(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise TimeoutError

    reply = post(HttpApplication(LAST), LAST, "ro/branchmap", CONTENT_LENGTH="5", **{"wsgi.input": Silent()})

    assert reply.status == "408 Request Timeout"


def test_limits_reach_the_reactor() -> None:
    """A caller's limits hold for the frames in a body."""
    application = HttpApplication(LAST, limits=Limits(max_payload=3))

    [line] = lines_of(post(application, LAST, "ro/branchmap", BRANCHMAP), LAST)

    assert "exceeds the limit of 3" in line


@given(
    key=st.sampled_from(list(REVISIONS)),
    path=st.sampled_from(["ro/echo", "rw/multirequest", "ro/debugreflect"]),
    body=st.binary(max_size=200),
    lines=st.lists(st.sampled_from(["echo", "count", "nope", "fail"]), max_size=4),
)
def test_whatever_is_sent_the_status_is_below_500(key: str, path: str, body: bytes, lines: list[str]) -> None:
    """No octets make the application raise, answer 500, or answer frames that are none."""
    revision = REVISIONS[key]
    start = b"".join(
        octets_of(call(revision, name, 2 * number + 1, is_first=number == 0), revision)
        for number, name in enumerate(lines)
    )

    reply = request(
        HttpApplication(revision, reflection=True),
        "POST",
        f"/api/{revision.api}/{path}",
        start + body,
        HTTP_ACCEPT=revision.media_type,
        CONTENT_TYPE=revision.media_type,
    )

    assert int(reply.status[:3]) < 500
    if reply.headers["Content-Type"] == revision.media_type:
        frames(reply.body, revision)
